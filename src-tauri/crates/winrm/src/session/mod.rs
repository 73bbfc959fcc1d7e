//! A session: one task that owns the lanes and the pool machine, a handle to it, and its events.

mod actor;
mod answers;
mod dispatch;
mod event;
mod handle;
mod job;
mod options;
mod recovery;
mod wire;

pub use event::{EventStream, Interruption, SessionEvent, SessionState};
pub use handle::{SessionHandle, open};
pub use options::{OpenOptions, Stage, TimeLimits};
