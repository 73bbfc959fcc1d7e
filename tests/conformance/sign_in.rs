//! Section A: signing in, and what belongs to a connection. Redirects and HTTP errors are in `http.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use psrp::Command;
use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::session::{self, Session};
use winrm::{NoIntents, OpenError, OpenOptions, SecurityEnd, SignInError};

/// Asserts for every connection: two legs with empty bodies, one context, and nothing sealed that does not belong to it.
/// How many contexts there were.
fn contexts_stayed_on_their_sockets(peer: &Peer) -> usize {
    let of = |kind: &str| peer.log(kind).into_iter().map(|entry| (entry["conn"].clone(), entry)).collect::<Vec<_>>();
    let (first, last, requests) = (of("auth_step"), of("auth_ok"), of("request"));
    for (connection, entry) in &last {
        let legs: Vec<_> = first.iter().filter(|(of, _)| of == connection).collect();
        assert_eq!((legs.len(), &entry["legs"]), (1, &json!(2)), "both legs on connection {connection}");
        assert_eq!(last.iter().filter(|(of, _)| of == connection).count(), 1, "one context on connection {connection}");
        assert_eq!((&legs[0].1["body"], &entry["body"]), (&json!(0), &json!(0)), "sign-in requests are empty");
    }
    for (connection, entry) in &requests {
        let context = last.iter().find(|(of, _)| of == connection);
        let (_, context) = context.unwrap_or_else(|| panic!("no context on connection {connection}: {entry}"));
        assert!(context["seq"].as_u64() < entry["seq"].as_u64(), "sealed after the sign-in");
    }
    for (connection, entry) in of("unauthorized") {
        assert_eq!(entry["body"], 0, "a request without its context on connection {connection}");
    }
    assert_eq!((peer.log("unseal_failed").len(), peer.log("auth_fail").len()), (0, 0));
    last.len()
}

