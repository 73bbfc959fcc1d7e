//! What becomes of an answer, or of its absence.

use std::time::Duration;

use wsman::{Fault, FaultKind};

use super::actor::{Actor, Finished, Phase};
use super::asking::ASKS;
use super::event::Interruption;
use super::job::{Ended, Job, Purpose};
use super::options::Stage;
use super::wire::{Problem, Said, read};
use crate::lane::{Lane, Reply};
use crate::{CloseError, ExchangeError, LaneError, LossReason, OpenError, SecurityEnd, SignInError};

impl Actor {
    pub(super) fn finished(&mut self, finished: Finished) {
        match finished {
            Finished::Opened(result) => {
                self.connecting = self.connecting.saturating_sub(1);
                match result {
                    Ok((lane, identity)) => self.lane_opened(lane, identity),
                    Err(error) => self.lane_failed(error),
                }
            }
            Finished::Asked(Ok(asked)) => self.asked.push(asked),
            // Whoever needs a lane will see whether it is still so.
            Finished::Asked(Err(error)) => tracing::debug!(error = %error, "not asked ahead"),
            Finished::Answered { job, lane, outcome } => self.answered(job, lane, outcome),
        }
    }

    fn lane_opened(&mut self, lane: Lane, identity: spnego::ServerIdentity) {
        // The clock differs from sign-in to sign-in; who it is must not.
        if let Some(known) = &self.identity {
            let same = spnego::ServerIdentity { timestamp: known.timestamp, ..identity.clone() };
            if same != *known {
                let reason = "the endpoint changed its identity in the middle of the session".to_owned();
                self.lose(LossReason::SignIn(SignInError::Identity { identity: Box::new(identity), reason }));
                return;
            }
        } else {
            self.options.stage(Stage::SignedIn(identity.clone()));
            self.identity = Some(identity);
        }
        if self.phase == Phase::Disconnected && self.reconnecting.is_none() {
            return;
        }
        // Whether the endpoint answers over it will be seen.
        if self.receives.iter().all(|receiving| receiving.failing.is_none()) {
            self.works();
        }
        self.lanes += 1;
        self.idle.push(lane);
        self.signs_in();
        if self.proved {
            self.receive_early_after_all();
        } else {
            self.ask_ahead();
        }
    }

    fn lane_failed(&mut self, error: SignInError) {
        tracing::info!(error = %error, "no connection");
        if error.refuses_the_password() || (self.phase == Phase::Closing && !error.is_temporary()) {
            self.refused.get_or_insert_with(|| error.clone());
        }
        if self.goes_on_with_few(&error) {
            return;
        }
        match self.phase {
            Phase::Opening => match self.create_again.take() {
                Some(reason) => self.fail_open(OpenError::CreateLost { shell: self.pool.id(), reason }),
                // The first one was accepted.
                None if self.proved && !error.is_temporary() => {
                    self.fail_open(OpenError::Lost(LossReason::SignIn(error)));
                }
                // There is one; a further one has time.
                None if self.lanes > 0 => self.try_later(error),
                None => self.fail_open(error.into()),
            },
            Phase::Closing if self.lanes == 0 => self.end_close(Err(error.into())),
            // One that is signed in will be free; meanwhile the endpoint is not asked without a pause.
            Phase::Closing => self.try_later(error),
            Phase::Disconnected => {
                if self.reconnecting.take().is_some() {
                    self.switched(Err(error.into()));
                }
            }
            Phase::Disconnecting => {
                self.urgent.retain(|job| job.purpose != Purpose::Disconnect);
                self.switched(Err(error.clone().into()));
                self.rest(Some(LossReason::Network(error)));
            }
            _ if !error.is_temporary() => self.lose(LossReason::SignIn(error)),
            _ => self.try_later(error),
        }
    }

    /// The next connection is made after a pause; when the time for that is up and there is none, the session rests.
    fn try_later(&mut self, error: SignInError) {
        match self.recovery.failed(self.options.limits.retry, self.link.random.as_ref()) {
            Some(left) if self.lanes == 0 && self.phase == Phase::Ready => self.tell_retrying(left, error.to_string()),
            None if self.lanes == 0 => self.rest(Some(LossReason::Network(error))),
            _ => {}
        }
    }

