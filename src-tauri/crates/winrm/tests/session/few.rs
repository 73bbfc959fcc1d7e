//! Sessions in which no further connection signs in: what is signed in serves on.

use std::sync::Arc;
use std::time::Duration;

use psrp::client::Origin;
use psrp::host::HostAnswer;
use psrp::{Command, Event, PipelineState};
use tokio::time::{Instant, sleep, timeout};
use winrm::{
    EventStream, Interruption, LossReason, NamedError, NoIntents, OpenOptions, SessionEvent, SessionHandle,
    SessionState, SignInError,
};

use crate::faulty::{Fault, Stage};
use crate::simulation::Weather;
use crate::tickets::Tickets;
use crate::{end, open, run};

const HOUR: Duration = Duration::from_secs(3_600);

/// A session whose connections are all there.
async fn by_name(stage: &Stage) -> (Arc<Tickets>, SessionHandle, EventStream) {
    let tickets = stage.tickets();
    let (handle, mut events) =
        winrm::open(stage.connector(), tickets.sign_in(), OpenOptions::default(), Arc::new(NoIntents)).await.unwrap();
    run(&handle, &mut events, Command::new("Get-Command")).await;
    sleep(Duration::from_secs(5)).await;
    (tickets, handle, events)
}

/// What was told of connections, in order.
fn told(interruptions: &[Interruption]) -> Vec<bool> {
    interruptions
        .iter()
        .filter_map(|one| match one {
            Interruption::FewerConnections { .. } => Some(true),
            Interruption::ConnectionsAgain => Some(false),
            _ => None,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn tickets_that_expire_leave_a_session_what_is_signed_in() {
    for lanes in [1, 2] {
        let stage = Stage::at_speed(20.0);
        let (tickets, handle, mut events) = by_name(&stage).await;
        let (all, ..) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
        sleep(Duration::from_secs(30)).await;
        tickets.valid_until(Some(Instant::now()));
        let asked = tickets.asked();
        stage.leave(lanes);
        let mut heard = Vec::new();
        let since = Instant::now();
        for number in 0..5 {
            let course = timeout(HOUR, run(&handle, &mut events, Command::new("Test-AzureStack"))).await;
            let (records, state, origin, interruptions) = course.expect("it comes to its end");
            assert_eq!((state, origin), (PipelineState::Completed, Origin::Endpoint), "{lanes} lanes, {number}");
            assert_eq!(records, all, "{lanes} lanes, {number}");
            heard.extend(interruptions);
        }
        let began = matches!(
            &heard[..],
            [Interruption::FewerConnections { reason: SignInError::Named(NamedError::Expired(_)) }]
        );
        assert!(began, "it is told once: {heard:?}");
        let tries = tickets.asked() - asked;
        assert!(tries <= 3 + since.elapsed().as_secs() as usize / 120, "{tries} tries in {:?}", since.elapsed());

        // A stop, a question and its answer, and the end take their turns as well.
        let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
        sleep(Duration::from_secs(2)).await;
        let asked = Instant::now();
        handle.stop(id).await.unwrap();
        let stopped = loop {
            if let SessionEvent::Pool(Event::PipelineState { state, .. }) = events.next().await.unwrap()
                && state.is_final()
            {
                break state;
            }
        };
        assert_eq!(stopped, PipelineState::Stopped);
        assert!(asked.elapsed() < Duration::from_secs(4), "{lanes} lanes: {:?}", asked.elapsed());
        let id = handle.invoke(Command::new("Get-VirtualDisk").into()).await.unwrap();
        let state = loop {
            match events.next().await.unwrap() {
                SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) => {
                    let fields = vec![("CimSession".into(), "somebody".into())];
                    handle.answer(pipeline, call.id, HostAnswer::Fields(fields)).await.unwrap();
                }
                SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if pipeline == id => break state,
                _ => {}
            }
        };
        assert_eq!(state, PipelineState::Completed);
        assert_eq!(timeout(HOUR, handle.close()).await, Ok(Ok(())));
        assert_eq!(stage.pep().open_shells(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn new_tickets_serve_by_themselves() {
    let stage = Stage::at_speed(20.0);
    let (tickets, handle, mut events) = by_name(&stage).await;
    tickets.valid_until(Some(Instant::now()));
    stage.leave(1);
    let (.., heard) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
    assert_eq!(told(&heard), [true]);
    tickets.valid_until(None);
    // Nobody needs a connection.
    sleep(Duration::from_secs(130)).await;
    let heard: Vec<_> = std::iter::from_fn(|| events.try_next())
        .filter_map(|event| match event {
            SessionEvent::Interruption(interruption) => Some(interruption),
            _ => None,
        })
        .collect();
    assert_eq!(told(&heard), [false]);
    let lanes = tickets.asked();
    run(&handle, &mut events, Command::new("Test-AzureStack")).await;
    assert!(tickets.asked() > lanes, "they are for everything again");
    // And a second time
    tickets.valid_until(Some(Instant::now()));
    stage.leave(1);
    let (.., heard) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
    assert_eq!(told(&heard), [true]);
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_session_ends_with_the_last_connection_and_can_be_taken_over() {
    let stage = Stage::at_speed(20.0);
    let (tickets, handle, mut events) = by_name(&stage).await;
    tickets.valid_until(Some(Instant::now()));
    stage.leave(1);
    run(&handle, &mut events, Command::new("Get-Command")).await;
    stage.leave(0);
    let last = timeout(HOUR, end(&mut events)).await.expect("it ends");
    let Some(SessionState::Lost(LossReason::SignIn(SignInError::Named(NamedError::Expired(_))))) = last else {
        panic!("{last:?}")
    };
    assert!(handle.close().await.is_err());
    assert_eq!(stage.pep().open_shells(), 1, "it is there for whoever signs in again");
}

/// One connection is lost, and with it the trust in those that wait; no fresh one is to be had.
#[tokio::test(start_paused = true)]
async fn connections_that_wait_are_used_where_no_fresh_one_is_to_be_had() {
    let stage = Stage::at_speed(20.0);
    let (tickets, handle, mut events) = by_name(&stage).await;
    let (all, ..) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
    tickets.valid_until(Some(Instant::now()));
    stage.next(Fault::LoseAnswer);
    // Of the pool's Receive, which nobody else waits for
    sleep(Duration::from_secs(60)).await;
    let (records, state, _, heard) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
    assert_eq!((records, state), (all, PipelineState::Completed), "{heard:?}");
    assert_eq!(told(&heard), [true], "{heard:?}");
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn s13_after_a_change_of_the_password_one_connection_does() {
    let stage = Stage::at_speed(20.0);
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let (all, ..) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
    sleep(Duration::from_secs(30)).await;
    handle.password_changed();
    let before = stage.tokens_sent();
    stage.leave(1);
    stage.weather(Weather::fair(13));
    for _ in 0..3 {
        let (records, state, ..) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
        assert_eq!((records, state), (all, PipelineState::Completed));
    }
    assert_eq!(stage.tokens_sent(), before);
    assert_eq!(timeout(HOUR, handle.close()).await, Ok(Ok(())));
}
