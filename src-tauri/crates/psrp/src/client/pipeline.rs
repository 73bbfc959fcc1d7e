//! One pipeline of a client's pool. [MS-PSRP] 3.1.1.3

use super::calls::Calls;
use super::repeats::Repeats;
use crate::{Defragmenter, MetadataQuery, Pipeline, PipelineState};

/// A pipeline, live or over.
pub(super) enum Slot {
    Live(Box<Live>),
    Ended { state: PipelineState, terminate: Terminate },
}

/// Whether the endpoint still has to be told to forget the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Terminate {
    /// When the transport says that the command is done.
    Due,
    /// It was told, or it never knew the command.
    Done,
}

/// A pipeline that has not ended.
pub(super) struct Live {
    pub(super) phase: Phase,
    pub(super) input: Input,
    pub(super) defragmenter: Defragmenter,
    pub(super) calls: Calls,
    pub(super) repeats: Repeats,
}

pub(super) enum Phase {
    /// Waits for the pool or for the key; nothing was sent.
    Waiting {
        work: Work,
        /// Input messages that came meanwhile
        input: Vec<Vec<u8>>,
        /// What they take
        bytes: usize,
    },
    Running,
    Stopping,
}

/// What shall run.
pub(super) enum Work {
    Pipeline(Pipeline),
    Metadata(MetadataQuery),
}

/// Whether input may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    None,
    Open,
    Ended,
}

impl Live {
    pub(super) fn new(phase: Phase, input: Input, defragmenter: Defragmenter) -> Self {
        Self { phase, input, defragmenter, calls: Calls::default(), repeats: Repeats::default() }
    }

    pub(super) fn state(&self) -> PipelineState {
        match self.phase {
            Phase::Waiting { .. } => PipelineState::NotStarted,
            Phase::Running => PipelineState::Running,
            Phase::Stopping => PipelineState::Stopping,
        }
    }
}

impl Slot {
    pub(super) fn live(&mut self) -> Option<&mut Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::Ended { .. } => None,
        }
    }
}
