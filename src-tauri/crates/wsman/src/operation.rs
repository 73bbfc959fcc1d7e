//! The operations on shells and what each carries.

use std::time::Duration;

use uuid::Uuid;

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

/// An operation without its content: enough to judge an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// See [`Operation::Identify`].
    Identify,
    /// See [`Operation::Create`].
    Create,
    /// See [`Operation::Command`].
    Command,
    /// See [`Operation::Send`].
    Send,
    /// See [`Operation::Receive`].
    Receive,
    /// See [`Operation::Signal`].
    Signal,
    /// See [`Operation::Disconnect`].
    Disconnect,
    /// See [`Operation::Reconnect`].
    Reconnect,
    /// See [`Operation::Connect`] and [`Operation::ConnectCommand`].
    Connect,
    /// See [`Operation::Delete`].
    Delete,
    /// See [`Operation::Get`].
    Get,
    /// See [`Operation::Enumerate`].
    Enumerate,
    /// See [`Operation::Pull`].
    Pull,
}

impl OperationKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
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
        Self::Get,
        Self::Enumerate,
        Self::Pull,
    ];

    /// The action of the request; empty for Identify, which has no headers.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Identify => "",
            Self::Create => "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
            Self::Command => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command",
            Self::Send => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send",
            Self::Receive => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive",
            Self::Signal => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal",
            Self::Disconnect => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Disconnect",
            Self::Reconnect => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Reconnect",
            Self::Connect => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Connect",
            Self::Delete => "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete",
            Self::Get => "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get",
            Self::Enumerate => "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate",
            Self::Pull => "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull",
        }
    }

    /// The kind with this request action.
    #[must_use]
    pub fn of_action(action: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| !kind.action().is_empty() && kind.action() == action)
    }

    /// The name for logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identify => "Identify",
            Self::Create => "Create",
            Self::Command => "Command",
            Self::Send => "Send",
            Self::Receive => "Receive",
            Self::Signal => "Signal",
            Self::Disconnect => "Disconnect",
            Self::Reconnect => "Reconnect",
            Self::Connect => "Connect",
            Self::Delete => "Delete",
            Self::Get => "Get",
            Self::Enumerate => "Enumerate",
            Self::Pull => "Pull",
        }
    }
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

/// A stream from us to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputStream {
    /// Everything but answers to prompts.
    Stdin,
    /// Answers to host calls ("prompt response").
    Pr,
}

impl InputStream {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stdin => "stdin",
            Self::Pr => "pr",
        }
    }

    /// The stream with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Stdin, Self::Pr].into_iter().find(|stream| stream.name() == name)
    }
}

/// What a Signal does to a command. The server compares the text byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalCode {
    /// Stops the pipeline; its final state still comes. The spelling is that of Windows.
    Stop,
    /// Ends the command and forgets it.
    Terminate,
}

impl SignalCode {
    /// The code on the wire.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Stop => "powershell/signal/crtl_c",
            Self::Terminate => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate",
        }
    }

    /// The code with this exact text; a server ends the command for any other.
    #[must_use]
    pub fn of_uri(uri: &str) -> Option<Self> {
        [Self::Stop, Self::Terminate].into_iter().find(|code| code.uri() == uri)
    }
}

/// What a disconnected shell does with output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BufferMode {
    /// Nothing is kept.
    None,
    /// The command waits when the buffer is full; the server's default.
    Block,
    /// The oldest output is lost when the buffer is full.
    Drop,
}

impl BufferMode {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Block => "Block",
            Self::Drop => "Drop",
        }
    }

    /// The mode with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::None, Self::Block, Self::Drop].into_iter().find(|mode| mode.name().eq_ignore_ascii_case(name))
    }
}
