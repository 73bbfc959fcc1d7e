//! Section A: signing in.

use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;

#[test]
fn a1_sign_in_runs_and_leaves_nothing_behind() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]);
    outcome.assert_code(0);
    assert_eq!(outcome.state(), "completed");
    assert_eq!(outcome.texts("output"), ["7"]);
    assert_eq!(peer.log("auth_fail").len(), 0);
    assert_eq!(peer.state()["shells"], json!([]), "the shell was deleted");
    peer.assert_clean();
}

#[test]
fn a4_a_wrong_password_is_tried_exactly_once() {
    let peer = Peer::start(&[]);
    let outcome =
        Pepctl::new(&peer.endpoint()).env("PEP_TEST_PASSWORD", "not the password").run_cmdlet("Test-Echo", &[]);
    outcome.assert_code(4);
    assert_eq!(peer.sign_ins(), 1, "one third message in all");
}

#[test]
fn a5_basic_alone_gets_no_credentials() {
    let peer = Peer::start(&["--auth", "Basic"]);
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[]).assert_code(4);
    assert_eq!(peer.sign_ins(), 0);
}

#[test]
fn a6_lower_case_header_names() {
    let peer = Peer::start(&["--set", "lowercase_headers=true"]);
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    peer.assert_clean();
}

#[test]
fn a9_another_computer_behind_a_pinned_address_stops_before_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let pins = folder.path().join("pins.json");
    let pins = pins.to_string_lossy();
    let peer = Peer::start(&[]);
    let call = || Pepctl::new(&peer.endpoint()).args(&["--pins", &pins]).run_cmdlet("Test-Echo", &["Value=7"]);
    call().assert_code(0);
    let before = peer.sign_ins();
    // The file now says that another computer was trusted there, as if this one had taken its place.
    let mut kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&*pins).unwrap()).unwrap();
    let text = kept.to_string();
    let name = kept["pins"][0]["names"]["computer"].as_str().expect("a name").to_owned();
    kept = serde_json::from_str(&text.replace(&name, "AZS-ERCS99")).unwrap();
    std::fs::write(&*pins, kept.to_string()).unwrap();
    call().assert_code(5);
    assert_eq!(peer.sign_ins(), before, "the password was not used");
}

#[test]
fn a11_a_clock_ten_hours_off_does_not_matter() {
    let peer = Peer::start(&["--set", "clock_skew=36000"]);
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    peer.assert_clean();
}

#[test]
fn a14_sign_in_lost_in_the_middle_repeats_only_the_receive() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "unauthorized", "action": "Receive", "target": "command", "nth": 2 }));
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=2000", "Size=400"]);
    outcome.assert_code(0);
    assert_eq!(outcome.stream("output").count(), 2000);
    assert_eq!(peer.log("invoke").iter().filter(|entry| entry["name"] == "Test-Flood").count(), 1);
}

#[test]
fn a16_connection_close_on_an_answer_signs_in_on_a_new_socket() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "close", "action": "Receive", "target": "*", "nth": 2 }));
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    peer.assert_clean();
}

#[test]
fn a18_a_redirect_is_refused() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "status", "action": "*", "times": 0,
        "arg": { "status": 307, "headers": { "Location": "http://192.0.2.1/wsman" }, "body": "" } }));
    assert_ne!(Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[]).code, 0);
    assert_eq!(peer.log("create").len(), 0);
}

#[test]
fn s14_proxies_of_the_environment_are_not_used() {
    let peer = Peer::start(&[]);
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = proxy.local_addr().unwrap();
    let mut call = Pepctl::new(&peer.endpoint());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        call = call.env(name, &format!("http://{address}")).env(&name.to_lowercase(), &format!("http://{address}"));
    }
    for name in ["NO_PROXY", "no_proxy"] {
        call = call.env(name, "nothing.invalid");
    }
    call.run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    let asked = proxy.accept().expect_err("nobody came to the proxy");
    assert_eq!(asked.kind(), std::io::ErrorKind::WouldBlock);
    let before = peer.log("connect").len();
    // And the other way round: the variables are of no use for what cannot be reached directly.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let call = Pepctl::new(&closed.to_string()).env("HTTP_PROXY", &format!("http://{}", peer.endpoint()));
    call.env("ALL_PROXY", &format!("http://{}", peer.endpoint())).run_cmdlet("Test-Echo", &[]).assert_code(3);
    assert_eq!(peer.log("connect").len(), before, "the second call did not come here");
    peer.assert_clean();
}
