//! The pool machine: how it begins and ends, and what the driver takes from it. What the app wants is in [`super::commands`],
//! [`super::answering`] and [`super::secrets`], what arrives in [`super::receive`].

use std::collections::{BTreeMap, VecDeque};

use clixml::{Value, Version};
use uuid::Uuid;

use super::answering::WaitingAnswer;
use super::calls::Calls;
use super::console::Console;
use super::exchange::Exchange;
use super::opening;
use super::outbox::{Outbox, Outgoing};
use super::pipeline::{Phase as PipelinePhase, Slot, Terminate};
use super::repeats::Repeats;
use super::{Action, Event, Origin, PoolOptions, Sizes};
use crate::keys::KeySource;
use crate::{Defragmenter, Destination, Message, MessageType, PipelineId, PipelineState, PoolId, PoolState};

/// A runspace pool seen from the client. [MS-PSRP] 3.1
///
/// It does nothing by itself: tell it what the operator wants and what arrives, then drain [`ClientPool::poll_action`] and perform
/// the actions in order, then drain [`ClientPool::poll_event`].
///
/// | | |
/// | --- | --- |
/// | what is wanted | [`invoke`](Self::invoke), [`command_metadata`](Self::command_metadata), [`input`](Self::input), [`end_input`](Self::end_input), [`stop`](Self::stop), [`answer`](Self::answer), [`request_key`](Self::request_key), [`close`](Self::close) |
/// | and after connecting | [`attach`](Self::attach), [`ask_again`](Self::ask_again) |
/// | what arrives | [`receive`](Self::receive), [`receive_connect_response`](Self::receive_connect_response), [`command_done`](Self::command_done), [`command_gone`](Self::command_gone), [`shell_closed`](Self::shell_closed), [`key_exchange_timed_out`](Self::key_exchange_timed_out) |
/// | what does not arrive | [`set_sizes`](Self::set_sizes) and [`recut`](Self::recut) for what was too large, [`answer_again`](Self::answer_again) |
/// | what comes of it | [`poll_action`](Self::poll_action), [`poll_event`](Self::poll_event) |
pub struct ClientPool {
    pub(super) id: PoolId,
    pub(super) options: PoolOptions,
    pub(super) phase: Phase,
    pub(super) private_data: Option<Value>,
    pub(super) defragmenter: Defragmenter,
    pub(super) calls: Calls,
    pub(super) repeats: Repeats,
    pub(super) console: Console,
    pub(super) exchange: Exchange,
    pub(super) keys: Box<dyn KeySource>,
    pub(super) pipelines: BTreeMap<PipelineId, Slot>,
    // Pipelines that wait for the pool or the key, in the order they came.
    pub(super) waiting: Vec<PipelineId>,
    // Answers that wait for the key.
    pub(super) answers: Vec<WaitingAnswer>,
    pub(super) outbox: Outbox,
    /// Another client opened it, and may have left messages behind that it had not received.
    pub(super) connects: bool,
    pub(super) events: VecDeque<Event>,
    pub(super) ignored: u64,
}

/// How far the pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The capability of the endpoint is awaited.
    Opening,
    /// It came; the state Opened (or, after connecting, the initial data) is awaited.
    Negotiated(Version),
    Opened(Version),
    /// No more work.
    Closing,
    Ended(PoolState),
}

impl ClientPool {
    /// A new pool. The first action creates its shell.
    #[must_use]
    pub fn open(options: PoolOptions, id: PoolId, keys: Box<dyn KeySource>) -> Self {
        let init = opening::init(&options);
        Self::begin(options, id, keys, false, MessageType::InitRunspacePool, &init)
    }

    /// A pool that another client opened. The first action connects to its shell. Set [`PoolOptions::first_object`] above
    /// every id that the other client used.
    #[must_use]
    pub fn connect(options: PoolOptions, id: PoolId, keys: Box<dyn KeySource>) -> Self {
        Self::begin(options, id, keys, true, MessageType::ConnectRunspacePool, &Value::from(""))
    }

