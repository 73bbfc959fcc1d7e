//! Wrong usage, odd lines, readers that go away, Ctrl+C: exit codes, no secret in any output, no shell left behind.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;
use tests::peer::{PASSWORD, Peer, USER};
use tests::pepctl::{Pepctl, program};

#[test]
fn odd_lines_are_usage_errors_and_the_session_is_closed() {
    let peer = Peer::start(&[]);
    for line in [
        json!([]),
        json!(null),
        json!({ "command": 5 }),
        json!({ "command": "Test-Echo", "parameters": 5 }),
        json!({ "command": "Test-Echo", "arguments": 5 }),
        json!({ "command": "Test-Echo", "input": 5 }),
        json!({ "command": "Test-Echo", "stop_after_ms": "soon" }),
        json!({ "pipeline": [] }),
        json!({ "stop_after_ms": "soon" }),
    ] {
        let outcome = Pepctl::new(&peer.endpoint()).line(line.clone()).finish();
        assert_eq!((outcome.code, outcome.state()), (2, "failed"), "{line}: {outcome:#?}");
    }
    assert_eq!(peer.state()["shells"], json!([]), "a shell was left behind");
    peer.assert_clean();
}

#[test]
fn with_run_a_line_that_is_no_answer_is_a_usage_error() {
    let peer = Peer::start(&[]);
    for line in [json!("garbage"), json!({ "command": "Test-Echo" })] {
        let call = Pepctl::new(&peer.endpoint()).line(line.clone());
        let outcome = call.run_cmdlet("Test-HostPrompt", &[r#"What="readline""#]);
        assert_eq!(outcome.code, 2, "{line}: {outcome:#?}");
        assert_eq!(outcome.lines.last().expect("a line")["error"], "usage", "{line}");
    }
    assert_eq!(peer.state()["shells"], json!([]), "a shell was left behind");
    peer.assert_clean();
}

#[test]
fn sizes_and_accounts_that_cannot_work_are_refused_before_anything_is_sent() {
    let peer = Peer::start(&[]);
    for arguments in [["--max-envelope", "8191"], ["--server-envelope", "0"], ["--user", "DOMAIN\\"], ["--user", ""]] {
        let mut command = Command::new(program());
        command.args(["--endpoint", &peer.endpoint(), "--password-env", "PEP_TEST_PASSWORD", "--trust-first-use"]);
        if arguments[0] != "--user" {
            command.args(["--user", USER]);
        }
        let output = command.args(arguments).args(["run", "Test-Echo"]).env("PEP_TEST_PASSWORD", PASSWORD).output();
        assert_eq!(output.expect("pepctl starts").status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(peer.sign_ins(), 0);
    let sizes = ["--max-envelope", "8192", "--server-envelope", "8192"];
    let text = "x".repeat(100_000);
    let outcome =
        Pepctl::new(&peer.endpoint()).args(&sizes).line(json!({ "command": "Test-Echo", "arguments": [text] }));
    let outcome = outcome.finish();
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output"), [text]);
    peer.assert_clean();
}

#[test]
fn secrets_in_clear_are_refused_and_never_printed() {
    let peer = Peer::start(&[]);
    for parameter in [
        r#"Value={"$type":"SecureString","value":"swordfish"}"#,
        r#"Value={"$type":"SecureString","env":"PATH","value":"swordfish"}"#,
        r#"Value={"$type":"PSCredential","user":"u","password":"swordfish"}"#,
        r#"Value={"$type":"Int32","value":"swordfish"}"#,
        "Value=swordfish",
        "swordfish",
    ] {
        let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &[parameter]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(!format!("{outcome:?}").contains("swordfish"), "{outcome:#?}");
    }
    assert_eq!(peer.sign_ins(), 0, "nothing was sent for a run that cannot be");
}

fn started(peer: &Peer, arguments: &[&str]) -> std::process::Child {
    Command::new(program())
        .args(["--endpoint", &peer.endpoint(), "--user", USER, "--password-env", "PEP_TEST_PASSWORD"])
        .args(["--trust-first-use", "run"])
        .args(arguments)
        .env("PEP_TEST_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pepctl starts")
}

#[test]
fn control_c_stops_the_run_and_closes_the_session() {
    interrupted("-INT");
}

#[test]
fn the_end_of_the_system_or_of_the_terminal_closes_the_session_too() {
    interrupted("-TERM");
    interrupted("-HUP");
}

fn interrupted(signal: &str) {
    let peer = Peer::start(&[]);
    let mut child = started(&peer, &["Test-Sleep", "--param", "Seconds=120", "--param", "Beat=0.1"]);
    let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(r#""stream":"output""#)), "the run has begun");
    let signalled = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill starts");
    assert!(signalled.success());
    let last = lines.last().expect("a last line");
    assert!(last.contains(r#""state":"stopped""#), "{signal}: {last}");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{signal}");
    assert_eq!(peer.state()["shells"], json!([]), "the shell was deleted");
}

#[test]
fn a_reader_that_goes_away_ends_the_run_and_closes_the_session() {
    let peer = Peer::start(&[]);
    let mut child = started(&peer, &["Test-Sleep", "--param", "Seconds=120", "--param", "Beat=0.05"]);
    let mut reader = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut line = String::new();
    while !line.contains(r#""stream":"output""#) {
        line.clear();
        assert!(reader.read_line(&mut line).expect("UTF-8") > 0, "the run has begun");
    }
    drop(reader);
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert_eq!(peer.state()["shells"], json!([]), "the shell was deleted");
}

/// The window calls the same function first of all.
#[cfg(target_os = "linux")]
#[test]
fn s38_a_running_program_can_leave_no_image_of_its_memory() {
    let mut served = Command::new(program()).arg("serve-practice").stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(served.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it listens");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", served.id())).expect("readable");
    served.kill().expect("it still runs");
    served.wait().expect("it ends");
    let limit = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    let words: Vec<_> = limit.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{limit}");
}
