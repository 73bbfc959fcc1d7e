//! One process of a simulation: it opens or takes over a session, runs commands, is disturbed, and closes or crashes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use clixml::encode_to_string;
use psrp::host::{Field, HostAnswer, HostCall, Question};
use psrp::{Argument, Command, Event, PipelineId, SecretText};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use winrm::{
    Earlier, EventStream, Interruption, LossReason, OpenError, OpenOptions, SessionEvent, SessionHandle, SessionState,
};

use super::chance::{Dice, SeededRandom};
use super::course::{Course, seen};
use super::notes::{Notes, Pen};
use super::trace::Trace;
use super::{COMMANDS, ENVELOPE, PUBLIC};
use crate::faulty::Stage;

/// How long a person looks at a run in which nothing happens
const PATIENCE: Duration = Duration::from_secs(3_600);
/// How many batches of events may wait for their reader
const BATCHES: usize = 2;
/// What may wait for a reader that pauses, in bytes of written values: each batch holds what the Receives that were under way
/// brought, of the pool and of three runs at most.
const MOST_WAITING: usize = BATCHES * 4 * ENVELOPE as usize;

/// How often questions were answered and keys exchanged, in all simulations of this process: whether they are in it.
pub(crate) static ANSWERED: AtomicU64 = AtomicU64::new(0);
pub(crate) static EXCHANGED: AtomicU64 = AtomicU64::new(0);
/// And how often a session went on without further connections.
pub(crate) static FEW: AtomicU64 = AtomicU64::new(0);

/// What all processes of a simulation share.
pub(crate) struct Life {
    pub(crate) seed: u64,
    pub(crate) dice: Dice,
    pub(crate) notes: Arc<Notes>,
    pub(crate) trace: Arc<Trace>,
    /// Which command each run is, and what each process saw of it
    pub(crate) runs: BTreeMap<PipelineId, (usize, Vec<Course>)>,
    /// Runs that were refused before anything was sent
    pub(crate) refused: Vec<PipelineId>,
    /// What the present process saw
    now: BTreeMap<PipelineId, Course>,
    /// How many of the commands may run
    choice: u64,
    /// Questions that wait for an answer
    questions: Vec<(Option<PipelineId>, HostCall)>,
    /// Runs whose answer may not have arrived: nobody waits for them for ever.
    unsure: Vec<PipelineId>,
    disconnected: bool,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The session is closed, and its shell is gone.
    Closed,
    /// There is no such shell.
    NoShell,
    /// The session could not be opened, or was lost; its shell may be there.
    Open(String),
    Crashed,
}

impl Life {
    pub(crate) fn new(seed: u64, trace: &Arc<Trace>, choice: u64) -> Self {
        Self {
            seed,
            dice: Dice::new(seed),
            notes: Arc::default(),
            trace: Arc::clone(trace),
            runs: BTreeMap::new(),
            refused: Vec::new(),
            now: BTreeMap::new(),
            choice,
            questions: Vec::new(),
            unsure: Vec::new(),
            disconnected: false,
        }
    }

    /// A process from its start to its end, or to this moment.
    pub(crate) async fn process(
        &mut self,
        stage: &Stage,
        number: u64,
        crash: Option<Duration>,
    ) -> Result<Ended, String> {
        let earlier = self.notes.earlier();
        self.trace.note("process", &format!("{number}, takes over: {earlier:?}"));
        let pen = Arc::new(Pen::new(&self.notes, &self.trace));
        let begin = Instant::now();
        let crashes = {
            let pen = Arc::clone(&pen);
            async move {
                match crash {
                    Some(after) => sleep_until(begin + after).await,
                    None => std::future::pending().await,
                }
                pen.drop_it();
                stage.crash();
            }
        };
        self.disconnected = false;
        self.questions.clear();
        self.unsure.clear();
        let ended = tokio::select! {
            biased;
            () = crashes => Ok(Ended::Crashed),
            ended = self.live(stage, &pen, number, earlier) => ended,
        };
        let crashed = ended == Ok(Ended::Crashed);
        for (id, course) in std::mem::take(&mut self.now) {
            if let Some((_, courses)) = self.runs.get_mut(&id) {
                courses.push(Course { crashed, ..course });
            }
        }
        self.trace.note("process", &format!("{number} ended: {ended:?}"));
        ended
    }

