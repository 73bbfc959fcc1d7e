//! What is sent next, and over which lane.

use std::sync::Arc;
use std::time::Duration;

use psrp::{Action, Event, PipelineId, PoolState};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::actor::{Actor, Finished, Link, Phase};
use super::ahead;
use super::event::{SessionEvent, SessionState};
use super::handle::Opened;
use super::job::{Job, Purpose};
use super::options::Stage;
use crate::lane::Lane;
use crate::random::NoRandomness;
use crate::{CloseError, GoneError, LossReason, OpenError, Patience, SignInError};

/// Beside the lane on which the pool is received: one for the command, one for its Receive.
const LANES_OF_A_COMMAND: usize = 2;

impl Actor {
    /// Takes what the pool machine has to tell.
    pub(super) fn drain_events(&mut self) {
        while let Some(event) = self.pool.poll_event() {
            match &event {
                Event::Opened { .. } if self.phase == Phase::Opening => self.opened(),
                Event::PipelineState { pipeline, state, .. } if state.is_final() => {
                    self.stops.remove(pipeline);
                    if let Some(receiving) = self.receiving(Some(*pipeline)) {
                        receiving.ended = Some(Instant::now());
                    }
                }
                Event::PoolState { state, error }
                    if ends(*state) && !matches!(self.phase, Phase::Closing | Phase::Ended) =>
                {
                    let reason = LossReason::PoolEnded { state: *state, error: error.clone().map(Box::new) };
                    self.tell(SessionEvent::Pool(event));
                    self.lose(reason);
                    continue;
                }
                _ => {}
            }
            self.tell(SessionEvent::Pool(event));
        }
    }

    pub(super) fn opened(&mut self) {
        // What runs in a session of an earlier process is found out first.
        if self.earlier.is_some() {
            return;
        }
        self.phase = Phase::Ready;
        self.options.stage(Stage::Opened);
        self.tell(SessionEvent::State(SessionState::Ready));
        if let (Some(opener), Some(identity)) = (self.opener.take(), self.identity.clone()) {
            let running = std::mem::take(&mut self.running);
            let opened = Opened { identity, idle_timeout: self.idle_granted, running };
            if opener.send(Ok(opened)).is_err() {
                self.close(None);
            }
        }
    }

    /// Sends what can be sent; whether anything was.
    pub(super) fn dispatch(&mut self) -> bool {
        match self.phase {
            Phase::Ended => return false,
            Phase::Disconnected => return self.dispatch_reconnect(),
            _ => {}
        }
        self.let_go();
        let mut sent = false;
        loop {
            if !self.urgent.is_empty() {
                let Some(lane) = self.take_lane() else { break };
                if let Some(job) = self.urgent.pop_front() {
                    self.start(job, lane);
                    sent = true;
                }
                continue;
            }
            if self.ordered_busy || !matches!(self.phase, Phase::Opening | Phase::Ready) {
                break;
            }
            if self.few.receives_next && self.takes_turns() && self.dispatch_receives() {
                sent = true;
                continue;
            }
            let Some(job) = self.ordered.pop_front() else {
                match self.pool.poll_action() {
                    Some(action) => {
                        if let Err(NoRandomness) = self.plan(action) {
                            self.lose(LossReason::Protocol(NoRandomness.to_string()));
                        }
                        continue;
                    }
                    None => break,
                }
            };
            let Some(lane) = self.take_lane() else {
                self.ordered.push_front(job);
                break;
            };
            self.ordered_busy = true;
            if let Purpose::Command { id, last: true } = job.purpose {
                let (leaves, left) = oneshot::channel();
                self.start(Job { leaves: Some(leaves), ..job }, lane);
                self.receive_early(id, left);
            } else {
                self.start(job, lane);
            }
            sent = true;
        }
        sent | self.dispatch_receives()
    }

