//! The pool: what comes in becomes events, what is to go out waits in streams until a Receive takes it.

use std::collections::{HashMap, HashSet, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clixml::{DecodeError, Limits, Object, SecureString, Value, Version, encode};
use uuid::Uuid;

use super::PipelineRequest;
use super::reply::{ClientConsole, HostReply, is_void};
use crate::client::{InputStream, RecordStream};
use crate::host::{HostCall, HostMethod};
use crate::keys::{encrypted_key_blob, wrap_session_key};
use crate::records::state_value;
use crate::{
    CallId, Defragmenter, Destination, FragmentError, Fragmenter, KeyError, Message, MessageError, MessageType,
    PipelineId, PipelineState, PoolId, PoolState, Received, SecretText, SessionKey,
};

/// The largest object that a client may send.
const LARGEST_OBJECT: usize = 200 << 20;
/// Fragments as PowerShell cuts them.
const FRAGMENT: usize = 32 * 1024;

/// What a client sent.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerEvent {
    /// The pool is open.
    Opened {
        /// The client's console.
        console: ClientConsole,
        /// How many pipelines may run at once.
        max_runspaces: i32,
    },
    /// A client came back to the pool.
    Connected,
    /// A pipeline to run.
    Pipeline {
        /// Its id
        id: PipelineId,
        /// What it runs
        request: PipelineRequest,
    },
    /// A question for command descriptions.
    Metadata {
        /// The id of the pipeline that answers
        id: PipelineId,
        /// Names with wildcards
        names: Vec<String>,
    },
    /// One input object.
    Input {
        /// The pipeline
        id: PipelineId,
        /// The object
        value: Value,
    },
    /// The input is over.
    InputEnded {
        /// The pipeline
        id: PipelineId,
    },
    /// A host call was answered.
    HostReply {
        /// The pipeline; none for a call of the pool
        pipeline: Option<PipelineId>,
        /// The call
        call: CallId,
        /// The answer
        reply: HostReply,
    },
    /// The session key is there.
    KeyExchanged,
}

