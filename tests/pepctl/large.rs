//! Large values cost a few times their size, and answers that do not fit their question are not sent.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tests::folders;
use tests::peer::{PASSWORD, Peer, USER};
use tests::pepctl::{Pepctl, program};

/// Runs its arguments, their output into a file, and prints exit code and peak of resident memory in KiB.
const MEASURE: &str = "import resource, subprocess, sys
with open(sys.argv[1], 'wb') as out:
    code = subprocess.run(sys.argv[2:], stdout=out, stdin=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";

/// What a flood of one value printed, and the peak of memory in bytes.
fn measured(peer: &Peer, size: usize, kind: &str, text: bool) -> (String, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("out");
    let mut command = Command::new(folders::python());
    command.args(["-c", MEASURE]).arg(&file).arg(program());
    command.args(["--endpoint", &peer.endpoint(), "--user", USER, "--password-env", "PEP_TEST_PASSWORD"]);
    command.arg("--trust-first-use").args(text.then_some("--text"));
    command.args(["run", "Test-Flood", "--param", "Count=1"]);
    command.args(["--param", &format!("Size={size}"), "--param", &format!("Kind=\"{kind}\"")]);
    let output = command.env("PEP_TEST_PASSWORD", PASSWORD).stderr(Stdio::inherit()).output().expect("Python starts");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let (code, peak) = said.trim().split_once(' ').expect("two numbers");
    assert_eq!(code, "0");
    (std::fs::read_to_string(file).expect("UTF-8"), peak.parse::<u64>().expect("a number") * 1024)
}

#[test]
fn a_large_value_takes_less_than_four_times_its_size() {
    let peer = Peer::start(&[]);
    let (_, idle) = measured(&peer, 3, "Bytes", false);
    for (kind, wanted) in [("Bytes", 12_000_000), ("String", 12_000_000)] {
        let (printed, peak) = measured(&peer, wanted, kind, false);
        let record: Value = printed
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .find(|line| line["stream"] == "output")
            .expect("the value");
        let text = record["text"].as_str().expect("text");
        if kind == "Bytes" {
            assert_eq!(record["value"]["value"].as_str().expect("base64").len(), wanted / 3 * 4, "the value is whole");
            assert!(text.starts_with("65 66 67 65 ") && text.ends_with(" …"), "the text is cut and marked");
            assert!(text.len() < (1 << 20) + 16);
        } else {
            assert_eq!((text.len(), record["value"].as_str().map(str::len)), (wanted, Some(wanted)));
        }
        let grown = peak.saturating_sub(idle);
        assert!(grown < 4 * wanted as u64, "{kind}: {grown} bytes more than for a small value");
    }
    // A console shows every byte on a line of its own.
    let (printed, peak) = measured(&peer, 1_500_000, "Bytes", true);
    assert_eq!(printed.lines().filter(|line| !line.is_empty()).count(), 1_500_000);
    assert!(peak.saturating_sub(idle) < 12_000_000, "{peak} against {idle}");
}

#[test]
fn an_answer_that_does_not_fit_is_said_and_never_sent() {
    let peer = Peer::start(&["--log-level", "full"]);
    for (what, kind, answer) in [
        ("credential", "credential", json!(["swordfish"])),
        ("credential", "credential", json!("swordfish")),
        ("choice", "choice", json!("swordfish")),
        ("choice", "choice", json!(2)),
        ("multichoice", "choices", json!(1)),
        ("readline", "line", json!(["swordfish"])),
        ("prompt", "fields", json!("swordfish")),
        ("prompt", "fields", json!({ "Other": "swordfish" })),
    ] {
        let outcome = Pepctl::new(&peer.endpoint())
            .line(json!({ "command": "Test-HostPrompt", "parameters": { "What": what } }))
            .line(json!({ "answer": answer }))
            .line(json!({ "command": "Test-Echo", "parameters": { "Value": 7 } }))
            .finish();
        outcome.assert_code(2);
        let refused = outcome.lines.iter().find(|line| line["text"] == "answer refused").expect("it is said");
        assert_eq!((&refused["question_kind"], &refused["error"]), (&json!(kind), &json!("usage")), "{refused}");
        assert!(outcome.stream("error").count() >= 1, "the cmdlet hears of it: {outcome:#?}");
        assert_eq!(outcome.texts("output").last().map(String::as_str), Some("7"), "the session goes on: {outcome:#?}");
        assert!(!format!("{outcome:?}{:?}", peer.log("host_response")).contains("swordfish"), "{outcome:#?}");
    }
    peer.assert_clean();
}
