//! Requests that are sent again with their mark, and endpoints that do not know it.

use std::time::Duration;

use clixml::Value;
use psrp::{Command, Event, Pipeline, PipelineId, PipelineState};
use tokio::time::{sleep, timeout};
use winrm::{EventStream, Interruption, SessionEvent, SessionHandle};

use crate::faulty::{Fault, Stage};
use crate::{open, run};

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
