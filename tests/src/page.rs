//! What the page does, without a page: the app's commands by name, the events that it hears, and surroundings that are
//! nothing but the trait.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::host::{Host, SecretStore, StoreError};
use app::{App, AppEvent, dispatch};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use spnego::Secret;
use tokio::sync::mpsc;

use crate::fault_words;
use crate::peer::PASSWORD;

/// The peer's account. Its NTLM names itself after this computer, so the domain is not written before the name, where the
/// app would compare the two (S-06).
pub const ACCOUNT: &str = "cloudadmin@AZURESTACK";

/// How long an event may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A key ring in memory.
#[derive(Default)]
pub struct Memory(pub Mutex<HashMap<String, String>>);

impl SecretStore for Memory {
    fn name(&self) -> &'static str {
        "the test's memory"
    }
    fn status(&self) -> Result<(), StoreError> {
        Ok(())
    }
    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
        Ok(self.0.lock().expect("not poisoned").get(entry).cloned().map(Secret::from))
    }
    fn save(&self, entry: &str, secret: &Secret) -> Result<(), StoreError> {
        self.0.lock().expect("not poisoned").insert(entry.to_owned(), secret.expose().to_owned());
        Ok(())
    }
    fn forget(&self, entry: &str) -> Result<(), StoreError> {
        self.0.lock().expect("not poisoned").remove(entry);
        Ok(())
    }
}

/// What a person and the system would do.
#[derive(Default)]
pub struct Surroundings {
    /// The file that is chosen in the system's dialogs.
    pub file: Option<PathBuf>,
    /// Whether the system's question is answered with No.
    pub says_no: bool,
    /// What the system asked.
    pub asked: Vec<String>,
    /// The addresses that the browser was to open.
    pub opened: Vec<String>,
}

struct TestHost {
    surroundings: Arc<Mutex<Surroundings>>,
    folder: PathBuf,
    secrets: Arc<Memory>,
    storage: Arc<dyn record::Storage>,
    quits: Arc<Mutex<usize>>,
}

impl Host for TestHost {
    fn data_folder(&self) -> PathBuf {
        self.folder.clone()
    }
    fn policy_files(&self) -> Vec<PathBuf> {
        vec![self.folder.join("policy.json")]
    }
    fn record_storage(&self) -> Arc<dyn record::Storage> {
        Arc::clone(&self.storage)
    }
    fn secrets(&self) -> Arc<dyn SecretStore> {
        self.secrets.clone()
    }
    fn pick_file(&self) -> BoxFuture<'static, Option<PathBuf>> {
        Box::pin(std::future::ready(self.surroundings.lock().expect("not poisoned").file.clone()))
    }
    fn pick_save(&self, _name: String) -> BoxFuture<'static, Option<PathBuf>> {
        self.pick_file()
    }
    fn open_url(&self, url: &str) -> std::io::Result<()> {
        self.surroundings.lock().expect("not poisoned").opened.push(url.to_owned());
        Ok(())
    }
    fn confirm(&self, _title: String, question: String) -> BoxFuture<'static, bool> {
        let mut surroundings = self.surroundings.lock().expect("not poisoned");
        surroundings.asked.push(question);
        Box::pin(std::future::ready(!surroundings.says_no))
    }
    fn painted(&self) {}
    fn quit(&self) {
        *self.quits.lock().expect("not poisoned") += 1;
    }
}

/// A page and the app behind it.
pub struct Page {
    /// The app.
    pub app: Arc<App>,
    /// Its key ring.
    pub secrets: Arc<Memory>,
    /// What a person and the system do.
    pub surroundings: Arc<Mutex<Surroundings>>,
    /// Its data folder.
    pub folder: Arc<tempfile::TempDir>,
    /// Every answer and event that reached the page, as text.
    pub heard: Vec<String>,
    events: mpsc::UnboundedReceiver<AppEvent>,
    quits: Arc<Mutex<usize>>,
}

impl Page {
    /// The app with an empty data folder.
    pub fn open() -> Self {
        Self::on(Arc::new(tempfile::tempdir().expect("a folder")), Arc::new(record::Disk))
    }

    /// The app with this data folder and this disk: another start of the app, where the folder was used before.
    pub fn on(folder: Arc<tempfile::TempDir>, storage: Arc<dyn record::Storage>) -> Self {
        let (secrets, quits) = (Arc::new(Memory::default()), Arc::default());
        let surroundings = Arc::new(Mutex::new(Surroundings::default()));
        let host = TestHost {
            surroundings: Arc::clone(&surroundings),
            folder: folder.path().to_owned(),
            secrets: Arc::clone(&secrets),
            storage,
            quits: Arc::clone(&quits),
        };
        let (tell, events) = mpsc::unbounded_channel();
        let app = App::new(Arc::new(host), tell, Vec::new());
        Self { app, secrets, surroundings, folder, heard: Vec::new(), events, quits }
    }

    /// Calls a command; a fault is an `Err`.
    pub async fn call(&mut self, name: &str, arguments: Value) -> Result<Value, Value> {
        let called = dispatch(&self.app, name, arguments).await;
        let called = called.map_err(|fault| serde_json::to_value(fault).expect("faults are JSON"));
        let told = called.as_ref().unwrap_or_else(|fault| fault);
        fault_words::assert_whole(told);
        self.heard.push(told.to_string());
        called
    }

    /// Calls a command that must not fail.
    pub async fn ask(&mut self, name: &str, arguments: Value) -> Value {
        self.call(name, arguments).await.unwrap_or_else(|fault| panic!("{name}: {fault}"))
    }

