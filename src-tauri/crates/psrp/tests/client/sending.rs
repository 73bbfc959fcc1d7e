//! What travels together, and what is sent once more.

use clixml::Value;
use psrp::host::{HostAnswer, HostCall, HostMethod};
use psrp::keys::RsaKeySource;
use psrp::{
    Action, AnswerError, CallId, ClientPool, Command, Event, InputStream, MessageType, Pipeline, PoolOptions, Sizes,
};

use crate::peer::{Did, POOL, Peer, capability, host_call, pipeline, state_of_pipeline};

/// A pipeline that takes input, in a pool with fragments of this size.
fn taking_input(send: usize) -> Peer {
    let sizes = Sizes { command: 32 * 1024, send };
    let mut peer = Peer::with(PoolOptions { sizes, ..PoolOptions::default() }, Box::new(RsaKeySource));
    peer.open();
    peer.pool.invoke(Pipeline::new(vec![Command::new("Measure-Object")]).with_input(), pipeline(1)).unwrap();
    peer.did();
    peer
}

/// The data of everything that is to be sent.
fn sends(peer: &mut Peer) -> Vec<Vec<u8>> {
    let all = std::iter::from_fn(|| peer.pool.poll_action());
    all.map(|action| match action {
        Action::Send { data, .. } => data,
        other => panic!("{other:?}"),
    })
    .collect()
}

/// The input in what was sent.
fn input(peer: &mut Peer, sent: &[Vec<u8>]) -> Vec<Value> {
    let stream = (Some(pipeline(1)), InputStream::Stdin);
    let messages = peer.read(stream, &sent.concat()).into_iter();
    messages.filter(|(kind, _)| *kind == MessageType::PipelineInput).map(|(_, value)| value).collect()
}

#[test]
fn small_input_objects_travel_together_as_far_as_there_is_room() {
    let mut peer = taking_input(1_000);
    let given: Vec<Value> = (0..200).map(Value::I32).collect();
    for value in &given {
        peer.pool.input(pipeline(1), value).unwrap();
    }
    peer.pool.end_input(pipeline(1)).unwrap();
    let before = peer.pool.unsent_input();
    let sent = sends(&mut peer);
    assert!(before > 0 && peer.pool.unsent_input() == 0);
    assert!(sent.iter().all(|data| data.len() <= 1_000));
    // An object takes 21 + 40 + about 12 bytes.
    assert!((15..=18).contains(&sent.len()), "{}", sent.len());
    assert_eq!(input(&mut peer, &sent), given);
}

