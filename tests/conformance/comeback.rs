//! Section H: sessions that outlive their process.

use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};

fn pool_of(ids: &std::path::Path) -> String {
    let text = std::fs::read_to_string(ids).expect("the ids were written");
    let first: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    first["pool"].as_str().expect("the pool").to_owned()
}

/// A call that dies while its command runs, and one that takes its session over.
fn crash_and_come_back(peer: &Peer, with_ids: bool) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("ids.jsonl");
    let path = ids.to_string_lossy();
    Pepctl::new(&peer.endpoint())
        .args(&["--ids", &path])
        .line(json!({ "command": "Test-Sleep", "parameters": { "Seconds": 4, "Beat": 0.25 } }))
        .crash_when(|| peer.log("invoke").iter().any(|entry| entry["name"] == "Test-Sleep"));
    let pool = pool_of(&ids);
    let mut call = Pepctl::new(&peer.endpoint()).args(&["--connect", &pool]);
    if with_ids {
        call = call.args(&["--ids", &path]);
    }
    call.line(json!({ "command": "Test-Echo", "parameters": { "Value": "after" } })).finish()
}

#[test]
fn h2_h4_a_new_process_takes_over_what_a_crash_left_running() {
    for with_ids in [true, false] {
        let peer = Peer::start(&[]);
        let outcome = crash_and_come_back(&peer, with_ids);
        outcome.assert_code(0);
        assert_eq!(outcome.lines.last().unwrap()["runs"], json!(["completed", "completed"]), "{outcome:#?}");
        let output = outcome.texts("output");
        let (rest, end) = output.split_at(output.len() - 2);
        assert_eq!(end, ["awake", "after"]);
        let beats: Vec<i32> = rest.iter().map(|text| text.parse().expect("a beat")).collect();
        assert!(beats.len() > 5 && beats.windows(2).all(|pair| pair[1] == pair[0] + 1), "{beats:?}");
        let slept = peer.log("invoke").iter().filter(|entry| entry["name"] == "Test-Sleep").count();
        assert_eq!(slept, 1, "it ran once");
        assert_eq!(peer.log("create").len(), 1, "no second session");
        // H4: whoever is another client session connects; Reconnect is for the same one.
        assert_eq!((peer.requests("Reconnect").len(), peer.log("shell_connected").len()), (0, 1));
        assert_eq!(peer.state()["shells"], json!([]), "closed in the end");
        peer.assert_clean();
    }
}

#[test]
fn h2_an_endpoint_that_still_sees_the_old_client_is_waited_for() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "fault", "action": "Connect", "arg": 2_150_859_213_u32 }));
    let outcome = crash_and_come_back(&peer, true);
    outcome.assert_code(0);
    assert_eq!(outcome.lines.last().unwrap()["runs"], json!(["completed", "completed"]), "{outcome:#?}");
    peer.assert_clean();
}

#[test]
fn h2_a_lost_answer_to_the_connection_is_asked_for_once_more() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "drop_after", "action": "Connect" }));
    let outcome = crash_and_come_back(&peer, true);
    outcome.assert_code(0);
    peer.assert_clean();
}

#[test]
fn h5_a_session_that_is_gone_is_said_to_be_gone_and_none_is_opened() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).args(&["--connect", "6e4a6a0e-0a1b-4b3e-9d4c-0d5a3b1c2d3e"]).finish();
    outcome.assert_code(6);
    assert!(outcome.lines.last().unwrap()["text"].as_str().unwrap().contains("no longer knows"), "{outcome:#?}");
    assert_eq!(peer.log("create").len(), 0);
}
