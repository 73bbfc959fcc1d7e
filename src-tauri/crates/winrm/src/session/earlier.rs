//! Taking over the session of an earlier process. Protocol notes, section 7.4; [MS-WSMV] 3.1.4.17

use std::time::Duration;

use psrp::host::HostCall;
use psrp::{PipelineId, PoolId};
use uuid::Uuid;
use wsman::{Fault, FaultKind};

use super::actor::{Actor, Phase};
use super::job::Job;
use crate::{LaneError, LossReason, OpenError};

/// Ids are left out after those that are known to have been used: the start of a pipeline uses one that no intent tells.
const UNTOLD_OBJECTS: u64 = 1 << 20;
/// How long an endpoint is left alone that says that another client is connected.
const BUSY_PAUSE: Duration = Duration::from_secs(5);

/// What an earlier process wrote down about its session ([`Intents`](crate::Intents)).
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// Id of pool and shell
    pub pool: PoolId,
    /// Id of the client session, where it is known
    pub session: Option<Uuid>,
    /// Pipelines that were started and are not known to have ended. The endpoint is asked for others.
    pub pipelines: Vec<PipelineId>,
    /// Object ids below this one were used.
    pub next_object: u64,
    /// Questions that were open. The endpoint has told them and waits for their answers; it does not ask again.
    pub questions: Vec<(PipelineId, HostCall)>,
}

impl Earlier {
    /// The first object id that cannot be taken for a repetition. Whoever may come back once more keeps it as the next
    /// [`Earlier::next_object`]: ids from here on are used.
    #[must_use]
    pub fn first_object(&self) -> u64 {
        self.next_object.saturating_add(UNTOLD_OBJECTS)
    }
}

impl Actor {
    pub(super) fn connected(&mut self, xml: Option<&[u8]>) {
        let Some(xml) = xml else {
            self.lose(LossReason::Protocol("the answer to Connect is empty".to_owned()));
            return;
        };
        if let Err(error) = self.pool.receive_connect_response(xml) {
            self.lose(error.into());
            return;
        }
        self.begin_receiving(None);
        self.push_urgent(self.jobs.list());
    }

    /// The endpoint refuses to hand the shell over.
    pub(super) fn connect_refused(&mut self, fault: Box<Fault>) {
        match fault.kind() {
            FaultKind::NotFound => self.fail_open(OpenError::Lost(LossReason::ShellGone)),
            // It still waits for the process that is gone; the time for opening limits this.
            FaultKind::BusyElsewhere | FaultKind::Internal | FaultKind::Unavailable => match self.connect_job() {
                Ok(job) => self.later.push((tokio::time::Instant::now() + BUSY_PAUSE, job)),
                Err(error) => self.fail_open(error.into()),
            },
            _ => self.fail_open(OpenError::Fault(fault)),
        }
    }

    /// Connecting twice does no harm, so a lost answer is asked for once more.
    pub(super) fn connect_missing(&mut self, tries: u32, error: LaneError) {
        if tries > 0 || !error.may_be_lost() {
            self.fail_open(OpenError::Lost(error.into()));
            return;
        }
        match self.connect_job() {
            Ok(job) => self.urgent.push_back(Job { tries: 1, ..job }),
            Err(error) => self.fail_open(error.into()),
        }
    }

    fn connect_job(&self) -> Result<Job, crate::random::NoRandomness> {
        self.jobs.connect(&self.connect_xml)
    }

    /// What the endpoint has is known, or cannot be known: what the journal names and what was listed is connected to.
    pub(super) fn listed(&mut self, commands: Vec<PipelineId>) {
        let Some(earlier) = self.earlier.take() else { return };
        let mut ids = earlier.pipelines;
        ids.extend(commands);
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            if self.pool.attach(id).is_ok() {
                self.running.push(id);
                self.push_urgent(self.jobs.connect_command(id));
            }
        }
        for (id, call) in earlier.questions {
            if let Err(error) = self.pool.ask_again(id, call) {
                tracing::debug!(%error, "a question of the earlier process");
            }
        }
        if self.phase == Phase::Opening && self.pool.protocol().is_some() {
            self.opened();
        }
    }

    fn push_urgent(&mut self, job: Result<Job, crate::random::NoRandomness>) {
        match job {
            Ok(job) => self.urgent.push_back(job),
            Err(error) => self.lose(LossReason::Protocol(error.to_string())),
        }
    }
}