    /// The next event of this name that fits.
    pub async fn event(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let waiting = async {
            loop {
                let event = self.events.recv().await.expect("the events go on");
                let payload = event.payload().expect("events are JSON");
                fault_words::assert_whole(&payload);
                self.heard.push(payload.to_string());
                if event.name() == name && fits(&payload) {
                    return payload;
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("no event {name} that fits"))
    }

    /// Keeps the stamp of typed addresses; answers its id and its first address.
    pub async fn stamp(&mut self, endpoint: &str) -> (Value, Value) {
        let read = self.ask("stamp_import", json!({ "import": { "kind": "typed", "text": endpoint } })).await;
        assert_eq!(read["kind"], "read", "{read}");
        let stamp = read["found"]["stamp"].clone();
        let kept = self.ask("stamp_keep", json!({ "stamp": stamp, "forgetFormer": false })).await;
        (kept["stamp"]["id"].clone(), kept["stamp"]["addresses"][0].clone())
    }

    /// Signs in at an endpoint with the account of the peer, trusting it at first use. Answers what became of it.
    pub async fn connect(&mut self, endpoint: &str, password: &str) -> Value {
        self.connect_as(endpoint, ACCOUNT, password, false).await
    }

    /// The same with another account, and with the password kept or not.
    pub async fn connect_as(&mut self, endpoint: &str, account: &str, password: &str, remember: bool) -> Value {
        let with = json!({ "account": account, "password": password, "remember": remember });
        self.sign_in(endpoint, with).await
    }

    /// Signs in to take over the session of this record.
    pub async fn take_over(&mut self, endpoint: &str, record_id: &Value) -> Value {
        let with = json!({ "account": ACCOUNT, "password": PASSWORD, "remember": false, "recordId": record_id });
        self.sign_in(endpoint, with).await
    }

    async fn sign_in(&mut self, endpoint: &str, mut with: Value) -> Value {
        let (stamp, address) = self.stamp(endpoint).await;
        with["stampId"] = stamp.clone();
        with["address"] = address.clone();
        let sign_in = json!({ "signIn": with });
        let opened = self.ask("session_open", sign_in.clone()).await;
        if opened["kind"] != "identity" || opened["question"]["changed"] == true {
            return opened;
        }
        let trust = json!({ "stampId": stamp, "address": address, "decision": { "kind": "trust" } });
        self.ask("session_trust", trust).await;
        self.ask("session_open", sign_in).await
    }

    /// Starts a command, through the ritual where it is guarded; answers the id of its run.
    pub async fn start(&mut self, cmdlet: &str, parameters: Value) -> Result<Value, Value> {
        let run = json!({ "run": { "cmdlet": cmdlet, "parameters": parameters } });
        let mut started = self.ask("run_start", run).await;
        if started["kind"] == "needsConfirmation" {
            let confirm = json!({ "ticket": started["ticket"], "typed": started["phrase"] });
            started = self.ask("run_confirm", confirm).await;
        }
        match started["kind"].as_str() {
            Some("started") => Ok(started["runId"].clone()),
            _ => Err(started["fault"].clone()),
        }
    }

    /// Follows a run to its end: the result, and how many lines were heard.
    pub async fn follow(&mut self, id: &Value) -> (Value, u64) {
        self.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
        let mut lines = 0;
        loop {
            let wanted = id.clone();
            let batch = self.event("run", move |batch| batch["runId"] == wanted).await;
            lines += batch["items"].as_array().map_or(0, Vec::len) as u64;
            self.ask("run_ack", json!({ "runId": id, "batch": batch["batch"] })).await;
            if batch["state"]["kind"] == "ended" {
                return (batch["state"]["result"].clone(), lines);
            }
        }
    }

    /// Runs a command to its end.
    pub async fn run(&mut self, cmdlet: &str, parameters: Value) -> Value {
        let id = self.start(cmdlet, parameters).await.unwrap_or_else(|fault| panic!("{cmdlet}: {fault}"));
        self.follow(&id).await.0
    }

    /// Closes the session on a share.
    pub async fn close(&mut self, share: &str) -> Value {
        let close = json!({ "kind": "withTranscripts", "share": share, "account": r"FILES\writer", "password": "Share-Password-1!" });
        self.ask("session_close", json!({ "close": close })).await
    }

    /// The session as it is now.
    pub async fn session(&mut self) -> Value {
        self.ask("app_snapshot", json!({})).await["session"].clone()
    }

    /// How often the app was ended.
    pub fn quits(&self) -> usize {
        *self.quits.lock().expect("not poisoned")
    }

    /// The lines of the only record of a session, checked.
    pub fn record(&self) -> Vec<record::Line> {
        let records = self.records();
        assert_eq!(records.len(), 1, "{records:?}");
        checked(&records[0])
    }

    /// The lines of the record of decisions, checked.
    pub fn decisions(&self) -> Vec<record::Line> {
        checked(&self.folder.path().join("records/decisions.jsonl"))
    }

    /// The files of all records of sessions.
    pub fn records(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("records")) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("readable").path())
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                name.ends_with(".jsonl") && name.matches('.').count() == 1 && name != "decisions.jsonl"
            })
            .collect();
        paths.sort();
        paths
    }
}

fn checked(path: &std::path::Path) -> Vec<record::Line> {
    let (lines, found) = record::read(path).expect("the record can be read");
    assert_eq!((found.damage, found.damaged_files), (None, Vec::new()));
    lines
}

/// The data of the only line of this kind.
pub fn only<'a>(lines: &'a [record::Line], kind: &str) -> &'a Value {
    let found: Vec<_> = lines.iter().filter(|line| line.kind == kind).collect();
    assert_eq!(found.len(), 1, "{kind} in {lines:#?}");
    &found[0].data
}
