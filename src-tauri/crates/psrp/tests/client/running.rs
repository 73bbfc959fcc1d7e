//! Pipelines.

use clixml::{Object, Value};
use psrp::{
    Action, Command, Event, FragmentError, MessageType, Misbehaviour, Origin, Pipeline, PipelineState, PoolOptions,
    RecordStream, Sizes, keys::RsaKeySource,
};

use crate::peer::{Did, Peer, pipeline, state_of_pipeline};

fn running() -> Peer {
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(1)).unwrap();
    assert_eq!(peer.did().len(), 1);
    peer
}

fn ends(peer: &mut Peer) -> Vec<(PipelineState, Origin)> {
    let events = peer.events().into_iter();
    events
        .filter_map(|event| match event {
            Event::PipelineState { state, origin, .. } => Some((state, origin)),
            _ => None,
        })
        .collect()
}

#[test]
fn c4_a_message_of_another_pipeline_or_of_the_pool_never_reaches_the_wrong_one() {
    let mut peer = running();
    peer.pool.invoke(Command::new("Get-Other").into(), pipeline(2)).unwrap();
    let other = peer.bytes(Some(pipeline(2)), MessageType::PipelineOutput, "<S>x</S>");
    let read = peer.pool.receive(Some(pipeline(1)), &other);
    assert_eq!(read, Err(Misbehaviour::WrongPipeline(MessageType::PipelineOutput).into()));

    let mut peer = running();
    let of_pool = peer.bytes(None, MessageType::UserEvent, "<S>x</S>");
    let read = peer.pool.receive(Some(pipeline(1)), &of_pool);
    assert_eq!(read, Err(Misbehaviour::WrongPipeline(MessageType::UserEvent).into()));

    let mut peer = running();
    let read = peer.say(Some(pipeline(9)), MessageType::PipelineOutput, "<S>x</S>");
    assert_eq!(read, Err(Misbehaviour::UnknownPipeline(pipeline(9)).into()));
}

#[test]
fn c5_done_together_with_the_last_data_alone_or_not_at_all_ends_a_pipeline_once() {
    // Together, and again.
    let mut peer = running();
    peer.say(Some(pipeline(1)), MessageType::PipelineState, &state_of_pipeline(4)).unwrap();
    peer.pool.command_done(pipeline(1));
    peer.pool.command_done(pipeline(1));
    assert_eq!(ends(&mut peer), [(PipelineState::Completed, Origin::Endpoint)]);
    assert_eq!(peer.did(), [Did::Terminate(pipeline(1))]);

    // Alone: whether it succeeded is not known.
    let mut peer = running();
    peer.pool.command_done(pipeline(1));
    peer.say(Some(pipeline(1)), MessageType::PipelineState, &state_of_pipeline(4)).unwrap();
    assert_eq!(ends(&mut peer), [(PipelineState::Failed, Origin::DoneWithoutState)]);
    assert_eq!(peer.did(), [Did::Terminate(pipeline(1))]);

    // Not at all: the command is gone.
    let mut peer = running();
    peer.say(Some(pipeline(1)), MessageType::PipelineState, &state_of_pipeline(5)).unwrap();
    peer.pool.command_gone(pipeline(1));
    peer.pool.command_done(pipeline(1));
    assert_eq!(ends(&mut peer), [(PipelineState::Failed, Origin::Endpoint)]);
    assert_eq!(peer.did(), []);
}

#[test]
fn c6_c7_output_cut_anywhere_also_inside_a_character_is_the_same() {
    let text = "😀 ünï ☃";
    for every in 1..9 {
        let mut peer = running();
        let bytes = peer.bytes(Some(pipeline(1)), MessageType::PipelineOutput, &format!("<S>{text}</S>"));
        for piece in bytes.chunks(every) {
            peer.pool.receive(Some(pipeline(1)), piece).unwrap();
        }
        let events = peer.events();
        let [Event::Record { stream: RecordStream::Output, value, .. }] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!(value.as_str(), Some(text));
    }
}

#[test]
fn c10_a_repeated_answer_gives_nothing_twice_and_a_hole_is_an_event() {
    let mut peer = running();
    let bytes = peer.bytes(Some(pipeline(1)), MessageType::PipelineOutput, "<S>once</S>");
    peer.pool.receive(Some(pipeline(1)), &bytes).unwrap();
    peer.pool.receive(Some(pipeline(1)), &bytes).unwrap();
    assert_eq!(peer.events().len(), 1);

    let long = "x".repeat(100_000);
    let bytes = peer.bytes(Some(pipeline(1)), MessageType::PipelineOutput, &format!("<S>{long}</S>"));
    let holed = [&bytes[..32 * 1024], &bytes[64 * 1024..]].concat();
    peer.pool.receive(Some(pipeline(1)), &holed).unwrap();
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, "<S>next</S>").unwrap();
    let events = peer.events();
    assert!(matches!(events.as_slice(), [Event::Gap { .. }, Event::Record { .. }]), "{events:?}");
}

