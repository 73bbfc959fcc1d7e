//! Requests that are sent once more, marked as such, where the endpoint knows what that means (protocol notes, section 7.3).
//!
//! An endpoint that knows nothing of it would carry out a Send twice. So it is asked first, and only when a request has lost its
//! answer: a terminate that was answered is sent again with its mark. Who keeps answers gives this one again; all others say
//! that there is no such command. As long as nothing has been terminated, it cannot be asked.
//!
//! Answers to host calls do without: an endpoint takes the first answer to a call and drops every other one, because it knows the
//! number of that call no more. They are sent once more as a new message.

use std::time::Duration;

use tokio::time::Instant;

use super::actor::{Actor, Phase};
use super::event::Interruption;
use super::job::{Job, Purpose};
use crate::LossReason;

/// So often a request is sent once more.
const MOST: u32 = 3;
/// So long it is looked whether the pipeline ends, and so shows that it had its answer.
const GRACE: Duration = Duration::from_millis(500);

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
    /// The answer to a Send or a stop is missing.
    pub(super) fn send_missing(&mut self, job: Job, reason: String) {
        if let Err((job, reason)) = self.retransmit(job, reason) {
            self.not_answered(job, reason);
        }
    }

    /// Whether something can still be done about it.
    fn retransmit(&mut self, job: Job, reason: String) -> Result<(), (Job, String)> {
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
            (Retransmits::Unknown, Some(_)) if may => {
                self.retransmits = Retransmits::Asked;
                self.unanswered.push((job, reason));
                self.probe(0);
                Ok(())
            }
            _ => Err((job, reason)),
        }
    }

    /// Asks whether the endpoint knows retransmissions, after so many tries; each has a message id of its own.
    pub(super) fn probe(&mut self, tries: u32) {
        let Some(ended) = self.ended else { return self.probed(None) };
        match self.jobs.probe(&ended) {
            Ok(probe) => self.urgent.push_front(Job { tries, ..probe }),
            Err(error) => self.lose(LossReason::Protocol(error.to_string())),
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
                self.not_answered(job, reason);
            }
        }
    }

    /// The answer to a Send or a stop is missing for good.
    fn not_answered(&mut self, job: Job, reason: String) {
        match job.purpose {
            Purpose::Send { pipeline: Some(id), starts: Some(_) } => {
                self.ordered_busy = false;
                self.drop_start_of(id);
                self.interrupted(Interruption::OutcomeUnknown { pipeline: id, reason });
                self.pool.command_gone(id);
                self.terminate(id);
            }
            Purpose::Send { pipeline, .. } => {
                self.ordered_busy = false;
                if let Err((job, reason)) = self.answer_later(job, reason) {
                    self.hold_input_back(&job);
                    self.interrupted(Interruption::SendUnknown { pipeline, reason });
                }
            }
            // Whose end came meanwhile was stopped, or needs it no more.
            Purpose::Stop { id } if self.stops.contains_key(&id) => {
                self.interrupted(Interruption::StopUnknown { pipeline: id, reason });
            }
            _ => {}
        }
    }

    /// A part of the input may not have arrived: what follows it waits a moment, so that whoever gave it can stop the pipeline before it
    /// makes a result of what is left. Answers still go.
    pub(super) fn hold_input_back(&mut self, lost: &Job) {
        let (Purpose::Send { pipeline: Some(id), starts: None }, Some(piece)) = (lost.purpose, &lost.piece) else {
            return;
        };
        if self.pool.can_answer_again(Some(id), &piece.data) {
            return;
        }
        self.held_back.insert(id, Instant::now() + GRACE);
        for job in std::mem::take(&mut self.ordered) {
            self.send_in_order(job);
        }
    }

    /// Behind what is sent in order, now or in a moment.
    pub(super) fn send_in_order(&mut self, job: Job) {
        let until = match (job.purpose, &job.piece) {
            (Purpose::Send { pipeline: Some(id), starts: None }, Some(piece)) => {
                let until = self.held_back.get(&id).copied().filter(|until| *until > Instant::now());
                until.filter(|_| !self.pool.can_answer_again(Some(id), &piece.data))
            }
            _ => None,
        };
        match until {
            Some(until) => self.later.push((until, job)),
            None => self.ordered.push_back(job),
        }
    }

    /// An answer to a host call that may not have arrived is sent again in a moment; given back where that is of no use.
    pub(super) fn answer_later(&mut self, job: Job, reason: String) -> Result<(), (Job, String)> {
        let may = match (job.purpose, &job.piece) {
            (Purpose::Send { pipeline, starts: None }, Some(piece)) => {
                job.tries < MOST
                    && !matches!(self.phase, Phase::Closing | Phase::Ended)
                    && self.pool.can_answer_again(pipeline, &piece.data)
            }
            _ => false,
        };
        if !may {
            return Err((job, reason));
        }
        self.lost_answers.push((Instant::now() + GRACE, job, reason));
        Ok(())
    }

    /// Sends the answers again whose time has come, where somebody still waits for them.
    pub(super) fn answer_again(&mut self, now: Instant) {
        for (at, job, reason) in std::mem::take(&mut self.lost_answers) {
            if now < at {
                self.lost_answers.push((at, job, reason));
                continue;
            }
            let (Purpose::Send { pipeline, .. }, Some(piece)) = (job.purpose, job.piece) else { continue };
            let Some(data) = self.pool.answer_again(pipeline, &piece.data) else { continue };
            match self.jobs.send(pipeline, piece.stream, &data, None, self.pool.next_object()) {
                // Before everything else, so that object ids rise in the order of sending.
                Ok(again) => self.ordered.push_front(Job { tries: job.tries + 1, ..again }),
                Err(error) => self.lose(LossReason::Protocol(error.to_string())),
            }
            self.interrupted(Interruption::AnsweredAgain { pipeline, reason });
        }
    }
}
