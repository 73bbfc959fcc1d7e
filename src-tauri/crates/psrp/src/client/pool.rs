//! The pool machine: what the app and the driver ask of it. What arrives is in [`super::receive`].

use std::collections::{BTreeMap, VecDeque};

use clixml::{SecureString, Value, Version};
use uuid::Uuid;

use super::calls::Calls;
use super::console::Console;
use super::exchange::Exchange;
use super::opening;
use super::outbox::{self, Outbox, Outgoing};
use super::pipeline::{Input, Live, Phase as PipelinePhase, Slot, Terminate, Work};
use super::repeats::Repeats;
use super::{Action, AnswerError, Event, InputStream, InvokeError, Origin, PoolOptions, Sizes};
use crate::host::{HostAnswer, HostCall, HostMethod};
use crate::keys::KeySource;
use crate::{
    CallId, Defragmenter, Destination, KeyError, Message, MessageType, MetadataQuery, Pipeline, PipelineId,
    PipelineState, PoolId, PoolState, SecretText, SessionKey, fragment,
};

/// A runspace pool seen from the client. [MS-PSRP] 3.1
///
/// It does nothing by itself: feed it with what arrives ([`ClientPool::receive`], [`ClientPool::command_done`]) and with
/// what the operator wants, then drain [`ClientPool::poll_action`] and perform the actions in order, then drain
/// [`ClientPool::poll_event`].
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
    answers: Vec<WaitingAnswer>,
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

struct WaitingAnswer {
    pipeline: Option<PipelineId>,
    call: CallId,
    method: HostMethod,
    answer: HostAnswer,
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

