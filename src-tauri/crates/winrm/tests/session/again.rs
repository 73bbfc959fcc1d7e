//! Requests that are sent again with their mark, and endpoints that do not know it.

use std::time::Duration;

use std::sync::Arc;

use clixml::Value;
use practice::Scenario;
use psrp::host::HostCall;
use psrp::{Command, Event, Pipeline, PipelineId, PipelineState};
use tokio::time::{sleep, timeout};
use winrm::{Earlier, EventStream, Interruption, SessionEvent, SessionHandle};

use crate::faulty::{Fault, Stage};
use crate::simulation::answer;
use crate::{connect, open, run};

const SECOND: Duration = Duration::from_secs(1);

/// A session in which a command was terminated, so that the endpoint can be asked.
async fn experienced(stage: &Stage) -> (SessionHandle, EventStream) {
    let (handle, mut events) = open(stage, None).await.unwrap();
    run(&handle, &mut events, Command::new("Get-Command")).await;
    sleep(SECOND).await;
    (handle, events)
}

/// Waits for the end of a pipeline: its output, its final state, and what interrupted it.
async fn to_the_end(events: &mut EventStream, id: PipelineId) -> (Vec<Value>, PipelineState, Vec<Interruption>) {
    let (mut records, mut interruptions) = (Vec::new(), Vec::new());
    loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::Record { pipeline, value, .. }) if pipeline == id => records.push(value),
            SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if pipeline == id && state.is_final() => {
                return (records, state, interruptions);
            }
            SessionEvent::Interruption(interruption) => interruptions.push(interruption),
            _ => {}
        }
    }
}

/// Counts two objects of input, the first of which meets these faults one after the other.
async fn counted(stage: &Stage, faults: &[Fault]) -> (Option<i32>, Vec<Interruption>) {
    let (handle, mut events) = experienced(stage).await;
    let id = handle.invoke(Pipeline::new(vec![Command::new("Measure-Object")]).with_input()).await.unwrap();
    sleep(SECOND).await;
    stage.next(faults[0]);
    faults[1..].iter().for_each(|fault| stage.then(*fault));
    handle.input(id, "first".into()).await.unwrap();
    sleep(10 * SECOND).await;
    handle.input(id, "second".into()).await.unwrap();
    handle.end_input(id).await.unwrap();
    let (records, state, interruptions) = to_the_end(&mut events, id).await;
    assert_eq!(state, PipelineState::Completed, "{faults:?}");
    let count = records.first().and_then(|record| record.get("Count")).and_then(Value::as_i32);
    handle.close().await.unwrap();
    (count, interruptions)
}