/// Why a client's bytes were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// A fragment is out of order.
    #[error(transparent)]
    Fragment(#[from] FragmentError),
    /// Part of an object is missing.
    #[error("part of an object is missing")]
    Hole,
    /// An object is no message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The content of a message cannot be read.
    #[error(transparent)]
    Content(#[from] DecodeError),
    /// A message is not for a server, or not for now.
    #[error("{0:?} is not expected here")]
    Unexpected(MessageType),
    /// A message lacks what it must have.
    #[error("{0:?} is incomplete")]
    Incomplete(MessageType),
    /// Keys could not be exchanged.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A runspace pool of a server.
///
/// Feed it with [`ServerPool::receive`], drain [`ServerPool::poll_event`], write with the commands, and give what
/// [`ServerPool::take`] has to the client's Receives.
pub struct ServerPool {
    id: PoolId,
    version: Version,
    state: PoolState,
    fragmenter: Fragmenter,
    incoming: HashMap<(Option<PipelineId>, InputStream), Defragmenter>,
    outgoing: HashMap<Option<PipelineId>, VecDeque<Vec<u8>>>,
    calls: HashMap<Option<PipelineId>, i64>,
    events: VecDeque<ServerEvent>,
    /// Pipelines that have no final state yet.
    live: HashSet<PipelineId>,
    session_key: SessionKey,
    /// Whether the client has the session key.
    exchanged: bool,
    version_table: Vec<(Value, Value)>,
    runspaces: (i32, i32),
}

impl ServerPool {
    /// A pool that nobody has opened yet, with a fresh session key and the version table that it tells. In the table
    /// `PSRemotingProtocolVersion` becomes the version that was agreed on.
    #[must_use]
    pub fn new(session_key: SessionKey, version_table: Vec<(Value, Value)>) -> Self {
        Self {
            id: PoolId(Uuid::nil()),
            version: Version { major: 2, minor: 3, build: None, revision: None },
            state: PoolState::BeforeOpen,
            fragmenter: Fragmenter::starting_at(1),
            incoming: HashMap::new(),
            outgoing: HashMap::new(),
            calls: HashMap::new(),
            events: VecDeque::new(),
            live: HashSet::new(),
            session_key,
            exchanged: false,
            version_table,
            runspaces: (1, 1),
        }
    }

    /// The pool's id, once a client has named it.
    #[must_use]
    pub fn id(&self) -> PoolId {
        self.id
    }

    /// The state of the pool.
    #[must_use]
    pub fn state(&self) -> PoolState {
        self.state
    }

    /// What the client sent, in order.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// Takes bytes of an input stream: of the pool, or of a pipeline. The bytes of `creationXml` and the arguments of a
    /// command belong to `Stdin`; for `connectXml` there is [`ServerPool::receive_connect`].
    ///
    /// # Errors
    /// When they are not what a client may send here.
    pub fn receive(
        &mut self,
        pipeline: Option<PipelineId>,
        stream: InputStream,
        mut bytes: &[u8],
    ) -> Result<(), ServerError> {
        let mut defragmenter =
            self.incoming.remove(&(pipeline, stream)).unwrap_or_else(|| Defragmenter::new(LARGEST_OBJECT));
        let outcome = loop {
            match defragmenter.next(&mut bytes) {
                Ok(None) => break Ok(()),
                Ok(Some(Received::Object { data, .. })) => {
                    if let Err(error) = self.object(pipeline, &data) {
                        break Err(error);
                    }
                }
                Ok(Some(Received::Hole { .. })) => break Err(ServerError::Hole),
                Err(error) => break Err(error.into()),
            }
        };
        self.incoming.insert((pipeline, stream), defragmenter);
        outcome
    }

    /// Takes `connectXml` of a client that comes back, perhaps another process: its object ids can begin anew, and what an
    /// earlier one left unfinished is forgotten.
    ///
    /// # Errors
    /// When it is not what a client may send here; then nothing is forgotten.
    pub fn receive_connect(&mut self, mut bytes: &[u8]) -> Result<(), ServerError> {
        let mut defragmenter = Defragmenter::new(LARGEST_OBJECT);
        while let Some(received) = defragmenter.next(&mut bytes)? {
            let Received::Object { data, .. } = received else { return Err(ServerError::Hole) };
            self.object(None, &data)?;
        }
        self.incoming.clear();
        Ok(())
    }

    fn object(&mut self, pipeline: Option<PipelineId>, object: &[u8]) -> Result<(), ServerError> {
        let message = Message::parse(object)?;
        let kind = message.kind;
        let known = kind == MessageType::SessionCapability || message.pool == self.id.0;
        if message.destination != Destination::Server || !known {
            return Err(ServerError::Unexpected(kind));
        }
        // Some clients send the answer to a pipeline's question without naming the command around it.
        let answered = (kind == MessageType::PipelineHostResponse).then_some(PipelineId(message.pipeline));
        let pipeline = pipeline.or(answered);
        let value = message.value(&Limits::DEFAULT)?;
        let number = |name: &str| value.get(name).and_then(Value::as_i32);
        match (kind, pipeline) {
            (MessageType::SessionCapability, None) => self.capability(message.pool, &value)?,
            // Said after a version that we do not speak: the client learns that from our capability.
            (MessageType::InitRunspacePool | MessageType::ConnectRunspacePool, None)
                if self.state == PoolState::Broken => {}
            (MessageType::InitRunspacePool, None) => {
                if self.state != PoolState::BeforeOpen {
                    return Err(ServerError::Unexpected(kind));
                }
                self.runspaces = (number("MinRunspaces").unwrap_or(1), number("MaxRunspaces").unwrap_or(1));
                let console = value.get("HostInfo").map_or(ClientConsole { width: None }, ClientConsole::from_value);
                self.send_private_data();
                self.set_state(PoolState::Opened, None);
                self.events.push_back(ServerEvent::Opened { console, max_runspaces: self.runspaces.1 });
            }
            (_, _) if self.state == PoolState::BeforeOpen => return Err(ServerError::Unexpected(kind)),
            (MessageType::ConnectRunspacePool, None) => {
                // The key of an earlier connection is gone.
                self.exchanged = false;
                let (min, max) = self.runspaces;
                let data = Object::with_extended([("MinRunspaces", min.into()), ("MaxRunspaces", max.into())]);
                self.send(None, MessageType::RunspacePoolInitData, &data.into());
                self.send_private_data();
                self.events.push_back(ServerEvent::Connected);
            }
            (MessageType::PublicKey, None) => self.public_key(&value)?,
            (MessageType::SetMaxRunspaces | MessageType::SetMinRunspaces | MessageType::ResetRunspaceState, None) => {
                let (min, max) = self.runspaces;
                let wanted = match kind {
                    MessageType::SetMaxRunspaces => (min, number("MaxRunspaces").unwrap_or(0)),
                    MessageType::SetMinRunspaces => (number("MinRunspaces").unwrap_or(0), max),
                    _ => (min, max),
                };
                let possible = 1 <= wanted.0 && wanted.0 <= wanted.1;
                if possible {
                    self.runspaces = wanted;
                }
                self.available(&value, possible.into());
            }
            (MessageType::GetAvailableRunspaces, None) => {
                let busy = i32::try_from(self.live.len()).unwrap_or(i32::MAX);
                let count = self.runspaces.1.saturating_sub(busy).max(0);
                self.available(&value, count.into());
            }
            (MessageType::PoolHostResponse, None) | (MessageType::PipelineHostResponse, Some(_)) => {
                let (call, reply) = HostReply::from_value(&value).ok_or(ServerError::Incomplete(kind))?;
                self.events.push_back(ServerEvent::HostReply { pipeline, call, reply });
            }
            (MessageType::CreatePipeline, Some(id)) => {
                let request = PipelineRequest::from_value(&value).ok_or(ServerError::Incomplete(kind))?;
                self.begin(id, kind)?;
                self.events.push_back(ServerEvent::Pipeline { id, request });
            }
            (MessageType::GetCommandMetadata, Some(id)) => {
                let names = value.get("Name").and_then(Value::items).unwrap_or_default().iter().map(Value::to_display);
                let names = names.collect();
                self.begin(id, kind)?;
                self.events.push_back(ServerEvent::Metadata { id, names });
            }
            (MessageType::PipelineInput, Some(id)) => self.events.push_back(ServerEvent::Input { id, value }),
            (MessageType::EndOfPipelineInput, Some(id)) => self.events.push_back(ServerEvent::InputEnded { id }),
            _ => return Err(ServerError::Unexpected(kind)),
        }
        Ok(())
    }

    /// Says what we speak; everything begins with it, also coming back to a pool.
    fn capability(&mut self, pool: Uuid, theirs: &Value) -> Result<(), ServerError> {
        // A client's version up to ours is answered with itself, a newer one with ours.
        let minor = match theirs.get("protocolversion") {
            Some(Value::Version(theirs)) if theirs.major == 2 => Some(theirs.minor.min(3)),
            _ => None,
        };
        match (self.state, minor) {
            (PoolState::BeforeOpen, _) => self.id = PoolId(pool),
            (PoolState::Opened, Some(_)) if pool == self.id.0 => {}
            _ => return Err(ServerError::Unexpected(MessageType::SessionCapability)),
        }
        if minor.is_none() {
            self.state = PoolState::Broken;
        }
        self.version.minor = minor.unwrap_or(3);
        let version = |major, minor| Value::Version(Version { major, minor, build: None, revision: None });
        let capability = Object::with_extended([
            ("protocolversion", Value::Version(self.version)),
            ("PSVersion", version(2, 0)),
            ("SerializationVersion", Value::Version(Version { major: 1, minor: 1, build: Some(0), revision: Some(1) })),
        ]);
        self.send(None, MessageType::SessionCapability, &capability.into());
        Ok(())
    }

    fn send_private_data(&mut self) {
        let table = self.version_table.iter().map(|(name, value)| {
            let protocol = name.as_str() == Some("PSRemotingProtocolVersion");
            (name.clone(), if protocol { Value::Version(self.version) } else { value.clone() })
        });
        let table = Object::dictionary(table.collect()).typed(PRIMITIVES);
        let data = Object::dictionary(vec![("PSVersionTable".into(), table.into())]).typed(PRIMITIVES);
        let content = Object::with_extended([("ApplicationPrivateData", data.into())]);
        self.send(None, MessageType::ApplicationPrivateData, &content.into());
    }

    /// Notes a new pipeline.
    fn begin(&mut self, id: PipelineId, kind: MessageType) -> Result<(), ServerError> {
        if self.outgoing.contains_key(&Some(id)) {
            return Err(ServerError::Unexpected(kind));
        }
        self.outgoing.insert(Some(id), VecDeque::new());
        self.live.insert(id);
        Ok(())
    }

    fn public_key(&mut self, value: &Value) -> Result<(), ServerError> {
        let text =
            value.get("PublicKey").and_then(Value::as_str).ok_or(ServerError::Incomplete(MessageType::PublicKey))?;
        let blob = STANDARD.decode(text).map_err(|_| KeyError)?;
        let wrapped = encrypted_key_blob(&wrap_session_key(&blob, &self.session_key)?);
        let answer = Object::with_extended([("EncryptedSessionKey", STANDARD.encode(wrapped).into())]);
        self.send(None, MessageType::EncryptedSessionKey, &answer.into());
        self.exchanged = true;
        self.events.push_back(ServerEvent::KeyExchanged);
        Ok(())
    }

    /// Answers a question about runspaces.
    fn available(&mut self, question: &Value, answer: Value) {
        let call = question.get("ci").cloned().unwrap_or_default();
        let content = Object::with_extended([("SetMinMaxRunspacesResponse", answer), ("ci", call)]);
        self.send(None, MessageType::RunspaceAvailability, &content.into());
    }

    /// Writes a record of a pipeline. After its final state nothing is written any more.
    pub fn record(&mut self, id: PipelineId, stream: RecordStream, value: &Value) {
        let kind = match stream {
            RecordStream::Output => MessageType::PipelineOutput,
            RecordStream::Error => MessageType::ErrorRecord,
            RecordStream::Warning => MessageType::WarningRecord,
            RecordStream::Verbose => MessageType::VerboseRecord,
            RecordStream::Debug => MessageType::DebugRecord,
            RecordStream::Information => MessageType::InformationRecord,
            RecordStream::Progress => MessageType::ProgressRecord,
        };
        self.send(Some(id), kind, value);
    }

    /// Calls the client's host; the number tells the answer apart. A void call has no answer, and one of a pipeline that
    /// has ended is not made.
    pub fn host_call(&mut self, pipeline: Option<PipelineId>, method: HostMethod, parameters: Vec<Value>) -> CallId {
        let id = if is_void(method) {
            CallId::VOID
        } else {
            let last = self.calls.entry(pipeline).or_insert(0);
            *last = last.saturating_add(1);
            CallId(*last)
        };
        let call = HostCall { id, method, parameters }.to_value();
        let kind = if pipeline.is_some() { MessageType::PipelineHostCall } else { MessageType::PoolHostCall };
        self.send(pipeline, kind, &call);
        id
    }

    /// Ends a pipeline, if it has not ended yet: nothing may follow on it.
    pub fn finish(&mut self, id: PipelineId, state: PipelineState, error: Option<&Value>) {
        self.send(Some(id), MessageType::PipelineState, &state_value(state, error));
        if state.is_final() {
            self.live.remove(&id);
        }
    }

    /// Raises an event on the pool's stream, `PSEventArgs.*`. [MS-PSRP] 2.2.2.12
    pub fn user_event(&mut self, event: &Value) {
        self.send(None, MessageType::UserEvent, event);
    }

    /// Asks for the client's public key, as only servers of versions 2.0 and 2.1 do. Until it is there, nothing else may
    /// be written: the clients of these versions do not stand it.
    pub fn request_key(&mut self) {
        self.send(None, MessageType::PublicKeyRequest, &"".into());
    }

    /// Announces the state of the pool.
    pub fn set_state(&mut self, state: PoolState, error: Option<&Value>) {
        self.state = state;
        let mut properties = vec![("RunspaceState", state.number().into())];
        properties.extend(error.map(|error| ("ExceptionAsErrorRecord", error.clone())));
        self.send(None, MessageType::RunspacePoolState, &Object::with_extended(properties).into());
    }

    /// Reads a secret of the client.
    ///
    /// # Errors
    /// When there is no session key, or it does not fit.
    pub fn decrypt(&self, secret: &SecureString) -> Result<SecretText, KeyError> {
        if self.exchanged { self.session_key.decrypt(secret) } else { Err(KeyError) }
    }

    /// Protects a secret for the client. It can be read after a key exchange.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub fn encrypt(&self, secret: &SecretText) -> Result<SecureString, KeyError> {
        self.session_key.encrypt(secret)
    }

    /// Whether something waits for a Receive of this stream.
    #[must_use]
    pub fn has_data(&self, pipeline: Option<PipelineId>) -> bool {
        self.outgoing.get(&pipeline).is_some_and(|waiting| !waiting.is_empty())
    }

    /// Whole fragments for a Receive, at most this many bytes but at least one fragment; empty when nothing waits.
    pub fn take(&mut self, pipeline: Option<PipelineId>, most: usize) -> Vec<Vec<u8>> {
        let Some(waiting) = self.outgoing.get_mut(&pipeline) else { return Vec::new() };
        let mut taken: Vec<Vec<u8>> = Vec::new();
        let mut size: usize = 0;
        while let Some(next) = waiting.front() {
            size = size.saturating_add(next.len());
            if size > most && !taken.is_empty() {
                break;
            }
            taken.extend(waiting.pop_front());
        }
        taken
    }

    /// How many bytes wait for Receives of this stream.
    #[must_use]
    pub fn waiting(&self, pipeline: Option<PipelineId>) -> usize {
        self.outgoing
            .get(&pipeline)
            .map_or(0, |waiting| waiting.iter().fold(0, |sum, part| sum.saturating_add(part.len())))
    }

    /// Forgets a pipeline that is over.
    pub fn forget(&mut self, id: PipelineId) {
        self.outgoing.remove(&Some(id));
        self.live.remove(&id);
        self.calls.remove(&Some(id));
        self.incoming.retain(|(pipeline, _), _| *pipeline != Some(id));
    }

    fn send(&mut self, pipeline: Option<PipelineId>, kind: MessageType, value: &Value) {
        if pipeline.is_some_and(|id| !self.live.contains(&id)) {
            return;
        }
        let mut data = Vec::new();
        if !value.is_null() {
            encode(value, &mut data);
        }
        let pool = if kind.may_omit_pool() { Uuid::nil() } else { self.id.0 };
        let pipeline_id = pipeline.map_or(Uuid::nil(), |id| id.0);
        let message =
            Message { destination: Destination::Client, kind, pool, pipeline: pipeline_id, data: &data }.encode();
        let fragments = self.fragmenter.fragment(&message, FRAGMENT);
        self.outgoing.entry(pipeline).or_default().extend(fragments);
    }
}

/// The type names of a dictionary that may hold primitive values only.
const PRIMITIVES: [&str; 3] =
    ["System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable", "System.Object"];
