//! Input of a pipeline whose endpoint does not take it: it waits with whoever gives it, not in memory.

use std::sync::{Arc, Weak};
use std::time::Duration;

use clixml::{Object, Value};
use psrp::client::Origin;
use psrp::{Command, Event, Pipeline, PipelineId, PipelineState};
use tokio::time::timeout;
use winrm::{EventStream, GoneError, SessionEvent, SessionHandle};

use crate::faulty::{Fault, Stage};
use crate::open;

const SECOND: Duration = Duration::from_secs(1);

/// An input object of 1 MiB.
fn object() -> Arc<Object> {
    Arc::new(Object::with_extended([("Text", "y".repeat(1 << 20).as_str().into())]))
}

/// A pipeline that runs for hours, whose endpoint does not answer to the first input and so gets no more of it.
async fn stuck(stage: &Stage) -> (SessionHandle, EventStream, PipelineId) {
    let (handle, events) = open(stage, None).await.unwrap();
    let pipeline = Pipeline::new(vec![Command::new("Test-AzureStack")]).with_input();
    let id = handle.invoke(pipeline).await.unwrap();
    // The command is there and its output is waited for: the next request is the input.
    tokio::time::sleep(SECOND).await;
    stage.next(Fault::Late(1_000_000));
    handle.input(id, "the first".into()).await.unwrap();
    tokio::time::sleep(SECOND).await;
    (handle, events, id)
}

/// Gives input until none is taken for a second; how many objects were taken.
async fn fill(handle: &SessionHandle, id: PipelineId) -> usize {
    let mut taken = 0;
    while timeout(SECOND, handle.input(id, Value::Object(object()))).await.is_ok() {
        taken += 1;
        assert!(taken < 100, "there is no end of it");
    }
    taken
}

#[tokio::test(start_paused = true)]
async fn input_that_the_endpoint_does_not_take_is_not_taken_either() {
    let stage = Stage::at_speed(0.001);
    let (handle, _events, id) = stuck(&stage).await;
    assert_eq!(fill(&handle, id).await, 4, "4 MiB, each object a little more than one");
    // Whoever gives up takes the input back: nothing of it is kept.
    let mut given: Vec<Weak<Object>> = Vec::new();
    for _ in 0..50 {
        let object = object();
        given.push(Arc::downgrade(&object));
        assert!(timeout(SECOND, handle.input(id, Value::Object(object))).await.is_err());
    }
    assert!(timeout(SECOND, handle.end_input(id)).await.is_err());
    let kept = given.iter().filter(|object| object.strong_count() > 0).count();
    assert!(kept <= 1, "{kept} objects are kept");
}

#[tokio::test(start_paused = true)]
async fn input_that_waits_ends_with_its_pipeline_and_with_the_session() {
    for stopped in [true, false] {
        let stage = Stage::at_speed(0.001);
        let (handle, mut events, id) = stuck(&stage).await;
        fill(&handle, id).await;
        let giver = handle.clone();
        let waiting = tokio::spawn(async move { giver.input(id, Value::Object(object())).await });
        tokio::time::sleep(SECOND).await;
        assert!(!waiting.is_finished());
        if stopped {
            handle.stop(id).await.unwrap();
            let end = loop {
                let event = events.next().await.unwrap();
                if let SessionEvent::Pool(Event::PipelineState { state, origin, .. }) = event
                    && state.is_final()
                {
                    break (state, origin);
                }
            };
            assert_eq!(end, (PipelineState::Stopped, Origin::Endpoint), "a stop does not wait behind input");
        } else {
            handle.close().await.unwrap();
        }
        assert_eq!(waiting.await.unwrap(), Ok(()), "a pipeline that has ended takes anything");
        if !stopped {
            assert_eq!(handle.input(id, "late".into()).await, Err(GoneError.into()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn small_objects_share_requests_and_one_alone_waits_for_no_other() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let id = handle.invoke(Pipeline::new(vec![Command::new("Measure-Object")]).with_input()).await.unwrap();
    tokio::time::sleep(SECOND).await;
    stage.far(Duration::from_millis(20));
    let before = stage.sealed_requests();
    let sent = tokio::time::Instant::now();
    handle.input(id, "alone".into()).await.unwrap();
    while stage.sealed_requests() == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(sent.elapsed() <= Duration::from_millis(22), "{:?}: nothing but its way", sent.elapsed());
    for number in 0..2_000 {
        handle.input(id, Value::I32(number)).await.unwrap();
    }
    handle.end_input(id).await.unwrap();
    let count = loop {
        if let SessionEvent::Pool(Event::Record { value, .. }) = events.next().await.unwrap() {
            break value.get("Count").and_then(Value::as_i32);
        }
    };
    assert_eq!(count, Some(2_001));
    // 32 KiB hold about 450 of them.
    let requests = stage.sealed_requests() - before;
    assert!(requests <= 10, "{requests} requests, the Receives among them");
}
