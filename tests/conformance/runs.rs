//! Section D: pipelines.

use std::time::{Duration, Instant};

use clixml::{Object, Value};
use psrp::{Command, Event, PipelineState};
use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};
use tests::session::Session;
use winrm::SessionEvent;

/// The error that ended the only run: once, as its own end, and the run is not called anything else.
#[track_caller]
fn failed_with(outcome: &Outcome, id: &str) {
    assert_eq!((outcome.code, outcome.state()), (1, "failed"), "{outcome:#?}");
    assert_eq!(outcome.lines.last().unwrap()["runs"], json!(["failed"]));
    let terminating: Vec<_> = outcome.stream("error").filter(|line| line["terminating"] == true).collect();
    assert_eq!(terminating.len(), 1, "{outcome:#?}");
    assert!(!terminating[0]["text"].as_str().unwrap().is_empty());
    assert!(terminating[0]["value"].to_string().contains(id), "{id}: {}", terminating[0]);
    let end = outcome.lines.iter().find(|line| line["run_state"].is_string()).expect("an end");
    assert_eq!((&end["run_state"], &end["origin"]), (&json!("failed"), &json!("endpoint")));
}

#[test]
fn d9_a_parameter_of_a_megabyte_fits_no_envelope_and_arrives() {
    let peer = Peer::start(&["--log-level", "full"]);
    let text = "xé".repeat(1 << 19);
    let outcome =
        Pepctl::new(&peer.endpoint()).line(json!({ "command": "Test-Echo", "parameters": { "Value": text } })).finish();
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output"), [text]);
    let (commands, sends) = (peer.requests("Command"), peer.requests("Send"));
    assert!(commands.len() == 1 && sends.len() >= 3, "one Command, the rest by Send: {}", sends.len());
    for request in commands.iter().chain(&sends) {
        assert!(request["bytes"].as_u64().unwrap() <= 512_000, "no envelope above the limit: {}", request["bytes"]);
    }
    let first = peer.requests("Receive").into_iter().find(|entry| entry["target"] == "command").unwrap();
    assert!(first["seq"].as_u64() > sends.last().unwrap()["seq"].as_u64(), "Receive begins after the last part");
    assert_eq!(peer.executions("Test-Echo"), 1);
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_parameters_arrive_as_they_were_sent_and_come_back_as_the_same_xml() {
    let peer = Peer::start(&["--log-level", "full"]);
    let mut session = Session::open(&peer).await;
    let nested = Object::dictionary(vec![
        (Value::I32(1), Value::Null),
        (Value::I32(-7), "minus seven".into()),
        (
            "k".into(),
            Object::dictionary(vec![("inner".into(), Value::Null), (2.into(), Object::array(vec![]).into())]).into(),
        ),
    ]);
    let values: [Value; 8] = [
        Value::Null,
        "".into(),
        false.into(),
        Object::array(vec![]).into(),
        Object::array(vec![1.into()]).into(),
        Object::list(vec![Value::Null]).into(),
        Object::dictionary(vec![]).into(),
        nested.into(),
    ];
    for value in values {
        let command = Command::new("Test-Echo").parameter("Value", value.clone()).switch("Raw");
        let run = session.run(command).await;
        assert_eq!(run.assert_completed().output(), [&value]);
        let sent = clixml::encode_to_string(&value);
        assert_eq!(clixml::encode_to_string(run.output()[0]), sent);
        let out = peer.log("psrp_out");
        let xml =
            out.iter().rfind(|entry| entry["message"] == "PipelineOutput").unwrap()["xml"].as_str().unwrap().to_owned();
        assert_eq!(crate::values::canonical(&xml), crate::values::canonical(&sent), "as the peer had it");
    }
    // A switch that is off is left out, or is an explicit false.
    let run = session.run(Command::new("Test-Unicode").parameter("Safe", false)).await;
    assert!(run.assert_completed().output().len() > 20, "the switch was bound as off");
    session.close().await;
    peer.assert_clean();
}

#[test]
fn d11_a_positional_parameter_is_bound() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-Echo", "arguments": ["first", 2] }))
        .line(json!({ "command": "Get-Help", "arguments": ["Test-AzureStack"] }))
        .finish();
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output")[..2], ["first", "2"]);
    let invoked = peer.log("invoke");
    assert_eq!(invoked[0]["positional"].as_array().unwrap().len(), 2, "{}", invoked[0]);
    assert!(invoked[1]["params"]["Name"].to_string().contains("Test-AzureStack"), "bound by its place: {}", invoked[1]);
    peer.assert_clean();
}

