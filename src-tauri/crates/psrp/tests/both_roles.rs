//! The client's pool against the server's, in memory: every byte passes through both.
#![allow(clippy::unwrap_used)]

use clixml::{Object, Value, Version};
use psrp::client::{Action, ClientPool, Event, InputStream, PoolOptions, RecordStream};
use psrp::host::{Choice, Field, HostAnswer, HostMethod, Question};
use psrp::keys::{RsaKeySource, SecretText, SessionKey};
use psrp::records::{
    ErrorInfo, ErrorRecord, InformationRecord, ProgressRecord, information_record, informational_record, message_of,
    progress_record,
};
use psrp::server::{HostReply, ServerEvent, ServerPool};
use psrp::{Argument, CallId, Command, MetadataQuery, Origin, Pipeline, PipelineId, PipelineState, PoolId, PoolState};
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
                    Action::ConnectShell { connect_xml } => self.server.receive_connect(&connect_xml).unwrap(),
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

/// A pool with a pipeline that runs.
fn running() -> Pair {
    let mut pair = opened();
    pair.client.invoke(Command::new("Test-Thing").into(), id(1)).unwrap();
    pair.run();
    pair
}

fn asked(events: &[Event]) -> Vec<(Option<PipelineId>, CallId, Question)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::HostCall { pipeline, call, question: true, .. } => Some((*pipeline, call.id, call.question()?)),
            _ => None,
        })
        .collect()
}

fn replies(events: &[ServerEvent]) -> Vec<(Option<PipelineId>, CallId, HostReply)> {
    events
        .iter()
        .filter_map(|event| match event {
            ServerEvent::HostReply { pipeline, call, reply } => Some((*pipeline, *call, reply.clone())),
            _ => None,
        })
        .collect()
}

#[test]
fn records_of_every_stream_keep_their_meaning() {
    let mut pair = running();
    let time = clixml::DateTime::parse("2026-11-24T08:00:00Z").unwrap();
    let error = ErrorInfo::parameter_binding("Test-Thing", "no such parameter", "NamedParameterNotFound");
    for (stream, value) in [
        (RecordStream::Error, error.to_value()),
        (RecordStream::Verbose, informational_record("VerboseRecord", "detail")),
        (RecordStream::Debug, informational_record("DebugRecord", "deeper")),
        (RecordStream::Information, information_record("seen", true, Some(12), time, "NODE1", "operator")),
        (RecordStream::Progress, progress_record("Collecting", "node 1", 40, false)),
    ] {
        pair.server.record(id(1), stream, &value);
    }
    let (events, _) = pair.run();
    let records: Vec<(RecordStream, &Value)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Record { stream, value, .. } => Some((*stream, value)),
            _ => None,
        })
        .collect();
    let [(RecordStream::Error, error), (_, verbose), (_, debug), (_, information), (_, progress)] = records[..] else {
        panic!("{events:?}")
    };
    let error = ErrorRecord::from_value(error);
    assert_eq!((error.id.as_str(), error.category), ("NamedParameterNotFound,Test-Thing", 5));
    assert_eq!(error.category_message, "InvalidArgument: (:) [Test-Thing], ParameterBindingException");
    assert_eq!((message_of(verbose).as_str(), message_of(debug).as_str()), ("detail", "deeper"));
    let information = InformationRecord::from_value(information);
    assert_eq!((information.text.as_str(), information.for_screen, information.foreground), ("seen", true, Some(12)));
    assert_eq!(ProgressRecord::from_value(progress).percent, Some(40));
}

#[test]
fn d19_d21_two_pipelines_and_the_pool_have_their_own_output_and_end() {
    let mut pair = opened();
    for number in [1, 2] {
        pair.client.invoke(Command::new(format!("Test-{number}").as_str()).into(), id(number)).unwrap();
    }
    let (_, requests) = pair.run();
    assert_eq!(requests.len(), 2);
    // The second waits for the runspace: nothing is said of it.
    pair.server.record(id(1), RecordStream::Output, &1.into());
    pair.server.user_event(&"event".into());
    pair.server.finish(id(1), PipelineState::Completed, None);
    let (events, _) = pair.run();
    assert!(!events.iter().any(|event| matches!(event, Event::Record { pipeline, .. } if *pipeline == id(2))));
    assert!(events.iter().any(|event| matches!(event, Event::UserEvent(value) if *value == "event".into())));
    pair.server.record(id(2), RecordStream::Output, &2.into());
    pair.server.finish(id(2), PipelineState::Completed, None);
    let (events, _) = pair.run();
    assert!(matches!(
        events.as_slice(),
        [Event::Record { pipeline, .. }, Event::PipelineState { state: PipelineState::Completed, .. }]
            if *pipeline == id(2)
    ));
}

