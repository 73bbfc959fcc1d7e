//! The pool machine: what arrives.

use clixml::{Value, holds_secret};

use super::calls::UNSENT_ANSWERS;
use super::console::Reply;
use super::exchange::Exchange;
use super::opening;
use super::outbox::Outgoing;
use super::pipeline::{Phase as PipelinePhase, Slot, Terminate};
use super::pool::Phase;
use super::{ClientPool, Event, Misbehaviour, Origin, PeerError, RecordStream};
use crate::host::{HostAnswer, HostCall};
use crate::{
    Argument, Defragmenter, Destination, Message, MessageType, PipelineId, PipelineState, PoolState, Received,
};

impl ClientPool {
    /// Bytes of `stdout` of the pool (`None`) or of a pipeline. What arrives after the end of a pipeline is dropped.
    ///
    /// # Errors
    /// See [`PeerError`]: the pool is broken then.
    pub fn receive(&mut self, pipeline: Option<PipelineId>, bytes: &[u8]) -> Result<(), PeerError> {
        match self.phase {
            Phase::Ended(PoolState::Broken) => return Err(PeerError::Ended),
            Phase::Ended(_) => return Ok(()),
            _ => {}
        }
        let received = self.receive_stream(pipeline, bytes);
        if received.is_err() {
            self.end(PoolState::Broken, None);
        }
        received
    }

