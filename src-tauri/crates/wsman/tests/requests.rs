//! What a client encodes, a server decodes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;
use wsman::server::{InputData, RequestBody, decode_request};
use wsman::{
    BufferMode, Enumeration, InputStream, Operation, OperationKind, RequestIds, ShellContext, SignalCode,
    encode_request, guid_text, names,
};

const SHELL: Uuid = Uuid::from_u128(0xABCD_EF01_0000_4000_8000_0000_0000_00AA);
const COMMAND: Uuid = Uuid::from_u128(0xABCD_EF02_0000_4000_8000_0000_0000_00BB);

fn context() -> ShellContext {
    ShellContext::new("http://192.0.2.224:5985/wsman", "PrivilegedEndpoint", Uuid::from_u128(0x5E55))
}

fn ids() -> RequestIds {
    RequestIds::new(Uuid::from_u128(0x1D), Uuid::from_u128(0x0B))
}

fn encode(operation: &Operation<'_>) -> Vec<u8> {
    encode_request(&context(), operation, &ids(), Duration::from_secs(20))
}

fn body(operation: &Operation<'_>) -> RequestBody {
    let request = decode_request(&encode(operation)).unwrap();
    assert_eq!(request.kind(), operation.kind());
    request.body
}

fn operations() -> Vec<Operation<'static>> {
    vec![
        Operation::Identify,
        Operation::Create { shell_id: SHELL, name: None, creation_xml: b"abc", idle_timeout: None },
        Operation::Command { shell_id: SHELL, command_id: COMMAND, text: "x", arguments: b"abc" },
        Operation::Send { shell_id: SHELL, command_id: None, stream: InputStream::Stdin, data: b"abc" },
        Operation::Receive { shell_id: SHELL, command_id: Some(COMMAND) },
        Operation::Signal { shell_id: SHELL, command_id: COMMAND, code: SignalCode::Stop },
        Operation::Disconnect { shell_id: SHELL, idle_timeout: None, buffer_mode: None },
        Operation::Reconnect { shell_id: SHELL, command_id: None },
        Operation::Connect { shell_id: SHELL, connect_xml: b"abc" },
        Operation::ConnectCommand { shell_id: SHELL, command_id: COMMAND },
        Operation::Delete { shell_id: SHELL },
        Operation::Get { shell_id: SHELL },
        Operation::Enumerate(Enumeration::Shells),
        Operation::Enumerate(Enumeration::Commands { shell_id: SHELL }),
        Operation::Pull { of: Enumeration::Shells, context: "uuid:1" },
    ]
}

#[test]
fn every_request_carries_the_headers() {
    for operation in operations() {
        if operation.kind() == OperationKind::Identify {
            continue;
        }
        let headers = decode_request(&encode(&operation)).unwrap().headers;
        assert_eq!(headers.to.as_deref(), Some("http://192.0.2.224:5985/wsman"));
        assert_eq!(headers.reply_to.as_deref(), Some(names::ANONYMOUS));
        assert_eq!(headers.action.as_deref(), Some(operation.kind().action()));
        assert_eq!(headers.message_id.as_deref(), Some("uuid:00000000-0000-0000-0000-00000000001D"));
        assert_eq!(headers.max_envelope, Some(512_000));
        assert_eq!(headers.operation_timeout, Some(Duration::from_secs(20)));
        assert_eq!(headers.locale.as_deref(), Some("en-US"));
        assert_eq!(headers.data_locale.as_deref(), Some("en-US"));
        assert_eq!(headers.session_id.as_deref(), Some("uuid:00000000-0000-0000-0000-000000005E55"));
        assert_eq!(headers.operation_id.as_deref(), Some("uuid:00000000-0000-0000-0000-00000000000B"));
        assert_eq!(headers.sequence_id, Some(1));
        assert!(!headers.retransmission && headers.not_understood.is_empty());
        assert_eq!(headers.shell_id().map(str::to_owned), operation.shell_id().map(guid_text));
    }
}

#[test]
fn the_resource_is_the_configuration_but_for_lists() {
    for operation in operations() {
        let expected = match operation {
            Operation::Identify => continue,
            Operation::Get { .. } | Operation::Enumerate(Enumeration::Shells) | Operation::Pull { .. } => names::SHELL,
            Operation::Enumerate(Enumeration::Commands { .. }) => names::SHELL_COMMANDS,
            _ => "http://schemas.microsoft.com/powershell/PrivilegedEndpoint",
        };
        let headers = decode_request(&encode(&operation)).unwrap().headers;
        assert_eq!(headers.resource_uri.as_deref(), Some(expected), "{operation:?}");
    }
}

