//! Host calls.

use clixml::Value;
use psrp::host::{HostAnswer, HostMethod};
use psrp::{
    AnswerError, Argument, CallId, Command, Event, InputStream, MessageType, Misbehaviour, PeerError, PipelineId,
    PoolState, RecordStream,
};

use crate::peer::{Did, Peer, host_call, pipeline, state_of_pipeline};

fn running() -> Peer {
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(1)).unwrap();
    assert_eq!(peer.did().len(), 1);
    peer
}

fn call(peer: &mut Peer, id: i64, method: i32, parameters: &str) {
    peer.say(Some(pipeline(1)), MessageType::PipelineHostCall, &host_call(id, method, parameters)).unwrap();
}

fn answers(peer: &mut Peer) -> Vec<(Option<PipelineId>, Value)> {
    let sent = peer.did().into_iter().map(|did| match did {
        Did::Sent(None, InputStream::Pr, MessageType::PoolHostResponse, value) => (None, value),
        Did::Sent(Some(id), InputStream::Pr, MessageType::PipelineHostResponse, value) => (Some(id), value),
        other => panic!("{other:?}"),
    });
    sent.collect()
}

/// What section 12 of the protocol notes has for every call.
#[derive(Debug, PartialEq)]
enum Wanted {
    Void,
    Error,
    Ask,
    Text,
    EnUs,
    Version,
    Guid,
    Number,
    Place,
    Size,
    No,
}

fn wanted(method: i32) -> Wanted {
    match method {
        1 | 41 => Wanted::Text,
        2 => Wanted::Version,
        3 => Wanted::Guid,
        4 | 5 => Wanted::EnUs,
        6 | 8 | 9 | 10 | 13..=22 | 28 | 30 | 32 | 34 | 36 | 38 | 40 | 42 | 47 | 48 | 49 | 51 | 53 => Wanted::Void,
        7 | 50 | 52 | 55 => Wanted::Error,
        11 | 12 | 23 | 24 | 25 | 26 | 46 | 56 => Wanted::Ask,
        27 | 29 | 35 => Wanted::Number,
        31 | 33 => Wanted::Place,
        37 | 39 | 43 | 44 => Wanted::Size,
        45 | 54 => Wanted::No,
        _ => Wanted::Error,
    }
}

/// What an answer is.
fn given(answer: &Value) -> Wanted {
    let (result, error) = (answer.get("mr"), answer.get("me"));
    if let Some(error) = error {
        assert_eq!(result, None, "an error or a result");
        assert!(!psrp::records::ErrorRecord::from_value(error).message.is_empty());
        return Wanted::Error;
    }
    let both = |value: &Value, names: [&str; 2]| {
        names.map(|name| value.get(name).and_then(Value::as_i32)).iter().all(Option::is_some)
    };
    match result {
        None => Wanted::Void,
        Some(Value::Bool(false)) => Wanted::No,
        Some(Value::Version(_)) => Wanted::Version,
        Some(Value::Guid(_)) => Wanted::Guid,
        Some(Value::I32(_)) => Wanted::Number,
        Some(Value::String(text)) if text.as_str() == Some("en-US") => Wanted::EnUs,
        Some(Value::String(_)) => Wanted::Text,
        Some(value) if both(value, ["x", "y"]) => Wanted::Place,
        Some(value) if both(value, ["width", "height"]) => Wanted::Size,
        Some(other) => panic!("{other:?}"),
    }
}

#[test]
fn f1_every_call_is_answered_asked_or_refused_as_the_table_says() {
    for method in (1..=57).chain([0, -1, i32::MAX]) {
        let mut peer = running();
        call(&mut peer, 1, method, "<S>a</S><S>b</S><S>c</S>");
        let events = peer.events();
        let [Event::HostCall { question, call, .. }] = events.as_slice() else { panic!("{method}: {events:?}") };
        assert_eq!(call.method, HostMethod(method));
        let sent = answers(&mut peer);
        let wanted = wanted(method);
        assert_eq!(*question, wanted == Wanted::Ask, "{method}");
        if wanted == Wanted::Ask {
            assert_eq!(sent, [], "{method}: a person answers");
            continue;
        }
        let [(Some(_), answer)] = sent.as_slice() else { panic!("{method}: {sent:?}") };
        assert_eq!(answer.get("ci"), Some(&Value::I64(1)));
        assert_eq!(answer.get("mi").and_then(Value::as_i32), Some(method));
        assert_eq!(given(answer), wanted, "{method}");
    }
}

#[test]
fn f1_what_is_told_about_us_is_fixed_and_says_nothing_of_this_computer() {
    let answers_of = |method| {
        let mut peer = running();
        call(&mut peer, 1, method, "");
        answers(&mut peer)[0].1.get("mr").cloned()
    };
    for method in [1, 2, 41, 43] {
        assert_eq!(answers_of(method), answers_of(method), "{method}");
    }
    let title = format!("{:?} {:?}", answers_of(1), answers_of(41));
    for variable in ["USER", "HOME", "HOSTNAME", "PWD"] {
        if let Ok(value) = std::env::var(variable)
            && value.len() > 3
        {
            assert!(!title.contains(&value), "{variable} in {title}");
        }
    }
}

