//! PowerShell's own remoting client against our practice PEP, where the engine's archive is at hand.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tests::practice_server::PracticeServer;
use tests::{engine, folders};

/// Runs PowerShell's client with these commands; its JSON lines, and the notes of the bridge about odd answers.
fn run(server: &PracticeServer, answers: &Value, commands: &[Value]) -> Option<(Vec<Value>, Vec<Value>)> {
    let client = engine::folder()?.join("pep-client");
    let folder = tempfile::tempdir().expect("a folder");
    let (answer_file, log) = (folder.path().join("answers.json"), folder.path().join("bridge.jsonl"));
    std::fs::write(&answer_file, answers.to_string()).expect("the answers are written");
    let bridge = format!(
        "{} -m pep_peer.client_bridge --url http://{}/wsman --user 'PRACTICE\\CloudAdmin' --password-env PEP_TEST_PASSWORD --log {}",
        folders::python().display(),
        server.endpoint(),
        log.display()
    );
    let mut child = Command::new(client)
        .arg("--answers")
        .arg(&answer_file)
        .args(["--bridge", &bridge])
        .current_dir(folders::root().join("tests/peer"))
        .env("PEP_TEST_PASSWORD", server.password())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client starts");
    let mut stdin = child.stdin.take().expect("its input is piped");
    for command in commands {
        writeln!(stdin, "{command}").expect("the client reads");
    }
    drop(stdin);
    let output = child.wait_with_output().expect("the client ends");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = |bytes: &[u8]| -> Vec<Value> {
        String::from_utf8_lossy(bytes).lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect()
    };
    let notes = lines(&std::fs::read(&log).expect("the bridge's log"))
        .into_iter()
        .filter(|line| line.get("note").is_some())
        .collect();
    Some((lines(&output.stdout), notes))
}

/// The last line about this command.
fn end(lines: &[Value], id: usize) -> &Value {
    lines.iter().rfind(|line| line["id"] == id && line.get("state").is_some()).expect("the command ended")
}

#[test]
fn powershells_own_client_opens_lists_runs_answers_stops_sends_a_credential_and_closes() {
    let server = PracticeServer::start("healthy");
    let answers = json!({ "Prompt": [{ "ResponseToken": "abc" }], "PromptForChoice": [0] });
    let commands = [
        json!({ "command": "Get-Command", "parameters": { "Name": "Test-*" } }),
        json!({ "command": "Test-AzureStack", "parameters": { "Include": ["AzsAcsSummary"] } }),
        json!({ "script": "Get-Date" }),
        json!({ "command": "Unlock-SupportSession" }),
        json!({ "command": "Remove-CloudAdminUser", "parameters": { "UserName": "tester" } }),
        json!({ "metadata": ["*"] }),
        json!({ "pipeline": [{ "command": "Get-Command" }, "Measure-Object"] }),
        json!({ "command": "Get-AzureStackLog", "stop_after_ms": 300 }),
        json!({ "command": "Close-PrivilegedEndpoint", "parameters": {
            "TranscriptsPathDestination": r"\\192.0.2.9\transcripts",
            "Credential": { "$type": "PSCredential", "user": r"CONTOSO\writer", "passwordEnv": "PEP_TEST_PASSWORD" } } }),
    ];
    let Some((lines, notes)) = run(&server, &answers, &commands) else { return };
    assert_eq!(notes, Vec::<Value>::new(), "the server did odd things");
    assert_eq!(lines[0]["pool"], "Opened");
    assert_eq!(lines[0]["server_protocol"], "2.3");
    for (id, state) in [
        (1, "Completed"),
        (2, "Completed"),
        (3, "Failed"),
        (4, "Completed"),
        (5, "Completed"),
        (6, "Completed"),
        (7, "Completed"),
        (8, "Stopped"),
        (9, "Completed"),
    ] {
        assert_eq!(end(&lines, id)["state"], state, "command {id}: {:#}", end(&lines, id));
    }
    assert_eq!(end(&lines, 3)["reason"]["error"]["fqid"], "ScriptsNotAllowed");
    assert!(lines.iter().any(|line| line["id"] == 2 && line["text"] == "PASS : Azure Stack Hub ACS Summary"));
    assert!(lines.iter().any(|line| line["host"] == "Prompt"));
    assert!(lines.iter().any(|line| line["host"] == "PromptForChoice"));
    let last = lines.last().expect("a last line");
    assert_eq!(
        (&last["pool"], &last["keys_exchanged"], &last["transport_error"]),
        (&json!("Closed"), &json!(true), &Value::Null)
    );
    assert_eq!(server.pep.closed_sessions(), 1);
    assert_eq!(server.pep.open_shells(), 0, "the shell was deleted");
}
