//! Section F: questions of the endpoint.

use std::time::Duration;

use psrp::host::{HostAnswer, Question};
use psrp::{Argument, Command, Event, PipelineState, SecretText};
use serde_json::{Value as Json, json};
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::session::Session;
use winrm::SessionEvent;

fn prompt(what: &str) -> Command {
    Command::new("Test-HostPrompt").parameter("What", what)
}

/// A property of the first output object.
fn property(outcome: &tests::pepctl::Outcome, name: &str) -> serde_json::Value {
    let value = &outcome.stream("output").next().expect("an object")["value"];
    ["extended", "adapted"]
        .iter()
        .map(|kind| value[kind][name].clone())
        .find(|found| !found.is_null())
        .unwrap_or_default()
}

#[test]
fn f1_what_the_endpoint_asks_about_us_is_answered_without_a_person() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint())
        .args(&["--width", "97"])
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "info" } }))
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "raw" } }))
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "write" } }))
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "progress" } }))
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "exit" } }))
        .finish();
    outcome.assert_code(0);
    assert_eq!(outcome.stream("host").filter(|line| line["question"] == true).count(), 0);
    let answers = peer.log("host_response");
    let of = |method: &str| {
        let found = answers.iter().find(|entry| entry["method"] == method);
        found.unwrap_or_else(|| panic!("no answer to {method}: {answers:?}"))["result"].to_string()
    };
    assert!(of("GetCurrentCulture").contains("en-US"), "{}", of("GetCurrentCulture"));
    assert!(of("GetBufferSize").contains("97") && of("GetWindowSize").contains("97"), "{}", of("GetBufferSize"));
    let shown: Vec<_> = outcome.stream("host").map(|line| line["text"].as_str().unwrap().to_owned()).collect();
    for text in ["plain ", "a line", "an error line", "a warning line", "a verbose line", "a debug line"] {
        assert!(shown.iter().any(|line| line == text), "{text}: {shown:?}");
    }
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_questions_come_between_outputs_and_output_goes_on() {
    let peer = Peer::start(&[]);
    let mut options = winrm::OpenOptions::default();
    options.pool_options.max_runspaces = 2;
    let mut session = Session::open_with(&peer, options).await.unwrap();
    let what = clixml::Object::array(vec!["readline".into(), "choice".into()]);
    let id = session.handle.invoke(Command::new("Test-HostPrompt").parameter("What", what).into()).await.unwrap();
    let (pipeline, first) = session.question().await;
    assert_eq!((pipeline, first.question()), (Some(id), Some(Question::Line)));
    // While it waits for a person everything else goes on.
    let flood = session.run(Command::new("Test-Flood").parameter("Count", 500).parameter("Size", 100)).await;
    assert_eq!(flood.assert_completed().output().len(), 500);
    session.handle.answer(pipeline, first.id, HostAnswer::Value("typed".into())).await.unwrap();
    let (_, second) = loop {
        match session.next().await {
            SessionEvent::Pool(Event::HostCall { pipeline, call, question: true, .. }) => break (pipeline, call),
            SessionEvent::Pool(Event::Record { value, .. }) => assert_eq!(value.get("Value"), Some(&"typed".into())),
            _ => {}
        }
    };
    assert!(matches!(second.question(), Some(Question::Choice { default: Some(1), .. })), "{second:?}");
    session.handle.answer(pipeline, second.id, HostAnswer::Value(0.into())).await.unwrap();
    let run = session.follow(id).await;
    assert_eq!(run.assert_completed().output()[0].get("Value"), Some(&0.into()));
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_stopping_withdraws_the_question_and_no_late_answer_is_sent() {
    let peer = Peer::start(&["--set", "strict_signal=true"]);
    let mut session = Session::open(&peer).await;
    let id = session.handle.invoke(prompt("readline").into()).await.unwrap();
    let (pipeline, call) = session.question().await;
    session.handle.stop(id).await.unwrap();
    let run = session.follow(id).await;
    assert_eq!(run.state, PipelineState::Stopped, "it stops although it waits for an answer");
    assert_eq!(run.events, [Event::Withdrawn { pipeline, call: call.id }]);
    assert!(session.handle.answer(pipeline, call.id, HostAnswer::Value("late".into())).await.is_err());
    session.run(Command::new("Test-Echo").parameter("Value", 1)).await.assert_completed();
    assert_eq!(peer.log("host_response").len(), 0, "no late answer");
    session.close().await;
    peer.assert_clean();
}

#[test]
fn f4_a_question_whose_delivery_was_lost_is_asked_once_and_answered_once() {
    for how in ["drop_after", "reset_after"] {
        let peer = Peer::start(&[]);
        peer.rule(json!({ "do": how, "action": "Receive", "target": "command" }));
        let outcome = Pepctl::new(&peer.endpoint())
            .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "readline" } }))
            .line(json!({ "answer": "once" }))
            .line(json!({ "answer": "twice" }))
            .finish();
        outcome.assert_code(0);
        assert_eq!(outcome.stream("host").filter(|line| line["question"] == true).count(), 1, "{outcome:#?}");
        let answers = peer.log("host_response");
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0]["result"].to_string().contains("once"), "{answers:?}");
        peer.assert_clean();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f4_a_question_that_is_delivered_again_is_asked_once() {
    let peer = Peer::start(&["--set", "duplicate_fragment=1"]);
    let mut session = Session::open(&peer).await;
    let id = session.handle.invoke(prompt("readline").into()).await.unwrap();
    let (pipeline, call) = session.question().await;
    session.handle.answer(pipeline, call.id, HostAnswer::Value("once".into())).await.unwrap();
    let run = session.follow(id).await;
    run.assert_completed();
    assert!(run.events.iter().all(|event| !matches!(event, Event::HostCall { .. })), "{:?}", run.events);
    assert_eq!(peer.log("host_response").len(), 1);
    session.close().await;
    peer.assert_clean();
}

