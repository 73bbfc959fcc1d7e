//! A server of which every message is written by hand.

use std::collections::HashMap;

use clixml::{Limits, Value};
use psrp::keys::{KeySource, RsaKeySource};
use psrp::{
    Action, ClientPool, Defragmenter, Destination, Event, Fragmenter, InputStream, Message, MessageType, PeerError,
    PipelineId, PoolId, PoolOptions, Received,
};
use uuid::Uuid;

pub(crate) const POOL: PoolId = PoolId(Uuid::from_u128(0xA));

pub(crate) fn pipeline(number: u128) -> PipelineId {
    PipelineId(Uuid::from_u128(number))
}

pub(crate) struct Peer {
    pub(crate) pool: ClientPool,
    fragmenter: Fragmenter,
    joiners: HashMap<(Option<PipelineId>, InputStream), Defragmenter>,
}

/// What the client did, its messages read.
#[derive(Debug, PartialEq)]
pub(crate) enum Did {
    Shell(Vec<MessageType>),
    Command(PipelineId, MessageType, Value),
    Sent(Option<PipelineId>, InputStream, MessageType, Value),
    Stop(PipelineId),
    Terminate(PipelineId),
}

impl Peer {
    pub(crate) fn new() -> Self {
        Self::with(PoolOptions::default(), Box::new(RsaKeySource))
    }

    pub(crate) fn with(options: PoolOptions, keys: Box<dyn KeySource>) -> Self {
        Self { pool: ClientPool::open(options, POOL, keys), fragmenter: Fragmenter::default(), joiners: HashMap::new() }
    }

    /// A pool of which the opening is over.
    pub(crate) fn opened() -> Self {
        let mut peer = Self::new();
        peer.open();
        peer
    }

    pub(crate) fn open(&mut self) {
        self.did();
        self.say(None, MessageType::SessionCapability, &capability("2.3")).unwrap();
        self.say(None, MessageType::RunspacePoolState, &state_of_pool(2)).unwrap();
        self.events();
    }

    pub(crate) fn bytes(&mut self, pipeline: Option<PipelineId>, kind: MessageType, xml: &str) -> Vec<u8> {
        let message = Message {
            destination: Destination::Client,
            kind,
            pool: POOL.0,
            pipeline: pipeline.map_or(Uuid::nil(), |id| id.0),
            data: xml.as_bytes(),
        };
        self.fragmenter.fragment(&message.encode(), 32 * 1024).concat()
    }

    pub(crate) fn say(&mut self, pipeline: Option<PipelineId>, kind: MessageType, xml: &str) -> Result<(), PeerError> {
        let bytes = self.bytes(pipeline, kind, xml);
        self.pool.receive(pipeline, &bytes)
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.pool.poll_event()).collect()
    }

    pub(crate) fn did(&mut self) -> Vec<Did> {
        let mut all = Vec::new();
        while let Some(action) = self.pool.poll_action() {
            match action {
                Action::CreateShell { creation_xml: xml } | Action::ConnectShell { connect_xml: xml } => {
                    let messages = self.read((None, InputStream::Stdin), &xml);
                    all.push(Did::Shell(messages.into_iter().map(|(kind, _)| kind).collect()));
                }
                Action::CreatePipeline { id, first, rest } => {
                    let bytes = std::iter::once(first).chain(rest).flatten().collect::<Vec<u8>>();
                    let mut messages = self.read((Some(id), InputStream::Stdin), &bytes);
                    assert_eq!(messages.len(), 1);
                    let (kind, value) = messages.remove(0);
                    all.push(Did::Command(id, kind, value));
                }
                Action::Send { pipeline, stream, data } => {
                    let messages = self.read((pipeline, stream), &data);
                    all.extend(messages.into_iter().map(|(kind, value)| Did::Sent(pipeline, stream, kind, value)));
                }
                Action::Stop { id } => all.push(Did::Stop(id)),
                Action::Terminate { id } => all.push(Did::Terminate(id)),
            }
        }
        all
    }

    pub(crate) fn read(
        &mut self,
        stream: (Option<PipelineId>, InputStream),
        mut bytes: &[u8],
    ) -> Vec<(MessageType, Value)> {
        let joiner = self.joiners.entry(stream).or_default();
        let mut messages = Vec::new();
        while let Some(Received::Object { data, .. }) = joiner.next(&mut bytes).unwrap() {
            let message = Message::parse(&data).unwrap();
            assert_eq!(message.destination, Destination::Server);
            assert_eq!(message.pool, POOL.0);
            assert_eq!(message.pipeline, stream.0.map_or(Uuid::nil(), |id| id.0));
            messages.push((message.kind, message.value(&Limits::default()).unwrap()));
        }
        messages
    }
}

pub(crate) fn capability(version: &str) -> String {
    format!(
        r#"<Obj RefId="0"><MS><Version N="protocolversion">{version}</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>"#
    )
}

pub(crate) fn state_of_pool(number: i32) -> String {
    format!(r#"<Obj RefId="0"><MS><I32 N="RunspaceState">{number}</I32></MS></Obj>"#)
}

pub(crate) fn state_of_pipeline(number: i32) -> String {
    format!(r#"<Obj RefId="0"><MS><I32 N="PipelineState">{number}</I32></MS></Obj>"#)
}

pub(crate) fn host_call(call: i64, method: i32, parameters: &str) -> String {
    format!(
        r#"<Obj RefId="0"><MS><I64 N="ci">{call}</I64><Obj N="mi" RefId="1"><I32>{method}</I32></Obj><Obj N="mp" RefId="2"><LST>{parameters}</LST></Obj></MS></Obj>"#
    )
}
