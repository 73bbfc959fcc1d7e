//! Runs everything in one session and tells what happens.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use psrp::client::Origin;
use psrp::host::Question;
use psrp::{CallId, Event, InvokeError, Pipeline, PipelineId, PipelineState};
use serde_json::Value as Json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use winrm::{
    CloseError, EventStream, Interruption, LossReason, RunError, SessionEvent, SessionHandle, SessionState, Stats,
};

use crate::answer;
use crate::args::ConnectionArguments;
use crate::connect;
use crate::exit::{Code, Failure};
use crate::ids::Ids;
use crate::input::{Input, Run};
use crate::output::Output;

/// A question that waits.
struct Asked {
    pipeline: Option<PipelineId>,
    call: CallId,
    question: Option<Question>,
}

struct Driver {
    handle: SessionHandle,
    events: EventStream,
    /// Where questions are written down for a call that takes the session over
    ids: Option<Arc<Ids>>,
    out: Output,
    input: Input,
    asked: VecDeque<Asked>,
    states: Vec<&'static str>,
    lost: Option<Failure>,
    /// What went wrong with a run, while the session went on
    trouble: Option<Failure>,
    /// An answer with records was lost, and whether the endpoint gave all of it again is not known.
    may_be_missing: bool,
    /// Why the session may still be there
    not_closed: Option<String>,
    /// Runs of an earlier call that ended while another one was followed
    ended: BTreeMap<PipelineId, &'static str>,
    /// How often the user wanted it to end
    interrupts: watch::Receiver<u32>,
    /// No further run is begun.
    ending: bool,
}

/// Counts how often somebody wants the program to end: Ctrl+C, and on Unix also the end of the system or of the terminal.
/// The first time stops the run and closes the session, the third ends the program.
fn interrupts() -> watch::Receiver<u32> {
    let (count, heard) = watch::channel(0);
    let count = Arc::new(count);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            let (count, Ok(mut signals)) = (Arc::clone(&count), signal(kind)) else { continue };
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    once_more(&count);
                }
            });
        }
    }
    #[cfg(not(unix))]
    {
        let count = Arc::clone(&count);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                once_more(&count);
            }
        });
    }
    // A count that nobody keeps any more would look like an interrupt.
    tokio::spawn(async move { count.closed().await });
    heard
}

fn once_more(count: &watch::Sender<u32>) {
    count.send_modify(|count| *count += 1);
    if *count.borrow() > 2 {
        std::process::exit(Code::Failed.number().into());
    }
}

/// Opens a session, runs `first` or all lines of standard input, closes.
pub(crate) async fn run(arguments: &ConnectionArguments, first: Option<Run>) -> Code {
    let mut interrupts = interrupts();
    let mut out = output(arguments);
    let stats = Stats::default();
    let opened = {
        let opening = connect::open(arguments, &stats, |text, more| {
            out.state(text, more);
            out.flush();
        });
        tokio::select! {
            opened = opening => opened,
            // Nothing has been started yet; what is half open goes with its connection.
            _ = interrupts.changed() => Err(Failure::new(Code::Failed, "interrupted before the session was open")),
        }
    };
    let (handle, events, ids) = match opened {
        Ok(opened) => opened,
        Err(failure) => {
            let sent = stats.counts().passwords_sent;
            return fail(&mut out, &failure, &[("passwords_sent", sent.into())]);
        }
    };
    let mut driver = Driver {
        handle,
        events,
        ids,
        out,
        input: Input::new(),
        asked: VecDeque::new(),
        states: Vec::new(),
        lost: None,
        trouble: None,
        may_be_missing: false,
        not_closed: None,
        ended: BTreeMap::new(),
        interrupts,
        ending: false,
    };
    let result = driver.run_all(first).await;
    driver.close().await;
    driver.finish(result)
}

/// Standard output, as it was asked for.
fn output(arguments: &ConnectionArguments) -> Output {
    let computer = arguments.endpoint.as_deref().and_then(connect::endpoint_of).map(|endpoint| endpoint.host);
    let console = arguments.text.then(|| (usize::from(arguments.width), computer.unwrap_or_default()));
    Output::new(console)
}

/// Tells why nothing was begun.
pub(crate) fn not_begun(arguments: &ConnectionArguments, failure: &Failure) -> Code {
    fail(&mut output(arguments), failure, &[])
}

