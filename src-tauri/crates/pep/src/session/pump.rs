//! The pump: every event goes into the record first and to the screen second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use clixml::{Value, encode_to_string};
use psrp::host::HostAnswer;
use psrp::records::ProgressRecord;
use psrp::{Event, Origin, PipelineId, PipelineState, RecordStream};
use record::{Journal, JournalError};
use serde::Serialize;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use winrm::{EventStream, Interruption, SessionEvent, SessionHandle, SessionState};

use super::journal::now_ms;
use super::run::{ItemStream, Outcome, Question};
use super::{Connection, Shared};
use crate::address::Address;
use crate::fault::code;
use crate::{Fault, text};

/// A table that waits for more rows is shown when none has come for so long.
const QUIET: Duration = Duration::from_millis(300);

/// A pipeline of our own whose output is wanted as values, not as lines.
pub(crate) struct Collect {
    pub(crate) id: PipelineId,
    pub(crate) done: oneshot::Sender<Result<Vec<Value>, Fault>>,
}

/// Objects that arrived so far, and who waits for all of them.
type Collecting = (Vec<Value>, oneshot::Sender<Result<Vec<Value>, Fault>>);

/// The pump at work.
pub(crate) struct Pumping(tokio::sync::Mutex<Option<JoinHandle<()>>>);

impl Pumping {
    /// How long its end is awaited.
    const AT_MOST: Duration = Duration::from_secs(10);

    pub(crate) fn new(task: JoinHandle<()>) -> Self {
        Self(tokio::sync::Mutex::new(Some(task)))
    }

    /// Waits until all that the session told is in the record. It tells nothing more after its end.
    pub(crate) async fn ended(&self) {
        let Some(task) = self.0.lock().await.take() else { return };
        if tokio::time::timeout(Self::AT_MOST, task).await.is_err() {
            tracing::warn!("The session did not end in time; the record ends without its last words");
        }
    }
}

/// Whom the session is with: what its faults name.
pub(crate) struct With {
    pub(crate) address: Address,
    pub(crate) account: String,
}

impl With {
    fn fault(&self, fault: Fault) -> Fault {
        fault.of_account(&self.account, &self.address)
    }
}

pub(crate) struct Pump {
    pub(crate) journal: Arc<Journal>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) handle: SessionHandle,
    pub(crate) orders: mpsc::Receiver<Collect>,
    with: With,
    collecting: HashMap<PipelineId, Collecting>,
    /// The last run that wrote something, as the record names it.
    named: Option<(PipelineId, Arc<str>)>,
    /// Whether the record takes no more lines.
    suspended: bool,
}

/// A line of output as it is recorded.
#[derive(Serialize)]
struct OutputLine<'a> {
    run: &'a str,
    stream: &'static str,
    text: &'a str,
    /// The whole object, where the text is not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    clixml: Option<&'a str>,
}

impl Pump {
    pub(crate) fn new(
        journal: Arc<Journal>,
        shared: Arc<Shared>,
        handle: SessionHandle,
        orders: mpsc::Receiver<Collect>,
        with: With,
    ) -> Self {
        Self { journal, shared, handle, orders, with, collecting: HashMap::new(), named: None, suspended: false }
    }

    pub(crate) async fn run(mut self, mut events: EventStream) {
        loop {
            let waiting = self.shared.lock().waiting().is_some();
            let event = tokio::select! {
                biased;
                Some(order) = self.orders.recv() => {
                    self.collecting.insert(order.id, (Vec::new(), order.done));
                    continue;
                }
                event = events.next() => event,
                () = tokio::time::sleep(QUIET), if waiting => {
                    if let Some(run) = self.shared.lock().waiting() {
                        run.flush(now_ms());
                    }
                    self.shared.wake();
                    continue;
                }
            };
            let Some(event) = event else { break };
            self.handle(event).await;
            // Whatever is here already is shown together.
            while let Some(event) = events.try_next() {
                self.handle(event).await;
            }
            self.shared.wake();
        }
        self.lost(None).await;
        self.shared.wake();
    }