#[test]
fn settings_of_the_console_are_read_back_as_they_were_set() {
    let mut peer = running();
    call(&mut peer, 1, 39, "");
    call(&mut peer, -100, 28, "<I32>12</I32>");
    call(&mut peer, 2, 27, "");
    call(&mut peer, 3, 4, "");
    let sent = answers(&mut peer);
    let results: Vec<Option<&Value>> = sent.iter().map(|(_, answer)| answer.get("mr")).collect();
    assert_eq!(results[0].unwrap().get("width").and_then(Value::as_i32), Some(120));
    assert_eq!(results[1..], [Some(&Value::I32(12)), Some(&"en-US".into())]);
}

#[test]
fn f2_a_question_and_output_come_in_their_order_and_output_goes_on() {
    let mut peer = running();
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, "<S>before</S>").unwrap();
    call(&mut peer, 1, 11, "");
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, "<S>after</S>").unwrap();
    let events = peer.events();
    assert!(matches!(
        events.as_slice(),
        [Event::Record { .. }, Event::HostCall { question: true, .. }, Event::Record { .. }]
    ));
}

#[test]
fn f3_stopping_withdraws_the_question_and_a_late_answer_is_refused() {
    for by_the_endpoint in [false, true] {
        let mut peer = running();
        call(&mut peer, 1, 11, "");
        peer.events();
        if by_the_endpoint {
            peer.say(Some(pipeline(1)), MessageType::PipelineState, &state_of_pipeline(3)).unwrap();
        } else {
            peer.pool.stop(pipeline(1));
            assert_eq!(peer.did(), [Did::Stop(pipeline(1))]);
        }
        assert_eq!(peer.events()[0], Event::Withdrawn { pipeline: Some(pipeline(1)), call: CallId(1) });
        let late = peer.pool.answer(Some(pipeline(1)), CallId(1), HostAnswer::Value("late".into()));
        assert_eq!(late, Err(AnswerError::NotAsked));
        assert_eq!(peer.did(), []);
    }
}

#[test]
fn f4_a_question_delivered_twice_is_asked_once_and_answered_once() {
    let mut peer = running();
    call(&mut peer, 1, 11, "");
    call(&mut peer, 1, 11, "");
    assert_eq!(peer.events().len(), 1);
    peer.pool.answer(Some(pipeline(1)), CallId(1), HostAnswer::Value("text".into())).unwrap();
    assert_eq!(
        peer.pool.answer(Some(pipeline(1)), CallId(1), HostAnswer::Value("again".into())),
        Err(AnswerError::NotAsked)
    );
    call(&mut peer, 1, 11, "");
    assert_eq!(peer.events(), []);
    assert_eq!(answers(&mut peer).len(), 1);
}

#[test]
fn f6_questions_of_the_pool_and_of_a_pipeline_with_the_same_number_are_two() {
    let mut peer = running();
    peer.say(None, MessageType::PoolHostCall, &host_call(1, 11, "")).unwrap();
    call(&mut peer, 1, 26, "");
    assert_eq!(peer.events().len(), 2);
    peer.pool.answer(Some(pipeline(1)), CallId(1), HostAnswer::Value(Argument::from(2))).unwrap();
    peer.pool.answer(None, CallId(1), HostAnswer::Value("text".into())).unwrap();
    let sent = answers(&mut peer);
    assert_eq!(sent[0].0, Some(pipeline(1)));
    assert_eq!(sent[0].1.get("mr"), Some(&Value::I32(2)));
    assert_eq!(sent[1].0, None);
    assert_eq!(sent[1].1.get("mr").unwrap().as_str(), Some("text"));
}

#[test]
fn f11_calls_that_want_no_answer_get_none() {
    let mut peer = running();
    for method in [11, 16, 27, 50, 57, 6] {
        call(&mut peer, -100, method, "<S>x</S>");
        call(&mut peer, -100, method, "<S>x</S>");
    }
    let events = peer.events();
    assert_eq!(events.len(), 12);
    assert!(events.iter().all(|event| matches!(event, Event::HostCall { question: false, .. })));
    assert_eq!(peer.did(), []);
}

/// Says calls until one is refused; how many were taken.
fn flood(peer: &mut Peer, mut say: impl FnMut(&mut Peer, i64) -> Result<(), PeerError>) -> (i64, PeerError) {
    let refused = (1..100_000).find_map(|id| Some((id - 1, say(peer, id).err()?)));
    refused.expect("calls without an end are refused")
}

