//! The client's pool against the server's, in memory: every byte passes through both.
#![allow(clippy::unwrap_used)]

use clixml::{Object, Value, Version};
use psrp::client::{Action, ClientPool, Event, InputStream, PoolOptions, RecordStream};
use psrp::host::{HostAnswer, HostMethod, Question};
use psrp::keys::{RsaKeySource, SecretText, SessionKey};
use psrp::records::{ErrorInfo, ErrorRecord, informational_record};
use psrp::server::{HostReply, ServerEvent, ServerPool};
use psrp::{Argument, Command, Pipeline, PipelineId, PipelineState, PoolId};
use uuid::Uuid;

struct Pair {
    client: ClientPool,
    server: ServerPool,
    stopped: Vec<PipelineId>,
    terminated: Vec<PipelineId>,
}

impl Pair {
    fn new() -> Self {
        let version = Version { major: 5, minor: 1, build: Some(17763), revision: Some(1) };
        Self {
            client: ClientPool::open(PoolOptions::default(), PoolId(Uuid::from_u128(7)), Box::new(RsaKeySource)),
            server: ServerPool::new(SessionKey::new([5; 32]), vec![("PSVersion".into(), Value::Version(version))]),
            stopped: Vec::new(),
            terminated: Vec::new(),
        }
    }

    /// Carries bytes both ways until nothing moves, and gives what each side noticed.
    fn run(&mut self) -> (Vec<Event>, Vec<ServerEvent>) {
        let (mut events, mut requests) = (Vec::new(), Vec::new());
        loop {
            let mut moved = false;
            while let Some(action) = self.client.poll_action() {
                moved = true;
                let mut give = |pipeline, stream, data: &[u8]| self.server.receive(pipeline, stream, data).unwrap();
                match action {
                    Action::CreateShell { creation_xml } => give(None, InputStream::Stdin, &creation_xml),
                    Action::ConnectShell { connect_xml } => give(None, InputStream::Stdin, &connect_xml),
                    Action::Send { pipeline, stream, data } => give(pipeline, stream, &data),
                    Action::CreatePipeline { id, first, rest } => {
                        give(Some(id), InputStream::Stdin, &first);
                        rest.iter().for_each(|data| give(Some(id), InputStream::Stdin, data));
                    }
                    Action::Stop { id } => self.stopped.push(id),
                    Action::Terminate { id } => self.terminated.push(id),
                }
            }
            requests.extend(std::iter::from_fn(|| self.server.poll_event()));
            let mut streams: Vec<Option<PipelineId>> = vec![None];
            streams.extend((1..9).map(|n| Some(PipelineId(Uuid::from_u128(n)))));
            for stream in streams {
                for fragment in self.server.take(stream, usize::MAX) {
                    moved = true;
                    self.client.receive(stream, &fragment).unwrap();
                }
            }
            events.extend(std::iter::from_fn(|| self.client.poll_event()));
            if !moved {
                return (events, requests);
            }
        }
    }
}

fn id(number: u128) -> PipelineId {
    PipelineId(Uuid::from_u128(number))
}

fn opened() -> Pair {
    let mut pair = Pair::new();
    let (events, requests) = pair.run();
    assert!(events.iter().any(|event| matches!(event, Event::Opened { .. })), "{events:?}");
    assert!(
        matches!(requests[..], [ServerEvent::Opened { console, .. }] if console.width == Some(120)),
        "{requests:?}"
    );
    pair
}

#[test]
fn records_of_all_streams_and_the_final_state_arrive_in_order() {
    let mut pair = opened();
    pair.client.invoke(Command::new("Test-Echo").parameter("Value", 1).switch("Full").into(), id(1)).unwrap();
    let (_, requests) = pair.run();
    let [ServerEvent::Pipeline { request, .. }] = &requests[..] else { panic!("{requests:?}") };
    let command = &request.statements[0][0];
    assert_eq!((command.name.as_str(), command.is_script, command.parameters.len()), ("Test-Echo", false, 2));
    pair.server.record(id(1), RecordStream::Output, &"one".into());
    pair.server.record(id(1), RecordStream::Warning, &informational_record("WarningRecord", "careful"));
    pair.server.record(id(1), RecordStream::Output, &Value::Null);
    let error = ErrorInfo::command_not_found("Get-Nonsense").to_value();
    pair.server.finish(id(1), PipelineState::Failed, Some(&error));
    let (events, _) = pair.run();
    let streams: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Record { stream, .. } = event { Some(*stream) } else { None })
        .collect();
    assert_eq!(streams, [RecordStream::Output, RecordStream::Warning, RecordStream::Output]);
    let end = events.iter().find_map(|event| {
        if let Event::PipelineState { state, error, .. } = event { Some((state, error)) } else { None }
    });
    let Some((PipelineState::Failed, Some(error))) = end else { panic!("{events:?}") };
    assert_eq!(ErrorRecord::from_value(error).id, "CommandNotFoundException");
}

