//! Whether the endpoint knows what was sent to it, when the answer to that is missing: a Receive asks.

use std::time::Duration;

use psrp::PipelineId;
use tokio::time::Instant;

use super::actor::Actor;
use super::event::Interruption;
use super::job::{Job, Purpose};
use crate::{LaneError, LossReason, OpenError};

/// How often the endpoint is asked whether it knows a command, so that one that is still under way is not missed.
pub(super) const ASKS: u32 = 3;
/// How long it is waited before it is asked again
const ASK_PAUSE: Duration = Duration::from_millis(400);

impl Actor {
    /// The answer to a Command is missing. Whether the endpoint knows the command is asked; it is never sent again.
    pub(super) fn ask_about(&mut self, job: Job, reason: &str) {
        let Purpose::Command { id, .. } = job.purpose else { return };
        if self.was_heard(id) || self.asks_ahead(id) {
            return;
        }
        tracing::info!(reason, "the start of a command was not answered");
        self.ask(Some(id), 1);
    }

    pub(super) fn ask(&mut self, target: Option<PipelineId>, tries: u32) {
        match self.jobs.receive(target, true) {
            Ok(mut job) => {
                job.tries = tries;
                // One that is still under way shall not be missed.
                match tries {
                    1 => self.urgent.push_back(job),
                    _ => self.later.push((Instant::now() + ASK_PAUSE * (tries - 1), job)),
                }
            }
            Err(error) => self.lose(LossReason::Protocol(error.to_string())),
        }
    }

    /// What was asked about is known to the endpoint.
    pub(super) fn known(&mut self, target: Option<PipelineId>) {
        self.ordered_busy = false;
        if target.is_none() {
            self.created(None);
            return;
        }
        self.ahead.settle(target);
        // Parts of the pipeline's start may still have to be sent; its output is waited for after the last of them.
        let more = self.ordered.front().is_some_and(
            |job| matches!(job.purpose, Purpose::Send { pipeline, starts: Some(_) } if pipeline == target),
        );
        if more {
            self.end_receiving(target);
        } else {
            self.begin_receiving(target);
        }
    }

    /// The endpoint does not know the command that was asked about.
    pub(super) fn not_known(&mut self, job: Job, target: Option<PipelineId>) {
        if target.is_some_and(|id| self.was_heard(id)) {
            return;
        }
        if job.tries < ASKS {
            self.ask(target, job.tries + 1);
            return;
        }
        let Some(id) = target else {
            self.create_again();
            return;
        };
        self.give_up_start(id, Interruption::NotStarted { pipeline: id });
    }

    /// What was asked about cannot be found out.
    pub(super) fn unanswerable(&mut self, target: Option<PipelineId>, error: LaneError) {
        let Some(id) = target else {
            self.fail_open(OpenError::CreateLost { shell: self.pool.id(), reason: error });
            return;
        };
        self.give_up_start(id, Interruption::OutcomeUnknown { pipeline: id, reason: error.to_string() });
    }

    /// Whether the endpoint has told of a command already, so that it needs not be asked about.
    fn was_heard(&mut self, id: PipelineId) -> bool {
        let heard = self.ahead.was_heard(id);
        if heard {
            self.ordered_busy = false;
            self.ahead.settle(Some(id));
        }
        heard
    }

    /// Nothing more is done about the start of a command.
    fn give_up_start(&mut self, id: PipelineId, why: Interruption) {
        self.ordered_busy = false;
        self.drop_start_of(id);
        self.forget_early(id);
        self.interrupted(why);
        self.pool.command_gone(id);
    }

    /// The rest of a pipeline's start is not sent.
    pub(super) fn drop_start_of(&mut self, id: PipelineId) {
        self.ordered.retain(|job| !matches!(job.purpose, Purpose::Send { pipeline: Some(of), .. } if of == id));
    }
}
