//! The task of a session: its state and its loop.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clixml::Value;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use psrp::{ClientPool, PipelineId, PipelineState, PoolId};
use spnego::ServerIdentity;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;
use wsman::ShellContext;

use super::ahead::Ahead;
use super::earlier::Earlier;
use super::envelope;
use super::event::{Interruption, SessionEvent, SessionState};
use super::few::Few;
use super::handle::{Opened, Order};
use super::job::{Ended, Job, Jobs, Purpose};
use super::options::OpenOptions;
use super::recovery::Recovery;
use super::retransmission::Retransmits;
use crate::lane::{Lane, Reply};
use crate::random::Random;
use crate::{
    Asked, BoxFuture, CloseError, Connector, Intents, LaneError, LossReason, OpenError, Patience, RunError, SignIn,
    SignInError, Stats,
};

/// What the lanes need and share.
pub(super) struct Link {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) sign_in: SignIn,
    pub(super) intents: Arc<dyn Intents>,
    pub(super) stats: Stats,
    pub(super) random: Random,
    /// The password of the sign-in is not valid any more.
    pub(super) stale: Stale,
}

/// Whether the password of the sign-in is not valid any more.
pub(super) type Stale = Arc<AtomicBool>;

/// Why the endpoint may still hold the shell of a session that was lost.
pub(super) type Left = Arc<OnceLock<CloseError>>;

/// Work that came to its end.
pub(super) enum Finished {
    Opened(Result<(Lane, ServerIdentity), SignInError>),
    Asked(Result<Asked, SignInError>),
    Answered { job: Job, lane: Lane, outcome: Result<Reply, LaneError> },
}

/// Whose output is waited for, and how far that is.
pub(super) struct Receiving {
    pub(super) target: Option<PipelineId>,
    pub(super) state: ReceiveState,
    /// When the final state came; `Done` has not.
    pub(super) ended: Option<Instant>,
    /// Since when its answers do not come
    pub(super) failing: Option<Instant>,
}

pub(super) enum ReceiveState {
    Wanted,
    Repeat { job: Box<Job>, at: Instant },
    Pending,
}

/// How far the session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Opening,
    Ready,
    /// We asked for a disconnection, and its answer is awaited.
    Disconnecting,
    Disconnected,
    Closing,
    Ended,
}

pub(super) struct Actor {
    pub(super) link: Arc<Link>,
    pub(super) options: OpenOptions,
    pub(super) jobs: Jobs,
    pub(super) pool: ClientPool,
    pub(super) phase: Phase,
    pub(super) opener: Option<oneshot::Sender<Result<Opened, OpenError>>>,
    /// Why opening failed; told when what was made on the endpoint is gone again.
    pub(super) open_error: Option<OpenError>,
    /// The session of an earlier process that is being taken over; it is not deleted when that fails.
    pub(super) earlier: Option<Earlier>,
    /// Pipelines of the earlier process that the endpoint still has
    pub(super) running: Vec<PipelineId>,
    /// The answer to Create was lost, so that it is asked for and sent once more under the same id.
    pub(super) create_again: Option<LaneError>,
    /// Create is on its way: a shell may come to be.
    pub(super) creating: bool,
    /// How often the endpoint said that it had no time for it
    pub(super) create_timeouts: u32,
    pub(super) identity: Option<ServerIdentity>,
    pub(super) creation_xml: Vec<u8>,
    pub(super) connect_xml: Vec<u8>,
    pub(super) idle_asked: Option<Duration>,
    pub(super) idle_granted: Option<Duration>,
    /// A sealed answer was read: the password is right and the server is the one that knows it.
    pub(super) proved: bool,

    pub(super) idle: Vec<Lane>,
    /// Lanes that are signed in, busy ones among them
    pub(super) lanes: usize,
    /// Sign-ins that are under way
    pub(super) connecting: usize,
    /// Connections on which the next sign-ins can go on
    pub(super) asked: Vec<Asked>,
    pub(super) work: FuturesUnordered<BoxFuture<'static, Finished>>,
    pub(super) recovery: Recovery,
    /// Whether no further lane signs in, and whose turn it is on those that there are
    pub(super) few: Few,
    /// It was told that the connection is being tried again.
    pub(super) told_retrying: bool,
    /// Sign-ins in a row that the endpoint forgot before it had answered anything
    pub(super) forgotten: u32,
    /// Pipelines of whose input a part may not have arrived, and until when the rest of it waits
    pub(super) held_back: BTreeMap<PipelineId, Instant>,
    /// Work that came to its end while something else was done
    pub(super) early: VecDeque<Finished>,