#[test]
fn c12_fragments_that_break_the_rules_break_the_pool() {
    let mut peer = running();
    let mut bytes = peer.bytes(Some(pipeline(1)), MessageType::PipelineOutput, "<S>x</S>");
    bytes[..8].fill(0);
    let read = peer.pool.receive(Some(pipeline(1)), &bytes);
    assert_eq!(read, Err(Misbehaviour::Fragment(FragmentError::ZeroId).into()));
    assert_eq!(ends(&mut peer), [(PipelineState::Failed, Origin::PoolEnded)]);
}

#[test]
fn d9_a_large_parameter_travels_in_one_command_and_several_sends() {
    let sizes = Sizes { command: 100_000, send: 300_000 };
    let mut peer = Peer::with(PoolOptions { sizes, ..PoolOptions::default() }, Box::new(RsaKeySource));
    peer.open();
    let text = "x".repeat(1_000_000);
    let command = Command::new("Test-Echo").parameter("InputObject", text.as_str());
    peer.pool.invoke(command.into(), pipeline(1)).unwrap();
    let Some(Action::CreatePipeline { first, rest, .. }) = peer.pool.poll_action() else { panic!() };
    assert_eq!(first.len(), 100_000);
    let lengths: Vec<usize> = rest.iter().map(Vec::len).collect();
    assert_eq!(lengths[..3], [300_000, 300_000, 300_000]);
    assert_eq!(lengths.len(), 4);
}

#[test]
fn d10_d11_parameters_travel_as_they_are() {
    let mut peer = Peer::opened();
    let nested = Object::dictionary(vec![
        (Value::I32(1), Value::Null),
        ("k".into(), Object::dictionary(vec![("inner".into(), Value::Null)]).into()),
    ]);
    let values = [
        Value::Null,
        "".into(),
        false.into(),
        Object::array(vec![]).into(),
        Object::array(vec![1.into()]).into(),
        nested.into(),
    ];
    let mut command = Command::new("Test-Echo");
    for value in &values {
        command = command.parameter("P", value.clone());
    }
    peer.pool.invoke(command.argument("positional").into(), pipeline(1)).unwrap();
    let did = peer.did();
    let [Did::Command(_, MessageType::CreatePipeline, content)] = did.as_slice() else { panic!("{did:?}") };
    let commands = content.get("PowerShell").unwrap().get("Cmds").unwrap().items().unwrap();
    let sent = commands[0].get("Args").unwrap().items().unwrap();
    for (sent, value) in sent.iter().zip(&values) {
        assert_eq!((sent.get("N").unwrap().as_str(), sent.get("V")), (Some("P"), Some(value)));
    }
    assert_eq!(sent[6].get("N"), Some(&Value::Null));
    assert_eq!(sent[6].get("V").unwrap().as_str(), Some("positional"));
}

#[test]
fn d16_a_final_state_without_any_output_completes() {
    let mut peer = running();
    peer.say(Some(pipeline(1)), MessageType::PipelineState, &state_of_pipeline(4)).unwrap();
    let events = peer.events();
    assert!(matches!(events.as_slice(), [Event::PipelineState { state: PipelineState::Completed, .. }]), "{events:?}");
}

#[test]
fn d17_no_data_nil_and_an_empty_string_are_told_apart() {
    let mut peer = running();
    for xml in ["", "<Nil/>", "<S></S>", "<S/>"] {
        peer.say(Some(pipeline(1)), MessageType::PipelineOutput, xml).unwrap();
    }
    let values: Vec<Value> = peer
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Record { value, .. } => Some(value),
            _ => None,
        })
        .collect();
    assert_eq!(values, [Value::Null, Value::Null, "".into(), "".into()]);
}

#[test]
fn d18_unknown_and_unreadable_messages_are_named_and_the_next_one_is_read() {
    let mut peer = running();
    peer.say(Some(pipeline(1)), MessageType::Unknown(0x0004_1FFF), "<S>x</S>").unwrap();
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, "<S>cut").unwrap();
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, "<S>next</S>").unwrap();
    let events = peer.events();
    let [
        Event::Ignored { kind: MessageType::Unknown(0x0004_1FFF), .. },
        Event::Unreadable { text, .. },
        Event::Record { value, .. },
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((text.as_str(), value.as_str()), ("<S>cut", Some("next")));
    assert_eq!(peer.pool.ignored(), 1);
}

