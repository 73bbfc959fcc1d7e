//! Playing one session.

use std::collections::{HashMap, HashSet};

use clixml::{Limits, Object, Property, Value};
use psrp::host::HostCall;
use psrp::{
    Action, ClientPool, Defragmenter, Event, InputStream, Message, MessageType, Origin, PipelineId, PipelineState,
    PoolOptions, Received, RecordStream,
};
use uuid::Uuid;

use crate::keys::Recorded;
use crate::rebuild;
use crate::session::Session;

pub(crate) struct Replay {
    pub(crate) pool: ClientPool,
    pub(crate) events: Vec<Event>,
    /// Message type, what we sent, what the recorded client sent
    pub(crate) requests: Vec<(MessageType, Value, Value)>,
    terminated: HashMap<PipelineId, u32>,
    // What we sent and nobody compared yet.
    ours: Joined,
}

/// What became of a pipeline.
pub(crate) struct Summary {
    pub(crate) state: PipelineState,
    pub(crate) origin: Origin,
    pub(crate) error: Option<Value>,
    pub(crate) ends: u32,
    pub(crate) terminated: u32,
    pub(crate) records: Counts,
}

pub(crate) type Counts = HashMap<RecordStream, u64>;

type Stream = (Option<PipelineId>, InputStream);

/// Messages per stream, joined from fragments.
#[derive(Default)]
struct Joined {
    joiners: HashMap<Stream, Defragmenter>,
    messages: HashMap<Stream, Vec<(MessageType, Value)>>,
}

impl Joined {
    fn push(&mut self, stream: Stream, mut bytes: &[u8]) {
        let joiner = self.joiners.entry(stream).or_default();
        while let Some(received) = joiner.next(&mut bytes).unwrap() {
            let Received::Object { data, .. } = received else { panic!("a hole") };
            let message = Message::parse(&data).unwrap();
            let value = message.value(&Limits::default()).unwrap();
            self.messages.entry(stream).or_default().push((message.kind, value));
        }
    }

    fn take(&mut self, stream: Stream, kind: MessageType) -> Option<Value> {
        let list = self.messages.get_mut(&stream)?;
        let at = list.iter().position(|(other, _)| *other == kind)?;
        Some(list.remove(at).1)
    }
}

impl Replay {
    pub(crate) fn new(session: &Session) -> Self {
        let keys = Box::new(Recorded::of(&session.json["keys"]));
        Self {
            pool: ClientPool::open(PoolOptions::default(), session.pool(), keys),
            events: Vec::new(),
            requests: Vec::new(),
            terminated: HashMap::new(),
            ours: Joined::default(),
        }
    }

