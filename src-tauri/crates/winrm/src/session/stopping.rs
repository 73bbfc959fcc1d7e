//! Stopping and removing commands.

use std::time::Duration;

use psrp::{Action, PipelineId};
use tokio::time::Instant;
use wsman::SignalCode;

use super::actor::Actor;
use super::event::Interruption;
use super::job::Job;
use crate::LossReason;
use crate::random::NoRandomness;

/// How long an endpoint is left alone that does not know yet what should be stopped.
const STOP_PAUSE: Duration = Duration::from_millis(200);

impl Actor {
    pub(super) fn plan_stop(&mut self, id: PipelineId) -> Result<(), NoRandomness> {
        self.stops.insert(id, Instant::now() + self.options.limits.stop);
        self.urgent.push_back(self.jobs.signal(id, SignalCode::Stop)?);
        Ok(())
    }

    /// The operator stops a pipeline. The signal overtakes what waits in the queue.
    pub(super) fn stop(&mut self, id: PipelineId) {
        self.pool.stop(id);
        if !self.ordered_busy {
            return;
        }
        while let Some(action) = self.pool.poll_action() {
            let is_stop = matches!(action, Action::Stop { .. });
            if let Err(error) = self.plan(action) {
                self.lose(LossReason::Protocol(error.to_string()));
            }
            if !is_stop {
                break;
            }
        }
    }

    /// The endpoint did not know the pipeline that should stop, so that nothing was done: once more, as long as it is
    /// waited for.
    pub(super) fn stop_later(&mut self, id: PipelineId) {
        if !self.stops.contains_key(&id) {
            return;
        }
        match self.jobs.signal(id, SignalCode::Stop) {
            Ok(job) => self.later.push((Instant::now() + STOP_PAUSE, job)),
            Err(error) => self.lose(LossReason::Protocol(error.to_string())),
        }
    }

    /// A stopped pipeline did not say so in time.
    pub(super) fn give_up_stopping(&mut self, id: PipelineId) {
        self.stops.remove(&id);
        self.interrupted(Interruption::StillRunning { pipeline: id });
        self.end_receiving(Some(id));
        self.pool.command_gone(id);
        self.terminate(id);
    }

    /// The endpoint shall forget a command; what of it still runs is ended.
    pub(super) fn terminate(&mut self, id: PipelineId) {
        self.terminate_after(id, 0);
    }

    /// The same after so many tries.
    pub(super) fn terminate_after(&mut self, id: PipelineId, tries: u32) {
        match self.jobs.signal(id, SignalCode::Terminate) {
            Ok(job) => self.urgent.push_back(Job { tries, ..job }),
            Err(error) => self.lose(LossReason::Protocol(error.to_string())),
        }
    }
}