    /// Requests that keep their order
    pub(super) ordered: VecDeque<Job>,
    pub(super) ordered_busy: bool,
    /// Requests that do not wait for others
    pub(super) urgent: VecDeque<Job>,
    /// The Receive that overtook its Command, if one did
    pub(super) ahead: Ahead,
    /// What is known of the endpoint's way with retransmissions
    pub(super) retransmits: Retransmits,
    /// The last terminate that was answered, by which it can be asked
    pub(super) ended: Option<Ended>,
    /// Requests without an answer that wait until that is known
    pub(super) unanswered: Vec<(Job, String)>,
    /// Answers to host calls that may not have arrived, when they are sent again, and why
    pub(super) lost_answers: Vec<(Instant, Job, String)>,
    /// Questions that are asked again, and when
    pub(super) later: Vec<(Instant, Job)>,
    pub(super) receives: Vec<Receiving>,

    pub(super) stops: BTreeMap<PipelineId, Instant>,
    pub(super) key_deadline: Option<Instant>,
    pub(super) open_deadline: Instant,
    pub(super) closer: Option<oneshot::Sender<Result<(), CloseError>>>,
    pub(super) close_deadline: Option<Instant>,
    pub(super) switcher: Option<oneshot::Sender<Result<(), CloseError>>>,
    /// The request that ends the state Disconnected
    pub(super) reconnecting: Option<Job>,
    /// The commands that come back behind it
    pub(super) to_reconnect: Vec<PipelineId>,

    orders: mpsc::Receiver<Order>,
    /// Input that waits until the endpoint has taken enough of what came before
    held: VecDeque<HeldInput>,
    events: mpsc::Sender<Vec<SessionEvent>>,
    pub(super) outbox: Vec<SessionEvent>,
    /// The end was told already.
    pub(super) told_end: bool,
    /// Why no further sign-in is tried: what was refused once is not sent again (S-12).
    pub(super) refused: Option<SignInError>,
    pub(super) left: Left,
}

/// One input object, or the end of the input, and who waits until it is taken.
struct HeldInput {
    id: PipelineId,
    value: Option<Value>,
    reply: oneshot::Sender<Result<(), RunError>>,
}

/// So many bytes of input are taken ahead of the endpoint.
const INPUT_AHEAD: usize = 4 << 20;

/// How long `Done` is awaited when the final state is there. PowerShell's client does not wait at all.
const DONE_WAIT: Duration = Duration::from_secs(1);
/// How long it is waited for an endpoint that still thinks that the earlier process is there.
pub(super) const BUSY_LIMIT: Duration = Duration::from_secs(300);
/// So many orders are taken before it is looked whether an answer waits.
const MOST_ORDERS: u32 = 16;
/// How long a shell that nobody uses any more may take to go.
pub(super) const LAST_DELETE: Duration = Duration::from_secs(10);

type Channels = (mpsc::Receiver<Order>, mpsc::Sender<Vec<SessionEvent>>, oneshot::Sender<Result<Opened, OpenError>>);

