//! How sessions end, rest and come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use psrp::client::Origin;
use psrp::{Command, Event, PipelineState};
use tokio::time::Instant;
use winrm::{
    CloseError, Credentials, Earlier, Interruption, LaneError, LossReason, NoIntents, OpenError, OpenOptions,
    SessionEvent, SessionState, SignIn, SignInError,
};

use crate::faulty::{Fault, Stage};
use crate::{connect, end, open, run};

#[tokio::test(start_paused = true)]
async fn a_session_that_could_not_be_closed_is_not_called_closed() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    stage.always(Some(Fault::Answer(503)));
    assert_eq!(handle.close().await, Err(CloseError::Unknown(LaneError::Status(503))));
    assert_eq!(end(&mut events).await, Some(SessionState::Lost(LossReason::Status(503))));
}

/// Answers that come while the shell of a lost session is deleted are nobody's.
#[tokio::test(start_paused = true)]
async fn nothing_is_told_after_the_end_of_a_session() {
    for step in 0..60 {
        let stage = Stage::at_speed(10.0);
        let (handle, mut events) = open(&stage, None).await.unwrap();
        stage.far(Duration::from_millis(100));
        handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
        stage.after(step, Fault::Answer(404));
        for _ in 0..4 {
            stage.then(Fault::LoseAnswer);
        }
        let (mut over, mut handle) = (false, Some(handle));
        while let Some(event) = events.next().await {
            assert!(!over, "step {step}: {event:?} after the end");
            if matches!(&event, SessionEvent::Pool(Event::PipelineState { state, .. }) if state.is_final()) {
                handle = None;
            }
            over = matches!(event, SessionEvent::State(SessionState::Closed | SessionState::Lost(_)));
        }
        assert!(over && handle.is_none(), "step {step}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shell_is_deleted_before_a_failed_opening_is_told() {
    let stage = Stage::new();
    // The Receive after Create
    stage.after(1, Fault::Answer(404));
    assert_eq!(open(&stage, None).await.err(), Some(OpenError::Lost(LossReason::Status(404))));
    assert_eq!(stage.pep().open_shells(), 0);
}

#[tokio::test(start_paused = true)]
async fn h1_a_session_comes_back_after_a_disconnection_and_what_ran_goes_on() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
    let mut records = 0;
    while records < 5 {
        if let SessionEvent::Pool(Event::Record { .. }) = events.next().await.unwrap() {
            records += 1;
        }
    }
    handle.disconnect(None).await.unwrap();
    loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::Record { .. }) => records += 1,
            SessionEvent::State(SessionState::Disconnected { reason }) => {
                assert_eq!(reason, None);
                break;
            }
            _ => {}
        }
    }
    handle.reconnect().await.unwrap();
    let state = loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::Record { .. }) => records += 1,
            SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if pipeline == id => break state,
            SessionEvent::Interruption(other) => panic!("{other:?}"),
            _ => {}
        }
    };
    assert_eq!(state, PipelineState::Completed);
    // The same without an interruption
    let (all, ..) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
    assert_eq!(records, all);
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_order_to_a_session_that_has_ended_is_answered_although_nobody_reads_its_events() {
    let stage = Stage::new();
    let sign_in = SignIn::new(Credentials::new(practice::PracticePep::ACCOUNT, stage.password()), |_: &_| Ok(()));
    let options = OpenOptions { event_batches: 1, ..OpenOptions::default() };
    let (handle, mut events) = winrm::open(stage.connector(), sign_in, options, Arc::new(NoIntents)).await.unwrap();
    let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    stage.next(Fault::Flip(0));
    handle.stop(id).await.unwrap();
    let hour = Duration::from_secs(3600);
    // Given before the end is known here
    let more = tokio::time::timeout(hour, handle.invoke(Command::new("Get-Command").into())).await;
    assert!(more.is_ok(), "it waits for ever");
    let close = tokio::time::timeout(hour, handle.close()).await;
    assert_eq!(close, Ok(Err(winrm::GoneError.into())));
    assert!(matches!(end(&mut events).await, Some(SessionState::Lost(LossReason::Security(_)))));
}