    /// While disconnected everything but coming back waits.
    fn dispatch_reconnect(&mut self) -> bool {
        if self.reconnecting.is_none() {
            return false;
        }
        let Some(lane) = self.take_lane() else { return false };
        if let Some(job) = self.reconnecting.take() {
            self.start(job, lane);
        }
        true
    }

    /// An idle lane; when there is none, one more is asked for.
    pub(super) fn take_lane(&mut self) -> Option<Lane> {
        self.doubt_the_old();
        let lane = self.idle.pop();
        if lane.is_none() {
            self.want_lane();
        }
        lane
    }

    /// Signs one more lane in, unless that is going on, or no sealed answer has come yet (S-12).
    pub(super) fn want_lane(&mut self) {
        let first = self.lanes == 0 && !self.proved;
        // One at a time, but for those that were asked before.
        if self.connecting > 0 && (self.asked.is_empty() || !self.proved)
            || self.lanes + self.connecting >= self.options.max_lanes.max(3)
            || !(first || self.proved)
            || !self.recovery.may_try()
            || self.phase == Phase::Ended
        {
            return;
        }
        let refused = self.refused.clone().or_else(|| self.is_stale().then_some(SignInError::PasswordChanged));
        if refused.is_some() {
            // They would go on with the password.
            self.asked.clear();
        }
        if self.lanes > 0 && (refused.is_some() || self.few.waits()) {
            // What is signed in has to do.
            return;
        }
        self.connecting += 1;
        if let Some(error) = refused {
            self.work.push(Box::pin(std::future::ready(Finished::Opened(Err(error)))));
            return;
        }
        if first {
            self.options.stage(Stage::Connecting);
        }
        let (link, asked) = (Arc::clone(&self.link), self.asked.pop());
        self.work.push(Box::pin(async move {
            let Link { connector, sign_in, stats, random, .. } = link.as_ref();
            let lane = Lane::open(connector.as_ref(), sign_in, stats, random.as_ref(), first, asked).await;
            Finished::Opened(lane)
        }));
    }

    /// The lanes that the first command takes begin while the pool is made: their sign-ins go only as far as no password is needed, and
    /// on when the first sealed answer is there (S-12).
    pub(super) fn ask_ahead(&mut self) {
        if self.link.sign_in.by_name.is_some() {
            return;
        }
        for _ in self.asked.len()..LANES_OF_A_COMMAND {
            let link = Arc::clone(&self.link);
            self.work.push(Box::pin(async move {
                Finished::Asked(Lane::ask(link.connector.as_ref(), &link.sign_in, &link.stats).await)
            }));
        }
    }

    pub(super) fn start(&mut self, job: Job, lane: Lane) {
        tracing::debug!(operation = job.kind.name(), tries = job.tries, bytes = job.envelope.len(), "request");
        let receives = matches!(job.purpose, Purpose::Receive { .. });
        if receives {
            self.link.stats.receive();
        }
        self.few.receives_next = !receives;
        self.creating |= job.purpose == Purpose::Create;
        let patience = self.patience(job.timeout);
        self.work.push(Box::pin(carry_out(Arc::clone(&self.link), job, lane, patience)));
    }

    /// Makes requests of an action of the pool machine.
    pub(super) fn plan(&mut self, action: Action) -> Result<(), NoRandomness> {
        let next_object = self.pool.next_object();
        match action {
            Action::CreateShell { creation_xml } => {
                let job = self.jobs.create(&self.options.name, &creation_xml, self.idle_asked)?;
                self.creation_xml = creation_xml;
                self.ordered.push_back(job);
            }
            Action::ConnectShell { connect_xml } => {
                self.urgent.push_back(self.jobs.connect(&connect_xml)?);
                self.connect_xml = connect_xml;
            }
            Action::Send { pipeline, stream, data } => {
                let job = self.jobs.send(pipeline, stream, &data, None, next_object)?;
                self.send_in_order(job);
            }
            Action::CreatePipeline { id, first, rest } => {
                self.ordered.push_back(self.jobs.command(id, &first, rest.is_empty())?);
                let count = rest.len();
                for (index, data) in rest.iter().enumerate() {
                    let last = index + 1 == count;
                    let stream = psrp::InputStream::Stdin;
                    self.ordered.push_back(self.jobs.send(Some(id), stream, data, Some(last), next_object)?);
                }
            }
            Action::Stop { id } => self.plan_stop(id)?,
            Action::Terminate { id } => {
                self.end_receiving(Some(id));
                self.terminate(id);
            }
        }
        Ok(())
    }

