//! One function per command of the page, without Tauri: the shell and the tests' bridge only carry messages.

#![allow(clippy::unused_async, reason = "a shell awaits every page command alike")]

mod by_name;
mod convert;
mod dispatch;
mod find;
mod forget;
mod guarded;
pub mod host;
mod practice_link;
mod probes;
mod profiles;
mod quit;
mod records;
mod resource_manager;
mod runs;
mod sessions;
mod shown;
mod stamps;

pub use dispatch::{COMMANDS, dispatch};

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::{AppSnapshot, CloseStage, ConnectStage, ProbeUpdate, RunBatch, SessionSnapshot};
use pep::policy::Policy;
use pep::session::PepSession;
use tokio::sync::{Notify, mpsc, watch};

use host::Host;
use practice_link::PracticeLink;
use profiles::Profiles;

/// What the page is told without having asked.
#[derive(Debug, Clone)]
pub enum AppEvent {
    /// How far the check of an instance is.
    Probe(ProbeUpdate),
    /// A file was given while the app runs: its number among the file arguments.
    File(usize),
    /// How far connecting is.
    ConnectStage(ConnectStage),
    /// How far closing is.
    CloseStage(CloseStage),
    /// The session changed.
    Session(Box<SessionSnapshot>),
    /// A run gave something.
    Run(Box<RunBatch>),
}

impl AppEvent {
    /// The event's name on the page.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Probe(_) => "probe",
            Self::File(_) => "file",
            Self::ConnectStage(_) => "connect-stage",
            Self::CloseStage(_) => "close-stage",
            Self::Session(_) => "session",
            Self::Run(_) => "run",
        }
    }

    /// The event's content.
    ///
    /// # Errors
    /// Never in practice: everything in it can be written as JSON.
    pub fn payload(&self) -> Result<serde_json::Value, serde_json::Error> {
        match self {
            Self::Probe(update) => serde_json::to_value(update),
            Self::File(index) => serde_json::to_value(index),
            Self::ConnectStage(stage) => serde_json::to_value(stage),
            Self::CloseStage(stage) => serde_json::to_value(stage),
            Self::Session(session) => serde_json::to_value(session),
            Self::Run(batch) => serde_json::to_value(batch),
        }
    }
}

/// The app.
pub struct App {
    host: Arc<dyn Host>,
    events: mpsc::UnboundedSender<AppEvent>,
    practice: PracticeLink,
    policy: Policy,
    files: Mutex<Vec<PathBuf>>,
    cancel: Notify,
    /// What a stamp tells of itself is kept once, whoever looks first.
    learning: tokio::sync::Mutex<()>,
    /// Changes when nobody waits for the checks of addresses any more.
    probes: watch::Sender<()>,
    /// Changes when nobody waits for the Resource Manager any more.
    arm_stops: watch::Sender<()>,
    inner: Mutex<Inner>,
}

struct Inner {
    profiles: Profiles,
    session: Option<Arc<PepSession>>,
    /// Records that were checked since the start, with the first altered line.
    checked: HashMap<String, Option<u64>>,
    /// Batches of each attached run that the page has not acknowledged.
    open_batches: HashMap<String, Arc<runs::Credit>>,
    /// The guarded command that waits for its confirmation.
    ticket: Option<guarded::Ticket>,
    /// A computer that a person has just decided to trust. It becomes a pin when it has proved itself (S-07).
    trusted: Option<pep::pins::Pin>,
    /// The sign-in to the Resource Manager that waits for somebody, and its page.
    arm: Option<resource_manager::Pending>,
    arm_page: Option<String>,
    /// The certificate that was refused last.
    offer: Option<resource_manager::Offer>,
    /// Stamp and address of those that offered Negotiate when they were last looked at.
    negotiates: HashSet<(String, String)>,
    /// Who a person was last asked about.
    asked: Option<sessions::Asked>,
    /// What stamps told of themselves in runs, and what that was to the known ones.
    learnt: HashMap<psrp::PipelineId, Option<contract::StampRelation>>,
    /// Why an instance could not be signed in to by its name last, with stamp and address.
    no_kerberos: Option<(String, String, pep::Fault)>,
}

