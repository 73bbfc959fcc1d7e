//! A server's pool that a hostile client and hasty commands play with, and what must hold whatever they do. The fuzzer
//! uses it too.

use std::collections::{HashMap, HashSet};

use clixml::{Limits, SecureString, Value};
use psrp::host::HostMethod;
use psrp::server::{ServerEvent, ServerPool};
use psrp::{
    Defragmenter, Destination, Fragmenter, InputStream, Message, MessageType, PipelineId, PipelineState, PoolId,
    PoolState, Received, RecordStream, SecretText, SessionKey,
};
use uuid::Uuid;

const POOL: PoolId = PoolId(Uuid::from_u128(0xA));

/// Contents that get further than noise does.
const CONTENTS: [&str; 14] = [
    "",
    "<S>text</S>",
    "<S>cut",
    r#"<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><Version N="protocolversion">3.0</Version></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">2</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="MinRunspaces">-5</I32><I32 N="MaxRunspaces">2147483647</I32><I64 N="ci">1</I64></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">1</I64><I32 N="mi">11</I32><S N="mr">text</S></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">-100</I64><I32 N="mi">99</I32><S N="me">no</S></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><S N="PublicKey">BgIAAACkAABSU0ExAAgAAAEAAQA=</S></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><Obj N="PowerShell" RefId="1"><MS><Obj N="Cmds" RefId="2"><LST><Obj RefId="3"><MS><S N="Cmd">a</S><Obj N="Args" RefId="4"><LST><Obj RefId="5"><MS><S N="N">-x:</S><Nil N="V"/></MS></Obj><Obj RefId="6"><MS><Nil N="N"/><I32 N="V">1</I32></MS></Obj></LST></Obj></MS></Obj></LST></Obj></MS></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><Obj N="PowerShell" RefId="1"><MS><Obj N="ExtraCmds" RefId="2"><LST><Nil/><Obj RefId="3"/></LST></Obj></MS></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><Obj N="Name" RefId="1"><LST><S>*</S><Nil/></LST></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><Obj N="HostInfo" RefId="1"><MS><B N="_isHostNull">false</B></MS></Obj></MS></Obj>"#,
];

/// Plays what the bytes say.
///
/// # Panics
/// When something does not hold.
pub(crate) fn play(mut script: &[u8]) {
    let mut pool = ServerPool::new(SessionKey::new([7; 32]), vec![("PSVersion".into(), "5.1".into())]);
    let mut fragmenter = Fragmenter::default();
    let mut check = Check::default();
    if script.first().is_some_and(|byte| byte & 1 == 0) {
        // Half of the scripts begin behind the opening.
        for (kind, content) in [(MessageType::SessionCapability, 3), (MessageType::InitRunspacePool, 5)] {
            let bytes = message(&mut fragmenter, None, kind, CONTENTS[content].as_bytes());
            assert_eq!(pool.receive(None, InputStream::Stdin, &bytes), Ok(()));
        }
    }
    while let [step, what, which, rest @ ..] = script {
        script = rest;
        let id = PipelineId(Uuid::from_u128(u128::from(which % 4)));
        let stream = (which & 4 != 0).then_some(id);
        let input = if what & 1 == 0 { InputStream::Stdin } else { InputStream::Pr };
        match step % 16 {
            0 => {
                let bytes = rest.get(..usize::from(*what)).unwrap_or(rest);
                script = rest.get(bytes.len()..).unwrap_or_default();
                let _ = pool.receive(stream, input, bytes);
            }
            1..=7 => {
                let kind = MessageType::ALL[usize::from(*what) % MessageType::ALL.len()];
                let content = CONTENTS[usize::from(which >> 3) % CONTENTS.len()];
                let _ = pool.receive(stream, input, &message(&mut fragmenter, stream, kind, content.as_bytes()));
            }
            8 => {
                let content = CONTENTS[10].as_bytes();
                let bytes = message(&mut fragmenter, Some(id), MessageType::CreatePipeline, content);
                let _ = pool.receive(Some(id), InputStream::Stdin, &bytes);
            }
            9 => {
                // Few are longer than one fragment: long ones cost much and show little more.
                let length = usize::from(*what) * if which >> 5 == 0 { 300 } else { 10 };
                pool.record(id, RecordStream::Output, &"x".repeat(length).into());
            }
            10 => {
                pool.host_call(stream, HostMethod(i32::from(*what)), vec!["x".into()]);
            }
            11 => pool.finish(id, if what & 1 == 0 { PipelineState::Completed } else { PipelineState::Running }, None),
            12 => {
                pool.forget(id);
                check.forgotten(id);
            }
            13 => {
                let _ = pool.decrypt(&SecureString(vec![*what; usize::from(*which)]));
                let _ = pool.encrypt(&SecretText::new("text"));
            }
            14 => {
                let mut fragmenter = Fragmenter::default();
                let mut bytes = message(&mut fragmenter, None, MessageType::SessionCapability, CONTENTS[3].as_bytes());
                bytes.extend(message(&mut fragmenter, None, MessageType::ConnectRunspacePool, b"<S></S>"));
                let _ = pool.receive_connect(&bytes);
            }
            _ => check.take(&mut pool, stream, usize::from(*what) << 8),
        }
        check.events(&mut pool);
    }
    for stream in (0..4).map(|number| Some(PipelineId(Uuid::from_u128(number)))).chain([None]) {
        check.take(&mut pool, stream, usize::MAX);
        assert!(!pool.has_data(stream) && pool.waiting(stream) == 0);
    }
}