#[test]
fn a_queued_pipeline_that_is_stopped_ends_without_an_error() {
    let mut pair = running();
    pair.client.invoke(Command::new("Test-Second").into(), id(2)).unwrap();
    pair.run();
    pair.client.stop(id(2));
    pair.run();
    assert_eq!(pair.stopped, [id(2)]);
    pair.server.finish(id(2), PipelineState::Stopped, None);
    let (events, _) = pair.run();
    assert!(matches!(
        events.as_slice(),
        [Event::PipelineState { pipeline, state: PipelineState::Stopped, error: None, origin: Origin::Endpoint }]
            if *pipeline == id(2)
    ));
    pair.server.record(id(1), RecordStream::Output, &"still here".into());
    assert_eq!(pair.run().0.len(), 1);
}

#[test]
fn d26_a_pool_that_breaks_ends_its_pipelines_and_says_why() {
    let mut pair = running();
    pair.server.record(id(1), RecordStream::Output, &"kept".into());
    // Whole streams reach the client at once, so the record goes first.
    let (mut events, _) = pair.run();
    let why = ErrorInfo { id: "ShellEnded".into(), ..ErrorInfo::pipeline_stopped() };
    pair.server.set_state(PoolState::Broken, Some(&why.to_value()));
    events.extend(pair.run().0);
    assert!(matches!(events[0], Event::Record { .. }));
    let broken = events.iter().find_map(|event| match event {
        Event::PoolState { state: PoolState::Broken, error: Some(error) } => Some(ErrorRecord::from_value(error).id),
        _ => None,
    });
    assert_eq!(broken.as_deref(), Some("ShellEnded"), "{events:?}");
    let ends =
        events.iter().filter(|event| matches!(event, Event::PipelineState { pipeline, .. } if *pipeline == id(1)));
    assert_eq!(ends.count(), 1);
}

/// A question has no time limit of its own: whatever else happens meanwhile, its answer is accepted.
#[test]
fn f5_f6_questions_stay_open_while_everything_else_goes_on() {
    let mut pair = running();
    let of_pipeline = pair.server.host_call(Some(id(1)), HostMethod::READ_LINE, Vec::new());
    let of_pool = pair.server.host_call(None, HostMethod::READ_LINE, Vec::new());
    let (events, _) = pair.run();
    assert_eq!(asked(&events).len(), 2);
    assert_eq!(of_pipeline, of_pool);
    pair.client.invoke(Command::new("Test-Second").into(), id(2)).unwrap();
    for number in 0..1000 {
        pair.server.record(id(1), RecordStream::Output, &number.into());
    }
    let (events, _) = pair.run();
    assert_eq!(events.len(), 1000);
    pair.server.finish(id(2), PipelineState::Completed, None);
    pair.run();
    pair.client.answer(None, of_pool, HostAnswer::Value("of the pool".into())).unwrap();
    pair.client.answer(Some(id(1)), of_pipeline, HostAnswer::Value("of the pipeline".into())).unwrap();
    let wanted = [
        (None, of_pool, HostReply::Value("of the pool".into())),
        (Some(id(1)), of_pipeline, HostReply::Value("of the pipeline".into())),
    ];
    assert_eq!(replies(&pair.run().1), wanted);
}

#[test]
fn f7_f10_what_is_refused_is_an_error_record_at_the_server() {
    let mut pair = running();
    let screen = pair.server.host_call(Some(id(1)), HostMethod::GET_BUFFER_CONTENTS, Vec::new());
    let (events, requests) = pair.run();
    assert!(asked(&events).is_empty());
    let [(_, call, HostReply::Error(error))] = &replies(&requests)[..] else { panic!("{requests:?}") };
    assert_eq!((*call, ErrorRecord::from_value(error).id.as_str()), (screen, "NotImplemented"));

    let line = pair.server.host_call(Some(id(1)), HostMethod::READ_LINE, Vec::new());
    pair.run();
    pair.client.answer(Some(id(1)), line, HostAnswer::refused("The operator gave no answer.")).unwrap();
    let (_, requests) = pair.run();
    let [(_, _, HostReply::Error(error))] = &replies(&requests)[..] else { panic!("{requests:?}") };
    let error = ErrorRecord::from_value(error);
    assert_eq!((error.message.as_str(), error.category), ("The operator gave no answer.", 11));
}

