//! A session on a privileged endpoint: recorded before it is shown, one command at a time.

mod describe;
mod journal;
mod left;
mod open;
mod pump;
mod run;

pub use journal::note;
pub use left::Left;
pub use open::{ByName, EndpointCheck, OpenRequest, OpenStage, open};
pub use run::{Answer, Form, FormField, FormInput, Item, ItemStream, Outcome, Progress, Question, RunEnd, RunView};

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clixml::{Object, Value};
use psrp::host::HostAnswer;
use psrp::{Argument, CallId, PipelineId, SecretText};
use record::Journal;
use serde_json::json;
use spnego::Secret;
use tokio::sync::{mpsc, watch};
use winrm::SessionHandle;

use crate::address::Address;
use crate::fault::code;
use crate::identity::Names;
use crate::preview::RunSpec;
use crate::stamp::Stamp;
use crate::{Fault, catalogue};
use run::Run;

/// The command that closes a session with its transcripts.
const CLOSE: &str = "Close-PrivilegedEndpoint";

/// How the connection stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Connection {
    /// Connected.
    Ready,
    /// Lost and tried again for so many seconds.
    Retrying(u64),
    /// Lost.
    Lost(Fault),
    /// Closed by us.
    Closed,
}

/// An open session.
pub struct PepSession {
    /// Its id: that of the record.
    pub id: String,
    /// The stamp.
    pub stamp_id: String,
    /// The instance.
    pub address: Address,
    /// The computer.
    pub computer: Names,
    /// The account.
    pub account: String,
    /// When it was opened, in seconds since 1970.
    pub opened: i64,
    /// The commands that the endpoint lists.
    pub commands: Vec<String>,
    /// What was checked to see that it is a PEP.
    pub checks: Vec<EndpointCheck>,
    /// Whether it is practice.
    pub practice: bool,
    /// Whether the endpoint has proved its name, with Kerberos.
    pub by_name: bool,
    /// Why it has not, though it was to.
    pub fell_back: Option<Fault>,
    handle: SessionHandle,
    /// Takes pipelines of our own, whose output is wanted as values.
    collect: mpsc::Sender<pump::Collect>,
    journal: Arc<Journal>,
    shared: Arc<Shared>,
    closing: Arc<AtomicBool>,
    pump: pump::Pumping,
}

/// What the pump and the callers share.
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

pub(crate) struct State {
    pub(crate) connection: Connection,
    pub(crate) runs: Vec<Run>,
    pub(crate) active: Option<PipelineId>,
    /// Parameters of commands that the endpoint was asked about, by their names in small letters.
    pub(crate) described: HashMap<String, Vec<catalogue::Parameter>>,
    /// The password of the sign-in is not valid any more.
    pub(crate) password_changed: bool,
    /// Why the session goes on over the connections that it has
    pub(crate) fewer: Option<Fault>,
}

/// A command that ran, for the summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its cmdlet.
    pub cmdlet: String,
    /// Its line.
    pub text: String,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// Errors.
    pub errors: u32,
    /// Warnings.
    pub warnings: u32,
    /// Checks, for a health check.
    pub checks: u32,
    /// How many of them failed.
    pub checks_failed: u32,
}

/// How far closing with transcripts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CloseStep {
    Asking,
    Copying,
    Confirmed,
    Gone,
}

/// What there is to say about a closed session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Whether the transcripts are on the share.
    pub transcripts: bool,
    /// The share.
    pub share: String,
    /// When it was closed, in seconds since 1970.
    pub closed: i64,
    /// What ran.
    pub ran: Vec<Ran>,
    /// The record's file.
    pub record: PathBuf,
    /// The hash at the record's end.
    pub head: String,
}

