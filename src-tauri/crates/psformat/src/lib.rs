#![doc = include_str!("../README.md")]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used))]

mod address;
mod cells;
mod certificates;
mod computed;
mod display_sets;
mod document;
mod error;
mod formatter;
mod frames;
mod help;
mod list;
mod live;
mod local;
mod numbers;
mod object;
mod packets;
mod position;
mod table;
mod views;
mod xml;

pub use cells::plain;
pub use error::normal_view;
pub use formatter::{Formatter, Options};
pub use local::in_local_time;
