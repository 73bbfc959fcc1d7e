//! Sections E and F: secrets and questions of the endpoint.

use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;

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
