//! Pipelines of a server.

use clixml::{Object, Value};
use psrp::host::HostMethod;
use psrp::server::{HostReply, ServerError, ServerEvent};
use psrp::{CallId, InputStream, MessageType, PipelineState, RecordStream, SecretText};

use crate::peer::{Peer, pipeline};

#[test]
fn records_go_to_their_pipeline_in_order_and_nothing_follows_the_final_state() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    peer.start(pipeline(2));
    let streams = [
        (RecordStream::Output, MessageType::PipelineOutput),
        (RecordStream::Error, MessageType::ErrorRecord),
        (RecordStream::Warning, MessageType::WarningRecord),
        (RecordStream::Verbose, MessageType::VerboseRecord),
        (RecordStream::Debug, MessageType::DebugRecord),
        (RecordStream::Information, MessageType::InformationRecord),
        (RecordStream::Progress, MessageType::ProgressRecord),
    ];
    for (stream, _) in streams {
        peer.pool.record(pipeline(1), stream, &"one".into());
        peer.pool.record(pipeline(2), stream, &"two".into());
    }
    for (number, text) in [(1, "one"), (2, "two")] {
        let wanted: Vec<(MessageType, Value)> = streams.iter().map(|(_, kind)| (*kind, text.into())).collect();
        assert_eq!(peer.heard(Some(pipeline(number))), wanted);
    }

    peer.pool.finish(pipeline(1), PipelineState::Stopped, None);
    // What a command that was stopped still writes.
    peer.pool.record(pipeline(1), RecordStream::Output, &"late".into());
    peer.pool.host_call(Some(pipeline(1)), HostMethod::READ_LINE, Vec::new());
    peer.pool.finish(pipeline(1), PipelineState::Completed, None);
    let heard = peer.heard(Some(pipeline(1)));
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].1.get("PipelineState"), Some(&Value::I32(3)));

    peer.pool.forget(pipeline(2));
    peer.pool.record(pipeline(2), RecordStream::Output, &"late".into());
    assert!(!peer.pool.has_data(Some(pipeline(2))));
}

#[test]
fn d17_null_travels_without_any_data() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    for value in [Value::Null, "".into(), Value::Bool(false)] {
        peer.pool.record(pipeline(1), RecordStream::Output, &value);
        // Header of the fragment and header of the message
        assert_eq!(peer.pool.waiting(Some(pipeline(1))) == 21 + 40, value.is_null());
        assert_eq!(peer.heard(Some(pipeline(1))), [(MessageType::PipelineOutput, value)]);
    }
}

#[test]
fn a_receive_gets_whole_fragments_up_to_its_size_but_at_least_one() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    peer.pool.record(pipeline(1), RecordStream::Output, &"x".repeat(200_000).into());
    peer.pool.record(pipeline(1), RecordStream::Output, &"small".into());
    let waiting = peer.pool.waiting(Some(pipeline(1)));
    let mut taken = 0;
    for (most, count) in [(1, 1), (70_000, 2), (32 * 1024 * 3, 3)] {
        let fragments = peer.pool.take(Some(pipeline(1)), most);
        assert_eq!(fragments.len(), count, "{most}");
        taken += fragments.iter().map(Vec::len).sum::<usize>();
        assert_eq!(peer.pool.waiting(Some(pipeline(1))), waiting - taken);
    }
    assert_eq!(peer.pool.take(Some(pipeline(1)), usize::MAX).len(), 2);
    assert!(peer.pool.take(Some(pipeline(1)), usize::MAX).is_empty());
}

#[test]
fn object_ids_of_a_server_are_one_counter_over_all_streams() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    peer.start(pipeline(2));
    let mut ids = Vec::new();
    for stream in [Some(pipeline(2)), None, Some(pipeline(1)), Some(pipeline(2))] {
        match stream {
            Some(id) => peer.pool.record(id, RecordStream::Output, &1.into()),
            None => peer.pool.user_event(&1.into()),
        }
        let fragment = peer.pool.take(stream, usize::MAX).concat();
        ids.push(u64::from_be_bytes(fragment[..8].try_into().unwrap()));
    }
    // Three messages opened the pool.
    assert_eq!(ids, [4, 5, 6, 7]);
}

#[test]
fn f6_f11_questions_count_per_pipeline_and_calls_without_answer_have_no_number() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    peer.start(pipeline(2));
    for stream in [None, Some(pipeline(1)), Some(pipeline(2))] {
        assert_eq!(peer.pool.host_call(stream, HostMethod::READ_LINE, Vec::new()), CallId(1));
        assert_eq!(peer.pool.host_call(stream, HostMethod::WRITE_LINE2, vec!["x".into()]), CallId::VOID);
        assert_eq!(peer.pool.host_call(stream, HostMethod::PROMPT_FOR_CHOICE, Vec::new()), CallId(2));
        let kind = if stream.is_none() { MessageType::PoolHostCall } else { MessageType::PipelineHostCall };
        let heard = peer.heard(stream);
        assert!(heard.iter().all(|(heard, _)| *heard == kind));
        let numbers: Vec<Option<i64>> = heard.iter().map(|(_, call)| call.get("ci").and_then(Value::as_i64)).collect();
        assert_eq!(numbers, [Some(1), Some(-100), Some(2)]);
    }
}

