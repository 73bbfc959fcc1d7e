//! The operations of a remote shell. [MS-WSMV] section 3.1.4

use std::time::Duration;

use uuid::Uuid;

use crate::names;

/// An operation with what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation<'a> {
    /// Asks what answers here.
    Identify,
    /// Makes a shell: a runspace pool.
    Create {
        /// The pool's id, chosen by us.
        shell_id: Uuid,
        /// A name that a list of shells shows.
        name: &'a str,
        /// The idle time to ask for; the server's default when not given.
        idle_timeout: Option<Duration>,
        /// The first PSRP fragments.
        creation_xml: &'a [u8],
    },
    /// Starts a command: a pipeline.
    Command {
        /// The shell.
        shell_id: Uuid,
        /// The pipeline's id, chosen by us.
        command_id: Uuid,
        /// A text for display, at most 256 characters.
        text: &'a str,
        /// The first PSRP fragment.
        arguments: &'a [u8],
    },
    /// Sends to an input stream of a shell or command.
    Send {
        /// The shell.
        shell_id: Uuid,
        /// The command, or the shell itself.
        command_id: Option<Uuid>,
        /// The stream.
        stream: InputStream,
        /// Whole PSRP fragments.
        data: &'a [u8],
    },
    /// Waits for output of a shell or command.
    Receive {
        /// The shell.
        shell_id: Uuid,
        /// The command, or the shell itself.
        command_id: Option<Uuid>,
    },
    /// Stops a command or ends a finished one.
    Signal {
        /// The shell.
        shell_id: Uuid,
        /// The command.
        command_id: Uuid,
        /// What to do.
        code: SignalCode,
    },
    /// Leaves the shell running without us.
    Disconnect {
        /// The shell.
        shell_id: Uuid,
        /// How long it may stay alone.
        idle_timeout: Option<Duration>,
    },
    /// Comes back to a shell that this client session left.
    Reconnect {
        /// The shell.
        shell_id: Uuid,
    },
    /// Comes to a shell that another client session left, or to a command in it.
    Connect {
        /// The shell.
        shell_id: Uuid,
        /// The command, or the shell itself.
        command_id: Option<Uuid>,
        /// The first PSRP fragments; none for a command.
        connect_xml: &'a [u8],
    },
    /// Ends the shell.
    Delete {
        /// The shell.
        shell_id: Uuid,
    },
    /// Begins a list of shells.
    Enumerate,
    /// Goes on with a list.
    Pull {
        /// What the last part gave.
        context: &'a str,
    },
}

/// Which operation; what an answer must be to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names of the operations")]
pub enum OperationKind {
    Identify,
    Create,
    Command,
    Send,
    Receive,
    Signal,
    Disconnect,
    Reconnect,
    Connect,
    Delete,
    Enumerate,
    Pull,
}

/// The input streams of a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputStream {
    /// Everything but answers to host calls.
    Stdin,
    /// Answers to host calls.
    PromptResponse,
}

/// What a signal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalCode {
    /// Stops the pipeline. The server compares this spelling byte for byte and takes anything else as the end.
    Stop,
    /// Ends a finished command.
    Terminate,
}

impl SignalCode {
    /// The text on the wire.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Stop => "powershell/signal/crtl_c",
            Self::Terminate => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate",
        }
    }
}

impl InputStream {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdin => "stdin",
            Self::PromptResponse => "pr",
        }
    }
}

impl Operation<'_> {
    /// Which operation this is.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Identify => OperationKind::Identify,
            Self::Create { .. } => OperationKind::Create,
            Self::Command { .. } => OperationKind::Command,
            Self::Send { .. } => OperationKind::Send,
            Self::Receive { .. } => OperationKind::Receive,
            Self::Signal { .. } => OperationKind::Signal,
            Self::Disconnect { .. } => OperationKind::Disconnect,
            Self::Reconnect { .. } => OperationKind::Reconnect,
            Self::Connect { .. } => OperationKind::Connect,
            Self::Delete { .. } => OperationKind::Delete,
            Self::Enumerate => OperationKind::Enumerate,
            Self::Pull { .. } => OperationKind::Pull,
        }
    }

    /// The shell that this is about.
    #[must_use]
    pub fn shell_id(&self) -> Option<Uuid> {
        match self {
            Self::Command { shell_id, .. }
            | Self::Send { shell_id, .. }
            | Self::Receive { shell_id, .. }
            | Self::Signal { shell_id, .. }
            | Self::Disconnect { shell_id, .. }
            | Self::Reconnect { shell_id }
            | Self::Connect { shell_id, .. }
            | Self::Delete { shell_id } => Some(*shell_id),
            Self::Identify | Self::Create { .. } | Self::Enumerate | Self::Pull { .. } => None,
        }
    }
}

impl OperationKind {
    /// All operations.
    pub const ALL: [Self; 12] = [
        Self::Identify,
        Self::Create,
        Self::Command,
        Self::Send,
        Self::Receive,
        Self::Signal,
        Self::Disconnect,
        Self::Reconnect,
        Self::Connect,
        Self::Delete,
        Self::Enumerate,
        Self::Pull,
    ];

    /// The action of the request; Identify has none.
    #[must_use]
    pub fn action(self) -> String {
        let (namespace, name) = match self {
            Self::Identify => return String::new(),
            Self::Create => (names::TRANSFER, "Create"),
            Self::Delete => (names::TRANSFER, "Delete"),
            Self::Enumerate => (names::ENUMERATION, "Enumerate"),
            Self::Pull => (names::ENUMERATION, "Pull"),
            Self::Command => (names::SHELL, "Command"),
            Self::Send => (names::SHELL, "Send"),
            Self::Receive => (names::SHELL, "Receive"),
            Self::Signal => (names::SHELL, "Signal"),
            Self::Disconnect => (names::SHELL, "Disconnect"),
            Self::Reconnect => (names::SHELL, "Reconnect"),
            Self::Connect => (names::SHELL, "Connect"),
        };
        format!("{namespace}/{name}")
    }

    /// The action of the answer.
    #[must_use]
    pub fn response_action(self) -> String {
        format!("{}Response", self.action())
    }

    /// The operation of this action.
    #[must_use]
    pub fn from_action(action: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind != Self::Identify && kind.action() == action)
    }

    /// Whether repeating the request could do something twice.
    #[must_use]
    pub fn changes_state(self) -> bool {
        !matches!(self, Self::Identify | Self::Receive | Self::Enumerate | Self::Pull)
    }
}
