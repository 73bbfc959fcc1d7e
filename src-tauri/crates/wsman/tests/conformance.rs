//! The conformance cases of sections B and C that concern envelopes, by their ids.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use uuid::Uuid;
use wsman::server::{Answer, Headers, ServerFault, encode_fault, encode_response};
use wsman::{
    Charset, CommandStateKind, Fault, FaultKind, Malformed, OperationKind, Received, Response, ResponseError,
    decode_response, guid_text, names,
};

const MESSAGE: Uuid = Uuid::from_u128(0x1D);
const COMMAND: Uuid = Uuid::from_u128(0xBB);
const NAMESPACES: &str = "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
    xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
    xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
    xmlns:rsp=\"http://schemas.microsoft.com/wbem/wsman/1/windows/shell\" \
    xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

fn headers(kind: OperationKind) -> Headers {
    Headers {
        action: Some(kind.action().into()),
        message_id: Some(format!("uuid:{}", guid_text(MESSAGE))),
        ..Headers::default()
    }
}

fn relates_to() -> String {
    format!("<a:RelatesTo>uuid:{}</a:RelatesTo>", guid_text(MESSAGE))
}

/// An answer to Receive with this inside.
fn receive(inside: &str) -> String {
    let action = format!("<a:Action>{}Response</a:Action>", OperationKind::Receive.action());
    format!(
        "<s:Envelope {NAMESPACES}><s:Header>{action}{}</s:Header><s:Body>\
         <rsp:ReceiveResponse>{inside}</rsp:ReceiveResponse></s:Body></s:Envelope>",
        relates_to()
    )
}

fn received(inside: &str) -> Result<Received, ResponseError> {
    match decode_response(OperationKind::Receive, MESSAGE, receive(inside).as_bytes())? {
        Response::Received(received) => Ok(received),
        other => panic!("{other:?}"),
    }
}

fn malformed(kind: OperationKind, body: &[u8]) -> Malformed {
    match decode_response(kind, MESSAGE, body) {
        Err(ResponseError::Malformed(malformed)) => malformed,
        other => panic!("{other:?}"),
    }
}