#[test]
fn f8_a_form_is_answered_with_typed_values_and_its_secrets_encrypted() {
    let mut pair = running();
    let types = [
        ("Text", "System.String"),
        ("Number", "System.Int32"),
        ("Secret", "System.Security.SecureString"),
        ("Account", "System.Management.Automation.PSCredential"),
        ("List", "System.String[]"),
        ("Other", "Contoso.Unknown"),
    ];
    let fields: Vec<Field> = types
        .iter()
        .map(|(name, type_name)| Field {
            name: (*name).into(),
            label: format!("&{name}"),
            type_name: (*type_name).into(),
            help: String::new(),
            mandatory: true,
            default: Value::Null,
        })
        .collect();
    let list = Object::list(fields.iter().map(Field::to_value).collect());
    let call = pair.server.host_call(Some(id(1)), HostMethod::PROMPT, vec!["c".into(), "m".into(), list.into()]);
    let (events, _) = pair.run();
    let [(_, _, Question::Fields { fields: shown, .. })] = &asked(&events)[..] else { panic!("{events:?}") };
    assert_eq!(*shown, fields);

    let credential = Argument::Credential { user: r"CONTOSO\writer".into(), password: SecretText::new("pass 2") };
    let answers = vec![
        ("Text".into(), "text".into()),
        ("Number".into(), 7.into()),
        ("Secret".into(), SecretText::new("pass 1").into()),
        ("Account".into(), credential),
        ("List".into(), Argument::Value(Object::array(vec!["a".into(), "b".into()]).into())),
        ("Other".into(), "as text".into()),
    ];
    pair.client.answer(Some(id(1)), call, HostAnswer::Fields(answers)).unwrap();
    let (_, requests) = pair.run();
    let [(_, _, HostReply::Value(form))] = &replies(&requests)[..] else { panic!("{requests:?}") };
    let entries = form.entries().unwrap();
    let names: Vec<String> = entries.iter().map(|(name, _)| name.to_display()).collect();
    assert_eq!(names, types.map(|(name, _)| name));
    assert_eq!((&entries[0].1, &entries[1].1, &entries[5].1), (&"text".into(), &7.into(), &"as text".into()));
    assert_eq!(entries[4].1.items().map(<[Value]>::len), Some(2));
    let read = |value: &Value| {
        let Value::SecureString(secret) = value else { panic!("{value:?}") };
        pair.server.decrypt(secret).unwrap().expose().as_str().to_owned()
    };
    assert_eq!(read(&entries[2].1), "pass 1");
    assert_eq!(read(entries[3].1.get("Password").unwrap()), "pass 2");
}

#[test]
fn f9_one_choice_and_several_are_numbers() {
    let mut pair = running();
    let choices = ["&Yes", "&No", "&Help && more"].map(|label| Choice { label: label.into(), help: String::new() });
    let list: Value = Object::list(choices.iter().map(Choice::to_value).collect()).into();
    let of = |default: Value| vec!["c".into(), "m".into(), list.clone(), default];
    let one = pair.server.host_call(Some(id(1)), HostMethod::PROMPT_FOR_CHOICE, of((-1).into()));
    let defaults = Object::list(vec![0.into(), 2.into(), 9.into()]);
    let several = HostMethod::PROMPT_FOR_CHOICE_MULTIPLE_SELECTION;
    let several = pair.server.host_call(Some(id(1)), several, of(defaults.into()));
    let (events, _) = pair.run();
    let questions = asked(&events);
    assert!(matches!(&questions[0].2, Question::Choice { choices: shown, default: None, .. } if *shown == choices));
    assert!(matches!(&questions[1].2, Question::Choices { defaults, .. } if *defaults == [0, 2]));
    pair.client.answer(Some(id(1)), one, HostAnswer::Value(1.into())).unwrap();
    let both: Value = Object::list(vec![0.into(), 1.into()]).into();
    pair.client.answer(Some(id(1)), several, HostAnswer::Value(Argument::Value(both.clone()))).unwrap();
    let got: Vec<HostReply> = replies(&pair.run().1).into_iter().map(|(_, _, reply)| reply).collect();
    assert_eq!(got[0], HostReply::Value(1.into()));
    let HostReply::Value(chosen) = &got[1] else { panic!("{got:?}") };
    assert_eq!(chosen.items(), both.items());
}

