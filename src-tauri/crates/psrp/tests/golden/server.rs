//! The recorded client against our server: it is understood, and what the recorded server answered by itself is what
//! ours answers.

use std::collections::BTreeMap;

use clixml::{Content, Limits, Object, SecureString, Value};
use psrp::keys::{KeySource, encrypted_key_from_blob};
use psrp::server::{CommandRequest, ServerEvent, ServerPool};
use psrp::{
    Command, Defragmenter, Destination, InputStream, Merge, Message, MessageType, PipelineId, PipelineState, Received,
    SessionKey,
};

use crate::keys::{Recorded, hex};
use crate::session::{Session, all};
use crate::{REFUSED, rebuild};

struct Replay {
    server: ServerPool,
    events: Vec<ServerEvent>,
    /// What the recorded client sent, joined
    sent: Vec<(Option<PipelineId>, MessageType, Value)>,
    /// What our server answered on the pool's stream
    ours: Vec<(MessageType, Value)>,
    /// What the recorded server sent there
    theirs: Vec<(MessageType, Value)>,
}

impl Replay {
    fn play(session: &Session) -> Self {
        let key = session.json["keys"]["session_key_hex"].as_str().map(hex).and_then(|key| key.try_into().ok());
        let server = ServerPool::new(SessionKey::new(key.unwrap_or([1; 32])), Vec::new());
        let mut replay = Self { server, events: Vec::new(), sent: Vec::new(), ours: Vec::new(), theirs: Vec::new() };
        let mut joiners = BTreeMap::new();
        let mut own = Defragmenter::default();
        for line in session.lines() {
            match line.packet.as_str() {
                "Data" if line.to_server => {
                    let stream = if line.answers { InputStream::Pr } else { InputStream::Stdin };
                    let taken = replay.server.receive(line.pipeline, stream, &line.data);
                    assert_eq!(taken, Ok(()), "{} at {}", session.name, line.seq);
                }
                "Close" if line.to_server => line.pipeline.into_iter().for_each(|id| replay.server.forget(id)),
                "Data" => {}
                _ => continue,
            }
            let joiner = joiners.entry((line.to_server, line.answers, line.pipeline)).or_default();
            for (kind, content) in messages(joiner, &line.data, Destination::Server, line.to_server) {
                match (line.to_server, line.pipeline, kind) {
                    (true, pipeline, _) => replay.sent.push((pipeline, kind, content)),
                    (false, None, _) => replay.theirs.push((kind, content)),
                    // The runspace is free again.
                    (false, Some(id), MessageType::PipelineState) => {
                        replay.server.finish(id, PipelineState::Completed, None);
                    }
                    _ => {}
                }
            }
            for fragment in replay.server.take(None, usize::MAX) {
                replay.ours.extend(messages(&mut own, &fragment, Destination::Client, true));
            }
            replay.events.extend(std::iter::from_fn(|| replay.server.poll_event()));
        }
        replay
    }

    fn of_kind(list: &[(MessageType, Value)], kind: MessageType) -> Vec<&Value> {
        list.iter().filter(|(other, _)| *other == kind).map(|(_, content)| content).collect()
    }
}

fn messages(
    joiner: &mut Defragmenter,
    mut bytes: &[u8],
    destination: Destination,
    checked: bool,
) -> Vec<(MessageType, Value)> {
    let mut found = Vec::new();
    while let Some(received) = joiner.next(&mut bytes).unwrap() {
        let Received::Object { data, .. } = received else { panic!("a hole") };
        let message = Message::parse(&data).unwrap();
        assert!(!checked || message.destination == destination);
        found.push((message.kind, message.value(&Limits::default()).unwrap()));
    }
    found
}

fn sessions() -> impl Iterator<Item = &'static Session> {
    all().iter().filter(|session| !REFUSED.contains(&session.name.as_str()))
}