/// A fault with this inside `s:Fault`.
fn fault(inside: &str) -> Fault {
    let document = format!(
        "<s:Envelope {NAMESPACES}><s:Header><a:Action>x</a:Action>{}</s:Header>\
         <s:Body><s:Fault>{inside}</s:Fault></s:Body></s:Envelope>",
        relates_to()
    );
    match decode_response(OperationKind::Command, MESSAGE, document.as_bytes()) {
        Err(ResponseError::Fault(fault)) => *fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn b11_the_answer_to_another_message_is_refused() {
    for kind in OperationKind::ALL.into_iter().filter(|kind| *kind != OperationKind::Identify) {
        let answer = encode_response(&headers(kind), COMMAND, &Answer::Acknowledged);
        assert_eq!(decode_response(kind, COMMAND, &answer), Err(ResponseError::WrongRelatesTo), "{kind:?}");
    }
    let fault = encode_fault(Some(&headers(OperationKind::Send)), COMMAND, "x", &ServerFault::timed_out());
    assert_eq!(decode_response(OperationKind::Send, COMMAND, &fault), Err(ResponseError::WrongRelatesTo));
    let text = receive("").replace(&relates_to(), "");
    assert_eq!(malformed(OperationKind::Receive, text.as_bytes()), Malformed::Missing("RelatesTo"));
    let text = receive("").replace(&relates_to(), &relates_to().repeat(2));
    assert_eq!(malformed(OperationKind::Receive, text.as_bytes()), Malformed::Twice("RelatesTo"));
}

#[test]
fn b11_the_answer_to_another_operation_is_refused() {
    for kind in OperationKind::ALL {
        for other in OperationKind::ALL {
            if kind == other || kind == OperationKind::Identify || other == OperationKind::Identify {
                continue;
            }
            let answer = encode_response(&headers(other), COMMAND, &Answer::Acknowledged);
            assert_eq!(decode_response(kind, MESSAGE, &answer), Err(ResponseError::WrongAction), "{kind:?} {other:?}");
        }
    }
    let request = receive("").replace("ReceiveResponse</a:Action>", "Receive</a:Action>");
    assert_eq!(decode_response(OperationKind::Receive, MESSAGE, request.as_bytes()), Err(ResponseError::WrongAction));
    let none = receive("").replace("<a:Action>", "<a:To>").replace("</a:Action>", "</a:To>");
    assert_eq!(malformed(OperationKind::Receive, none.as_bytes()), Malformed::Missing("Action"));
}

#[test]
fn b11_a_fault_that_names_no_message_is_taken() {
    let document = encode_fault(None, COMMAND, "x", &ServerFault::timed_out());
    let answer = decode_response(OperationKind::Send, MESSAGE, &document);
    assert!(matches!(answer, Err(ResponseError::Fault(fault)) if fault.kind() == FaultKind::TimedOut));
}

#[test]
fn b12_what_is_no_envelope_is_refused() {
    for text in ["no xml", "<a", "<a/>", "<s:Envelope/>", "\u{0}", "{}", "<html><body>404</body></html>"] {
        malformed(OperationKind::Receive, text.as_bytes());
    }
    let twice = receive("").repeat(2);
    malformed(OperationKind::Receive, twice.as_bytes());
    let no_body = format!("<s:Envelope {NAMESPACES}><s:Header/></s:Envelope>");
    assert_eq!(malformed(OperationKind::Receive, no_body.as_bytes()), Malformed::Missing("Body"));
    let soap11 =
        receive("").replace("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/");
    assert_eq!(malformed(OperationKind::Receive, soap11.as_bytes()), Malformed::NotSoap);
    let cut = receive("");
    for length in 0..cut.len() {
        assert!(decode_response(OperationKind::Receive, MESSAGE, &cut.as_bytes()[..length]).is_err(), "{length}");
    }
}

#[test]
fn b12_document_types_entities_and_instructions_are_refused() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    for text in [
        format!("{bomb}{}", receive("")),
        receive("<rsp:Stream Name=\"stdout\">&b;</rsp:Stream>"),
        receive("<?php x ?>"),
        receive("<rsp:Stream Name=\"stdout\">YWJj<?x y?></rsp:Stream>"),
    ] {
        malformed(OperationKind::Receive, text.as_bytes());
    }
}

#[test]
fn b12_p03_depth_is_limited() {
    // Envelope, Body and ReceiveResponse are the first three of 64.
    for (depth, accepted) in [(61, true), (62, false), (1_000_000, false)] {
        let inside = ["<x>".repeat(depth), "</x>".repeat(depth)].concat();
        assert_eq!(received(&inside).is_ok(), accepted, "{depth}");
    }
}

#[test]
fn b12_p03_the_number_of_nodes_and_attributes_is_limited() {
    // The answer without them has 14 starts, texts and ends, of twice 50,000.
    for (count, accepted) in [(49_993, true), (49_994, false)] {
        assert_eq!(received(&"<x/>".repeat(count)).is_ok(), accepted, "{count} elements");
    }
    for (count, accepted) in [(256, true), (257, false)] {
        let attributes: String = (0..count).map(|number| format!(" a{number}=\"\"")).collect();
        assert_eq!(received(&format!("<x{attributes}/>")).is_ok(), accepted, "{count} attributes");
    }
}

#[test]
fn b12_p03_a_long_text_in_a_short_field_is_refused() {
    for (length, accepted) in [(64 * 1024, true), (64 * 1024 + 1, false), (10 << 20, false)] {
        let text = "x".repeat(length);
        let state = format!("<rsp:CommandState State=\"{text}\"/>");
        assert_eq!(received(&state).is_ok(), accepted, "{length}");
        let header = receive("").replace("</s:Header>", &format!("<a:To>{text}</a:To></s:Header>"));
        assert!(decode_response(OperationKind::Receive, MESSAGE, header.as_bytes()).is_ok(), "not kept, not judged");
    }
    let reason = "\u{e4}".repeat(10 << 20);
    let fault = fault(&format!("<s:Reason><s:Text xml:lang=\"en-US\">x{reason}</s:Text></s:Reason>"));
    assert_eq!(fault.reason.len(), 64 * 1024 - 1, "cut between characters");
}

#[test]
fn b13_other_prefixes_and_default_namespaces_are_read() {
    let text = receive("<rsp:Stream Name=\"stdout\">YWJj</rsp:Stream>");
    let expected = decode_response(OperationKind::Receive, MESSAGE, text.as_bytes()).unwrap();
    let mut renamed = text.clone();
    for (old, new) in [("s", "soap-env"), ("a", "wsa"), ("rsp", "q")] {
        renamed = renamed.replace(&format!("<{old}:"), &format!("<{new}:"));
        renamed = renamed.replace(&format!("</{old}:"), &format!("</{new}:"));
        renamed = renamed.replace(&format!("xmlns:{old}="), &format!("xmlns:{new}="));
    }
    let defaulted = text
        .replace("<rsp:ReceiveResponse>", &format!("<ReceiveResponse xmlns=\"{}\">", names::SHELL))
        .replace("rsp:", "")
        .replace("xmlns:rsp=", "xmlns:unused=");
    for other in [renamed, defaulted] {
        assert_eq!(
            decode_response(OperationKind::Receive, MESSAGE, other.as_bytes()).as_ref(),
            Ok(&expected),
            "{other}"
        );
    }
}

#[test]
fn b13_elements_of_other_namespaces_are_not_taken_for_ours() {
    let stream = received("<x:Stream xmlns:x=\"urn:x\" Name=\"stdout\">YWJj</x:Stream>").unwrap();
    assert_eq!(stream, Received::default());
    let text = receive("").replace("<rsp:ReceiveResponse>", "<ReceiveResponse>").replace("</rsp:", "</");
    assert_eq!(malformed(OperationKind::Receive, text.as_bytes()), Malformed::Missing("ReceiveResponse"));
    assert!(received("<unbound:x/>").is_err());
}

#[test]
fn b13_extra_headers_attributes_comments_and_a_mark_are_read() {
    let plain = receive("<rsp:Stream Name=\"stdout\">YWJj</rsp:Stream>");
    let expected = decode_response(OperationKind::Receive, MESSAGE, plain.as_bytes()).unwrap();
    let extra = "<x:New xmlns:x=\"urn:x\" s:mustUnderstand=\"true\"><x:Inner>y</x:Inner></x:New></s:Header>";
    for text in [
        plain.replace("</s:Header>", extra),
        plain.replace("<rsp:Stream ", "<rsp:Stream Unit=\"1\" xsi:type=\"x\" "),
        plain.replace("<s:Body>", "<!-- & --><s:Body s:x=\"1\">\r\n  "),
        plain.replace("YWJj", "<![CDATA[YWJj]]>"),
        plain.replace("YWJj", "\r\nYW\r\nJj\r\n"),
        plain.replace("YWJj", "Y&#87;<!-- -->Jj"),
        plain.replace("<a:RelatesTo>uuid:", "<a:RelatesTo> urn:uuid:"),
        plain.replace(&relates_to(), &relates_to().to_lowercase().replace("relatesto", "RelatesTo")),
        format!("\u{feff}{plain}"),
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{plain}\n"),
    ] {
        assert_eq!(decode_response(OperationKind::Receive, MESSAGE, text.as_bytes()).as_ref(), Ok(&expected), "{text}");
    }
}

#[test]
fn b13_utf16_is_read_when_the_charset_says_so() {
    let text = receive("<rsp:Stream Name=\"stdout\">YWJj</rsp:Stream>");
    let expected = decode_response(OperationKind::Receive, MESSAGE, text.as_bytes());
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{text}");
    for text in [text, declared] {
        let body: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf8 = Charset::of_content_type("application/soap+xml;charset=UTF-16").unwrap().to_utf8(&body).unwrap();
        assert_eq!(decode_response(OperationKind::Receive, MESSAGE, &utf8), expected);
        malformed(OperationKind::Receive, &body);
    }
}

#[test]
fn b14_an_empty_body_is_an_error() {
    for kind in OperationKind::ALL {
        for body in [b"".as_slice(), b" \r\n"] {
            assert_eq!(malformed(kind, body), Malformed::Empty);
        }
    }
}

#[test]
fn b17_every_code_on_every_operation_has_its_meaning() {
    let table: &[(FaultKind, &[u32])] = &[
        (FaultKind::TimedOut, &[2_150_858_793]),
        (FaultKind::Aborted, &[995, 1_223]),
        (FaultKind::NotFound, &[2_150_858_843]),
        (FaultKind::Disconnected, &[2_150_859_204]),
        (FaultKind::StreamDisconnected, &[2_150_859_230]),
        (FaultKind::BusyElsewhere, &[2_150_859_213]),
        (FaultKind::OtherSession, &[2_150_859_206]),
        (FaultKind::ReconnectRefused, &[2_150_859_216]),
        (FaultKind::RunAsFailed, &[2_150_859_231]),
        (FaultKind::DisconnectRefused, &[2_150_859_205, 2_150_859_214, 2_150_859_215, 2_150_859_219, 2_150_859_224]),
        (FaultKind::IdleTimeout, &[2_150_859_250]),
        (FaultKind::AccessDenied, &[5]),
        (FaultKind::LogonFailed, &[1_326, 1_311, 1_312]),
        (FaultKind::UnknownResource, &[2_150_858_811, 2_150_858_754]),
        (FaultKind::ClientTrust, &[2_150_859_193, 2_150_859_195, 2_150_859_020, 2_150_858_980, 2_150_858_981]),
        (FaultKind::EnvelopeTooLarge, &[2_150_858_790]),
        (FaultKind::Quota, &[2_150_859_173, 2_150_859_176, 2_150_859_179, 2_150_859_236, 2_150_859_238, 2_150_859_241]),
        (FaultKind::AlreadyExists, &[2_150_858_803]),
        (FaultKind::BadRequest, &[2_150_858_810, 2_150_858_769, 2_150_858_771, 2_150_858_817, 2_150_858_819, 87]),
        (FaultKind::ReceivePending, &[2_150_859_047]),
        (FaultKind::Internal, &[1_359]),
        (FaultKind::Plugin, &[2_152_992_672, 0x8054_0FAF, 0x8054_0BB0, 0x8054_0BBF]),
        (
            FaultKind::Unavailable,
            &[2_150_858_770, 2_150_859_046, 2_150_859_026, 2_150_859_027, 2_150_859_120, 1_722, 53, 14, 1_115],
        ),
        (FaultKind::Redirect, &[2_150_859_161]),
    ];
    for (meaning, codes) in table {
        for &code in *codes {
            for kind in OperationKind::ALL {
                let fault = ServerFault::new(code, "\u{65e5}\u{672c}\u{8a9e}");
                let document = encode_fault(Some(&headers(kind)), COMMAND, "PRAC-ERCS01", &fault);
                let Err(ResponseError::Fault(fault)) = decode_response(kind, MESSAGE, &document) else { panic!() };
                assert_eq!((fault.code, fault.kind()), (Some(code), *meaning), "{code}");
                assert_eq!(fault.machine.as_deref(), Some("PRAC-ERCS01"));
                assert_eq!(fault.message.as_deref(), Some("\u{65e5}\u{672c}\u{8a9e}"));
                assert!(fault.to_string().starts_with(meaning.name()) && fault.to_string().is_ascii());
            }
        }
    }
    let mut names: Vec<_> = table.iter().map(|(meaning, _)| meaning.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), table.len());
}

