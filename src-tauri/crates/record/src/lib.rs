#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod journal;
mod line;
mod read;
mod writer;

pub use journal::{Clock, Journal, JournalError};
pub use line::Line;
pub use read::{Damage, Verified, recover, verify};

/// The version of the record's format, in its first line.
pub const FORMAT: u32 = 1;