#[test]
fn f11_lines_for_the_screen_are_shown_and_not_answered() {
    let mut pair = running();
    let call = pair.server.host_call(Some(id(1)), HostMethod::WRITE_LINE2, vec!["hello".into()]);
    assert_eq!(call, CallId::VOID);
    let (events, requests) = pair.run();
    assert!(matches!(events.as_slice(), [Event::HostCall { question: false, .. }]));
    assert_eq!(requests, []);
}

/// The server sends a secret before any exchange: the client keeps it, asks for the key and reads it.
#[test]
fn e3_a_secret_of_the_server_is_read_after_the_exchange() {
    let mut pair = running();
    let secret = pair.server.encrypt(&SecretText::new("from the server")).unwrap();
    pair.server.record(id(1), RecordStream::Output, &Value::SecureString(secret));
    let (events, _) = pair.run();
    let [Event::Record { value: Value::SecureString(kept), .. }] = &events[..] else { panic!("{events:?}") };
    assert!(pair.client.decrypt(kept).is_err());
    pair.client.request_key();
    let (_, requests) = pair.run();
    assert!(requests.contains(&ServerEvent::KeyExchanged));
    assert_eq!(pair.client.decrypt(kept).unwrap().expose().as_str(), "from the server");
}

#[test]
fn e4_a_server_that_asks_for_the_key_gets_it() {
    let mut pair = opened();
    pair.server.request_key();
    let (_, requests) = pair.run();
    assert_eq!(requests, [ServerEvent::KeyExchanged]);
    assert!(pair.client.has_key());
}

#[test]
fn command_descriptions_are_asked_for_and_arrive_as_output() {
    let mut pair = opened();
    let query = MetadataQuery { names: vec!["Get-*".into()], namespaces: Vec::new(), command_type: 0x10F };
    pair.client.command_metadata(query, id(1)).unwrap();
    let (_, requests) = pair.run();
    assert_eq!(requests, [ServerEvent::Metadata { id: id(1), names: vec!["Get-*".into()] }]);
    pair.server.record(id(1), RecordStream::Output, &Object::with_extended([("Count", 0.into())]).into());
    pair.server.finish(id(1), PipelineState::Completed, None);
    let (events, _) = pair.run();
    assert!(matches!(&events[0], Event::Record { value, .. } if value.get("Count") == Some(&0.into())));
}

/// The first client is gone with its session key; another one connects, takes up the pipeline and sends a secret.
#[test]
fn e8_another_client_connects_and_exchanges_a_key_of_its_own() {
    let mut pair = running();
    pair.client.request_key();
    pair.run();
    assert!(pair.client.has_key());
    let pool = PoolId(Uuid::from_u128(7));
    pair.client = ClientPool::connect(PoolOptions::default(), pool, Box::new(RsaKeySource));
    let (events, requests) = pair.run();
    assert!(events.iter().any(|event| matches!(event, Event::Opened { .. })), "{events:?}");
    assert!(requests.contains(&ServerEvent::Connected));
    pair.client.attach(id(1)).unwrap();
    pair.server.record(id(1), RecordStream::Output, &"goes on".into());
    let (events, _) = pair.run();
    assert!(events.iter().any(|event| matches!(event, Event::Record { .. })), "{events:?}");

    let secret = Command::new("Test-SecureEcho").parameter("Secret", SecretText::new("again"));
    pair.client.invoke(secret.into(), id(2)).unwrap();
    let (_, requests) = pair.run();
    let [ServerEvent::KeyExchanged, ServerEvent::Pipeline { request, .. }] = &requests[..] else {
        panic!("{requests:?}")
    };
    let (_, Value::SecureString(secret)) = &request.statements[0][0].parameters[0] else { panic!("{request:?}") };
    assert_eq!(pair.server.decrypt(secret).unwrap().expose().as_str(), "again");
}
