//! The operations on shells and what each carries.

use std::time::Duration;

use uuid::Uuid;

use crate::kind::OperationKind;
use crate::words::{BufferMode, InputStream, SignalCode};

/// A request to be encoded. [MS-WSMV] 3.1.4
#[derive(Clone, Copy)]
pub enum Operation<'a> {
    /// Asks what the service is; needs no shell.
    Identify,
    /// Creates the shell. The id is ours to choose.
    Create {
        /// The id the shell shall have
        shell_id: Uuid,
        /// A name for people, shown in lists of shells
        name: Option<&'a str>,
        /// Fragments of SESSION_CAPABILITY and INIT_RUNSPACEPOOL
        creation_xml: &'a [u8],
        /// How long the shell may live without a request
        idle_timeout: Option<Duration>,
    },
    /// Starts a command.
    Command {
        /// The shell
        shell_id: Uuid,
        /// The id the command shall have
        command_id: Uuid,
        /// Text for people, cut after 256 characters
        text: &'a str,
        /// The first fragment or fragments of CREATE_PIPELINE
        arguments: &'a [u8],
    },
    /// Sends bytes to the shell or to a command.
    Send {
        /// The shell
        shell_id: Uuid,
        /// The command, or `None` for the pool
        command_id: Option<Uuid>,
        /// The stream
        stream: InputStream,
        /// The bytes, best exactly one fragment
        data: &'a [u8],
    },
    /// Waits for output.
    Receive {
        /// The shell
        shell_id: Uuid,
        /// The command, or `None` for the pool
        command_id: Option<Uuid>,
    },
    /// Stops or ends a command.
    Signal {
        /// The shell
        shell_id: Uuid,
        /// The command
        command_id: Uuid,
        /// What shall happen to it
        code: SignalCode,
    },
    /// Leaves the shell running without us.
    Disconnect {
        /// The shell
        shell_id: Uuid,
        /// How long it may live; the server wants 60 s or more
        idle_timeout: Option<Duration>,
        /// What happens to output meanwhile
        buffer_mode: Option<BufferMode>,
    },
    /// Comes back with the same session id.
    Reconnect {
        /// The shell
        shell_id: Uuid,
        /// A command, or `None` for the shell
        command_id: Option<Uuid>,
    },
    /// Comes back from another client.
    Connect {
        /// The shell
        shell_id: Uuid,
        /// Fragments of SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL
        connect_xml: &'a [u8],
    },
    /// Comes back to a command of a connected shell.
    ConnectCommand {
        /// The shell
        shell_id: Uuid,
        /// The command
        command_id: Uuid,
    },
    /// Ends the shell.
    Delete {
        /// The shell
        shell_id: Uuid,
    },
    /// Asks for the values of one shell.
    Get {
        /// The shell
        shell_id: Uuid,
    },
    /// Asks for a list.
    Enumerate(Enumeration),
    /// Asks for the rest of a list.
    Pull {
        /// What the list is of
        of: Enumeration,
        /// The context that the last answer held
        context: &'a str,
    },
}

/// What an Enumerate lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enumeration {
    /// The shells of the account.
    Shells,
    /// The commands of one shell.
    Commands {
        /// The shell
        shell_id: Uuid,
    },
}

impl Operation<'_> {
    /// The kind, to be kept for the answer.
    #[must_use]
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Identify => OperationKind::Identify,
            Self::Create { .. } => OperationKind::Create,
            Self::Command { .. } => OperationKind::Command,
            Self::Send { .. } => OperationKind::Send,
            Self::Receive { .. } => OperationKind::Receive,
            Self::Signal { .. } => OperationKind::Signal,
            Self::Disconnect { .. } => OperationKind::Disconnect,
            Self::Reconnect { .. } => OperationKind::Reconnect,
            Self::Connect { .. } | Self::ConnectCommand { .. } => OperationKind::Connect,
            Self::Delete { .. } => OperationKind::Delete,
            Self::Get { .. } => OperationKind::Get,
            Self::Enumerate(_) => OperationKind::Enumerate,
            Self::Pull { .. } => OperationKind::Pull,
        }
    }

    /// The shell that the selector names.
    #[must_use]
    pub const fn shell_id(&self) -> Option<Uuid> {
        match self {
            Self::Command { shell_id, .. }
            | Self::Send { shell_id, .. }
            | Self::Receive { shell_id, .. }
            | Self::Signal { shell_id, .. }
            | Self::Disconnect { shell_id, .. }
            | Self::Reconnect { shell_id, .. }
            | Self::Connect { shell_id, .. }
            | Self::ConnectCommand { shell_id, .. }
            | Self::Delete { shell_id }
            | Self::Get { shell_id } => Some(*shell_id),
            Self::Identify | Self::Create { .. } | Self::Enumerate(_) | Self::Pull { .. } => None,
        }
    }

    /// The bytes that travel as base64.
    #[must_use]
    pub const fn data(&self) -> &[u8] {
        match self {
            Self::Create { creation_xml: data, .. }
            | Self::Command { arguments: data, .. }
            | Self::Send { data, .. }
            | Self::Connect { connect_xml: data, .. } => data,
            _ => &[],
        }
    }
}

impl std::fmt::Debug for Operation<'_> {
    /// What it is and how much it carries; the content may be confidential.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({} bytes)", self.kind().name(), self.data().len())
    }
}