    /// Opening did not work out.
    pub(super) fn fail_open(&mut self, error: OpenError) {
        tracing::info!(error = %error, "session not opened");
        self.open_error.get_or_insert(error);
        // A shell that was made is deleted first: whoever opens may end the program when the error is told.
        self.close(None);
    }

    pub(super) fn close(&mut self, reply: Option<oneshot::Sender<Result<(), CloseError>>>) {
        if let Some(reply) = reply {
            self.closer = Some(reply);
        }
        if matches!(self.phase, Phase::Closing | Phase::Ended) {
            return;
        }
        let lost = matches!(&self.open_error, Some(OpenError::CreateLost { reason, .. }) if reason.may_be_lost());
        let made = (self.receiving(None).is_some() || lost || self.creating || self.create_again.is_some())
            && self.earlier.is_none();
        self.phase = Phase::Closing;
        self.pool.close();
        self.ordered.clear();
        self.urgent.clear();
        self.later.clear();
        self.lost_answers.clear();
        self.recovery.worked();
        if !made {
            self.end_close(Ok(()));
            return;
        }
        self.switched(Err(GoneError.into()));
        self.reconnecting = None;
        let limit = if self.closer.is_some() { self.options.limits.close } else { self.last_delete() };
        self.close_deadline = Some(Instant::now() + limit);
        // Before Create is answered the endpoint may not know the shell yet, and would make it behind the Delete.
        if !self.creating {
            self.delete_shell();
        }
    }

    pub(super) fn delete_shell(&mut self) {
        match self.jobs.delete() {
            Ok(job) => self.urgent.push_back(job),
            Err(error) => self.end_close(Err(CloseError::Protocol(error.to_string()))),
        }
    }

    /// Closing came to its end, this way or another.
    pub(super) fn end_close(&mut self, result: Result<(), CloseError>) {
        self.phase = Phase::Ended;
        self.close_deadline = None;
        self.pool.shell_closed();
        self.drain_events();
        let result = match result {
            Ok(()) if self.told_end => Err(GoneError.into()),
            result => result,
        };
        if let Err(error) = &result
            && self.told_end
        {
            let _ = self.left.set(error.clone());
        }
        // A session that could not be closed may live on over there; it is not called closed.
        self.tell(SessionEvent::State(match &result {
            Ok(()) => SessionState::Closed,
            Err(error) => SessionState::Lost(error.clone().into()),
        }));
        if let Some(closer) = self.closer.take() {
            let _ = closer.send(result);
        }
    }

    pub(super) fn disconnect(&mut self, idle: Option<Duration>, reply: oneshot::Sender<Result<(), CloseError>>) {
        if self.phase != Phase::Ready {
            let _ = reply.send(Err(CloseError::Protocol("the session is not connected".to_owned())));
            return;
        }
        match self.jobs.disconnect(idle) {
            Ok(job) => {
                self.phase = Phase::Disconnecting;
                self.switcher = Some(reply);
                self.urgent.push_back(job);
            }
            Err(error) => drop(reply.send(Err(CloseError::Protocol(error.to_string())))),
        }
    }

