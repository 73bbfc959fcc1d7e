//! Receives: when they are sent, what they bring, and when they are repeated (protocol notes, sections 7.1 and 7.3).

use std::time::Duration;

use psrp::PipelineId;
use tokio::time::Instant;
use wsman::{Fault, FaultKind};

use super::actor::{Actor, Phase, ReceiveState, Receiving};
use super::event::Interruption;
use super::job::Job;
use super::recovery;
use crate::{LaneError, LossReason};

/// How long the endpoint is left alone before a Receive is repeated that it says is still running.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

impl Actor {
    /// Receives wait while the reader of the events is behind, and leave one lane to everything else.
    pub(super) fn dispatch_receives(&mut self) -> bool {
        let mut sent = false;
        let may = matches!(self.phase, Phase::Opening | Phase::Ready);
        for index in 0..self.receives.len() {
            let pending = self.receives.iter().filter(|it| matches!(it.state, ReceiveState::Pending)).count();
            if !may || !self.outbox.is_empty() || pending + 1 >= self.options.max_lanes.max(2) {
                break;
            }
            let Some(receiving) = self.receives.get_mut(index) else { break };
            match &receiving.state {
                ReceiveState::Pending => continue,
                ReceiveState::Repeat { at, .. } if *at > Instant::now() => continue,
                _ => {}
            }
            let Some(lane) = self.take_lane() else { break };
            let within = self.time_of_a_receive();
            let Some(receiving) = self.receives.get_mut(index) else { break };
            let job = match std::mem::replace(&mut receiving.state, ReceiveState::Pending) {
                ReceiveState::Repeat { job, .. } => Ok(*job),
                _ => self.jobs.receive_within(receiving.target, false, within),
            };
            self.next_in_turn(index);
            match job {
                Ok(job) => self.start(job, lane),
                Err(error) => self.lose(LossReason::Protocol(error.to_string())),
            }
            sent = true;
        }
        sent
    }

    pub(super) fn receiving(&mut self, target: Option<PipelineId>) -> Option<&mut Receiving> {
        self.receives.iter_mut().find(|receiving| receiving.target == target)
    }

    /// From now on this target's output is waited for.
    pub(super) fn begin_receiving(&mut self, target: Option<PipelineId>) {
        if self.receiving(target).is_none() {
            self.receives.push(Receiving { target, state: ReceiveState::Wanted, ended: None, failing: None });
        }
    }

    /// This target's output is not waited for any more.
    pub(super) fn end_receiving(&mut self, target: Option<PipelineId>) {
        self.receives.retain(|receiving| receiving.target != target);
    }

    pub(super) fn received(
        &mut self,
        target: Option<PipelineId>,
        asking: bool,
        pieces: Vec<(Option<PipelineId>, Vec<u8>)>,
        done: bool,
    ) {
        if asking {
            // It is known, so it runs.
            self.known(target);
        }
        self.heard_early(target);
        if matches!(self.phase, Phase::Closing | Phase::Ended) {
            return;
        }
        // The endpoint works on the next answer while this one is read.
        if !done {
            self.want_again(target);
            self.send_early();
        }
        for (owner, data) in pieces {
            if let Err(error) = self.pool.receive(owner, &data) {
                self.lose(error.into());
                return;
            }
        }
        // What the pool machine says about this pipeline decides what is asked next.
        self.drain_events();
        match (target, done) {
            (Some(id), true) => self.done(id),
            // The shell itself is done.
            (None, true) => self.lose(LossReason::ShellGone),
            (_, false) => {}
        }
    }

    /// Nothing comes from this command any more.
    pub(super) fn done(&mut self, id: PipelineId) {
        self.end_receiving(Some(id));
        self.pool.command_done(id);
    }

    pub(super) fn receive_fault(
        &mut self,
        job: Job,
        target: Option<PipelineId>,
        asking: bool,
        kind: FaultKind,
        fault: Box<Fault>,
    ) {
        if matches!(self.phase, Phase::Closing | Phase::Ended) {
            return;
        }
        if matches!(self.phase, Phase::Disconnecting | Phase::Disconnected) && !asking {
            // It goes on after reconnecting: with the same request where an answer to it was lost, which the endpoint may have
            // kept.
            if job.tries == 0 {
                self.want_again(target);
            } else {
                self.repeat(job, target, Duration::ZERO);
            }
            return;
        }
        if asking && kind == FaultKind::NotFound {
            self.not_known(job, target);
            return;
        }
        if job.early && kind == FaultKind::NotFound && self.receiving(target).is_some() {
            self.too_early(target);
            return;
        }
        if kind == FaultKind::TimedOut {
            self.heard_early(target);
        }
        if asking {
            self.known(target);
        }
        let Some(receiving) = self.receiving(target) else { return };
        match kind {
            FaultKind::TimedOut => match (target, receiving.ended) {
                // The final state came long ago, and nothing else does.
                (Some(id), Some(_)) => self.done(id),
                _ => receiving.state = ReceiveState::Wanted,
            },
            FaultKind::Aborted | FaultKind::Internal | FaultKind::ReceivePending | FaultKind::Unavailable
                if job.tries < 60 =>
            {
                self.repeat(Job { tries: job.tries + 1, ..job }, target, BUSY_PAUSE);
            }
            FaultKind::NotFound => match target {
                None => self.lose(LossReason::ShellGone),
                Some(id) => {
                    self.end_receiving(Some(id));
                    self.pool.command_gone(id);
                }
            },
            FaultKind::Disconnected | FaultKind::StreamDisconnected => self.rest(Some(LossReason::Disconnected)),
            _ => match target {
                None => self.lose(LossReason::Fault(fault)),
                Some(id) => {
                    self.end_receiving(Some(id));
                    self.interrupted(Interruption::OutcomeUnknown { pipeline: id, reason: fault.to_string() });
                    self.pool.command_gone(id);
                    self.terminate(id);
                }
            },
        }
    }

    /// A Receive is repeated with the same envelope: at once the first time, then in growing pauses, until the time of the
    /// retries is over.
    pub(super) fn receive_again(&mut self, mut job: Job, target: Option<PipelineId>, error: LaneError) {
        if matches!(self.phase, Phase::Closing | Phase::Ended) {
            return;
        }
        let retry = self.options.limits.retry;
        let now = Instant::now();
        let pause = match (job.tries, &error) {
            (0, LaneError::Exchange(_) | LaneError::Unauthorized) => Duration::ZERO,
            (tries, _) => recovery::pause(tries, self.link.random.as_ref()),
        };
        let Some(receiving) = self.receiving(target) else { return };
        let since = *receiving.failing.get_or_insert(now);
        job.tries += 1;
        let left = retry.saturating_sub(now - since);
        let pause = pause.min(left);
        receiving.state = ReceiveState::Repeat { job: Box::new(job), at: now + pause };
        if left.is_zero() {
            self.rest(Some(error.into()));
            return;
        }
        if !pause.is_zero() && matches!(self.phase, Phase::Ready) {
            self.tell_retrying(left, error.to_string());
        }
    }

    pub(super) fn want_again(&mut self, target: Option<PipelineId>) {
        if let Some(receiving) = self.receiving(target) {
            receiving.state = ReceiveState::Wanted;
        }
    }

    /// Repeats a Receive with the same envelope after this time.
    pub(super) fn repeat(&mut self, job: Job, target: Option<PipelineId>, pause: Duration) {
        if let Some(receiving) = self.receiving(target) {
            receiving.state = ReceiveState::Repeat { job: Box::new(job), at: Instant::now() + pause };
        }
    }
}
