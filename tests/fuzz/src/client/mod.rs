//! The whole client against an endpoint that says anything: what the bytes say happens to each answer on its way (`line.rs`)
//! and to the person who uses the session (here). Behind the answers that are left alone is the practice PEP, so that the
//! client gets as far as it can get.
//!
//! What must hold: no panic, an end to everything, exactly one final state of every run, nothing after the end of a session,
//! and no command that is carried out twice.

mod line;
mod open_security;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use practice::{PracticeOptions, PracticePep, Scenario};
use psrp::host::HostAnswer;
use psrp::keys::{KeySource, PrivateKey, RsaKeySource};
use psrp::{CallId, Command, Event, KeyError, PipelineId, SessionKey};
use tokio::time::timeout;
use winrm::{
    Credentials, EventStream, NoIntents, NoRandomness, OpenOptions, RandomSource, SessionEvent, SessionHandle,
    SessionState, SignIn,
};

use line::Crossing;

/// What the bytes still have to say. All that reads them takes its turn.
#[derive(Clone)]
pub(crate) struct Script(Arc<Mutex<VecDeque<u8>>>);

impl Script {
    fn new(data: &[u8]) -> Self {
        Self(Arc::new(Mutex::new(data.iter().copied().collect())))
    }

    /// The next byte; zero when there are no more.
    pub(crate) fn byte(&self) -> u8 {
        self.0.lock().expect("nobody panics with it").pop_front().unwrap_or(0)
    }

    pub(crate) fn number(&self) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()]))
    }

    /// As many of the next bytes as there are.
    pub(crate) fn bytes(&self, count: usize) -> Vec<u8> {
        let mut bytes = self.0.lock().expect("nobody panics with it");
        let count = count.min(bytes.len());
        bytes.drain(..count).collect()
    }
}

/// Ids that are no secret.
struct Counting(Mutex<u64>);

impl RandomSource for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        let mut number = self.0.lock().expect("nobody panics with it");
        for part in bytes.chunks_mut(8) {
            *number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
            part.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

/// One key for all exchanges: making one takes longer than all else that an input does.
struct OneKey;

static KEY: LazyLock<Mutex<Box<dyn PrivateKey>>> =
    LazyLock::new(|| Mutex::new(RsaKeySource.private_key().expect("a key")));

impl KeySource for OneKey {
    fn private_key(&mut self) -> Result<Box<dyn PrivateKey>, KeyError> {
        Ok(Box::new(Self))
    }
}

impl PrivateKey for OneKey {
    fn modulus(&self) -> Result<[u8; 256], KeyError> {
        KEY.lock().expect("nobody panics with it").modulus()
    }

    fn session_key(&self, ciphertext: &[u8; 256]) -> Result<SessionKey, KeyError> {
        KEY.lock().expect("nobody panics with it").session_key(ciphertext)
    }
}

static SCENARIO: LazyLock<Scenario> = LazyLock::new(|| Scenario::built_in("healthy").expect("it is built in"));

const COMMANDS: [&str; 3] = ["Get-ActionStatus", "Test-AzureStack", "Get-SupportSessionToken"];

/// One input.
pub fn run(data: &[u8]) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let week = Duration::from_secs(7 * 24 * 3600);
        timeout(week, session(data)).await.expect("everything has an end");
    });
}

async fn session(data: &[u8]) {
    let script = Script::new(data);
    let pep = PracticePep::seeded(PracticeOptions { scenario: SCENARIO.clone(), speed: 1000.0, instance: 1 }, 1);
    // With the real sign-in only what is not sealed can be changed; without it, everything.
    let sealed = script.byte() & 7 == 7;
    let mut sign_in = SignIn::new(Credentials::new(PracticePep::ACCOUNT, pep.password()), |_: &_| Ok(()));
    if !sealed {
        sign_in = sign_in.through(open_security::context);
    }
    let options = OpenOptions {
        random: Arc::new(Counting(Mutex::new(1))),
        keys: Arc::new(|| Box::new(OneKey)),
        ..OpenOptions::default()
    };
    let crossing = Arc::new(Crossing::new(pep.clone(), script.clone(), sealed));
    if let Ok((handle, mut events)) = winrm::open(crossing, sign_in, options, Arc::new(NoIntents)).await {
        let mut check = Check::default();
        use_it(&script, &handle, &mut events, &mut check).await;
        let _ = handle.close().await;
        while let Some(event) = events.next().await {
            check.take(&event);
        }
        assert!(check.over, "the end of a session is told");
        for (id, ends) in &check.runs {
            assert_eq!(*ends, 1, "{id:?} has {ends} final states");
        }
    }
    let mut begun = pep.begun();
    begun.sort_unstable();
    let all = begun.len();
    begun.dedup();
    assert_eq!(begun.len(), all, "a command was carried out twice");
}

/// What a person does, as the bytes say.
async fn use_it(script: &Script, handle: &SessionHandle, events: &mut EventStream, check: &mut Check) {
    for _ in 0..10 {
        let what = script.byte();
        let some = |runs: &BTreeMap<PipelineId, u32>| runs.keys().nth(usize::from(what >> 4) % 4).copied();
        match what & 0xf {
            0..=3 => {
                let command = Command::new(COMMANDS[usize::from(what >> 4) % COMMANDS.len()]);
                if let Ok(id) = handle.invoke(command.into()).await {
                    check.runs.insert(id, 0);
                }
            }
            4 => {
                if let Some(id) = some(&check.runs) {
                    let _ = handle.stop(id).await;
                }
            }
            5 => drop(handle.disconnect(None).await),
            6 => drop(handle.reconnect().await),
            7 => {
                if let Some((pipeline, call)) = check.question.take() {
                    let _ = handle.answer(pipeline, call, HostAnswer::Value("text".into())).await;
                }
            }
            8 => drop(handle.request_key().await),
            9 => return,
            _ => {
                let mut left = 200;
                while left > 0
                    && let Ok(Some(event)) = timeout(Duration::from_secs(90), events.next()).await
                {
                    check.take(&event);
                    left -= 1;
                    if check.over {
                        return;
                    }
                }
            }
        }
    }
}

#[derive(Default)]
struct Check {
    /// How many final states each run has
    runs: BTreeMap<PipelineId, u32>,
    question: Option<(Option<PipelineId>, CallId)>,
    over: bool,
}

impl Check {
    fn take(&mut self, event: &SessionEvent) {
        assert!(!self.over, "{event:?} after the end");
        match event {
            SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if state.is_final() => {
                *self.runs.entry(*pipeline).or_default() += 1;
            }
            SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) => {
                self.question = Some((*pipeline, call.id));
            }
            SessionEvent::State(SessionState::Closed | SessionState::Lost(_)) => self.over = true,
            _ => {}
        }
    }
}
