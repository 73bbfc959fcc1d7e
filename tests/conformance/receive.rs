//! Section C: how output is cut up, and what becomes of it when answers are repeated, lost or incomplete.

use std::time::Duration;

use psrp::{Command, Event};
use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};
use tests::session::Session;
use winrm::SessionEvent;

/// Numbers with something that is more than one byte: whatever is lost, doubled or moved shows.
fn numbers(count: u32) -> Vec<String> {
    (0..count).map(|number| format!("{number} é😀")).collect()
}

/// Runs a cmdlet that gives these back, one object for each.
fn give_back(peer: &Peer, texts: &[String]) -> Outcome {
    Pepctl::new(&peer.endpoint()).line(json!({ "command": "Test-Echo", "input": texts })).finish()
}

fn start() -> Peer {
    Peer::start(&["--log-level", "full"])
}

#[track_caller]
fn all_came(peer: &Peer, outcome: &Outcome, wanted: &[String], at: &str) {
    assert_eq!(outcome.code, 0, "{at}: {outcome:#?}");
    assert_eq!(outcome.texts("output"), wanted, "{at}");
    assert_eq!(outcome.interruptions(), [""; 0], "{at}");
    for said in ["records are missing", "message ignored", "retrying"] {
        assert!(!outcome.says(said), "{at}: {said}");
    }
    assert_eq!(outcome.stream("unreadable").count(), 0, "{at}");
    peer.assert_clean();
}

