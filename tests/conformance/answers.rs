//! Section B: sealing, envelopes, and answers that are spoilt or lost.

use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};

fn start() -> Peer {
    Peer::start(&["--log-level", "full"])
}

fn echo(peer: &Peer, rules: &[Value]) -> Outcome {
    peer.begin(json!({ "rules": rules }));
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"])
}

/// The answers whose turn it is, in the order in which a session gets them.
const STEPS: [(&str, &str); 6] =
    [("Create", "*"), ("Receive", "shell"), ("Command", "*"), ("Receive", "command"), ("Signal", "*"), ("Delete", "*")];

/// Asserts that a session ended at once for its protection: nothing was sent after the fault, and nobody signed in again.
#[track_caller]
fn ended_for_good(peer: &Peer, outcome: &Outcome, at: &str) {
    assert_eq!(outcome.code, 6, "{at}: {outcome:#?}");
    assert!(outcome.why().contains("protection"), "{at}: a security event: {}", outcome.why());
    assert_eq!(peer.requests_after_the_fault(), 0, "{at}: nothing is sent after it");
    assert!(outcome.texts("output").is_empty(), "{at}: nothing of it was taken");
    assert!(peer.executions("Test-Echo") <= 1, "{at}");
}

#[test]
fn b1_an_unsealed_answer_ends_the_session_unread() {
    let peer = start();
    for (action, target) in &STEPS[..4] {
        let rule = json!({ "do": "unencrypted", "action": action, "target": target });
        let outcome = echo(&peer, std::slice::from_ref(&rule));
        ended_for_good(&peer, &outcome, &format!("200 to {action} {target}"));
        // The fault's text would be shown if it were read.
        let fault = json!({ "do": "fault_after", "action": action, "target": target,
            "arg": { "code": 5, "text": "from somebody else" } });
        let outcome = echo(&peer, &[fault, rule]);
        ended_for_good(&peer, &outcome, &format!("500 to {action} {target}"));
        assert!(!format!("{outcome:?}").contains("from somebody else"), "{outcome:#?}");
    }
}

#[test]
fn b2_spoilt_seals_end_the_session() {
    let peer = start();
    for how in ["corrupt_signature", "corrupt_body"] {
        for (action, target) in &STEPS[..4] {
            let outcome = echo(&peer, &[json!({ "do": how, "action": action, "target": target })]);
            ended_for_good(&peer, &outcome, &format!("{how} of {action} {target}"));
        }
    }
}

#[test]
fn b3_a_wrong_length_ends_the_session() {
    let peer = start();
    for (action, target) in &STEPS[..4] {
        let outcome = echo(&peer, &[json!({ "do": "wrong_length", "action": action, "target": target })]);
        ended_for_good(&peer, &outcome, &format!("{action} {target}"));
    }
}

#[test]
fn b7_a_dripping_answer_is_waited_for() {
    let peer = start();
    for (action, target) in STEPS {
        let outcome = echo(
            &peer,
            &[json!({ "do": "drip", "action": action, "target": target,
            "arg": { "bytes": 2, "pause": 0.0 } })],
        );
        assert_eq!(outcome.assert_code(0).texts("output"), ["7"], "{action}");
        assert_eq!(outcome.interruptions(), [""; 0], "{action}");
        peer.assert_clean();
    }
}

#[test]
fn b8_a_chunked_answer_is_read() {
    let peer = start();
    for bytes in [1, 7, 100_000] {
        let outcome = echo(&peer, &[json!({ "do": "chunked", "action": "*", "times": 0, "arg": bytes })]);
        assert_eq!(outcome.assert_code(0).texts("output"), ["7"]);
        assert_eq!(outcome.interruptions(), [""; 0]);
        peer.assert_clean();
    }
}

/// The requests of one operation that carry the id of a message that was sent before.
fn repeated(peer: &Peer, action: &str) -> usize {
    let ids: Vec<String> = peer.requests(action).iter().map(|entry| entry["message_id"].to_string()).collect();
    ids.iter().enumerate().filter(|(at, id)| ids[..*at].contains(id)).count()
}

