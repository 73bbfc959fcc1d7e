//! Conformance cases that need a fake clock, or answers of which every byte is chosen.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use psrp::client::Origin;
use psrp::host::{HostAnswer, Question};
use psrp::{Command, Event, PipelineState};
use tokio::time::Instant;
use winrm::{Interruption, OpenError, SessionEvent, SessionState, SignInError};

use crate::faulty::{Fault, Stage};
use crate::simulation::Weather;
use crate::{end, open, run};

const SIGNATURE: &[u8] = b"NTLMSSP\0\x02\0\0\0";

/// Where the target information of a CHALLENGE in a token is.
fn target_information(token: &[u8]) -> Option<(usize, usize)> {
    let at = token.windows(SIGNATURE.len()).position(|window| window == SIGNATURE)?;
    let length = usize::from(u16::from_le_bytes([token[at + 40], token[at + 41]]));
    let offset = u32::from_le_bytes(token[at + 44..at + 48].try_into().unwrap()) as usize;
    Some((at + offset, length))
}

#[tokio::test]
async fn a7_a_challenge_that_is_damaged_in_any_way_gets_no_password() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 8] = [
        ("no SPNEGO", |token| *token = b"NTLMSSP".to_vec()),
        ("nothing", Vec::clear),
        ("a DER length beyond the token", |token| token[1..4].copy_from_slice(&[0x83, 0xFF, 0xFF])),
        ("a DER length that is too short", |token| {
            let last = token.len() - 1;
            token.truncate(last);
        }),
        ("a pair that is longer than its list", |token| {
            let (at, _) = target_information(token).unwrap();
            token[at + 2..at + 4].copy_from_slice(&u16::MAX.to_le_bytes());
        }),
        ("a list without an end", |token| {
            let (at, length) = target_information(token).unwrap();
            token[at + length - 4] = 0x55;
        }),
        ("a pair that is there twice", |token| {
            let (at, _) = target_information(token).unwrap();
            let second = at + 4 + usize::from(u16::from_le_bytes([token[at + 2], token[at + 3]]));
            let id = [token[at], token[at + 1]];
            token[second..second + 2].copy_from_slice(&id);
        }),
        ("fields outside the message", |token| {
            let at = token.windows(SIGNATURE.len()).position(|window| window == SIGNATURE).unwrap();
            token[at + 44..at + 48].copy_from_slice(&u32::MAX.to_le_bytes());
        }),
    ];
    for (name, damage) in damages {
        let stage = Stage::new();
        stage.edit(move |ours, token| {
            if !ours {
                damage(token);
            }
        });
        let error = open(&stage, None).await.err();
        assert!(matches!(error, Some(OpenError::SignIn(SignInError::Challenge(_)))), "{name}: {error:?}");
        assert_eq!((stage.tokens_sent(), stage.sealed_requests()), (1, 0), "{name}: AUTHENTICATE was not sent");
    }
}

#[tokio::test(start_paused = true)]
async fn d23_a_thousand_stops_at_any_moment_give_one_final_state_each() {
    let stage = Stage::at_speed(1.0);
    let (handle, mut events) = open(&stage, None).await.unwrap();
    stage.weather(Weather::fair(23));
    let (mut completed, mut stopped, mut unsent) = (0, 0, 0);
    for number in 0..1_000_u64 {
        // It takes three seconds.
        let id = handle.invoke(Command::new("Get-ActionStatus").into()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(number * 37 % 9_000)).await;
        handle.stop(id).await.unwrap();
        if number % 2 == 0 {
            handle.stop(id).await.unwrap();
        }
        let mut states = Vec::new();
        while states.is_empty() {
            match events.next().await.unwrap() {
                SessionEvent::Pool(Event::PipelineState { pipeline, state, origin, .. }) if state.is_final() => {
                    assert_eq!(pipeline, id, "{number}: of another one");
                    states.push((state, origin));
                }
                SessionEvent::Interruption(interruption) => panic!("{number}: {interruption:?}"),
                _ => {}
            }
        }
        match states[0] {
            (PipelineState::Completed, Origin::Endpoint) => completed += 1,
            (PipelineState::Stopped, Origin::Endpoint) => stopped += 1,
            (PipelineState::Stopped, Origin::NeverSent) => unsent += 1,
            other => panic!("{number}: {other:?}"),
        }
        // After its end as well.
        handle.stop(id).await.unwrap();
    }
    assert!(
        completed > 50 && stopped > 50,
        "both were seen: {completed} completed, {stopped} stopped, {unsent} never sent"
    );
    let (records, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10, "the session goes on");
    handle.close().await.unwrap();
    assert_eq!(end(&mut events).await, Some(SessionState::Closed));
}

