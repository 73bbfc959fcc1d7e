//! What a request says, and why it may be refused.

use std::time::Duration;

use crate::error::Malformed;
use crate::fault::code;
use crate::kind::OperationKind;
use crate::server::fault::ServerFault;
use crate::server::headers::Headers;
use crate::words::BufferMode;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its headers; for an operation other than Identify `action` and `message_id` are there
    pub headers: Headers,
    /// Its body
    pub body: RequestBody,
}

impl Request {
    /// The operation.
    #[must_use]
    pub const fn kind(&self) -> OperationKind {
        match self.body {
            RequestBody::Identify => OperationKind::Identify,
            RequestBody::Create { .. } => OperationKind::Create,
            RequestBody::Command { .. } => OperationKind::Command,
            RequestBody::Send { .. } => OperationKind::Send,
            RequestBody::Receive { .. } => OperationKind::Receive,
            RequestBody::Signal { .. } => OperationKind::Signal,
            RequestBody::Disconnect { .. } => OperationKind::Disconnect,
            RequestBody::Reconnect { .. } => OperationKind::Reconnect,
            RequestBody::Connect { .. } => OperationKind::Connect,
            RequestBody::Delete => OperationKind::Delete,
            RequestBody::Get => OperationKind::Get,
            RequestBody::Enumerate { .. } => OperationKind::Enumerate,
            RequestBody::Pull { .. } => OperationKind::Pull,
        }
    }
}

/// The body of a request. Ids are texts as the client writes them: a server compares them byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    /// What is the service?
    Identify,
    /// A new shell.
    Create {
        /// The id that the client chose
        shell_id: Option<String>,
        /// A name for people
        name: Option<String>,
        /// Names of the input streams, separated by spaces
        input_streams: String,
        /// Names of the output streams, separated by spaces
        output_streams: String,
        /// How long the shell may be idle
        idle_timeout: Option<Duration>,
        /// The first fragments
        creation_xml: Vec<u8>,
    },
    /// A new command.
    Command {
        /// The id that the client chose
        command_id: Option<String>,
        /// Text for people
        text: String,
        /// Fragments, of all `Arguments` elements one after the other
        arguments: Vec<u8>,
    },
    /// Input.
    Send {
        /// The pieces in their order
        streams: Vec<InputData>,
    },
    /// Wait for output.
    Receive {
        /// The command, or `None` for the shell
        command_id: Option<String>,
        /// Names of the streams, separated by spaces
        streams: String,
    },
    /// Stop or end a command.
    Signal {
        /// The command
        command_id: Option<String>,
        /// The code; see [`crate::SignalCode::of_uri`]
        code: String,
    },
    /// Leave the shell.
    Disconnect {
        /// How long it may be idle
        idle_timeout: Option<Duration>,
        /// What happens to output
        buffer_mode: Option<BufferMode>,
    },
    /// Come back with the same session.
    Reconnect {
        /// A command, or `None` for the shell
        command_id: Option<String>,
    },
    /// Come back from another client.
    Connect {
        /// A command, or `None` for the shell
        command_id: Option<String>,
        /// Fragments of the client
        connect_xml: Option<Vec<u8>>,
    },
    /// End the shell.
    Delete,
    /// The values of the shell.
    Get,
    /// A list; the resource URI says of what.
    Enumerate {
        /// The shell whose commands are wanted
        shell_id: Option<String>,
    },
    /// The rest of a list.
    Pull {
        /// The context that the last answer held
        context: String,
    },
}

/// A piece of an input stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputData {
    /// The name; see [`crate::InputStream::of_name`]
    pub stream: String,
    /// The command, or `None` for the pool
    pub command_id: Option<String>,
    /// The bytes
    pub data: Vec<u8>,
}

/// Why a request is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct RequestError {
    /// What is wrong
    pub cause: RequestErrorKind,
    /// The headers, as far as they were read; boxed, for the error is the rare case
    pub headers: Box<Headers>,
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestErrorKind {
    /// It cannot be read.
    #[error("malformed request: {0}")]
    Malformed(#[from] Malformed),
    /// A header that every request has is missing.
    #[error("a header is missing: {0}")]
    HeaderRequired(&'static str),
    /// The action is not one of ours.
    #[error("the action is not supported")]
    ActionNotSupported,
    /// A header has to be understood that is not.
    #[error("a header is not understood")]
    NotUnderstood,
}

impl RequestError {
    /// The fault that a server answers.
    #[must_use]
    pub fn to_fault(&self) -> ServerFault {
        match &self.cause {
            RequestErrorKind::Malformed(Malformed::Missing(_) | Malformed::Invalid(_) | Malformed::Twice(_)) => {
                ServerFault::new(code::SCHEMA, "The request does not follow the schema.")
            }
            RequestErrorKind::Malformed(_) => ServerFault::new(code::INVALID_XML, "The request cannot be read."),
            RequestErrorKind::HeaderRequired(_) => {
                ServerFault::new(code::HEADER_REQUIRED, "A header of the request is missing.")
            }
            RequestErrorKind::ActionNotSupported => {
                ServerFault::new(code::ACTION_NOT_SUPPORTED, "The action is not supported.")
            }
            RequestErrorKind::NotUnderstood => ServerFault {
                soap_code: "MustUnderstand",
                ..ServerFault::new(code::HEADER_REQUIRED, "A header of the request is not understood.")
            },
        }
    }
}