#[test]
fn d23_stopping_before_at_and_after_the_end_gives_one_final_state() {
    // Before the driver saw it: nothing is sent.
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("x").into(), pipeline(1)).unwrap();
    peer.pool.stop(pipeline(1));
    peer.pool.stop(pipeline(1));
    assert_eq!(peer.did(), []);
    assert_eq!(ends(&mut peer), [(PipelineState::Stopped, Origin::NeverSent)]);

    // While it runs, twice; the endpoint was faster.
    let mut peer = running();
    peer.pool.stop(pipeline(1));
    peer.pool.stop(pipeline(1));
    assert_eq!(peer.did(), [Did::Stop(pipeline(1))]);
    assert_eq!(peer.pool.pipeline_state(pipeline(1)), Some(PipelineState::Stopping));
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, "<S>from finally</S>").unwrap();
    assert_eq!(peer.events().len(), 1, "records still arrive");
    peer.say(Some(pipeline(1)), MessageType::PipelineState, &state_of_pipeline(4)).unwrap();
    peer.pool.command_done(pipeline(1));
    peer.pool.stop(pipeline(1));
    assert_eq!(ends(&mut peer), [(PipelineState::Completed, Origin::Endpoint)]);
    assert_eq!(peer.did(), [Did::Terminate(pipeline(1))]);
}

#[test]
fn input_waits_for_the_pipeline_and_stops_with_it() {
    let mut peer = Peer::opened();
    peer.pool.invoke(Pipeline::new(vec![Command::new("Out-Null")]).with_input(), pipeline(1)).unwrap();
    peer.pool.input(pipeline(1), &"a".into()).unwrap();
    peer.pool.input(pipeline(1), &Value::Null).unwrap();
    peer.pool.end_input(pipeline(1)).unwrap();
    assert!(peer.pool.input(pipeline(1), &"late".into()).is_err());
    let did = peer.did();
    assert!(matches!(
        did.as_slice(),
        [
            Did::Command(..),
            Did::Sent(_, _, MessageType::PipelineInput, Value::String(_)),
            Did::Sent(_, _, MessageType::PipelineInput, Value::Null),
            Did::Sent(_, _, MessageType::EndOfPipelineInput, Value::Null)
        ]
    ));
    // A pipeline may end before it has read everything.
    let mut peer = Peer::opened();
    peer.pool.invoke(Pipeline::new(vec![Command::new("Select-Object")]).with_input(), pipeline(1)).unwrap();
    peer.did();
    peer.pool.input(pipeline(1), &"unsent".into()).unwrap();
    peer.say(Some(pipeline(1)), MessageType::PipelineState, &state_of_pipeline(4)).unwrap();
    peer.pool.input(pipeline(1), &"late".into()).unwrap();
    peer.pool.end_input(pipeline(1)).unwrap();
    assert_eq!(peer.did(), []);
}

#[test]
fn input_that_waits_is_counted_wherever_it_waits() {
    let long = Value::from("y".repeat(100_000).as_str());
    let mut peer = Peer::new();
    let with_input = |name: &str| Pipeline::new(vec![Command::new(name)]).with_input();
    // The pool is not open yet.
    peer.pool.invoke(with_input("Out-Null"), pipeline(1)).unwrap();
    assert_eq!(peer.pool.unsent_input(), 0);
    peer.pool.input(pipeline(1), &long).unwrap();
    let one = peer.pool.unsent_input();
    assert!((100_000..101_000).contains(&one), "{one}");
    peer.open();
    assert_eq!(peer.pool.unsent_input(), one, "it waits behind the command");
    assert_eq!(peer.did().len(), 2);
    assert_eq!(peer.pool.unsent_input(), 0);
    for count in 1..=3 {
        peer.pool.input(pipeline(1), &long).unwrap();
        assert_eq!(peer.pool.unsent_input(), one * count);
    }
    assert!(matches!(peer.pool.poll_action(), Some(Action::Send { .. })));
    assert_eq!(peer.pool.unsent_input(), one * 2, "what was begun does not count");
    peer.pool.invoke(with_input("Out-Null"), pipeline(2)).unwrap();
    peer.pool.input(pipeline(2), &long).unwrap();
    peer.pool.stop(pipeline(1));
    assert_eq!(peer.pool.unsent_input(), one, "that of the other one");
    peer.pool.stop(pipeline(2));
    assert_eq!(peer.pool.unsent_input(), 0);
}

#[test]
fn d21_output_of_two_pipelines_and_the_pool_goes_to_its_owner() {
    let mut peer = running();
    peer.pool.invoke(Command::new("Get-Other").into(), pipeline(2)).unwrap();
    let mut cut = |owner: u128, text: &str| {
        let bytes = peer.bytes(Some(pipeline(owner)), MessageType::PipelineOutput, &format!("<S>{text}</S>"));
        (pipeline(owner), bytes)
    };
    let sent = [cut(1, "a"), cut(2, "b"), cut(1, "c"), cut(2, "d")];
    // The halves of both streams take turns.
    for pair in sent.chunks(2) {
        for half in [true, false] {
            for (owner, bytes) in pair {
                let (first, second) = bytes.split_at(30);
                peer.pool.receive(Some(*owner), if half { first } else { second }).unwrap();
            }
        }
    }
    let got: Vec<_> = peer
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Record { pipeline, value, .. } => Some((pipeline, value)),
            _ => None,
        })
        .collect();
    let wanted = [(1, "a"), (2, "b"), (1, "c"), (2, "d")].map(|(owner, text)| (pipeline(owner), Value::from(text)));
    assert_eq!(got, wanted);
}