    async fn live(
        &mut self,
        stage: &Stage,
        pen: &Arc<Pen>,
        number: u64,
        earlier: Option<Earlier>,
    ) -> Result<Ended, String> {
        let fresh = earlier.is_none();
        let (handle, mut events) = match start(stage, pen, self.seed.rotate_left(17) ^ number, earlier).await {
            Ok(opened) => opened,
            Err(OpenError::Lost(LossReason::ShellGone)) => return Ok(Ended::NoShell),
            Err(error) => return Ok(Ended::Open(error.to_string())),
        };
        for id in handle.running() {
            if !self.notes.written().started.contains(id) {
                return Err(format!("{id:?} runs and was never written down"));
            }
            self.now.insert(*id, Course::default());
        }
        let mut left = if fresh { 1 + self.dice.roll(3) } else { self.dice.roll(2) };
        let together = self.dice.one_in(4);
        loop {
            let active = self.now.values().filter(|course| course.ends.is_empty()).count();
            if left > 0 && (active == 0 || (together && active < 3)) {
                left -= 1;
                self.invoke(&handle).await?;
                continue;
            }
            if active == 0 {
                break;
            }
            match timeout(PATIENCE, events.next()).await {
                Ok(Some(event)) => self.take(&event),
                Ok(None) => return Ok(Ended::Open("the session ended".to_owned())),
                // A question that an earlier process has got, or whose answer was lost: whoever sits there stops the run.
                Err(_) => self.unsure.extend(self.now.keys()),
            }
            self.respond(&handle).await?;
            if std::mem::take(&mut self.disconnected) && !self.come_back(&handle).await {
                break;
            }
            if !self.whim(&handle, &mut events).await? {
                break;
            }
        }
        let closed = handle.close().await;
        while let Some(event) = events.next().await {
            self.take(&event);
        }
        match closed {
            Ok(()) => Ok(Ended::Closed),
            Err(error) => Ok(Ended::Open(error.to_string())),
        }
    }

