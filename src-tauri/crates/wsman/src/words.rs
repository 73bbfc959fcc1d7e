//! Streams, signals and modes, and their words on the wire.

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
