//! Answers. Protocol notes, sections 5.2 and 6.

use uuid::Uuid;

use crate::client::{bodies, fault};
use crate::error::Malformed;
use crate::fault::Fault;
use crate::kind::OperationKind;
use crate::names::{ADDRESSING, SOAP};
use crate::shell::{CommandInfo, CommandStateKind, ShellInfo};
use crate::walk::{Walk, once};

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// To Identify.
    Identity(Identity),
    /// To Create: the values that the server granted.
    Created(ShellInfo),
    /// To Command: the id of the command, where the server names it.
    Command {
        /// The id; anything but our own is the server's mistake
        command_id: Option<Uuid>,
    },
    /// To Send, Signal, Disconnect, Reconnect and Delete.
    Acknowledged,
    /// To Receive.
    Received(Received),
    /// To Connect: the fragments that answer `connectXml`; nothing when a command was connected.
    Connected {
        /// Fragments of SESSION_CAPABILITY and RUNSPACEPOOL_INIT_DATA
        response_xml: Option<Vec<u8>>,
    },
    /// To Get.
    Shell(ShellInfo),
    /// To Enumerate and Pull.
    Listing(Listing),
}

/// What the service is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The protocol
    pub protocol: Option<String>,
    /// The maker
    pub vendor: Option<String>,
    /// The version; zeros for whoever has not signed in
    pub version: Option<String>,
}

/// Output of a shell or a command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// The pieces in the order in which they came; none with empty data
    pub streams: Vec<StreamData>,
    /// How far the command is, where the answer says
    pub state: Option<CommandState>,
}

impl Received {
    /// Whether every piece, and the state, is of this command, or of the pool. What is not must never go there.
    #[must_use]
    pub fn belongs_to(&self, command_id: Option<Uuid>) -> bool {
        let state = self.state.as_ref().and_then(|state| state.command_id);
        self.streams.iter().all(|stream| stream.command_id == command_id)
            && (state.is_none() || command_id.is_none() || state == command_id)
    }

    /// Whether there is nothing more to receive.
    #[must_use]
    pub fn done(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.state == CommandStateKind::Done)
    }
}

/// A piece of a stream.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamData {
    /// The name; PSRP uses `stdout` only
    pub name: String,
    /// The command, or `None` for the pool
    pub command_id: Option<Uuid>,
    /// The bytes
    pub data: Vec<u8>,
}

impl std::fmt::Debug for StreamData {
    /// Without the bytes, which may be confidential.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({:?}, {} bytes)", self.name, self.command_id, self.data.len())
    }
}

/// How far a command is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandState {
    /// The command, where the server names it
    pub command_id: Option<Uuid>,
    /// How far it is
    pub state: CommandStateKind,
    /// Its exit code; without meaning for PowerShell
    pub exit_code: Option<i64>,
}

/// A list or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Shells
    pub shells: Vec<ShellInfo>,
    /// Commands
    pub commands: Vec<CommandInfo>,
    /// What to Pull the rest with; `None` when this was all
    pub more: Option<String>,
}

/// Why an answer is not the one that was waited for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// The server refused or gave up.
    #[error("{0}")]
    Fault(Box<Fault>),
    /// The answer belongs to another operation.
    #[error("the answer has another action")]
    WrongAction,
    /// The answer belongs to another message.
    #[error("the answer relates to another message")]
    WrongRelatesTo,
    /// The answer cannot be read.
    #[error("malformed answer: {0}")]
    Malformed(#[from] Malformed),
}

/// Decodes the answer to a request of this kind and message id. `body` is UTF-8; see [`crate::Charset::to_utf8`].
///
/// # Errors
/// [`ResponseError::Fault`] when the answer is a fault; the others when it is not an answer to this request.
pub fn decode_response(operation: OperationKind, message_id: Uuid, body: &[u8]) -> Result<Response, ResponseError> {
    let mut walk = Walk::envelope(body)?;
    let mut headers = None;
    let mut answer = None;
    while let Some(start) = walk.child()? {
        if start.is(SOAP, "Header") && answer.is_none() {
            once(&mut headers, Headers::read(&mut walk)?, "Header")?;
        } else if start.is(SOAP, "Body") {
            let headers = headers.clone().unwrap_or_default();
            once(&mut answer, content(&mut walk, operation, message_id, &headers)?, "Body")?;
        } else {
            walk.skip()?;
        }
    }
    walk.end()?;
    Ok(answer.ok_or(Malformed::Missing("Body"))?)
}

/// The content of the body; nothing of it is read before it is known to belong to the request.
fn content(
    walk: &mut Walk<'_>,
    operation: OperationKind,
    message_id: Uuid,
    headers: &Headers,
) -> Result<Response, ResponseError> {
    let first = walk.child()?;
    if first.as_ref().is_some_and(|first| first.is(SOAP, "Fault")) {
        // A server that could not read the request's headers does not know what to relate to.
        if headers.relates_to.as_deref().is_some_and(|text| !is_message(text, message_id)) {
            return Err(ResponseError::WrongRelatesTo);
        }
        return Err(ResponseError::Fault(Box::new(fault::read(walk)?)));
    }
    if operation != OperationKind::Identify {
        let action = headers.action.as_deref().ok_or(Malformed::Missing("Action"))?;
        if action.strip_suffix("Response") != Some(operation.action()) {
            return Err(ResponseError::WrongAction);
        }
        let relates_to = headers.relates_to.as_deref().ok_or(Malformed::Missing("RelatesTo"))?;
        if !is_message(relates_to, message_id) {
            return Err(ResponseError::WrongRelatesTo);
        }
    }
    Ok(bodies::read(walk, operation, first)?)
}

/// Whether the text is the URI of this message, in any case and either form of the scheme.
fn is_message(text: &str, id: Uuid) -> bool {
    let lower = text.to_ascii_lowercase();
    let text = lower.strip_prefix("urn:").unwrap_or(&lower);
    text.strip_prefix("uuid:").and_then(|text| Uuid::try_parse(text).ok()) == Some(id)
}

#[derive(Debug, Clone, Default)]
struct Headers {
    action: Option<String>,
    relates_to: Option<String>,
}

impl Headers {
    fn read(walk: &mut Walk<'_>) -> Result<Self, Malformed> {
        let mut headers = Self::default();
        while let Some(start) = walk.child()? {
            if start.is(ADDRESSING, "Action") {
                once(&mut headers.action, walk.text("Action")?, "Action")?;
            } else if start.is(ADDRESSING, "RelatesTo") {
                once(&mut headers.relates_to, walk.text("RelatesTo")?, "RelatesTo")?;
            } else {
                walk.skip()?;
            }
        }
        Ok(headers)
    }
}