    fn answered(&mut self, job: Job, lane: Lane, outcome: Result<Reply, LaneError>) {
        let proved_lane = lane.proved;
        self.creating &= job.purpose != Purpose::Create;
        match outcome {
            Ok(reply) => {
                if reply.keep && self.phase != Phase::Disconnected {
                    self.idle.push(lane);
                } else {
                    self.lanes = self.lanes.saturating_sub(1);
                }
                self.recovery.worked();
                self.forgotten = 0;
                if let Purpose::Receive { target, asking: false } = job.purpose
                    && let Some(receiving) = self.receiving(target)
                {
                    receiving.failing = None;
                }
                if self.receives.iter().all(|receiving| receiving.failing.is_none()) {
                    self.works();
                }
                self.first_proof();
                let said = reply.envelope().map_err(|error| Problem::Broken(error.to_string()));
                match said.and_then(|envelope| read(&job, &envelope)) {
                    said if self.is_late(&job) => {
                        let refused = matches!(&said, Err(Problem::Fault(fault)) if !may_be_made(fault.kind()));
                        self.created_late(!refused);
                    }
                    Ok(said) => self.said(job, said),
                    Err(Problem::Fault(fault)) => self.fault(job, fault),
                    Err(Problem::Broken(what)) => self.broken(&job, what),
                }
            }
            Err(error) => {
                if matches!(error, LaneError::Intent(_)) {
                    self.idle.push(lane);
                } else {
                    self.lanes = self.lanes.saturating_sub(1);
                }
                self.missing(job, error, proved_lane);
            }
        }
    }

    /// Whether it is a Create that came to its end while the session closes.
    fn is_late(&self, job: &Job) -> bool {
        job.purpose == Purpose::Create && self.phase == Phase::Closing
    }

    /// The first sealed answer: the server proved itself, and further lanes may sign in.
    fn first_proof(&mut self) {
        if !self.proved {
            self.proved = true;
            if let Some(identity) = self.identity.clone() {
                self.options.stage(Stage::Proved(identity));
            }
        }
    }

    fn said(&mut self, job: Job, said: Said) {
        match (job.purpose, said) {
            (Purpose::Create, Said::Created { idle }) => self.created(idle),
            (Purpose::Connect, Said::Connected { xml }) => self.connected(xml.as_deref()),
            (Purpose::List, Said::Listed { commands }) => self.listed(commands),
            (Purpose::ConnectCommand { id }, Said::Connected { .. }) => self.begin_receiving(Some(id)),
            (Purpose::Receive { target, asking }, Said::Received { pieces, done }) => {
                self.received(target, asking, pieces, done);
            }
            (Purpose::Command { id, last }, _) => {
                self.ordered_busy = false;
                if last {
                    self.command_answered(id);
                }
            }
            (Purpose::Send { pipeline, starts }, _) => {
                self.ordered_busy = false;
                if starts == Some(true) {
                    self.begin_receiving(pipeline);
                }
            }
            (Purpose::Terminate { id }, _) => {
                let (operation_id, message_id) = (job.operation_id, job.message_id);
                self.ended = Some(Ended { pipeline: id, operation_id, message_id });
            }
            (Purpose::Probe, _) => self.probed(Some(true)),
            (Purpose::Stop { .. }, _) => {}
            (Purpose::Delete, _) => self.end_close(Ok(())),
            (Purpose::Disconnect, _) => {
                self.switched(Ok(()));
                self.rest(None);
            }
            (Purpose::Reconnect, _) => self.shell_is_back(),
            (Purpose::ReconnectCommand { .. }, _) => self.reconnect_next(),
            (_, _) => self.broken(&job, "an answer of another kind".to_owned()),
        }
    }

