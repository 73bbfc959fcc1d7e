//! Requests that are sent once more, marked as such, where the endpoint knows what that means (protocol notes, section 7.3).
//!
//! An endpoint that knows nothing of it would carry out a Send twice. So it is asked first, and only when a request has lost its
//! answer: a terminate that was answered is sent again with its mark. Who keeps answers gives this one again; all others say
//! that there is no such command. As long as nothing has been terminated, it cannot be asked.

use super::actor::{Actor, Phase};
use super::event::Interruption;
use super::job::{Job, Purpose};
use crate::LossReason;

/// So often a request is sent with its mark.
const MOST: u32 = 3;

/// What is known of the endpoint's way with retransmissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retransmits {
    Unknown,
    /// The question is under way.
    Asked,
    Yes,
    No,
}

impl Actor {
    /// The answer to a Send or a stop is missing: whether something can still be done about it.
    pub(super) fn retransmit(&mut self, job: Job, reason: String) -> Result<(), (Job, String)> {
        let may = job.tries < MOST && matches!(self.phase, Phase::Ready | Phase::Opening);
        match (self.retransmits, self.ended) {
            (Retransmits::Yes, _) if may => {
                self.send_marked(&job);
                Ok(())
            }
            (Retransmits::Asked, _) if may => {
                self.unanswered.push((job, reason));
                Ok(())
            }
            (Retransmits::Unknown, Some(ended)) if may => {
                match self.jobs.probe(&ended) {
                    Ok(probe) => {
                        self.retransmits = Retransmits::Asked;
                        self.urgent.push_front(probe);
                        self.unanswered.push((job, reason));
                    }
                    Err(error) => self.lose(LossReason::Protocol(error.to_string())),
                }
                Ok(())
            }
            _ => Err((job, reason)),
        }
    }

    fn send_marked(&mut self, job: &Job) {
        tracing::info!(operation = job.kind.name(), tries = job.tries, "sent again with its mark");
        match self.jobs.retransmission(job) {
            Some(Ok(again)) if matches!(job.purpose, Purpose::Send { .. }) => {
                self.ordered_busy = false;
                self.ordered.push_front(again);
            }
            Some(Ok(again)) => self.urgent.push_back(again),
            Some(Err(error)) => self.lose(LossReason::Protocol(error.to_string())),
            None => {}
        }
    }

    /// The endpoint said whether it knows retransmissions; `None` when it did not say.
    pub(super) fn probed(&mut self, knows: Option<bool>) {
        self.retransmits = match knows {
            Some(true) => Retransmits::Yes,
            Some(false) => Retransmits::No,
            None => Retransmits::Unknown,
        };
        tracing::info!(?knows, "retransmissions");
        for (job, reason) in std::mem::take(&mut self.unanswered) {
            if knows == Some(true) {
                self.send_marked(&job);
            } else {
                self.not_answered(&job, reason);
            }
        }
    }

    /// The answer to a Send or a stop is missing for good.
    pub(super) fn not_answered(&mut self, job: &Job, reason: String) {
        match job.purpose {
            Purpose::Send { pipeline: Some(id), starts: Some(_) } => {
                self.ordered_busy = false;
                self.drop_start_of(id);
                self.interrupted(Interruption::OutcomeUnknown { pipeline: id, reason });
                self.pool.command_gone(id);
                if let Ok(job) = self.jobs.signal(id, wsman::SignalCode::Terminate) {
                    self.urgent.push_back(job);
                }
            }
            Purpose::Send { pipeline, .. } => {
                self.ordered_busy = false;
                self.interrupted(Interruption::SendUnknown { pipeline, reason });
            }
            // Whose end came meanwhile was stopped, or needs it no more.
            Purpose::Stop { id } if self.stops.contains_key(&id) => {
                self.interrupted(Interruption::StopUnknown { pipeline: id, reason });
            }
            _ => {}
        }
    }
}
