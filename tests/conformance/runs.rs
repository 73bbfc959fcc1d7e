//! Section D: runspace pool and pipelines.

use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;

#[test]
fn d4_a_configuration_that_is_not_there() {
    let peer = Peer::start(&["--configuration", "Something.Else"]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[]);
    assert_ne!(outcome.code, 0);
    assert_eq!(peer.log("invoke").len(), 0);
}

#[test]
fn d5_an_account_without_the_right() {
    let peer = Peer::start(&["--denied-user", tests::peer::USER]);
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[]).assert_code(4);
    assert_eq!(peer.sign_ins(), 1);
}

#[test]
fn d9_a_parameter_of_a_megabyte_fits_no_envelope_and_arrives() {
    let peer = Peer::start(&[]);
    let text = "x".repeat(1 << 20);
    let outcome =
        Pepctl::new(&peer.endpoint()).line(json!({ "command": "Test-Echo", "parameters": { "Value": text } })).finish();
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output"), [text]);
    peer.assert_clean();
}

#[test]
fn d12_script_text_is_refused_by_the_endpoint() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).line(json!({ "script": "Get-Date; 1" })).finish();
    outcome.assert_code(1);
    assert!(outcome.lines.iter().any(|line| line.to_string().contains("ScriptsNotAllowed")), "{outcome:#?}");
}

#[test]
fn d13_an_unknown_cmdlet_fails_the_run() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Get-Nothing", &[]);
    outcome.assert_code(1);
    assert!(outcome.lines.iter().any(|line| line.to_string().contains("CommandNotFoundException")), "{outcome:#?}");
}

#[test]
fn d14_output_before_a_terminating_error_is_kept() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Throw", &["Message=\"broken\"", "AfterOutput=3"]);
    outcome.assert_code(1);
    assert_eq!(outcome.stream("output").count(), 3);
    assert!(outcome.stream("error").any(|line| line["terminating"] == true));
}

#[test]
fn d20_a_hundred_pipelines_leave_no_command_behind() {
    let peer = Peer::start(&[]);
    let mut call = Pepctl::new(&peer.endpoint());
    for number in 0..100 {
        call = call.line(json!({ "command": "Test-Echo", "parameters": { "Value": number } }));
    }
    let outcome = call.finish();
    outcome.assert_code(0);
    let wanted: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(outcome.texts("output"), wanted);
    peer.assert_clean();
}

#[test]
fn d22_a_flood_is_stopped_with_the_strict_signal() {
    let peer = Peer::start(&["--set", "strict_signal=true"]);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-Flood", "parameters": { "Count": 100_000_000, "Size": 100 }, "stop_after_ms": 300 }))
        .finish();
    outcome.assert_code(1);
    assert_eq!(outcome.state(), "stopped");
}

#[test]
fn d26_the_server_breaks_the_pool_in_the_middle() {
    let peer = Peer::start(&[]);
    let endpoint = peer.endpoint();
    let running = std::thread::spawn(move || Pepctl::new(&endpoint).run_cmdlet("Test-Sleep", &["Seconds=600"]));
    while peer.log("invoke").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    peer.control(json!({ "break_shell": "*" }));
    let outcome = running.join().unwrap();
    assert_ne!(outcome.code, 0);
    assert_ne!(outcome.state(), "completed");
}
