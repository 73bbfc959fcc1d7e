//! The hook that is awaited before anything changes on the endpoint.

use psrp::{PipelineId, PoolId};

use crate::BoxFuture;

/// What is about to be sent. The ids are ours, so that whoever finds them later can ask the endpoint about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// A shell will be created.
    Create {
        /// Pool and shell id
        pool: PoolId,
    },
    /// A command will be started.
    Command {
        /// Pipeline and command id
        pipeline: PipelineId,
    },
    /// Input or an answer will be sent.
    Send {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// Object ids below this one have been used.
        next_object: u64,
    },
    /// A command will be asked to stop.
    Stop {
        /// Pipeline and command id
        pipeline: PipelineId,
    },
    /// A command will be removed: it has finished, or stopping it took too long.
    Terminate {
        /// Pipeline and command id
        pipeline: PipelineId,
    },
    /// The shell will be disconnected; commands run on.
    Disconnect {
        /// Pool and shell id
        pool: PoolId,
    },
    /// The shell will be connected again.
    Reconnect {
        /// Pool and shell id
        pool: PoolId,
    },
    /// The shell will be deleted.
    Delete {
        /// Pool and shell id
        pool: PoolId,
    },
}

/// The intent could not be written down; the request is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record could not be written: {0}")]
pub struct Refused(pub String);

/// Writes intents down.
pub trait Intents: Send + Sync {
    /// Returns when the intent is on disk.
    fn intend(&self, intent: Intent) -> BoxFuture<'_, Result<(), Refused>>;
}

/// Writes nothing down, for tools and tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoIntents;

impl Intents for NoIntents {
    fn intend(&self, _intent: Intent) -> BoxFuture<'_, Result<(), Refused>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
