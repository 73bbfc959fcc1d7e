//! Sections B and C: sealing, answers that are spoilt or lost, and how output is cut up.

use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};

fn with_rule(rule: Value) -> (Peer, Outcome) {
    let peer = Peer::start(&[]);
    peer.rule(rule);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
    (peer, outcome)
}

fn flood(settings: &[&str]) -> (Peer, Outcome) {
    let mut arguments = Vec::new();
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let peer = Peer::start(&arguments);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=300", "Size=300"]);
    (peer, outcome)
}

fn executions(peer: &Peer) -> usize {
    peer.log("invoke").iter().filter(|entry| entry["name"] == "Test-Echo").count()
}

#[test]
fn b1_an_unsealed_answer_ends_the_session() {
    let (_peer, outcome) = with_rule(json!({ "do": "unencrypted", "action": "Receive", "target": "command" }));
    outcome.assert_code(6);
    assert!(outcome.texts("output").is_empty(), "nothing of it was taken");
}

#[test]
fn b2_spoilt_seals_end_the_session() {
    for how in ["corrupt_signature", "corrupt_body"] {
        let (_peer, outcome) = with_rule(json!({ "do": how, "action": "Receive", "target": "command" }));
        outcome.assert_code(6);
    }
}

#[test]
fn b3_a_wrong_length_ends_the_session() {
    let (_peer, outcome) = with_rule(json!({ "do": "wrong_length", "action": "Receive", "target": "command" }));
    outcome.assert_code(6);
}

#[test]
fn b7_a_dripping_answer_is_waited_for() {
    let (peer, outcome) = with_rule(json!({ "do": "drip", "action": "Receive", "target": "command",
        "arg": { "bytes": 2, "pause": 0.0 } }));
    outcome.assert_code(0);
    peer.assert_clean();
}

#[test]
fn b8_a_chunked_answer_is_read() {
    let (peer, outcome) = with_rule(json!({ "do": "chunked", "action": "*", "times": 0, "arg": 7 }));
    outcome.assert_code(0);
    peer.assert_clean();
}

#[test]
fn b9_an_answer_cut_in_the_middle_is_a_lost_answer() {
    let (_peer, outcome) = with_rule(json!({ "do": "truncate", "action": "Receive", "target": "command" }));
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output"), ["7"]);
}

#[test]
fn b10_whatever_is_lost_a_command_runs_at_most_once() {
    for how in ["drop", "drop_after", "reset", "reset_after"] {
        for action in ["Receive", "Command", "Create", "Signal", "Delete"] {
            let (peer, outcome) = with_rule(json!({ "do": how, "action": action, "target": "*" }));
            assert!(executions(&peer) <= 1, "{how} {action}: {outcome:#?}");
            if outcome.state() == "completed" {
                assert_eq!(outcome.texts("output"), ["7"], "{how} {action}");
            }
        }
    }
}

#[test]
fn b11_an_answer_to_another_request_is_refused() {
    let (_peer, outcome) = with_rule(json!({ "do": "wrong_relates_to", "action": "Command", "target": "*" }));
    assert_ne!(outcome.code, 0);
}

#[test]
fn b12_what_is_not_xml_is_an_error() {
    let (_peer, outcome) = with_rule(json!({ "do": "bad_xml", "action": "Receive", "target": "command" }));
    outcome.assert_code(6);
}

#[test]
fn b14_an_empty_answer_is_not_no_data() {
    let (_peer, outcome) = with_rule(json!({ "do": "empty_body", "action": "Receive", "target": "command" }));
    assert_ne!(outcome.code, 0);
}

#[test]
fn c2_many_streams_in_one_answer() {
    let (peer, outcome) = flood(&["max_streams=50"]);
    outcome.assert_code(0);
    assert_eq!(outcome.stream("output").count(), 300);
    peer.assert_clean();
}

#[test]
fn c5_the_end_sent_apart() {
    let (peer, outcome) = flood(&["done_separately=true"]);
    outcome.assert_code(0);
    peer.assert_clean();
}

#[test]
fn c6_fragments_joined_and_cut_anywhere() {
    let (_peer, outcome) = flood(&["stream_mode=\"joined\""]);
    assert_eq!(outcome.assert_code(0).stream("output").count(), 300);
    for bytes in ["7", "20", "21", "22"] {
        let (peer, outcome) = flood(&["stream_mode=\"split\"", &format!("split_bytes={bytes}")]);
        assert_eq!(outcome.assert_code(0).stream("output").count(), 300, "cut every {bytes} bytes");
        peer.assert_clean();
    }
}

#[test]
fn c8_fragments_of_one_byte() {
    let peer = Peer::start(&["--set", "fragment_size=1"]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=\"grüße 😀\""]);
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output"), ["grüße 😀"]);
    peer.assert_clean();
}
