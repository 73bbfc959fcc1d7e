//! `pypsrp` as it comes from PyPI against our practice PEP.

use std::process::Command;

use serde_json::Value;
use tests::folders;
use tests::peer::Peer;
use tests::practice_server::PracticeServer;

fn run(server: &PracticeServer, script: &str) -> Value {
    let output = Command::new(folders::python())
        .arg(folders::root().join("tests/interop/clients").join(script))
        .arg(server.port().to_string())
        .env("PEP_TEST_PASSWORD", server.password())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the client prints JSON")
}

#[test]
fn pypsrp_opens_lists_runs_answers_sends_a_credential_and_closes() {
    let server = PracticeServer::start("healthy");
    let seen = run(&server, "pypsrp_journey.py");
    assert!(seen["commands"].as_array().expect("commands").iter().any(|name| name == "Test-AzureStack"));
    let check = seen["check"].as_array().expect("output of the check");
    assert_eq!(check.first(), Some(&Value::from("Starting Test-AzureStack")));
    assert!(check.contains(&Value::from("PASS : Azure Stack Hub ACS Summary")));
    assert_eq!(check.last(), Some(&Value::Bool(true)));
    assert_eq!(seen["script_error"], "ScriptsNotAllowed");
    assert_eq!(seen["unknown_error"], "CommandNotFoundException");
    assert_eq!(seen["choice_output"], serde_json::json!(["tester was removed."]));
    assert_eq!(seen["prompted"], serde_json::json!(["ResponseToken"]));
    assert_eq!(seen["close_state"], "Completed");
    assert_eq!(server.pep.closed_sessions(), 1);
    assert_eq!(server.pep.open_shells(), 0, "the shell was deleted");
}

#[test]
fn pypsrp_sees_a_refusing_share_and_the_session_stays_open() {
    let server = PracticeServer::start("share-refused");
    let seen = run(&server, "pypsrp_refused.py");
    assert!(seen["first"].as_str().expect("a message").contains("Access is denied"));
    assert_eq!(seen["second"], "Completed");
    assert_eq!(server.pep.closed_sessions(), 1);
}

#[test]
fn pypsrp_with_a_wrong_password_is_refused() {
    let server = PracticeServer::start("healthy");
    let seen = run(&server, "pypsrp_wrong_password.py");
    assert_eq!(seen["error"], "AuthenticationError");
    assert_eq!(server.pep.open_shells(), 0);
}

/// What ours takes for the same is counted in `winrm/tests/session/round_trips.rs`: five, and one for a command.
#[test]
fn pypsrp_takes_five_round_trips_to_open_and_two_for_a_command() {
    let peer = Peer::start(&["--user", r"PRACTICE\CloudAdmin", "--password", "counted"]);
    let output = Command::new(folders::python())
        .arg(folders::root().join("tests/interop/clients/pypsrp_round_trips.py"))
        .args([peer.port().to_string().as_str(), peer.control_url()])
        .env("PEP_TEST_PASSWORD", "counted")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counts: Vec<u64> = serde_json::from_slice(&output.stdout).expect("the client prints JSON");
    assert_eq!(counts, [5, 2, 2]);
}
