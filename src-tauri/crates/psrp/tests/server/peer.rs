//! A client written by hand.

use std::collections::HashMap;

use clixml::{Limits, Value, Version};
use psrp::server::{ServerError, ServerEvent, ServerPool};
use psrp::{
    Defragmenter, Destination, Fragmenter, InputStream, Message, MessageType, PipelineId, PoolId, Received, SessionKey,
};
use uuid::Uuid;

pub(crate) const POOL: PoolId = PoolId(Uuid::from_u128(0xA));
pub(crate) const KEY: [u8; 32] = [9; 32];

pub(crate) fn pipeline(number: u128) -> PipelineId {
    PipelineId(Uuid::from_u128(number))
}

pub(crate) struct Peer {
    pub(crate) pool: ServerPool,
    pub(crate) id: PoolId,
    pub(crate) fragmenter: Fragmenter,
    joiners: HashMap<Option<PipelineId>, Defragmenter>,
}

impl Peer {
    pub(crate) fn new() -> Self {
        let version = Version::parse("5.1.17763.1").unwrap();
        let table = vec![
            ("PSVersion".into(), Value::Version(version)),
            ("PSRemotingProtocolVersion".into(), Value::Version(Version::parse("2.3").unwrap())),
        ];
        let pool = ServerPool::new(SessionKey::new(KEY), table);
        Self { pool, id: POOL, fragmenter: Fragmenter::default(), joiners: HashMap::new() }
    }

    /// A pool with two runspaces of which the opening is over.
    pub(crate) fn opened() -> Self {
        let mut peer = Self::new();
        peer.say(None, MessageType::SessionCapability, &capability("2.3")).unwrap();
        peer.say(None, MessageType::InitRunspacePool, INIT).unwrap();
        assert_eq!(peer.heard(None).len(), 3);
        assert_eq!(peer.events().len(), 1);
        peer
    }

    pub(crate) fn bytes(&mut self, pipeline: Option<PipelineId>, kind: MessageType, xml: &str) -> Vec<u8> {
        let message = Message {
            destination: Destination::Server,
            kind,
            pool: self.id.0,
            pipeline: pipeline.map_or(Uuid::nil(), |id| id.0),
            data: xml.as_bytes(),
        };
        self.fragmenter.fragment(&message.encode(), 32 * 1024).concat()
    }

    pub(crate) fn say(&mut self, to: Option<PipelineId>, kind: MessageType, xml: &str) -> Result<(), ServerError> {
        let bytes = self.bytes(to, kind, xml);
        self.pool.receive(to, InputStream::Stdin, &bytes)
    }

    /// Starts a pipeline of one command.
    pub(crate) fn start(&mut self, id: PipelineId) {
        self.say(Some(id), MessageType::CreatePipeline, &create_pipeline("Get-Thing")).unwrap();
        assert!(matches!(self.events().as_slice(), [ServerEvent::Pipeline { .. }]));
    }

    pub(crate) fn events(&mut self) -> Vec<ServerEvent> {
        std::iter::from_fn(|| self.pool.poll_event()).collect()
    }

    /// The messages that wait for Receives of this stream, and what must hold for every one.
    pub(crate) fn heard(&mut self, stream: Option<PipelineId>) -> Vec<(MessageType, Value)> {
        let joiner = self.joiners.entry(stream).or_default();
        let mut messages = Vec::new();
        for fragment in self.pool.take(stream, usize::MAX) {
            assert!(fragment.len() <= 32 * 1024, "a fragment of {} bytes", fragment.len());
            let mut bytes = fragment.as_slice();
            while let Some(received) = joiner.next(&mut bytes).unwrap() {
                let Received::Object { data, .. } = received else { panic!("a hole") };
                let message = Message::parse(&data).unwrap();
                assert_eq!(message.destination, Destination::Client);
                assert!(message.pool == self.id.0 || (message.kind.may_omit_pool() && message.pool.is_nil()));
                assert_eq!(message.pipeline, stream.map_or(Uuid::nil(), |id| id.0));
                messages.push((message.kind, message.value(&Limits::default()).unwrap()));
            }
        }
        assert!(joiner.is_idle(), "whole fragments");
        messages
    }
}

pub(crate) const INIT: &str =
    r#"<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">2</I32></MS></Obj>"#;

pub(crate) fn capability(version: &str) -> String {
    format!(
        r#"<Obj RefId="0"><MS><Version N="protocolversion">{version}</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>"#
    )
}

pub(crate) fn create_pipeline(command: &str) -> String {
    format!(
        r#"<Obj RefId="0"><MS><B N="NoInput">true</B><Obj N="PowerShell" RefId="1"><MS><Obj N="Cmds" RefId="2"><LST><Obj RefId="3"><MS><S N="Cmd">{command}</S><B N="IsScript">false</B></MS></Obj></LST></Obj></MS></Obj></MS></Obj>"#
    )
}