#[tokio::test(start_paused = true)]
async fn a_reconnection_over_a_socket_that_was_closed_goes_over_another_one() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    handle.disconnect(None).await.unwrap();
    stage.next(Fault::ClosedBefore);
    let hour = Duration::from_secs(3600);
    assert_eq!(tokio::time::timeout(hour, handle.reconnect()).await, Ok(Ok(())));
    let (records, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10);
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_before_a_disconnection_is_asked_for_again_after_it() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let (all, ..) = run(&handle, &mut events, Command::new("Test-AzureStack")).await;
    let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
    let mut records = 0;
    let mut lost = false;
    let state = loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::Record { .. }) => {
                records += 1;
                // An answer is lost, and the repetition of its Receive comes after the disconnection.
                if records == 5 {
                    stage.next(Fault::LoseAnswer);
                    stage.then(Fault::Late(5));
                }
            }
            SessionEvent::Interruption(Interruption::RecordsMayBeMissing { .. }) => {
                lost = true;
                handle.disconnect(None).await.unwrap();
            }
            SessionEvent::State(SessionState::Disconnected { .. }) => {
                tokio::time::sleep(Duration::from_secs(10)).await;
                handle.reconnect().await.unwrap();
            }
            SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if pipeline == id => break state,
            _ => {}
        }
    };
    assert!(lost);
    assert_eq!((state, records), (PipelineState::Completed, all));
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_command_under_way_when_the_session_rests_is_asked_about_after_it_came_back() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    stage.next(Fault::LoseAnswer);
    let id = handle.invoke(Command::new("Get-Command").into()).await.unwrap();
    handle.disconnect(None).await.unwrap();
    handle.reconnect().await.unwrap();
    let state = loop {
        if let SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) = events.next().await.unwrap()
            && pipeline == id
        {
            break state;
        }
    };
    assert!(state.is_final());
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn h2_another_process_takes_the_session_over_with_what_runs_in_it() {
    let stage = Stage::new();
    let (first, mut events) = open(&stage, None).await.unwrap();
    let id = first.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
    let mut seen = 0;
    while seen < 5 {
        if let SessionEvent::Pool(Event::Record { .. }) = events.next().await.unwrap() {
            seen += 1;
        }
    }
    first.disconnect(None).await.unwrap();
    loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::Record { .. }) => seen += 1,
            SessionEvent::State(SessionState::Disconnected { .. }) => break,
            _ => {}
        }
    }
    let earlier = Earlier { pool: first.pool(), session: None, pipelines: vec![id], next_object: 1, questions: vec![] };
    let (second, mut events) = connect(&stage, earlier).await.unwrap();
    assert_eq!(second.running(), [id]);
    let state = loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::Record { .. }) => seen += 1,
            SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if pipeline == id => break state,
            SessionEvent::Interruption(other) => panic!("{other:?}"),
            _ => {}
        }
    };
    assert_eq!(state, PipelineState::Completed);
    let (all, ..) = run(&second, &mut events, Command::new("Test-AzureStack")).await;
    assert_eq!(seen, all, "no record lost or doubled");
    second.close().await.unwrap();
    assert_eq!(stage.pep().open_shells(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_could_not_be_taken_over_is_left_as_it_is() {
    let stage = Stage::new();
    let (first, _events) = open(&stage, None).await.unwrap();
    first.disconnect(None).await.unwrap();
    stage.next(Fault::Answer(503));
    let earlier = Earlier { pool: first.pool(), session: None, pipelines: vec![], next_object: 1, questions: vec![] };
    let error = connect(&stage, earlier).await.err();
    assert_eq!(error, Some(OpenError::Lost(LossReason::Status(503))));
    assert_eq!(stage.pep().open_shells(), 1);
}

#[tokio::test(start_paused = true)]
async fn d8_an_idle_time_that_is_refused_is_stepped_down_and_what_was_granted_is_told() {
    let stage = Stage::new();
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let options = OpenOptions { idle_timeout: Some(hours(32)), ..OpenOptions::default() };
    let sign_in = SignIn::new(Credentials::new(practice::PracticePep::ACCOUNT, stage.password()), |_: &_| Ok(()));
    let (handle, mut events) = winrm::open(stage.connector(), sign_in, options, Arc::new(NoIntents)).await.unwrap();
    assert_eq!(handle.idle_timeout(), Some(hours(8)));
    let mut steps = Vec::new();
    while let Some(event) = events.try_next() {
        if let SessionEvent::Interruption(Interruption::IdleTimeReduced { to }) = event {
            steps.push(to);
        }
    }
    assert_eq!(steps, [Some(hours(16)), Some(hours(8))]);
    assert_eq!(stage.pep().open_shells(), 1);
}

#[tokio::test(start_paused = true)]
async fn d24_a_stop_that_has_no_effect_is_given_up_after_a_minute_and_said_to_run_on() {
    let stage = Stage::at_speed(0.001);
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    stage.next(Fault::LoseRequest);
    let asked = Instant::now();
    handle.stop(id).await.unwrap();
    let (mut still_running, mut unknown) = (None, false);
    let state = loop {
        match events.next().await.unwrap() {
            SessionEvent::Interruption(Interruption::StillRunning { pipeline }) => {
                assert_eq!(pipeline, id);
                still_running = Some(asked.elapsed());
            }
            SessionEvent::Interruption(Interruption::StopUnknown { .. }) => unknown = true,
            SessionEvent::Pool(Event::PipelineState { pipeline, state, origin, .. })
                if pipeline == id && state.is_final() =>
            {
                break (state, origin);
            }
            _ => {}
        }
    };
    assert_eq!(still_running.map(|passed| passed.as_secs()), Some(60));
    assert!(unknown);
    assert_eq!(state, (PipelineState::Failed, Origin::CommandGone), "never called stopped");
    let (records, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10, "terminated, so that the next one runs");
}

/// Spoils the challenge of every sign-in after so many, as if the password were another one there by then.
fn refuse_after(stage: &Stage, good: usize) {
    let seen = AtomicUsize::new(0);
    stage.edit(move |ours, token| {
        let challenge = token.windows(9).position(|part| part == b"NTLMSSP\0\x02");
        if let (false, Some(at)) = (ours, challenge)
            && seen.fetch_add(1, SeqCst) >= good
        {
            token[at + 24] ^= 1;
        }
    });
}

#[tokio::test(start_paused = true)]
async fn s12_a_later_sign_in_that_is_refused_ends_the_session_over_the_lane_that_there_is() {
    let stage = Stage::at_speed(10.0);
    let (handle, mut events) = open(&stage, None).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = stage.tokens_sent();
    refuse_after(&stage, 0);
    handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
    let Some(SessionState::Lost(reason)) = end(&mut events).await else { panic!("it ends") };
    assert_eq!(reason, LossReason::SignIn(SignInError::Rejected));
    assert!(reason.to_string().contains("a later sign-in was refused"), "{reason}");
    assert_eq!(stage.tokens_sent() - before, 2, "one NEGOTIATE, one AUTHENTICATE, and no more");
    assert_eq!(stage.pep().open_shells(), 0, "deleted over a lane that was signed in");
    assert_eq!(handle.close().await, Err(winrm::GoneError.into()));
}

#[tokio::test(start_paused = true)]
async fn s12_a_later_sign_in_that_is_refused_while_the_session_opens_leaves_no_shell() {
    let stage = Stage::new();
    refuse_after(&stage, 1);
    let error = open(&stage, None).await.err();
    assert_eq!(error, Some(OpenError::Lost(LossReason::SignIn(SignInError::Rejected))));
    assert_eq!(stage.pep().open_shells(), 0);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(stage.tokens_sent() <= 6, "three lanes at most have signed in: {}", stage.tokens_sent());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_left_at_the_endpoint_after_a_refused_sign_in_is_not_called_closed() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    refuse_after(&stage, 0);
    // No lane is left that could delete it.
    stage.always(Some(Fault::ClosedBefore));
    let lost = LossReason::SignIn(SignInError::Rejected);
    assert_eq!(end(&mut events).await, Some(SessionState::Lost(lost)));
    assert_eq!(handle.close().await, Err(CloseError::SignIn(SignInError::Rejected)));
    assert_eq!(stage.pep().open_shells(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_shell_whose_creation_was_under_way_when_whoever_opened_gave_up_is_deleted() {
    let stage = Stage::new();
    stage.next(Fault::Late(4));
    let given_up = tokio::time::timeout(Duration::from_secs(2), open(&stage, None)).await;
    assert!(given_up.is_err(), "it is still being made");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((stage.pep().open_shells(), stage.sealed_requests()), (0, 2), "Create and Delete");
}