#[test]
fn f7_questions_are_answered_in_order() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": ["readline", "readline"] } }))
        .line(json!({ "answer": "first" }))
        .line(json!({ "answer": "second" }))
        .finish();
    outcome.assert_code(0);
    let answers: Vec<_> = peer.log("host_response").iter().map(|entry| entry["result"]["value"].clone()).collect();
    assert_eq!(answers, ["first", "second"]);
    peer.assert_clean();
}

#[test]
fn f7_a_question_that_is_refused_is_an_error_that_the_cmdlet_reports() {
    let peer = Peer::start(&[]);
    let refused = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-HostPrompt", &["What=\"readline\""]);
    refused.assert_code(1);
    let answers = peer.log("host_response");
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["result"], json!(null), "no value is made up");
    assert!(answers[0]["error"].as_str().unwrap().contains("No answer was given."), "{answers:?}");
    let errors: Vec<_> = refused.stream("error").collect();
    assert!(errors[0].to_string().contains("HostCallFailed,Test-HostPrompt"), "the cmdlet reports it: {errors:?}");
    peer.assert_clean();
}

#[test]
fn f8_forms_are_answered_with_values_of_their_types() {
    let peer = Peer::start(&[]);
    let form = Pepctl::new(&peer.endpoint())
        .env("PEP_TEST_SECRET", "pä😀")
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "promptsecure" } }))
        .line(
            json!({ "answer": { "Field1": "typed", "Secret": { "$type": "SecureString", "env": "PEP_TEST_SECRET" } } }),
        )
        .finish();
    form.assert_code(0);
    assert_eq!((property(&form, "Field1"), property(&form, "Secret")), (json!("typed"), json!("pä😀")));
    let plain = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "prompt" } }))
        .line(json!({ "answer": { "Field1": "typed" } }))
        .finish();
    assert_eq!(property(plain.assert_code(0), "Field1"), "typed");
    peer.assert_clean();
}

#[test]
fn f8_a_form_without_what_it_must_have_is_not_sent_and_a_cancelled_one_has_nothing() {
    let peer = Peer::start(&[]);
    let ask = |answer: Json| {
        peer.begin(json!({}));
        let line = json!({ "command": "Test-HostPrompt", "parameters": { "What": "prompt" } });
        Pepctl::new(&peer.endpoint()).line(line).line(json!({ "answer": answer })).finish()
    };
    let left_out = ask(json!({}));
    left_out.assert_code(2);
    assert!(left_out.says("answer refused"), "{left_out:#?}");
    assert!(left_out.why().contains("\"Field1\" has to have a value"), "{}", left_out.why());
    let answers = peer.log("host_response");
    assert_eq!((answers.len(), &answers[0]["result"]), (1, &Json::Null), "{answers:?}");
    let cancelled = ask(Json::Null);
    cancelled.assert_code(0);
    assert_eq!(property(&cancelled, "Field1"), Json::Null, "the endpoint gets a form without values");
    assert_eq!(peer.log("host_response")[0]["error"], Json::Null);
    peer.assert_clean();
}