    async fn invoke(&mut self, handle: &SessionHandle) -> Result<(), String> {
        // Where there are secrets, every other run is about one.
        let secret = self.choice > PUBLIC && self.dice.one_in(2);
        let which = if secret { PUBLIC } else { self.dice.roll(self.choice) };
        let which = usize::try_from(which).unwrap();
        let id = handle.new_pipeline().map_err(|error| error.to_string())?;
        self.runs.insert(id, (which, Vec::new()));
        self.now.insert(id, Course::default());
        if let Err(error) = handle.invoke_as(id, Command::new(COMMANDS[which]).into()).await {
            self.trace.note("refused", &format!("{id:?}: {error}"));
            self.now.remove(&id);
            self.refused.push(id);
            // Without a session there is nothing to do any more; the events say so.
            sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    /// What a person does about questions: answers at once, late, or not at all; and gives up where an answer may be lost.
    async fn respond(&mut self, handle: &SessionHandle) -> Result<(), String> {
        for (pipeline, call) in std::mem::take(&mut self.questions) {
            let what = match self.dice.roll(8) {
                0 => HostAnswer::refused("no"),
                roll => {
                    if roll < 3 {
                        sleep(self.dice.seconds(1, 100)).await;
                    }
                    answer(&call)
                }
            };
            self.trace.note("answer", &format!("{pipeline:?} {:?}", call.id));
            let given = handle.answer(pipeline, call.id, what).await;
            self.trace.note("answered", &format!("{given:?}"));
            if given.is_ok() {
                ANSWERED.fetch_add(1, Relaxed);
            }
            // Once is enough: a second answer is refused here, whatever became of the first one.
            if given.is_ok() && handle.answer(pipeline, call.id, answer(&call)).await.is_ok() {
                return Err(format!("{:?} of {pipeline:?} was answered twice", call.id));
            }
        }
        for id in std::mem::take(&mut self.unsure) {
            if self.now.get(&id).is_some_and(|course| course.ends.is_empty()) {
                self.trace.note("give up", &format!("{id:?}"));
                let _ = handle.stop(id).await;
            }
        }
        Ok(())
    }

    async fn come_back(&mut self, handle: &SessionHandle) -> bool {
        for _ in 0..3 {
            sleep(self.dice.seconds(0, 120)).await;
            match handle.reconnect().await {
                Ok(()) => return true,
                Err(error) => self.trace.note("reconnect", &error.to_string()),
            }
        }
        false
    }

    /// What a person may do at any moment; whether there still is a session to go on with.
    async fn whim(&mut self, handle: &SessionHandle, events: &mut EventStream) -> Result<bool, String> {
        match self.dice.roll(400) {
            0 => {
                let active: Vec<_> =
                    self.now.iter().filter(|(_, course)| course.ends.is_empty()).map(|(id, _)| *id).collect();
                if !active.is_empty() {
                    let id = active[usize::try_from(self.dice.roll(active.len() as u64)).unwrap()];
                    self.trace.note("stop", &format!("{id:?}"));
                    let _ = handle.stop(id).await;
                }
            }
            1 => {
                self.trace.note("disconnect", "");
                // Whether it worked, the events say.
                let _ = handle.disconnect(None).await;
            }
            2..=4 => {
                let pause = self.dice.seconds(1, 200);
                self.trace.note("pause", &format!("{pause:?}"));
                sleep(pause).await;
                let mut waiting = 0;
                while let Some(event) = events.try_next() {
                    if let SessionEvent::Pool(Event::Record { value, .. }) = &event {
                        waiting += encode_to_string(value).len();
                    }
                    self.take(&event);
                }
                if waiting > MOST_WAITING {
                    return Err(format!("{waiting} bytes were kept for a reader that did not read"));
                }
                if std::mem::take(&mut self.disconnected) {
                    return Ok(self.come_back(handle).await);
                }
            }
            _ => {}
        }
        Ok(true)
    }

    fn take(&mut self, event: &SessionEvent) {
        self.trace.note("event", &format!("{event:?}"));
        match event {
            SessionEvent::Pool(Event::Record { pipeline, stream, value }) => {
                if let Some(course) = self.now.get_mut(pipeline) {
                    course.records.push(seen(*stream, value));
                }
            }
            SessionEvent::Pool(Event::PipelineState { pipeline, state, origin, .. }) if state.is_final() => {
                if let Some(course) = self.now.get_mut(pipeline) {
                    course.ends.push((*state, *origin));
                }
            }
            SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) => {
                self.questions.push((*pipeline, call.clone()));
                // The next process is told of it, should this one crash before it answers.
                let written = &mut self.notes.written().questions;
                written.extend(pipeline.map(|id| (id, call.clone())).filter(|question| !written.contains(question)));
            }
            SessionEvent::Pool(Event::Withdrawn { pipeline, call }) => {
                self.questions.retain(|(of, other)| (of, &other.id) != (pipeline, call));
                self.notes.written().questions.retain(|(of, other)| (Some(*of), &other.id) != (*pipeline, call));
            }
            SessionEvent::Pool(Event::KeyReady) => drop(EXCHANGED.fetch_add(1, Relaxed)),
            SessionEvent::Interruption(Interruption::FewerConnections { .. }) => drop(FEW.fetch_add(1, Relaxed)),
            SessionEvent::Pool(Event::KeyFailed) => self.unsure.extend(self.now.keys()),
            SessionEvent::Interruption(
                Interruption::SendUnknown { pipeline: Some(pipeline), .. } | Interruption::StopUnknown { pipeline, .. },
            ) => self.unsure.push(*pipeline),
            SessionEvent::Pool(Event::Gap { pipeline: Some(pipeline), .. }) => {
                if let Some(course) = self.now.get_mut(pipeline) {
                    course.gap = true;
                }
            }
            SessionEvent::Interruption(
                Interruption::NotStarted { pipeline } | Interruption::Refused { pipeline, .. },
            ) => {
                if let Some(course) = self.now.get_mut(pipeline) {
                    course.not_started = true;
                }
            }
            SessionEvent::State(SessionState::Disconnected { .. }) => self.disconnected = true,
            SessionEvent::State(SessionState::Ready) => self.disconnected = false,
            _ => {}
        }
    }
}

/// The one answer to a question: the field gets what it is for.
pub(crate) fn answer(call: &HostCall) -> HostAnswer {
    let Some(Question::Fields { fields, .. }) = call.question() else { return HostAnswer::refused("what?") };
    let value = |field: &Field| match field.type_name.as_str() {
        "System.Security.SecureString" => Argument::Secret(SecretText::from("a secret".to_owned())),
        _ => "n".into(),
    };
    HostAnswer::Fields(fields.iter().map(|field| (field.name.clone(), value(field))).collect())
}

pub(crate) async fn start(
    stage: &Stage,
    pen: &Arc<Pen>,
    seed: u64,
    earlier: Option<Earlier>,
) -> Result<(SessionHandle, EventStream), OpenError> {
    let sign_in = stage.sign_in();
    let options = OpenOptions {
        random: Arc::new(SeededRandom::new(seed)),
        max_envelope: ENVELOPE,
        event_batches: BATCHES,
        ..OpenOptions::default()
    };
    let intents = Arc::clone(pen) as Arc<dyn winrm::Intents>;
    match earlier {
        None => winrm::open(stage.connector(), sign_in, options, intents).await,
        Some(earlier) => winrm::connect(stage.connector(), sign_in, options, earlier, intents).await,
    }
}