#[test]
fn d12_script_text_is_refused_by_the_endpoint() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).line(json!({ "script": "Get-Date; 1" })).finish();
    failed_with(&outcome, "ScriptsNotAllowed");
    assert!(outcome.texts("output").is_empty());
    let commands = &peer.log("pipeline")[0]["commands"];
    assert_eq!((&commands[0]["script"], &commands[0]["name"]), (&json!(true), &json!("Get-Date; 1")));
    peer.assert_clean();
}

#[test]
fn d13_an_unknown_cmdlet_fails_the_run() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Get-Nothing", &[]);
    failed_with(&outcome, "CommandNotFoundException");
    assert!(outcome.stream("error").any(|line| line["text"].as_str().unwrap().contains("Get-Nothing")));
    peer.assert_clean();
}

#[test]
fn d14_output_before_a_terminating_error_is_kept() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Throw", &["Message=\"broken\"", "AfterOutput=3"]);
    failed_with(&outcome, "TestThrow,Test-Throw");
    assert_eq!(outcome.texts("output"), ["0", "1", "2"]);
    let place = |stream: &str| outcome.lines.iter().rposition(|line| line["stream"] == stream).unwrap();
    assert!(place("output") < place("error"), "the error comes after the output");
    assert!(outcome.stream("error").any(|line| line["text"] == "broken"));
    peer.assert_clean();
}

#[test]
fn d15_errors_that_do_not_end_the_run_are_shown_and_the_run_completes() {
    // The command line binder of the peer writes one for every name that it does not know, and goes on.
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-Streams", "parameters": { "Text": "x" } }))
        .finish();
    assert_eq!(outcome.assert_code(0).state(), "completed");
    let errors: Vec<_> = outcome.stream("error").collect();
    assert_eq!(errors.len(), 1, "{outcome:#?}");
    // Its details are what is shown instead of the exception's message.
    assert_eq!((&errors[0]["text"], &errors[0]["terminating"]), (&json!("details x"), &json!(null)));
    assert_eq!(outcome.texts("output"), ["output x"]);
    assert_eq!(outcome.texts("warning"), ["warning x"]);
    // Both kinds in one run: the run fails with the last of them.
    let both = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Throw", &["NonTerminating=3"]);
    failed_with(&both, "TestThrow,Test-Throw");
    assert_eq!(both.stream("error").filter(|line| line["terminating"] != true).count(), 3);
    peer.assert_clean();
}

#[test]
fn d16_a_run_without_any_output_completes() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[]);
    assert_eq!(outcome.assert_code(0).state(), "completed");
    assert_eq!((outcome.stream("output").count(), outcome.stream("error").count()), (0, 0));
    peer.assert_clean();
}