#[test]
fn b17_codes_beside_the_ranges_are_other() {
    for code in [0, 2_150_859_172, 2_150_859_180, 2_150_859_235, 2_150_859_242, 0x8054_0F9F, 0x8054_0FB0, u32::MAX] {
        assert_eq!(FaultKind::of_code(code), None, "{code}");
    }
}

#[test]
fn b18_a_fault_without_detail_is_decided_by_its_subcode() {
    for (subcode, meaning) in [
        ("w:TimedOut", FaultKind::TimedOut),
        ("wsman:InvalidSelectors", FaultKind::NotFound),
        ("TimedOut", FaultKind::TimedOut),
        ("w:EncodingLimit", FaultKind::EnvelopeTooLarge),
        ("w:InternalError", FaultKind::Internal),
        ("w:AccessDenied", FaultKind::AccessDenied),
        ("w:QuotaLimit", FaultKind::Quota),
        ("a:DestinationUnreachable", FaultKind::UnknownResource),
        ("w:AlreadyExists", FaultKind::AlreadyExists),
        ("a:EndpointUnavailable", FaultKind::Unavailable),
        ("w:SchemaValidationError", FaultKind::BadRequest),
        ("w:SomethingNew", FaultKind::Other),
    ] {
        let fault = fault(&format!(
            "<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{subcode}</s:Value>\
             <s:Subcode><s:Value>w:AccessDenied</s:Value></s:Subcode></s:Subcode></s:Code>\
             <s:Reason><s:Text xml:lang=\"ja-JP\">Access is denied.</s:Text></s:Reason>"
        ));
        assert_eq!(fault.kind(), meaning, "{subcode}");
        assert_eq!(
            (fault.code, fault.soap_code.as_str(), fault.reason.as_str()),
            (None, "Receiver", "Access is denied.")
        );
    }
    assert_eq!(fault("").kind(), FaultKind::Other);
}

