//! Cases in which the server refuses, forgets or loses something: the outcome is known, or said to be unknown.

use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};

fn echo(rule: Value) -> (Peer, Outcome) {
    let peer = Peer::start(&[]);
    peer.rule(rule);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
    (peer, outcome)
}

fn times_run(peer: &Peer, name: &str) -> usize {
    peer.log("invoke").iter().filter(|entry| entry["name"] == name).count()
}

#[test]
fn a3_two_hundred_sign_ins_one_after_another() {
    let peer = Peer::start(&[]);
    for _ in 0..200 {
        Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    }
    assert_eq!(peer.log("auth_fail").len(), 0);
    peer.assert_clean();
}

#[test]
fn a19_http_errors_are_named_and_no_password_is_tried_again() {
    for status in [400, 404, 413, 415, 503] {
        let (peer, outcome) = echo(json!({ "do": "status", "action": "Create", "times": 0, "arg": status }));
        assert_ne!(outcome.code, 0, "{status}");
        assert_ne!(outcome.code, 4, "{status} says nothing about the password");
        assert_eq!(peer.log("auth_fail").len(), 0, "{status}");
        assert_eq!(times_run(&peer, "Test-Echo"), 0, "{status}");
    }
}

#[test]
fn b15_silence_is_not_an_event() {
    let peer = Peer::start(&["--set", "operation_timeout_cap=0.05"]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Sleep", &["Seconds=6"]);
    outcome.assert_code(0);
    assert_eq!(outcome.stream("interruption").count(), 0, "{outcome:#?}");
    let receives = peer.state()["stats"]["receives"].as_u64().expect("a count");
    assert!(receives > 20, "the long poll ran out many times, not {receives}");
}

#[test]
fn b16_a_command_that_timed_out_is_never_sent_twice() {
    let (peer, outcome) = echo(json!({ "do": "fault", "action": "Command", "arg": 2_150_858_793_u32 }));
    assert!(times_run(&peer, "Test-Echo") <= 1);
    assert!(peer.log("command").len() <= 1, "{outcome:#?}");
    assert_ne!(outcome.state(), "completed");
}

#[test]
fn c13_a_receive_that_meets_another_one_is_repeated() {
    for code in [1359_u32, 2_150_859_047] {
        let (_peer, outcome) = echo(json!({ "do": "fault", "action": "Receive", "target": "command", "arg": code }));
        outcome.assert_code(0);
        assert_eq!(outcome.texts("output"), ["7"], "{code}");
    }
}

#[test]
fn c14_an_answer_that_the_server_kept_is_given_once() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "drop_after", "action": "Receive", "target": "command", "nth": 2 }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=3000", "Size=400"]);
    outcome.assert_code(0);
    assert_eq!(outcome.stream("output").count(), 3000);
}

#[test]
fn c15_an_answer_that_was_lost_is_never_a_silent_success() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "drop_after", "action": "Receive", "target": "command", "nth": 2, "arg": "lose" }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=3000", "Size=400"]);
    let whole = outcome.stream("output").count() == 3000;
    let said = outcome.stream("interruption").count() + outcome.stream("unreadable").count() > 0 || outcome.code != 0;
    assert!(whole || said, "{} records, code {}", outcome.stream("output").count(), outcome.code);
}

#[test]
fn d6_no_room_for_another_session() {
    let peer = Peer::start(&["--set", "max_shells=1"]);
    let endpoint = peer.endpoint();
    let first = std::thread::spawn(move || Pepctl::new(&endpoint).run_cmdlet("Test-Sleep", &["Seconds=600"]));
    while times_run(&peer, "Test-Sleep") == 0 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
    peer.control(json!({ "break_shell": "*" }));
    first.join().unwrap();
    assert_ne!(outcome.code, 0);
    assert_ne!(outcome.code, 4, "this is not about the password");
}

#[test]
fn d7_a_lost_answer_to_create_leaves_no_second_shell() {
    let (peer, outcome) = echo(json!({ "do": "reset_after", "action": "Create" }));
    assert!(peer.log("create").len() <= 1, "{outcome:#?}");
}

#[test]
fn d27_a_shell_that_vanished_ends_the_session() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "kill_shell", "action": "Receive", "target": "command", "nth": 2 }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=3000", "Size=400"]);
    assert_ne!(outcome.code, 0);
    assert_ne!(outcome.state(), "completed");
}

#[test]
fn d28_a_shell_that_is_gone_when_it_is_deleted_is_closed() {
    for rule in [
        json!({ "do": "fault", "action": "Delete", "arg": 2_150_858_843_u32 }),
        json!({ "do": "drop_after", "action": "Delete" }),
    ] {
        let (_peer, outcome) = echo(rule);
        outcome.assert_code(0);
    }
}