#[test]
fn a_retransmission_differs_in_its_marks_only() {
    let receive = Operation::Receive { shell_id: SHELL, command_id: Some(COMMAND) };
    let first = String::from_utf8(encode(&receive)).unwrap();
    let again = encode_request(&context(), &receive, &ids().again(), Duration::from_secs(20));
    assert!(decode_request(&again).unwrap().headers.retransmission);
    let unmarked = String::from_utf8(again)
        .unwrap()
        .replace("OperationID s:mustUnderstand=\"true\"", "OperationID s:mustUnderstand=\"false\"")
        .replace("SequenceId s:mustUnderstand=\"true\"", "SequenceId s:mustUnderstand=\"false\"");
    assert_eq!(unmarked, first);
}

#[test]
fn marks_of_headers_are_as_the_table_says() {
    let text = String::from_utf8(encode(&operations()[1])).unwrap();
    for part in [
        "<w:ResourceURI s:mustUnderstand=\"true\">",
        "<a:Address s:mustUnderstand=\"true\">",
        "<a:Action s:mustUnderstand=\"true\">",
        "<w:MaxEnvelopeSize s:mustUnderstand=\"true\">512000<",
        "<w:Locale xml:lang=\"en-US\" s:mustUnderstand=\"false\"/>",
        "<p:DataLocale xml:lang=\"en-US\" s:mustUnderstand=\"false\"/>",
        "<p:SessionId s:mustUnderstand=\"false\">",
        "<w:OptionSet s:mustUnderstand=\"true\"><w:Option Name=\"protocolversion\" MustComply=\"true\">2.3</w:Option>",
        "<w:OperationTimeout>PT20.000S</w:OperationTimeout>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("Compression") && !text.contains("<?xml"));
}

#[test]
fn options_are_as_the_table_says() {
    for operation in operations() {
        let options = decode_request(&encode(&operation)).unwrap().headers.options;
        let found: Vec<_> = options.iter().map(|o| (o.name.as_str(), o.value.as_str(), o.must_comply)).collect();
        let expected = match operation {
            Operation::Create { .. } | Operation::Connect { .. } => vec![("protocolversion", "2.3", true)],
            Operation::Receive { .. } => vec![("WSMAN_CMDSHELL_OPTION_KEEPALIVE", "True", false)],
            _ => vec![],
        };
        assert_eq!(found, expected, "{operation:?}");
    }
}

#[test]
fn bodies_without_data_survive() {
    let (command, minute) = (Some(guid_text(COMMAND)), Duration::from_secs(60));
    assert_eq!(body(&Operation::Identify), RequestBody::Identify);
    for command_id in [None, Some(COMMAND)] {
        let expected = RequestBody::Receive { command_id: command_id.map(guid_text), streams: "stdout".into() };
        assert_eq!(body(&Operation::Receive { shell_id: SHELL, command_id }), expected);
        let expected = RequestBody::Reconnect { command_id: command_id.map(guid_text) };
        assert_eq!(body(&Operation::Reconnect { shell_id: SHELL, command_id }), expected);
    }
    for buffer_mode in [None, Some(BufferMode::None), Some(BufferMode::Block), Some(BufferMode::Drop)] {
        for idle_timeout in [None, Some(minute)] {
            let disconnect = Operation::Disconnect { shell_id: SHELL, idle_timeout, buffer_mode };
            assert_eq!(body(&disconnect), RequestBody::Disconnect { idle_timeout, buffer_mode });
        }
    }
    let connect = Operation::ConnectCommand { shell_id: SHELL, command_id: COMMAND };
    assert_eq!(body(&connect), RequestBody::Connect { command_id: command, connect_xml: None });
    assert_eq!(body(&Operation::Delete { shell_id: SHELL }), RequestBody::Delete);
    assert_eq!(body(&Operation::Get { shell_id: SHELL }), RequestBody::Get);
    assert_eq!(body(&Operation::Enumerate(Enumeration::Shells)), RequestBody::Enumerate { shell_id: None });
    assert_eq!(
        body(&Operation::Enumerate(Enumeration::Commands { shell_id: SHELL })),
        RequestBody::Enumerate { shell_id: Some(guid_text(SHELL)) }
    );
    let pull = Operation::Pull { of: Enumeration::Shells, context: "uuid:<&>" };
    assert_eq!(body(&pull), RequestBody::Pull { context: "uuid:<&>".into() });
}

#[test]
fn signal_codes_are_those_of_windows_byte_for_byte() {
    for (code, text) in [
        (SignalCode::Stop, "powershell/signal/crtl_c"),
        (SignalCode::Terminate, "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate"),
    ] {
        let signal = Operation::Signal { shell_id: SHELL, command_id: COMMAND, code };
        assert_eq!(body(&signal), RequestBody::Signal { command_id: Some(guid_text(COMMAND)), code: text.into() });
        assert_eq!(SignalCode::of_uri(text), Some(code));
    }
    assert_eq!(SignalCode::of_uri("powershell/signal/ctrl_c"), None);
    assert_eq!(SignalCode::of_uri("PowerShell/signal/crtl_c"), None);
}

#[test]
fn the_text_of_a_command_is_cut_after_256_characters() {
    for (length, kept) in [(0, 0), (255, 255), (256, 256), (257, 256)] {
        let text = "\u{1f600}".repeat(length);
        let command = Operation::Command { shell_id: SHELL, command_id: COMMAND, text: &text, arguments: b"" };
        let RequestBody::Command { text, .. } = body(&command) else { panic!() };
        assert_eq!(text.chars().count(), kept);
    }
}

#[test]
fn fragments_stand_in_the_namespace_of_powershell() {
    let create = String::from_utf8(encode(&operations()[1])).unwrap();
    assert!(create.contains("<creationXml xmlns=\"http://schemas.microsoft.com/powershell\">YWJj</creationXml>"));
    assert!(
        create.contains("<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>")
    );
}

proptest! {
    #[test]
    fn bodies_with_data_survive(
        data in proptest::collection::vec(any::<u8>(), 0..3_000),
        text in "[ -~\u{e4}\u{1f600}]{0,100}",
        seconds in proptest::option::of(0..100_000_u64),
        pr in any::<bool>(),
        to_command in any::<bool>(),
    ) {
        let text = text.trim();
        let idle_timeout = seconds.map(Duration::from_secs);
        let create = Operation::Create { shell_id: SHELL, name: Some(text), creation_xml: &data, idle_timeout };
        prop_assert_eq!(body(&create), RequestBody::Create {
            shell_id: Some(guid_text(SHELL)),
            name: Some(text.to_owned()),
            input_streams: "stdin pr".into(),
            output_streams: "stdout".into(),
            idle_timeout,
            creation_xml: data.clone(),
        });
        let command = Operation::Command { shell_id: SHELL, command_id: COMMAND, text, arguments: &data };
        prop_assert_eq!(body(&command), RequestBody::Command {
            command_id: Some(guid_text(COMMAND)), text: text.to_owned(), arguments: data.clone(),
        });
        let stream = if pr { InputStream::Pr } else { InputStream::Stdin };
        let command_id = to_command.then_some(COMMAND);
        let send = Operation::Send { shell_id: SHELL, command_id, stream, data: &data };
        let piece = InputData {
            stream: stream.name().to_owned(), command_id: command_id.map(guid_text), data: data.clone(),
        };
        prop_assert_eq!(body(&send), RequestBody::Send { streams: vec![piece] });
        let connect = Operation::Connect { shell_id: SHELL, connect_xml: &data };
        prop_assert_eq!(body(&connect), RequestBody::Connect { command_id: None, connect_xml: Some(data) });
    }

    #[test]
    fn p03_any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode_request(&bytes);
    }

    #[test]
    fn p03_any_cut_or_change_is_judged(which in 0..15_usize, at in 0..2_000_usize, byte in any::<u8>(), cut in any::<bool>()) {
        let mut document = encode(&operations()[which]);
        if cut {
            document.truncate(at);
            prop_assert_eq!(decode_request(&document).is_ok(), document.len() < at || document.len() == encode(&operations()[which]).len());
        } else if let Some(place) = document.get_mut(at) {
            *place = byte;
            let _ = decode_request(&document);
        }
    }
}

#[test]
fn content_is_not_printed() {
    let send = Operation::Send { shell_id: SHELL, command_id: None, stream: InputStream::Stdin, data: b"secret" };
    assert_eq!(format!("{send:?}"), "Send(6 bytes)");
}
