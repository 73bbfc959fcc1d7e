//! What happened, in order.

use clixml::{Value, Version};

use crate::host::HostCall;
use crate::{CallId, MessageType, PipelineId, PipelineState, PoolState};

/// The stream of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordStream {
    /// Output objects
    Output,
    /// Non-terminating errors
    Error,
    /// Warnings
    Warning,
    /// Verbose
    Verbose,
    /// Debug
    Debug,
    /// Information, Write-Host among it
    Information,
    /// Progress
    Progress,
}

/// Who decided the state of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The endpoint said so.
    Endpoint,
    /// It was stopped here before anything was sent.
    NeverSent,
    /// The command ended (`Done`) without a final state: whether it succeeded is not known.
    DoneWithoutState,
    /// The endpoint no longer knows the command: whether it succeeded is not known.
    CommandGone,
    /// The pool ended: whether it succeeded is not known.
    PoolEnded,
    /// The secrets in it could not be protected; nothing was sent.
    KeyExchangeFailed,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The pool is open. Private data may come before or after.
    Opened {
        /// The version agreed on, at most 2.3
        protocol: Version,
    },
    /// What the endpoint tells about itself, `PSVersionTable` among it
    PrivateData(Value),
    /// The pool has this state.
    PoolState {
        /// State
        state: PoolState,
        /// The error record that explains it
        error: Option<Value>,
    },
    /// One record of a pipeline
    Record {
        /// Whose
        pipeline: PipelineId,
        /// Which stream
        stream: RecordStream,
        /// The record; see [`crate::records`] for typed views
        value: Value,
    },
    /// A pipeline has this state. Exactly one final state comes for every pipeline.
    PipelineState {
        /// Whose
        pipeline: PipelineId,
        /// State
        state: PipelineState,
        /// The error record that ended it: the terminating error of a failed pipeline comes here and nowhere else.
        error: Option<Value>,
        /// Who said so
        origin: Origin,
    },
    /// The endpoint asks or shows something.
    HostCall {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// The call
        call: HostCall,
        /// Whether someone must answer with [`ClientPool::answer`](crate::ClientPool::answer). Everything else was answered already.
        question: bool,
        /// The call repeats a record that came before in this stream; show one of the two.
        repeats: Option<RecordStream>,
    },
    /// A question needs no answer any more.
    Withdrawn {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// The call
        call: CallId,
    },
    /// The session key is there: secrets can be read with [`ClientPool::decrypt`](crate::ClientPool::decrypt).
    KeyReady,
    /// The key exchange failed; secrets can be neither sent nor read in this pool.
    KeyFailed,
    /// A forwarded event of a script
    UserEvent(Value),
    /// Answer about runspaces
    Availability(Value),
    /// Fragments of an object are missing: a message was lost.
    Gap {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// Object id
        object: u64,
    },
    /// A message could not be read; the next one was.
    Unreadable {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// What it was
        kind: MessageType,
        /// Why
        reason: String,
        /// The text as it came
        text: String,
    },
    /// A message was not used: its type is unknown, it asks for a second key, or it brings a key that nobody waits for.
    Ignored {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// What it was
        kind: MessageType,
    },
}
