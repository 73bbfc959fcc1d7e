//! Opening, versions and the end of the pool.

use clixml::Version;
use psrp::records::ErrorRecord;
use psrp::{
    Command, Event, InvokeError, MessageType, Misbehaviour, Origin, PeerError, PipelineState, PoolState,
    keys::RsaKeySource,
};

use crate::peer::{Did, POOL, Peer, capability, pipeline, state_of_pool};

const PRIVATE_DATA: &str = r#"<Obj RefId="0"><MS><Obj N="ApplicationPrivateData" RefId="1"><DCT><En><S N="Key">k</S><S N="Value">v</S></En></DCT></Obj></MS></Obj>"#;

#[test]
fn d1_a_pool_opens_whatever_comes_first_and_however_it_is_cut() {
    for opened_first in [false, true] {
        for at_once in [false, true] {
            let mut peer = Peer::new();
            assert_eq!(peer.did(), [Did::Shell(vec![MessageType::SessionCapability, MessageType::InitRunspacePool])]);
            let opened = (MessageType::RunspacePoolState, state_of_pool(2));
            let data = (MessageType::ApplicationPrivateData, PRIVATE_DATA.to_owned());
            let rest = if opened_first { [opened, data] } else { [data, opened] };
            let mut messages = vec![peer.bytes(None, MessageType::SessionCapability, &capability("2.3"))];
            messages.extend(rest.map(|(kind, xml)| peer.bytes(None, kind, &xml)));
            if at_once {
                messages = vec![messages.concat()];
            }
            for message in &messages {
                peer.pool.receive(None, message).unwrap();
            }
            assert_eq!(peer.pool.state(), PoolState::Opened);
            let protocol = Version { major: 2, minor: 3, build: None, revision: None };
            let events = peer.events();
            assert!(events.contains(&Event::Opened { protocol }));
            assert!(
                events
                    .iter()
                    .any(|event| matches!(event, Event::PrivateData(data) if data.entries().unwrap().len() == 1))
            );
        }
    }
}

#[test]
fn d2_versions_2_0_to_2_3_are_accepted_and_all_others_are_refused() {
    for (version, accepted) in
        [("2.0", true), ("2.2", true), ("2.3", true), ("2.4", false), ("3.0", false), ("1.9", false)]
    {
        let mut peer = Peer::new();
        peer.did();
        peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(1)).unwrap();
        let read = peer.say(None, MessageType::SessionCapability, &capability(version));
        if accepted {
            assert_eq!(read, Ok(()), "{version}");
            peer.say(None, MessageType::RunspacePoolState, &state_of_pool(2)).unwrap();
            assert_eq!(peer.pool.protocol().unwrap().to_string(), version);
            assert_eq!(peer.did().len(), 1, "the pipeline waited for the pool");
        } else {
            assert!(matches!(read, Err(PeerError::Version(_))), "{version}: {read:?}");
            assert_eq!(peer.did(), [], "nothing is sent to {version}");
            let events = peer.events();
            assert!(events.contains(&Event::PoolState { state: PoolState::Broken, error: None }));
            assert!(events.contains(&Event::PipelineState {
                pipeline: pipeline(1),
                state: PipelineState::Stopped,
                error: None,
                origin: Origin::NeverSent
            }));
        }
    }
}

#[test]
fn d3_a_pool_that_breaks_on_opening_shows_why() {
    let mut peer = Peer::new();
    peer.did();
    peer.say(None, MessageType::SessionCapability, &capability("2.3")).unwrap();
    let broken = r#"<Obj RefId="0"><MS><I32 N="RunspaceState">5</I32><Obj N="ExceptionAsErrorRecord" RefId="1"><MS><Obj N="Exception" RefId="2"><MS><S N="Message">no role</S></MS></Obj><S N="FullyQualifiedErrorId">NoRole</S></MS></Obj></MS></Obj>"#;
    peer.say(None, MessageType::RunspacePoolState, broken).unwrap();
    let events = peer.events();
    let [Event::PoolState { state: PoolState::Broken, error: Some(error) }] = events.as_slice() else {
        panic!("{events:?}")
    };
    let record = ErrorRecord::from_value(error);
    assert_eq!((record.message.as_str(), record.id.as_str()), ("no role", "NoRole"));
    assert_eq!(peer.pool.invoke(Command::new("x").into(), pipeline(1)), Err(InvokeError::Ended));
    assert_eq!(peer.pool.receive(None, b"more"), Err(PeerError::Ended));
}

#[test]
fn messages_that_have_no_place_are_refused() {
    let refused = |kind: MessageType, xml: &str| {
        let mut peer = Peer::opened();
        let error = peer.say(None, kind, xml).unwrap_err();
        assert_eq!(peer.pool.state(), PoolState::Broken);
        error
    };
    assert_eq!(refused(MessageType::SessionCapability, &capability("2.3")), Misbehaviour::SecondCapability.into());
    assert_eq!(refused(MessageType::PipelineOutput, "<S>x</S>"), misplaced(MessageType::PipelineOutput));
    assert_eq!(refused(MessageType::CreatePipeline, "<S>x</S>"), misplaced(MessageType::CreatePipeline));
    let mut peer = Peer::new();
    let early = peer.say(None, MessageType::RunspacePoolState, &state_of_pool(2)).unwrap_err();
    assert_eq!(early, Misbehaviour::BeforeCapability(MessageType::RunspacePoolState).into());
}

