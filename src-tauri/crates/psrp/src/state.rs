//! States of pools and pipelines.

/// State of a runspace pool. [MS-PSRP] 2.2.3.4
///
/// Numbers from 6 on differ between the specification and PowerShell and are kept as [`PoolState::Other`]; what became
/// of such a pool is WS-Man's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PoolState {
    /// 0
    BeforeOpen,
    /// 1
    Opening,
    /// 2: pipelines may run
    Opened,
    /// 3
    Closed,
    /// 4
    Closing,
    /// 5: ended by a fault
    Broken,
    /// Any other number
    Other(i32),
}

impl PoolState {
    /// The state of this number.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        match number {
            0 => Self::BeforeOpen,
            1 => Self::Opening,
            2 => Self::Opened,
            3 => Self::Closed,
            4 => Self::Closing,
            5 => Self::Broken,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::BeforeOpen => 0,
            Self::Opening => 1,
            Self::Opened => 2,
            Self::Closed => 3,
            Self::Closing => 4,
            Self::Broken => 5,
            Self::Other(number) => number,
        }
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Broken)
    }
}

/// State of a pipeline. [MS-PSRP] 2.2.3.5
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PipelineState {
    /// 0: made, nothing sent yet
    NotStarted,
    /// 1: sent; endpoints do not announce it
    Running,
    /// 2: asked to stop
    Stopping,
    /// 3
    Stopped,
    /// 4
    Completed,
    /// 5
    Failed,
    /// 6
    Disconnected,
}

impl PipelineState {
    /// The state of this number, if there is one.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            0 => Self::NotStarted,
            1 => Self::Running,
            2 => Self::Stopping,
            3 => Self::Stopped,
            4 => Self::Completed,
            5 => Self::Failed,
            6 => Self::Disconnected,
            _ => return None,
        })
    }

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::NotStarted => 0,
            Self::Running => 1,
            Self::Stopping => 2,
            Self::Stopped => 3,
            Self::Completed => 4,
            Self::Failed => 5,
            Self::Disconnected => 6,
        }
    }

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Stopped | Self::Completed | Self::Failed)
    }
}
