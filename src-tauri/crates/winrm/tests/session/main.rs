//! Sessions against the practice PEP in memory, through exchanges that fail on purpose.
#![allow(clippy::unwrap_used, clippy::panic)]

mod again;
mod cases;
mod connections;
mod endings;
mod faulty;
mod few;
mod input;
mod lost;
mod requirements;
mod round_trips;
mod simulation;
mod tickets;

use std::sync::Arc;

use faulty::{Fault, Stage};
use psrp::client::Origin;
use psrp::{Command, Event, PipelineState};
use winrm::{
    Credentials, Earlier, EventStream, Interruption, LossReason, NoIntents, OpenError, OpenOptions, Secret,
    SecurityEnd, SessionEvent, SessionHandle, SessionState, SignIn, SignInError,
};

pub(crate) async fn open(stage: &Stage, password: Option<&str>) -> Result<(SessionHandle, EventStream), OpenError> {
    let password = password.map_or_else(|| stage.password(), |text| Secret::from(text.to_owned()));
    let sign_in = SignIn::new(Credentials::new(practice::PracticePep::ACCOUNT, password), |_: &_| Ok(()));
    winrm::open(stage.connector(), sign_in, OpenOptions::default(), Arc::new(NoIntents)).await
}

pub(crate) async fn connect(stage: &Stage, earlier: Earlier) -> Result<(SessionHandle, EventStream), OpenError> {
    let sign_in = SignIn::new(Credentials::new(practice::PracticePep::ACCOUNT, stage.password()), |_: &_| Ok(()));
    winrm::connect(stage.connector(), sign_in, OpenOptions::default(), earlier, Arc::new(NoIntents)).await
}

/// Runs a command; its number of output records, its final state, and what interrupted it.
pub(crate) async fn run(
    handle: &SessionHandle,
    events: &mut EventStream,
    command: Command,
) -> (usize, PipelineState, Origin, Vec<Interruption>) {
    let id = handle.invoke(command.into()).await.unwrap();
    let (mut records, mut interruptions) = (0, Vec::new());
    loop {
        match events.next().await.unwrap() {
            SessionEvent::Pool(Event::Record { .. }) => records += 1,
            SessionEvent::Pool(Event::PipelineState { pipeline, state, origin, .. }) if pipeline == id => {
                return (records, state, origin, interruptions);
            }
            SessionEvent::Interruption(interruption) => interruptions.push(interruption),
            _ => {}
        }
    }
}

/// The state with which the events end.
pub(crate) async fn end(events: &mut EventStream) -> Option<SessionState> {
    let mut last = None;
    while let Some(event) = events.next().await {
        if let SessionEvent::State(state) = event {
            last = Some(state);
        }
    }
    last
}

#[tokio::test]
async fn a_session_opens_runs_and_leaves_nothing_behind() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    assert_eq!(handle.identity().netbios_domain, "PRACTICE");
    let (records, state, origin, interruptions) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10, "{records}");
    assert_eq!((state, origin), (PipelineState::Completed, Origin::Endpoint));
    assert_eq!(interruptions, []);
    handle.close().await.unwrap();
    assert_eq!(end(&mut events).await, Some(SessionState::Closed));
    assert_eq!(stage.pep().open_shells(), 0);
    assert_eq!(handle.close().await, Err(winrm::GoneError.into()));
}

#[tokio::test]
async fn a4_a_wrong_password_is_tried_once() {
    let stage = Stage::new();
    assert_eq!(open(&stage, Some("wrong")).await.err(), Some(OpenError::SignIn(SignInError::Rejected)));
    assert_eq!(stage.tokens_sent(), 2, "one NEGOTIATE, one AUTHENTICATE");
}

#[tokio::test]
async fn a9_an_identity_that_is_refused_never_sees_the_password() {
    let stage = Stage::new();
    let credentials = Credentials::new(practice::PracticePep::ACCOUNT, stage.password());
    let sign_in = SignIn::new(credentials, |identity: &winrm::ServerIdentity| Err(identity.netbios_domain.clone()));
    let result = winrm::open(stage.connector(), sign_in, OpenOptions::default(), Arc::new(NoIntents)).await;
    let Err(OpenError::SignIn(SignInError::Identity { reason, .. })) = result else { panic!("refused") };
    assert_eq!((reason.as_str(), stage.tokens_sent()), ("PRACTICE", 1));
}

