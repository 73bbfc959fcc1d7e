//! What a server tells about its shells and commands.

use std::time::Duration;

use uuid::Uuid;

/// The values of a shell: granted ones after Create, present ones in a list. [MS-WSMV] 2.2.4.37
///
/// Every value but the id may be missing; texts are the server's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShellInfo {
    /// The id as the server writes it
    pub shell_id: String,
    /// The name that the client gave it
    pub name: Option<String>,
    /// The configuration
    pub resource_uri: Option<String>,
    /// The account
    pub owner: Option<String>,
    /// The client's address
    pub client_ip: Option<String>,
    /// The process on the server
    pub process_id: Option<u32>,
    /// How long it may be idle
    pub idle_timeout: Option<Duration>,
    /// How long a client may ask it to be idle
    pub max_idle_timeout: Option<Duration>,
    /// What it does with output that nobody reads
    pub buffer_mode: Option<crate::BufferMode>,
    /// Whether a client is connected
    pub state: Option<ShellState>,
    /// How long it has lived
    pub run_time: Option<Duration>,
    /// How long it has been idle
    pub inactivity: Option<Duration>,
}

impl ShellInfo {
    /// The id, when it is a GUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        Uuid::try_parse(&self.shell_id).ok()
    }
}

/// Whether a client is connected to a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellState {
    /// A client is connected.
    Connected,
    /// No client is connected.
    Disconnected,
    /// Another word of the server.
    Other(String),
}

impl ShellState {
    /// The word on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
            Self::Other(name) => name,
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        [Self::Connected, Self::Disconnected]
            .into_iter()
            .find(|state| state.name().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

/// A command in a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandInfo {
    /// The shell's id as the server writes it
    pub shell_id: Option<String>,
    /// The id as the server writes it
    pub command_id: String,
    /// Whether a client is connected
    pub state: Option<ShellState>,
}

impl CommandInfo {
    /// The id, when it is a GUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        Uuid::try_parse(&self.command_id).ok()
    }
}

/// How far a command is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandStateKind {
    /// It waits to start.
    Pending,
    /// It runs.
    Running,
    /// There is nothing more to receive.
    Done,
    /// Another URI of the server.
    Other(String),
}

impl CommandStateKind {
    /// The state with this URI.
    #[must_use]
    pub fn of_uri(uri: &str) -> Self {
        match uri.strip_prefix(crate::names::COMMAND_STATE_PREFIX) {
            Some("Pending") => Self::Pending,
            Some("Running") => Self::Running,
            Some("Done") => Self::Done,
            _ => Self::Other(uri.to_owned()),
        }
    }

    /// The URI on the wire.
    #[must_use]
    pub fn uri(&self) -> String {
        let word = match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Done => "Done",
            Self::Other(uri) => return uri.clone(),
        };
        [crate::names::COMMAND_STATE_PREFIX, word].concat()
    }
}