    /// Runs a pipeline. It waits here until the pool is open and, if it holds secrets, until the session key is there.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub fn invoke(&mut self, pipeline: Pipeline, id: PipelineId) -> Result<(), InvokeError> {
        if pipeline.statements.is_empty() || pipeline.statements.iter().any(Vec::is_empty) {
            return Err(InvokeError::Empty);
        }
        let input = if pipeline.no_input { Input::None } else { Input::Open };
        self.start(Work::Pipeline(pipeline), input, id)
    }

    /// Asks for command descriptions. The first output object is a count, one object for each command follows.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub fn command_metadata(&mut self, query: MetadataQuery, id: PipelineId) -> Result<(), InvokeError> {
        self.start(Work::Metadata(query), Input::None, id)
    }

    fn start(&mut self, work: Work, input: Input, id: PipelineId) -> Result<(), InvokeError> {
        self.add(
            PipelinePhase::Waiting { work, input: Vec::new(), bytes: 0 },
            input,
            id,
            Defragmenter::new(self.options.object_limit),
        )?;
        self.waiting.push(id);
        self.start_waiting();
        Ok(())
    }

    /// After connecting: a command that the shell has. Its Receive follows.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub fn attach(&mut self, id: PipelineId) -> Result<(), InvokeError> {
        self.add(PipelinePhase::Running, Input::None, id, Defragmenter::resuming(self.options.object_limit))
    }

    fn add(
        &mut self,
        phase: PipelinePhase,
        input: Input,
        id: PipelineId,
        joiner: Defragmenter,
    ) -> Result<(), InvokeError> {
        if matches!(self.phase, Phase::Closing | Phase::Ended(_)) {
            return Err(InvokeError::Ended);
        }
        if self.pipelines.contains_key(&id) {
            return Err(InvokeError::IdInUse);
        }
        self.pipelines.insert(id, Slot::Live(Box::new(Live::new(phase, input, joiner))));
        Ok(())
    }

    /// One input object. Input for a pipeline that has ended is dropped: it may end before it has read everything.
    ///
    /// # Errors
    /// [`InvokeError::NoInput`]
    pub fn input(&mut self, id: PipelineId, value: &Value) -> Result<(), InvokeError> {
        let message = self.message(Some(id), MessageType::PipelineInput, value);
        self.send_input(id, Input::Open, message)
    }

    /// No more input.
    ///
    /// # Errors
    /// [`InvokeError::NoInput`]
    pub fn end_input(&mut self, id: PipelineId) -> Result<(), InvokeError> {
        let message = self.message(Some(id), MessageType::EndOfPipelineInput, &Value::Null);
        self.send_input(id, Input::Ended, message)
    }

    /// Bytes of input that wait here and were not begun, with what they take beside. Nothing limits them: the driver takes no
    /// more input while they are many.
    #[must_use]
    pub fn unsent_input(&self) -> usize {
        let waiting = self.waiting.iter().filter_map(|id| match self.pipelines.get(id) {
            Some(Slot::Live(live)) => match &live.phase {
                PipelinePhase::Waiting { bytes, .. } => Some(*bytes),
                PipelinePhase::Running | PipelinePhase::Stopping => None,
            },
            _ => None,
        });
        waiting.fold(self.outbox.unsent().input, usize::saturating_add)
    }

    fn send_input(&mut self, id: PipelineId, then: Input, message: Vec<u8>) -> Result<(), InvokeError> {
        let live = match self.pipelines.get_mut(&id) {
            None => return Err(InvokeError::NoInput),
            Some(Slot::Ended { .. }) => return Ok(()),
            Some(Slot::Live(live)) => live,
        };
        if live.input != Input::Open {
            return Err(InvokeError::NoInput);
        }
        live.input = then;
        match &mut live.phase {
            PipelinePhase::Waiting { input, bytes, .. } => {
                *bytes = bytes.saturating_add(outbox::size(&message));
                input.push(message);
            }
            PipelinePhase::Running => {
                self.outbox.push(Outgoing::Message { pipeline: Some(id), stream: InputStream::Stdin, message });
            }
            PipelinePhase::Stopping => {}
        }
        Ok(())
    }

    /// Stops a pipeline. Its state Stopped, Completed or Failed follows, whichever the endpoint reached.
    pub fn stop(&mut self, id: PipelineId) {
        let Some(live) = self.pipelines.get_mut(&id).and_then(Slot::live) else { return };
        match live.phase {
            PipelinePhase::Waiting { .. } => self.finish(id, PipelineState::Stopped, None, Origin::NeverSent),
            PipelinePhase::Stopping => {}
            PipelinePhase::Running if self.outbox.take_back(id) => {
                self.finish(id, PipelineState::Stopped, None, Origin::NeverSent);
            }
            PipelinePhase::Running => {
                live.phase = PipelinePhase::Stopping;
                self.withdraw(Some(id));
                self.outbox.drop_messages(id);
                self.outbox.push_first(Outgoing::Stop(id));
            }
        }
    }

    /// The transport said that the command is `Done`; feed the data of the same answer before. Repeats are harmless. Also
    /// call it when a final state came and no `Done` follows.
    pub fn command_done(&mut self, id: PipelineId) {
        self.finish(id, PipelineState::Failed, None, Origin::DoneWithoutState);
        if let Some(Slot::Ended { terminate, .. }) = self.pipelines.get_mut(&id) {
            if *terminate == Terminate::Due && !matches!(self.phase, Phase::Ended(_)) {
                self.outbox.push(Outgoing::Terminate(id));
            }
            *terminate = Terminate::Done;
        }
    }

    /// The transport said that the command does not exist any more.
    pub fn command_gone(&mut self, id: PipelineId) {
        self.finish(id, PipelineState::Failed, None, Origin::CommandGone);
        if let Some(Slot::Ended { terminate, .. }) = self.pipelines.get_mut(&id) {
            *terminate = Terminate::Done;
        }
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

    /// The shell was deleted, or the transport said that it ended.
    pub fn shell_closed(&mut self) {
        self.end(PoolState::Closed, None);
    }

    /// Answers a question. An answer with secrets waits for the session key.
    ///
    /// # Errors
    /// See [`AnswerError`].
    pub fn answer(
        &mut self,
        pipeline: Option<PipelineId>,
        call: CallId,
        answer: HostAnswer,
    ) -> Result<(), AnswerError> {
        let method = self.calls_of(pipeline).and_then(|calls| calls.close(call)).ok_or(AnswerError::NotAsked)?;
        let waiting = WaitingAnswer { pipeline, call, method, answer };
        if waiting.answer.is_secret() && self.exchange.key().is_none() {
            if matches!(self.exchange, Exchange::Failed) {
                self.send_refusal(pipeline, call, method, KEY_FAILED);
                return Err(AnswerError::Key);
            }
            self.answers.push(waiting);
            self.request_key();
            return Ok(());
        }
        self.send_answer(&waiting).map_err(|KeyError| AnswerError::Key)
    }

    /// An answer to a host call again, from the data of the [`Action::Send`] that may not have arrived: as a message of its own,
    /// with the number of the same call. An endpoint takes the first answer to a call and drops any other, whose number it
    /// knows no more, so that nothing is answered twice. `None` where that would be of no use: the pipeline is over or being
    /// stopped, or the answer is of several fragments, some of which the endpoint may have.
    #[must_use]
    pub fn answer_again(&mut self, pipeline: Option<PipelineId>, sent: &[u8]) -> Option<Vec<u8>> {
        if self.can_answer_again(pipeline, sent) { self.outbox.renew(sent) } else { None }
    }

    /// Whether [`ClientPool::answer_again`] is of use now.
    #[must_use]
    pub fn can_answer_again(&self, pipeline: Option<PipelineId>, sent: &[u8]) -> bool {
        let waits = match pipeline {
            None => matches!(self.phase, Phase::Opened(_)),
            Some(id) => self.pipeline_state(id) == Some(PipelineState::Running),
        };
        let message = fragment::whole_object(sent).and_then(|object| Message::parse(object).ok());
        let answer = [MessageType::PipelineHostResponse, MessageType::PoolHostResponse];
        waits && message.is_some_and(|message| answer.contains(&message.kind))
    }

    /// After connecting: a question that the client before was asked in this pipeline and had not answered, as its own notes
    /// tell. It is asked as if it came now; the endpoint still waits for the answer with this number, and does not ask again.
    ///
    /// # Errors
    /// [`AnswerError::NotAsked`] when there is no such pipeline, or nobody could answer the call.
    pub fn ask_again(&mut self, id: PipelineId, call: HostCall) -> Result<(), AnswerError> {
        let live = self.pipelines.get_mut(&id).and_then(Slot::live).ok_or(AnswerError::NotAsked)?;
        let asks = call.question().is_some() && call.id.wants_answer() && live.calls.is_new(call.id);
        if !asks || !live.calls.ask(call.id, call.method) {
            return Err(AnswerError::NotAsked);
        }
        self.events.push_back(Event::HostCall { pipeline: Some(id), call, question: true, repeats: None });
        Ok(())
    }

    fn calls_of(&mut self, pipeline: Option<PipelineId>) -> Option<&mut Calls> {
        match pipeline {
            None => Some(&mut self.calls),
            Some(id) => self.pipelines.get_mut(&id)?.live().map(|live| &mut live.calls),
        }
    }

    fn send_answer(&mut self, waiting: &WaitingAnswer) -> Result<(), KeyError> {
        let WaitingAnswer { pipeline, call, method, answer } = waiting;
        match answer.to_value(*call, *method, self.exchange.key()) {
            Ok(content) => {
                self.send_response(*pipeline, &content);
                Ok(())
            }
            Err(error) => {
                self.send_refusal(*pipeline, *call, *method, KEY_FAILED);
                Err(error)
            }
        }
    }

    pub(super) fn send_refusal(&mut self, pipeline: Option<PipelineId>, call: CallId, method: HostMethod, why: &str) {
        let answer = HostAnswer::refused(why);
        if let Ok(content) = answer.to_value(call, method, None) {
            self.send_response(pipeline, &content);
        }
    }

    pub(super) fn send_response(&mut self, pipeline: Option<PipelineId>, content: &Value) {
        let kind = if pipeline.is_some() { MessageType::PipelineHostResponse } else { MessageType::PoolHostResponse };
        let message = self.message(pipeline, kind, content);
        self.outbox.push(Outgoing::Message { pipeline, stream: InputStream::Pr, message });
    }

    /// Starts the key exchange, to read a secret of the endpoint. Harmless when it runs or is done.
    pub fn request_key(&mut self) {
        match (&self.exchange, self.phase) {
            (Exchange::None | Exchange::Wanted, Phase::Opened(_)) => self.send_public_key(),
            (Exchange::None, Phase::Opening | Phase::Negotiated(_)) => self.exchange = Exchange::Wanted,
            _ => {}
        }
    }

    pub(super) fn send_public_key(&mut self) {
        match self.exchange.start(&mut *self.keys) {
            Ok(content) => {
                let message = self.message(None, MessageType::PublicKey, &content);
                self.outbox.push_first(Outgoing::Message { pipeline: None, stream: InputStream::Stdin, message });
            }
            Err(KeyError) => self.fail_exchange(),
        }
    }

    /// Whether the key exchange runs: the driver gives it 60 seconds.
    #[must_use]
    pub fn is_exchanging_key(&self) -> bool {
        matches!(self.exchange, Exchange::Waiting(_))
    }

    /// The endpoint did not answer in time.
    pub fn key_exchange_timed_out(&mut self) {
        if self.is_exchanging_key() {
            self.fail_exchange();
        }
    }

    fn fail_exchange(&mut self) {
        self.exchange = Exchange::Failed;
        self.events.push_back(Event::KeyFailed);
        for WaitingAnswer { pipeline, call, method, .. } in std::mem::take(&mut self.answers) {
            self.send_refusal(pipeline, call, method, KEY_FAILED);
        }
        self.start_waiting();
    }

    /// The key came: everything that waited for it goes out.
    pub(super) fn key_is_ready(&mut self) {
        self.events.push_back(Event::KeyReady);
        for waiting in std::mem::take(&mut self.answers) {
            // A secret that cannot be encrypted was answered with an error.
            let _: Result<(), KeyError> = self.send_answer(&waiting);
        }
        self.start_waiting();
    }

    /// Reads a secret of the endpoint.
    ///
    /// # Errors
    /// When the key is not there ([`ClientPool::request_key`]), or for whatever else is wrong.
    pub fn decrypt(&self, secret: &SecureString) -> Result<SecretText, KeyError> {
        self.exchange.key().ok_or(KeyError)?.decrypt(secret)
    }

    /// The session key, once it is there.
    #[must_use]
    pub fn session_key(&self) -> Option<&SessionKey> {
        self.exchange.key()
    }

    /// Whether secrets can be read and sent now.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.exchange.key().is_some()
    }

    /// Sends the pipelines that need not wait any longer.
    pub(super) fn start_waiting(&mut self) {
        let Phase::Opened(protocol) = self.phase else { return };
        for id in std::mem::take(&mut self.waiting) {
            let Some(live) = self.pipelines.get_mut(&id).and_then(Slot::live) else { continue };
            let PipelinePhase::Waiting { work, input, .. } = &mut live.phase else { continue };
            let content = match (work, &self.exchange) {
                (Work::Pipeline(pipeline), Exchange::Ready(_) | Exchange::Failed) => pipeline
                    .to_value(protocol, self.exchange.key())
                    .map(|content| (MessageType::CreatePipeline, content)),
                (Work::Pipeline(pipeline), _) if !pipeline.has_secrets() => {
                    pipeline.to_value(protocol, None).map(|content| (MessageType::CreatePipeline, content))
                }
                (Work::Pipeline(_), _) => {
                    self.waiting.push(id);
                    continue;
                }
                (Work::Metadata(query), _) => Ok((MessageType::GetCommandMetadata, query.to_value())),
            };
            let input = std::mem::take(input);
            match content {
                Ok((kind, content)) => {
                    // The secrets in it are overwritten here.
                    live.phase = PipelinePhase::Running;
                    let message = self.message(Some(id), kind, &content);
                    self.outbox.push(Outgoing::Create { id, message });
                    for message in input {
                        self.outbox.push(Outgoing::Message { pipeline: Some(id), stream: InputStream::Stdin, message });
                    }
                }
                Err(KeyError) => self.finish(id, PipelineState::Failed, None, Origin::KeyExchangeFailed),
            }
        }
        if !self.waiting.is_empty() {
            self.request_key();
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

    /// Takes back the questions of a pipeline or of the pool.
    fn withdraw(&mut self, pipeline: Option<PipelineId>) {
        self.answers.retain(|waiting| waiting.pipeline != pipeline);
        let Some(calls) = self.calls_of(pipeline) else { return };
        let withdrawn = calls.withdraw();
        self.events.extend(withdrawn.map(|call| Event::Withdrawn { pipeline, call }));
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

const KEY_FAILED: &str = "The secret could not be protected.";

impl std::fmt::Debug for ClientPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientPool").field("id", &self.id).field("state", &self.state()).finish_non_exhaustive()
    }
}