#[test]
fn a1_sign_in_has_two_legs_on_one_socket_and_leaves_nothing_behind() {
    let peer = Peer::start(&["--log-level", "full"]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
    outcome.assert_code(0);
    assert_eq!(outcome.state(), "completed");
    assert_eq!(outcome.texts("output"), ["7"]);
    assert!(contexts_stayed_on_their_sockets(&peer) >= 2, "a lane that waits and one for the rest");
    for sign_in in peer.log("auth_ok") {
        // The peer accepts a SPNEGO exchange only with the client's mechListMIC, and sends its own.
        assert_eq!((&sign_in["raw_ntlm"], &sign_in["final_token"]), (&json!(false), &json!(true)), "{sign_in}");
        assert_eq!((&sign_in["scheme"], &sign_in["mech"]), (&json!("Negotiate"), &json!("ntlm")));
    }
    assert_eq!(peer.state()["shells"], json!([]), "the shell was deleted");
    peer.assert_clean();
}

#[test]
fn a1_the_first_sealed_message_has_number_one_for_a_foreign_peer() {
    // The peer's library counts by itself: with any other number its first check of a signature would fail, and ours.
    let peer = Peer::start(&["--log-level", "full"]);
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    assert_eq!(peer.log("unseal_failed").len(), 0);
    assert!(peer.log("request").len() >= 6, "all of them were unsealed there, and their answers here");
}

#[tokio::test]
async fn a2_bare_ntlm_without_its_envelope_works_as_well() {
    let peer = Peer::start(&[]);
    let sign_in = session::sign_in().through(|target| {
        Box::new(spnego::NtlmClient::new(spnego::ClientOptions {
            target_name: target.service.to_owned(),
            channel_bindings: None,
            raw_ntlm: true,
        }))
    });
    let connector = session::connector(&peer);
    let (handle, events) = winrm::open(connector, sign_in, OpenOptions::default(), Arc::new(NoIntents)).await.unwrap();
    let mut session = Session { handle, events, others: Vec::new() };
    let run = session.run(Command::new("Test-Echo").parameter("Value", 7)).await;
    assert_eq!(run.assert_completed().texts(), ["7"]);
    session.close().await;
    let sign_ins = peer.log("auth_ok");
    assert!(!sign_ins.is_empty() && sign_ins.iter().all(|entry| entry["raw_ntlm"] == true), "{sign_ins:?}");
    contexts_stayed_on_their_sockets(&peer);
    peer.assert_clean();
}

/// Keeps all processors busy until it is dropped.
struct Load(Arc<AtomicBool>);

impl Load {
    fn begin() -> Self {
        let running = Arc::new(AtomicBool::new(true));
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            let running = Arc::clone(&running);
            std::thread::spawn(move || {
                let mut number = 1_u64;
                while running.load(Ordering::Relaxed) {
                    number = std::hint::black_box(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number >> 7);
                }
            });
        }
        Self(running)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_two_hundred_sign_ins_under_load_stay_on_their_sockets() {
    let peer = Peer::start(&[]);
    let load = Load::begin();
    for number in 0..200 {
        let mut session = Session::open(&peer).await;
        let run = session.run(Command::new("Test-Echo").parameter("Value", number)).await;
        assert_eq!(run.assert_completed().texts(), [number.to_string()]);
        session.close().await;
    }
    drop(load);
    let contexts = contexts_stayed_on_their_sockets(&peer);
    assert!(contexts >= 400, "two lanes or more of each session, not {contexts}");
    assert_eq!((peer.executions("Test-Echo"), peer.log("create").len()), (200, 200));
    assert_eq!(peer.log("auth_fail").len(), 0);
    peer.assert_clean();
}

#[test]
fn a4_a_wrong_password_is_tried_exactly_once() {
    let peer = Peer::start(&[]);
    let outcome =
        Pepctl::new(&peer.endpoint()).env("PEP_TEST_PASSWORD", "not the password").run_cmdlet("Test-Echo", &[]);
    outcome.assert_code(4);
    assert_eq!((peer.passwords(), peer.sign_ins()), (1, 1), "one third message in all");
    // The connection of the question is closed behind it.
    assert_eq!((peer.log("connect").len(), peer.log("token").len()), (2, 2), "no other try, no other scheme");
    assert_eq!(peer.log("request").len(), 0);
}

#[test]
fn a5_basic_and_digest_alone_get_no_credentials() {
    for offered in ["Basic", "Basic,Digest", "CredSSP,NTLM"] {
        let peer = Peer::start(&["--auth", offered]);
        let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[]);
        outcome.assert_code(4);
        for scheme in offered.split(',') {
            assert!(outcome.why().contains(scheme), "{}", outcome.why());
        }
        assert_eq!((peer.log("token").len(), peer.sign_ins()), (0, 0), "no Authorization header ever: {offered}");
    }
}

#[test]
fn a6_negotiate_is_found_among_other_schemes_and_in_any_case() {
    for offer in [
        json!([["WWW-Authenticate", "Basic realm=\"WSMAN\""], ["WWW-Authenticate", "nEGOTIATE"]]),
        json!([["www-authenticate", "Kerberos, Negotiate , Basic realm=\"a, b\", charset=\"UTF-8\""]]),
        json!([
            ["WWW-Authenticate", "Digest qop=\"auth,auth-int\", nonce=\"Negotiate, x\""],
            ["WWW-AUTHENTICATE", "NEGOTIATE"]
        ]),
    ] {
        let peer = Peer::start(&[]);
        peer.rule(json!({ "do": "status", "action": "SignIn", "target": "ask", "times": 0,
            "arg": { "status": 401, "headers": offer } }));
        let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
        assert_eq!(outcome.assert_code(0).texts("output"), ["7"], "{offer}");
        assert_eq!(peer.log("fault_injected").len(), 1, "asked once, before the first token");
        peer.assert_clean();
    }
}

#[test]
fn a6_lower_case_header_names() {
    let peer = Peer::start(&["--set", "lowercase_headers=true"]);
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    peer.assert_clean();
}

#[test]
fn a9_another_name_behind_a_pinned_address_stops_before_the_password() {
    for (name, other) in [("computer", "AZS-ERCS99"), ("domain", "OTHERSTACK")] {
        let folder = tempfile::tempdir().unwrap();
        let pins = folder.path().join("pins.json");
        let pins = pins.to_string_lossy();
        let peer = Peer::start(&[]);
        let call = || Pepctl::new(&peer.endpoint()).args(&["--pins", &pins]).run_cmdlet("Test-Echo", &["Value=7"]);
        call().assert_code(0);
        let before = (peer.passwords(), peer.log("request").len());
        // The file now says that another one was trusted there, as if this one had taken its place.
        let mut kept: Value = serde_json::from_slice(&std::fs::read(&*pins).unwrap()).unwrap();
        let names = &mut kept["pins"][0]["names"][name];
        assert!(names.is_string(), "a {name}");
        *names = other.into();
        std::fs::write(&*pins, kept.to_string()).unwrap();
        let outcome = call();
        outcome.assert_code(5);
        assert_eq!((peer.passwords(), peer.log("request").len()), before, "another {name}: nothing was shown to it");
        assert_eq!(std::fs::read_to_string(&*pins).unwrap(), kept.to_string(), "what was trusted stays as it was");
    }
}

#[test]
fn a11_a_clock_ten_hours_off_does_not_matter_and_is_shown() {
    for skew in [36_000_i64, -36_000] {
        let peer = Peer::start(&["--set", &format!("clock_skew={skew}")]);
        Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
        let inspected = Pepctl::new(&peer.endpoint()).args(&["inspect"]).finish();
        let theirs = inspected.lines.last().unwrap()["unix_time"].as_i64().expect("the time of the challenge");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let ahead = theirs - i64::try_from(now).unwrap();
        assert!((ahead - skew).abs() < 120, "ahead by {ahead}");
        let found = Pepctl::new(&peer.endpoint()).args(&["find", "--address", &peer.endpoint(), "--probe"]).finish();
        let probe = found.lines.iter().find_map(|line| line.get("probe")).expect("a probe");
        let shown = probe["clock_ahead_s"].as_f64().expect("a difference");
        assert!((shown - skew as f64).abs() < 120.0, "{probe}");
        peer.assert_clean();
    }
}

#[tokio::test]
async fn a13_a_server_that_spoils_or_omits_its_proof_gets_no_request_and_no_pin() {
    for fault in ["spoil_token", "drop_token"] {
        let folder = tempfile::tempdir().unwrap();
        let pins = folder.path().join("pins.json");
        let peer = Peer::start(&["--log-level", "full"]);
        peer.rule(json!({ "do": fault, "action": "SignIn", "target": "authenticate", "times": 0 }));
        let outcome = Pepctl::new(&peer.endpoint())
            .args(&["--pins", &pins.to_string_lossy()])
            .run_cmdlet("Test-Echo", &["Value=7"]);
        outcome.assert_code(6);
        assert!(!outcome.says("proved") && !outcome.says("signed in"), "{outcome:#?}");
        assert_eq!((peer.log("request").len(), peer.passwords()), (0, 1), "{fault}: no request was sent");
        assert!(!pins.exists(), "{fault}: it has proved nothing");
        let Err(OpenError::SignIn(error)) = Session::open_with(&peer, OpenOptions::default()).await else {
            panic!("{fault}: refused")
        };
        assert!(matches!(error, SignInError::NotProved(_)), "{fault}: {error}");
    }
}

#[test]
fn a14_sign_in_lost_in_the_middle_repeats_only_the_receive() {
    let peer = Peer::start(&["--log-level", "full"]);
    peer.rule(json!({ "do": "unauthorized", "action": "Receive", "target": "command", "nth": 2 }));
    let numbers: Vec<u32> = (0..600).collect();
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-Echo", "parameters": { "Filler": "x".repeat(400_000) }, "input": numbers }))
        .finish();
    outcome.assert_code(0);
    let wanted: Vec<String> = numbers.iter().map(u32::to_string).collect();
    assert_eq!(outcome.texts("output")[1..], wanted, "no record lost, doubled or out of order");
    assert_eq!(peer.executions("Test-Echo"), 1);
    let fault = &peer.log("fault_injected")[0];
    let receives = peer.requests("Receive");
    let refused = receives
        .iter()
        .rfind(|entry| entry["conn"] == fault["conn"] && entry["seq"].as_u64() < fault["seq"].as_u64())
        .unwrap();
    let again: Vec<_> = receives.iter().filter(|entry| entry["message_id"] == refused["message_id"]).collect();
    assert_eq!(again.len(), 2, "the same Receive, once more");
    assert_ne!(again[0]["conn"], again[1]["conn"], "on another socket");
    let later =
        |kind: &str| peer.log(kind).iter().filter(|entry| entry["seq"].as_u64() > fault["seq"].as_u64()).count();
    assert!(later("auth_ok") <= 1, "signed in once for it, or over a lane that was there");
    assert!(contexts_stayed_on_their_sockets(&peer) <= 5);
    peer.assert_clean();
}

#[test]
fn a15_sign_in_lost_on_a_command_is_asked_about_and_not_sent_again() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "unauthorized", "action": "Command" }));
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": "lost" } }))
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": "next" } }))
        .finish();
    outcome.assert_code(6);
    assert_eq!(outcome.interruptions(), ["the command was not started"]);
    assert_eq!(outcome.texts("output"), ["next"], "the session goes on");
    assert_eq!(outcome.lines.last().unwrap()["runs"], json!(["failed", "completed"]), "nothing is invented");
    assert_eq!((peer.requests("Command").len(), peer.executions("Test-Echo")), (2, 1), "one Command for each");
    assert_eq!(peer.state()["shells"], json!([]));
    peer.assert_clean();
}