    async fn handle(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Pool(event) => self.pool(event).await,
            SessionEvent::State(state) => self.state(state).await,
            SessionEvent::Interruption(interruption) => self.interruption(&interruption).await,
        }
    }

    async fn pool(&mut self, event: Event) {
        match event {
            Event::Record { pipeline, stream, value } => self.record(pipeline, stream, value),
            // The session's own state follows and says why; what became of the command is not known.
            Event::PipelineState { origin: Origin::PoolEnded, .. } => {}
            Event::PipelineState { pipeline, state, error, origin } if state.is_final() => {
                self.finished(pipeline, state, error, origin).await
            }
            Event::HostCall { pipeline, call, question: true, .. } => {
                let asked = pipeline
                    .filter(|id| !self.collecting.contains_key(id))
                    .and_then(|id| Some((id, Question::of(&call)?)));
                match asked {
                    Some((id, question)) => {
                        self.write(
                            "question",
                            json!({
                                "run": id.to_string(), "call": call.id.0, "method": call.method.name(),
                                "caption": question.caption, "message": question.message,
                                "clixml": encode_to_string(&call.to_value()),
                            }),
                        );
                        if let Some(run) = self.shared.lock().run(id) {
                            run.question = Some(question.shown());
                        }
                    }
                    None => {
                        // Nobody is there who could answer.
                        let refusal = HostAnswer::refused("This question cannot be answered here.");
                        let _ = self.handle.answer(pipeline, call.id, refusal).await;
                    }
                }
            }
            Event::HostCall { pipeline: Some(id), call, question: false, repeats: None } => {
                if let Some(text) = text::of_call(&call) {
                    self.line(id, ItemStream::Information, &text, None);
                }
            }
            Event::Withdrawn { pipeline: Some(id), call } => {
                if let Some(run) = self.shared.lock().run(id) {
                    run.question.take_if(|question| question.call == call.0);
                }
            }
            Event::Gap { pipeline: Some(id), .. } => {
                self.line(id, ItemStream::Note, "A part of the output was lost on the way.", None);
            }
            Event::Unreadable { pipeline, kind, reason, text } => {
                self.write("unreadable", json!({ "kind": kind.name(), "reason": reason, "text": text }));
                if let Some(id) = pipeline {
                    let note =
                        format!("The endpoint sent something that cannot be read ({reason}). It is in the record.");
                    self.line(id, ItemStream::Note, &note, None);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, id: PipelineId, stream: RecordStream, value: Value) {
        if let Some((values, _)) = self.collecting.get_mut(&id) {
            if stream == RecordStream::Output {
                values.push(value);
            }
            return;
        }
        if stream == RecordStream::Progress {
            let progress = ProgressRecord::from_value(&value);
            self.write("progress", json!({ "run": id.to_string(), "activity": progress.activity, "status": progress.status, "percent": progress.percent }));
            if let Some(run) = self.shared.lock().run(id) {
                run.progress(&progress);
            }
            return;
        }
        let item_stream = match stream {
            RecordStream::Output | RecordStream::Progress => ItemStream::Output,
            RecordStream::Error => ItemStream::Error,
            RecordStream::Warning => ItemStream::Warning,
            RecordStream::Verbose => ItemStream::Verbose,
            RecordStream::Debug => ItemStream::Debug,
            RecordStream::Information => ItemStream::Information,
        };
        let text = text::of_record(stream, &value);
        // A plain string is its own text; anything else is kept as it came.
        let plain = matches!(&value, Value::String(text) if !text.is_lossy());
        let whole = (!plain).then(|| encode_to_string(&value));
        if stream == RecordStream::Output {
            self.journal_line(id, item_stream, &text, whole);
            if let Some(run) = self.shared.lock().run(id) {
                run.push_object(now_ms(), &value, &text);
            }
            return;
        }
        self.line(id, item_stream, &text, whole);
        drop(text);
        if stream == RecordStream::Error
            && let Some(run) = self.shared.lock().run(id)
        {
            run.error(value);
        }
    }

    fn line(&mut self, id: PipelineId, stream: ItemStream, text: &str, clixml: Option<String>) {
        self.journal_line(id, stream, text, clixml);
        if let Some(run) = self.shared.lock().run(id) {
            run.push(now_ms(), stream, text::for_screen(text));
        }
    }

    fn journal_line(&mut self, id: PipelineId, stream: ItemStream, text: &str, clixml: Option<String>) {
        let run = self.name_of(id);
        let line = OutputLine { run: &run, stream: stream.word(), text, clixml: clixml.as_deref() };
        let written = self.when_there_is_room(|journal| journal.append_output(&run, "output", line));
        self.check(written, Some(id));
    }

    /// The run's id as the record writes it.
    fn name_of(&mut self, id: PipelineId) -> Arc<str> {
        match &self.named {
            Some((known, name)) if *known == id => Arc::clone(name),
            _ => {
                let name: Arc<str> = id.to_string().into();
                self.named = Some((id, Arc::clone(&name)));
                name
            }
        }
    }

    /// Adds a line to the record.
    fn write(&mut self, kind: &'static str, data: serde_json::Value) {
        let written = self.when_there_is_room(|journal| journal.append(kind, data));
        self.check(written, None);
    }

    /// Adds a line to the record and waits until it is on the disk: a change of the connection is not only shown.
    async fn write_now(&mut self, kind: &'static str, data: serde_json::Value) {
        let journal = Arc::clone(&self.journal);
        let written = tokio::task::spawn_blocking(move || journal.append_ending(kind, data)).await;
        self.check(written.unwrap_or_else(|error| Err(JournalError::Io(error.to_string()))), None);
    }

    /// A full queue holds the session up here, and so the endpoint.
    fn when_there_is_room<T>(&self, write: impl FnOnce(&Journal) -> T) -> T {
        let threads = tokio::runtime::Handle::current().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread;
        if threads && self.journal.is_full() {
            tokio::task::block_in_place(|| write(&self.journal))
        } else {
            write(&self.journal)
        }
    }

    /// A run goes on when the record is suspended, and its output is drained and shown; nothing new is started, because
    /// its intent cannot be written (J-05). It is said once.
    fn check(&mut self, written: Result<(), JournalError>, id: Option<PipelineId>) {
        let Err(error) = written else { return };
        if std::mem::replace(&mut self.suspended, true) {
            return;
        }
        tracing::error!(%error, "The record was suspended");
        let mut shared = self.shared.lock();
        if let Some(run) = id.or(shared.active).and_then(|id| shared.run(id)) {
            let note = "The record is suspended. What follows is shown and counted, not recorded.";
            run.push(now_ms(), ItemStream::Note, note.to_owned());
        }
    }

    async fn finished(&mut self, id: PipelineId, state: PipelineState, error: Option<Value>, origin: Origin) {
        if let Some((values, done)) = self.collecting.remove(&id) {
            let result = match (state, &error) {
                (PipelineState::Completed, _) => Ok(values),
                (_, Some(record)) => Err(Fault::of_record(record)),
                _ => Err(Fault::new(code::CMDLET_FAILED)),
            };
            let _ = done.send(result);
            return;
        }
        // What became known about its start has ended it already, in the record as well.
        if self.shared.lock().run(id).is_some_and(|run| run.end.is_some()) {
            return;
        }
        let unknown = matches!(origin, Origin::DoneWithoutState | Origin::CommandGone);
        let outcome = match state {
            _ if unknown => Outcome::Unknown,
            PipelineState::Completed => Outcome::Completed,
            PipelineState::Stopped => Outcome::Stopped,
            _ => Outcome::Failed,
        };
        if let Some(record) = error.as_ref().filter(|_| outcome == Outcome::Failed) {
            self.line(
                id,
                ItemStream::Error,
                &text::of_record(RecordStream::Error, record),
                Some(encode_to_string(record)),
            );
        }
        let fault = match (&error, origin) {
            _ if unknown => Some(Fault::new(code::OUTCOME_UNKNOWN).detail(format!("{origin:?}"))),
            (Some(record), _) if outcome == Outcome::Failed => Some(Fault::of_record(record)),
            (None, Origin::KeyExchangeFailed) => Some(Fault::new(code::PROTOCOL).detail("the key exchange failed")),
            (None, _) if outcome == Outcome::Failed => Some(Fault::new(code::CMDLET_FAILED)),
            _ => None,
        };
        // Before it is written down and told. Where the outcome is not known, asking costs less than a refused sign-in (S-13).
        let changed = matches!(outcome, Outcome::Completed | Outcome::Unknown)
            && self.shared.lock().run(id).is_some_and(|run| run.changes_password);
        if changed {
            self.handle.password_changed();
            self.shared.lock().password_changed = true;
        }
        self.end_recorded(id, outcome, fault.as_ref()).await;
        let mut shared = self.shared.lock();
        if let Some(run) = shared.run(id) {
            run.finish(outcome, error, fault);
        }
        if shared.active == Some(id) {
            shared.active = None;
        }
    }

    /// The end of a run is on the disk before it is shown.
    async fn end_recorded(&mut self, id: PipelineId, outcome: Outcome, fault: Option<&Fault>) {
        let (journal, run) = (Arc::clone(&self.journal), self.name_of(id));
        let line = json!({ "run": &*run, "outcome": outcome.word(), "fault": fault.map(Fault::text) });
        let written = tokio::task::spawn_blocking(move || {
            journal.end_output(&run);
            journal.append_ending("run_end", line)
        });
        let written = written.await.unwrap_or_else(|error| Err(JournalError::Io(error.to_string())));
        self.check(written, Some(id));
    }

    async fn state(&mut self, state: SessionState) {
        let connection = match state {
            SessionState::Ready => Connection::Ready,
            SessionState::Retrying { left, reason } => {
                self.write_now("connection", json!({ "retrying": reason })).await;
                Connection::Retrying(left.as_secs())
            }
            // We left it running: nothing of it has ended.
            SessionState::Disconnected { reason: None } => {
                self.write_now("connection", json!({ "disconnected": [] })).await;
                Connection::Lost(Fault::new(code::CONNECTION_LOST))
            }
            SessionState::Disconnected { reason: Some(reason) } => {
                let fault = self.with.fault(Fault::of_loss(&reason));
                self.write_now("connection", json!({ "disconnected": fault.detail, "fault": fault.text() })).await;
                self.lost(Some(fault)).await;
                return;
            }
            SessionState::Lost(reason) => {
                let fault = self.with.fault(Fault::of_loss(&reason));
                self.write_now("connection", json!({ "lost": fault.detail, "fault": fault.text() })).await;
                self.lost(Some(fault)).await;
                return;
            }
            SessionState::Closed => return,
        };
        self.shared.lock().connection = connection;
    }

    /// Whether the session goes on over the connections that it has.
    async fn fewer(&mut self, fault: Option<Fault>) {
        let line = match &fault {
            Some(fault) => json!({ "fewer_connections": fault.detail, "fault": fault.text() }),
            None => json!({ "connections_again": true }),
        };
        self.write_now("connection", line).await;
        self.shared.lock().fewer = fault;
    }

    /// The session is over without us: what runs has an unknown outcome, and nothing is invented about it.
    async fn lost(&mut self, fault: Option<Fault>) {
        let active = self.shared.lock().active;
        let unknown = fault.clone().unwrap_or_else(|| Fault::new(code::OUTCOME_UNKNOWN));
        if let Some(id) = active {
            self.end_recorded(id, Outcome::Unknown, Some(&unknown)).await;
        }
        let mut shared = self.shared.lock();
        if let Some(fault) = &fault {
            shared.connection = Connection::Lost(fault.clone());
        }
        if let Some(id) = shared.active.take()
            && let Some(run) = shared.run(id)
        {
            run.finish(Outcome::Unknown, None, Some(unknown));
        }
        drop(shared);
        for (_, (_, done)) in self.collecting.drain() {
            let _ = done.send(Err(fault.clone().unwrap_or_else(|| Fault::new(code::CONNECTION_LOST))));
        }
    }

    async fn interruption(&mut self, interruption: &Interruption) {
        let (id, note, unknown) = match interruption {
            Interruption::NotStarted { pipeline } => {
                (Some(*pipeline), "The command was not started: its request was lost.", true)
            }
            Interruption::Refused { pipeline, .. } => {
                (Some(*pipeline), "The endpoint refused to start the command.", false)
            }
            Interruption::OutcomeUnknown { pipeline, .. } => {
                (Some(*pipeline), "It is not known what became of the command. It was not run again.", true)
            }
            Interruption::StillRunning { pipeline } => {
                (Some(*pipeline), "The command did not stop in time and may still run on the endpoint.", false)
            }
            Interruption::StopUnknown { pipeline, .. } => {
                (Some(*pipeline), "It is not known whether the request to stop arrived.", false)
            }
            Interruption::SendUnknown { pipeline, .. } => {
                (*pipeline, "It is not known whether the last answer arrived.", false)
            }
            Interruption::AnsweredAgain { pipeline, .. } => {
                (*pipeline, "An answer may not have arrived. It is sent again; the endpoint takes it once.", false)
            }
            Interruption::RecordsMayBeMissing { pipeline, .. } => (*pipeline, "Some lines may be missing here.", false),
            Interruption::IdleTimeReduced { .. } => return,
            Interruption::FewerConnections { reason } => return self.fewer(Some(Fault::of_fewer(reason))).await,
            Interruption::ConnectionsAgain => return self.fewer(None).await,
        };
        let named = id.map(|id| id.to_string());
        self.write("interruption", json!({ "run": named, "note": note, "detail": format!("{interruption:?}") }));
        let Some(id) = id else { return };
        // What the endpoint refused did not begin, and it says why.
        let (outcome, fault) = match interruption {
            Interruption::Refused { fault, .. } => (Outcome::Failed, Some(self.with.fault(Fault::of_service(fault)))),
            _ if unknown => {
                (Outcome::Unknown, Some(Fault::new(code::OUTCOME_UNKNOWN).detail(format!("{interruption:?}"))))
            }
            _ => (Outcome::Unknown, None),
        };
        if fault.is_some() && self.shared.lock().run(id).is_some() {
            self.end_recorded(id, outcome, fault.as_ref()).await;
        }
        let mut shared = self.shared.lock();
        let Some(run) = shared.run(id) else { return };
        run.push(now_ms(), ItemStream::Note, note.to_owned());
        if fault.is_some() {
            run.finish(outcome, None, fault);
            shared.active = None;
        }
    }
}
