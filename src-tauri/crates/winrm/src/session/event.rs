//! What a session tells.

use std::collections::VecDeque;
use std::time::Duration;

use psrp::PipelineId;
use tokio::sync::mpsc;
use wsman::Fault;

use crate::{LossReason, SignInError};

/// What happened, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionEvent {
    /// Of the pool machine: records, questions, states of pipelines
    Pool(psrp::Event),
    /// The session has this state.
    State(SessionState),
    /// Something is not as it should be; the session goes on.
    Interruption(Interruption),
}

/// The state of a session. Which pipelines run is told by the pool machine.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionState {
    /// Open and connected
    Ready,
    /// The connection is lost and tried again for this long.
    Retrying {
        /// Time left
        left: Duration,
        /// What happened
        reason: String,
    },
    /// No connection is held or tried. What runs on the endpoint runs on; the handle can reconnect.
    Disconnected {
        /// Why; `None` when we did it
        reason: Option<LossReason>,
    },
    /// Ended by something else than us. Nothing more comes.
    Lost(LossReason),
    /// Closed by us. Nothing more comes.
    Closed,
}

/// Something that did not go as it should.
#[derive(Debug, Clone, PartialEq)]
pub enum Interruption {
    /// The answer to the start of this pipeline was lost, and the endpoint does not know the pipeline: it does not run.
    NotStarted {
        /// Which
        pipeline: PipelineId,
    },
    /// The endpoint refused to start this pipeline, or refused a part of it.
    Refused {
        /// Which
        pipeline: PipelineId,
        /// Why
        fault: Box<Fault>,
    },
    /// It is not known what became of this pipeline.
    OutcomeUnknown {
        /// Which
        pipeline: PipelineId,
        /// What happened
        reason: String,
    },
    /// It is not known whether input or an answer arrived. It is not sent again.
    SendUnknown {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// What happened
        reason: String,
    },
    /// An answer to a question may not have arrived, and is sent once more. Should it have arrived, the endpoint drops it.
    AnsweredAgain {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// What happened
        reason: String,
    },
    /// The endpoint refused the request to stop, or it is not known whether it arrived.
    StopUnknown {
        /// Which
        pipeline: PipelineId,
        /// What happened
        reason: String,
    },
    /// The pipeline did not stop in time: it was removed, but may still run on the endpoint.
    StillRunning {
        /// Which
        pipeline: PipelineId,
    },
    /// An answer was lost on the way and asked for again. An endpoint that did not keep it leaves a hole that nothing else
    /// shows.
    RecordsMayBeMissing {
        /// `None` is the pool.
        pipeline: Option<PipelineId>,
        /// What happened
        reason: String,
    },
    /// The endpoint refused the idle time asked for; this is what is asked for now.
    IdleTimeReduced {
        /// `None` leaves it to the endpoint.
        to: Option<Duration>,
    },
    /// No further connection signs in. The session goes on over those that there are, which take turns; it ends with the last of them.
    FewerConnections {
        /// Why
        reason: SignInError,
    },
    /// Connections sign in again.
    ConnectionsAgain,
}

/// The events of a session. Whoever does not read stops the session from receiving.
#[derive(Debug)]
pub struct EventStream {
    pub(super) batches: mpsc::Receiver<Vec<SessionEvent>>,
    pub(super) ready: VecDeque<SessionEvent>,
}

impl EventStream {
    pub(super) fn new(batches: mpsc::Receiver<Vec<SessionEvent>>) -> Self {
        Self { batches, ready: VecDeque::new() }
    }

    /// The next event; `None` after the last one. May be dropped while waiting.
    pub async fn next(&mut self) -> Option<SessionEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.ready = self.batches.recv().await?.into();
        }
    }

    /// The next event, if one is there.
    pub fn try_next(&mut self) -> Option<SessionEvent> {
        if self.ready.is_empty() {
            self.ready = self.batches.try_recv().ok()?.into();
        }
        self.ready.pop_front()
    }
}

impl Interruption {
    /// A name for logs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::NotStarted { .. } => "not started",
            Self::Refused { .. } => "refused",
            Self::OutcomeUnknown { .. } => "outcome unknown",
            Self::SendUnknown { .. } => "send unknown",
            Self::AnsweredAgain { .. } => "answered again",
            Self::StopUnknown { .. } => "stop unknown",
            Self::StillRunning { .. } => "still running",
            Self::RecordsMayBeMissing { .. } => "records may be missing",
            Self::IdleTimeReduced { .. } => "idle time reduced",
            Self::FewerConnections { .. } => "fewer connections",
            Self::ConnectionsAgain => "connections again",
        }
    }
}
