//! Signing in: whom the password is shown to, how often, and what is said when that goes wrong.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};
use tests::practice_server::PracticeServer;

/// Passes everything on to a port, and keeps what the client sent.
struct Wire {
    endpoint: String,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&sent);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let (back, front) = (far.try_clone().unwrap(), near.try_clone().unwrap());
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || pass(near, far, |bytes| kept.lock().unwrap().extend_from_slice(bytes)));
                std::thread::spawn(move || pass(back, front, |_| {}));
            }
        });
        Self { endpoint, sent }
    }

    /// How many tokens of a sign-in were sent: the first of a connection is no password, the second one is.
    fn tokens(&self) -> usize {
        let sent = self.sent.lock().unwrap().to_ascii_lowercase();
        sent.windows(15).filter(|part| part == b"authorization: ").count()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, see: impl Fn(&[u8])) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        see(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

fn last(outcome: &Outcome) -> (&Value, &str) {
    let line = outcome.lines.last().expect("a last line");
    (line, line["text"].as_str().unwrap_or_default())
}

#[test]
fn s06_an_account_of_another_domain_is_not_shown_to_the_endpoint() {
    let practice = PracticeServer::start("healthy");
    let password = practice.password();
    for account in [r"CORP\jane", "jane@corp.example", r"AZURESTACK\cloudadmin"] {
        let wire = Wire::to(practice.port());
        let call = Pepctl::as_user(&wire.endpoint, account).env("PEP_TEST_PASSWORD", &password);
        let outcome = call.run_cmdlet("Get-Command", &[]);
        outcome.assert_code(5);
        let (line, text) = last(&outcome);
        assert!(text.contains("PRACTICE (practice.internal)"), "which domain is there: {text}");
        assert_eq!((&line["passwords_sent"], wire.tokens()), (&json!(0), 1), "{account}: NEGOTIATE and no more");
    }
    let wire = Wire::to(practice.port());
    let call = Pepctl::as_user(&wire.endpoint, r"practice\cloudadmin").env("PEP_TEST_PASSWORD", &password);
    call.run_cmdlet("Get-Command", &[]).assert_code(0);
    assert!(wire.tokens() >= 2);
}

#[test]
fn an_empty_password_is_refused_before_anything_is_sent() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).env("PEP_TEST_PASSWORD", "").run_cmdlet("Test-Echo", &[]);
    outcome.assert_code(2);
    assert!(last(&outcome).1.contains("PEP_TEST_PASSWORD"), "{outcome:#?}");
    assert_eq!(peer.log("connect").len(), 0);
}

/// As after a change of the password elsewhere.
#[test]
fn s12_a_later_sign_in_that_is_refused_is_told_as_that_and_leaves_no_shell() {
    // Two further ones sign in while the session opens, together.
    for nth in [2, 3] {
        let peer = Peer::start(&[]);
        peer.rule(json!({ "do": "status", "action": "SignIn", "target": "authenticate", "nth": nth, "times": 0,
            "arg": { "status": 401, "headers": [["WWW-Authenticate", "Negotiate"]] } }));
        let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Sleep", &["Seconds=3", "Beat=0.5"]);
        outcome.assert_code(4);
        let (line, text) = last(&outcome);
        assert!(text.contains("a later sign-in was refused"), "{nth}: {text}");
        assert!(!text.contains("tried once"), "{nth}: {text}");
        assert!(line["not_closed"].is_null(), "{nth}: {line}");
        assert_eq!(line["passwords_sent"], peer.passwords(), "{nth}: {line}");
        assert_eq!(peer.state()["shells"], json!([]), "{nth}: closed over a connection that was signed in");
        assert_eq!(peer.log("delete").len(), 1, "{nth}");
        // Those that were under way together, and none after the refusal.
        assert!(peer.passwords() <= 3, "{nth}: {}", peer.passwords());
    }
}

#[test]
fn s12_a_sign_in_that_ends_without_a_word_says_that_the_password_may_have_counted() {
    for (rule, code) in [
        (json!({ "do": "reset" }), 3),
        (json!({ "do": "drop" }), 3),
        (json!({ "do": "status", "arg": 503 }), 3),
        (json!({ "do": "spoil_token" }), 6),
    ] {
        let peer = Peer::start(&[]);
        let mut all = json!({ "action": "SignIn", "target": "authenticate", "times": 0 });
        all.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
        peer.rule(all);
        let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[]);
        outcome.assert_code(code);
        let (line, text) = last(&outcome);
        assert!(text.contains("the count of wrong passwords may have gone up by one"), "{rule}: {text}");
        assert_eq!((&line["passwords_sent"], peer.passwords()), (&json!(1), 1), "{rule}");
    }
    // A refusal says so itself, and before the password nothing counts.
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).env("PEP_TEST_PASSWORD", "wrong").run_cmdlet("Test-Echo", &[]);
    outcome.assert_code(4);
    let (line, text) = last(&outcome);
    assert!(text.contains("it was tried once") && !text.contains("gone up"), "{text}");
    assert_eq!(line["passwords_sent"], 1);
    peer.rule(json!({ "do": "reset", "action": "SignIn", "target": "negotiate", "times": 0 }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[]);
    let (line, text) = last(&outcome);
    assert!(!text.contains("gone up") && line["passwords_sent"] == 0, "{line}");
}

#[test]
fn s08_what_differs_from_the_pin_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let pins = folder.path().join("pins.json");
    let path = pins.to_string_lossy();
    let peer = Peer::start(&[]);
    let call = || Pepctl::new(&peer.endpoint()).args(&["--pins", &path]).run_cmdlet("Test-Echo", &[]);
    call().assert_code(0);
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&pins).unwrap()).unwrap();
    kept["pins"][0]["names"]["dns_computer"] = "azs-ercs01.azurestack.local".into();
    std::fs::write(&pins, kept.to_string()).unwrap();
    let outcome = call();
    outcome.assert_code(5);
    let text = last(&outcome).1;
    assert!(text.contains("DNS name azs-ercs01.azurestack.local and is now"), "{text}");
}
