//! Section A: redirects, proxies, and statuses of HTTP that say nothing about the password.

use std::net::TcpListener;

use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};

/// A place that nobody shall come to.
struct Elsewhere(TcpListener);

impl Elsewhere {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    #[track_caller]
    fn assert_unvisited(&self) {
        let came = self.0.accept().expect_err("nobody came");
        assert_eq!(came.kind(), std::io::ErrorKind::WouldBlock);
    }
}

fn echo(peer: &Peer, rule: &Value) -> Outcome {
    peer.begin(json!({ "rules": [rule] }));
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"])
}

#[test]
fn a18_a_redirect_is_refused_at_every_step_and_nobody_goes_there() {
    let peer = Peer::start(&["--log-level", "full"]);
    let elsewhere = Elsewhere::listen();
    let steps = [
        ("SignIn", "ask", 0),
        ("SignIn", "negotiate", 0),
        ("SignIn", "authenticate", 1),
        ("Create", "*", 1),
        ("Receive", "shell", 1),
    ];
    for status in [301, 302, 303, 307, 308] {
        for (action, target, passwords) in steps {
            let headers = json!({ "Location": format!("http://{}/wsman", elsewhere.address()) });
            let outcome = echo(
                &peer,
                &json!({ "do": "status", "action": action, "target": target, "times": 0,
                "arg": { "status": status, "headers": headers, "body": "" } }),
            );
            let at = format!("{status} at {action} {target}");
            outcome.assert_code(6);
            assert!(
                outcome.why().contains("redirect") && outcome.why().contains(&status.to_string()),
                "{at}: {outcome:#?}"
            );
            assert_eq!(peer.passwords(), passwords, "{at}");
            assert_eq!(peer.requests_after_the_fault(), 0, "{at}: nothing is sent after it");
            assert_eq!(peer.executions("Test-Echo"), 0, "{at}");
            elsewhere.assert_unvisited();
        }
    }
}

#[test]
fn a18_a_redirect_in_the_middle_of_a_run_ends_the_session() {
    let peer = Peer::start(&["--log-level", "full"]);
    let elsewhere = Elsewhere::listen();
    for (action, target) in [("Command", "*"), ("Receive", "command")] {
        for status in [301, 307, 308] {
            let headers = json!({ "Location": format!("http://{}/wsman", elsewhere.address()) });
            let outcome = echo(
                &peer,
                &json!({ "do": "status", "action": action, "target": target, "times": 0,
                "arg": { "status": status, "headers": headers } }),
            );
            outcome.assert_code(6);
            assert!(outcome.why().contains("redirect"), "{status} {action}: {}", outcome.why());
            assert_eq!(outcome.lines.last().unwrap()["runs"], json!(["failed"]), "its outcome is not known");
            assert_eq!(peer.requests_after_the_fault(), 0, "{status} {action}");
            elsewhere.assert_unvisited();
        }
    }
}

#[test]
fn a18_s14_proxies_of_the_environment_are_not_used() {
    let peer = Peer::start(&[]);
    let proxy = Elsewhere::listen();
    let address = proxy.address();
    let mut call = Pepctl::new(&peer.endpoint());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        call = call.env(name, &format!("http://{address}")).env(&name.to_lowercase(), &format!("http://{address}"));
    }
    for name in ["NO_PROXY", "no_proxy"] {
        call = call.env(name, "nothing.invalid");
    }
    call.run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    proxy.assert_unvisited();
    let before = peer.log("connect").len();
    // And the other way round: the variables are of no use for what cannot be reached directly.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let call = Pepctl::new(&closed.to_string()).env("HTTP_PROXY", &format!("http://{}", peer.endpoint()));
    call.env("ALL_PROXY", &format!("http://{}", peer.endpoint())).run_cmdlet("Test-Echo", &[]).assert_code(3);
    assert_eq!(peer.log("connect").len(), before, "the second call did not come here");
    peer.assert_clean();
}

#[test]
fn a19_statuses_of_http_are_named_and_no_password_is_tried_again() {
    let peer = Peer::start(&["--log-level", "full"]);
    for status in [400, 404, 413, 415, 503] {
        let headers = json!({ "Retry-After": "1" });
        let answer = json!({ "status": status, "headers": headers, "body": "<html>busy</html>" });
        // After the sign-in
        let outcome = echo(&peer, &json!({ "do": "status", "action": "Create", "times": 0, "arg": answer }));
        outcome.assert_code(6);
        assert!(outcome.why().contains(&status.to_string()), "{status}: {}", outcome.why());
        assert!(!outcome.why().contains("busy"), "an unprotected text is not shown");
        assert_eq!((peer.passwords(), peer.log("auth_fail").len()), (1, 0), "{status} says nothing about the password");
        assert_eq!((peer.requests("Create").len(), peer.executions("Test-Echo")), (1, 0), "{status}");
        // Instead of it
        for (target, passwords) in [("ask", 0), ("negotiate", 0), ("authenticate", 1)] {
            let rule = json!({ "do": "status", "action": "SignIn", "target": target, "times": 0, "arg": answer });
            let outcome = echo(&peer, &rule);
            outcome.assert_code(3);
            assert!(outcome.why().contains(&status.to_string()), "{status} {target}: {}", outcome.why());
            assert_eq!((peer.passwords(), peer.requests_after_the_fault()), (passwords, 0), "{status} {target}");
        }
    }
}
