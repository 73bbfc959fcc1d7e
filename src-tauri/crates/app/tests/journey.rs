//! The whole journey on the practice stamp, with a host that is nothing but the trait.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::host::{Host, SecretStore, StoreError};
use app::{App, AppEvent, dispatch};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use spnego::Secret;
use tokio::sync::mpsc;

struct TestHost {
    folder: PathBuf,
    secrets: Arc<Memory>,
    /// How the operating system's question is answered.
    says_yes: Arc<AtomicBool>,
}

#[derive(Default)]
struct Memory(Mutex<std::collections::HashMap<String, String>>, Mutex<Option<StoreError>>);

impl Memory {
    fn usable(&self) -> Result<(), StoreError> {
        self.1.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

impl SecretStore for Memory {
    fn name(&self) -> &'static str {
        "the test's memory"
    }
    fn status(&self) -> Result<(), StoreError> {
        self.usable()
    }
    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
        self.usable()?;
        Ok(self.0.lock().unwrap().get(entry).cloned().map(Secret::from))
    }
    fn save(&self, entry: &str, secret: &Secret) -> Result<(), StoreError> {
        self.usable()?;
        self.0.lock().unwrap().insert(entry.to_owned(), secret.expose().to_owned());
        Ok(())
    }
    fn forget(&self, entry: &str) -> Result<(), StoreError> {
        self.0.lock().unwrap().remove(entry);
        Ok(())
    }
}

impl Host for TestHost {
    fn data_folder(&self) -> PathBuf {
        self.folder.clone()
    }
    fn secrets(&self) -> Arc<dyn SecretStore> {
        self.secrets.clone()
    }
    fn pick_file(&self) -> BoxFuture<'static, Option<PathBuf>> {
        Box::pin(std::future::ready(None))
    }
    fn pick_save(&self, _name: String) -> BoxFuture<'static, Option<PathBuf>> {
        Box::pin(std::future::ready(None))
    }
    fn open_url(&self, _url: &str) -> std::io::Result<()> {
        Ok(())
    }
    fn confirm(&self, _title: String, _question: String) -> BoxFuture<'static, bool> {
        Box::pin(std::future::ready(self.says_yes.load(Ordering::Relaxed)))
    }
    fn painted(&self) {}
    fn quit(&self) {}
}

struct Page {
    app: Arc<App>,
    events: mpsc::UnboundedReceiver<AppEvent>,
    folder: tempfile::TempDir,
    secrets: Arc<Memory>,
    says_yes: Arc<AtomicBool>,
}