#[test]
fn b18_the_code_goes_before_the_subcode_and_never_the_text() {
    let inside = |code: &str| {
        format!(
            "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:AccessDenied</s:Value></s:Subcode></s:Code>\
             <s:Reason><s:Text xml:lang=\"en-US\">The operation timed out.</s:Text></s:Reason>\
             <s:Detail><f:WSManFault Code=\"{code}\" Machine=\"m\"><f:Message>quota</f:Message></f:WSManFault></s:Detail>"
        )
    };
    assert_eq!(fault(&inside("2150858843")).kind(), FaultKind::NotFound);
    for code in ["4000000000", "", "-2144108453", "+5", "5.0", "0x5", "99999999999", " "] {
        assert_eq!(fault(&inside(code)).kind(), FaultKind::AccessDenied, "{code}");
    }
}

#[test]
fn b18_a_nested_provider_fault_is_kept() {
    let fault = fault(
        "<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code>\
         <s:Reason><s:Text xml:lang=\"ja-JP\">\u{5931}\u{6557}</s:Text><s:Text xml:lang=\"en-US\">Failed.</s:Text>\
         <s:Text xml:lang=\"fr\">\u{c9}chec</s:Text></s:Reason>\
         <s:Detail><w:FaultDetail>urn:detail</w:FaultDetail><f:WSManFault Code=\"2152992672\" Machine=\"ERCS01\">\
         <f:Message><f:ProviderFault provider=\"microsoft.powershell\" path=\"%systemroot%\\pwrshplugin.dll\">\
         <f:WSManFault Code=\"5\" Machine=\"inner\"><f:Message>\u{5185}\u{90e8} &amp; x</f:Message></f:WSManFault>\
         </f:ProviderFault></f:Message></f:WSManFault></s:Detail>",
    );
    assert_eq!((fault.kind(), fault.code), (FaultKind::Plugin, Some(2_152_992_672)));
    assert_eq!((fault.reason.as_str(), fault.detail.as_deref()), ("Failed.", Some("urn:detail")));
    assert_eq!((fault.machine.as_deref(), fault.message.as_deref()), (Some("ERCS01"), Some("\u{5185}\u{90e8} & x")));
    let provider = fault.provider.unwrap();
    assert_eq!(provider.provider.as_deref(), Some("microsoft.powershell"));
    assert_eq!(provider.path.as_deref(), Some("%systemroot%\\pwrshplugin.dll"));
    assert_eq!((provider.code, provider.text.as_str()), (Some(5), "\u{5185}\u{90e8} & x"));
}

