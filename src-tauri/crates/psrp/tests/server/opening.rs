//! The pool itself.

use clixml::{Value, Version};
use psrp::server::{ServerError, ServerEvent};
use psrp::{InputStream, MessageType, PoolId, PoolState, RecordStream};
use uuid::Uuid;

use crate::peer::{INIT, Peer, capability, create_pipeline, pipeline};

fn version(text: &str) -> Option<Value> {
    Version::parse(text).map(Value::Version)
}

fn kinds(messages: &[(MessageType, Value)]) -> Vec<MessageType> {
    messages.iter().map(|(kind, _)| *kind).collect()
}

#[test]
fn d2_a_client_of_2_0_to_2_3_gets_its_own_version_and_a_newer_one_ours() {
    for (theirs, agreed) in [("2.0", "2.0"), ("2.1", "2.1"), ("2.2", "2.2"), ("2.3", "2.3"), ("2.4", "2.3")] {
        let mut peer = Peer::new();
        peer.say(None, MessageType::SessionCapability, &capability(theirs)).unwrap();
        peer.say(None, MessageType::InitRunspacePool, INIT).unwrap();
        let heard = peer.heard(None);
        assert_eq!(
            kinds(&heard),
            [MessageType::SessionCapability, MessageType::ApplicationPrivateData, MessageType::RunspacePoolState]
        );
        assert_eq!(heard[0].1.get("protocolversion"), version(agreed).as_ref());
        // PowerShell's client wants these two as its own are.
        assert_eq!(heard[0].1.get("PSVersion"), version("2.0").as_ref());
        assert_eq!(heard[0].1.get("SerializationVersion"), version("1.1.0.1").as_ref());
        let data = heard[1].1.get("ApplicationPrivateData").unwrap();
        let (_, table) = &data.entries().unwrap()[0];
        let told = table.entries().unwrap().iter().find(|(name, _)| *name == "PSRemotingProtocolVersion".into());
        assert_eq!(told.map(|(_, value)| value.clone()), version(agreed));
        assert_eq!(heard[2].1.get("RunspaceState"), Some(&Value::I32(2)));
        assert!(matches!(peer.events().as_slice(), [ServerEvent::Opened { max_runspaces: 2, .. }]));
    }
}

#[test]
fn d2_another_major_version_gets_our_capability_and_nothing_else() {
    let mut peer = Peer::new();
    peer.say(None, MessageType::SessionCapability, &capability("3.0")).unwrap();
    peer.say(None, MessageType::InitRunspacePool, INIT).unwrap();
    assert_eq!(kinds(&peer.heard(None)), [MessageType::SessionCapability]);
    assert_eq!(peer.events(), []);
    assert_eq!(peer.pool.state(), PoolState::Broken);

    // Coming back with it does no harm to the pool.
    let mut peer = Peer::opened();
    let refused = peer.say(None, MessageType::SessionCapability, &capability("3.0"));
    assert_eq!(refused, Err(ServerError::Unexpected(MessageType::SessionCapability)));
    assert_eq!((peer.pool.state(), peer.heard(None)), (PoolState::Opened, Vec::new()));
}

#[test]
fn messages_that_have_no_place_are_refused() {
    let mut peer = Peer::new();
    let early = peer.say(Some(pipeline(1)), MessageType::CreatePipeline, &create_pipeline("Get-Thing"));
    assert!(matches!(early, Err(ServerError::Unexpected(MessageType::CreatePipeline))), "{early:?}");

    let again = [(MessageType::InitRunspacePool, INIT), (MessageType::PipelineOutput, "<S>x</S>")];
    for (kind, content) in again {
        let mut peer = Peer::opened();
        assert_eq!(peer.say(None, kind, content), Err(ServerError::Unexpected(kind)));
        assert_eq!(peer.heard(None), []);
    }

    let mut peer = Peer::opened();
    peer.id = PoolId(Uuid::from_u128(0xB));
    let foreign = peer.say(Some(pipeline(1)), MessageType::CreatePipeline, &create_pipeline("Get-Thing"));
    assert_eq!(foreign, Err(ServerError::Unexpected(MessageType::CreatePipeline)));

    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    let twice = peer.say(Some(pipeline(1)), MessageType::CreatePipeline, &create_pipeline("Get-Thing"));
    assert_eq!(twice, Err(ServerError::Unexpected(MessageType::CreatePipeline)));
}

