//! A session: one task that owns the lanes and the pool machine, a handle to it, and its events.

mod actor;
mod ahead;
mod answers;
mod asking;
mod creation;
mod dispatch;
mod earlier;
mod envelope;
mod event;
mod few;
mod handle;
mod job;
mod options;
mod receives;
mod recovery;
mod retransmission;
mod stopping;
mod wire;

pub use earlier::Earlier;
pub use event::{EventStream, Interruption, SessionEvent, SessionState};
pub use handle::{SessionHandle, connect, open};
pub use options::{OpenOptions, Stage, TimeLimits};