#[test]
fn c1_no_stream_and_no_state_is_an_answer() {
    assert_eq!(received(""), Ok(Received::default()));
    assert!(!received("").unwrap().done());
}

#[test]
fn c2_fifty_streams_keep_their_order() {
    let id = guid_text(COMMAND);
    let inside: String = (10..60)
        .map(|number| {
            format!("<rsp:Stream Name=\"stdout\" CommandId=\"{id}\">MD{}A</rsp:Stream>", number_in_base64(number))
        })
        .collect();
    let streams = received(&inside).unwrap().streams;
    assert_eq!(streams.len(), 50);
    let mut sorted = streams.clone();
    sorted.sort_by(|a, b| a.data.cmp(&b.data));
    assert_eq!(sorted, streams);
    assert_ne!(streams[0].data, streams[49].data);
}

/// One character, ascending with the number.
fn number_in_base64(number: u8) -> char {
    char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[usize::from(number)])
}

#[test]
fn c3_streams_without_content_are_no_data() {
    for stream in [
        "<rsp:Stream Name=\"stdout\"/>",
        "<rsp:Stream Name=\"stdout\"></rsp:Stream>",
        "<rsp:Stream Name=\"stdout\">\r\n  </rsp:Stream>",
        "<rsp:Stream Name=\"stdout\" xsi:nil=\"true\"/>",
        "<rsp:Stream Name=\"stdout\" End=\"true\"></rsp:Stream>",
    ] {
        assert_eq!(received(stream), Ok(Received::default()), "{stream}");
    }
}