impl Shared {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(Vec::new())
    }

    /// With the runs of an earlier process; the one that has not ended goes on.
    pub(crate) fn with(runs: Vec<Run>) -> Arc<Self> {
        let active = runs.iter().rfind(|run| run.end.is_none()).map(|run| run.id);
        let state = State {
            connection: Connection::Ready,
            runs,
            active,
            described: HashMap::new(),
            password_changed: false,
            fewer: None,
        };
        let (changed, _) = watch::channel(0);
        Arc::new(Self { state: Mutex::new(state), changed })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl State {
    /// The run whose output waits to be shown.
    pub(crate) fn waiting(&mut self) -> Option<&mut Run> {
        let id = self.active?;
        self.run(id).filter(|run| run.is_waiting())
    }

    pub(crate) fn run(&mut self, id: PipelineId) -> Option<&mut Run> {
        self.runs.iter_mut().rev().find(|run| run.id == id)
    }
}

impl PepSession {
    /// How the connection stands.
    #[must_use]
    pub fn connection(&self) -> Connection {
        self.shared.lock().connection.clone()
    }

    /// The run that goes on.
    #[must_use]
    pub fn active_run(&self) -> Option<PipelineId> {
        self.shared.lock().active
    }

    /// Whether it is being closed.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// How many commands the person has run in it.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.shared.lock().runs.iter().filter(|run| run.cmdlet != CLOSE).count()
    }

    /// For how long the endpoint keeps the session without us; `None` when it does not keep it.
    #[must_use]
    pub fn kept_for(&self) -> Option<std::time::Duration> {
        self.handle.idle_timeout()
    }

    /// Where it is recorded.
    #[must_use]
    pub fn record_path(&self) -> PathBuf {
        self.journal.path().to_owned()
    }

    /// Why the record is suspended, if it is: nothing new is started then (J-05).
    #[must_use]
    pub fn record_fault(&self) -> Option<Fault> {
        let suspended = self.journal.suspension()?;
        let fault = Fault::new(code::RECORD_SUSPENDED).with("lines", suspended.lines.to_string());
        Some(fault.detail(suspended.reason))
    }

    /// Whether the password that the session signed in with was changed in it (S-13).
    #[must_use]
    pub fn is_password_changed(&self) -> bool {
        self.shared.lock().password_changed
    }

    /// Why no further connection signs in, while the session goes on over those that it has.
    #[must_use]
    pub fn fewer_connections(&self) -> Option<Fault> {
        self.shared.lock().fewer.clone()
    }

    /// What the stamp told of itself in runs that have ended.
    #[must_use]
    pub fn told_of_stamp(&self) -> Vec<(PipelineId, Stamp)> {
        let state = self.shared.lock();
        let told = |run: &Run| Some((run.id, run.end.as_ref()?.stamp.as_deref()?.clone()));
        state.runs.iter().filter_map(told).collect()
    }

    /// Is told whenever something changes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }

    /// Starts a command. One runs at a time.
    ///
    /// # Errors
    /// When another one runs, the endpoint does not list it, it is guarded, or the record cannot be written.
    pub async fn start(&self, spec: RunSpec) -> Result<PipelineId, Fault> {
        if catalogue::is_guarded(&spec.cmdlet) {
            return Err(Fault::new(code::ACCESS_DENIED).with("account", self.account.as_str()).detail(spec.cmdlet));
        }
        self.start_any(spec).await
    }

    /// Starts a guarded command after its ritual (S-23); the record holds what was typed.
    ///
    /// # Errors
    /// As [`PepSession::start`].
    pub async fn start_confirmed(&self, spec: RunSpec, typed: &str) -> Result<PipelineId, Fault> {
        self.journal_durable("confirmed", json!({ "text": spec.text(), "typed": typed })).await?;
        self.start_any(spec).await
    }

    async fn start_any(&self, spec: RunSpec) -> Result<PipelineId, Fault> {
        let internal = |error: &dyn std::fmt::Display| Fault::new(code::INTERNAL).detail(error);
        let id = self.handle.new_pipeline().map_err(|error| internal(&error))?;
        let text = spec.text();
        {
            let mut state = self.shared.lock();
            if state.active.is_some() {
                return Err(Fault::new(code::BUSY));
            }
            let mut run = Run::new(id, spec.cmdlet.clone(), text.clone());
            run.changes_password = spec.changes_password_of(&self.account);
            state.runs.push(run);
            state.active = Some(id);
        }
        self.shared.wake();
        let line = json!({ "run": id.to_string(), "text": text });
        // Closing is possible with a full disk too (J-05).
        let recorded = if self.is_closing() {
            self.journal_ending("run", line).await
        } else {
            self.journal_durable("run", line).await
        };
        let started = match recorded {
            Ok(()) => self.handle.invoke_as(id, spec.into_command().into()).await.map_err(|error| internal(&error)),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = started {
            let mut state = self.shared.lock();
            state.runs.retain(|run| run.id != id);
            state.active = None;
            drop(state);
            self.shared.wake();
            return Err(fault);
        }
        Ok(id)
    }

    async fn journal_durable(&self, kind: &'static str, data: serde_json::Value) -> Result<(), Fault> {
        journal::append_durable(&self.journal, kind, data).await
    }

    async fn journal_ending(&self, kind: &'static str, data: serde_json::Value) -> Result<(), Fault> {
        journal::append_ending(&self.journal, kind, data).await
    }

    /// Writes down what a person or the system chose about the open session (R-10, F-29).
    pub async fn note_quit(&self, choice: &str) {
        if let Err(fault) = self.journal_ending("quit", json!({ "choice": choice })).await {
            tracing::warn!(detail = ?fault.detail, "A choice was not recorded");
        }
    }

    /// Asks the endpoint to stop the run. Only its final state says that it stopped.
    pub async fn stop(&self, id: PipelineId) {
        if let Some(run) = self.shared.lock().run(id) {
            run.stopping = true;
        }
        self.shared.wake();
        // A session that is gone has ended the run already.
        let _ = self.handle.stop(id).await;
    }

    /// Answers the question of a run.
    ///
    /// # Errors
    /// When there is no such question any more.
    pub async fn answer(&self, id: PipelineId, call: i64, answer: Answer) -> Result<(), Fault> {
        let form = {
            let mut state = self.shared.lock();
            let run = state.run(id).ok_or_else(|| Fault::new(code::INTERNAL).detail("no such run"))?;
            match run.question.take_if(|question| question.call == call) {
                Some(question) => question,
                None => return Err(Fault::new(code::INTERNAL).detail("the question was withdrawn")),
            }
        };
        self.shared.wake();
        let answer = host_answer(&form, answer);
        let sent = self.handle.answer(Some(id), CallId(call), answer).await;
        sent.map_err(|error| Fault::new(code::INTERNAL).detail(error))
    }

    /// What a run gave after the line with this number, for the screen.
    #[must_use]
    pub fn view(&self, id: PipelineId, after: u64, most: usize) -> Option<RunView> {
        self.shared.lock().run(id).map(|run| run.view(after, most))
    }

    /// Waits for the end of a run.
    pub async fn ended(&self, id: PipelineId) -> Option<RunEnd> {
        let mut changes = self.changes();
        loop {
            {
                let mut state = self.shared.lock();
                match state.run(id) {
                    Some(run) => {
                        if let Some(end) = &run.end {
                            return Some(end.clone());
                        }
                    }
                    None => return None,
                }
            }
            changes.changed().await.ok()?;
        }
    }

    /// Closes the session with its transcripts on a share, telling each step as it begins. Nothing is claimed before the
    /// command has said so; when it fails, the session stays open.
    ///
    /// # Errors
    /// When the share refused, or the connection is lost.
    pub async fn close(
        &self,
        share: &str,
        account: &str,
        password: Secret,
        on_step: impl Fn(CloseStep),
    ) -> Result<Summary, Fault> {
        self.closing.store(true, Ordering::Relaxed);
        on_step(CloseStep::Asking);
        let closed = self.copy_transcripts(share, account, password, &on_step).await;
        self.closing.store(false, Ordering::Relaxed);
        self.shared.wake();
        if let Err(fault) = closed {
            let line = json!({ "fault": fault.text(), "share": share, "detail": fault.detail });
            if let Err(error) = self.journal_ending("not_closed", line).await {
                tracing::warn!(detail = ?error.detail, "A refused closing was not recorded");
            }
            return Err(fault);
        }
        on_step(CloseStep::Confirmed);
        let summary = self.end(true, share).await;
        on_step(CloseStep::Gone);
        Ok(summary)
    }

    async fn copy_transcripts(
        &self,
        share: &str,
        account: &str,
        password: Secret,
        on_step: &impl Fn(CloseStep),
    ) -> Result<(), Fault> {
        use crate::preview::ParameterValue;
        let spec = RunSpec {
            cmdlet: CLOSE.to_owned(),
            parameters: vec![
                ("TranscriptsPathDestination".to_owned(), ParameterValue::Text(share.to_owned())),
                ("Credential".to_owned(), ParameterValue::Credential(account.to_owned(), Some(password))),
            ],
        };
        let id = self.start_any(spec).await?;
        on_step(CloseStep::Copying);
        let end = self.ended(id).await.ok_or_else(|| Fault::new(code::CONNECTION_LOST))?;
        match (end.outcome, end.errors, &end.error) {
            (Outcome::Completed, 0, _) => Ok(()),
            (_, _, Some(record)) => Err(Fault::of_closing_record(record)),
            (Outcome::Unknown, ..) => Err(end.fault.unwrap_or_else(|| Fault::new(code::OUTCOME_UNKNOWN))),
            _ => Err(Fault::new(code::CLOSE_FAILED)),
        }
    }

    /// Ends the session without its transcripts: they stay on the endpoint until the next proper close.
    pub async fn leave(&self) -> Summary {
        self.end(false, "").await
    }

    /// Leaves the session running at the endpoint without us, if the endpoint keeps it.
    ///
    /// # Errors
    /// When it does not keep it, or did not say so. The session is still held then, if it is there.
    pub async fn disconnect(&self) -> Result<(), Fault> {
        let named = |fault: Fault| fault.of_account(&self.account, &self.address);
        self.handle.disconnect(None).await.map_err(|error| named(Fault::of_close(&error)))?;
        self.journal_ending("left_running", json!({ "run": self.active_run().map(|id| id.to_string()) })).await
    }

    /// Lets go of a session whose connection is lost: nothing is sent, and its record says that it may still be there.
    ///
    /// # Errors
    /// When the connection is not lost, or the record cannot be written.
    pub async fn let_go(&self) -> Result<(), Fault> {
        if !matches!(self.connection(), Connection::Lost(_)) {
            return Err(Fault::new(code::INTERNAL).detail("the connection is not lost"));
        }
        // What was still under way is in the record before its end.
        self.pump.ended().await;
        self.journal_ending("left_running", json!({})).await
    }

    async fn end(&self, transcripts: bool, share: &str) -> Summary {
        // The shell may be gone already: the endpoint ends it after a proper close (pep-facts D.2).
        if let Err(error) = self.handle.close().await {
            tracing::info!(%error, "The session was not deleted at the endpoint");
        }
        self.shared.lock().connection = Connection::Closed;
        self.shared.wake();
        // What was still under way is in the record before its end.
        self.pump.ended().await;
        let journal = Arc::clone(&self.journal);
        let line = json!({ "transcripts": transcripts, "share": share });
        let ended = tokio::task::spawn_blocking(move || {
            journal.append_ending("closed", line)?;
            journal.close()
        });
        let head = match ended.await {
            Ok(Ok(head)) => head,
            _ => String::new(),
        };
        let state = self.shared.lock();
        let ran = state.runs.iter().filter(|run| run.cmdlet != CLOSE).map(|run| Ran {
            cmdlet: run.cmdlet.clone(),
            text: run.text.clone(),
            outcome: run.end.as_ref().map(|end| end.outcome),
            seconds: run.seconds(),
            errors: run.end.as_ref().map_or(0, |end| end.errors),
            warnings: run.end.as_ref().map_or(0, |end| end.warnings),
            checks: run.checks().0,
            checks_failed: run.checks().1,
        });
        Summary {
            transcripts,
            share: share.to_owned(),
            closed: journal::now_seconds(),
            ran: ran.collect(),
            record: self.journal.path().to_owned(),
            head,
        }
    }
}

/// The answer for the endpoint, in the shape that its question wants.
fn host_answer(question: &Question, answer: Answer) -> HostAnswer {
    let secret = |secret: Secret| SecretText::new(secret.expose());
    match (answer, &question.form) {
        (Answer::Refuse, _) => HostAnswer::refused("The operator refused to answer."),
        (Answer::Chosen(chosen), Form::Choice { .. }) => {
            let first = chosen.first().and_then(|at| i32::try_from(*at).ok()).unwrap_or(-1);
            HostAnswer::Value(first.into())
        }
        (Answer::Chosen(chosen), _) => {
            let numbers = chosen.into_iter().filter_map(|at| i32::try_from(at).ok()).map(Value::I32).collect();
            HostAnswer::Value(Value::from(Object::list(numbers)).into())
        }
        (Answer::Fields(values), form) => {
            let mut arguments = values.into_iter().map(|(name, value)| {
                let argument: Argument = match value {
                    Filled::Text(text) => text.into(),
                    Filled::Number(number) => i32::try_from(number).map_or(Value::I64(number), Value::I32).into(),
                    Filled::List(texts) => Object::list(texts.into_iter().map(Value::from).collect()).into(),
                    Filled::Secret(text) => secret(text).into(),
                    Filled::Credential(user, password) => {
                        Argument::Credential { user: user.as_str().into(), password: secret(password) }
                    }
                };
                (name, argument)
            });
            if matches!(form, Form::Single(_)) {
                return arguments.next().map_or(HostAnswer::Void, |(_, argument)| HostAnswer::Value(argument));
            }
            HostAnswer::Fields(arguments.map(|(name, argument)| (name.as_str().into(), argument)).collect())
        }
    }
}

pub use run::Filled;