    fn fault(&mut self, job: Job, fault: Box<Fault>) {
        tracing::debug!(operation = job.kind.name(), code = fault.code, "fault");
        let kind = fault.kind();
        if kind == FaultKind::EnvelopeTooLarge && self.send_smaller(&job) {
            return;
        }
        let lost = is_lost(kind);
        match job.purpose {
            // It was not carried out in time, or perhaps it was: as if there were no answer.
            Purpose::Connect | Purpose::Disconnect | Purpose::Reconnect | Purpose::Delete if lost => {
                self.unanswered(job, ExchangeError::Lost(fault.to_string()).into());
            }
            Purpose::Create if kind == FaultKind::IdleTimeout && self.idle_asked.is_some() => self.ask_less_idle_time(),
            Purpose::Connect => self.connect_refused(fault),
            // Not every account may list; the journal knows what was started.
            Purpose::List => self.listed(Vec::new()),
            Purpose::ConnectCommand { id } if kind == FaultKind::NotFound => self.pool.command_gone(id),
            // Its Receive will tell.
            Purpose::ConnectCommand { id } => self.begin_receiving(Some(id)),
            // Our own Create came through before its answer was lost.
            Purpose::Create if kind == FaultKind::AlreadyExists && job.tries > 0 => self.created(None),
            Purpose::Create if lost => self.create_timed_out(ExchangeError::Lost(fault.to_string()).into()),
            Purpose::Create => self.fail_open(OpenError::Fault(fault)),
            Purpose::Receive { target, asking } => self.receive_fault(job, target, asking, kind, fault),
            Purpose::Command { .. } if lost => self.ask_about(job, &fault.to_string()),
            Purpose::Send { .. } | Purpose::Stop { .. } if lost => self.send_missing(job, fault.to_string()),
            Purpose::Command { id, .. } | Purpose::Send { pipeline: Some(id), starts: Some(_) } => {
                self.ordered_busy = false;
                self.drop_start_of(id);
                self.forget_early(id);
                self.interrupted(Interruption::Refused { pipeline: id, fault });
                self.pool.command_gone(id);
                // What of it was taken is a command that waits for the rest.
                if matches!(job.purpose, Purpose::Send { .. }) && kind != FaultKind::NotFound {
                    self.terminate(id);
                }
            }
            Purpose::Send { pipeline, .. } => {
                self.ordered_busy = false;
                // A command that ended takes no more input.
                if kind != FaultKind::NotFound
                    && let Err((job, reason)) = self.answer_later(job, fault.to_string())
                {
                    self.hold_input_back(&job);
                    self.interrupted(Interruption::SendUnknown { pipeline, reason });
                }
                if pipeline.is_none() {
                    self.pool.key_exchange_timed_out();
                }
            }
            // The signal was faster than the command, which is still on its way over another connection; or the command is over.
            Purpose::Stop { id } if kind == FaultKind::NotFound => self.stop_later(id),
            Purpose::Stop { id } => {
                self.interrupted(Interruption::StopUnknown { pipeline: id, reason: fault.to_string() });
            }
            Purpose::Probe => self.probed(Some(false)),
            Purpose::Terminate { .. } => {}
            Purpose::Delete if kind == FaultKind::NotFound => self.end_close(Ok(())),
            Purpose::Delete => self.end_close(Err(CloseError::Fault(fault))),
            Purpose::Disconnect => {
                self.phase = Phase::Ready;
                self.switched(Err(CloseError::Fault(fault)));
            }
            Purpose::Reconnect => match kind {
                FaultKind::NotFound => {
                    self.switched(Err(CloseError::Fault(fault)));
                    self.lose(LossReason::ShellGone);
                }
                // It was never disconnected there: the connection was only lost.
                FaultKind::ReconnectRefused => self.shell_is_back(),
                _ => self.switched(Err(CloseError::Fault(fault))),
            },
            Purpose::ReconnectCommand { .. } => self.reconnect_next(),
        }
    }

    /// An answer that was sealed, but is not what was asked for.
    fn broken(&mut self, job: &Job, what: String) {
        let what = format!("the answer to {} cannot be used: {what}", job.kind.name());
        tracing::info!(operation = job.kind.name(), "unusable answer");
        if job.purpose == Purpose::Delete {
            self.end_close(Err(CloseError::Protocol(what)));
            return;
        }
        self.lose(LossReason::Protocol(what));
    }

    /// There is no answer (protocol notes, section 7.3).
    fn missing(&mut self, job: Job, error: LaneError, proved_lane: bool) {
        tracing::debug!(operation = job.kind.name(), error = %error, "no answer");
        // What ended one connection has often ended the others as well, and that is not noticed before they are used: what is
        // sent next goes over a fresh one (protocol notes, section 7.3).
        if matches!(error, LaneError::Exchange(ExchangeError::Lost(_) | ExchangeError::Silent(_))) {
            self.doubt();
        }
        match &error {
            LaneError::Security(end) => {
                self.security(end.clone());
                return;
            }
            error if self.is_late(&job) => {
                let left = !matches!(error, LaneError::Intent(_) | LaneError::Exchange(ExchangeError::NotSent));
                self.created_late(left);
                return;
            }
            LaneError::Intent(_) if self.phase == Phase::Closing => {
                self.end_close(Err(CloseError::Unknown(error)));
                return;
            }
            LaneError::Intent(refused) => {
                self.lose(refused.clone().into());
                return;
            }
            // A sign-in that is forgotten at once would be repeated for ever.
            LaneError::Unauthorized if !proved_lane => {
                self.forgotten += 1;
                if self.forgotten > 1 && self.phase != Phase::Closing {
                    self.lose(LossReason::Status(401));
                    return;
                }
            }
            LaneError::Exchange(ExchangeError::NotSent) => {
                self.send_again(job);
                if !proved_lane {
                    self.closed_behind_its_sign_in();
                }
                return;
            }
            _ => {}
        }
        self.unanswered(job, error);
    }