#[test]
fn a16_connection_close_on_any_answer_signs_in_on_a_new_socket() {
    let peer = Peer::start(&["--log-level", "full"]);
    for (action, target) in [
        ("Create", "*"),
        ("Receive", "shell"),
        ("Command", "*"),
        ("Receive", "command"),
        ("Signal", "*"),
        ("Delete", "*"),
    ] {
        peer.begin(json!({ "rules": [{ "do": "close", "action": action, "target": target }] }));
        let outcome = Pepctl::new(&peer.endpoint())
            .line(json!({ "command": "Test-Echo", "parameters": { "Value": 7 } }))
            .line(json!({ "command": "Test-Echo", "parameters": { "Value": 8 } }))
            .finish();
        assert_eq!(outcome.assert_code(0).texts("output"), ["7", "8"], "{action} {target}");
        assert_eq!(outcome.interruptions(), [""; 0], "{action} {target}: nothing was lost");
        let fault = &peer.log("fault_injected")[0];
        let later = |entry: &Value| entry["conn"] == fault["conn"] && entry["seq"].as_u64() > fault["seq"].as_u64();
        assert_eq!(
            peer.log("request").iter().filter(|entry| later(entry)).count(),
            0,
            "{action}: no use of that socket"
        );
        contexts_stayed_on_their_sockets(&peer);
        assert_eq!(peer.state()["shells"], json!([]), "{action} {target}");
        peer.assert_clean();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a17_sockets_that_are_closed_while_idle_are_not_noticed() {
    for how in [json!(true), json!("reset")] {
        let peer = Peer::start(&["--set", "operation_timeout_cap=0.2"]);
        let mut session = Session::open(&peer).await;
        for number in 0..3 {
            let run = session.run(Command::new("Test-Echo").parameter("Value", number)).await;
            assert_eq!(run.assert_completed().texts(), [number.to_string()], "nothing is told");
            // All of the client's sockets at once: the idle ones, and the one on which the pool's Receive waits.
            peer.wait_until("the pipeline was removed", |peer| peer.commands().is_empty());
            let open = peer.log("connect").len();
            peer.control(json!({ "drop_connections": how }));
            peer.wait_until("they are closed", |peer| peer.log("disconnect").len() >= open);
            // The pool's Receive is answered again before the next time.
            let receives = peer.state()["stats"]["receives"].as_u64().unwrap();
            peer.wait_until("the heart beats", |peer| {
                peer.state()["stats"]["receives"].as_u64().unwrap() > receives + 2
            });
        }
        let run = session.run(Command::new("Test-Echo").parameter("Value", "last")).await;
        assert_eq!(run.assert_completed().texts(), ["last"]);
        assert_eq!(session.states(), [] as [&winrm::SessionState; 0], "nothing is told");
        session.close().await;
        assert_eq!((peer.executions("Test-Echo"), peer.log("create").len()), (4, 1));
        peer.assert_clean();
    }
}

#[tokio::test]
async fn s07_nothing_is_told_before_the_proof() {
    // The first sealed answer is spoilt: names, sign-in and mechListMIC were right, and still nothing is kept.
    let folder = tempfile::tempdir().unwrap();
    let pins = folder.path().join("pins.json");
    let peer = Peer::start(&["--log-level", "full"]);
    peer.rule(json!({ "do": "corrupt_body", "action": "Create" }));
    let outcome =
        Pepctl::new(&peer.endpoint()).args(&["--pins", &pins.to_string_lossy()]).run_cmdlet("Test-Echo", &["Value=7"]);
    outcome.assert_code(6);
    assert!(!outcome.says("proved") && !pins.exists(), "{outcome:#?}");
    assert_eq!((peer.passwords(), peer.requests_after_the_fault()), (1, 0));
    peer.control(
        json!({ "reset": true, "log_level": "full", "rules": [{ "do": "corrupt_body", "action": "Create" }] }),
    );
    let error = Session::open_with(&peer, OpenOptions::default()).await.err();
    let Some(OpenError::Lost(winrm::LossReason::Security(SecurityEnd::BadSeal(_)))) = error else {
        panic!("{error:?}")
    };
}