    fn begin(
        options: PoolOptions,
        id: PoolId,
        keys: Box<dyn KeySource>,
        connect: bool,
        kind: MessageType,
        content: &Value,
    ) -> Self {
        let limit = options.object_limit;
        let mut pool = Self {
            id,
            phase: Phase::Opening,
            private_data: None,
            connects: connect,
            defragmenter: if connect { Defragmenter::resuming(limit) } else { Defragmenter::new(limit) },
            calls: Calls::default(),
            repeats: Repeats::default(),
            console: Console::new(&options, id.0),
            exchange: Exchange::None,
            keys,
            pipelines: BTreeMap::new(),
            waiting: Vec::new(),
            answers: Vec::new(),
            outbox: Outbox::new(options.first_object, options.sizes),
            events: VecDeque::new(),
            ignored: 0,
            options,
        };
        let messages = [
            pool.message(None, MessageType::SessionCapability, &opening::capability()),
            pool.message(None, kind, content),
        ];
        pool.outbox.push(Outgoing::Shell { messages, connect });
        pool
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.outbox.poll()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Id of the pool.
    #[must_use]
    pub fn id(&self) -> PoolId {
        self.id
    }

    /// State of the pool.
    #[must_use]
    pub fn state(&self) -> PoolState {
        match self.phase {
            Phase::Opening | Phase::Negotiated(_) => PoolState::Opening,
            Phase::Opened(_) => PoolState::Opened,
            Phase::Closing => PoolState::Closing,
            Phase::Ended(state) => state,
        }
    }

    /// The version agreed on, once the pool is open.
    #[must_use]
    pub fn protocol(&self) -> Option<Version> {
        match self.phase {
            Phase::Opened(version) => Some(version),
            _ => None,
        }
    }

    /// What the endpoint told about itself.
    #[must_use]
    pub fn private_data(&self) -> Option<&Value> {
        self.private_data.as_ref()
    }

    /// State of a pipeline.
    #[must_use]
    pub fn pipeline_state(&self, id: PipelineId) -> Option<PipelineState> {
        Some(match self.pipelines.get(&id)? {
            Slot::Live(live) => live.state(),
            Slot::Ended { state, .. } => *state,
        })
    }

    /// Id of the next object that we send, for the journal: a later Connect starts above it.
    #[must_use]
    pub fn next_object(&self) -> u64 {
        self.outbox.next_object()
    }

    /// From now on objects are cut to these sizes: the transport holds less than was thought.
    pub fn set_sizes(&mut self, sizes: Sizes) {
        self.outbox.set_sizes(sizes);
    }

    /// The endpoint refused the first of these fragments as too large; the others follow it in the same object, and none of
    /// them was sent. Gives them again, with what else of the object waits here, cut to the sizes that are set now. `command`:
    /// the first is the argument of Command.
    #[must_use]
    pub fn recut(&mut self, refused: Vec<Vec<u8>>, command: bool) -> Vec<Vec<u8>> {
        self.outbox.recut(refused, command)
    }

    /// How many messages were not used. See [`Event::Ignored`].
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// The operator closes the pool: nothing new starts. Stop what runs, then delete the shell.
    pub fn close(&mut self) {
        if matches!(self.phase, Phase::Ended(_)) {
            return;
        }
        self.phase = Phase::Closing;
        for id in std::mem::take(&mut self.waiting) {
            self.finish(id, PipelineState::Stopped, None, Origin::NeverSent);
        }
    }

    /// Ends a pipeline, if it has not ended.
    pub(super) fn finish(&mut self, id: PipelineId, state: PipelineState, error: Option<Value>, origin: Origin) {
        if self.pipelines.get_mut(&id).and_then(Slot::live).is_none() {
            return;
        }
        self.withdraw(Some(id));
        self.outbox.drop_messages(id);
        self.waiting.retain(|waiting| *waiting != id);
        let terminate = match origin {
            Origin::Endpoint | Origin::DoneWithoutState => Terminate::Due,
            Origin::NeverSent | Origin::CommandGone | Origin::PoolEnded | Origin::KeyExchangeFailed => Terminate::Done,
        };
        self.pipelines.insert(id, Slot::Ended { state, terminate });
        self.events.push_back(Event::PipelineState { pipeline: id, state, error, origin });
    }

    /// Ends the pool and everything in it, if it has not ended.
    pub(super) fn end(&mut self, state: PoolState, error: Option<Value>) {
        if matches!(self.phase, Phase::Ended(_)) {
            return;
        }
        self.phase = Phase::Ended(state);
        if matches!(self.exchange, Exchange::None | Exchange::Wanted | Exchange::Waiting(_)) {
            self.exchange = Exchange::Failed;
        }
        self.withdraw(None);
        let live: Vec<(PipelineId, bool)> = self
            .pipelines
            .iter_mut()
            .filter_map(|(id, slot)| Some((*id, matches!(slot.live()?.phase, PipelinePhase::Waiting { .. }))))
            .collect();
        for (id, waiting) in live {
            if waiting || self.outbox.take_back(id) {
                self.finish(id, PipelineState::Stopped, None, Origin::NeverSent);
            } else {
                self.finish(id, PipelineState::Failed, None, Origin::PoolEnded);
            }
        }
        self.outbox.clear();
        self.events.push_back(Event::PoolState { state, error });
    }

    /// A whole message of ours.
    pub(super) fn message(&self, pipeline: Option<PipelineId>, kind: MessageType, content: &Value) -> Vec<u8> {
        let mut data = Vec::new();
        let has_data =
            !matches!((kind, content), (MessageType::EndOfPipelineInput | MessageType::PipelineInput, Value::Null));
        if has_data {
            clixml::encode(content, &mut data);
        }
        let pipeline = pipeline.map_or(Uuid::nil(), |id| id.0);
        Message { destination: Destination::Server, kind, pool: self.id.0, pipeline, data: &data }.encode()
    }
}

impl std::fmt::Debug for ClientPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientPool").field("id", &self.id).field("state", &self.state()).finish_non_exhaustive()
    }
}