    /// Whether the endpoint has carried it out is not known.
    fn unanswered(&mut self, mut job: Job, error: LaneError) {
        let reason = error.to_string();
        match job.purpose {
            Purpose::Create => self.create_lost(job.tries, error),
            Purpose::Connect => self.connect_missing(job.tries, error),
            Purpose::List => self.listed(Vec::new()),
            Purpose::ConnectCommand { id } => self.begin_receiving(Some(id)),
            Purpose::Receive { target, asking } => {
                if let LaneError::Status(status) = error
                    && !matches!(status, 408 | 429 | 502..=504)
                {
                    self.lose(LossReason::Status(status));
                    return;
                }
                if let LaneError::Exchange(ExchangeError::Unacceptable(what)) = error {
                    self.lose(LossReason::Protocol(what));
                    return;
                }
                if asking {
                    // A question that is never answered is no knowledge.
                    job.tries += 1;
                    if job.tries > ASKS * 2 {
                        self.unanswerable(target, error);
                    } else {
                        self.urgent.push_back(job);
                    }
                    return;
                }
                // The pool's own stream carries no records; its waiting Receive dies with every idle socket.
                let waits = target.is_some() && self.receiving(target).is_some();
                if waits && job.tries == 0 && matches!(error, LaneError::Exchange(_)) {
                    self.interrupted(Interruption::RecordsMayBeMissing { pipeline: target, reason });
                }
                self.receive_again(job, target, error);
            }
            Purpose::Command { .. } => self.ask_about(job, &reason),
            Purpose::Send { .. } | Purpose::Stop { .. } => self.send_missing(job, reason),
            // A question that is never answered is no knowledge.
            Purpose::Probe if job.tries < ASKS => self.probe(job.tries + 1),
            Purpose::Probe => self.probed(None),
            // Removing twice does no harm, and what is not removed counts until the session is closed.
            Purpose::Terminate { id } if job.tries < ASKS && self.phase == Phase::Ready => {
                self.terminate_after(id, job.tries + 1);
            }
            Purpose::Terminate { .. } => {}
            // Deleting twice does no harm, so it is tried twice.
            Purpose::Delete if job.tries == 0 => match self.jobs.delete() {
                Ok(again) => self.urgent.push_back(Job { tries: 1, ..again }),
                Err(_) => self.end_close(Err(CloseError::Unknown(error))),
            },
            Purpose::Delete => self.end_close(Err(CloseError::Unknown(error))),
            Purpose::Disconnect | Purpose::Reconnect => {
                self.switched(Err(CloseError::Unknown(error)));
                if self.phase == Phase::Disconnecting {
                    self.rest(Some(LossReason::Disconnected));
                }
            }
            Purpose::ReconnectCommand { .. } => self.reconnect_next(),
        }
    }

    /// Nothing of the request left this machine: it is simply sent over another connection.
    fn send_again(&mut self, job: Job) {
        match job.purpose {
            Purpose::Receive { target, asking: false } => self.repeat(job, target, Duration::ZERO),
            // While disconnected, nothing else is sent.
            Purpose::Reconnect | Purpose::ReconnectCommand { .. } => self.reconnecting = Some(job),
            Purpose::Command { .. } | Purpose::Send { .. } | Purpose::Create => {
                self.ordered_busy = false;
                self.ordered.push_front(job);
            }
            _ => self.urgent.push_front(job),
        }
    }

    /// A connection was closed before anything was sent over it. Who does that always is not signed in to without a pause (S-12), and
    /// whoever has not proved itself has one more try.
    fn closed_behind_its_sign_in(&mut self) {
        let error = SignInError::Exchange(ExchangeError::NotSent);
        if !self.proved && self.phase != Phase::Closing {
            self.forgotten += 1;
            if self.forgotten > 1 {
                self.lose(LossReason::Network(error));
                return;
            }
        }
        self.try_later(error);
    }

    fn security(&mut self, end: SecurityEnd) {
        tracing::warn!(end = %end, "the protection of the session was broken");
        self.idle.clear();
        self.few.doubtful.clear();
        self.lose(LossReason::Security(end));
    }

    pub(super) fn switched(&mut self, result: Result<(), CloseError>) {
        if let Some(switcher) = self.switcher.take() {
            let _ = switcher.send(result);
        }
    }
}

/// Faults after which it is not known whether the request was carried out, as if there were no answer
fn is_lost(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::TimedOut | FaultKind::Aborted)
}

/// Whether a shell may be there although its creation met this fault.
fn may_be_made(kind: FaultKind) -> bool {
    is_lost(kind) || kind == FaultKind::AlreadyExists
}