/// Answers: `mr` or `me` or neither, names in any case, of the pool or of a pipeline, in either stream.
#[test]
fn f12_answers_of_every_form_are_read() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    let of = |content: &str, call: i64| {
        format!(r#"<Obj RefId="0"><MS>{content}<I64 N="CI">{call}</I64><I32 N="mi">11</I32></MS></Obj>"#)
    };
    for (content, wanted) in [
        (r#"<S N="mr">text</S>"#, HostReply::Value("text".into())),
        (r#"<Nil N="MR"/>"#, HostReply::Value(Value::Null)),
        (r#"<Nil N="me"/><I32 N="mr">1</I32>"#, HostReply::Value(1.into())),
        (r#"<S N="me">no</S>"#, HostReply::Error("no".into())),
        ("", HostReply::Void),
    ] {
        for (to, kind) in
            [(None, MessageType::PoolHostResponse), (Some(pipeline(1)), MessageType::PipelineHostResponse)]
        {
            let bytes = peer.bytes(to, kind, &of(content, 3));
            peer.pool.receive(to, InputStream::Pr, &bytes).unwrap();
            let reply = wanted.clone();
            assert_eq!(peer.events(), [ServerEvent::HostReply { pipeline: to, call: CallId(3), reply }]);
        }
    }
    let incomplete = peer.say(None, MessageType::PoolHostResponse, "<S>x</S>");
    assert_eq!(incomplete, Err(ServerError::Incomplete(MessageType::PoolHostResponse)));
}

#[test]
fn input_and_its_end_are_told_and_null_is_a_value() {
    let mut peer = Peer::opened();
    peer.start(pipeline(1));
    let id = pipeline(1);
    peer.say(Some(id), MessageType::PipelineInput, "<I32>1</I32>").unwrap();
    peer.say(Some(id), MessageType::PipelineInput, "").unwrap();
    // The two that XML forbids: the real client writes them.
    peer.say(Some(id), MessageType::PipelineInput, "<S>&#xFFFE;</S>").unwrap();
    peer.say(Some(id), MessageType::EndOfPipelineInput, "").unwrap();
    let events = peer.events();
    assert_eq!(events[0], ServerEvent::Input { id, value: 1.into() });
    assert_eq!(events[1], ServerEvent::Input { id, value: Value::Null });
    assert_eq!(events[2], ServerEvent::Input { id, value: "\u{FFFE}".into() });
    assert_eq!(events[3], ServerEvent::InputEnded { id });
}

#[test]
fn a_question_for_commands_has_its_patterns() {
    let mut peer = Peer::opened();
    let xml = r#"<Obj RefId="0"><MS><Obj N="Name" RefId="1"><LST><S>Get-*</S><S>Out-Default</S></LST></Obj><I32 N="CommandType">271</I32><Nil N="Namespace"/><Nil N="ArgumentList"/></MS></Obj>"#;
    peer.say(Some(pipeline(1)), MessageType::GetCommandMetadata, xml).unwrap();
    let names = vec!["Get-*".to_owned(), "Out-Default".to_owned()];
    assert_eq!(peer.events(), [ServerEvent::Metadata { id: pipeline(1), names }]);
    peer.pool.record(pipeline(1), RecordStream::Output, &Object::with_extended([("Count", 0.into())]).into());
    peer.pool.finish(pipeline(1), PipelineState::Completed, None);
    assert_eq!(peer.heard(Some(pipeline(1))).len(), 2);
}

#[test]
fn secrets_of_the_client_are_not_read_before_the_exchange_and_ours_can_be_written() {
    let mut peer = Peer::opened();
    let secret = peer.pool.encrypt(&SecretText::new("pass")).unwrap();
    assert!(peer.pool.decrypt(&secret).is_err());
    for blob in ["", "AAAA", "no base64!"] {
        let content = format!(r#"<Obj RefId="0"><MS><S N="PublicKey">{blob}</S></MS></Obj>"#);
        assert!(matches!(peer.say(None, MessageType::PublicKey, &content), Err(ServerError::Key(_))), "{blob}");
    }
    assert_eq!((peer.heard(None), peer.events()), (Vec::new(), Vec::new()));
    peer.pool.request_key();
    assert_eq!(peer.heard(None), [(MessageType::PublicKeyRequest, "".into())]);
}
