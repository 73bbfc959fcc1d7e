#![doc = include_str!("../README.md")]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used))]

mod read;
mod text;
mod write;

pub use read::{Error, ErrorKind, Event, Limits, Reader, Start};
pub use text::{Piece, character_reference};
pub use write::{escape_attribute, escape_text};