#[test]
fn c1_an_answer_without_streams_and_state_is_followed_by_the_next_receive() {
    let peer = start();
    peer.begin(json!({ "set": { "empty_on_timeout": true, "operation_timeout_cap": 0.05 } }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Sleep", &["Seconds=2"]);
    all_came(&peer, &outcome, &["awake".to_owned()], "empty answers");
    let receives = peer.requests("Receive");
    for target in ["shell", "command"] {
        assert!(receives.iter().filter(|entry| entry["target"] == target).count() > 15, "{target}");
    }
    assert!(peer.log("fault").iter().all(|entry| entry["code"] == 995), "none of them was a fault");
}

#[test]
fn c2_many_streams_in_one_answer() {
    let peer = start();
    for most in [1, 2, 50] {
        peer.begin(json!({ "set": { "max_streams": most } }));
        let texts = numbers(200);
        all_came(&peer, &give_back(&peer, &texts), &texts, &format!("{most} streams in an answer"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_the_end_with_the_last_data_apart_or_never_is_one_end() {
    for settings in [
        json!({}),
        json!({ "done_separately": true }),
        // The final state has come; that it is the end is known when nothing else follows.
        json!({ "no_done": true, "operation_timeout_cap": 0.2 }),
    ] {
        let peer = start();
        peer.begin(json!({ "set": settings }));
        let mut session = Session::open(&peer).await;
        for number in 0..3 {
            let run = session.run(Command::new("Test-Echo").parameter("Value", number)).await;
            assert_eq!(run.assert_completed().texts(), [number.to_string()], "{settings}");
        }
        peer.wait_until("each of them is ended", |peer| peer.commands().is_empty());
        let again = session.others.iter().any(|event| matches!(event, SessionEvent::Pool(Event::PipelineState { .. })));
        assert!(!again, "one end each: {:?}", session.others);
        let signals = peer.log("signal");
        assert_eq!(signals.len(), 3, "{settings}: terminated once: {signals:?}");
        for signal in signals {
            assert_eq!(signal["code"], "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate");
        }
        session.close().await;
        peer.assert_clean();
    }
}

#[test]
fn c6_fragments_joined_and_cut_anywhere() {
    let peer = start();
    let texts = numbers(60);
    peer.begin(json!({ "set": { "stream_mode": "joined" } }));
    all_came(&peer, &give_back(&peer, &texts), &texts, "joined");
    for bytes in [1, 2, 7, 20, 21, 22] {
        for fragment in [32_000, 30] {
            peer.begin(json!({ "set": { "stream_mode": "split", "split_bytes": bytes, "fragment_size": fragment } }));
            let outcome = give_back(&peer, &texts);
            all_came(&peer, &outcome, &texts, &format!("cut every {bytes} bytes, fragments of {fragment}"));
        }
    }
}

#[test]
fn c7_cuts_inside_a_character_change_no_text() {
    let peer = start();
    for size in 1..=8 {
        peer.begin(json!({ "set": { "fragment_size": size } }));
        let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Unicode", &[]);
        outcome.assert_code(0);
        let samples = peer.state()["unicode_samples"].clone();
        let got: Vec<String> =
            outcome.stream("output").map(|line| crate::values::units_in_hex(&line["value"])).collect();
        assert_eq!(json!(got), samples, "fragments of {size} bytes");
        peer.assert_clean();
    }
}

#[test]
fn c8_fragments_of_one_byte() {
    let peer = start();
    peer.begin(json!({ "set": { "fragment_size": 1 } }));
    let texts = numbers(20);
    all_came(&peer, &give_back(&peer, &texts), &texts, "one byte");
    let long = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=1", "Size=20000"]);
    assert_eq!(long.assert_code(0).texts("output"), ["0123456789abcdef".repeat(1250)]);
    peer.assert_clean();
}

#[test]
fn c9_an_answer_far_above_our_envelope_is_taken_up_to_the_limit() {
    let peer = start();
    peer.begin(json!({ "set": { "ignore_envelope": true, "fragment_size": 100_000_000 } }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=1", "Size=5000000"]);
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output")[0].len(), 5_000_000, "in one fragment and one answer");
    assert_eq!(outcome.interruptions(), [""; 0]);
    peer.assert_clean();
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=1", "Size=20000000"]);
    outcome.assert_code(6);
    assert!(outcome.why().contains("a body of more than 16777216 bytes"), "{}", outcome.why());
    assert_eq!(peer.executions("Test-Flood"), 2, "neither of them ran again");
}

#[test]
fn c10_repeated_fragments_are_dropped() {
    let peer = start();
    let texts = numbers(100);
    for every in [1, 2, 3] {
        for fragment in [32_000, 40] {
            peer.begin(json!({ "set": { "duplicate_fragment": every, "fragment_size": fragment } }));
            all_came(
                &peer,
                &give_back(&peer, &texts),
                &texts,
                &format!("each {every}. twice, fragments of {fragment}"),
            );
        }
    }
}

#[test]
fn c10_a_missing_fragment_is_a_gap_that_is_shown() {
    let peer = start();
    // Objects of eight fragments, of which the peer leaves one out: one inside the twenty-first object.
    peer.begin(json!({ "set": { "fragment_size": 60, "drop_fragment": 8 * 20 + 4 } }));
    let texts: Vec<String> = (0..40).map(|number| format!("{number:04}").repeat(100)).collect();
    let outcome = give_back(&peer, &texts);
    let mut whole = texts.clone();
    whole.remove(20);
    assert_eq!(outcome.texts("output"), whole, "nothing is put together over a hole");
    let gaps: Vec<_> = outcome.stream("state").filter(|line| line["text"] == "records are missing").collect();
    assert!(gaps.len() == 1 && gaps[0]["run"] == 1, "{gaps:?}");
    let place = outcome.lines.iter().position(|line| line["text"] == "records are missing").unwrap();
    assert_eq!(outcome.lines[..place].iter().filter(|line| line["stream"] == "output").count(), 20, "where it is");
    assert_eq!((outcome.code, outcome.state()), (6, "failed"), "a run with a hole is no clean success");
    assert_eq!(outcome.lines.last().unwrap()["runs"], json!(["completed"]), "the endpoint did complete it");
}

#[test]
fn c12_a_missing_first_or_last_fragment_breaks_the_rules() {
    let peer = start();
    // What follows cannot be told from the rest of something else.
    for left_out in [8 * 20, 8 * 20 + 1] {
        peer.begin(json!({ "set": { "fragment_size": 60, "drop_fragment": left_out } }));
        let texts: Vec<String> = (0..40).map(|number| format!("{number:04}").repeat(100)).collect();
        let outcome = give_back(&peer, &texts);
        outcome.assert_code(6);
        let came = outcome.texts("output");
        assert!(came.len() <= 20 && came[..] == texts[..came.len()], "{} records", came.len());
        assert!(outcome.why().contains("does not keep to the protocol"), "{}", outcome.why());
        assert_eq!(peer.state()["shells"], json!([]), "the endpoint keeps nothing");
    }
}

#[test]
fn c13_a_receive_that_meets_another_one_waits_and_is_repeated() {
    let peer = start();
    for code in [1359_u32, 2_150_859_047] {
        peer.begin(
            json!({ "rules": [{ "do": "fault", "action": "Receive", "target": "command", "arg": code, "times": 2 }] }),
        );
        let texts = numbers(20);
        let outcome = give_back(&peer, &texts);
        all_came(&peer, &outcome, &texts, &code.to_string());
        let receives = peer.requests("Receive");
        let refused: Vec<_> = peer.log("fault_injected").iter().map(|entry| entry["t"].as_f64().unwrap()).collect();
        assert_eq!(refused.len(), 2);
        assert!(refused[1] - refused[0] > 0.9, "it waits a second before it asks again");
        let first = receives.iter().find(|entry| entry["target"] == "command").unwrap();
        let again = receives.iter().filter(|entry| entry["message_id"] == first["message_id"]).count();
        assert_eq!(again, 3, "the same Receive");
    }
}

#[test]
fn c14_an_answer_that_the_server_kept_is_given_once() {
    let peer = start();
    for nth in [1, 2, 3] {
        peer.begin(json!({ "rules": [{ "do": "drop_after", "action": "Receive", "target": "command", "nth": nth }] }));
        let texts = numbers(2_000);
        let outcome = give_back(&peer, &texts);
        outcome.assert_code(0);
        assert_eq!(outcome.texts("output"), texts, "lost at {nth}: all of them, once, in order");
        assert_eq!(outcome.interruptions(), ["records may be missing"], "it cannot be known that nothing is");
        assert_eq!(peer.executions("Test-Echo"), 1);
        peer.assert_clean();
    }
}

#[test]
fn c15_an_answer_that_was_lost_with_its_data_is_never_a_silent_success() {
    let peer = Peer::start(&["--log-level", "full"]);
    peer.rule(json!({ "do": "drop_after", "action": "Receive", "target": "command", "nth": 2, "arg": "lose" }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=3000", "Size=400"]);
    let came = outcome.stream("output").count();
    assert!(came < 3000, "the peer lost some of them: {came}");
    assert_eq!(peer.log("replay").len(), 0, "and had nothing to give again");
    assert_eq!(outcome.interruptions(), ["records may be missing"], "it is said");
    let told = outcome.lines.iter().position(|line| line["stream"] == "interruption").unwrap();
    let records = outcome.lines.iter().take(told).filter(|line| line["stream"] == "output").count();
    assert!(records > 0 && records < came, "said where the hole is: after {records} of {came} records");
    assert_eq!(outcome.lines.last().unwrap()["records_may_be_missing"], true, "and once more at the end");
}

#[test]
fn c15_a_lost_answer_with_the_rest_of_an_object_is_a_gap() {
    // Objects of many fragments: the hole is inside an object, and the numbers of the fragments show it.
    let peer = Peer::start(&["--log-level", "full", "--set", "fragment_size=20000", "--set", "max_streams=3"]);
    peer.rule(json!({ "do": "drop_after", "action": "Receive", "target": "command", "nth": 2, "arg": "lose" }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=4", "Size=150000"]);
    let came = outcome.texts("output");
    assert!(came.len() < 4 && came.iter().all(|text| text.len() == 150_000), "{} records", came.len());
    assert!(outcome.says("records are missing"), "{:?}", outcome.lines.last());
    assert_eq!((outcome.code, outcome.state()), (6, "failed"), "{:?}", outcome.lines.last());
}

#[test]
fn c5_commands_of_which_done_never_comes_do_not_hold_up_those_after_them() {
    // Also where a long poll that runs out is an answer as any other, so that nothing ever ends a Receive but a terminate.
    for settings in [
        json!({ "no_done": true }),
        json!({ "no_done": true, "empty_on_timeout": true, "operation_timeout_cap": 0.05 }),
    ] {
        let peer = Peer::start(&[]);
        peer.control(json!({ "set": settings }));
        let started = std::time::Instant::now();
        let mut call = Pepctl::new(&peer.endpoint());
        for value in 0..12 {
            call = call.line(json!({ "command": "Test-Echo", "parameters": { "Value": value } }));
        }
        let outcome = call.finish();
        outcome.assert_code(0);
        let wanted: Vec<String> = (0..12).map(|value| value.to_string()).collect();
        assert_eq!(outcome.texts("output"), wanted);
        // Twelve long polls would take four minutes.
        assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
        peer.assert_clean();
    }
}
