//! Requests that a server has to refuse, and with what.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use uuid::Uuid;
use wsman::server::{RequestErrorKind, decode_request, encode_fault};
use wsman::{FaultKind, Malformed, OperationKind, ResponseError, decode_response};

const MESSAGE: Uuid = Uuid::from_u128(0x1D);
const NAMESPACES: &str = "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
    xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
    xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
    xmlns:r=\"http://schemas.microsoft.com/wbem/wsman/1/windows/shell\"";

fn request(kind: OperationKind, headers: &str, body: &str) -> String {
    format!(
        "<s:Envelope {NAMESPACES}><s:Header><a:MessageID>uuid:{MESSAGE}</a:MessageID><a:Action>{}</a:Action>{headers}\
         </s:Header><s:Body>{body}</s:Body></s:Envelope>",
        kind.action()
    )
}

/// Decodes, answers with the fault that follows, and reads that as the client.
fn refused(document: &str) -> (RequestErrorKind, FaultKind) {
    let error = decode_request(document.as_bytes()).unwrap_err();
    let headers = Some(&*error.headers).filter(|headers| headers.message_id.is_some());
    let answer = encode_fault(headers, Uuid::from_u128(9), "m", &error.to_fault());
    let Err(ResponseError::Fault(fault)) = decode_response(OperationKind::Send, MESSAGE, &answer) else { panic!() };
    (error.cause, fault.kind())
}

#[test]
fn bodies_that_lack_something_are_refused() {
    for (kind, body, missing) in [
        (OperationKind::Create, "", "Shell"),
        (OperationKind::Create, "<r:Shell/>", "creationXml"),
        (OperationKind::Create, "<Shell/>", "Shell"),
        (OperationKind::Command, "<r:Shell/>", "CommandLine"),
        (OperationKind::Send, "<r:Send/>", "Stream"),
        (OperationKind::Send, "<r:Send><r:Stream>YWJj</r:Stream></r:Send>", "Name of a Stream"),
        (OperationKind::Receive, "<r:Receive/>", "DesiredStream"),
        (OperationKind::Signal, "<r:Signal/>", "Code"),
        (OperationKind::Pull, "", "Pull"),
    ] {
        let expected = RequestErrorKind::Malformed(Malformed::Missing(missing));
        assert_eq!(refused(&request(kind, "", body)), (expected, FaultKind::BadRequest), "{body}");
    }
}

#[test]
fn values_of_the_wrong_form_are_refused() {
    for (headers, body) in [
        ("<w:MaxEnvelopeSize>big</w:MaxEnvelopeSize>", "<r:Reconnect/>"),
        ("<w:OperationTimeout>20</w:OperationTimeout>", "<r:Reconnect/>"),
        ("<w:OptionSet><w:Option>1</w:Option></w:OptionSet>", "<r:Reconnect/>"),
        ("<w:SelectorSet><w:Selector>1</w:Selector></w:SelectorSet>", "<r:Reconnect/>"),
        ("<a:To>x</a:To><a:To>x</a:To>", "<r:Reconnect/>"),
    ] {
        let (cause, kind) = refused(&request(OperationKind::Reconnect, headers, body));
        assert!(matches!(cause, RequestErrorKind::Malformed(_)), "{headers}");
        assert_eq!(kind, FaultKind::BadRequest);
    }
    for body in [
        "<r:Disconnect><r:IdleTimeOut>x</r:IdleTimeOut></r:Disconnect>",
        "<r:Disconnect><r:BufferMode>Sometimes</r:BufferMode></r:Disconnect>",
    ] {
        assert!(matches!(refused(&request(OperationKind::Disconnect, "", body)).0, RequestErrorKind::Malformed(_)));
    }
}

#[test]
fn headers_that_lack_or_are_not_understood_are_refused() {
    let no_header = format!("<s:Envelope {NAMESPACES}><s:Body/></s:Envelope>");
    assert_eq!(refused(&no_header).0, RequestErrorKind::HeaderRequired("Header"));
    let document = request(OperationKind::Delete, "", "");
    let no_id = document.replace("MessageID>", "Other>");
    assert_eq!(refused(&no_id), (RequestErrorKind::HeaderRequired("MessageID"), FaultKind::BadRequest));
    let no_action = document.replace("a:Action>", "a:Other>");
    assert_eq!(refused(&no_action).0, RequestErrorKind::HeaderRequired("Action"));
    let unknown = document.replace("transfer/Delete", "transfer/Put");
    assert_eq!(refused(&unknown), (RequestErrorKind::ActionNotSupported, FaultKind::BadRequest));
    for (value, accepted) in [("true", false), ("1", false), ("false", true), ("0", true)] {
        let headers = format!("<x:New xmlns:x=\"urn:x\" s:mustUnderstand=\"{value}\"/>");
        assert_eq!(
            decode_request(request(OperationKind::Delete, &headers, "").as_bytes()).is_ok(),
            accepted,
            "{value}"
        );
    }
}

#[test]
fn what_is_no_envelope_is_refused() {
    for text in ["", "x", "<x/>", "<s:Envelope", "<!DOCTYPE x><x/>"] {
        let (cause, kind) = refused(text);
        assert!(matches!(cause, RequestErrorKind::Malformed(_)) && kind == FaultKind::BadRequest, "{text}");
    }
}

#[test]
fn several_streams_and_arguments_are_read_in_order() {
    let send = "<r:Send><r:Stream Name=\"stdin\">YWJj</r:Stream><x/><r:Stream Name=\"pr\" CommandId=\"c\">ZGVm</r:Stream></r:Send>";
    let request_body = decode_request(request(OperationKind::Send, "", send).as_bytes()).unwrap().body;
    let wsman::server::RequestBody::Send { streams } = request_body else { panic!() };
    let found: Vec<_> =
        streams.iter().map(|s| (s.stream.as_str(), s.command_id.as_deref(), s.data.as_slice())).collect();
    assert_eq!(found, [("stdin", None, b"abc".as_slice()), ("pr", Some("c"), b"def")]);
    let command =
        "<r:CommandLine><r:Arguments>YWJj</r:Arguments><r:Command/><r:Arguments>ZGVm</r:Arguments></r:CommandLine>";
    let request_body = decode_request(request(OperationKind::Command, "", command).as_bytes()).unwrap().body;
    let wsman::server::RequestBody::Command { command_id, text, arguments } = request_body else { panic!() };
    assert_eq!((command_id, text.as_str(), arguments.as_slice()), (None, "", b"abcdef".as_slice()));
}

#[test]
fn a_reconnect_without_its_element_is_of_the_shell() {
    let body = decode_request(request(OperationKind::Reconnect, "", "").as_bytes()).unwrap().body;
    assert_eq!(body, wsman::server::RequestBody::Reconnect { command_id: None });
}