#[test]
fn f7_answers_that_no_question_used_are_told() {
    let peer = Peer::start(&[]);
    let call = || {
        let call = Pepctl::new(&peer.endpoint());
        call.line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "readline" } }))
    };
    let used = call().line(json!({ "answer": "x" })).finish();
    assert!(!used.assert_code(0).errors.contains("not used"), "{}", used.errors);
    let one = call().line(json!({ "answer": "x" })).line(json!({ "answer": "y" })).finish();
    assert!(one.assert_code(0).errors.contains("1 answer was not used"), "{}", one.errors);
    for text in [false, true] {
        let call = Pepctl::new(&peer.endpoint()).args(if text { &["--text"] } else { &[] });
        let call = call.line(json!({ "answer": "x" })).line(json!({ "answer": "secret" }));
        let (_, shown, errors) = call.args(&["run", "Test-Echo", "--param", "Value=1"]).finish_text();
        assert!(errors.contains("2 answers were not used") && !errors.contains("secret"), "{errors}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    peer.assert_clean();
}

#[test]
fn f4_an_answer_whose_delivery_was_lost_is_given_again_and_taken_once() {
    // The peer keeps no answers, and the first command asks, so that nothing can be known about marks.
    for how in ["drop", "drop_after", "reset_after", "truncate", "unauthorized"] {
        for (what, answer) in
            [("readline", json!("once")), ("choice", json!(0)), ("prompt", json!({ "Field1": "once" }))]
        {
            let peer = Peer::start(&[]);
            peer.rule(json!({ "do": how, "action": "Send" }));
            let outcome = Pepctl::new(&peer.endpoint())
                .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": [what, what] } }))
                .line(json!({ "answer": answer }))
                .line(json!({ "answer": answer }))
                .finish();
            outcome.assert_code(0);
            assert_eq!(outcome.stream("output").count(), 2, "{how} {what}: {outcome:#?}");
            assert_eq!(outcome.stream("host").filter(|line| line["question"] == true).count(), 2, "asked once each");
            // Where it had arrived, the end of the command shows that soon enough.
            let lost = ["drop", "unauthorized"].contains(&how);
            let told = if lost { &["an answer may not have arrived and is sent again"][..] } else { &[] };
            assert_eq!(outcome.interruptions(), told, "{how}");
            assert_eq!(peer.log("host_response").len(), 2, "{how}");
            peer.assert_clean();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f8_credentials_and_masked_lines_travel_encrypted() {
    let peer = Peer::start(&["--log-level", "full"]);
    let mut session = Session::open(&peer).await;
    for what in ["securestring", "credential", "credential2"] {
        let id = session.handle.invoke(prompt(what).into()).await.unwrap();
        let (pipeline, call) = session.question().await;
        let password = SecretText::new("g3heim");
        let answer = match call.question() {
            Some(Question::SecretLine) => password.into(),
            Some(Question::Credential { user, .. }) => {
                assert!(!user.is_empty(), "the user that the endpoint proposes: {what}");
                Argument::Credential { user: r"CONTOSO\writer".into(), password }
            }
            other => panic!("{other:?}"),
        };
        session.handle.answer(pipeline, call.id, HostAnswer::Value(answer)).await.unwrap();
        let run = session.follow(id).await;
        let result = run.assert_completed().output()[0].clone();
        let text =
            result.get("Password").or_else(|| result.get("Value")).and_then(|value| value.as_str().map(str::to_owned));
        assert_eq!(text.as_deref(), Some("g3heim"), "decrypted over there: {what}");
    }
    for entry in peer.log("psrp_in") {
        assert!(!entry["xml"].as_str().unwrap().contains("g3heim"), "never in clear: {entry}");
    }
    assert_eq!(peer.log("public_key").len(), 1);
    session.close().await;
    peer.assert_clean();
}

#[test]
fn f9_one_choice_and_several() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "choice" } }))
        .line(json!({ "answer": 0 }))
        .finish();
    assert_eq!(property(outcome.assert_code(0), "Value"), 0);
    let asked = outcome.stream("host").find(|line| line["question"] == true).unwrap();
    assert!(asked["text"].as_str().unwrap().contains("Continue?"), "{asked}");
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "multichoice" } }))
        .line(json!({ "answer": [1, 2] }))
        .finish();
    outcome.assert_code(0);
    let answers = peer.log("host_response");
    assert!(answers[0]["result"]["value"] == 0, "{answers:?}");
    let several = answers[1]["result"].to_string();
    assert!(
        several.contains("\"value\":1") && several.contains("\"value\":2") && !several.contains("\"value\":0"),
        "{several}"
    );
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn f5_a_question_stays_open_as_long_as_it_takes() {
    // Many long polls pass meanwhile. Three hours of them are in the tests of the session code, on a fake clock.
    let peer = Peer::start(&["--set", "operation_timeout_cap=0.05"]);
    let mut session = Session::open(&peer).await;
    let id = session.handle.invoke(prompt("readline").into()).await.unwrap();
    let (pipeline, call) = session.question().await;
    let before = peer.state()["stats"]["receives"].as_u64().unwrap();
    peer.wait_until("time passes", |peer| peer.state()["stats"]["receives"].as_u64().unwrap() > before + 60);
    assert!(session.others.iter().all(|event| !matches!(event, SessionEvent::Interruption(_))));
    session.handle.answer(pipeline, call.id, HostAnswer::Value("at last".into())).await.unwrap();
    let run = tokio::time::timeout(Duration::from_secs(60), session.follow(id)).await.unwrap();
    assert_eq!(run.assert_completed().output()[0].get("Value"), Some(&"at last".into()));
    session.close().await;
    peer.assert_clean();
}
