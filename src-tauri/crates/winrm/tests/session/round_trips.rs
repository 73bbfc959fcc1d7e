//! How often somebody waits for the way to the endpoint and back, one wait after the other. What pypsrp takes for the same is
//! counted in `tests/interop`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use psrp::{Command, Event, PipelineId, RecordStream};
use tokio::time::{Instant, sleep};
use winrm::{
    Asked, BoxFuture, Credentials, EventStream, IdentityGate, Intent, Intents, NoIntents, OpenError, OpenOptions,
    Refused, SessionEvent, SessionHandle, SignIn, SignInError, Stage as Far,
};

use crate::faulty::{Fault, Stage};
use crate::{open, run};

/// There, or back
const DISTANCE: Duration = Duration::from_millis(100);

/// Whole round trips since then.
fn trips(since: Instant) -> u128 {
    since.elapsed().as_millis() / (2 * DISTANCE).as_millis()
}

async fn until(events: &mut EventStream, id: PipelineId, what: impl Fn(&Event) -> bool) {
    loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(
                event @ Event::Record { pipeline, .. } | event @ Event::PipelineState { pipeline, .. },
            ) if pipeline == id && what(&event) => {
                return;
            }
            _ => {}
        }
    }
}

/// Round trips until the first output and until the end of a command that takes no time of its own.
async fn command(handle: &SessionHandle, events: &mut EventStream) -> (u128, u128) {
    let started = Instant::now();
    let id = handle.invoke(Command::new("Get-Command").into()).await.unwrap();
    until(events, id, |event| matches!(event, Event::Record { stream: RecordStream::Output, .. })).await;
    let first = trips(started);
    until(events, id, |event| matches!(event, Event::PipelineState { state, .. } if state.is_final())).await;
    (first, trips(started))
}

#[tokio::test(start_paused = true)]
async fn an_open_pool_takes_five_round_trips_and_a_command_one() {
    let stage = Stage::new();
    stage.far(DISTANCE);
    let started = Instant::now();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    // What is offered, NEGOTIATE, AUTHENTICATE, Create, and the first Receive
    assert_eq!(trips(started), 5);
    // Its lanes signed in beside. What is beyond them signs in beside the first commands.
    assert_eq!(command(&handle, &mut events).await, (1, 1));
    sleep(Duration::from_secs(2)).await;
    for _ in 0..4 {
        // The Receive is there when the output is; the terminate of the command before is not waited for.
        assert_eq!(command(&handle, &mut events).await, (1, 1));
    }
}

/// A sign-in that goes on where the endpoint was just asked who it is. How many tokens were sent until it was
/// signed in to: those of further connections come later.
async fn open_where_asked(
    stage: &Stage,
    asked: Asked,
    gate: impl IdentityGate + 'static,
) -> Result<(SessionHandle, usize), OpenError> {
    let credentials = Credentials::new(practice::PracticePep::ACCOUNT, stage.password());
    let sign_in = SignIn::new(credentials, gate).going_on(Some(asked));
    let (tokens, count) = (Arc::new(AtomicUsize::new(0)), stage.count_tokens());
    let told = Arc::clone(&tokens);
    let on_stage: Option<Arc<dyn Fn(Far) + Send + Sync>> = Some(Arc::new(move |far| {
        if matches!(far, Far::SignedIn(_)) {
            told.store(count(), SeqCst);
        }
    }));
    let options = OpenOptions { on_stage, ..OpenOptions::default() };
    let (handle, _) = winrm::open(stage.connector(), sign_in, options, Arc::new(NoIntents)).await?;
    Ok((handle, tokens.load(SeqCst)))
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_was_looked_at_and_asked_is_not_asked_again() {
    let stage = Stage::new();
    stage.far(DISTANCE);
    winrm::probe(stage.connector().as_ref()).await.unwrap();
    let started = Instant::now();
    let (_, asked) = winrm::ask(stage.connector().as_ref(), true).await.unwrap();
    let (handle, tokens) = open_where_asked(&stage, asked, |_: &_| Ok(())).await.unwrap();
    // NEGOTIATE, AUTHENTICATE, Create, and the first Receive
    assert_eq!((trips(started), tokens), (4, 2));
    assert!(handle.stats().counts().sign_in_requests >= 2, "what was asked before counts");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_was_asked_long_ago_or_has_hung_up_is_asked_again() {
    for hung_up in [false, true] {
        let stage = Stage::new();
        let (_, asked) = winrm::ask(stage.connector().as_ref(), false).await.unwrap();
        if hung_up {
            stage.hang_up();
        } else {
            sleep(Duration::from_secs(6)).await;
        }
        let (_, tokens) = open_where_asked(&stage, asked, |_: &_| Ok(())).await.unwrap();
        assert_eq!(tokens, 3, "NEGOTIATE twice, AUTHENTICATE once");
    }
}

#[tokio::test]
async fn s06_who_was_asked_is_looked_at_by_the_gate_all_the_same() {
    let stage = Stage::new();
    let (_, asked) = winrm::ask(stage.connector().as_ref(), false).await.unwrap();
    let refused = open_where_asked(&stage, asked, |_: &_| Err("another one".to_owned())).await.err();
    assert!(matches!(refused, Some(OpenError::SignIn(SignInError::Identity { .. }))), "{refused:?}");
    assert_eq!(stage.tokens_sent(), 1, "no AUTHENTICATE");
}

/// A journal that takes its time to keep what is intended.
struct SlowJournal;

impl Intents for SlowJournal {
    fn intend(&self, _intent: Intent) -> BoxFuture<'_, Result<(), Refused>> {
        Box::pin(async {
            sleep(Duration::from_millis(5)).await;
            Ok(())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_receive_does_not_overtake_a_command_that_waits_for_the_journal() {
    let stage = Stage::new();
    stage.far(DISTANCE);
    let sign_in = SignIn::new(Credentials::new(practice::PracticePep::ACCOUNT, stage.password()), |_: &_| Ok(()));
    let opened = winrm::open(stage.connector(), sign_in, OpenOptions::default(), Arc::new(SlowJournal)).await;
    let (handle, mut events) = opened.unwrap();
    // The lanes of the first command signed in while the pool was made.
    assert_eq!(command(&handle, &mut events).await, (1, 1));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(command(&handle, &mut events).await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_asked_too_early_again_and_again_is_not_asked_early_any_more() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    for _ in 0..2 {
        run(&handle, &mut events, Command::new("Get-Command")).await;
        sleep(Duration::from_secs(1)).await;
    }
    let mut asked = Vec::new();
    for _ in 0..6 {
        let before = stage.sealed_requests();
        // The Command is slow on its way, and everything else overtakes it.
        stage.next(Fault::Late(5));
        let (records, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
        assert!(records > 10);
        sleep(Duration::from_millis(100)).await;
        asked.push(stage.sealed_requests() - before);
    }
    let (early, late) = asked.split_at(2);
    // One Receive too many while it is tried
    assert!(early.iter().min() > late.iter().min(), "{asked:?}");
    handle.close().await.unwrap();
}