#[test]
fn b9_an_answer_cut_in_the_middle_is_a_lost_answer() {
    let peer = start();
    for (action, target) in STEPS {
        for kept in [json!(0), json!(1), json!(300), Value::Null] {
            let outcome = echo(&peer, &[json!({ "do": "truncate", "action": action, "target": target, "arg": kept })]);
            let at = format!("{kept} bytes of {action} {target}");
            assert_eq!(outcome.assert_code(0).texts("output"), ["7"], "{at}");
            assert_eq!((peer.executions("Test-Echo"), peer.log("create").len()), (1, 1), "{at}");
            assert_eq!(repeated(&peer, "Receive"), usize::from(action == "Receive"), "{at}: the same Receive again");
            for once in ["Create", "Command", "Signal"] {
                assert_eq!(peer.requests(once).len(), 1, "{at}: {once} is not sent again");
            }
            assert_eq!(peer.state()["shells"], json!([]), "{at}");
            peer.assert_clean();
        }
    }
}

/// What becomes of a session when the connection ends at this request: section 7.3 of the protocol notes, to the letter.
struct Lost {
    action: &'static str,
    target: &'static str,
    /// Before the request was carried out: how often the cmdlet runs
    before: usize,
    /// After it was carried out
    after: usize,
    /// How often the request is seen in all, before and after
    sent: [usize; 2],
}

#[test]
fn b10_what_is_lost_is_asked_for_or_known_to_be_lost_and_nothing_runs_twice() {
    let peer = start();
    let cases = [
        // Asked for by its id, and made once more under the same id where the endpoint does not know it.
        Lost { action: "Create", target: "*", before: 1, after: 1, sent: [2, 1] },
        // Asked about and never sent again.
        Lost { action: "Command", target: "*", before: 0, after: 1, sent: [1, 1] },
        // Nobody waits for what ends a finished command.
        Lost { action: "Signal", target: "*", before: 1, after: 1, sent: [1, 1] },
        // Twice does no harm; "not found" is success.
        Lost { action: "Delete", target: "*", before: 1, after: 1, sent: [2, 2] },
    ];
    for Lost { action, target, before, after, sent } in &cases {
        for (how, runs, sent) in [
            ("drop", *before, sent[0]),
            ("reset", *before, sent[0]),
            ("drop_after", *after, sent[1]),
            ("reset_after", *after, sent[1]),
        ] {
            let outcome = echo(&peer, &[json!({ "do": how, "action": action, "target": target })]);
            let at = format!("{how} {action}");
            assert_eq!(peer.executions("Test-Echo"), runs, "{at}: {outcome:#?}");
            assert_eq!(peer.requests(action).len(), sent, "{at}");
            assert_eq!(peer.log("create").len(), 1, "{at}: one shell");
            assert_eq!(peer.state()["shells"], json!([]), "{at}: and none in the end");
            if runs == 1 {
                assert_eq!(outcome.assert_code(0).texts("output"), ["7"], "{at}");
                assert_eq!(outcome.state(), "completed", "{at}");
            } else {
                assert_eq!((outcome.code, outcome.state()), (6, "failed"), "{at}: {outcome:#?}");
                assert_eq!(outcome.interruptions(), ["the command was not started"], "{at}");
            }
            assert!(
                outcome.says("closed") && outcome.lines.last().unwrap()["not_closed"].is_null(),
                "{at}: {outcome:#?}"
            );
            peer.assert_clean();
        }
    }
}