impl App {
    /// The app on these surroundings; what the page is told goes to `events`.
    #[must_use]
    pub fn new(
        host: Arc<dyn Host>,
        events: mpsc::UnboundedSender<AppEvent>,
        file_arguments: Vec<PathBuf>,
    ) -> Arc<Self> {
        let profiles = Profiles::load(&host.data_folder());
        let policy = Policy::of_this_computer(&host.policy_files());
        Arc::new(Self {
            host,
            events,
            practice: PracticeLink::new(),
            policy,
            files: Mutex::new(file_arguments),
            cancel: Notify::new(),
            learning: tokio::sync::Mutex::new(()),
            probes: watch::Sender::new(()),
            arm_stops: watch::Sender::new(()),
            inner: Mutex::new(Inner {
                profiles,
                session: None,
                checked: HashMap::new(),
                open_batches: HashMap::new(),
                ticket: None,
                trusted: None,
                arm: None,
                arm_page: None,
                offer: None,
                negotiates: HashSet::new(),
                asked: None,
                learnt: HashMap::new(),
                no_kerberos: None,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: AppEvent) {
        // Without a page there is nobody to tell.
        let _ = self.events.send(event);
    }

    fn files(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file was dropped on the window, or opened with the app while it runs: the page is told its number.
    pub fn file_given(&self, path: PathBuf) {
        let mut files = self.files();
        files.push(path);
        self.tell(AppEvent::File(files.len() - 1));
    }

    fn session(&self) -> Option<Arc<PepSession>> {
        self.lock().session.clone()
    }

    /// Whether a session is open, so that closing the window must ask.
    #[must_use]
    pub fn has_open_session(&self) -> bool {
        self.session().is_some()
    }

    /// Takes note that the page has drawn its first screen.
    pub async fn app_painted(&self) -> Result<(), contract::Fault> {
        self.host.painted();
        Ok(())
    }

    /// Everything that the page begins with.
    pub async fn app_snapshot(&self) -> Result<AppSnapshot, contract::Fault> {
        let secrets = self.host.secrets();
        let status = tokio::task::spawn_blocking(move || {
            (secrets.name(), secrets.status().err().map(|error| convert::keyring_problem(&error)))
        });
        let (keyring_name, keyring_problem) = status.await.unwrap_or(("the key ring", None));
        let session = self.session();
        let (records_fault, unfinished) = self.look_at_records().await;
        Ok(AppSnapshot {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            keyring_name: keyring_name.to_owned(),
            keyring_problem,
            stamps: self.stamps(),
            practice: self.practice.describe(),
            unfinished,
            catalogue: convert::catalogue(session.as_ref().map(|session| session.commands.as_slice())),
            session: session.map(|session| convert::session(&session)),
            file_arguments: self.files().len(),
            records_fault,
            policy: convert::policy(&self.policy),
        })
    }

    /// The folder of what is kept of a stamp's sessions: practice has one of its own (S-24).
    fn folder_of(&self, stamp_id: &str) -> PathBuf {
        let folder = self.host.data_folder();
        if stamp_id == practice_link::STAMP { folder.join("practice") } else { folder }
    }

    /// The folder of a stamp's records.
    fn records_folder(&self, stamp_id: &str) -> PathBuf {
        self.folder_of(stamp_id).join("records")
    }

    /// The folders of all records.
    fn records_folders(&self) -> [PathBuf; 2] {
        [self.records_folder(""), self.records_folder(practice_link::STAMP)]
    }

    /// Another practice scenario and speed from now on.
    pub async fn practice_scenario(&self, name: String, speed: f64) -> Result<(), contract::Fault> {
        self.practice
            .set(&name, speed)
            .map_err(|error| convert::fault(&pep::Fault::new(pep::fault::code::INTERNAL).detail(error)))
    }
}
