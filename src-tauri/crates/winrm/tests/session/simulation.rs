//! Whole sessions on a fake clock, in weather by seed: requests and answers that are lost or slow, lanes that overtake each other,
//! sign-ins that are forgotten, and a crash in the middle, after which another process takes over from what was written down.
//!
//! 200 seeds run with the other tests, `cargo xtask simulate [N] [SEED]` runs as many as it is told. What must hold: everything
//! comes to an end, a run has one final state, no record comes twice or is missing without a word, no shell is left behind.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use psrp::client::Origin;
use psrp::{Command, Event, PipelineId, PipelineState, RecordStream};
use winrm::{
    BoxFuture, Credentials, Earlier, EventStream, Intent, Intents, Interruption, OpenOptions, Refused, SessionEvent,
    SessionHandle, SessionState, SignIn,
};

use crate::faulty::{Stage, Weather};

/// What a process wrote down before it sent it.
#[derive(Default)]
struct Notes(Mutex<Written>);

#[derive(Default, Clone)]
struct Written {
    started: Vec<PipelineId>,
    /// Those that have not been terminated
    pipelines: Vec<PipelineId>,
    next_object: u64,
}

impl Intents for Notes {
    fn intend(&self, intent: Intent) -> BoxFuture<'_, Result<(), Refused>> {
        let mut notes = self.0.lock().unwrap();
        match intent {
            Intent::Command { pipeline } => {
                notes.started.push(pipeline);
                notes.pipelines.push(pipeline);
            }
            Intent::Terminate { pipeline } => notes.pipelines.retain(|id| *id != pipeline),
            Intent::Send { next_object, .. } => notes.next_object = next_object,
            _ => {}
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What came of a run.
#[derive(Default)]
struct Course {
    records: Vec<RecordStream>,
    ends: Vec<(PipelineState, Origin)>,
    /// It was said that something is missing or not known.
    said: bool,
    disconnected: bool,
    over: bool,
}

impl Course {
    fn take(&mut self, event: &SessionEvent, id: PipelineId) {
        match event {
            SessionEvent::Pool(Event::Record { pipeline, stream, .. }) if *pipeline == id => self.records.push(*stream),
            SessionEvent::Pool(Event::PipelineState { pipeline, state, origin, .. })
                if *pipeline == id && state.is_final() =>
            {
                self.ends.push((*state, *origin));
            }
            SessionEvent::Pool(Event::Gap { .. }) => self.said = true,
            SessionEvent::Interruption(
                Interruption::NotStarted { .. } | Interruption::OutcomeUnknown { .. } | Interruption::Refused { .. },
            ) => self.said = true,
            SessionEvent::State(SessionState::Disconnected { .. }) => self.disconnected = true,
            SessionEvent::State(SessionState::Lost(_) | SessionState::Closed) => self.over = true,
            _ => {}
        }
    }

    /// Follows a run to its end, or for so many records.
    async fn follow(&mut self, handle: &SessionHandle, events: &mut EventStream, id: PipelineId, at_most: usize) {
        while self.ends.is_empty() && !self.over && self.records.len() < at_most {
            let Some(event) = events.next().await else { break };
            self.take(&event, id);
            if std::mem::take(&mut self.disconnected) && handle.reconnect().await.is_err() {
                break;
            }
        }
    }
}

async fn start(stage: &Stage, notes: &Arc<Notes>, earlier: Option<Earlier>) -> Option<(SessionHandle, EventStream)> {
    let sign_in = SignIn::new(Credentials::new(practice::PracticePep::ACCOUNT, stage.password()), |_: &_| Ok(()));
    let (connector, options, intents) =
        (stage.connector(), OpenOptions::default(), Arc::clone(notes) as Arc<dyn Intents>);
    match earlier {
        None => winrm::open(connector, sign_in, options, intents).await.ok(),
        Some(earlier) => winrm::connect(connector, sign_in, options, earlier, intents).await.ok(),
    }
}

/// One seed, from opening to closing.
async fn simulate(seed: u64, wanted: &[RecordStream]) -> Result<(), String> {
    let mut dice = Weather::new(seed ^ 0xD1CE, 0);
    let (stage, notes) = (Stage::new(), Arc::new(Notes::default()));
    stage.weather(Weather::new(seed, u32::try_from(dice.roll(9)).unwrap()));
    let Some((handle, mut events)) = start(&stage, &notes, None).await else { return Ok(()) };
    let Ok(id) = handle.invoke(Command::new("Test-AzureStack").into()).await else { return Ok(()) };
    let mut course = Course::default();
    let crash_after = if dice.roll(3) == 0 { usize::try_from(dice.roll(60)).unwrap() } else { usize::MAX };
    course.follow(&handle, &mut events, id, crash_after).await;
    if crash_after == usize::MAX || !course.ends.is_empty() || course.over {
        judge(&course, wanted)?;
        let closed = handle.close().await;
        while let Some(event) = events.next().await {
            course.take(&event, id);
        }
        if course.ends.len() > 1 {
            return Err("a second final state".to_owned());
        }
        return match (closed, stage.pep().open_shells()) {
            (Ok(()), 1..) => Err("a shell was left behind by a session that was closed".to_owned()),
            _ => Ok(()),
        };
    }
    stage.crash();
    let Written { started, pipelines, next_object } = notes.0.lock().unwrap().clone();
    let earlier = Earlier { pool: handle.pool(), session: Some(handle.session()), pipelines, next_object };
    let next = stage.another_process();
    next.weather(Weather::new(seed.rotate_left(7), u32::try_from(dice.roll(4)).unwrap()));
    let Some((handle, mut events)) = start(&next, &notes, Some(earlier)).await else { return Ok(()) };
    if handle.running().iter().any(|id| !started.contains(id)) {
        return Err("a command was sent that had not been written down".to_owned());
    }
    if handle.running().is_empty() {
        return Ok(());
    }
    let mut rest = Course::default();
    rest.follow(&handle, &mut events, id, usize::MAX).await;
    if rest.ends.len() != 1 && !rest.over {
        return Err(format!("{} final states after the crash", rest.ends.len()));
    }
    // What had been handed to the process that is gone is lost with it; nothing comes a second time.
    if course.records.len() + rest.records.len() > wanted.len() {
        return Err("records came twice".to_owned());
    }
    if !wanted.ends_with(&rest.records) && !rest.said && rest.ends.iter().any(|end| end.1 == Origin::Endpoint) {
        return Err("records after the crash are missing or out of order".to_owned());
    }
    match (handle.close().await, next.pep().open_shells()) {
        (Ok(()), 1..) => Err("a shell was left behind by a session that was closed".to_owned()),
        _ => Ok(()),
    }
}

fn judge(course: &Course, wanted: &[RecordStream]) -> Result<(), String> {
    match course.ends.as_slice() {
        [(_, Origin::Endpoint)] if course.records != wanted => {
            Err(format!("{} of {} records", course.records.len(), wanted.len()))
        }
        [(_, Origin::Endpoint)] => Ok(()),
        // Known not to have run, or not known: a part of the records, in order.
        [_] if wanted.starts_with(&course.records) => Ok(()),
        [_] => Err("records out of order".to_owned()),
        [] if course.over => Err("the session ended, and its run did not".to_owned()),
        [] => Ok(()),
        _ => Err("more than one final state".to_owned()),
    }
}

#[test]
fn simulation_of_sessions_in_bad_weather() {
    let number =
        |name: &str, otherwise: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (first, count) = (number("PEP_SIMULATE_SEED", 1), number("PEP_SIMULATE", 200));
    let on_a_fake_clock =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let wanted = on_a_fake_clock().block_on(async {
        let (stage, notes) = (Stage::new(), Arc::new(Notes::default()));
        let (handle, mut events) = start(&stage, &notes, None).await.unwrap();
        let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
        let mut course = Course::default();
        course.follow(&handle, &mut events, id, usize::MAX).await;
        course.records
    });
    assert!(wanted.len() > 60, "{}", wanted.len());
    let mut wrong = Vec::new();
    for seed in first..first + count {
        let day = Duration::from_secs(24 * 3600);
        let outcome = on_a_fake_clock().block_on(async { tokio::time::timeout(day, simulate(seed, &wanted)).await });
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(what)) => wrong.push(format!("seed {seed}: {what}")),
            Err(_) => wrong.push(format!("seed {seed}: no end within a day")),
        }
    }
    assert!(wrong.is_empty(), "{} of {count} seeds:\n{}", wrong.len(), wrong.join("\n"));
}
