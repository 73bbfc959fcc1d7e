//! The kinds of operations and their actions.

/// An operation without its content: enough to judge an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// See [`crate::Operation::Identify`].
    Identify,
    /// See [`crate::Operation::Create`].
    Create,
    /// See [`crate::Operation::Command`].
    Command,
    /// See [`crate::Operation::Send`].
    Send,
    /// See [`crate::Operation::Receive`].
    Receive,
    /// See [`crate::Operation::Signal`].
    Signal,
    /// See [`crate::Operation::Disconnect`].
    Disconnect,
    /// See [`crate::Operation::Reconnect`].
    Reconnect,
    /// See [`crate::Operation::Connect`] and [`crate::Operation::ConnectCommand`].
    Connect,
    /// See [`crate::Operation::Delete`].
    Delete,
    /// See [`crate::Operation::Get`].
    Get,
    /// See [`crate::Operation::Enumerate`].
    Enumerate,
    /// See [`crate::Operation::Pull`].
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
