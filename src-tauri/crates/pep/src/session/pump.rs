//! The pump: every event goes into the record first and to the screen second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use clixml::{Value, encode_to_string};
use psrp::host::HostAnswer;
use psrp::records::ProgressRecord;
use psrp::{Event, PipelineId, PipelineState, RecordStream};
use record::Journal;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use winrm::{EventStream, Interruption, SessionEvent, SessionHandle, SessionState};

use super::journal::now_ms;
use super::run::{ItemStream, Outcome, Question};
use super::{Connection, Shared};
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

pub(crate) struct Pump {
    pub(crate) journal: Arc<Journal>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) handle: SessionHandle,
    pub(crate) orders: mpsc::Receiver<Collect>,
    collecting: HashMap<PipelineId, Collecting>,
}

impl Pump {
    pub(crate) fn new(
        journal: Arc<Journal>,
        shared: Arc<Shared>,
        handle: SessionHandle,
        orders: mpsc::Receiver<Collect>,
    ) -> Self {
        Self { journal, shared, handle, orders, collecting: HashMap::new() }
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
            self.shared.wake();
        }
        self.lost(None);
        self.shared.wake();
    }

    async fn handle(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Pool(event) => self.pool(event).await,
            SessionEvent::State(state) => self.state(state),
            SessionEvent::Interruption(interruption) => self.interruption(&interruption),
        }
    }

    async fn pool(&mut self, event: Event) {
        match event {
            Event::Record { pipeline, stream, value } => self.record(pipeline, stream, value),
            Event::PipelineState { pipeline, state, error, .. } if state.is_final() => {
                self.finished(pipeline, state, error).await
            }
            Event::HostCall { pipeline, call, question: true, .. } => {
                let asked = pipeline
                    .filter(|id| !self.collecting.contains_key(id))
                    .and_then(|id| Some((id, Question::of(&call)?)));
                match asked {
                    Some((id, question)) => {
                        self.write(
                            "question",
                            json!({ "run": id.to_string(), "call": call.id.0, "method": call.method.name() }),
                        );
                        if let Some(run) = self.shared.lock().run(id) {
                            run.question = Some(question);
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
                    self.line(id, ItemStream::Information, text, None);
                }
            }
            Event::Withdrawn { pipeline: Some(id), call } => {
                if let Some(run) = self.shared.lock().run(id) {
                    run.question.take_if(|question| question.call == call.0);
                }
            }
            Event::Gap { pipeline: Some(id), .. } => {
                self.line(id, ItemStream::Note, "A part of the output was lost on the way.".to_owned(), None);
            }
            Event::Unreadable { pipeline, kind, reason, text } => {
                self.write("unreadable", json!({ "kind": kind.name(), "reason": reason, "text": text }));
                if let Some(id) = pipeline {
                    let note =
                        format!("The endpoint sent something that cannot be read ({reason}). It is in the record.");
                    self.line(id, ItemStream::Note, note, None);
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
        let whole = value.as_str().is_none().then(|| encode_to_string(&value));
        if stream == RecordStream::Output {
            self.journal_line(id, item_stream, &text, whole);
            if let Some(run) = self.shared.lock().run(id) {
                run.push_object(now_ms(), &value, &text);
            }
            return;
        }
        self.line(id, item_stream, text, whole);
        if stream == RecordStream::Error
            && let Some(run) = self.shared.lock().run(id)
        {
            run.error(value);
        }
    }

    fn line(&mut self, id: PipelineId, stream: ItemStream, text: String, clixml: Option<String>) {
        self.journal_line(id, stream, &text, clixml);
        if let Some(run) = self.shared.lock().run(id) {
            run.push(now_ms(), stream, text::for_screen(text));
        }
    }

    fn journal_line(&self, id: PipelineId, stream: ItemStream, text: &str, clixml: Option<String>) {
        let mut data = json!({ "run": id.to_string(), "stream": format!("{stream:?}").to_lowercase(), "text": text });
        if let (Some(clixml), Some(members)) = (clixml, data.as_object_mut()) {
            members.insert("clixml".to_owned(), clixml.into());
        }
        self.write("output", data);
    }

    /// Adds a line to the record. A full queue holds the session up here, and so the endpoint.
    fn write(&self, kind: &'static str, data: serde_json::Value) {
        let journal = Arc::clone(&self.journal);
        let written =
            if tokio::runtime::Handle::current().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread {
                tokio::task::block_in_place(|| journal.append(kind, data))
            } else {
                journal.append(kind, data)
            };
        if let Err(error) = written {
            // The run goes on and is drained; nothing new is started, because its intent cannot be written (J-05).
            tracing::error!(%error, "The record was suspended");
        }
    }

    async fn finished(&mut self, id: PipelineId, state: PipelineState, error: Option<Value>) {
        if let Some((values, done)) = self.collecting.remove(&id) {
            let result = match (state, &error) {
                (PipelineState::Completed, _) => Ok(values),
                (_, Some(record)) => Err(Fault::of_record(record)),
                _ => Err(Fault::new(code::CMDLET_FAILED)),
            };
            let _ = done.send(result);
            return;
        }
        let outcome = match state {
            PipelineState::Completed => Outcome::Completed,
            PipelineState::Stopped => Outcome::Stopped,
            _ => Outcome::Failed,
        };
        if let Some(record) = error.as_ref().filter(|_| outcome == Outcome::Failed) {
            self.line(
                id,
                ItemStream::Error,
                text::of_record(RecordStream::Error, record),
                Some(encode_to_string(record)),
            );
        }
        let fault = error.as_ref().filter(|_| outcome == Outcome::Failed).map(Fault::of_record);
        let journal = Arc::clone(&self.journal);
        let line = json!({ "run": id.to_string(), "outcome": format!("{outcome:?}").to_lowercase() });
        let _ = tokio::task::spawn_blocking(move || journal.append_ending("run_end", line)).await;
        let mut shared = self.shared.lock();
        if let Some(run) = shared.run(id) {
            run.finish(outcome, error, fault);
        }
        if shared.active == Some(id) {
            shared.active = None;
        }
    }

    fn state(&mut self, state: SessionState) {
        let connection = match state {
            SessionState::Ready => Connection::Ready,
            SessionState::Retrying { left, reason } => {
                self.write("connection", json!({ "retrying": reason }));
                Connection::Retrying(left.as_secs())
            }
            SessionState::Disconnected { reason } => {
                let fault = reason.as_ref().map_or_else(|| Fault::new(code::CONNECTION_LOST), Fault::of_loss);
                self.write("connection", json!({ "disconnected": fault.detail }));
                self.lost(Some(fault));
                return;
            }
            SessionState::Lost(reason) => {
                let fault = Fault::of_loss(&reason);
                self.write("connection", json!({ "lost": fault.detail }));
                self.lost(Some(fault));
                return;
            }
            SessionState::Closed => return,
        };
        self.shared.lock().connection = connection;
    }

    /// The session is over without us: what runs has an unknown outcome, and nothing is invented about it.
    fn lost(&mut self, fault: Option<Fault>) {
        let mut shared = self.shared.lock();
        if let Some(fault) = &fault {
            shared.connection = Connection::Lost(fault.clone());
        }
        if let Some(id) = shared.active.take()
            && let Some(run) = shared.run(id)
        {
            let unknown = fault.clone().unwrap_or_else(|| Fault::new(code::OUTCOME_UNKNOWN));
            run.finish(Outcome::Unknown, None, Some(unknown));
        }
        drop(shared);
        for (_, (_, done)) in self.collecting.drain() {
            let _ = done.send(Err(fault.clone().unwrap_or_else(|| Fault::new(code::CONNECTION_LOST))));
        }
    }

    fn interruption(&mut self, interruption: &Interruption) {
        let (id, note, unknown) = match interruption {
            Interruption::NotStarted { pipeline } => {
                (Some(*pipeline), "The command was not started: its request was lost.", true)
            }
            Interruption::Refused { pipeline, .. } => {
                (Some(*pipeline), "The endpoint refused to start the command.", true)
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
            Interruption::RecordsMayBeMissing { pipeline, .. } => (*pipeline, "Some lines may be missing here.", false),
            Interruption::IdleTimeReduced { .. } => return,
        };
        let mut shared = self.shared.lock();
        let Some(run) = id.and_then(|id| shared.run(id)) else { return };
        run.push(now_ms(), ItemStream::Note, note.to_owned());
        if unknown {
            let fault = Fault::new(code::OUTCOME_UNKNOWN).detail(format!("{interruption:?}"));
            run.finish(Outcome::Unknown, None, Some(fault));
            shared.active = None;
        }
    }
}
