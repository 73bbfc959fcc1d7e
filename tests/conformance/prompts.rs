//! Sections E and F: secrets and questions of the endpoint.

use std::sync::Arc;

use psrp::{Command, Event, PipelineState, SecretText};
use serde_json::json;
use tests::peer::{PASSWORD, Peer, USER};
use tests::pepctl::Pepctl;
use winrm::{Credentials, NoIntents, OpenOptions, SessionEvent, SignIn, SocketConnector};

#[test]
fn e1_a_secret_is_the_first_thing_after_opening() {
    let peer = Peer::start(&["--log-level", "full"]);
    let outcome = Pepctl::new(&peer.endpoint())
        .env("PEP_TEST_SECRET", "s3cret ünd 😀")
        .run_cmdlet("Test-SecureEcho", &["Secret={\"$type\":\"SecureString\",\"env\":\"PEP_TEST_SECRET\"}"]);
    outcome.assert_code(0);
    let invoked = peer.log("invoke");
    let given = invoked.iter().find(|entry| entry["name"] == "Test-SecureEcho").expect("it ran");
    assert!(given["params"].to_string().contains("s3cret"), "{given}");
    peer.assert_clean();
}

#[test]
fn e2_a_long_password_of_a_credential_arrives() {
    let peer = Peer::start(&["--log-level", "full"]);
    let password = "pä😀".repeat(3000);
    let outcome = Pepctl::new(&peer.endpoint()).env("PEP_TEST_SECRET", &password).run_cmdlet(
        "Test-SecureEcho",
        &["Credential={\"$type\":\"PSCredential\",\"user\":\"CONTOSO\\\\writer\",\"env\":\"PEP_TEST_SECRET\"}"],
    );
    outcome.assert_code(0);
    let invoked = peer.log("invoke");
    let given = &invoked.iter().find(|entry| entry["name"] == "Test-SecureEcho").expect("it ran")["params"];
    assert_eq!(given["Credential"]["Password"]["plaintext"], json!(password), "decrypted by the other side");
    peer.assert_clean();
}

#[test]
fn f7_questions_are_answered_in_order_and_refused_without_an_answer() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "readline" } }))
        .line(json!({ "answer": "typed by a person" }))
        .finish();
    outcome.assert_code(0);
    assert!(outcome.texts("output").join("\n").contains("typed by a person"), "{outcome:#?}");
    let refused = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-HostPrompt", &["What=\"readline\""]);
    assert!(refused.stream("error").count() >= 1, "the cmdlet hears of it: {refused:#?}");
    peer.assert_clean();
}

#[test]
fn f4_a_question_whose_answer_was_lost_is_asked_once() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "drop_after", "action": "Receive", "target": "command" }));
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "readline" } }))
        .line(json!({ "answer": "once" }))
        .finish();
    outcome.assert_code(0);
    assert_eq!(outcome.stream("host").filter(|line| line["question"] == true).count(), 1, "{outcome:#?}");
}

#[tokio::test]
async fn e7_keys_are_exchanged_while_a_flood_runs_and_both_finish() {
    const COUNT: usize = 20_000;
    let peer = Peer::start(&[]);
    let connector = Arc::new(SocketConnector::new("127.0.0.1", peer.port()));
    let sign_in = SignIn::new(Credentials::new(USER, PASSWORD.to_owned().into()), |_: &_| Ok(()));
    let mut options = OpenOptions::default();
    options.pool_options.max_runspaces = 2;
    let (handle, mut events) = winrm::open(connector, sign_in, options, Arc::new(NoIntents)).await.unwrap();
    // 20 MB at most as fast as 10 MB a second, so that there is something to run into.
    let flood = Command::new("Test-Flood").parameter("Count", 20_000).parameter("Size", 1_024).parameter("Rate", 10);
    let flood = handle.invoke(flood.into()).await.unwrap();
    let (mut secret, mut records, mut echoed, mut ends) = (None, 0, Vec::new(), Vec::new());
    while ends.len() < 2 {
        match events.next().await.expect("the session goes on") {
            SessionEvent::Pool(Event::Record { pipeline, value, .. }) if pipeline != flood => {
                echoed.push(value.to_display());
            }
            SessionEvent::Pool(Event::Record { .. }) => {
                records += 1;
                if secret.is_none() {
                    let command =
                        Command::new("Test-SecureEcho").parameter("Secret", SecretText::new("s3cret \u{fc}nd"));
                    secret = Some(handle.invoke(command.into()).await.unwrap());
                }
            }
            SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if state.is_final() => {
                ends.push((pipeline, state));
            }
            SessionEvent::Interruption(interruption) => panic!("{interruption:?}"),
            _ => {}
        }
    }
    assert_eq!(ends, [(secret.unwrap(), PipelineState::Completed), (flood, PipelineState::Completed)]);
    assert_eq!(records, COUNT, "all of the flood");
    assert!(echoed.iter().any(|text| text.contains("s3cret \u{fc}nd")), "decrypted over there: {echoed:?}");
    assert_eq!(peer.log("public_key").len(), 1);
    handle.close().await.unwrap();
    peer.assert_clean();
}