#[test]
fn one_object_alone_is_not_kept_waiting_and_two_commands_are_not_mixed() {
    let mut peer = taking_input(1_000);
    peer.pool.input(pipeline(1), &1.into()).unwrap();
    assert_eq!(sends(&mut peer).len(), 1);
    peer.pool.invoke(Pipeline::new(vec![Command::new("Measure-Object")]).with_input(), pipeline(2)).unwrap();
    peer.did();
    for id in [1, 2, 2, 1] {
        peer.pool.input(pipeline(id), &1.into()).unwrap();
    }
    let targets: Vec<_> = std::iter::from_fn(|| peer.pool.poll_action())
        .map(|action| match action {
            Action::Send { pipeline, .. } => pipeline,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(targets, [1, 2, 1].map(|id| Some(pipeline(id))));
}

#[test]
fn what_is_larger_than_a_request_takes_small_ones_along_at_its_end() {
    let mut peer = taking_input(1_000);
    let given: Vec<Value> = vec!["x".repeat(1_500).as_str().into(), 1.into(), 2.into()];
    for value in &given {
        peer.pool.input(pipeline(1), value).unwrap();
    }
    let sent = sends(&mut peer);
    assert_eq!(sent.len(), 2);
    assert_eq!(input(&mut peer, &sent), given);
}

#[test]
fn what_was_refused_for_its_size_travels_in_smaller_company() {
    let mut peer = taking_input(1_000);
    let given: Vec<Value> = (0..40).map(Value::I32).collect();
    for value in &given {
        peer.pool.input(pipeline(1), value).unwrap();
    }
    let Some(Action::Send { data: refused, .. }) = peer.pool.poll_action() else { panic!("input") };
    peer.pool.set_sizes(Sizes { command: 500, send: 500 });
    let mut sent = peer.pool.recut(vec![refused], false);
    assert!((2..=3).contains(&sent.len()), "{}", sent.len());
    sent.extend(sends(&mut peer));
    assert!(sent.iter().all(|data| data.len() <= 500));
    assert_eq!(input(&mut peer, &sent), given);
}

/// A pipeline that asks for a line, its answer, and the data that carried the answer.
fn answered(text: &str) -> (Peer, Vec<u8>) {
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(1)).unwrap();
    peer.did();
    peer.say(Some(pipeline(1)), MessageType::PipelineHostCall, &host_call(4, 11, "")).unwrap();
    peer.pool.answer(Some(pipeline(1)), CallId(4), HostAnswer::Value(text.into())).unwrap();
    let mut sent = sends(&mut peer);
    let first = sent.remove(0);
    (peer, first)
}

#[test]
fn an_answer_that_may_be_lost_goes_out_again_with_its_number_and_another_object() {
    let (mut peer, sent) = answered("yes");
    let before = peer.pool.next_object();
    let again = peer.pool.answer_again(Some(pipeline(1)), &sent).unwrap();
    assert_eq!(peer.pool.next_object(), before + 1);
    assert_ne!(again[..8], sent[..8], "no endpoint takes it for a fragment that it has");
    assert_eq!(again[8..], sent[8..]);
    let messages = peer.read((Some(pipeline(1)), InputStream::Pr), &again);
    assert_eq!(messages.len(), 1);
    let (kind, content) = &messages[0];
    assert_eq!((*kind, content.get("ci")), (MessageType::PipelineHostResponse, Some(&Value::I64(4))));
}

#[test]
fn an_answer_goes_out_again_only_where_it_is_of_use_and_safe() {
    // Of several fragments the endpoint may have some.
    let (mut peer, sent) = answered(&"x".repeat(50_000));
    assert_eq!(peer.pool.answer_again(Some(pipeline(1)), &sent), None);
    // Nobody waits for it any more.
    let (mut peer, sent) = answered("yes");
    peer.pool.stop(pipeline(1));
    assert_eq!(peer.pool.answer_again(Some(pipeline(1)), &sent), None);
    let (mut peer, sent) = answered("yes");
    peer.say(Some(pipeline(1)), MessageType::PipelineState, &state_of_pipeline(4)).unwrap();
    assert_eq!(peer.pool.answer_again(Some(pipeline(1)), &sent), None);
    // Input has no number by which an endpoint would know it again.
    let mut peer = taking_input(1_000);
    peer.pool.input(pipeline(1), &1.into()).unwrap();
    let sent = sends(&mut peer).remove(0);
    assert_eq!(peer.pool.answer_again(Some(pipeline(1)), &sent), None);
}

#[test]
fn a_question_that_the_client_before_left_open_is_asked_and_answered_once() {
    let options = PoolOptions { first_object: 100, ..PoolOptions::default() };
    let mut peer = Peer::new();
    peer.pool = ClientPool::connect(options, POOL, Box::new(RsaKeySource));
    peer.did();
    peer.say(None, MessageType::SessionCapability, &capability("2.3")).unwrap();
    let data = r#"<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32></MS></Obj>"#;
    peer.say(None, MessageType::RunspacePoolInitData, data).unwrap();
    peer.pool.attach(pipeline(1)).unwrap();
    peer.events();
    let call = |id, method| HostCall { id: CallId(id), method, parameters: vec![] };
    let question = call(4, HostMethod::READ_LINE);
    peer.pool.ask_again(pipeline(1), question.clone()).unwrap();
    let asked = Event::HostCall { pipeline: Some(pipeline(1)), call: question.clone(), question: true, repeats: None };
    assert_eq!(peer.events(), [asked]);
    // Nor is it asked twice, by whomever.
    assert_eq!(peer.pool.ask_again(pipeline(1), question), Err(AnswerError::NotAsked));
    peer.say(Some(pipeline(1)), MessageType::PipelineHostCall, &host_call(4, 11, "")).unwrap();
    assert_eq!(peer.events(), []);
    for nothing_to_answer in [call(5, HostMethod::WRITE_LINE2), call(-100, HostMethod::READ_LINE)] {
        assert_eq!(peer.pool.ask_again(pipeline(1), nothing_to_answer), Err(AnswerError::NotAsked));
    }
    assert_eq!(peer.pool.ask_again(pipeline(2), call(6, HostMethod::READ_LINE)), Err(AnswerError::NotAsked));
    peer.pool.answer(Some(pipeline(1)), CallId(4), HostAnswer::Value("yes".into())).unwrap();
    let did = peer.did();
    let [Did::Sent(Some(_), InputStream::Pr, MessageType::PipelineHostResponse, content)] = did.as_slice() else {
        panic!("{did:?}")
    };
    assert_eq!((content.get("ci"), content.get("mr")), (Some(&Value::I64(4)), Some(&"yes".into())));
}