    pub(crate) fn next_actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.pool.poll_action()).collect()
    }

    pub(crate) fn play(session: &Session) -> Self {
        let mut replay = Self::new(session);
        replay.settle();
        let mut theirs = Joined::default();
        let mut closed = HashSet::new();
        for line in session.lines() {
            if line.to_server {
                match (line.packet.as_str(), line.pipeline) {
                    ("Data", pipeline) => {
                        for stream in [InputStream::Stdin, InputStream::Pr] {
                            if stream_of(session, line.seq) == stream {
                                theirs.push((pipeline, stream), &line.data);
                            }
                        }
                        replay.do_as(&mut theirs, pipeline);
                    }
                    ("Signal", Some(id)) => replay.pool.stop(id),
                    ("Close", Some(id)) => {
                        closed.insert(id);
                        replay.pool.command_done(id);
                    }
                    ("Close", None) => replay.pool.close(),
                    _ => {}
                }
            } else if line.packet == "Data" && line.pipeline.is_none_or(|id| !closed.contains(&id)) {
                let read = replay.pool.receive(line.pipeline, &line.data);
                assert_eq!(read, Ok(()), "{} at {}", session.name, line.seq);
            }
            replay.settle();
        }
        replay.pool.shell_closed();
        replay.settle();
        replay
    }

    /// Does what the recorded client's messages say it was told to do, and compares what comes out.
    fn do_as(&mut self, theirs: &mut Joined, pipeline: Option<PipelineId>) {
        for stream in [InputStream::Stdin, InputStream::Pr] {
            let messages = theirs.messages.remove(&(pipeline, stream)).unwrap_or_default();
            for (kind, content) in messages {
                match (kind, pipeline) {
                    (MessageType::CreatePipeline, Some(id)) => {
                        self.pool.invoke(rebuild::pipeline(&content), id).unwrap()
                    }
                    (MessageType::GetCommandMetadata, Some(id)) => {
                        self.pool.command_metadata(rebuild::query(&content), id).unwrap();
                    }
                    (MessageType::PipelineInput, Some(id)) => self.pool.input(id, &content).unwrap(),
                    (MessageType::EndOfPipelineInput, Some(id)) => self.pool.end_input(id).unwrap(),
                    (MessageType::PublicKey, None) => self.pool.request_key(),
                    (MessageType::PipelineHostResponse, _) | (MessageType::PoolHostResponse, None) => {
                        let call = HostCall::from_value(&content).unwrap();
                        self.pool.answer(pipeline, call.id, rebuild::answer(&content)).unwrap();
                    }
                    (MessageType::SessionCapability | MessageType::InitRunspacePool, None) => {}
                    // Sent by nobody here: our client has one runspace and needs nothing of it.
                    _ => continue,
                }
                self.settle();
                let Some(ours) = self.ours.take((pipeline, stream), kind) else {
                    // The pipeline had ended; the recorded client did not know yet.
                    assert_eq!(kind, MessageType::EndOfPipelineInput, "nothing was sent");
                    continue;
                };
                self.requests.push((kind, comparable(kind, &ours, false), comparable(kind, &content, true)));
            }
        }
    }

    fn settle(&mut self) {
        for action in self.next_actions() {
            match action {
                Action::CreateShell { creation_xml } => self.ours.push((None, InputStream::Stdin), &creation_xml),
                Action::CreatePipeline { id, first, rest } => {
                    for fragment in std::iter::once(first).chain(rest) {
                        self.ours.push((Some(id), InputStream::Stdin), &fragment);
                    }
                }
                Action::Send { pipeline, stream, data } => self.ours.push((pipeline, stream), &data),
                Action::Terminate { id } => *self.terminated.entry(id).or_default() += 1,
                Action::Stop { .. } => {}
                Action::ConnectShell { .. } => panic!("nobody connects"),
            }
        }
        self.events.extend(std::iter::from_fn(|| self.pool.poll_event()));
    }

    pub(crate) fn summary(&self, id: &str) -> Option<Summary> {
        let id = PipelineId(Uuid::parse_str(id).unwrap());
        let mut summary = None;
        let mut records = Counts::new();
        for event in &self.events {
            match event {
                Event::PipelineState { pipeline, state, error, origin } if *pipeline == id && state.is_final() => {
                    let ends = summary.as_ref().map_or(0, |before: &Summary| before.ends);
                    summary = Some(Summary {
                        state: *state,
                        origin: *origin,
                        error: error.clone(),
                        ends: ends + 1,
                        terminated: self.terminated.get(&id).copied().unwrap_or(0),
                        records: Counts::new(),
                    });
                }
                Event::Record { pipeline, stream, .. } if *pipeline == id => *records.entry(*stream).or_default() += 1,
                _ => {}
            }
        }
        if let Some(summary) = &mut summary {
            summary.records = records;
        }
        summary
    }
}

fn stream_of(session: &Session, seq: u64) -> InputStream {
    let lines = session.json["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["seq"].as_u64() == Some(seq)).unwrap();
    if line["stream"] == "PromptResponse" { InputStream::Pr } else { InputStream::Stdin }
}

/// A message without what we do not imitate: another threading model, nested pipelines, the console's own host and the
/// form of a console line.
fn comparable(kind: MessageType, content: &Value, theirs: bool) -> Value {
    let content = rebuild::without_builds(content);
    let left_out: &[&str] = match kind {
        MessageType::CreatePipeline => {
            &["ApartmentState", "IsNested", "RedirectShellErrorOutputPipe", "HostInfo", "History"]
        }
        MessageType::InitRunspacePool => {
            &["ApplicationArguments", "HostInfo", "ApartmentState", "PSThreadOptions", "MinRunspaces", "MaxRunspaces"]
        }
        MessageType::GetCommandMetadata => &["ArgumentList", "Namespace", "FullyQualifiedModule"],
        MessageType::SessionCapability if theirs => return capability(),
        _ => &[],
    };
    blank(&content, left_out)
}

/// The one that we send whatever the recorded client offered.
fn capability() -> Value {
    let xml = r#"<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>"#;
    clixml::decode(xml.as_bytes()).unwrap()
}

fn blank(value: &Value, names: &[&str]) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let extended = object.extended.iter().map(|property| {
        let left_out = names.iter().any(|name| property.name == *name);
        Property::new(property.name.clone(), if left_out { Value::Null } else { blank(&property.value, names) })
    });
    Object { extended: extended.collect(), ..(**object).clone() }.into()
}
