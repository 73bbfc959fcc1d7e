//! Connections that are closed, refused or old.

use std::time::Duration;

use psrp::{Command, PipelineState};
use tokio::time::{Instant, sleep};
use winrm::{OpenError, SignInError, ask};

use crate::faulty::{Fault, Stage};
use crate::{open, run};

#[tokio::test(start_paused = true)]
async fn a16_a_connection_that_is_closed_behind_the_question_is_made_anew() {
    for wordless in [false, true] {
        let stage = Stage::new();
        if wordless {
            stage.say_nothing_of_closing();
        }
        let (inspection, _) = ask(stage.connector().as_ref(), false).await.unwrap();
        assert_eq!((inspection.identity.netbios_domain.as_str(), stage.lines()), ("PRACTICE", 2));
        let (handle, mut events) = open(&stage, None).await.unwrap();
        let (_, state, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
        assert_eq!(state, PipelineState::Completed);
        handle.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn s12_an_endpoint_that_closes_every_connection_behind_its_sign_in_gets_no_endless_sign_ins() {
    let stage = Stage::new();
    stage.always(Some(Fault::ClosedBefore));
    let error = open(&stage, None).await.err();
    assert!(matches!(error, Some(OpenError::Lost(_))), "{error:?}");
    // Two sign-ins of two legs, and two lanes that were asked ahead
    assert!(stage.tokens_sent() <= 6, "{} tokens", stage.tokens_sent());

    let stage = Stage::new();
    let (_handle, _events) = open(&stage, None).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let (before, started) = (stage.tokens_sent(), Instant::now());
    stage.always(Some(Fault::ClosedBefore));
    sleep(Duration::from_secs(600)).await;
    let sent = stage.tokens_sent() - before;
    assert!(sent > 2 && sent < 60, "{sent} tokens within {:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_further_connection_that_is_refused_while_opening_is_tried_later() {
    let stage = Stage::new();
    stage.far(Duration::from_millis(100));
    // The question and the sign-in have theirs; the next one is the second lane's.
    stage.refuse_line(2);
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let (_, state, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert_eq!(state, PipelineState::Completed);
}

#[tokio::test(start_paused = true)]
async fn r08_a_command_does_not_go_over_a_connection_that_nobody_used_for_long() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    run(&handle, &mut events, Command::new("Get-Command")).await;
    sleep(Duration::from_secs(90)).await;
    let before = stage.lines();
    run(&handle, &mut events, Command::new("Get-Command")).await;
    assert_eq!(stage.lines(), before, "nothing is old yet");
    sleep(Duration::from_secs(110)).await;
    // What slept is gone, and nobody was told.
    stage.leave(0);
    let before = stage.lines();
    let (_, state, _, interruptions) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert_eq!((state, interruptions.len()), (PipelineState::Completed, 0));
    assert!(stage.lines() > before);
}

#[tokio::test(start_paused = true)]
async fn a_refused_endpoint_is_still_told_as_that() {
    let stage = Stage::new();
    stage.refuse_line(0);
    let error = open(&stage, None).await.err();
    assert!(matches!(error, Some(OpenError::SignIn(SignInError::Connect(_)))), "{error:?}");
}