#[test]
fn b10_a_lost_receive_is_repeated_with_the_same_envelope() {
    let peer = start();
    for target in ["shell", "command"] {
        for how in ["drop", "drop_after", "reset", "reset_after"] {
            for nth in [1, 2] {
                // The second one of the shell waits until the end; nobody needs its answer then.
                if (target, nth) == ("shell", 2) && how.ends_with("after") {
                    continue;
                }
                let rule = json!({ "do": how, "action": "Receive", "target": target, "nth": nth });
                peer.begin(json!({ "rules": [rule] }));
                let numbers: Vec<u32> = (0..40).collect();
                let outcome = Pepctl::new(&peer.endpoint())
                    .line(json!({ "command": "Test-Sleep", "parameters": { "Seconds": 0.3, "Beat": 0.05 } }))
                    .line(json!({ "command": "Test-Echo", "input": numbers }))
                    .finish();
                let at = format!("{how} {target} {nth}");
                outcome.assert_code(0);
                let output = outcome.texts("output");
                let wanted: Vec<String> = numbers.iter().map(u32::to_string).collect();
                assert_eq!(output[output.len() - 40..], wanted, "{at}");
                assert_eq!(output.iter().filter(|text| *text == "awake").count(), 1, "{at}");
                let fired = peer.log("fault_injected").len();
                assert_eq!(repeated(&peer, "Receive"), fired, "{at}: the same MessageID and OperationID");
                let receives = peer.requests("Receive");
                for again in &receives {
                    let same = receives.iter().filter(|other| other["message_id"] == again["message_id"]);
                    assert!(same.clone().all(|other| other["operation_id"] == again["operation_id"]), "{at}");
                    assert!(same.count() <= 2, "{at}");
                }
                assert_eq!((peer.executions("Test-Sleep"), peer.executions("Test-Echo")), (1, 1), "{at}");
                assert_eq!(peer.state()["shells"], json!([]), "{at}");
                peer.assert_clean();
            }
        }
    }
}

#[test]
fn b11_an_answer_to_another_request_or_operation_is_refused() {
    let peer = start();
    for how in ["wrong_relates_to", "wrong_action"] {
        for (action, target) in &STEPS[..4] {
            let outcome = echo(&peer, &[json!({ "do": how, "action": action, "target": target })]);
            let at = format!("{how} of {action} {target}");
            outcome.assert_code(6);
            assert!(outcome.why().contains(action) && outcome.why().contains("answer"), "{at}: {}", outcome.why());
            assert!(outcome.texts("output").is_empty(), "{at}");
            assert!(peer.requests(action).len() == 1 || *action == "Receive", "{at}: not sent again");
            assert!(peer.executions("Test-Echo") <= 1, "{at}");
        }
    }
}

#[test]
fn b12_what_nobody_should_read_is_refused_within_the_limits() {
    let peer = start();
    for (how, says) in [
        ("", "XML"),
        ("other", "SOAP"),
        ("dtd", "document type"),
        ("bomb", "document type"),
        ("instruction", "processing instruction"),
        ("nested", "64 levels"),
        ("many", "more than"),
        ("attributes", "attributes"),
        ("long", "long"),
        ("base64", "Stream"),
    ] {
        let outcome = echo(&peer, &[json!({ "do": "bad_xml", "action": "Receive", "target": "command", "arg": how })]);
        outcome.assert_code(6);
        assert!(!outcome.errors.contains("panicked"), "{how}: {}", outcome.errors);
        assert!(outcome.why().contains(says), "{how}: {}", outcome.why());
        assert!(outcome.texts("output").is_empty(), "{how}: nothing of it was taken");
        assert!(outcome.why().len() < 500, "{how}: {} bytes of reason", outcome.why().len());
        assert_eq!(outcome.lines.last().unwrap()["runs"], json!(["failed"]), "{how}");
        assert_eq!(peer.executions("Test-Echo"), 1, "{how}");
        assert_eq!(peer.state()["shells"], json!([]), "{how}: the endpoint keeps nothing");
    }
}

#[test]
fn b13_marks_utf16_and_marked_messages_are_read() {
    let peer = start();
    for rule in [
        json!({ "do": "utf16", "action": "*", "times": 0 }),
        json!({ "do": "envelope_bom", "action": "*", "times": 0 }),
    ] {
        let outcome = echo(&peer, &[rule]);
        assert_eq!(outcome.assert_code(0).texts("output"), ["7"]);
        assert!(peer.log("fault_injected").len() > 5);
        peer.assert_clean();
    }
    peer.begin(json!({ "set": { "bom": true } }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=\"grüße 😀\""]);
    assert_eq!(outcome.assert_code(0).texts("output"), ["grüße 😀"]);
    peer.assert_clean();
}

#[test]
fn b14_an_empty_answer_is_not_no_data() {
    let peer = start();
    for (action, target) in &STEPS[..4] {
        let outcome = echo(&peer, &[json!({ "do": "empty_body", "action": action, "target": target })]);
        ended_for_good(&peer, &outcome, &format!("{action} {target}"));
    }
}
