//! A client's pool that a hostile endpoint and a hasty operator play with, and what must hold whatever they do. The
//! fuzzer uses it too.

use std::collections::{HashMap, HashSet};

use psrp::host::HostAnswer;
use psrp::keys::{KeySource, PrivateKey};
use psrp::{
    Action, CallId, ClientPool, Command, Destination, Event, Fragmenter, KeyError, Message, MessageType, Pipeline,
    PipelineId, PoolId, PoolOptions, PoolState, SecretText, SessionKey,
};
use uuid::Uuid;

const POOL: PoolId = PoolId(Uuid::from_u128(0xA));
const SECRET: &str = "do not tell";

/// Contents that get further than noise does.
const CONTENTS: [&str; 16] = [
    "",
    "<Nil/>",
    "<S>text</S>",
    "<S>cut",
    r#"<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><Version N="protocolversion">2.0</Version></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><Version N="protocolversion">2.4</Version></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="RunspaceState">3</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="PipelineState">5</I32><Obj N="ExceptionAsErrorRecord" RefId="1"><MS><S N="FullyQualifiedErrorId">x</S></MS></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><S N="EncryptedSessionKey">AQIAABBmAAAApAAA</S></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">1</I64><I32 N="mi">11</I32><Obj N="mp" RefId="1"><LST/></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">2</I64><I32 N="mi">12</I32><Obj N="mp" RefId="1"><LST/></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">-100</I64><I32 N="mi">22</I32><Obj N="mp" RefId="1"><LST><S>text</S></LST></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><S N="InformationalRecord_Message">text</S></MS></Obj>"#,
];

/// A key that needs no time.
struct QuickKey;

impl KeySource for QuickKey {
    fn private_key(&mut self) -> Result<Box<dyn PrivateKey>, KeyError> {
        Ok(Box::new(Self))
    }
}

impl PrivateKey for QuickKey {
    fn modulus(&self) -> Result<[u8; 256], KeyError> {
        Ok([1; 256])
    }

    fn session_key(&self, ciphertext: &[u8; 256]) -> Result<SessionKey, KeyError> {
        if ciphertext.first().is_some_and(|byte| byte & 1 == 0) { Ok(SessionKey::new([7; 32])) } else { Err(KeyError) }
    }
}

/// Plays what the bytes say.
///
/// # Panics
/// When something does not hold.
pub(crate) fn play(mut script: &[u8]) {
    let options = PoolOptions { object_limit: 1 << 20, ..PoolOptions::default() };
    let mut pool = ClientPool::open(options, POOL, Box::new(QuickKey));
    let mut check = Check::default();
    let mut fragmenter = Fragmenter::default();
    if script.first().is_some_and(|byte| byte & 1 == 0) {
        // Half of the scripts begin behind the opening.
        for at in [(MessageType::SessionCapability, 4), (MessageType::RunspacePoolState, 7)] {
            let _ = pool.receive(None, &message(&mut fragmenter, None, at.0, CONTENTS[at.1].as_bytes()));
        }
    }
    while let [step, what, which, rest @ ..] = script {
        script = rest;
        let id = PipelineId(Uuid::from_u128(u128::from(which % 4)));
        let stream = (which & 4 != 0).then_some(id);
        match step % 16 {
            0 | 1 => {
                let bytes = rest.get(..usize::from(*what)).unwrap_or(rest);
                script = rest.get(bytes.len()..).unwrap_or_default();
                let _ = pool.receive(stream, bytes);
            }
            2..=6 => {
                let kind = MessageType::ALL[usize::from(*what) % MessageType::ALL.len()];
                let content = CONTENTS[usize::from(which >> 3) % CONTENTS.len()];
                let _ = pool.receive(stream, &message(&mut fragmenter, stream, kind, content.as_bytes()));
            }
            7 => {
                let _ = pool.invoke(Command::new("Get-Thing").into(), id);
            }
            8 => {
                let command = Command::new("Set-Secret").parameter("Password", SecretText::new(SECRET));
                let _ = pool.invoke(Pipeline::new(vec![command]).with_input(), id);
            }
            9 => pool.stop(id),
            10 => pool.command_done(id),
            11 => {
                let answer = if what & 1 == 0 { "text".into() } else { SecretText::new(SECRET).into() };
                let _ = pool.answer(stream, CallId(i64::from(what >> 1) % 4), HostAnswer::Value(answer));
            }
            12 => {
                let _ = pool.input(id, &"input".into());
                let _ = pool.end_input(id);
            }
            13 => pool.key_exchange_timed_out(),
            14 => match what % 4 {
                0 => pool.command_gone(id),
                1 => pool.close(),
                2 => pool.shell_closed(),
                _ => pool.request_key(),
            },
            _ => check.drain(&mut pool),
        }
    }
    check.drain(&mut pool);
    pool.shell_closed();
    check.drain(&mut pool);
    assert_eq!(check.invoked_without_end(&pool), 0, "every pipeline ends");
}

fn message(fragmenter: &mut Fragmenter, stream: Option<PipelineId>, kind: MessageType, data: &[u8]) -> Vec<u8> {
    let pipeline = stream.map_or(Uuid::nil(), |id| id.0);
    let message = Message { destination: Destination::Client, kind, pool: POOL.0, pipeline, data };
    fragmenter.fragment(&message.encode(), 64).concat()
}

#[derive(Default)]
struct Check {
    ended: HashSet<PipelineId>,
    started: HashSet<PipelineId>,
    terminated: HashMap<PipelineId, u32>,
}

impl Check {
    fn drain(&mut self, pool: &mut ClientPool) {
        let over = matches!(pool.state(), PoolState::Broken | PoolState::Closed);
        while let Some(action) = pool.poll_action() {
            assert!(!over, "{action:?} after the end of the pool");
            match action {
                Action::CreatePipeline { id, first, rest } => {
                    assert!(self.started.insert(id), "{id} is started twice");
                    for bytes in std::iter::once(&first).chain(&rest) {
                        tells_nothing(bytes);
                    }
                }
                Action::Send { data, .. } => tells_nothing(&data),
                Action::Terminate { id } => *self.terminated.entry(id).or_default() += 1,
                Action::Stop { id } => assert!(self.started.contains(&id), "{id} never started"),
                Action::CreateShell { .. } => {}
                Action::ConnectShell { .. } => panic!("nobody connects"),
            }
        }
        assert!(self.terminated.values().all(|times| *times == 1), "terminated once");
        while let Some(event) = pool.poll_event() {
            if let Event::PipelineState { pipeline, state, .. } = event
                && state.is_final()
            {
                assert!(self.ended.insert(pipeline), "{pipeline} ends twice");
            }
        }
    }

    fn invoked_without_end(&self, pool: &ClientPool) -> usize {
        let all = (0..4).map(|number| PipelineId(Uuid::from_u128(number)));
        all.filter(|id| pool.pipeline_state(*id).is_some() && !self.ended.contains(id)).count()
    }
}

fn tells_nothing(bytes: &[u8]) {
    let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for secret in [SECRET.as_bytes(), &wide] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "a secret in the clear");
    }
}
