//! The client's side: one pool with its pipelines, driven from outside.

mod action;
mod error;
mod event;
mod options;
mod pool;

pub use action::{Action, InputStream};
pub use error::{AnswerError, InvokeError, Misbehaviour, PeerError};
pub use event::{Event, Origin, RecordStream};
pub use options::{PoolOptions, Sizes};
pub use pool::ClientPool;