impl Page {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Arc::new(Memory::default());
        let says_yes = Arc::new(AtomicBool::new(true));
        let host =
            TestHost { folder: folder.path().to_owned(), secrets: secrets.clone(), says_yes: Arc::clone(&says_yes) };
        let (tell, events) = mpsc::unbounded_channel();
        Self { app: App::new(Arc::new(host), tell, Vec::new()), events, folder, secrets, says_yes }
    }

    async fn call(&self, name: &str, arguments: Value) -> Value {
        dispatch(&self.app, name, arguments).await.unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
    }

    /// The next event of this name that fits.
    async fn event(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let waiting = async {
            while let Some(event) = self.events.recv().await {
                let payload = event.payload().unwrap();
                if event.name() == name && fits(&payload) {
                    return payload;
                }
            }
            panic!("the events end")
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("the event comes")
    }

    /// Signs in to the practice stamp, trusting it at first use.
    async fn connect(&self, remember: bool) -> Value {
        let snapshot = self.call("app_snapshot", json!({})).await;
        let stamp = &snapshot["stamps"][0];
        let address = &stamp["addresses"][0];
        let who = json!({ "stampId": stamp["id"], "address": address });
        let inspected = self.call("session_inspect", who.clone()).await;
        if inspected["kind"] == "identity" {
            assert_eq!(inspected["question"]["now"]["computer"], "PRAC-ERCS01");
            assert_eq!(inspected["question"]["domainFits"], true);
            self.call(
                "session_trust",
                json!({ "stampId": stamp["id"], "address": address, "decision": { "kind": "trust" } }),
            )
            .await;
        }
        let sign_in = json!({ "stampId": stamp["id"], "address": address, "account": snapshot["practice"]["account"],
            "password": snapshot["practice"]["password"], "remember": remember });
        self.call("session_open", json!({ "signIn": sign_in })).await
    }

    /// Runs a command to its end: all lines and the result.
    async fn run(&mut self, run: Value) -> (Vec<Value>, Value) {
        let started = self.call("run_start", json!({ "run": run })).await;
        assert_eq!(started["kind"], "started", "{started}");
        self.follow(started["runId"].clone()).await
    }

    /// Follows a run to its end: all lines and the result.
    async fn follow(&mut self, id: Value) -> (Vec<Value>, Value) {
        self.call("run_attach", json!({ "runId": id, "after": 0 })).await;
        let mut lines = Vec::new();
        loop {
            let batch = self.event("run", |batch| batch["runId"] == id).await;
            lines.extend(batch["items"].as_array().unwrap().iter().cloned());
            self.call("run_ack", json!({ "runId": id, "batch": batch["batch"] })).await;
            if let Some(prompt) = batch["prompt"].as_object() {
                let answer = match prompt["form"]["kind"].as_str() {
                    Some("choice") => json!({ "kind": "chosen", "choices": [0] }),
                    _ => json!({ "kind": "refuse" }),
                };
                // A question that was answered already is withdrawn.
                let _ = dispatch(
                    &self.app,
                    "prompt_answer",
                    json!({ "runId": id, "call": prompt["call"], "answer": answer }),
                )
                .await;
            }
            if batch["state"]["kind"] == "ended" {
                return (lines, batch["state"]["result"].clone());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn find_connect_diagnose_close() {
    let mut page = Page::open();
    page.call("practice_scenario", json!({ "name": "failing-group", "speed": 5000.0 })).await;
    let snapshot = page.call("app_snapshot", json!({})).await;
    let addresses = &snapshot["stamps"][0]["addresses"];
    page.call("endpoint_probe", json!({ "stampId": "practice", "addresses": addresses })).await;
    // In whatever order they answer.
    let (mut probed, mut rests) = (Value::Null, Value::Null);
    while probed.is_null() || rests.is_null() {
        let update = page.event("probe", |update| update["done"] == true).await;
        if update["usable"] == true { probed = update } else { rests = update }
    }
    let stages: Vec<_> = probed["stages"].as_array().unwrap().iter().map(|stage| &stage["stage"]).collect();
    assert_eq!(stages, ["name", "route", "port", "winRm", "negotiate"]);
    assert!(probed["stages"].as_array().unwrap().iter().all(|stage| stage["state"] == "done"), "{probed}");
    assert_eq!((&rests["fault"]["code"], &rests["host"]), (&json!("PEP-2104"), &json!("192.0.2.226")), "{rests}");

    let opened = page.connect(false).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    assert!(opened["session"]["checks"].as_array().unwrap().iter().all(|check| check["passed"] == true));
    assert!(opened["session"]["commands"].as_array().unwrap().iter().any(|name| name == "Test-AzureStack"));

    let run = json!({ "cmdlet": "Test-AzureStack", "parameters": {} });
    let preview = page.call("run_preview", json!({ "run": run })).await;
    assert_eq!(preview["text"], "Test-AzureStack");
    let (lines, result) = page.run(run).await;
    assert_eq!(result["outcome"], "completed");
    let verdicts = result["verdicts"].as_array().unwrap();
    let count = |word: &str| verdicts.iter().filter(|verdict| verdict["result"] == word).count();
    assert_eq!((verdicts.len(), count("fail"), count("warn")), (26, 2, 1));
    assert_eq!(lines.len() as u64, result["lines"].as_u64().unwrap());

    let (_, unknown) = page
        .run(json!({ "cmdlet": "Test-AzureStack", "parameters": { "Group": { "kind": "text", "value": "Nope" } } }))
        .await;
    assert_eq!((&unknown["outcome"], &unknown["fault"]["code"]), (&json!("failed"), &json!("PEP-7102")));

    page.call("practice_scenario", json!({ "name": "share-refused", "speed": 5000.0 })).await;
    let close = |share: &str| json!({ "close": { "kind": "withTranscripts", "share": share, "account": r"CONTOSO\writer", "password": "canary-share" } });
    let refused = page.call("session_close", close(r"\\192.0.2.50\transcripts")).await;
    assert_eq!((&refused["kind"], &refused["fault"]["code"]), (&json!("failed"), &json!("PEP-8101")), "{refused}");
    assert!(page.app.has_open_session(), "the session stays open");
    let closed = page.call("session_close", close(r"\\192.0.2.9\transcripts")).await;
    assert_eq!((&closed["kind"], &closed["summary"]["transcripts"]), (&json!("closed"), &json!(true)), "{closed}");
    let commands = closed["summary"]["commands"].as_array().unwrap();
    let facts: Vec<_> = commands.iter().map(|one| (&one["outcome"], &one["checks"], &one["checksFailed"])).collect();
    assert_eq!(facts, [(&json!("completed"), &json!(26), &json!(2)), (&json!("failed"), &json!(0), &json!(0))]);
    for stage in ["ask", "copy", "confirm", "gone"] {
        page.event("close-stage", |told| told["stage"] == stage && told["state"] == "done").await;
    }

    let record = PathBuf::from(closed["summary"]["recordPath"].as_str().unwrap());
    let verified = record::verify(&record).unwrap();
    assert!(verified.ended && verified.damage.is_none());
    assert_eq!(verified.head, closed["summary"]["headHash"].as_str().unwrap());
    // S-39 in small: no secret is in any file.
    for file in std::fs::read_dir(page.folder.path().join("practice/records")).unwrap().flatten() {
        let text = String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned();
        assert!(!text.contains("canary-share") && !text.contains(snapshot["practice"]["password"].as_str().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_tried_once_and_a_kept_one_is_used() {
    let page = Page::open();
    let opened = page.connect(true).await;
    assert_eq!(opened["kind"], "open");
    assert_eq!(page.secrets.0.lock().unwrap().len(), 1, "the password is kept as asked");
    page.call("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    let snapshot = page.call("app_snapshot", json!({})).await;
    let address = &snapshot["stamps"][0]["addresses"][0];
    let sign_in = |password: Value| json!({ "signIn": { "stampId": "practice", "address": address, "account": snapshot["practice"]["account"], "password": password, "remember": false } });
    let again = page.call("session_open", sign_in(Value::Null)).await;
    assert_eq!(again["kind"], "open", "the kept password opens: {again}");
    page.call("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    let refused = page.call("session_open", sign_in("wrong".into())).await;
    assert_eq!((&refused["kind"], &refused["fault"]["code"]), (&json!("failed"), &json!("PEP-4103")), "{refused}");
    assert_eq!(page.secrets.0.lock().unwrap().len(), 1, "a typing error is no reason to forget the kept one");
    *page.secrets.0.lock().unwrap().values_mut().next().unwrap() = "old".to_owned();
    let refused = page.call("session_open", sign_in(Value::Null)).await;
    assert_eq!(refused["fault"]["code"], "PEP-4103", "{refused}");
    assert_eq!(page.secrets.0.lock().unwrap().len(), 0, "a kept password that was refused is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_a_kept_password_is_forgotten_when_it_is_changed() {
    let mut page = Page::open();
    assert_eq!(page.connect(true).await["kind"], "open");
    for (user, kept) in [("SomebodyElse", 1), ("CloudAdmin", 0)] {
        let secret = |text: &str| json!({ "kind": "secret", "password": text });
        let parameters = json!({ "UserName": { "kind": "text", "value": user }, "CurrentPassword": secret("a"), "NewPassword": secret("b") });
        let ask = json!({ "run": { "cmdlet": "Set-CloudAdminUserPassword", "parameters": parameters } });
        let ticket = page.call("run_start", ask).await["ticket"].clone();
        let started = page.call("run_confirm", json!({ "ticket": ticket, "typed": "practice" })).await;
        assert_eq!(started["kind"], "started", "{started}");
        let result = page.follow(started["runId"].clone()).await.1;
        assert_eq!(result["outcome"], "completed", "{result}");
        // The end is told to the page and to the key ring at the same time.
        let gone = async {
            while page.secrets.0.lock().unwrap().len() != kept {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect(user);
    }
    let snapshot = page.call("app_snapshot", json!({})).await;
    page.call("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    let sign_in = json!({ "stampId": "practice", "address": snapshot["stamps"][0]["addresses"][0],
        "account": snapshot["practice"]["account"], "password": null, "remember": false });
    let asked = page.call("session_open", json!({ "signIn": sign_in })).await;
    assert_eq!(asked["fault"]["code"], "PEP-4301", "a password is asked for: {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn page_script_alone_runs_nothing_guarded_and_strange_messages_are_refused() {
    let page = Page::open();
    page.connect(false).await;
    for cmdlet in ["Stop-AzureStack", "Unlock-SupportSession", "Set-SomethingUnknown"] {
        let ask = json!({ "run": { "cmdlet": cmdlet, "parameters": {} } });
        let started = page.call("run_start", ask.clone()).await;
        assert_eq!(
            (&started["kind"], &started["phrase"]),
            (&json!("needsConfirmation"), &json!("practice")),
            "{cmdlet}"
        );
        let confirm = |ticket: &Value, typed: &str| json!({ "ticket": ticket, "typed": typed });
        // Another text, the right text on a ticket that has served, and a No of the operating system run nothing.
        let other = page.call("run_confirm", confirm(&started["ticket"], "yes")).await;
        assert_eq!(other["kind"], "notConfirmed");
        let served = page.call("run_confirm", confirm(&started["ticket"], "practice")).await;
        assert_eq!(served["kind"], "notConfirmed");
        page.says_yes.store(false, Ordering::Relaxed);
        let ticket = page.call("run_start", ask.clone()).await["ticket"].clone();
        assert_eq!(page.call("run_confirm", confirm(&ticket, "practice")).await["kind"], "notConfirmed");
        page.says_yes.store(true, Ordering::Relaxed);
    }
    let ask = json!({ "run": { "cmdlet": "Set-SomethingUnknown", "parameters": {} } });
    let ticket = page.call("run_start", ask).await["ticket"].clone();
    let started = page.call("run_confirm", json!({ "ticket": ticket, "typed": " Practice " })).await;
    assert_eq!(started["kind"], "started", "{started}");
    for (name, arguments) in [
        ("no_such_command", json!({})),
        ("run_start", json!({ "run": { "cmdlet": "x", "parameters": {}, "more": 1 } })),
        ("run_start", json!({})),
        ("stamp_import", json!({ "import": { "kind": "nothing" } })),
        ("stamp_keep", json!({ "stamp": null })),
    ] {
        let fault = dispatch(&page.app, name, arguments).await.unwrap_err();
        assert_eq!(fault.code, "PEP-9001", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s07_a_computer_becomes_a_pin_only_when_it_has_proved_itself() {
    let page = Page::open();
    let snapshot = page.call("app_snapshot", json!({})).await;
    let address = &snapshot["stamps"][0]["addresses"][0];
    let trust = json!({ "stampId": "practice", "address": address, "decision": { "kind": "trust" } });
    page.call("session_trust", trust).await;
    let sign_in = |account: &str, password: &str| json!({ "signIn": { "stampId": "practice", "address": address, "account": account, "password": password, "remember": false } });
    let pins = page.folder.path().join("practice/pins.json");
    let foreign = page.call("session_open", sign_in(r"CORP\me", "canary")).await;
    assert_eq!(foreign["fault"]["code"], "PEP-4101", "{foreign}");
    let account = snapshot["practice"]["account"].as_str().unwrap();
    let refused = page.call("session_open", sign_in(account, "wrong")).await;
    assert_eq!(refused["fault"]["code"], "PEP-4103", "{refused}");
    assert!(!pins.exists());
    let opened = page.call("session_open", sign_in(account, snapshot["practice"]["password"].as_str().unwrap())).await;
    assert_eq!(opened["kind"], "open", "nobody is asked twice: {opened}");
    assert!(pins.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_practice_is_kept_apart_and_takes_no_real_password() {
    let page = Page::open();
    let snapshot = page.call("app_snapshot", json!({})).await;
    let address = &snapshot["stamps"][0]["addresses"][0];
    let trust = json!({ "stampId": "practice", "address": address, "decision": { "kind": "trust" } });
    page.call("session_trust", trust).await;
    // The real account of a real stamp, and the practice account's name with another password.
    for (account, refused) in [(r"AZURESTACK\CloudAdmin", "PEP-4101"), (r"PRACTICE\CloudAdmin", "PEP-4103")] {
        let sign_in = json!({ "stampId": "practice", "address": address, "account": account, "password": "canary-real",
            "remember": true });
        let result = page.call("session_open", json!({ "signIn": sign_in })).await;
        assert_eq!((&result["kind"], &result["fault"]["code"]), (&json!("failed"), &json!(refused)), "{result}");
    }
    assert_eq!(page.secrets.0.lock().unwrap().len(), 0, "nor is it kept");
    let opened = page.connect(false).await;
    assert_eq!(opened["session"]["practice"], true, "what the banner is shown for: {opened}");
    page.call("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    let files = |folder: &str| {
        let entries = std::fs::read_dir(page.folder.path().join(folder)).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let records = files("practice/records");
    assert!(!records.is_empty() && records.iter().all(|name| name.starts_with("PRACTICE-")), "{records:?}");
    assert_eq!(files("records").into_iter().filter(|name| !name.starts_with("decisions")).collect::<Vec<_>>(), [""; 0]);
    assert!(files("practice").contains(&"pins.json".to_owned()) && !files("").contains(&"pins.json".to_owned()));
    // Another start has another password.
    let other = Page::open().call("app_snapshot", json!({})).await;
    let (one, other) = (&snapshot["practice"]["password"], &other["practice"]["password"]);
    assert_ne!(one, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_the_page_is_told_whether_a_password_is_kept_and_never_which() {
    let mut page = Page::open();
    let opened = page.connect(true).await;
    let snapshot = page.call("app_snapshot", json!({})).await;
    let who = json!({ "stampId": "practice", "account": snapshot["practice"]["account"] });
    // Not the practice password, which everybody is shown.
    *page.secrets.0.lock().unwrap().values_mut().next().unwrap() = "canary-kept".to_owned();
    let mut told = vec![opened, page.call("secret_has", who.clone()).await];
    assert_eq!(told[1], true);
    // Every command, with whatever an attacker would say, and with what all of them need.
    for name in app::COMMANDS.iter().filter(|name| !matches!(**name, "secret_delete" | "app_quit" | "session_close")) {
        for arguments in [
            json!({}),
            who.clone(),
            json!({ "stampId": "practice",
            "address": snapshot["stamps"][0]["addresses"][0], "signIn": { "stampId": "practice",
            "address": snapshot["stamps"][0]["addresses"][0], "account": who["account"], "password": null,
            "remember": false }, "run": { "cmdlet": "Get-AzureStackStampInformation", "parameters": {} } }),
        ] {
            match dispatch(&page.app, name, arguments).await {
                Ok(answer) => told.push(answer),
                Err(fault) => told.push(serde_json::to_value(fault).unwrap()),
            }
        }
    }
    page.call("secret_delete", who.clone()).await;
    assert_eq!(page.call("secret_has", who).await, false);
    while let Ok(event) = page.events.try_recv() {
        told.push(event.payload().unwrap());
    }
    for told in told {
        assert!(!told.to_string().contains("canary-kept"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s36_without_a_key_ring_a_password_is_used_once_and_the_reason_is_told() {
    let page = Page::open();
    for (problem, kind) in [
        (StoreError::Missing("no bus".to_owned()), "missing"),
        (StoreError::Locked("its collection".to_owned()), "locked"),
        (StoreError::NoDefault, "noDefault"),
        (StoreError::Late(30), "failed"),
    ] {
        *page.secrets.1.lock().unwrap() = Some(problem);
        let snapshot = page.call("app_snapshot", json!({})).await;
        assert_eq!(snapshot["keyringProblem"]["kind"], kind, "{snapshot}");
        let opened = page.connect(true).await;
        assert_eq!((&opened["kind"], &opened["notKept"]["code"]), (&json!("open"), &json!("PEP-1002")), "{opened}");
        if kind != "failed" {
            let who = json!({ "stampId": "practice", "account": snapshot["practice"]["account"] });
            assert_eq!(page.call("secret_has", who).await, false);
        }
        page.call("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
        assert_eq!(page.secrets.0.lock().unwrap().len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_described_by_the_endpoint() {
    let page = Page::open();
    page.connect(false).await;
    let described = page.call("command_describe", json!({ "name": "get-azurestacklog" })).await;
    let names: Vec<_> =
        described["parameters"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"OutputSharePath") && !names.contains(&"Verbose"), "{names:?}");
    let fault = dispatch(&page.app, "command_describe", json!({ "name": "Get-Nothing" })).await.unwrap_err();
    assert_eq!(fault.code, "PEP-7101");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_answer_nothing_are_told_apart() {
    let mut page = Page::open();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    page.call(
        "endpoint_probe",
        json!({ "stampId": "other", "addresses": [{ "host": "127.0.0.1", "port": port, "label": "x" }] }),
    )
    .await;
    let probed = page.event("probe", |update| update["done"] == true).await;
    assert_eq!((&probed["usable"], &probed["fault"]["code"]), (&json!(false), &json!("PEP-2103")), "{probed}");
    let states: Vec<_> = probed["stages"].as_array().unwrap().iter().map(|stage| &stage["state"]).collect();
    assert_eq!(states, ["done", "done", "failed", "waiting", "waiting"]);
    // The page is not trusted with addresses.
    let public = json!({ "stampId": "other", "addresses": [{ "host": "8.8.8.8", "port": 5985, "label": "x" }] });
    page.call("endpoint_probe", public).await;
    let probed = page.event("probe", |update| update["host"] == "8.8.8.8").await;
    assert_eq!((&probed["done"], &probed["fault"]["code"]), (&json!(true), &json!("PEP-1104")), "{probed}");
}