#[test]
fn d17_nil_and_an_empty_string_are_told_apart() {
    let peer = Peer::start(&[]);
    let outcome =
        Pepctl::new(&peer.endpoint()).line(json!({ "command": "Test-Echo", "input": [null, "", " "] })).finish();
    outcome.assert_code(0);
    let values: Vec<_> = outcome.stream("output").map(|line| line["value"].clone()).collect();
    assert_eq!(values, [json!(null), json!(""), json!(" ")]);
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d22_a_flood_is_stopped_with_the_strict_signal() {
    let peer = Peer::start(&["--set", "strict_signal=true"]);
    let mut session = Session::open(&peer).await;
    let flood = Command::new("Test-Flood").parameter("Count", 100_000_000).parameter("Size", 100);
    let id = session.handle.invoke(flood.into()).await.unwrap();
    let mut records = 0;
    while records < 1_000 {
        if let SessionEvent::Pool(Event::Record { .. }) = session.next().await {
            records += 1;
        }
    }
    let asked = Instant::now();
    session.handle.stop(id).await.unwrap();
    let run = session.follow(id).await;
    assert_eq!((run.state, run.origin), (PipelineState::Stopped, psrp::Origin::Endpoint), "the endpoint said so");
    assert!(asked.elapsed() < Duration::from_secs(60), "{:?}", asked.elapsed());
    assert_eq!(run.interruptions, []);
    peer.wait_until("the finished command is removed", |peer| peer.log("signal").len() == 2);
    let signals = peer.log("signal");
    assert_eq!((&signals[0]["code"], &signals[0]["running"]), (&json!("powershell/signal/crtl_c"), &json!(true)));
    assert_eq!((&signals[1]["meaning"], &signals[1]["running"]), (&json!("terminate"), &json!(false)));
    let run = session.run(Command::new("Test-Echo").parameter("Value", "after")).await;
    assert_eq!(run.assert_completed().texts(), ["after"], "the session goes on");
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d23_a_stop_at_any_moment_gives_one_final_state() {
    let peer = Peer::start(&["--set", "strict_signal=true"]);
    let mut session = Session::open(&peer).await;
    let mut ended = [0, 0];
    for number in 0..150_u64 {
        let command = Command::new("Test-Sleep").parameter("Seconds", Value::Double(0.004));
        let id = session.handle.invoke(command.into()).await.unwrap();
        // Before it is sent, while it runs, when it has just finished, and after its end; once or twice.
        tokio::time::sleep(Duration::from_micros(number * 197 % 15_000)).await;
        session.handle.stop(id).await.unwrap();
        if number % 3 == 0 {
            session.handle.stop(id).await.unwrap();
        }
        let run = session.follow(id).await;
        match run.state {
            PipelineState::Completed => ended[0] += 1,
            PipelineState::Stopped => ended[1] += 1,
            other => panic!("{other:?}: {run:?}"),
        }
        assert_eq!(run.interruptions, [], "{number}");
        session.handle.stop(id).await.unwrap();
    }
    let run = session.run(Command::new("Test-Echo").parameter("Value", "after")).await;
    assert_eq!(run.assert_completed().texts(), ["after"]);
    let second_ends =
        session.others.iter().filter(|event| matches!(event, SessionEvent::Pool(Event::PipelineState { .. }))).count();
    assert_eq!(second_ends, 0, "one final state each");
    assert!(ended[0] > 0 && ended[1] > 0, "both outcomes were seen: {ended:?}");
    peer.wait_until("no command is left", |peer| peer.commands().is_empty());
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d23_a_stop_that_overtakes_its_command_is_not_lost() {
    // The endpoint takes its time with the Command, and the signal on the other connection comes first: "not found".
    let peer = Peer::start(&["--set", "strict_signal=true"]);
    let mut session = Session::open(&peer).await;
    session.run(Command::new("Test-Echo").parameter("Value", 1)).await.assert_completed();
    peer.rule(json!({ "do": "delay", "action": "Command", "arg": 1.0 }));
    let id = session.handle.invoke(Command::new("Test-Sleep").parameter("Seconds", 600).into()).await.unwrap();
    peer.wait_until("the command is on its way", |peer| peer.requests("Command").len() == 2);
    let asked = Instant::now();
    session.handle.stop(id).await.unwrap();
    let run = session.follow(id).await;
    assert_eq!((run.state, run.origin), (PipelineState::Stopped, psrp::Origin::Endpoint), "{run:?}");
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert_eq!(run.interruptions, []);
    let refused = peer.log("fault").iter().filter(|entry| entry["action"] == "Signal").count();
    assert!(refused > 0, "the signal did come first");
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d24_a_stop_whose_answer_is_slow_is_waited_for() {
    // The endpoint may answer the signal only when the stop is done; meanwhile records and the state still come.
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "delay_after", "action": "Signal", "arg": 2 }));
    let mut session = Session::open(&peer).await;
    let id = session.handle.invoke(Command::new("Test-Sleep").parameter("Seconds", 600).into()).await.unwrap();
    peer.wait_until("it runs", |peer| peer.executions("Test-Sleep") == 1);
    let asked = Instant::now();
    session.handle.stop(id).await.unwrap();
    let run = session.follow(id).await;
    assert_eq!((run.state, run.interruptions.len()), (PipelineState::Stopped, 0));
    assert!(asked.elapsed() < Duration::from_secs(2), "the state does not wait for the answer to the signal");
    session.close().await;
    peer.assert_clean();
}