#[tokio::test(start_paused = true)]
async fn input_without_an_answer_is_sent_again_where_the_endpoint_keeps_its_answers() {
    for faults in [&[Fault::LoseRequest][..], &[Fault::LoseAnswer], &[Fault::Answer(401)]] {
        let (count, interruptions) = counted(&Stage::new(), faults).await;
        assert_eq!((count, interruptions), (Some(2), vec![]), "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_again_is_sent_again_a_bounded_number_of_times() {
    // The input, the question whether the endpoint knows marks, and the input again
    let faults = [Fault::LoseRequest, Fault::LoseRequest, Fault::LoseAnswer, Fault::LoseAnswer];
    let (count, interruptions) = counted(&Stage::new(), &faults).await;
    assert_eq!((count, interruptions), (Some(2), vec![]));
    let stage = Stage::new();
    let (handle, mut events) = experienced(&stage).await;
    let id = handle.invoke(Pipeline::new(vec![Command::new("Measure-Object")]).with_input()).await.unwrap();
    sleep(SECOND).await;
    let before = stage.sealed_requests();
    stage.always(Some(Fault::LoseRequest));
    handle.input(id, "lost".into()).await.unwrap();
    let told = timeout(60 * SECOND, async {
        loop {
            if let SessionEvent::Interruption(Interruption::SendUnknown { .. }) = events.next().await.unwrap() {
                return;
            }
        }
    });
    told.await.expect("that it is not known whether it arrived is said");
    assert!(stage.sealed_requests() - before < 30, "{}", stage.sealed_requests() - before);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_knows_no_mark_gets_nothing_twice() {
    for (fault, wanted) in [(Fault::LoseRequest, 1), (Fault::LoseAnswer, 2)] {
        let stage = Stage::new();
        stage.pep().keep_answers(false);
        let (count, interruptions) = counted(&stage, &[fault]).await;
        assert_eq!(count, Some(wanted), "{fault:?}");
        assert!(matches!(interruptions.as_slice(), [Interruption::SendUnknown { .. }]), "{interruptions:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn before_anything_was_terminated_the_endpoint_cannot_be_asked() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let id = handle.invoke(Pipeline::new(vec![Command::new("Measure-Object")]).with_input()).await.unwrap();
    sleep(SECOND).await;
    let before = stage.sealed_requests();
    stage.next(Fault::LoseRequest);
    handle.input(id, "first".into()).await.unwrap();
    sleep(SECOND).await;
    assert!(stage.sealed_requests() - before <= 3, "the input, and Receives over fresh connections");
    handle.end_input(id).await.unwrap();
    let (_, _, interruptions) = to_the_end(&mut events, id).await;
    assert!(matches!(interruptions.as_slice(), [Interruption::SendUnknown { .. }]), "{interruptions:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_without_an_answer_is_sent_again_with_its_mark() {
    for keeps in [true, false] {
        for (fault, arrives) in [(Fault::LoseRequest, false), (Fault::LoseAnswer, true)] {
            let stage = Stage::at_speed(1.0);
            stage.pep().keep_answers(keeps);
            let (handle, mut events) = experienced(&stage).await;
            let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
            sleep(SECOND).await;
            stage.next(fault);
            handle.stop(id).await.unwrap();
            let (_, state, interruptions) = to_the_end(&mut events, id).await;
            let told = interruptions.iter().filter(|it| matches!(it, Interruption::StopUnknown { .. })).count();
            assert_eq!(told, usize::from(!keeps && !arrives), "{keeps} {fault:?}: {interruptions:?}");
            if keeps || arrives {
                assert_eq!(state, PipelineState::Stopped, "{fault:?}");
            }
        }
    }
}

/// An endpoint whose command asks twice and says what it was answered.
fn asking() -> Stage {
    let scenario = r#"{ "title": "t", "what": "w", "based_on": "healthy", "commands": { "Get-ClusterLog": [{ "steps": [
        { "prompt": { "name": "One", "type": "String" } }, { "output": "one {One}" },
        { "prompt": { "name": "Two", "type": "String" } }, { "output": "two {Two}" }
    ] }] } }"#;
    Stage::seeded(Scenario::parse("asking", scenario).unwrap(), 1, &Arc::default())
}

/// The next question.
async fn question(events: &mut EventStream) -> (Option<PipelineId>, HostCall) {
    loop {
        if let SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) = events.next().await.unwrap()
        {
            return (pipeline, call);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_answer_is_sent_again_and_taken_once() {
    for keeps in [true, false] {
        for faults in [&[Fault::LoseRequest][..], &[Fault::LoseAnswer], &[Fault::Answer(401)], &[Fault::LoseAnswer; 2]]
        {
            let stage = asking();
            stage.pep().keep_answers(keeps);
            let (handle, mut events) = open(&stage, None).await.unwrap();
            let id = handle.invoke(Command::new("Get-ClusterLog").into()).await.unwrap();
            let (pipeline, call) = question(&mut events).await;
            sleep(SECOND).await;
            stage.next(faults[0]);
            // The connections that are left are not trusted any more, and the Receives go first over new ones.
            faults[1..].iter().for_each(|fault| stage.then(*fault));
            handle.answer(pipeline, call.id, answer(&call)).await.unwrap();
            let (pipeline, second) = timeout(600 * SECOND, question(&mut events)).await.expect("it goes on");
            assert_ne!(call.id, second.id);
            // Time enough for the first answer to come again where it had arrived.
            sleep(SECOND).await;
            handle.answer(pipeline, second.id, answer(&second)).await.unwrap();
            let (records, state, _) = to_the_end(&mut events, id).await;
            assert_eq!(state, PipelineState::Completed, "{faults:?}");
            assert_eq!(records.last().and_then(Value::as_str), Some("two n"), "{faults:?}");
            handle.close().await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_arrives_is_sent_a_bounded_number_of_times_and_that_is_told() {
    let stage = asking();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    handle.invoke(Command::new("Get-ClusterLog").into()).await.unwrap();
    let (pipeline, call) = question(&mut events).await;
    sleep(SECOND).await;
    let before = stage.sealed_requests();
    stage.always(Some(Fault::LoseRequest));
    handle.answer(pipeline, call.id, answer(&call)).await.unwrap();
    let told = timeout(200 * SECOND, async {
        let mut again = 0;
        loop {
            match events.next().await.unwrap() {
                SessionEvent::Interruption(Interruption::AnsweredAgain { .. }) => again += 1,
                SessionEvent::Interruption(Interruption::SendUnknown { .. }) => return again,
                _ => {}
            }
        }
    });
    assert_eq!(told.await.expect("that it is not known whether it arrived is said"), 3);
    assert!(stage.sealed_requests() - before < 40, "{}", stage.sealed_requests() - before);
}

#[tokio::test(start_paused = true)]
async fn r11_a_question_that_was_open_is_asked_again_by_whoever_takes_over() {
    let stage = asking();
    let (first, mut events) = open(&stage, None).await.unwrap();
    let id = first.invoke(Command::new("Get-ClusterLog").into()).await.unwrap();
    let (_, call) = question(&mut events).await;
    let pool = first.pool();
    stage.crash();
    let stage = stage.another_process();
    let earlier = |questions| Earlier { pool, session: None, pipelines: vec![id], next_object: 100, questions };
    // The endpoint has told it, and does not tell it again.
    let (second, mut events) = connect(&stage, earlier(vec![])).await.unwrap();
    timeout(600 * SECOND, question(&mut events)).await.expect_err("it is not asked");
    let pool_is_there = second.running() == [id];
    assert!(pool_is_there);
    stage.crash();
    let stage = stage.another_process();
    let (third, mut events) = connect(&stage, earlier(vec![(id, call.clone())])).await.unwrap();
    assert_eq!(question(&mut events).await, (Some(id), call.clone()));
    third.answer(Some(id), call.id, answer(&call)).await.unwrap();
    let (pipeline, call) = question(&mut events).await;
    third.answer(pipeline, call.id, answer(&call)).await.unwrap();
    let (records, state, _) = to_the_end(&mut events, id).await;
    assert_eq!((records.last().and_then(Value::as_str), state), (Some("two n"), PipelineState::Completed));
    third.close().await.unwrap();
}