    /// Content of `connectResponseXml` after base64.
    ///
    /// # Errors
    /// See [`PeerError`]: the pool is broken then.
    pub fn receive_connect_response(&mut self, mut bytes: &[u8]) -> Result<(), PeerError> {
        // It is a stream of its own: what the pool's Receive repeats or goes on with has other ids.
        let mut joiner = Defragmenter::new(self.options.object_limit);
        let mut read = || {
            // What came behind the end of the pool tells nothing.
            while !matches!(self.phase, Phase::Ended(_))
                && let Some(received) = joiner.next(&mut bytes).map_err(Misbehaviour::from)?
            {
                self.received(None, received)?;
            }
            Ok(())
        };
        let read = read();
        if read.is_err() {
            self.end(PoolState::Broken, None);
        }
        read
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

    /// The shell was deleted, or the transport said that it ended.
    pub fn shell_closed(&mut self) {
        self.end(PoolState::Closed, None);
    }

    fn receive_stream(&mut self, pipeline: Option<PipelineId>, mut bytes: &[u8]) -> Result<(), PeerError> {
        loop {
            let joiner = match pipeline {
                None => &mut self.defragmenter,
                Some(id) => match self.pipelines.get_mut(&id) {
                    None => return Err(Misbehaviour::UnknownPipeline(id).into()),
                    Some(Slot::Ended { .. }) => return Ok(()),
                    Some(Slot::Live(live)) => &mut live.defragmenter,
                },
            };
            let Some(received) = joiner.next(&mut bytes).map_err(Misbehaviour::from)? else { return Ok(()) };
            self.received(pipeline, received)?;
            if matches!(self.phase, Phase::Ended(_)) {
                return Ok(());
            }
        }
    }

    fn received(&mut self, pipeline: Option<PipelineId>, received: Received<'_>) -> Result<(), PeerError> {
        match received {
            Received::Object { data, .. } => {
                let message = Message::parse(&data).map_err(Misbehaviour::from)?;
                self.handle(pipeline, &message)
            }
            Received::Hole { id, .. } => {
                self.events.push_back(Event::Gap { pipeline, object: id });
                Ok(())
            }
        }
    }

    fn handle(&mut self, pipeline: Option<PipelineId>, message: &Message<'_>) -> Result<(), PeerError> {
        let kind = message.kind;
        if let MessageType::Unknown(_) = kind {
            self.ignore(pipeline, kind);
            return Ok(());
        }
        if message.destination != Destination::Client {
            return Err(Misbehaviour::Destination(kind).into());
        }
        if message.pool != self.id.0 && !(message.pool.is_nil() && kind.may_omit_pool()) {
            return Err(Misbehaviour::WrongPool(kind).into());
        }
        if message.pipeline != pipeline.map_or(uuid::Uuid::nil(), |id| id.0) {
            return Err(Misbehaviour::WrongPipeline(kind).into());
        }
        match (kind, self.phase) {
            (MessageType::SessionCapability, Phase::Opening) => {}
            // We close before the endpoint had said anything.
            (MessageType::SessionCapability, Phase::Closing) => return Ok(()),
            // The one that the other client had not received came first.
            (MessageType::SessionCapability, Phase::Negotiated(_) | Phase::Opened(_)) if self.connects => return Ok(()),
            (MessageType::SessionCapability, _) => return Err(Misbehaviour::SecondCapability.into()),
            (_, Phase::Opening) => return Err(Misbehaviour::BeforeCapability(kind).into()),
            _ => {}
        }
        match pipeline {
            None => self.handle_pool(message),
            Some(id) => self.handle_pipeline(id, message),
        }
    }

    fn handle_pool(&mut self, message: &Message<'_>) -> Result<(), PeerError> {
        let kind = message.kind;
        match kind {
            MessageType::SessionCapability => {
                let version = opening::protocol_of(&self.needed(message)?).ok_or(Misbehaviour::Unreadable(kind))?;
                self.phase = Phase::Negotiated(opening::agree(version).ok_or(PeerError::Version(version))?);
            }
            MessageType::RunspacePoolState => {
                let content = self.needed(message)?;
                let number =
                    content.get("RunspaceState").and_then(Value::as_i32).ok_or(Misbehaviour::Unreadable(kind))?;
                self.pool_state(PoolState::from_number(number), error_of(&content));
            }
            MessageType::RunspacePoolInitData => {
                self.needed(message)?;
                self.opened();
            }
            MessageType::ApplicationPrivateData => {
                if let Some(content) = self.read(None, message) {
                    let data = content.get("ApplicationPrivateData").cloned().unwrap_or_default();
                    self.private_data = Some(data.clone());
                    self.events.push_back(Event::PrivateData(data));
                }
            }
            MessageType::EncryptedSessionKey => match self.exchange {
                // We gave up waiting.
                Exchange::Failed => self.ignore(None, kind),
                _ => {
                    let done =
                        message.value(&self.options.limits).is_ok_and(|content| self.exchange.finish(&content).is_ok());
                    match done {
                        true => self.key_is_ready(),
                        // For the key of the other client, which had not received it.
                        false if self.connects => self.ignore(None, kind),
                        false => {
                            self.exchange = Exchange::Failed;
                            return Err(Misbehaviour::KeyExchange.into());
                        }
                    }
                }
            },
            MessageType::PublicKeyRequest => match self.exchange {
                Exchange::None | Exchange::Wanted => self.send_public_key(),
                // One key per pool: a second request is refused by not answering it.
                Exchange::Waiting(_) | Exchange::Ready(_) | Exchange::Failed => self.ignore(None, kind),
            },
            MessageType::UserEvent => {
                if let Some(content) = self.read(None, message) {
                    self.events.push_back(Event::UserEvent(content));
                }
            }
            MessageType::RunspaceAvailability => {
                if let Some(content) = self.read(None, message) {
                    self.events.push_back(Event::Availability(content));
                }
            }
            MessageType::PoolHostCall => self.host_call(None, message)?,
            _ => return Err(Misbehaviour::Misplaced(kind).into()),
        }
        Ok(())
    }

    fn handle_pipeline(&mut self, id: PipelineId, message: &Message<'_>) -> Result<(), PeerError> {
        let stream = match message.kind {
            MessageType::PipelineOutput => RecordStream::Output,
            MessageType::ErrorRecord => RecordStream::Error,
            MessageType::WarningRecord => RecordStream::Warning,
            MessageType::VerboseRecord => RecordStream::Verbose,
            MessageType::DebugRecord => RecordStream::Debug,
            MessageType::InformationRecord => RecordStream::Information,
            MessageType::ProgressRecord => RecordStream::Progress,
            MessageType::PipelineHostCall => return self.host_call(Some(id), message),
            MessageType::PipelineState => {
                let Some(content) = self.read(Some(id), message) else { return Ok(()) };
                let number = content
                    .get("PipelineState")
                    .and_then(Value::as_i32)
                    .ok_or(Misbehaviour::Unreadable(message.kind))?;
                let state = PipelineState::from_number(number).ok_or(Misbehaviour::State(number))?;
                self.state_of_pipeline(id, state, error_of(&content));
                return Ok(());
            }
            kind => return Err(Misbehaviour::Misplaced(kind).into()),
        };
        if let Some(value) = self.read(Some(id), message) {
            if let Some(live) = self.pipelines.get_mut(&id).and_then(Slot::live) {
                live.repeats.record(stream, &value);
            }
            self.events.push_back(Event::Record { pipeline: id, stream, value });
        }
        Ok(())
    }

    fn state_of_pipeline(&mut self, id: PipelineId, state: PipelineState, error: Option<Value>) {
        if state.is_final() {
            self.finish(id, state, error, Origin::Endpoint);
        } else {
            self.events.push_back(Event::PipelineState { pipeline: id, state, error, origin: Origin::Endpoint });
        }
    }

    fn pool_state(&mut self, state: PoolState, error: Option<Value>) {
        match state {
            PoolState::Opened => self.opened(),
            PoolState::Closed | PoolState::Broken => self.end(state, error),
            PoolState::Closing => {
                self.phase = Phase::Closing;
                self.events.push_back(Event::PoolState { state, error });
            }
            // What these mean for the pool is WS-Man's to say.
            PoolState::BeforeOpen | PoolState::Opening | PoolState::Other(_) => {
                self.events.push_back(Event::PoolState { state, error });
            }
        }
    }

    fn opened(&mut self) {
        if let Phase::Negotiated(protocol) = self.phase {
            self.phase = Phase::Opened(protocol);
            self.events.push_back(Event::Opened { protocol });
            if matches!(self.exchange, Exchange::Wanted) {
                self.request_key();
            }
            self.start_waiting();
        }
    }

    fn host_call(&mut self, pipeline: Option<PipelineId>, message: &Message<'_>) -> Result<(), PeerError> {
        let Some(content) = self.read(pipeline, message) else { return Ok(()) };
        let Some(call) = HostCall::from_value(&content) else {
            self.unreadable(pipeline, message, "this is no host call".to_owned());
            return Ok(());
        };
        let stopping = match pipeline {
            None => false,
            Some(id) => self
                .pipelines
                .get_mut(&id)
                .and_then(Slot::live)
                .is_some_and(|live| matches!(live.phase, PipelinePhase::Stopping)),
        };
        let (calls, repeats) = match pipeline {
            None => (&mut self.calls, &mut self.repeats),
            Some(id) => match self.pipelines.get_mut(&id).and_then(Slot::live) {
                Some(live) => (&mut live.calls, &mut live.repeats),
                None => return Ok(()),
            },
        };
        if !calls.is_new(call.id) {
            return Ok(());
        }
        let repeats = repeats.call(&call);
        let reply = self.console.reply(&call);
        let question = reply == Reply::Ask && call.id.wants_answer() && !stopping;
        if question && !calls.ask(call.id, call.method) {
            return Err(Misbehaviour::TooManyQuestions.into());
        }
        if call.id.wants_answer() && !question {
            if self.outbox.unsent().answers > UNSENT_ANSWERS {
                return Err(Misbehaviour::TooManyCalls.into());
            }
            match reply {
                Reply::Void => self.respond(pipeline, &call, &HostAnswer::Void),
                Reply::Result(value) => self.respond(pipeline, &call, &HostAnswer::Value(Argument::Value(value))),
                Reply::Refuse(why) => self.send_refusal(pipeline, call.id, call.method, why),
                Reply::Ask => self.send_refusal(pipeline, call.id, call.method, "The pipeline is being stopped."),
            }
        }
        self.events.push_back(Event::HostCall { pipeline, call, question, repeats });
        Ok(())
    }

    fn respond(&mut self, pipeline: Option<PipelineId>, call: &HostCall, answer: &HostAnswer) {
        // Only secrets can fail, and there is none in it.
        if let Ok(content) = answer.to_value(call.id, call.method, None) {
            self.send_response(pipeline, &content);
        }
    }

    /// The content of a message without which the pool cannot go on.
    fn needed(&self, message: &Message<'_>) -> Result<Value, PeerError> {
        message.value(&self.options.limits).map_err(|_| Misbehaviour::Unreadable(message.kind).into())
    }

    /// The content of any other message; when it cannot be read, that is an event.
    fn read(&mut self, pipeline: Option<PipelineId>, message: &Message<'_>) -> Option<Value> {
        match message.value(&self.options.limits) {
            Ok(content) => Some(content),
            Err(error) => {
                self.unreadable(pipeline, message, error.to_string());
                None
            }
        }
    }

    fn unreadable(&mut self, pipeline: Option<PipelineId>, message: &Message<'_>, reason: String) {
        let text = String::from_utf8_lossy(message.data);
        // What is no SecureString may be the secret itself.
        let text = if holds_secret(&text) { String::new() } else { text.into_owned() };
        self.events.push_back(Event::Unreadable { pipeline, kind: message.kind, reason, text });
    }

    fn ignore(&mut self, pipeline: Option<PipelineId>, kind: MessageType) {
        self.ignored = self.ignored.saturating_add(1);
        self.events.push_back(Event::Ignored { pipeline, kind });
    }
}

fn error_of(content: &Value) -> Option<Value> {
    content.get("ExceptionAsErrorRecord").filter(|error| !error.is_null()).cloned()
}
