//! Opening a session: the gate, the record, and the checks that the other side is a PEP.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use psrp::Command;
use record::{Journal, Limits, Storage};
use serde_json::json;
use spnego::{Credentials, Secret};
use tokio::sync::{mpsc, oneshot};
use winrm::{Asked, Connector, KeyPin, NamedMechanism, OpenOptions, SessionHandle, SignIn, Stage};

use super::journal::{JournalIntents, SystemClock, append_durable, now_seconds};
use super::left::Left;
use super::pump::{Collect, Pump, Pumping, With};
use super::{PepSession, Shared};
use crate::Fault;
use crate::address::Address;
use crate::fault::{code, may_have_counted};
use crate::identity::Names;

/// What to open a session with.
pub struct OpenRequest {
    /// The stamp.
    pub stamp_id: String,
    /// The instance.
    pub address: Address,
    /// How it is reached.
    pub connector: Arc<dyn Connector>,
    /// The account as typed.
    pub account: String,
    /// The password. It is sent once.
    pub password: Secret,
    /// The computer that it must be: decided before, by a pin or a person.
    pub expected: Names,
    /// The key of its certificate that was decided about; none where the operating system vouches for it, and without TLS.
    pub key: Option<KeyPin>,
    /// When that was decided, in seconds since 1970.
    pub trusted_since: Option<i64>,
    /// The folder of the records.
    pub records: PathBuf,
    /// The disk of the records.
    pub storage: Arc<dyn Storage>,
    /// The app's version, for the record.
    pub app_version: String,
    /// Whether it is practice.
    pub practice: bool,
    /// How the endpoint proves itself by its name; none to sign in with NTLM.
    pub by_name: Option<ByName>,
    /// The connection on which it was just asked who it is.
    pub asked: Option<Asked>,
    /// Why it does not prove itself by its name, though it was to.
    pub fell_back: Option<Fault>,
    /// The session of an earlier process that is taken over; none to open a new one.
    pub left: Option<Left>,
}

/// A sign-in by name (S-11). It never falls back by itself: a password that went one way goes no other without a decision.
pub struct ByName {
    /// The mechanism, with the account.
    pub mechanism: Arc<dyn NamedMechanism>,
    /// Decides whether the computer of this name may be the one in that realm.
    pub gate: Box<dyn Fn(&Names) -> bool + Send + Sync>,
}

/// How far opening is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum OpenStage {
    Reach,
    SignIn,
    Verify,
    Open,
    Check,
    Commands,
    Done,
}

/// One check that it is a PEP (pep-facts B.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointCheck {
    /// Which, as a word key.
    pub check: &'static str,
    /// Whether it is as it should be.
    pub passed: bool,
    /// What was seen.
    pub seen: String,
}

/// Opens a session.
///
/// # Errors
/// When any stage fails. A record that was begun says so.
pub async fn open(
    request: OpenRequest,
    on_stage: impl Fn(OpenStage) + Send + Sync + 'static,
) -> Result<PepSession, Fault> {
    let on_stage = Arc::new(on_stage);
    let id = uuid::Uuid::new_v4().hyphenated().to_string();
    let name = format!("{}{id}.jsonl", if request.practice { "PRACTICE-" } else { "" });
    let header = json!({
        "app": request.app_version,
        "stamp": request.stamp_id,
        "endpoint": request.address.to_string(),
        "computer": request.expected.computer,
        "pin": { "names": request.expected, "key": request.key, "since": request.trusted_since },
        "account": request.account,
        "practice": request.practice,
        "sign_in": if request.by_name.is_some() { "kerberos" } else { "ntlm" },
        "fell_back": request.fell_back.as_ref().map(Fault::text),
        "continues": request.left.as_ref().map(|left| left.record_id.as_str()),
    });
    let path = request.records.join(name);
    let storage = Arc::clone(&request.storage);
    let made = tokio::task::spawn_blocking(move || {
        Journal::create_on(storage, &path, header, Box::new(SystemClock::new()), Limits::default())
    })
    .await;
    let journal = match made {
        Ok(Ok(journal)) => Arc::new(journal),
        Ok(Err(error)) => return Err(Fault::of_folder(&request.records, error)),
        Err(error) => return Err(Fault::new(code::INTERNAL).detail(error)),
    };
    match open_recorded(&id, request, &journal, on_stage).await {
        Ok(session) => Ok(session),
        Err(fault) => {
            let line = json!({ "fault": fault.text(), "detail": fault.detail });
            // The record has served: nothing is open that somebody would have to look after.
            let ended = tokio::task::spawn_blocking(move || {
                journal.append_ending("not_opened", line)?;
                journal.close()
            });
            if let Ok(Err(error)) = ended.await {
                tracing::warn!(%error, "The record of a session that was not opened has no end");
            }
            Err(fault)
        }
    }
}