#[test]
fn the_server_understands_every_recorded_client() {
    let mut events = BTreeMap::<&str, usize>::new();
    for session in all() {
        let mut replay = Replay::play(session);
        let mut told = std::mem::take(&mut replay.events).into_iter();
        for (pipeline, kind, content) in &replay.sent {
            let name = &session.name;
            match kind {
                MessageType::SessionCapability => continue,
                // Of a version that we refuse
                MessageType::InitRunspacePool if name == "01-bad-version" => continue,
                // Answered by the pool itself
                MessageType::SetMaxRunspaces
                | MessageType::SetMinRunspaces
                | MessageType::GetAvailableRunspaces
                | MessageType::ResetRunspaceState => continue,
                _ => {}
            }
            *events.entry(kind.name()).or_default() += 1;
            let event = told.next().unwrap_or_else(|| panic!("{name}: nothing was told of {kind:?}"));
            match (kind, &event) {
                (MessageType::InitRunspacePool, ServerEvent::Opened { console, max_runspaces }) => {
                    assert_eq!(Some(*max_runspaces), content.get("MaxRunspaces").and_then(Value::as_i32));
                    assert_eq!(console.width.is_none(), name == "01-null-host", "{name}");
                }
                (MessageType::CreatePipeline, ServerEvent::Pipeline { id, request }) => {
                    assert_eq!(Some(*id), *pipeline);
                    let wanted = rebuild::pipeline(content);
                    assert_eq!(request.no_input, wanted.no_input, "{name}");
                    let sizes: Vec<usize> = wanted.statements.iter().map(Vec::len).collect();
                    assert_eq!(request.statements.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{name}");
                    let commands = request.statements.iter().flatten().zip(wanted.statements.iter().flatten());
                    commands.for_each(|(ours, wanted)| same_command(name, ours, wanted));
                }
                (MessageType::GetCommandMetadata, ServerEvent::Metadata { id, names }) => {
                    assert_eq!(Some(*id), *pipeline);
                    let wanted = rebuild::query(content).names;
                    assert_eq!(*names, wanted.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>());
                }
                (MessageType::PipelineInput, ServerEvent::Input { id, value }) => {
                    assert_eq!((Some(*id), value), (*pipeline, content));
                }
                (MessageType::EndOfPipelineInput, ServerEvent::InputEnded { id }) => assert_eq!(Some(*id), *pipeline),
                (
                    MessageType::PipelineHostResponse | MessageType::PoolHostResponse,
                    ServerEvent::HostReply { pipeline: of, call, .. },
                ) => {
                    assert_eq!(of, pipeline);
                    assert_eq!(Some(call.0), content.get("ci").and_then(Value::as_i64));
                }
                (MessageType::PublicKey, ServerEvent::KeyExchanged) => {}
                other => panic!("{name}: {other:?}"),
            }
        }
        assert_eq!(told.next(), None, "{}", session.name);
    }
    assert_eq!((events["CREATE_PIPELINE"], events["PIPELINE_HOST_RESPONSE"]), (418, 55), "{events:?}");
}

fn same_command(session: &str, ours: &CommandRequest, wanted: &Command) {
    assert_eq!(wanted.name, *ours.name, "{session}");
    assert_eq!(ours.is_script, wanted.is_script, "{session}: {}", ours.name);
    assert_eq!(ours.errors_to_output, wanted.merge_error == Merge::Output, "{session}: {}", ours.name);
    let parameters: Vec<(Option<String>, Value)> = wanted
        .parameters
        .iter()
        .map(|parameter| {
            let name = parameter.name.as_ref().map(|name| name.to_string_lossy().into_owned());
            (name.filter(|name| !name.is_empty()), parameter.value.to_value(None).unwrap())
        })
        .collect();
    let dashed = |(name, _): &(Option<String>, Value)| {
        name.as_ref().is_some_and(|name| name.starts_with('-') || name.ends_with(':'))
    };
    let read: Vec<(Option<String>, Value)> = ours
        .parameters
        .iter()
        .map(|(name, value)| (name.as_ref().map(|name| name.to_string_lossy().into_owned()), value.clone()))
        .collect();
    if !parameters.iter().any(dashed) {
        assert_eq!(read, parameters, "{session}: {}", ours.name);
        return;
    }
    // The form of a parsed line: no dash or colon stays, every name is there, and no value is lost.
    let bare = |name: &str| name.trim_start_matches('-').trim_end_matches(':').to_owned();
    let names = |list: &[(Option<String>, Value)]| -> Vec<String> {
        list.iter().filter_map(|(name, _)| name.as_deref().map(bare)).collect()
    };
    assert_eq!(names(&read), names(&parameters), "{session}: {}", ours.name);
    assert!(!read.iter().any(dashed), "{session}: {read:?}");
    for (_, value) in parameters.iter().filter(|(_, value)| !value.is_null()) {
        assert!(read.iter().any(|(_, other)| other == value), "{session}: {value:?} in {read:?}");
    }
}

#[test]
fn the_server_answers_as_the_recorded_one() {
    let mut compared = 0;
    for session in sessions() {
        let replay = Replay::play(session);
        for kind in [MessageType::SessionCapability, MessageType::RunspaceAvailability] {
            let theirs = Replay::of_kind(&replay.theirs, kind);
            assert_eq!(Replay::of_kind(&replay.ours, kind), theirs, "{}", session.name);
            compared += theirs.len();
        }
        let order: Vec<MessageType> = replay.ours.iter().take(3).map(|(kind, _)| *kind).collect();
        assert_eq!(
            order,
            [MessageType::SessionCapability, MessageType::ApplicationPrivateData, MessageType::RunspacePoolState]
        );
        assert_eq!(replay.ours[2].1.get("RunspaceState"), Some(&Value::I32(2)));
    }
    assert!(compared > 90, "{compared}");
}

#[test]
fn every_secret_of_the_recorded_clients_is_read_by_the_server() {
    let (mut read, mut exchanges) = (0, 0);
    for session in sessions() {
        let replay = Replay::play(session);
        for answer in Replay::of_kind(&replay.ours, MessageType::EncryptedSessionKey) {
            exchanges += 1;
            let blob = answer.get("EncryptedSessionKey").and_then(Value::as_str).unwrap();
            let wrapped = encrypted_key_from_blob(&decode(blob)).unwrap();
            let key = Recorded::of(&session.json["keys"]).private_key().unwrap().session_key(&wrapped).unwrap();
            let Ok(secret) = replay.server.encrypt(&psrp::SecretText::new("text")) else { panic!("encrypted") };
            assert_eq!(key.decrypt(&secret).unwrap().expose().as_str(), "text", "{}", session.name);
        }
        let mut secrets = Vec::new();
        for (_, _, content) in &replay.sent {
            collect(content, &mut secrets);
        }
        let known = session.json["secure_strings"].as_array().map(Vec::as_slice).unwrap_or_default();
        for secret in secrets {
            let text = replay.server.decrypt(&secret).unwrap();
            let clear = text.expose().as_str().to_owned();
            assert!(known.iter().any(|entry| entry["clear_text"] == clear.as_str()), "{}: {clear}", session.name);
            read += 1;
        }
    }
    assert!(read >= 20 && exchanges >= 14, "{read} secrets, {exchanges} exchanges");
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn collect(value: &Value, secrets: &mut Vec<SecureString>) {
    if let Value::SecureString(secret) = value {
        secrets.push(secret.clone());
    }
    let Value::Object(object) = value else { return };
    let Object { content, adapted, extended, .. } = &**object;
    match content {
        Content::Primitive(inner) => collect(inner, secrets),
        Content::Dictionary(entries) => entries.iter().for_each(|(_, value)| collect(value, secrets)),
        Content::None => {}
        _ => object.items().unwrap_or_default().iter().for_each(|item| collect(item, secrets)),
    }
    adapted.iter().chain(extended).for_each(|property| collect(&property.value, secrets));
}