fn message(fragmenter: &mut Fragmenter, stream: Option<PipelineId>, kind: MessageType, data: &[u8]) -> Vec<u8> {
    let pipeline = stream.map_or(Uuid::nil(), |id| id.0);
    let message = Message { destination: Destination::Server, kind, pool: POOL.0, pipeline, data };
    fragmenter.fragment(&message.encode(), 64).concat()
}

#[derive(Default)]
struct Check {
    joiners: HashMap<Option<PipelineId>, Defragmenter>,
    started: HashSet<PipelineId>,
    ended: HashSet<PipelineId>,
    opened: bool,
}

impl Check {
    /// What a Receive gets is what a client can read.
    fn take(&mut self, pool: &mut ServerPool, stream: Option<PipelineId>, most: usize) {
        let waiting = pool.waiting(stream);
        let fragments = pool.take(stream, most);
        let size: usize = fragments.iter().map(Vec::len).sum();
        assert_eq!(waiting - size, pool.waiting(stream));
        assert!(size <= most || fragments.len() == 1);
        assert_eq!(fragments.is_empty(), waiting == 0);
        let joiner = self.joiners.entry(stream).or_default();
        for fragment in fragments {
            let mut bytes = fragment.as_slice();
            while let Some(received) = joiner.next(&mut bytes).expect("fragments in order") {
                let Received::Object { data, .. } = received else { panic!("a hole") };
                let message = Message::parse(&data).expect("a message");
                assert_eq!(message.destination, Destination::Client);
                assert_eq!(message.pipeline, stream.map_or(Uuid::nil(), |id| id.0));
                let value = message.value(&Limits::default()).expect("a value");
                let Some(id) = stream else { continue };
                assert!(!self.ended.contains(&id), "{:?} follows the final state", message.kind);
                let state = value.get("PipelineState").and_then(Value::as_i32);
                if message.kind == MessageType::PipelineState && state == Some(4) {
                    self.ended.insert(id);
                }
            }
        }
    }

    fn events(&mut self, pool: &mut ServerPool) {
        while let Some(event) = pool.poll_event() {
            match event {
                ServerEvent::Opened { .. } => {
                    assert!(!self.opened, "opened twice");
                    assert_eq!(pool.state(), PoolState::Opened);
                    self.opened = true;
                }
                ServerEvent::Pipeline { id, .. } | ServerEvent::Metadata { id, .. } => {
                    assert!(self.started.insert(id), "{id} is started twice");
                }
                _ => {}
            }
        }
    }

    fn forgotten(&mut self, id: PipelineId) {
        self.started.remove(&id);
        self.ended.remove(&id);
        self.joiners.remove(&Some(id));
    }
}
