//! Answers that do not come.

use std::time::Duration;

use psrp::client::Origin;
use psrp::{Command, PipelineState};
use tokio::time::Instant;
use winrm::{Interruption, LaneError, LossReason, OpenError, SessionEvent, SessionState};

use crate::faulty::{Fault, Stage};
use crate::{open, run};

#[tokio::test(start_paused = true)]
async fn d7_a_shell_whose_creation_was_not_answered_is_found_by_its_id() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest, Fault::Answer(401)] {
        let stage = Stage::new();
        stage.next(fault);
        let (handle, mut events) = open(&stage, None).await.unwrap();
        assert_eq!(stage.pep().open_shells(), 1, "{fault:?}");
        let (records, state, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
        assert!(records > 10 && state == PipelineState::Completed, "{fault:?}");
        handle.close().await.unwrap();
        assert_eq!(stage.pep().open_shells(), 0, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn d7_an_endpoint_that_never_answers_a_creation_is_asked_a_bounded_number_of_times() {
    let stage = Stage::new();
    stage.always(Some(Fault::LoseRequest));
    let error = open(&stage, None).await.err();
    assert!(matches!(error, Some(OpenError::CreateLost { reason: LaneError::Exchange(_), .. })), "{error:?}");
    assert!(stage.sealed_requests() < 12, "{}", stage.sealed_requests());
}

#[tokio::test(start_paused = true)]
async fn a15_a_sign_in_forgotten_at_its_first_command_is_made_once_more() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    stage.next(Fault::Answer(401));
    let (_, _, origin, interruptions) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert_eq!(origin, Origin::CommandGone);
    assert!(matches!(interruptions.as_slice(), [Interruption::NotStarted { .. }]), "{interruptions:?}");
    let (records, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10, "the session goes on");
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_forgotten_again_and_again_ends_the_session() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let before = stage.tokens_sent();
    stage.always(Some(Fault::Answer(401)));
    let (_, _, origin, _) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert_eq!(origin, Origin::PoolEnded);
    assert!(stage.tokens_sent() - before <= 8, "{} tokens", stage.tokens_sent() - before);
}

#[tokio::test(start_paused = true)]
async fn f11_receives_that_get_no_answer_are_repeated_in_growing_pauses_and_then_the_session_rests() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest, Fault::Answer(503)] {
        let stage = Stage::new();
        let (handle, mut events) = open(&stage, None).await.unwrap();
        run(&handle, &mut events, Command::new("Get-Command")).await;
        let (start, before) = (Instant::now(), stage.sealed_requests());
        stage.always(Some(fault));
        let mut told = 0;
        let reason = loop {
            match events.next().await.unwrap() {
                SessionEvent::State(SessionState::Retrying { .. }) => told += 1,
                SessionEvent::State(SessionState::Disconnected { reason }) => break reason,
                _ => {}
            }
        };
        assert!(told > 3, "{fault:?}");
        assert!(matches!(reason, Some(LossReason::Network(_) | LossReason::Status(503))), "{reason:?}");
        let passed = start.elapsed();
        assert!(passed > Duration::from_secs(200) && passed < Duration::from_secs(320), "{passed:?}");
        let requests = stage.sealed_requests() - before;
        assert!(requests < 40, "{fault:?}: {requests} requests");
        stage.always(None);
        handle.reconnect().await.unwrap();
        let (records, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
        assert!(records > 10, "{fault:?}: the session goes on");
        handle.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn d29_eight_hours_of_silence_are_heartbeats_only() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    while events.try_next().is_some() {}
    let before = stage.sealed_requests();
    // The sockets change every now and then, which nobody sees.
    let end = Instant::now() + Duration::from_secs(8 * 3600);
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_secs(1800)).await;
        stage.next(Fault::ClosedBefore);
    }
    let heartbeats = stage.sealed_requests() - before;
    assert!((1400..1500).contains(&heartbeats), "one every 20 seconds, not {heartbeats}");
    assert_eq!(events.try_next(), None, "nothing happened");
    let (records, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10);
    handle.close().await.unwrap();
}