#[tokio::test]
async fn a5_without_negotiate_no_token_is_shown() {
    let stage = Stage::new();
    stage.offer("Basic realm=\"x\"");
    let Err(OpenError::SignIn(SignInError::NoNegotiate { offered })) = open(&stage, None).await else {
        panic!("refused")
    };
    assert_eq!((offered, stage.tokens_sent()), (vec!["Basic".to_owned()], 0));
}

#[tokio::test]
async fn b1_an_answer_without_protection_ends_the_session() {
    for status in [200, 500] {
        let stage = Stage::new();
        let (handle, mut events) = open(&stage, None).await.unwrap();
        stage.next(Fault::Answer(status));
        let (_, _, origin, _) = run(&handle, &mut events, Command::new("Get-Command")).await;
        assert_eq!(origin, Origin::PoolEnded);
        let reason = LossReason::Security(SecurityEnd::Unsealed { status });
        assert_eq!(end(&mut events).await, Some(SessionState::Lost(reason)));
        assert_eq!(stage.after_fault(), 0, "nothing is sent after it");
    }
}

#[tokio::test]
async fn b10_a_command_whose_answer_is_lost_runs_once() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    stage.next(Fault::LoseAnswer);
    let (records, state, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10);
    assert_eq!(state, PipelineState::Completed);
    handle.close().await.unwrap();
}

#[tokio::test]
async fn b10_a_command_that_never_arrived_is_not_sent_again() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    stage.next(Fault::LoseRequest);
    let (records, state, origin, interruptions) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert_eq!((records, state, origin), (0, PipelineState::Failed, Origin::CommandGone));
    assert!(matches!(interruptions.as_slice(), [Interruption::NotStarted { .. }]), "{interruptions:?}");
    let (records, ..) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10, "the session goes on");
    handle.close().await.unwrap();
}

#[tokio::test]
async fn a17_a_socket_that_was_closed_while_idle_is_not_noticed() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    stage.next(Fault::ClosedBefore);
    let (records, state, _, interruptions) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert!(records > 10);
    assert_eq!((state, interruptions), (PipelineState::Completed, vec![]));
    handle.close().await.unwrap();
}

#[tokio::test]
async fn a15_a_forgotten_sign_in_on_a_command_asks_and_does_not_repeat() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    run(&handle, &mut events, Command::new("Get-Command")).await;
    stage.next(Fault::Answer(401));
    let (_, _, origin, interruptions) = run(&handle, &mut events, Command::new("Get-Command")).await;
    assert_eq!(origin, Origin::CommandGone);
    assert!(matches!(interruptions.as_slice(), [Interruption::NotStarted { .. }]), "{interruptions:?}");
    handle.close().await.unwrap();
}

#[tokio::test]
async fn d13_an_unknown_command_fails_with_its_error() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    let id = handle.invoke(Command::new("Get-Nothing").into()).await.unwrap();
    loop {
        if let SessionEvent::Pool(Event::PipelineState { pipeline, state, error, .. }) = events.next().await.unwrap() {
            assert_eq!((pipeline, state), (id, PipelineState::Failed));
            let error = psrp::records::ErrorRecord::from_value(&error.unwrap());
            assert_eq!(error.id, "CommandNotFoundException");
            break;
        }
    }
}

#[tokio::test]
async fn dropping_the_handle_closes_the_session() {
    let stage = Stage::new();
    let (handle, mut events) = open(&stage, None).await.unwrap();
    drop(handle);
    assert_eq!(end(&mut events).await, Some(SessionState::Closed));
    assert_eq!(stage.pep().open_shells(), 0);
}

#[tokio::test]
async fn inspecting_and_probing_need_no_password() {
    let stage = Stage::new();
    let identity = winrm::inspect(stage.connector().as_ref()).await.unwrap().identity;
    assert_eq!(identity.netbios_domain, "PRACTICE");
    let probe = winrm::probe(stage.connector().as_ref()).await.unwrap();
    assert_eq!(probe.schemes, ["Negotiate"]);
    assert!(probe.date.is_some());
    assert_eq!(stage.tokens_sent(), 1);
}