#[test]
fn c3_streams_that_cannot_be_read_are_errors() {
    for stream in [
        "<rsp:Stream>YWJj</rsp:Stream>",
        "<rsp:Stream Name=\"stdout\">YWJ</rsp:Stream>",
        "<rsp:Stream Name=\"stdout\">YWJ\u{e4}</rsp:Stream>",
        "<rsp:Stream Name=\"stdout\">YWJj<x/></rsp:Stream>",
        "<rsp:Stream Name=\"stdout\" CommandId=\"4711\">YWJj</rsp:Stream>",
        "<rsp:CommandState/>",
        "<rsp:CommandState State=\"x\"/><rsp:CommandState State=\"x\"/>",
    ] {
        assert!(received(stream).is_err(), "{stream}");
    }
}

#[test]
fn c4_streams_of_another_command_are_told_apart() {
    let stream = |id: Option<Uuid>| match id {
        Some(id) => format!("<rsp:Stream Name=\"stdout\" CommandId=\"{}\">YWJj</rsp:Stream>", guid_text(id)),
        None => "<rsp:Stream Name=\"stdout\">YWJj</rsp:Stream>".to_owned(),
    };
    let other = Some(Uuid::from_u128(0xCC));
    for (ids, expected, result) in [
        (vec![Some(COMMAND), Some(COMMAND)], Some(COMMAND), true),
        (vec![Some(COMMAND), other], Some(COMMAND), false),
        (vec![None], Some(COMMAND), false),
        (vec![None], None, true),
        (vec![Some(COMMAND)], None, false),
        (vec![], Some(COMMAND), true),
    ] {
        let inside: String = ids.iter().map(|&id| stream(id)).collect();
        let received = received(&inside).unwrap();
        assert_eq!(received.belongs_to(expected), result, "{ids:?}");
        assert_eq!(received.streams.iter().map(|stream| stream.command_id).collect::<Vec<_>>(), ids);
    }
    let state = format!("<rsp:CommandState CommandId=\"{}\" State=\"x\"/>", guid_text(Uuid::from_u128(0xCC)));
    assert!(!received(&state).unwrap().belongs_to(Some(COMMAND)));
}