#[test]
fn e1_a_credential_waits_for_the_key_and_is_read_by_the_server() {
    let mut pair = opened();
    for (number, password) in [(1, "pässwörd😀"), (2, ""), (3, "x".repeat(10_000).as_str())] {
        let credential = Argument::Credential { user: r"CONTOSO\writer".into(), password: SecretText::new(password) };
        pair.client
            .invoke(Command::new("Test-SecureEcho").parameter("Credential", credential).into(), id(number))
            .unwrap();
        let (_, requests) = pair.run();
        let request = requests
            .iter()
            .find_map(|event| if let ServerEvent::Pipeline { request, .. } = event { Some(request) } else { None })
            .unwrap();
        let (_, value) = &request.statements[0][0].parameters[0];
        assert_eq!(value.get("UserName").and_then(Value::as_str), Some(r"CONTOSO\writer"));
        let Some(Value::SecureString(secret)) = value.get("Password") else { panic!("{value:?}") };
        assert_eq!(pair.server.decrypt(secret).unwrap().expose().as_str(), password);
    }
}

#[test]
fn f2_a_question_is_asked_once_and_its_answer_arrives() {
    let mut pair = opened();
    pair.client.invoke(Command::new("Test-Prompt").into(), id(1)).unwrap();
    pair.run();
    pair.server.record(id(1), RecordStream::Output, &"before".into());
    let call = pair.server.host_call(Some(id(1)), HostMethod::READ_LINE_AS_SECURE_STRING, Vec::new());
    pair.server.record(id(1), RecordStream::Output, &"after".into());
    let (events, _) = pair.run();
    let asked = events
        .iter()
        .find_map(|event| if let Event::HostCall { call, .. } = event { Some(call) } else { None })
        .unwrap();
    assert_eq!((asked.id, asked.question()), (call, Some(Question::SecretLine)));
    pair.client.answer(Some(id(1)), asked.id, HostAnswer::Value(SecretText::new("secret").into())).unwrap();
    let (_, requests) = pair.run();
    let Some(ServerEvent::HostReply { reply: HostReply::Value(Value::SecureString(secret)), .. }) =
        requests.iter().find(|event| matches!(event, ServerEvent::HostReply { .. }))
    else {
        panic!("{requests:?}")
    };
    assert_eq!(pair.server.decrypt(secret).unwrap().expose().as_str(), "secret");
}

#[test]
fn f3_stopping_withdraws_the_question() {
    let mut pair = opened();
    pair.client.invoke(Command::new("Test-Prompt").into(), id(1)).unwrap();
    pair.run();
    let call = pair.server.host_call(Some(id(1)), HostMethod::READ_LINE, Vec::new());
    pair.run();
    pair.client.stop(id(1));
    pair.run();
    assert_eq!(pair.stopped, [id(1)]);
    pair.server.finish(id(1), PipelineState::Stopped, Some(&ErrorInfo::pipeline_stopped().to_value()));
    let (events, _) = pair.run();
    assert!(
        events.iter().any(|event| matches!(event, Event::PipelineState { state: PipelineState::Stopped, .. })),
        "{events:?}"
    );
    assert!(pair.client.answer(Some(id(1)), call, HostAnswer::Value("late".into())).is_err());
}

#[test]
fn d9_a_parameter_of_a_megabyte_is_cut_and_joined() {
    let mut pair = opened();
    let text = "0123456789".repeat(100_000);
    pair.client.invoke(Command::new("Test-Echo").parameter("Value", text.as_str()).into(), id(1)).unwrap();
    let (_, requests) = pair.run();
    let ServerEvent::Pipeline { request, .. } = &requests[0] else { panic!("a pipeline") };
    assert_eq!(request.statements[0][0].parameters[0].1.as_str(), Some(text.as_str()));
}

#[test]
fn pipelines_of_several_commands_and_statements_keep_their_shape() {
    let mut pair = opened();
    let mut pipeline =
        Pipeline::new(vec![Command::new("Get-VirtualDisk").argument("x"), Command::new("Get-StorageJob")]);
    pipeline.statements.push(vec![Command::new("Get-Help").parameter("Name", Object::array(vec!["a".into()]))]);
    pair.client.invoke(pipeline, id(1)).unwrap();
    let (_, requests) = pair.run();
    let ServerEvent::Pipeline { request, .. } = &requests[0] else { panic!("a pipeline") };
    let names: Vec<Vec<&str>> =
        request.statements.iter().map(|all| all.iter().map(|one| one.name.as_str()).collect()).collect();
    assert_eq!(names, [vec!["Get-VirtualDisk", "Get-StorageJob"], vec!["Get-Help"]]);
    assert_eq!(request.statements[0][0].parameters, [(None, "x".into())]);
}