    pub(super) fn reconnect(&mut self, reply: oneshot::Sender<Result<(), CloseError>>) {
        if self.phase != Phase::Disconnected {
            let _ = reply.send(Err(CloseError::Protocol("the session is not disconnected".to_owned())));
            return;
        }
        self.recovery.worked();
        match self.jobs.reconnect() {
            Ok(job) => {
                self.switcher = Some(reply);
                self.reconnecting = Some(job);
            }
            Err(error) => drop(reply.send(Err(CloseError::Protocol(error.to_string())))),
        }
    }

    /// No connection is kept from now on. Requests that are under way are waited for: their answers may hold records, and
    /// whether a command began is not forgotten. Everything that waits goes on after reconnecting.
    pub(super) fn rest(&mut self, reason: Option<LossReason>) {
        match self.phase {
            Phase::Ready | Phase::Disconnecting => {}
            Phase::Opening => {
                self.fail_open(OpenError::Lost(reason.unwrap_or(LossReason::Disconnected)));
                return;
            }
            Phase::Disconnected | Phase::Closing | Phase::Ended => return,
        }
        self.phase = Phase::Disconnected;
        self.doubt();
        self.few.doubtful.clear();
        self.told_retrying = false;
        self.tell(SessionEvent::State(SessionState::Disconnected { reason }));
    }

    /// The shell is connected again; its commands are not until they are asked for, one by one. [MS-PSRP] 3.1.5.3.18
    pub(super) fn shell_is_back(&mut self) {
        self.to_reconnect = self.receives.iter().filter_map(|receiving| receiving.target).collect();
        self.reconnect_next();
    }

    /// The next command, or all are connected. Whether one is still there its Receive will tell.
    pub(super) fn reconnect_next(&mut self) {
        if self.phase != Phase::Disconnected {
            return;
        }
        match self.to_reconnect.pop().map(|id| self.jobs.reconnect_command(id)) {
            Some(Ok(job)) => self.reconnecting = Some(job),
            Some(Err(error)) => self.lose(LossReason::Protocol(error.to_string())),
            None => self.resume(),
        }
    }

    /// The session is connected again: what waited goes on.
    pub(super) fn resume(&mut self) {
        self.phase = Phase::Ready;
        self.switched(Ok(()));
        for receiving in &mut self.receives {
            receiving.failing = None;
        }
        self.tell(SessionEvent::State(SessionState::Ready));
        // What had been asked to stop may have missed it.
        let stopping: Vec<PipelineId> = self.stops.keys().copied().collect();
        for id in stopping {
            if let Err(error) = self.plan_stop(id) {
                self.lose(LossReason::Protocol(error.to_string()));
            }
        }
    }

    /// Tells that answers do not come, and for how long they are still asked for.
    pub(super) fn tell_retrying(&mut self, left: Duration, reason: String) {
        self.told_retrying = true;
        self.tell(SessionEvent::State(SessionState::Retrying { left, reason }));
    }

    /// An answer came: the connection works.
    pub(super) fn works(&mut self) {
        if std::mem::take(&mut self.told_retrying) && self.phase == Phase::Ready {
            self.tell(SessionEvent::State(SessionState::Ready));
        }
    }
}

/// States from which a pool does not come back. What the other numbers mean is WS-Management's to say.
fn ends(state: PoolState) -> bool {
    state.is_final()
}

async fn carry_out(link: Arc<Link>, mut job: Job, mut lane: Lane, patience: Patience) -> Finished {
    if let Some(intent) = job.intent.take()
        && let Err(refused) = link.intents.intend(intent).await
    {
        return Finished::Answered { job, lane, outcome: Err(refused.into()) };
    }
    if let Some(leaves) = job.leaves.take() {
        let _ = leaves.send(());
    }
    if let Some(behind) = job.behind.take() {
        // One that was given up does not leave; then the endpoint knows nothing to receive, and says so.
        let _ = behind.await;
        ahead::let_pass(lane.way).await;
    }
    let outcome = lane.post(&job.envelope, patience).await;
    Finished::Answered { job, lane, outcome }
}