#[test]
fn c5_done_comes_with_data_and_alone() {
    let id = guid_text(COMMAND);
    let done = format!("<rsp:CommandState CommandId=\"{id}\" State=\"{}Done\"/>", names::COMMAND_STATE_PREFIX);
    let data = format!("<rsp:Stream Name=\"stdout\" CommandId=\"{id}\">YWJj</rsp:Stream>");
    assert!(received(&done).unwrap().done());
    let both = received(&[data.clone(), done].concat()).unwrap();
    assert!(both.done() && both.streams.len() == 1);
    let running = data + "<rsp:CommandState State=\"urn:Done\"/>";
    let running = received(&running).unwrap();
    assert_eq!(running.state.unwrap().state, CommandStateKind::Other("urn:Done".into()));
}

#[test]
fn created_takes_the_id_from_either_place() {
    let action = format!("<a:Action>{}Response</a:Action>", OperationKind::Create.action());
    let created = "<x:ResourceCreated xmlns:x=\"http://schemas.xmlsoap.org/ws/2004/09/transfer\"><a:ReferenceParameters>\
        <w:SelectorSet><w:Selector Name=\"ShellId\">AA</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>";
    let shell = "<rsp:Shell><rsp:ShellId>BB</rsp:ShellId><rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut></rsp:Shell>";
    for (inside, id) in [
        (created.to_owned(), Some("AA")),
        (shell.to_owned(), Some("BB")),
        ([created, shell].concat(), Some("BB")),
        ([created, "<rsp:Shell/>"].concat(), Some("AA")),
        ("<rsp:Shell/>".to_owned(), None),
        (String::new(), None),
    ] {
        let document = format!(
            "<s:Envelope {NAMESPACES}><s:Header>{action}{}</s:Header><s:Body>{inside}</s:Body></s:Envelope>",
            relates_to()
        );
        match (decode_response(OperationKind::Create, MESSAGE, document.as_bytes()), id) {
            (Ok(Response::Created(shell)), Some(id)) => assert_eq!(shell.shell_id, id),
            (Err(ResponseError::Malformed(Malformed::Missing("ShellId"))), None) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_list_may_be_continued() {
    let action = format!("<a:Action>{}Response</a:Action>", OperationKind::Enumerate.action());
    for (inside, more) in [
        ("<n:EnumerationContext>uuid:1</n:EnumerationContext><w:Items/>", Some("uuid:1")),
        ("<n:EnumerationContext>uuid:1</n:EnumerationContext><w:Items/><w:EndOfSequence/>", None),
        ("<n:EnumerationContext/><w:Items><x/><rsp:Shell><rsp:ShellId>A</rsp:ShellId></rsp:Shell></w:Items>", None),
    ] {
        let document = format!(
            "<s:Envelope {NAMESPACES}><s:Header>{action}{}</s:Header><s:Body>\
             <n:EnumerateResponse xmlns:n=\"{}\">{inside}</n:EnumerateResponse></s:Body></s:Envelope>",
            relates_to(),
            names::ENUMERATION
        );
        let answer = decode_response(OperationKind::Enumerate, MESSAGE, document.as_bytes());
        let Ok(Response::Listing(listing)) = answer else { panic!("{answer:?}") };
        assert_eq!(listing.more.as_deref(), more);
    }
}