async fn open_recorded(
    id: &str,
    request: OpenRequest,
    journal: &Arc<Journal>,
    on_stage: Arc<impl Fn(OpenStage) + Send + Sync + 'static>,
) -> Result<PepSession, Fault> {
    let expected = request.expected.clone();
    let gate = move |identity: &winrm::ServerIdentity| {
        if Names::of(identity).same(&expected) {
            Ok(())
        } else {
            Err("another computer answered than a moment ago".to_owned())
        }
    };
    let stages = Arc::clone(&on_stage);
    let stats = winrm::Stats::default();
    let options = OpenOptions {
        stats: stats.clone(),
        name: "PEP Assistant".to_owned(),
        idle_timeout: Some(std::time::Duration::from_secs(8 * 3_600)),
        on_stage: Some(Arc::new(move |stage| match stage {
            Stage::Connecting => stages(OpenStage::Reach),
            Stage::SignedIn(_) => stages(OpenStage::Verify),
            Stage::Proved(_) => stages(OpenStage::Open),
            Stage::Opened => stages(OpenStage::Check),
        })),
        ..OpenOptions::default()
    };
    on_stage(OpenStage::Reach);
    let named = request.by_name.is_some();
    let by_name = request.by_name.map(|by_name| {
        let other = || "it proved its name in another realm than before".to_owned();
        let gate = move |identity: &winrm::ServerIdentity| {
            if (by_name.gate)(&Names::of(identity)) { Ok(()) } else { Err(other()) }
        };
        winrm::ByName::new(by_name.mechanism, false, |_| {}).guarded(gate)
    });
    let credentials = Credentials::new(&request.account, request.password);
    let sign_in = SignIn::new(credentials, gate).by_name(by_name).going_on(request.asked);
    let closing = Arc::new(AtomicBool::new(false));
    let intents = Arc::new(JournalIntents(Arc::clone(journal), Arc::clone(&closing)));
    let opened = match &request.left {
        None => winrm::open(request.connector, sign_in, options, intents).await,
        Some(left) => {
            // Should this process end as well, the next one must not use the same numbers.
            let line = json!({ "next_object": left.earlier.first_object() });
            append_durable(journal, "takes_over", line).await?;
            winrm::connect(request.connector, sign_in, options, left.earlier.clone(), intents).await
        }
    };
    let (handle, events) = opened.map_err(|error| {
        let fault = Fault::of_open(&error);
        let fault = match may_have_counted(&error, stats.counts().passwords_sent) {
            Some(more) => fault.detail(more),
            None => fault,
        };
        fault.of_account(&request.account, &request.address)
    })?;
    let (shared, known, opened) = match request.left {
        None => (Shared::new(), None, now_seconds()),
        Some(left) => (Shared::with(left.runs), Some(left.commands), left.opened),
    };
    let (orders, waiting) = mpsc::channel(4);
    let with = With { address: request.address.clone(), account: request.account.clone() };
    let pump = Pump::new(Arc::clone(journal), Arc::clone(&shared), handle.clone(), waiting, with);
    let pump = Pumping::new(tokio::spawn(pump.run(events)));
    on_stage(OpenStage::Check);
    let checked = match known {
        // While a command of the earlier process runs, the endpoint answers no other.
        Some(known) => Ok(known),
        None => commands(&handle, &orders).await,
    };
    let checked = match checked {
        Ok((names, sources)) => {
            let line = json!({ "names": names, "sources": sources, "opened": opened });
            append_durable(journal, "commands", line).await.map(|()| (names, sources))
        }
        Err(fault) => Err(fault),
    };
    let (names, sources) = match checked {
        Ok(found) => found,
        Err(fault) => {
            let _ = handle.close().await;
            pump.ended().await;
            return Err(fault);
        }
    };
    on_stage(OpenStage::Commands);
    let checks = checks(&names, &sources);
    on_stage(OpenStage::Done);
    Ok(PepSession {
        id: id.to_owned(),
        stamp_id: request.stamp_id,
        address: request.address,
        computer: Names::of(handle.identity()),
        account: request.account,
        opened,
        commands: names,
        checks,
        practice: request.practice,
        by_name: named,
        fell_back: request.fell_back,
        handle,
        collect: orders,
        journal: Arc::clone(journal),
        shared,
        closing,
        pump,
    })
}

/// The commands that the endpoint lists, and the modules that they come from.
async fn commands(handle: &SessionHandle, orders: &mpsc::Sender<Collect>) -> Result<(Vec<String>, Vec<String>), Fault> {
    let internal = |error: &dyn std::fmt::Display| Fault::new(code::INTERNAL).detail(error);
    let id = handle.new_pipeline().map_err(|error| internal(&error))?;
    let (done, answer) = oneshot::channel();
    orders.send(Collect { id, done }).await.map_err(|error| internal(&error))?;
    handle.invoke_as(id, Command::new("Get-Command").into()).await.map_err(|error| internal(&error))?;
    let found = answer.await.map_err(|_| Fault::new(code::CONNECTION_LOST))??;
    let text = |value: &clixml::Value, name: &str| value.get(name).map(clixml::Value::to_display).unwrap_or_default();
    let names = found.iter().map(|command| text(command, "Name")).filter(|name| !name.is_empty()).collect();
    let mut sources: Vec<String> =
        found.iter().map(|command| text(command, "Source")).filter(|source| !source.is_empty()).collect();
    sources.sort();
    sources.dedup();
    Ok((names, sources))
}

/// The cheap checks that this is a locked PEP.
fn checks(names: &[String], sources: &[String]) -> Vec<EndpointCheck> {
    let lists = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let own = ["Close-PrivilegedEndpoint", "Test-AzureStack", "Get-SupportSessionInfo"];
    let missing: Vec<&str> = own.into_iter().filter(|name| !lists(name)).collect();
    let from_stamp = sources.iter().filter(|source| source.to_lowercase().starts_with("microsoft.azurestack")).count();
    vec![
        EndpointCheck { check: "ownCommands", passed: missing.is_empty(), seen: missing.join(", ") },
        // Some dozens; a full list means another endpoint, or an unlocked one.
        EndpointCheck { check: "shortList", passed: names.len() < 200, seen: names.len().to_string() },
        EndpointCheck { check: "sources", passed: from_stamp > 0, seen: from_stamp.to_string() },
    ]
}
