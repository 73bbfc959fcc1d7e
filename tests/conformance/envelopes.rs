//! Servers that take smaller envelopes than ours (protocol notes, section 6): refused requests go again in smaller fragments, and
//! nothing runs twice.

use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;

/// How many requests the server refused for their size.
fn refused(peer: &Peer) -> usize {
    peer.log("fault").iter().filter(|entry| entry["code"] == 2_150_858_790_u32).count()
}

#[test]
fn envelopes_that_are_too_large_are_sent_smaller_and_once() {
    for (limit, refusals) in [(8_192, 3), (20_000, 2), (60_000, 0)] {
        let peer = Peer::start(&["--set", &format!("max_envelope={limit}")]);
        let (text, password, typed) = ("x".repeat(100_000), "pä😀".repeat(3_000), "y".repeat(60_000));
        let outcome = Pepctl::new(&peer.endpoint())
            .env("PEP_TEST_SECRET", &password)
            .line(json!({ "command": "Test-Echo", "parameters": { "Value": text } }))
            .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "readline" } }))
            .line(json!({ "answer": typed }))
            .line(json!({ "command": "Test-SecureEcho", "parameters": {
                "Credential": { "$type": "PSCredential", "user": "CONTOSO\\writer", "env": "PEP_TEST_SECRET" } } }))
            .finish();
        outcome.assert_code(0);
        assert_eq!(outcome.texts("output").first(), Some(&text), "{limit}");
        assert!(outcome.lines.iter().any(|line| line["stream"] == "output" && line.to_string().contains(&typed)));
        let invoked = peer.log("invoke");
        let names: Vec<_> = invoked.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Test-Echo", "Test-HostPrompt", "Test-SecureEcho"], "each of them once");
        assert_eq!(invoked[2]["params"]["Credential"]["Password"]["plaintext"], json!(password), "{limit}");
        assert_eq!(peer.log("host_response").len(), 1, "one answer");
        assert_eq!(peer.log("public_key").len(), 1, "one exchange");
        assert_eq!(refused(&peer), refusals, "the session keeps to what it has learnt");
        peer.assert_clean();
    }
}

#[test]
fn envelopes_of_a_first_request_that_is_an_answer() {
    let peer = Peer::start(&["--set", "max_envelope=8192"]);
    let typed = "y".repeat(60_000);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": "readline" } }))
        .line(json!({ "answer": typed }))
        .finish();
    outcome.assert_code(0);
    assert!(outcome.lines.iter().any(|line| line["stream"] == "output" && line.to_string().contains(&typed)));
    assert_eq!((refused(&peer), peer.log("host_response").len()), (3, 1));
    peer.assert_clean();
}

#[test]
fn envelopes_smaller_than_the_creation_of_a_shell_are_said_to_be() {
    let peer = Peer::start(&["--set", "max_envelope=4096"]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
    outcome.assert_code(6);
    assert!(outcome.lines.last().unwrap().to_string().contains("envelope"), "{outcome:#?}");
    assert_eq!((refused(&peer), peer.log("create").len()), (1, 0), "it is not tried again");
}
