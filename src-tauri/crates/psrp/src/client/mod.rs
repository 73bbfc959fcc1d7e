//! The client's side: one pool with its pipelines, driven from outside.

mod action;
mod answering;
mod calls;
mod commands;
mod console;
mod error;
mod event;
mod exchange;
mod opening;
mod options;
mod outbox;
mod pipeline;
mod pool;
mod receive;
mod repeats;
mod secrets;

pub use action::{Action, InputStream};
pub use error::{AnswerError, InvokeError, Misbehaviour, PeerError};
pub use event::{Event, Origin, RecordStream};
pub use options::{PoolOptions, Sizes};
pub use pool::ClientPool;
