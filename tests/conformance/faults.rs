//! Section B: faults of the service. The outcome is known, or said to be unknown, and decided by numbers.

use psrp::Command;
use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};
use tests::session::Session;
use winrm::Interruption;

const TIMED_OUT: u32 = 2_150_858_793;

fn echo(rule: Value) -> (Peer, Outcome) {
    let peer = Peer::start(&["--log-level", "full"]);
    peer.rule(rule);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
    (peer, outcome)
}

#[test]
fn b15_a_hundred_silences_are_not_an_event() {
    let peer = Peer::start(&["--log-level", "full", "--set", "operation_timeout_cap=0.05"]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Sleep", &["Seconds=8"]);
    assert_eq!(outcome.assert_code(0).texts("output"), ["awake"]);
    assert_eq!(outcome.interruptions(), [""; 0], "{outcome:#?}");
    assert!(!outcome.says("retrying"), "{outcome:#?}");
    for target in ["shell", "command"] {
        let receives = peer.requests("Receive");
        let of_target: Vec<_> = receives.iter().filter(|entry| entry["target"] == target).collect();
        assert!(of_target.len() > 100, "the long poll of the {target} ran out many times, not {}", of_target.len());
    }
    // Nothing but silence, until closing ends the Receive that waits on the shell.
    let codes: Vec<_> = peer.log("fault").iter().map(|entry| entry["code"].clone()).collect();
    let silences = codes.iter().take_while(|code| **code == TIMED_OUT).count();
    assert!(
        silences > 200 && (codes[silences..].is_empty() || codes[silences..] == [json!(995)]),
        "{:?}",
        &codes[silences..]
    );
    peer.assert_clean();
}

#[test]
fn b16_a_command_that_timed_out_is_a_lost_answer() {
    // It was not carried out.
    let (peer, outcome) = echo(json!({ "do": "fault", "action": "Command", "arg": TIMED_OUT }));
    assert_eq!((outcome.code, outcome.state()), (6, "failed"), "{outcome:#?}");
    assert_eq!(outcome.interruptions(), ["the command was not started"]);
    assert_eq!((peer.executions("Test-Echo"), peer.requests("Command").len()), (0, 1), "never sent again");
    peer.assert_clean();
    // It was carried out: it is found, and its output is fetched.
    let (peer, outcome) = echo(json!({ "do": "fault_after", "action": "Command", "arg": TIMED_OUT }));
    assert_eq!(outcome.assert_code(0).texts("output"), ["7"]);
    assert_eq!((peer.executions("Test-Echo"), peer.requests("Command").len()), (1, 1), "never sent again");
    peer.assert_clean();
}

/// One code for each meaning that the table of section 6 has.
const CODES: [(u32, &str); 23] = [
    (TIMED_OUT, "timed-out"),
    (995, "aborted"),
    (2_150_858_843, "not-found"),
    (2_150_859_204, "disconnected"),
    (2_150_859_230, "stream-disconnected"),
    (2_150_859_213, "busy-elsewhere"),
    (2_150_859_206, "other-session"),
    (2_150_859_216, "reconnect-refused"),
    (2_150_859_205, "disconnect-refused"),
    (2_150_859_250, "idle-timeout"),
    (5, "access-denied"),
    (1_326, "logon-failed"),
    (2_150_858_811, "unknown-resource"),
    (2_150_859_193, "client-trust"),
    (2_150_858_790, "envelope-too-large"),
    (2_150_859_173, "quota"),
    (2_150_858_803, "already-exists"),
    (2_150_858_810, "bad-request"),
    (2_150_859_047, "receive-pending"),
    (1_359, "internal"),
    (2_152_992_672, "plugin"),
    (1_722, "unavailable"),
    (2_150_859_161, "redirect"),
];

#[test]
fn b17_every_fault_of_every_operation_ends_in_words_of_ours() {
    const STRANGE: &str = "etwas Fremdes";
    let peer = Peer::start(&[]);
    for (code, name) in CODES {
        for (action, target) in [
            ("Create", "*"),
            ("Command", "*"),
            ("Receive", "shell"),
            ("Receive", "command"),
            ("Signal", "*"),
            ("Delete", "*"),
        ] {
            let at = format!("{name} to {action} {target}");
            peer.control(json!({ "kill_shell": "*" }));
            peer.control(json!({ "reset": true, "rules": [{ "do": "fault", "action": action, "target": target,
                "arg": { "code": code, "text": STRANGE } }] }));
            let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
            assert!(!outcome.errors.contains("panicked"), "{at}: {}", outcome.errors);
            assert_eq!(peer.log("fault_injected").len(), 1, "{at}");
            assert!(peer.executions("Test-Echo") <= 1 && peer.log("create").len() <= 1, "{at}: nothing twice");
            assert_eq!(peer.passwords(), peer.log("auth_ok").len(), "{at}: the password is not in question");
            for line in &outcome.lines {
                // Its text stands where it is said to be the endpoint's, beside our own words with the name of the fault.
                let shown = line.as_object().unwrap().iter().filter(|(_, value)| value.to_string().contains(STRANGE));
                for (field, _) in shown {
                    assert_eq!(field, "endpoint_says", "{at}: {line}");
                    let ours = format!("{} {}", line["text"], line["reason"]);
                    assert!(ours.contains(&format!("{name} (code {code})")), "{at}: {line}");
                }
            }
            match outcome.code {
                0 => {
                    let kept = outcome.texts("output") == ["7"] && peer.executions("Test-Echo") == 1;
                    assert!(kept, "{at}: completed without having run: {outcome:#?}");
                    assert!(
                        action != "Create"
                            || ["already-exists", "idle-timeout", "timed-out", "aborted"].contains(&name),
                        "{at}"
                    );
                }
                4 => assert!(
                    action == "Create" && ["access-denied", "logon-failed"].contains(&name),
                    "{at}: {outcome:#?}"
                ),
                6 => assert!(!outcome.why().is_empty(), "{at}"),
                other => panic!("{at}: {other}: {outcome:#?}"),
            }
            assert_eq!(peer.state()["notes"], json!([]), "{at}");
        }
    }
}

#[test]
fn b18_a_fault_in_another_language_is_decided_by_its_number_and_shown_as_data() {
    let japanese = "アクセスが拒否されました。\u{202e}<b>";
    for (code, exit, name) in [(5_u32, 4, "access-denied"), (2_150_859_173, 6, "quota"), (424_242, 6, "other")] {
        let (peer, outcome) = echo(json!({ "do": "fault", "action": "Create",
            "arg": { "code": code, "text": japanese, "subcode": "w:SomethingNew" } }));
        outcome.assert_code(exit);
        assert!(outcome.why().contains(name) && !outcome.why().contains(japanese), "{}", outcome.why());
        assert_eq!(outcome.lines.last().unwrap()["endpoint_says"], japanese, "shown as what it is");
        assert_eq!((peer.requests("Create").len(), peer.passwords()), (1, 1), "{name}: no second try");
    }
    // A number that nobody knows, and a subcode that everybody knows
    let (_peer, outcome) = echo(json!({ "do": "fault", "action": "Create",
        "arg": { "code": 424_242, "subcode": "w:AccessDenied", "text": japanese } }));
    outcome.assert_code(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_a_command_that_is_over_is_removed_also_when_the_request_for_it_is_lost() {
    for rule in [
        json!({ "do": "drop", "action": "Signal", "times": 2 }),
        json!({ "do": "status", "action": "Signal", "arg": 503 }),
        json!({ "do": "reset_after", "action": "Signal" }),
    ] {
        let peer = Peer::start(&[]);
        let mut session = Session::open(&peer).await;
        peer.rule(rule);
        session.run(Command::new("Test-Echo").parameter("Value", 1)).await.assert_completed();
        peer.wait_until("it is removed", |peer| peer.commands().is_empty());
        session.close().await;
        peer.assert_clean();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_a_command_whose_start_was_refused_in_the_middle_is_removed() {
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    peer.rule(json!({ "do": "fault", "action": "Send", "nth": 2, "arg": 2_150_858_770_u32 }));
    let large = "x".repeat(200_000);
    let run = session.run(Command::new("Test-Echo").parameter("Value", large.as_str())).await;
    assert!(matches!(run.interruptions.as_slice(), [Interruption::Refused { .. }]), "{run:?}");
    peer.wait_until("it is removed", |peer| peer.commands().is_empty());
    assert_eq!(peer.executions("Test-Echo"), 0);
    session.close().await;
    peer.assert_clean();
}

#[test]
fn input_that_is_lost_stops_the_command_that_would_wait_for_it() {
    for rule in [
        json!({ "do": "drop", "action": "Send" }),
        json!({ "do": "fault", "action": "Send", "arg": TIMED_OUT }),
        json!({ "do": "fault", "action": "Send", "arg": 2_150_858_770_u32 }),
    ] {
        let peer = Peer::start(&[]);
        peer.rule(rule);
        let outcome = Pepctl::new(&peer.endpoint())
            .line(json!({ "command": "Measure-Object", "input": [1] }))
            .line(json!({ "command": "Test-Echo", "parameters": { "Value": "after" } }))
            .finish();
        outcome.assert_code(6);
        assert!(outcome.why().contains("the command was stopped"), "{}", outcome.why());
        assert_eq!(outcome.lines.last().unwrap()["runs"], json!(["stopped", "completed"]), "{outcome:#?}");
        peer.assert_clean();
    }
}

#[test]
fn a_question_about_marks_that_is_lost_is_asked_again_under_an_id_of_its_own() {
    let peer = Peer::start(&[]);
    // The first command is removed; a part of the second one's start gets no answer, and neither does what is asked about it.
    let large = "x".repeat(200_000);
    peer.rule(json!({ "do": "drop", "action": "Send" }));
    peer.rule(json!({ "do": "drop", "action": "Signal", "nth": 2 }));
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": 1 } }))
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": large } }))
        .finish();
    outcome.assert_code(6);
    assert_eq!(peer.executions("Test-Echo"), 1);
    peer.assert_clean();
}