#[tokio::test(start_paused = true)]
async fn d23_a_stop_that_overtakes_its_command_is_sent_again_and_no_longer_than_it_is_wanted() {
    let stage = Stage::at_speed(1.0);
    let (handle, mut events) = open(&stage, None).await.unwrap();
    run(&handle, &mut events, Command::new("Get-Command")).await;
    stage.next(Fault::Late(3));
    let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let asked = Instant::now();
    handle.stop(id).await.unwrap();
    let state = loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::PipelineState { state, origin, .. }) if state.is_final() => {
                break (state, origin);
            }
            SessionEvent::Interruption(interruption) => panic!("{interruption:?}"),
            _ => {}
        }
    };
    assert_eq!(state, (PipelineState::Stopped, Origin::Endpoint));
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    let requests = stage.sealed_requests();
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert!(stage.sealed_requests() - requests < 5, "nothing more of it is sent");
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn f5_a_question_that_is_answered_after_three_hours_is_answered() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let id = handle.invoke(Command::new("Get-VirtualDisk").into()).await.unwrap();
    let (pipeline, call) = loop {
        if let SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) = events.next().await.unwrap()
        {
            break (pipeline, call);
        }
    };
    assert!(matches!(call.question(), Some(Question::Fields { .. })), "{call:?}");
    let before = stage.sealed_requests();
    tokio::time::sleep(Duration::from_secs(3 * 3_600)).await;
    let heartbeats = stage.sealed_requests() - before;
    assert!((1_000..1_200).contains(&heartbeats), "two long polls of 20 seconds, and nothing else: {heartbeats}");
    let meanwhile: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
    assert_eq!(meanwhile, [], "nothing happened");
    let fields = vec![("CimSession".into(), "somebody".into())];
    handle.answer(pipeline, call.id, HostAnswer::Fields(fields)).await.unwrap();
    loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::PipelineState { pipeline, state, error, .. }) if state.is_final() => {
                assert_eq!((pipeline, state, error), (id, PipelineState::Completed, None));
                break;
            }
            SessionEvent::Interruption(interruption) => panic!("{interruption:?}"),
            _ => {}
        }
    }
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn h7_a_network_that_is_gone_for_less_than_four_minutes_is_survived_and_for_more_the_session_rests() {
    for (gone, rests) in [(230, false), (250, true)] {
        let stage = Stage::at_speed(1.0);
        let (handle, mut events) = open(&stage, None).await.unwrap();
        run(&handle, &mut events, Command::new("Get-Command")).await;
        let id = handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let cut = Instant::now();
        stage.always(Some(Fault::LoseRequest));
        let (mut first, mut left, mut rested, mut ended) = (None, Vec::new(), None, None);
        let mut back = false;
        while ended.is_none() {
            tokio::select! {
                event = events.next() => match event.unwrap() {
                    SessionEvent::State(SessionState::Retrying { left: time, .. }) => {
                        first.get_or_insert_with(Instant::now);
                        left.push(time);
                    }
                    SessionEvent::State(SessionState::Disconnected { reason }) => {
                        assert!(reason.is_some(), "it says why");
                        // The cut is noticed when the next answer does not come.
                        let noticed = first.expect("it was told before");
                        assert!(noticed - cut <= Duration::from_secs(25), "{:?}", noticed - cut);
                        rested = Some(noticed.elapsed());
                        stage.always(None);
                        handle.reconnect().await.unwrap();
                    }
                    SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if state.is_final() => {
                        assert_eq!(pipeline, id);
                        ended = Some(state);
                    }
                    SessionEvent::Interruption(Interruption::RecordsMayBeMissing { .. }) => {}
                    SessionEvent::Interruption(other) => panic!("{other:?}"),
                    _ => {}
                },
                () = tokio::time::sleep_until(cut + Duration::from_secs(gone)), if !back => {
                    back = true;
                    if !rests {
                        stage.always(None);
                    }
                }
            }
        }
        assert!(left.len() > 3 && left.windows(2).all(|pair| pair[1] <= pair[0]), "a countdown: {left:?}");
        assert!(left[0] <= Duration::from_secs(240));
        match rested {
            None => assert!(!rests, "{gone} seconds are too long"),
            Some(after) => {
                assert!(rests, "{gone} seconds are survived");
                assert!((235..=241).contains(&after.as_secs()), "after four minutes: {after:?}");
            }
        }
        assert_eq!(ended, Some(PipelineState::Completed), "what ran went on");
        handle.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn h8_a_question_that_is_open_at_a_disconnection_gets_one_answer() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let id = handle.invoke(Command::new("Get-VirtualDisk").into()).await.unwrap();
    let ask = |event: &SessionEvent| match event {
        SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) => Some((*pipeline, call.id)),
        _ => None,
    };
    let (pipeline, call) = loop {
        if let Some(asked) = ask(&events.next().await.unwrap()) {
            break asked;
        }
    };
    handle.disconnect(None).await.unwrap();
    handle.reconnect().await.unwrap();
    let fields = vec![("CimSession".into(), "somebody".into())];
    handle.answer(pipeline, call, HostAnswer::Fields(fields)).await.unwrap();
    let again = vec![("CimSession".into(), "another".into())];
    assert!(handle.answer(pipeline, call, HostAnswer::Fields(again)).await.is_err(), "once");
    loop {
        let event = events.next().await.unwrap();
        assert_eq!(ask(&event), None, "asked once");
        if let SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) = event
            && state.is_final()
        {
            assert_eq!((pipeline, state), (id, PipelineState::Completed));
            break;
        }
    }
    handle.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn h9_deleting_while_receives_wait_ends_all_of_them_quietly() {
    let stage = Stage::at_speed(0.001);
    let mut options = winrm::OpenOptions::default();
    options.pool_options.max_runspaces = 2;
    let credentials = winrm::Credentials::new(practice::PracticePep::ACCOUNT, stage.password());
    let sign_in = winrm::SignIn::new(credentials, |_: &_| Ok(()));
    let (handle, mut events) =
        winrm::open(stage.connector(), sign_in, options, Arc::new(winrm::NoIntents)).await.unwrap();
    for _ in 0..2 {
        handle.invoke(Command::new("Test-AzureStack").into()).await.unwrap();
    }
    // Of the pool and of both pipelines
    tokio::time::sleep(Duration::from_secs(10)).await;
    let tokens = stage.tokens_sent();
    handle.close().await.unwrap();
    let (mut ends, mut states) = (0, Vec::new());
    while let Some(event) = events.next().await {
        match event {
            SessionEvent::Pool(Event::PipelineState { state, .. }) if state.is_final() => ends += 1,
            SessionEvent::State(state) => states.push(state),
            SessionEvent::Interruption(interruption) => panic!("{interruption:?}"),
            _ => {}
        }
    }
    assert_eq!(ends, 2, "one end each");
    assert_eq!(states.last(), Some(&SessionState::Closed), "{states:?}");
    assert_eq!(stage.pep().open_shells(), 0);
    assert!(stage.tokens_sent() <= tokens + 2, "one more lane at most: all others wait");
}