impl Actor {
    pub(super) fn new(
        connector: Arc<dyn Connector>,
        mut sign_in: SignIn,
        options: OpenOptions,
        intents: Arc<dyn Intents>,
        (pool, session, earlier): (PoolId, Uuid, Option<Earlier>),
        (stats, stale, left): (Stats, Stale, Left),
        (orders, events, opener): Channels,
    ) -> Self {
        let asked = sign_in.asked.get_mut().ok().and_then(Option::take);
        if let Some(asked) = &asked {
            stats.add(asked.before);
        }
        let to = connector.url();
        let mut context = ShellContext::new(to, &options.configuration, session);
        context.max_envelope = options.max_envelope;
        let mut pool_options = options.pool_options.clone();
        pool_options.sizes = envelope::sizes(&context, options.server_envelope, pool_options.sizes);
        let keys = (options.keys)();
        let client = match &earlier {
            None => ClientPool::open(pool_options, pool, keys),
            Some(earlier) => {
                pool_options.first_object = earlier.first_object();
                ClientPool::connect(pool_options, pool, keys)
            }
        };
        let patience = if earlier.is_some() { BUSY_LIMIT } else { Duration::ZERO };
        Self {
            jobs: Jobs {
                random: Arc::clone(&options.random),
                context,
                shell: pool.0,
                timeout: options.limits.operation,
                start: options.limits.operation.max(options.limits.open / 3),
            },
            pool: client,
            phase: Phase::Opening,
            opener: Some(opener),
            open_error: None,
            earlier,
            running: Vec::new(),
            create_again: None,
            creating: false,
            create_timeouts: 0,
            identity: None,
            creation_xml: Vec::new(),
            connect_xml: Vec::new(),
            idle_asked: options.idle_timeout,
            idle_granted: None,
            proved: false,
            idle: Vec::new(),
            lanes: 0,
            connecting: 0,
            asked: asked.into_iter().collect(),
            work: FuturesUnordered::new(),
            recovery: Recovery::default(),
            few: Few::default(),
            told_retrying: false,
            forgotten: 0,
            held_back: BTreeMap::new(),
            early: VecDeque::new(),
            ordered: VecDeque::new(),
            ordered_busy: false,
            urgent: VecDeque::new(),
            ahead: Ahead::default(),
            retransmits: Retransmits::Unknown,
            ended: None,
            unanswered: Vec::new(),
            lost_answers: Vec::new(),
            later: Vec::new(),
            receives: Vec::new(),
            stops: BTreeMap::new(),
            key_deadline: None,
            open_deadline: Instant::now() + options.limits.open + patience,
            closer: None,
            close_deadline: None,
            switcher: None,
            reconnecting: None,
            to_reconnect: Vec::new(),
            orders,
            held: VecDeque::new(),
            events,
            outbox: Vec::new(),
            told_end: false,
            refused: None,
            left,
            link: Arc::new(Link { connector, sign_in, intents, stats, random: Arc::clone(&options.random), stale }),
            options,
        }
    }

    /// Runs the session to its end.
    pub(super) async fn run(mut self) {
        let (mut hearing, mut orders_in_a_row) = (true, 0_u32);
        loop {
            self.advance();
            if self.phase == Phase::Ended {
                break;
            }
            if let Some(finished) = self.early.pop_front() {
                self.finished(finished);
                continue;
            }
            // Who gives orders without a pause shall not keep answers waiting for ever.
            if orders_in_a_row >= MOST_ORDERS {
                orders_in_a_row = 0;
                if let Some(Some(finished)) = self.work.next().now_or_never() {
                    self.finished(finished);
                    continue;
                }
            }
            let deadline = self.deadline();
            // In this order, so that nothing is left to chance: giving up, orders (stop among them) and time limits come before
            // answers, however fast those come. The time limits are few, and one that is over does not come again.
            tokio::select! {
                biased;
                () = gone(&mut self.opener) => {
                    self.opener = None;
                    self.close(None);
                }
                order = self.orders.recv(), if hearing => {
                    orders_in_a_row += 1;
                    match order {
                        Some(order) => self.order(order),
                        None => {
                            hearing = false;
                            self.close(None);
                        }
                    }
                }
                () = sleep_until(deadline) => self.tick(),
                Some(finished) = self.work.next(), if !self.work.is_empty() => {
                    orders_in_a_row = 0;
                    self.finished(finished);
                }
                room = has_room(&self.events), if !self.outbox.is_empty() => if !room {
                    // Nobody listens any more.
                    self.outbox.clear();
                },
            }
        }
        let Self { orders, held, events, outbox, work, idle, opener, open_error, .. } = self;
        // Waiting Receives, idle sockets and orders end with the session: whoever waits for a reply may be the one who reads the
        // events.
        drop((work, idle, orders, held));
        if let (Some(opener), Some(error)) = (opener, open_error) {
            let _ = opener.send(Err(error));
        }
        if !outbox.is_empty() {
            let _ = events.send(outbox).await;
        }
    }

    /// Does all that can be done without waiting.
    fn advance(&mut self) {
        loop {
            self.take_input();
            self.drain_events();
            if !self.outbox.is_empty() {
                match self.events.try_reserve() {
                    Ok(permit) => permit.send(std::mem::take(&mut self.outbox)),
                    Err(mpsc::error::TrySendError::Closed(())) => self.outbox.clear(),
                    Err(mpsc::error::TrySendError::Full(())) => {}
                }
            }
            if !self.dispatch() {
                break;
            }
        }
        if self.proved {
            // Behind what was waiting: the first Receive of the pool, when it is new.
            for _ in 0..self.asked.len() {
                self.want_lane();
            }
        }
        if self.few.is_due() && self.phase == Phase::Ready {
            self.want_lane();
        }
        match (self.pool.is_exchanging_key(), self.key_deadline) {
            (true, None) => self.key_deadline = Some(Instant::now() + self.options.limits.key),
            (false, Some(_)) => self.key_deadline = None,
            _ => {}
        }
    }

