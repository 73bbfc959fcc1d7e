//! The practice PEP: its stamp, its account, its shells.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use clixml::Value;
use psrp::PipelineId;
use spnego::{Secret, ServerOptions};
use wsman::server::ServerFault;

use crate::connection::Connection;
use crate::shell::Shell;
use crate::world::World;
use crate::{PracticeClock, Scenario, play};

/// The stamp's information, as the real cmdlet would give it.
const STAMP: &str = include_str!("../data/stamp.json");

/// What a practice PEP is started with.
#[derive(Debug, Clone)]
pub struct PracticeOptions {
    /// What its commands do.
    pub scenario: Scenario,
    /// How many times as fast as real time it runs.
    pub speed: f64,
    /// Which of the three instances it is, 1 to 3.
    pub instance: u8,
}

/// The stamp that the shells of one practice PEP share.
pub(crate) struct Stamp {
    pub(crate) clock: PracticeClock,
    pub(crate) computer: String,
    pub(crate) world: World,
    scenario: RwLock<Arc<Scenario>>,
    closed: AtomicUsize,
}

/// A privileged endpoint that exists only in this process.
#[derive(Clone)]
pub struct PracticePep {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) stamp: Arc<Stamp>,
    password: Secret,
    pub(crate) names: ServerOptions,
    shells: Mutex<BTreeMap<String, Arc<Shell>>>,
    /// What became of the last operations, by account and id
    operations: Mutex<VecDeque<((String, String), Kept)>>,
    keeps_answers: AtomicBool,
}

/// What became of an operation.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    Done,
    Refused(ServerFault),
}

/// So many operations are remembered.
const MOST_KEPT: usize = 256;

impl PracticePep {
    /// The account that may sign in.
    pub const ACCOUNT: &'static str = r"PRACTICE\CloudAdmin";

    /// A practice PEP with a password of its own, new at every start.
    #[must_use]
    pub fn new(options: PracticeOptions) -> Self {
        Self::in_world(options, World::Real)
    }

    /// A practice PEP whose every byte follows from a seed and from what it is asked, for simulations on the clock of the
    /// runtime. Whoever knows the seed knows its password.
    #[must_use]
    pub fn seeded(options: PracticeOptions, seed: u64) -> Self {
        Self::in_world(options, World::seeded(seed))
    }

    fn in_world(options: PracticeOptions, world: World) -> Self {
        let number = options.instance.clamp(1, 3);
        let computer = format!("PRAC-ERCS0{number}");
        let names = ServerOptions {
            netbios_computer: computer.clone(),
            netbios_domain: "PRACTICE".to_owned(),
            dns_computer: format!("{computer}.practice.internal").to_lowercase(),
            dns_domain: "practice.internal".to_owned(),
            withheld_flags: 0,
        };
        let password = Secret::from(format!("practice-{}", &world.id().simple().to_string()[..8]));
        let stamp = Stamp {
            clock: PracticeClock::new(options.speed),
            computer,
            world,
            scenario: RwLock::new(Arc::new(options.scenario)),
            closed: AtomicUsize::new(0),
        };
        Self {
            inner: Arc::new(Inner {
                stamp: Arc::new(stamp),
                password,
                names,
                shells: Mutex::new(BTreeMap::new()),
                operations: Mutex::default(),
                keeps_answers: AtomicBool::new(true),
            }),
        }
    }

    /// The password of this start. It opens nothing but this practice PEP.
    #[must_use]
    pub fn password(&self) -> Secret {
        self.inner.password.duplicate()
    }

    /// The computer's name.
    #[must_use]
    pub fn computer(&self) -> &str {
        &self.inner.stamp.computer
    }

    /// Another scenario from now on.
    pub fn set_scenario(&self, scenario: Scenario) {
        *self.inner.stamp.scenario.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(scenario);
    }

    /// Whether a request that is marked as sent before is answered as it was. Endpoints before Windows Server 2012 do not
    /// know the mark.
    pub fn keep_answers(&self, keep: bool) {
        self.inner.keeps_answers.store(keep, Ordering::Relaxed);
    }

    /// How often a session was closed with its transcripts.
    #[must_use]
    pub fn closed_sessions(&self) -> usize {
        self.inner.stamp.closed.load(Ordering::Relaxed)
    }

    /// How many shells are open.
    #[must_use]
    pub fn open_shells(&self) -> usize {
        self.inner.shells().len()
    }

    /// The pipelines that began to run, in order; known to a seeded one only.
    #[must_use]
    pub fn begun(&self) -> Vec<PipelineId> {
        self.inner.stamp.world.begun()
    }

    /// A new connection: what a client gets that dials the endpoint.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::new(Arc::clone(&self.inner))
    }

    /// Ends all shells, as a restart of the instance would.
    pub fn end_shells(&self) {
        for (_, shell) in std::mem::take(&mut *self.inner.shells()) {
            shell.close();
        }
    }
}

impl Inner {
    pub(crate) fn keeps_answers(&self) -> bool {
        self.keeps_answers.load(Ordering::Relaxed)
    }

    /// What became of this operation, if it is remembered.
    pub(crate) fn kept(&self, key: &(String, String)) -> Option<Kept> {
        let operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        operations.iter().find(|(own, _)| own == key).map(|(_, kept)| kept.clone())
    }

    pub(crate) fn keep(&self, key: (String, String), kept: Kept) {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        operations.retain(|(own, _)| *own != key);
        if operations.len() == MOST_KEPT {
            operations.pop_front();
        }
        operations.push_back((key, kept));
    }

    pub(crate) fn shells(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Shell>>> {
        self.shells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The password of an account; nobody but the practice account has one.
    pub(crate) fn password_of(&self, domain: &str, user: &str) -> Option<Secret> {
        let known = (domain.eq_ignore_ascii_case("PRACTICE") && user.eq_ignore_ascii_case("CloudAdmin"))
            || (domain.is_empty() && user.eq_ignore_ascii_case("CloudAdmin@practice.internal"));
        known.then(|| self.password.duplicate())
    }
}

impl Stamp {
    pub(crate) fn scenario(&self) -> Arc<Scenario> {
        Arc::clone(&self.scenario.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn information(&self) -> Value {
        serde_json::from_str(STAMP).map_or(Value::Null, |stamp| play::stamp_object(&stamp))
    }

    pub(crate) fn note_closed(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}
