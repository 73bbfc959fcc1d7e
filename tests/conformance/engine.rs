//! The same client against PowerShell's own engine behind the peer's front, where the engine is at hand.

use clixml::Object;
use psrp::host::HostAnswer;
use psrp::{Command, Event, PipelineState};
use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::session::Session;
use tests::{engine, folders};
use winrm::SessionEvent;

fn peer() -> Option<Peer> {
    let engine = engine::folder()?;
    Some(Peer::with_engine(&engine.join("pep-engine"), &folders::root().join("tests/engine/pep.pssc"), &[]))
}

#[test]
fn a_whole_session_with_a_health_check() {
    let Some(peer) = peer() else { return };
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Get-Command" }))
        .line(json!({ "command": "Test-AzureStack" }))
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": "grüße 😀" } }))
        .finish();
    outcome.assert_code(0);
    let texts = outcome.texts("output");
    assert!(texts.iter().any(|text| text.contains("Test-AzureStack")), "{texts:#?}");
    assert!(texts.iter().any(|text| text == "grüße 😀"), "{texts:#?}");
    peer.assert_clean();
}

#[test]
fn d12_and_d13_refusals_are_the_engines_own() {
    let Some(peer) = peer() else { return };
    for (line, word) in [
        (json!({ "script": "Get-Date; 1" }), "ScriptsNotAllowed"),
        (json!({ "command": "Get-Nothing" }), "CommandNotFoundException"),
    ] {
        let outcome = Pepctl::new(&peer.endpoint()).line(line).finish();
        outcome.assert_code(1);
        assert!(outcome.lines.iter().any(|line| line.to_string().contains(word)), "{word}: {outcome:#?}");
    }
    peer.assert_clean();
}

#[test]
fn e2_passwords_are_decrypted_by_the_engine() {
    let Some(peer) = peer() else { return };
    let outcome = Pepctl::new(&peer.endpoint()).env("OLD", "old password").env("NEW", "a new one 😀").line(json!({
        "command": "Set-CloudAdminUserPassword",
        "parameters": {
            "UserName": "cloudadmin",
            "CurrentPassword": { "$type": "SecureString", "env": "OLD" },
            "NewPassword": { "$type": "SecureString", "env": "NEW" },
        },
    }));
    let outcome = outcome.finish();
    outcome.assert_code(0);
    let value = &outcome.stream("output").next().expect("an object")["value"];
    let shown = value.to_string();
    assert!(shown.contains("\"CurrentLength\":12"), "{shown}");
    assert!(shown.contains("\"NewLength\":12"), "{shown}");
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn f4_an_answer_that_comes_again_is_dropped_by_the_engine() {
    // One that had arrived, and one that had not: the second question gets its own answer, and no other.
    for how in ["drop_after", "drop"] {
        let Some(peer) = peer() else { return };
        let mut session = Session::open(&peer).await;
        let what = Object::array(vec!["ReadLine".into(), "ReadLine".into()]);
        let command = Command::new("Test-HostPrompt").parameter("What", what);
        let id = session.handle.invoke(command.into()).await.unwrap();
        for answer in ["one", "two"] {
            let (pipeline, call) = session.question().await;
            if answer == "one" {
                peer.rule(json!({ "do": how, "action": "Send" }));
            } else {
                // While the second question is open, the first answer comes again.
                peer.wait_until("the answer comes again", |peer| {
                    peer.log("psrp_in").iter().filter(|entry| entry["message"] == "PipelineHostResponse").count()
                        == if how == "drop" { 1 } else { 2 }
                });
            }
            session.handle.answer(pipeline, call.id, HostAnswer::Value(answer.into())).await.unwrap();
        }
        let run = session.follow(id).await;
        let before = session.others.iter().filter_map(|event| match event {
            SessionEvent::Pool(Event::Record { value, .. }) => Some(value.to_display()),
            _ => None,
        });
        let output: Vec<String> = before.chain(run.texts()).collect();
        assert_eq!((run.state, output), (PipelineState::Completed, vec!["got one".to_owned(), "got two".to_owned()]));
        session.close().await;
        peer.assert_clean();
    }
}

#[test]
fn r11_the_engine_does_not_ask_again_and_takes_the_answer_of_another_process() {
    let Some(peer) = peer() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("ids.jsonl");
    let path = ids.to_string_lossy();
    let written = || std::fs::read_to_string(&ids).unwrap_or_default();
    Pepctl::new(&peer.endpoint())
        .args(&["--ids", &path])
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": ["Choice", "ReadLine"] } }))
        .line(json!({ "answer": 2 }))
        // The first question is answered, the second one is open.
        .crash_when(|| written().matches("\"asked\"").count() == 2);
    let first: serde_json::Value = serde_json::from_str(written().lines().next().unwrap()).unwrap();
    let outcome = Pepctl::new(&peer.endpoint())
        .args(&["--ids", &path, "--connect", first["pool"].as_str().unwrap()])
        .line(json!({ "answer": "from another process" }))
        .finish();
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output"), ["got from another process"], "{outcome:#?}");
    assert_eq!(outcome.stream("host").filter(|line| line["question"] == true).count(), 1, "the open one, once");
    peer.assert_clean();
}

#[test]
fn input_of_small_objects_shares_requests_and_arrives_in_order() {
    let Some(peer) = peer() else { return };
    let input: Vec<i32> = (0..3_000).collect();
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-Echo", "input": input }))
        .line(json!({ "command": "Measure-Object", "input": input }))
        .finish();
    outcome.assert_code(0);
    let output = outcome.texts("output");
    let wanted: Vec<String> = input.iter().map(ToString::to_string).collect();
    assert_eq!(output[..3_000], wanted);
    assert!(outcome.stream("output").nth(3_000).unwrap().to_string().contains("\"Count\":3000"));
    let sends = peer.requests("Send").len();
    assert!(sends < 100, "{sends} requests for 6000 objects");
    peer.assert_clean();
}

#[test]
fn twenty_thousand_objects_arrive_in_order() {
    let Some(peer) = peer() else { return };
    let outcome =
        Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=20000", "Size=50", "Kind=\"Object\""]);
    outcome.assert_code(0);
    assert_eq!(outcome.stream("output").count(), 20_000);
    peer.assert_clean();
}

#[test]
fn d15_errors_that_do_not_end_the_run() {
    let Some(peer) = peer() else { return };
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Failure", &["Kind=\"NonTerminating\""]);
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output").first().map(String::as_str), Some("before"));
    assert_eq!(outcome.stream("error").count(), 3);
    peer.assert_clean();
}