    /// Takes input as long as the endpoint is not too far behind; whoever gives more waits.
    fn take_input(&mut self) {
        while self.pool.unsent_input() < INPUT_AHEAD {
            let Some(HeldInput { id, value, reply }) = self.held.pop_front() else { break };
            if reply.is_closed() {
                continue;
            }
            let result = match value {
                Some(value) => self.pool.input(id, &value),
                None => self.pool.end_input(id),
            };
            let _ = reply.send(result.map_err(Into::into));
        }
    }

    /// Sends the Receives that are due, before anything else is done.
    pub(super) fn send_early(&mut self) {
        // Where lanes are few, others may be waiting for this one.
        if !self.takes_turns()
            && self.dispatch_receives()
            && let Some(Some(finished)) = self.work.next().now_or_never()
        {
            self.early.push_back(finished);
        }
    }

    /// Whoever reads hears nothing after the end: what comes while the shell is deleted belongs to nobody any more.
    pub(super) fn tell(&mut self, event: SessionEvent) {
        if self.told_end {
            tracing::debug!("an event after the end");
            return;
        }
        self.told_end = matches!(event, SessionEvent::State(SessionState::Closed | SessionState::Lost(_)));
        self.outbox.push(event);
    }

    pub(super) fn interrupted(&mut self, interruption: Interruption) {
        tracing::debug!(interruption = interruption.name(), "interruption");
        self.tell(SessionEvent::Interruption(interruption));
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Invoke { pipeline, id, reply } => {
                let _ = reply.send(self.pool.invoke(pipeline, id).map_err(Into::into));
            }
            Order::Metadata { query, id, reply } => {
                let _ = reply.send(self.pool.command_metadata(query, id).map_err(Into::into));
            }
            Order::Input { id, value, reply } => {
                // Whoever has given up waiting has taken the input back.
                self.held.retain(|held| !held.reply.is_closed());
                self.held.push_back(HeldInput { id, value, reply });
            }
            Order::Stop { id } => self.stop(id),
            Order::Answer { pipeline, call, answer, reply } => {
                let _ = reply.send(self.pool.answer(pipeline, call, answer).map_err(Into::into));
            }
            Order::RequestKey => self.pool.request_key(),
            Order::Decrypt { secret, reply } => {
                let _ = reply.send(self.pool.decrypt(&secret).ok());
            }
            Order::Disconnect { idle, reply } => self.disconnect(idle, reply),
            Order::Reconnect { reply } => self.reconnect(reply),
            Order::Close { reply } => self.close(Some(reply)),
        }
    }

    /// The next moment at which time alone changes something.
    fn deadline(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3600);
        let repeats = self.receives.iter().filter_map(|receiving| match &receiving.state {
            ReceiveState::Repeat { at, .. } => Some(*at),
            _ => None,
        });
        let opening = (self.phase == Phase::Opening).then_some(self.open_deadline);
        let later = self.later.iter().map(|(at, _)| *at);
        let lost = self.lost_answers.iter().map(|(at, ..)| *at);
        let ended = self.receives.iter().filter_map(|receiving| receiving.ended).map(|at| at + DONE_WAIT);
        let stops = self.stops.values().copied();
        // Without a connection nothing is sent, and nothing is said about what stops.
        let connected = later.chain(lost).chain(ended).chain(stops).filter(|_| self.phase != Phase::Disconnected);
        repeats
            .filter(|at| *at > Instant::now())
            .chain(connected)
            .chain(self.key_deadline)
            .chain(opening)
            .chain(self.close_deadline)
            .chain(self.recovery.deadline())
            .chain(self.few.deadline())
            .fold(far, Instant::min)
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if self.phase == Phase::Opening && now >= self.open_deadline {
            self.fail_open(OpenError::TimedOut(self.options.limits.open));
        }
        if self.close_deadline.is_some_and(|at| now >= at) && std::mem::take(&mut self.creating) {
            // What its answer would have said is not waited for any longer.
            self.close_deadline = Some(now + LAST_DELETE);
            self.delete_shell();
        }
        if self.close_deadline.is_some_and(|at| now >= at) {
            self.end_close(Err(CloseError::TimedOut(self.options.limits.close)));
        }
        if self.key_deadline.is_some_and(|at| now >= at) {
            self.key_deadline = None;
            self.pool.key_exchange_timed_out();
        }
        if self.phase == Phase::Disconnected {
            return;
        }
        for (at, job) in std::mem::take(&mut self.later) {
            if matches!(job.purpose, Purpose::Stop { id } if !self.stops.contains_key(&id)) {
                continue;
            }
            if now >= at {
                match job.purpose {
                    // What was stopped meanwhile takes no more.
                    Purpose::Send { pipeline: Some(id), .. }
                        if self.pool.pipeline_state(id) != Some(PipelineState::Running) => {}
                    Purpose::Send { .. } => self.ordered.push_back(job),
                    _ => self.urgent.push_back(job),
                }
            } else {
                self.later.push((at, job));
            }
        }
        self.answer_again(now);
        let over = self.receives.iter().filter(|receiving| receiving.ended.is_some_and(|at| now >= at + DONE_WAIT));
        for id in over.filter_map(|receiving| receiving.target).collect::<Vec<_>>() {
            self.done(id);
        }
        let late: Vec<PipelineId> = self.stops.iter().filter(|(_, at)| now >= **at).map(|(id, _)| *id).collect();
        for id in late {
            self.give_up_stopping(id);
        }
    }

    /// How long the answer to what may take this long is awaited
    pub(super) fn patience(&self, timeout: Duration) -> Patience {
        let limits = &self.options.limits;
        Patience { first: limits.operation.max(timeout) + limits.way, between: limits.way }
    }

    /// How long a shell that nobody uses any more may take to go. Where no further lane signs in, the ones that there are may
    /// wait for a long poll.
    pub(super) fn last_delete(&self) -> Duration {
        match self.refused {
            Some(_) => self.options.limits.operation + LAST_DELETE,
            None => LAST_DELETE,
        }
    }

    /// The session ends for this reason. Nothing more is sent.
    pub(super) fn lose(&mut self, reason: LossReason) {
        if self.phase == Phase::Ended || self.told_end {
            return;
        }
        tracing::info!(reason = %reason, "session lost");
        if self.opener.is_some() {
            self.open_error.get_or_insert_with(|| OpenError::Lost(reason.clone()));
        }
        if self.phase == Phase::Closing {
            // The shell is deleted whatever else goes wrong, unless nothing may be sent any more.
            if matches!(reason, LossReason::Security(_)) {
                self.end_close(Err(reason.into()));
            }
            return;
        }
        if let Some(switcher) = self.switcher.take() {
            let _ = switcher.send(Err(reason.clone().into()));
        }
        self.reconnecting = None;
        // An endpoint that can still be talked to shall not keep a shell that nobody uses.
        let made = self.receiving(None).is_some() || !self.creation_xml.is_empty();
        let delete = self.earlier.is_none()
            && made
            && matches!(
                reason,
                // What is signed in still serves.
                LossReason::SignIn(_)
                    | LossReason::Protocol(_)
                    | LossReason::PoolEnded { .. }
                    | LossReason::Fault(_)
                    | LossReason::Status(400..=499)
            )
            && !matches!(reason, LossReason::Status(401));
        let refused = match &reason {
            LossReason::SignIn(error) => Some(error.clone()),
            _ => None,
        };
        if let Some(error) = refused.clone().filter(|_| made && !delete) {
            let _ = self.left.set(error.into());
        }
        self.phase = Phase::Ended;
        self.pool.shell_closed();
        self.drain_events();
        self.tell(SessionEvent::State(SessionState::Lost(reason)));
        self.refused = self.refused.take().or(refused);
        if delete && let Ok(job) = self.jobs.delete() {
            self.phase = Phase::Closing;
            self.ordered.clear();
            self.urgent.clear();
            self.urgent.push_back(job);
            self.close_deadline = Some(Instant::now() + self.last_delete());
        }
    }
}

/// Waits until whoever opens has given up.
async fn gone<T>(opener: &mut Option<oneshot::Sender<T>>) {
    match opener {
        Some(opener) => opener.closed().await,
        None => std::future::pending().await,
    }
}

/// Waits until a batch of events can be handed over; whether anybody takes them.
async fn has_room(events: &mpsc::Sender<Vec<SessionEvent>>) -> bool {
    events.reserve().await.is_ok()
}