#[tokio::test]
async fn h10_the_id_of_a_shell_is_known_before_it_is_asked_for() {
    struct Written(Mutex<Vec<winrm::Intent>>, Arc<AtomicBool>);
    impl winrm::Intents for Written {
        fn intend(&self, intent: winrm::Intent) -> winrm::BoxFuture<'_, Result<(), winrm::Refused>> {
            self.0.lock().unwrap().push(intent);
            let dies = self.1.load(SeqCst);
            Box::pin(async move { if dies { std::future::pending().await } else { Ok(()) } })
        }
    }
    let stage = Stage::new();
    let written = Arc::new(Written(Mutex::default(), Arc::new(AtomicBool::new(true))));
    let credentials = winrm::Credentials::new(practice::PracticePep::ACCOUNT, stage.password());
    let sign_in = winrm::SignIn::new(credentials, |_: &_| Ok(()));
    let options = winrm::OpenOptions::default();
    let opening = winrm::open(stage.connector(), sign_in, options, Arc::clone(&written) as Arc<dyn winrm::Intents>);
    // The process ends while the id is written down: nothing was sent yet.
    assert!(tokio::time::timeout(Duration::from_millis(500), opening).await.is_err());
    let intents = written.0.lock().unwrap().clone();
    assert!(matches!(intents[..], [winrm::Intent::Create { .. }]), "{intents:?}");
    assert_eq!((stage.sealed_requests(), stage.pep().open_shells()), (0, 0));
    // And when it ends after that, the id leads to what was made.
    let stage = Stage::new();
    let written = Arc::new(Written(Mutex::default(), Arc::default()));
    let credentials = winrm::Credentials::new(practice::PracticePep::ACCOUNT, stage.password());
    let sign_in = winrm::SignIn::new(credentials, |_: &_| Ok(()));
    stage.next(Fault::Late(5));
    let options = winrm::OpenOptions::default();
    let opening = winrm::open(stage.connector(), sign_in, options, Arc::clone(&written) as Arc<dyn winrm::Intents>);
    let opened = tokio::spawn(opening);
    while stage.sealed_requests() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let Some(winrm::Intent::Create { pool }) = written.0.lock().unwrap().first().copied() else { panic!("an id") };
    let (handle, _events) = opened.await.unwrap().unwrap();
    assert_eq!(handle.pool(), pool);
}