fn fail(out: &mut Output, failure: &Failure, more: &[(&str, Json)]) -> Code {
    let mut all = vec![("error", failure.code.name().into()), ("text", failure.text.as_str().into())];
    all.extend(failure.said.as_deref().map(|said| ("endpoint_says", said.into())));
    all.extend_from_slice(more);
    out.finish("failed", &all);
    failure.code
}

impl Driver {
    async fn run_all(&mut self, first: Option<Run>) -> Result<(), Failure> {
        // What an earlier call left running comes to its end first.
        for id in self.handle.clone().running() {
            self.out.run += 1;
            self.out.state("taken over", &[("pipeline", id.to_string().into())]);
            self.follow(*id, Instant::now(), None).await?;
        }
        if let Some(run) = first {
            self.run_one(run).await?;
            return self.input.misuse().map_or(Ok(()), Err);
        }
        while !self.ending
            && let Some(run) = self.next_run().await?
        {
            self.run_one(run).await?;
            if let Some(failure) = self.lost.take() {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// The next run; what happens while there is none is told.
    async fn next_run(&mut self) -> Result<Option<Run>, Failure> {
        loop {
            self.out.flush();
            tokio::select! {
                biased;
                _ = self.interrupts.changed() => return Ok(None),
                run = self.input.next_run() => return run,
                event = self.events.next() => match event {
                    Some(event) => {
                        self.event(event, None);
                    }
                    None => return Ok(None),
                }
            }
            if let Some(failure) = self.lost.take() {
                return Err(failure);
            }
        }
    }

    async fn run_one(&mut self, run: Run) -> Result<(), Failure> {
        let Run { pipeline, input, stop_after_ms } = run;
        self.out.run += 1;
        let started = Instant::now();
        let id = match self.begin(pipeline, input).await {
            Ok(id) => id,
            Err(error) => return Err(self.why_ended(&error).await),
        };
        self.follow(id, started, stop_after_ms).await
    }

    /// Tells what a run brings until it has ended.
    async fn follow(&mut self, id: PipelineId, started: Instant, stop_after_ms: Option<u64>) -> Result<(), Failure> {
        if let Some(state) = self.ended.remove(&id) {
            self.states.push(state);
            return Ok(());
        }
        let mut stop = stop_after_ms.map(|ms| started + Duration::from_millis(ms));
        loop {
            if let Some(ms) = self.input.take_stop() {
                stop = Some(started + Duration::from_millis(ms));
            }
            self.answer_questions().await?;
            let event = match self.events.try_next() {
                Some(event) => Some(event),
                None => {
                    self.out.flush();
                    let far = started + Duration::from_secs(u64::from(u32::MAX));
                    tokio::select! {
                        biased;
                        () = sleep_until(stop.unwrap_or(far)), if stop.is_some() => {
                            stop = None;
                            self.out.state("stopping", &[]);
                            // A session that has ended says so in its events.
                            let _ = self.handle.stop(id).await;
                            continue;
                        }
                        _ = self.interrupts.changed() => {
                            self.ending = true;
                            self.out.state("stopping", &[]);
                            let _ = self.handle.stop(id).await;
                            continue;
                        }
                        event = self.events.next() => event,
                        _ = self.input.more(), if !self.input.ended() => continue,
                    }
                }
            };
            // Nobody reads it: the run would go on for nothing.
            if self.out.is_broken() && !self.ending {
                self.ending = true;
                let _ = self.handle.stop(id).await;
            }
            // A flood must not let Ctrl+C wait either.
            if self.interrupts.has_changed().unwrap_or(false) {
                self.interrupts.mark_unchanged();
                self.ending = true;
                self.out.state("stopping", &[]);
                let _ = self.handle.stop(id).await;
            }
            // A run under way must not let the stop wait behind a stream of records.
            if stop.is_some_and(|at| at <= Instant::now()) {
                stop = None;
                self.out.state("stopping", &[]);
                let _ = self.handle.stop(id).await;
            }
            let Some(event) = event else { return Err(self.gone()) };
            // What waits for it would wait for ever, and a result without it is none.
            let lost = matches!(&event,
                SessionEvent::Interruption(Interruption::SendUnknown { pipeline, .. }) if *pipeline == Some(id));
            if let Some(state) = self.event(event, Some(id)) {
                self.states.push(state);
                return Ok(());
            }
            if lost {
                self.out.state("stopping", &[]);
                let _ = self.handle.stop(id).await;
            }
        }
    }

    async fn begin(&mut self, pipeline: Pipeline, input: Option<Vec<clixml::Value>>) -> Result<PipelineId, RunError> {
        let id = self.handle.invoke(pipeline).await?;
        if let Some(input) = input {
            let handle = self.handle.clone();
            // An endpoint takes no input while nobody takes its output. When the run or the session is over, its events say so.
            tokio::spawn(async move {
                for value in input {
                    if handle.input(id, value).await.is_err() {
                        return;
                    }
                }
                let _ = handle.end_input(id).await;
            });
        }
        Ok(id)
    }

    /// Nothing can be run: when that is because the session ends, its events say why.
    async fn why_ended(&mut self, error: &RunError) -> Failure {
        if matches!(error, RunError::Gone(_) | RunError::Invoke(InvokeError::Ended)) {
            while let Some(event) = self.events.next().await {
                self.event(event, None);
            }
        }
        self.lost.take().unwrap_or_else(|| Failure::new(Code::Protocol, error.to_string()))
    }

    fn gone(&mut self) -> Failure {
        self.lost.take().unwrap_or_else(|| Failure::new(Code::Protocol, "the session has ended"))
    }

    /// Tells an event; the state of the run when it ended.
    fn event(&mut self, event: SessionEvent, run: Option<PipelineId>) -> Option<&'static str> {
        match event {
            SessionEvent::Pool(Event::Record { stream, value, .. }) => self.out.record(stream, &value),
            SessionEvent::Pool(Event::PipelineState { pipeline, state, error, origin }) => {
                if state.is_final() && Some(pipeline) != run {
                    let state = self.out.ended(state, error.as_ref(), origin);
                    self.ended.insert(pipeline, state);
                    return None;
                }
                if state.is_final() {
                    if matches!(origin, Origin::CommandGone | Origin::DoneWithoutState | Origin::PoolEnded) {
                        let unknown = Failure::new(Code::Protocol, "the outcome of a command is unknown");
                        self.trouble.get_or_insert(unknown);
                    }
                    self.asked.retain(|asked| asked.pipeline != Some(pipeline));
                    return Some(self.out.ended(state, error.as_ref(), origin));
                }
                if state == PipelineState::Stopping {
                    self.out.state("stopping", &[]);
                }
            }
            SessionEvent::Pool(Event::HostCall { pipeline, call, question, repeats }) => {
                self.out.host_call(&call, question, repeats);
                if question {
                    if let (Some(ids), Some(id)) = (&self.ids, pipeline) {
                        ids.asked(id, &call);
                    }
                    let question = call.question();
                    self.asked.push_back(Asked { pipeline, call: call.id, question });
                }
            }
            SessionEvent::Pool(event) => {
                match &event {
                    Event::Withdrawn { pipeline, call } => {
                        self.asked.retain(|asked| (asked.pipeline, asked.call) != (*pipeline, *call));
                    }
                    // Whatever the endpoint says about the run, not all of it is here.
                    Event::Gap { pipeline: Some(_), .. } => {
                        self.trouble.get_or_insert(Failure::new(Code::Protocol, "records of a command are missing"));
                    }
                    Event::Unreadable { .. } => {
                        self.trouble.get_or_insert(Failure::new(Code::Protocol, "a record could not be read"));
                    }
                    _ => {}
                }
                self.out.other(&event);
            }
            SessionEvent::State(state) => {
                match &state {
                    SessionState::Lost(reason) | SessionState::Disconnected { reason: Some(reason) } => {
                        self.lost = Some(reason.into());
                    }
                    _ => {}
                }
                self.out.session(&state);
                // A run in a session without a connection comes to no end.
                if matches!(state, SessionState::Disconnected { .. }) && run.is_some() {
                    return Some("failed");
                }
            }
            SessionEvent::Interruption(interruption) => {
                self.out.interruption(&interruption);
                self.may_be_missing |= matches!(interruption, Interruption::RecordsMayBeMissing { .. });
                let trouble = match interruption {
                    Interruption::NotStarted { .. } => "a command was not started: the endpoint does not know it",
                    Interruption::Refused { .. } => "the endpoint refused a command",
                    Interruption::OutcomeUnknown { .. } => "the outcome of a command is unknown",
                    Interruption::SendUnknown { pipeline: Some(_), .. } => {
                        "it is not known whether the input or an answer of a command arrived; the command was stopped"
                    }
                    Interruption::RecordsMayBeMissing { .. }
                    | Interruption::SendUnknown { pipeline: None, .. }
                    | Interruption::AnsweredAgain { .. }
                    | Interruption::StopUnknown { .. }
                    | Interruption::StillRunning { .. }
                    | Interruption::IdleTimeReduced { .. }
                    | Interruption::FewerConnections { .. }
                    | Interruption::ConnectionsAgain => return None,
                };
                // The session goes on; how the program ends tells.
                self.trouble.get_or_insert(Failure::new(Code::Protocol, trouble));
            }
        }
        None
    }

    async fn answer_questions(&mut self) -> Result<(), Failure> {
        while let Some(asked) = self.asked.front() {
            let answer = match self.input.answer() {
                Some(json) => match answer::read(&json, asked.question.as_ref()) {
                    Ok(answer) => answer,
                    Err(error) => {
                        let kind = answer::kind(asked.question.as_ref());
                        let more = [
                            ("error", Code::Usage.name().into()),
                            ("call", asked.call.0.into()),
                            ("question_kind", kind.into()),
                            ("reason", error.to_string().into()),
                        ];
                        self.out.state("answer refused", &more);
                        self.out.flush();
                        let text = format!("an answer did not fit its question ({kind}): {error}");
                        self.trouble.get_or_insert(Failure::usage(text));
                        answer::refusal("The answer that was given does not fit this question.")
                    }
                },
                None if self.input.ended() => answer::refusal("No answer was given."),
                None => return Ok(()),
            };
            let Some(asked) = self.asked.pop_front() else { return Ok(()) };
            if let Err(error) = self.handle.answer(asked.pipeline, asked.call, answer).await {
                self.out.state("answer not sent", &[("reason", error.to_string().into())]);
            }
        }
        Ok(())
    }

    async fn close(&mut self) {
        self.out.run = 0;
        let handle = self.handle.clone();
        let closing = tokio::spawn(async move { handle.close().await });
        let before = self.lost.take();
        let mut broken = false;
        while let Some(event) = self.events.next().await {
            broken |= matches!(event, SessionEvent::State(SessionState::Lost(LossReason::Security(_))));
            self.event(event, None);
        }
        // A session that was lost before says so when it is closed.
        if let Ok(Err(error)) = closing.await
            && !matches!(error, CloseError::Gone(_))
        {
            self.out.state("close failed", &[("reason", error.to_string().into())]);
            self.not_closed = Some(error.to_string());
            // What ran has run; only broken protection changes how the program ends.
            self.lost = self.lost.take().filter(|_| broken);
        }
        self.lost = before.or(self.lost.take());
    }

    /// Answers in advance that no question used: a question that was expected did not come, or came in another order.
    fn tell_unused_answers(&mut self) {
        let unused = self.input.unused_answers();
        if unused > 0 {
            let answers = if unused == 1 { "1 answer was" } else { &format!("{unused} answers were") };
            // Beside the lines for programs as well: whoever gave them looks there.
            let _ = writeln!(std::io::stderr(), "pepctl: {answers} not used: no question asked for it");
        }
    }

    fn finish(mut self, result: Result<(), Failure>) -> Code {
        self.tell_unused_answers();
        let counts = self.handle.stats().counts();
        let mut more = vec![
            ("runs", self.states.clone().into()),
            ("round_trips", counts.round_trips().into()),
            ("connections", counts.connections.into()),
            ("passwords_sent", counts.passwords_sent.into()),
        ];
        more.extend(self.may_be_missing.then_some(("records_may_be_missing", true.into())));
        more.extend(self.not_closed.take().map(|reason| ("not_closed", reason.into())));
        if let Err(failure) = result.and_then(|()| self.lost.take().or(self.trouble.take()).map_or(Ok(()), Err)) {
            return fail(&mut self.out, &failure, &more);
        }
        let worst = ["failed", "stopped"].into_iter().find(|state| self.states.contains(state));
        self.out.finish(worst.unwrap_or("completed"), &more);
        if worst.is_some() { Code::Failed } else { Code::Completed }
    }
}