#[test]
fn d25_questions_about_runspaces_get_a_number_and_orders_a_boolean() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    let call = |name: &str, count: i32| {
        format!(r#"<Obj RefId="0"><MS><I32 N="{name}">{count}</I32><I64 N="ci">7</I64></MS></Obj>"#)
    };
    for (kind, content) in [
        (MessageType::SetMaxRunspaces, call("MaxRunspaces", 5)),
        (MessageType::SetMinRunspaces, call("MinRunspaces", 2)),
        (MessageType::SetMaxRunspaces, call("MaxRunspaces", 1)),
        (MessageType::SetMinRunspaces, call("MinRunspaces", -1)),
        (MessageType::GetAvailableRunspaces, call("x", 0)),
        (MessageType::ResetRunspaceState, call("x", 0)),
    ] {
        peer.say(None, kind, &content).unwrap();
    }
    let answers: Vec<Value> = peer
        .heard(None)
        .into_iter()
        .map(|(kind, content)| {
            assert_eq!(kind, MessageType::RunspaceAvailability);
            assert_eq!(content.get("ci"), Some(&Value::I64(7)));
            content.get("SetMinMaxRunspacesResponse").unwrap().clone()
        })
        .collect();
    // Five, one of which is busy.
    let wanted = [true.into(), true.into(), false.into(), false.into(), Value::I32(4), true.into()];
    assert_eq!(answers, wanted);
}

#[test]
fn h_a_client_that_comes_back_with_new_object_ids_is_heard() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    // The earlier client died in the middle of a message.
    let cut =
        peer.bytes(None, MessageType::GetAvailableRunspaces, r#"<Obj RefId="0"><MS><I64 N="ci">1</I64></MS></Obj>"#);
    peer.pool.receive(None, InputStream::Stdin, &cut[..30]).unwrap();

    peer.fragmenter = psrp::Fragmenter::default();
    let mut xml = peer.bytes(None, MessageType::SessionCapability, &capability("2.3"));
    xml.extend(peer.bytes(None, MessageType::ConnectRunspacePool, "<S></S>"));
    peer.pool.receive_connect(&xml).unwrap();
    let heard = peer.heard(None);
    assert_eq!(
        kinds(&heard),
        [MessageType::SessionCapability, MessageType::RunspacePoolInitData, MessageType::ApplicationPrivateData]
    );
    assert_eq!(heard[1].1.get("MaxRunspaces"), Some(&Value::I32(2)));
    assert_eq!(peer.events(), [ServerEvent::Connected]);

    peer.pool.record(pipeline(1), RecordStream::Output, &"goes on".into());
    assert_eq!(peer.heard(Some(pipeline(1))).len(), 1);
    peer.start(pipeline(2));
    peer.say(None, MessageType::GetAvailableRunspaces, r#"<Obj RefId="0"><MS><I64 N="ci">1</I64></MS></Obj>"#).unwrap();
    assert_eq!(kinds(&peer.heard(None)), [MessageType::RunspaceAvailability]);
}

#[test]
fn connecting_to_a_pool_of_another_client_is_refused() {
    let mut peer = Peer::opened();
    peer.id = PoolId(Uuid::from_u128(0xB));
    let xml = peer.bytes(None, MessageType::SessionCapability, &capability("2.3"));
    let refused = peer.pool.receive_connect(&xml);
    assert_eq!(refused, Err(ServerError::Unexpected(MessageType::SessionCapability)));
}

#[test]
fn the_pool_tells_its_end_and_its_events() {
    let mut peer = Peer::opened();
    peer.pool.user_event(&"something".into());
    peer.pool.set_state(PoolState::Closing, None);
    peer.pool.set_state(PoolState::Broken, Some(&"why".into()));
    let heard = peer.heard(None);
    assert_eq!(heard[0], (MessageType::UserEvent, "something".into()));
    assert_eq!(heard[1].1.get("RunspaceState"), Some(&Value::I32(4)));
    assert_eq!(heard[2].1.get("RunspaceState"), Some(&Value::I32(5)));
    assert_eq!(heard[2].1.get("ExceptionAsErrorRecord").and_then(Value::as_str), Some("why"));
}
