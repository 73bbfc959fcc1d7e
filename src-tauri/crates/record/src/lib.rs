#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod disk;
mod journal;
mod line;
mod lock;
mod queue;
mod recover;
mod replay;
mod side;
mod verify;
mod writer;

pub use disk::{Disk, RecordFile, Storage, private_folder, sync_folder};
pub use journal::{Clock, Journal, JournalError, Limits};
pub use line::Line;
pub use lock::is_live;
pub use queue::Suspension;
pub use recover::{Glance, Standing, append_to, glance, recover};
pub use replay::{Entry, each};
pub use verify::{Damage, Verified, check_bytes, read, verify};

/// The version of the record's format, in its first line. A newer one is read and never written; an older one does not
/// exist yet.
pub const FORMAT: u32 = 1;
