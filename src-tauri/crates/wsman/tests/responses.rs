//! What a server encodes, a client decodes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;
use wsman::server::{Answer, Headers, OutputData, encode_response, receive_budget};
use wsman::{
    BufferMode, CommandInfo, CommandState, CommandStateKind, Identity, Listing, OperationKind, Received, Response,
    ShellInfo, ShellState, StreamData, decode_response, guid_text,
};

const MESSAGE: Uuid = Uuid::from_u128(0x1D);
const SHELL: Uuid = Uuid::from_u128(0xAA);
const COMMAND: Uuid = Uuid::from_u128(0xBB);

fn headers(kind: OperationKind) -> Headers {
    Headers {
        to: Some("http://192.0.2.224:5985/wsman".into()),
        action: Some(kind.action().into()),
        message_id: Some(format!("uuid:{}", guid_text(MESSAGE))),
        operation_id: Some(format!("uuid:{}", guid_text(Uuid::from_u128(3)))),
        resource_uri: Some("http://schemas.microsoft.com/powershell/PrivilegedEndpoint".into()),
        ..Headers::default()
    }
}

fn round(kind: OperationKind, answer: &Answer<'_>) -> Response {
    let document = encode_response(&headers(kind), Uuid::from_u128(9), answer);
    decode_response(kind, MESSAGE, &document).unwrap()
}

fn shell() -> ShellInfo {
    ShellInfo {
        shell_id: guid_text(SHELL),
        name: Some("Close & \u{65e5}\u{672c}".into()),
        resource_uri: Some("http://schemas.microsoft.com/powershell/PrivilegedEndpoint".into()),
        owner: Some(r"AZURESTACK\cloudadmin".into()),
        client_ip: Some("192.0.2.9".into()),
        process_id: Some(4_242),
        idle_timeout: Some(Duration::from_secs(28_800)),
        max_idle_timeout: Some(Duration::from_secs(43_200)),
        buffer_mode: Some(BufferMode::Drop),
        state: Some(ShellState::Disconnected),
        run_time: Some(Duration::from_secs(61)),
        inactivity: Some(Duration::ZERO),
    }
}

#[test]
fn every_answer_survives() {
    let identity = Identity {
        protocol: Some("http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd".into()),
        vendor: Some("Microsoft Corporation".into()),
        version: Some("OS: 10.0.17763 SP: 0.0 Stack: 3.0".into()),
    };
    assert_eq!(round(OperationKind::Identify, &Answer::Identity(&identity)), Response::Identity(identity.clone()));
    assert_eq!(round(OperationKind::Create, &Answer::Created(&shell())), Response::Created(shell()));
    assert_eq!(round(OperationKind::Get, &Answer::Shell(&shell())), Response::Shell(shell()));
    let answer = Answer::Command { command_id: &guid_text(COMMAND) };
    assert_eq!(round(OperationKind::Command, &answer), Response::Command { command_id: Some(COMMAND) });
    for kind in [
        OperationKind::Send,
        OperationKind::Signal,
        OperationKind::Disconnect,
        OperationKind::Reconnect,
        OperationKind::Delete,
    ] {
        assert_eq!(round(kind, &Answer::Acknowledged), Response::Acknowledged);
    }
    for xml in [None, Some(b"abc".as_slice())] {
        let expected = Response::Connected { response_xml: xml.map(<[u8]>::to_vec) };
        assert_eq!(round(OperationKind::Connect, &Answer::Connected { response_xml: xml }), expected);
    }
    let command = CommandInfo {
        shell_id: Some(guid_text(SHELL)),
        command_id: guid_text(COMMAND),
        state: Some(ShellState::Connected),
    };
    assert_eq!((shell().id(), command.id()), (Some(SHELL), Some(COMMAND)));
    for kind in [OperationKind::Enumerate, OperationKind::Pull] {
        let shells = [shell(), ShellInfo { shell_id: "winrs".into(), ..ShellInfo::default() }];
        let expected = Listing { shells: shells.to_vec(), ..Listing::default() };
        assert_eq!(round(kind, &Answer::Shells(&shells)), Response::Listing(expected));
        let commands = [command.clone()];
        let expected = Listing { commands: commands.to_vec(), ..Listing::default() };
        assert_eq!(round(kind, &Answer::Commands(&commands)), Response::Listing(expected));
    }
}

#[test]
fn every_state_of_a_command_survives() {
    for state in [
        CommandStateKind::Pending,
        CommandStateKind::Running,
        CommandStateKind::Done,
        CommandStateKind::Other("urn:other".into()),
    ] {
        let id = guid_text(COMMAND);
        let answer = Answer::Received { streams: &[], state: Some((&id, &state)) };
        let exit_code = (state == CommandStateKind::Done).then_some(0);
        let expected = CommandState { command_id: Some(COMMAND), state: state.clone(), exit_code };
        let Response::Received(received) = round(OperationKind::Receive, &answer) else { panic!() };
        assert_eq!(received.done(), expected.state == CommandStateKind::Done);
        assert_eq!(received.state, Some(expected));
    }
}

#[test]
fn an_answer_of_the_budget_stays_inside_the_limit() {
    let id = guid_text(COMMAND);
    for (limit, pieces) in [(153_600, 1), (512_000, 1), (512_000, 7), (512_000, 200), (1_000, 1)] {
        let room = receive_budget(limit, pieces) / pieces;
        let data = vec![0; room];
        let streams = vec![OutputData { command_id: Some(&id), data: &data }; pieces];
        let answer = Answer::Received { streams: &streams, state: Some((&id, &CommandStateKind::Done)) };
        let length = encode_response(&headers(OperationKind::Receive), MESSAGE, &answer).len();
        assert!(room == 0 || length <= usize::try_from(limit).unwrap(), "{length} of {limit}");
    }
}

#[test]
fn eight_megabytes_in_one_stream_are_read() {
    let data = vec![0x5A; 8 << 20];
    let answer = Answer::Received { streams: &[OutputData { command_id: None, data: &data }], state: None };
    let Response::Received(received) = round(OperationKind::Receive, &answer) else { panic!() };
    assert_eq!(received.streams.len(), 1);
    assert!(received.streams[0].data == data);
}

proptest! {
    #[test]
    fn streams_survive(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..500), 0..20),
        to_command in any::<bool>(),
    ) {
        let id = guid_text(COMMAND);
        let command_id = to_command.then_some(id.as_str());
        let streams: Vec<_> = pieces.iter().map(|data| OutputData { command_id, data }).collect();
        let response = round(OperationKind::Receive, &Answer::Received { streams: &streams, state: None });
        let expected = pieces.iter().map(|data| StreamData {
            name: "stdout".into(), command_id: to_command.then_some(COMMAND), data: data.clone(),
        });
        prop_assert_eq!(response, Response::Received(Received { streams: expected.collect(), state: None }));
    }

    #[test]
    fn p03_any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..400), which in 0..13_usize) {
        let _ = decode_response(OperationKind::ALL[which], MESSAGE, &bytes);
    }

    #[test]
    fn p03_any_change_is_judged(at in 0..2_000_usize, byte in any::<u8>()) {
        let mut document = encode_response(&headers(OperationKind::Create), MESSAGE, &Answer::Created(&shell()));
        if let Some(place) = document.get_mut(at) {
            *place = byte;
        }
        let _ = decode_response(OperationKind::Create, MESSAGE, &document);
    }
}