fn misplaced(kind: MessageType) -> PeerError {
    Misbehaviour::Misplaced(kind).into()
}

#[test]
fn d25_events_and_unknown_states_of_the_pool_do_no_harm() {
    let mut peer = Peer::opened();
    peer.say(None, MessageType::UserEvent, "<S>event</S>").unwrap();
    peer.say(None, MessageType::RunspaceAvailability, "<S>free</S>").unwrap();
    peer.say(None, MessageType::RunspacePoolState, &state_of_pool(7)).unwrap();
    let events = peer.events();
    assert!(matches!(
        events.as_slice(),
        [Event::UserEvent(_), Event::Availability(_), Event::PoolState { state: PoolState::Other(7), error: None }]
    ));
    assert_eq!(peer.pool.state(), PoolState::Opened);
}

#[test]
fn d26_the_end_of_the_pool_ends_its_pipelines_once() {
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("x").into(), pipeline(1)).unwrap();
    peer.did();
    peer.pool.invoke(Command::new("y").into(), pipeline(2)).unwrap();
    peer.say(None, MessageType::RunspacePoolState, &state_of_pool(4)).unwrap();
    peer.say(None, MessageType::RunspacePoolState, &state_of_pool(3)).unwrap();
    peer.pool.shell_closed();
    let ends: Vec<_> = peer
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::PipelineState { pipeline, state, origin, .. } => Some((pipeline, state, origin)),
            _ => None,
        })
        .collect();
    assert_eq!(
        ends,
        [
            (pipeline(1), PipelineState::Failed, Origin::PoolEnded),
            (pipeline(2), PipelineState::Stopped, Origin::NeverSent)
        ]
    );
    assert_eq!(peer.did(), []);
    assert_eq!(peer.pool.state(), PoolState::Closed);
}

#[test]
fn connecting_gives_a_pool_that_is_open_and_pipelines_that_go_on() {
    let options = psrp::PoolOptions { first_object: 900, ..Default::default() };
    let mut peer = Peer::with(options, Box::new(RsaKeySource));
    let options = psrp::PoolOptions { first_object: 900, ..Default::default() };
    peer.pool = psrp::ClientPool::connect(options, POOL, Box::new(RsaKeySource));
    assert_eq!(peer.did(), [Did::Shell(vec![MessageType::SessionCapability, MessageType::ConnectRunspacePool])]);
    assert_eq!(peer.pool.next_object(), 902);
    let mut answer = peer.bytes(None, MessageType::SessionCapability, &capability("2.3"));
    let data = r#"<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32></MS></Obj>"#;
    answer.extend(peer.bytes(None, MessageType::RunspacePoolInitData, data));
    peer.pool.receive_connect_response(&answer).unwrap();
    assert_eq!(peer.pool.state(), PoolState::Opened);
    peer.pool.attach(pipeline(1)).unwrap();
    assert_eq!(peer.pool.pipeline_state(pipeline(1)), Some(PipelineState::Running));
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, "<S>x</S>").unwrap();
    assert!(matches!(peer.events().as_slice(), [Event::Opened { .. }, Event::Record { .. }]));
}

#[test]
fn a_pool_that_is_closed_before_it_opened_stays_closed() {
    let mut peer = Peer::new();
    peer.did();
    peer.pool.invoke(Command::new("x").into(), pipeline(1)).unwrap();
    peer.pool.close();
    peer.say(None, MessageType::SessionCapability, &capability("2.3")).unwrap();
    peer.say(None, MessageType::RunspacePoolState, &state_of_pool(2)).unwrap();
    assert_eq!(peer.pool.state(), PoolState::Closing);
    peer.pool.shell_closed();
    assert_eq!(peer.did(), []);
    let events = peer.events();
    assert!(
        matches!(
            events.as_slice(),
            [
                Event::PipelineState { origin: Origin::NeverSent, .. },
                Event::PoolState { state: PoolState::Closed, error: None }
            ]
        ),
        "{events:?}"
    );
}

#[test]
fn what_the_other_client_had_not_received_of_the_opening_comes_first_after_connecting() {
    let mut peer = Peer::new();
    peer.pool = psrp::ClientPool::connect(psrp::PoolOptions::default(), POOL, Box::new(RsaKeySource));
    peer.did();
    peer.say(None, MessageType::SessionCapability, &capability("2.3")).unwrap();
    peer.say(None, MessageType::RunspacePoolState, &state_of_pool(2)).unwrap();
    peer.say(None, MessageType::SessionCapability, &capability("2.3")).unwrap();
    assert_eq!(peer.pool.state(), PoolState::Opened);
}
