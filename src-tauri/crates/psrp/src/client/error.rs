//! Errors of the client's side.

use crate::{FragmentError, MessageError, MessageType, PipelineId};

/// The pool cannot go on. It is broken then, and so are its pipelines; the driver deletes the shell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// The endpoint broke the protocol.
    #[error("the endpoint does not keep to the protocol: {0}")]
    Misbehaved(#[from] Misbehaviour),
    /// The endpoint speaks another version than 2.0 to 2.3.
    #[error("the endpoint speaks version {0} of the protocol; 2.0 to 2.3 are accepted")]
    Version(clixml::Version),
    /// The pool had ended before.
    #[error("the pool has ended")]
    Ended,
}

/// How the endpoint broke the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misbehaviour {
    /// Fragments
    #[error(transparent)]
    Fragment(#[from] FragmentError),
    /// Header of a message
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A message for servers
    #[error("{0:?} is addressed to the server")]
    Destination(MessageType),
    /// A message of another pool
    #[error("{0:?} belongs to another pool")]
    WrongPool(MessageType),
    /// A message of another pipeline than the stream it came on
    #[error("{0:?} belongs to another pipeline")]
    WrongPipeline(MessageType),
    /// A message of the pool on a pipeline, or the reverse, or one that only clients send
    #[error("{0:?} has no place here")]
    Misplaced(MessageType),
    /// A message before the capability
    #[error("{0:?} before the capability")]
    BeforeCapability(MessageType),
    /// A second capability
    #[error("a second capability")]
    SecondCapability,
    /// A message that opening cannot do without is unreadable.
    #[error("{0:?} cannot be read")]
    Unreadable(MessageType),
    /// A state out of order
    #[error("state {0} has no place here")]
    State(i32),
    /// Bytes for a pipeline that was never started
    #[error("pipeline {0} is unknown")]
    UnknownPipeline(PipelineId),
    /// The key exchange went wrong. One error for every cause.
    #[error("the key exchange failed")]
    KeyExchange,
    /// More open questions than anybody can answer
    #[error("too many questions are open")]
    TooManyQuestions,
    /// More calls than are taken back as answers
    #[error("calls come faster than their answers are taken")]
    TooManyCalls,
}

/// Why something cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The pool has ended.
    #[error("the pool has ended")]
    Ended,
    /// The id was used before.
    #[error("the pipeline id was used before")]
    IdInUse,
    /// There is no command.
    #[error("there is no command to run")]
    Empty,
    /// There is no such pipeline, or it takes no input.
    #[error("the pipeline takes no input")]
    NoInput,
}

/// Why an answer is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// There is no such question, it was answered, or it was withdrawn.
    #[error("there is no such open question")]
    NotAsked,
    /// The secret in it could not be protected.
    #[error("the secret in the answer could not be protected")]
    Key,
}