#[test]
fn p05_questions_and_answers_that_nobody_takes_end_the_pool() {
    let too_many = |misbehaviour| PeerError::Misbehaved(misbehaviour);
    let question = host_call(0, 11, "");
    let (taken, error) = flood(&mut running(), |peer, id| {
        let xml = question.replace("<I64 N=\"ci\">0<", &format!("<I64 N=\"ci\">{id}<"));
        peer.say(Some(pipeline(1)), MessageType::PipelineHostCall, &xml)
    });
    assert_eq!((taken, error), (256, too_many(Misbehaviour::TooManyQuestions)));
    // What is answered by itself: a refusal, of the pool and of a pipeline. About 1 MiB of answers may wait.
    for of in [None, Some(pipeline(1))] {
        let kind = if of.is_some() { MessageType::PipelineHostCall } else { MessageType::PoolHostCall };
        let mut peer = running();
        let (taken, error) = flood(&mut peer, |peer, id| peer.say(of, kind, &host_call(id, 50, "")));
        assert_eq!(error, too_many(Misbehaviour::TooManyCalls));
        assert!((100..10_000).contains(&taken), "{taken}");
        assert_eq!(peer.pool.state(), PoolState::Broken);
    }
    // As long as the answers are taken there is no end of it.
    let mut peer = running();
    for id in 1..=10_000 {
        call(&mut peer, id, 50, "");
        assert_eq!(answers(&mut peer).len(), 1);
        peer.events();
    }
}

#[test]
fn p05_numbers_of_calls_are_remembered_without_an_end() {
    // One by one for the last thousand, by a bound for all before.
    let mut peer = running();
    for id in 1..=3_000 {
        call(&mut peer, id, 4, "");
        assert_eq!(answers(&mut peer).len(), 1, "{id}");
        peer.events();
    }
    for id in [1, 1_976, 1_977, 1_978, 2_500, 3_000] {
        call(&mut peer, id, 4, "");
        assert_eq!((answers(&mut peer).len(), peer.events().len()), (0, 0), "{id} came before");
    }
    call(&mut peer, 3_001, 4, "");
    assert_eq!(answers(&mut peer).len(), 1);
}

#[test]
fn p05_what_the_console_was_made_to_keep_cannot_be_asked_for_at_once() {
    let mut peer = running();
    let long = "y".repeat(600 * 1024);
    call(&mut peer, -100, 42, &format!("<S>{long}</S>"));
    let (taken, error) =
        flood(&mut peer, |peer, id| peer.say(Some(pipeline(1)), MessageType::PipelineHostCall, &host_call(id, 41, "")));
    assert_eq!((taken, error), (2, PeerError::Misbehaved(Misbehaviour::TooManyCalls)));
}

#[test]
fn f12_property_names_in_another_case_and_a_plain_method_number_are_read() {
    let mut peer = running();
    let xml =
        r#"<Obj RefId="0"><MS><I32 N="CI">4</I32><I32 N="MI">11</I32><Obj N="MP" RefId="1"><LST/></Obj></MS></Obj>"#;
    peer.say(Some(pipeline(1)), MessageType::PipelineHostCall, xml).unwrap();
    let events = peer.events();
    let [Event::HostCall { call, question: true, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((call.id, call.method), (CallId(4), HostMethod::READ_LINE));
}

#[test]
fn a_call_that_is_none_is_unreadable_and_the_next_one_is_read() {
    let mut peer = running();
    peer.say(Some(pipeline(1)), MessageType::PipelineHostCall, "<S>what</S>").unwrap();
    call(&mut peer, 1, 11, "");
    let events = peer.events();
    assert!(matches!(events.as_slice(), [Event::Unreadable { .. }, Event::HostCall { .. }]), "{events:?}");
}

#[test]
fn a_screen_line_that_repeats_a_record_is_marked_and_one_that_does_not_is_not() {
    let mut peer = running();
    let record = r#"<Obj RefId="0"><MS><S N="InformationalRecord_Message">careful</S></MS></Obj>"#;
    peer.say(Some(pipeline(1)), MessageType::WarningRecord, record).unwrap();
    call(&mut peer, -100, 16, "<S>careful</S>");
    call(&mut peer, -100, 22, "<S>careful</S>");
    call(&mut peer, -100, 22, "<S>careful</S>");
    let marks: Vec<Option<RecordStream>> = peer
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::HostCall { repeats, .. } => Some(repeats),
            _ => None,
        })
        .collect();
    assert_eq!(marks, [None, Some(RecordStream::Warning), None]);
}

#[test]
fn f7_a_refused_answer_is_an_error_record_for_the_cmdlet() {
    let mut peer = running();
    call(&mut peer, 1, 23, "");
    peer.pool.answer(Some(pipeline(1)), CallId(1), HostAnswer::refused("The operator refused.")).unwrap();
    let sent = answers(&mut peer);
    let error = sent[0].1.get("me").unwrap();
    assert_eq!(psrp::records::ErrorRecord::from_value(error).message, "The operator refused.");
    assert!(sent[0].1.get("mr").is_none());
}
