//! `pepctl find` as a process: its lines, its exit code, and what it asked.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tests::arm_server::{AUDIENCE, ArmServer, Behaviour, DeviceStep, Role};
use tests::pepctl::program;
use tests::practice_server::PracticeServer;

const STAMP: &str = r#"{ "DeploymentID": "3c2f0a5e-8d1b-4f7a-9a61-0b6f2d7f4c10", "RegionName": "east", "StampVersion": "1.2206.2.77",
    "EmergencyConsoleIPAddresses": ["192.0.2.224", "192.0.2.225"] }"#;

struct Outcome {
    code: i32,
    lines: Vec<Value>,
}

impl Outcome {
    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().map(move |line| &line[kind]).filter(|value| !value.is_null())
    }

    fn addresses(&self) -> Vec<&str> {
        self.of("candidate").map(|candidate| candidate["address"].as_str().unwrap()).collect()
    }

    fn fact(&self, name: &str) -> Option<&str> {
        self.of("learnt").find(|learnt| learnt["fact"] == name).and_then(|learnt| learnt["value"].as_str())
    }

    fn problem(&self) -> &str {
        self.of("problem").next().and_then(|problem| problem["code"].as_str()).unwrap_or_default()
    }
}

/// Runs it; whoever is told to sign in does that through `open`.
fn find(arguments: &[&str], environment: &[(&str, &str)], open: impl Fn(&str)) -> Outcome {
    let mut child = Command::new(program())
        .arg("find")
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pepctl starts");
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).expect("every line is JSON");
        if let Some(url) = line["sign_in"]["open"].as_str() {
            open(url);
        }
        lines.push(line);
    }
    Outcome { code: child.wait().unwrap().code().unwrap(), lines }
}

fn nobody(url: &str) {
    panic!("nobody was to be asked to open {url}");
}

/// The system browser of whoever reads the line.
fn browser(server: &ArmServer) -> impl Fn(&str) {
    let client = server.browser();
    move |url| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let page = runtime.block_on(async { client.get(url).send().await.expect("a page").status() });
        assert!(page.is_success() || page == 404, "{page}");
    }
}

fn file(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn sources_are_brought_together() {
    let folder = tempfile::tempdir().unwrap();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(STAMP.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let stamp = file(folder.path(), "any.json", utf16);
    let text = "Privileged endpoint\n192.0.2.225, 192.0.2.226\nStamp Cloud ID\n7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77\n\
        DeploymentID: 00000000-8d1b-4f7a-9a61-0b6f2d7f4c10\nTime server\n192.0.2.9\n";
    let text = file(folder.path(), "page.txt", text);
    let found = find(&["--stamp-file", &stamp, "--text-file", &text, "--address", "192.0.2.224:5986"], &[], nobody);
    assert_eq!(found.code, 0, "{:#?}", found.lines);
    assert_eq!(found.addresses(), ["192.0.2.224:5985", "192.0.2.225:5985", "192.0.2.226:5985", "192.0.2.224:5986"]);
    let both = found.of("candidate").nth(1).unwrap();
    assert_eq!((both["confidence"].as_str(), both["sources"].as_array().unwrap().len()), (Some("known"), 2));
    assert_eq!(both["sources"][0]["from"], "any.json");
    assert_eq!((found.fact("region"), found.fact("version")), (Some("east"), Some("1.2206.2.77")));
    assert_eq!(found.of("contradiction").next().unwrap()["fact"], "deployment_id");
    assert_eq!(found.lines.last().unwrap()["state"], "completed");
}

#[test]
fn what_gives_nothing_is_told_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let worksheet = file(folder.path(), "DeploymentData.json", r#"{"DeploymentData":{}}"#);
    for (arguments, code, problem) in [
        (vec!["--stamp-file", &worksheet], 2, "PEP-1102"),
        (vec!["--address", "8.8.8.8"], 2, "PEP-1104"),
        (vec!["--portal", "10.0.0.1"], 2, "PEP-1108"),
        (vec!["--portal", "https://www.google.com"], 2, "PEP-1108"),
        (vec!["--portal", "https://portal.azure.com"], 2, "PEP-1107"),
        (vec!["--arm-endpoint", "https://management.azure.com", "--arm-sign-in", "device"], 2, "PEP-1107"),
        (vec!["--prefix", "no such prefix"], 2, "PEP-1103"),
        (vec!["--domain", "nowhere.invalid"], 3, "PEP-2101"),
        (vec!["--stamp-file", "/nowhere/at/all"], 2, ""),
        (vec!["--arm-endpoint", "https://localhost:1/", "--arm-token-env", "NOT_THERE"], 2, ""),
    ] {
        let found = find(&arguments, &[], nobody);
        assert_eq!((found.code, found.problem()), (code, problem), "{arguments:?} {:#?}", found.lines);
        assert_eq!(found.lines.last().unwrap()["state"], "failed");
    }
}

#[test]
fn a_token_of_the_environment_finds_the_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let server = ArmServer::start(Behaviour::default());
    let (url, root) = (server.url(), file(folder.path(), "root.pem", server.root()));
    let token = server.token(AUDIENCE, Duration::from_secs(600));
    let arguments = ["--arm-endpoint", &url, "--arm-ca", &root, "--arm-token-env", "PEP_TEST_TOKEN"];
    let found = find(&arguments, &[("PEP_TEST_TOKEN", &token)], nobody);
    assert_eq!(found.code, 0, "{:#?}", found.lines);
    assert_eq!(found.addresses(), ["192.0.2.224:5985", "192.0.2.225:5985", "192.0.2.226:5985"]);
    assert_eq!(found.fact("cloud_id"), Some("7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77"));
    assert_eq!(found.fact("exclusive_operation_running"), Some("false"));
    assert_eq!(found.fact("admin_portal"), Some("https://adminportal.east.cloud.contoso.example/"));
    assert_eq!(server.asked().len(), 4);
    assert!(!found.lines.iter().any(|line| line.to_string().contains(&token)), "the token is not printed");

    server.set(|behaviour| behaviour.role = Role::NotInside);
    let found = find(&arguments, &[("PEP_TEST_TOKEN", &token)], nobody);
    assert_eq!((found.code, found.problem()), (4, "PEP-4405"));
    let old = server.token(AUDIENCE, Duration::ZERO);
    let found = find(&arguments, &[("PEP_TEST_TOKEN", &old)], nobody);
    assert_eq!((found.code, found.problem()), (4, "PEP-4403"));

    // Without the root nothing is asked, and the root is offered.
    let before = server.asked().len();
    let found =
        find(&["--arm-endpoint", &url, "--arm-token-env", "PEP_TEST_TOKEN"], &[("PEP_TEST_TOKEN", &token)], nobody);
    assert_eq!((found.code, found.problem()), (5, "PEP-3301"));
    let certificate = found.of("certificate").next().unwrap();
    let wanted = arm::Root::read_all(server.root().as_bytes()).unwrap()[0].fingerprint();
    assert_eq!(certificate["offer"]["sha256"], wanted.as_str());
    assert_eq!(server.asked().len(), before);
}

#[test]
fn a_sign_in_is_printed_and_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    for adfs in [false, true] {
        let server =
            ArmServer::start(Behaviour { adfs, device_steps: vec![DeviceStep::Pending], ..Behaviour::default() });
        let (url, root) = (server.url(), file(folder.path(), "root.pem", server.root()));
        let arguments = ["--arm-endpoint", &url, "--arm-ca", &root, "--arm-sign-in"];
        let found = find(&[&arguments[..], &["device"]].concat(), &[], browser(&server));
        assert_eq!(found.code, 0, "{:#?}", found.lines);
        assert_eq!(found.of("sign_in").next().unwrap()["user_code"], "B4WD-7GHQ");
        assert_eq!(found.addresses().len(), 3);
        if !adfs {
            // AD FS knows port 8400 only, which may be taken where the tests run; the library's tests cover it.
            let found = find(&[&arguments[..], &["browser"]].concat(), &[], browser(&server));
            assert_eq!((found.code, found.addresses().len()), (0, 3), "{:#?}", found.lines);
            assert!(found.of("sign_in").next().unwrap()["user_code"].is_null());
            server.set(|behaviour| behaviour.agrees = false);
            let found = find(&[&arguments[..], &["browser"]].concat(), &[], browser(&server));
            assert_eq!((found.code, found.problem()), (4, "PEP-4411"));
        }
    }
}

#[test]
fn candidates_are_looked_at_without_a_sign_in() {
    let practice = PracticeServer::start("healthy");
    let closed = "127.0.0.1:9";
    let found = find(&["--address", &practice.endpoint(), "--address", closed, "--probe"], &[], nobody);
    assert_eq!(found.code, 0, "{:#?}", found.lines);
    let probe = |address: &str| found.of("probe").find(|probe| probe["address"] == address).unwrap();
    let healthy = probe(&practice.endpoint());
    assert_eq!((healthy["healthy"].as_bool(), healthy["stages"]["negotiate"].as_str()), (Some(true), Some("passed")));
    assert!(healthy["round_trip_ms"].as_f64().unwrap() > 0.0 && healthy["clock_ahead_s"].as_i64().unwrap().abs() <= 1);
    let refused = probe(closed);
    assert_eq!((refused["code"].as_str(), refused["stages"]["port"].as_str()), (Some("PEP-2103"), Some("failed")));
    assert_eq!(refused["stages"]["winrm"], "not_reached");
    assert_eq!(found.lines.last().unwrap()["healthy"], 1);
    let found = find(&["--address", closed, "--probe"], &[], nobody);
    assert_eq!(found.code, 3);
}

#[test]
fn no_proxy_is_used_and_no_log_holds_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let server = ArmServer::start(Behaviour::default());
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let (url, root) = (server.url(), file(folder.path(), "root.pem", server.root()));
    let token = server.token(AUDIENCE, Duration::from_secs(600));
    let output = Command::new(program())
        .args(["find", "--arm-endpoint", &url, "--arm-ca", &root, "--arm-token-env", "PEP_TEST_TOKEN"])
        .env("PEP_TEST_TOKEN", &token)
        .env("RUST_LOG", "trace")
        .envs(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"].map(|name| (name, &proxy_url)))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(proxy.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came to the proxy");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("TRACE"), "the log was on");
    assert!(!log.contains(&token), "{log}");
}

/// Where every line that is printed stands among the others.
fn place(found: &Outcome, what: impl Fn(&Value) -> bool) -> usize {
    found.lines.iter().position(what).unwrap_or_else(|| panic!("{:#?}", found.lines))
}

#[test]
fn a_typed_address_waits_for_no_other_source() {
    let practice = PracticeServer::start("healthy");
    // A Resource Manager that takes the connection and says nothing
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", mute.local_addr().unwrap());
    let endpoint = practice.endpoint();
    let arguments = ["--address", &endpoint, "--probe", "--arm-endpoint", &url, "--arm-token-env", "PEP_TEST_TOKEN"];
    let started = std::time::Instant::now();
    let found = find(&arguments, &[("PEP_TEST_TOKEN", "x")], nobody);
    let (candidate, healthy) =
        (place(&found, |line| line["candidate"].is_object()), place(&found, |line| line["probe"]["healthy"] == true));
    let problem = place(&found, |line| line["problem"]["source"] == "resource_manager");
    assert!(started.elapsed() > Duration::from_secs(2), "it was waited for the mute one");
    assert!(candidate < healthy && healthy < problem, "{:#?}", found.lines);
    assert_eq!((found.code, &found.lines.last().unwrap()["healthy"]), (0, &Value::from(1)));
}

#[test]
fn what_cannot_be_read_loses_no_typed_address() {
    let practice = PracticeServer::start("healthy");
    let endpoint = practice.endpoint();
    let arm =
        ["--arm-endpoint", "https://localhost:1/", "--arm-token-env", "PEP_TEST_TOKEN", "--arm-ca", "/nowhere/at/all"];
    for (source, arguments) in [
        ("stamp_file", &["--stamp-file", "/nowhere/at/all"][..]),
        ("pasted_text", &["--text-file", "/nowhere/at/all"]),
        ("resource_manager", &arm),
    ] {
        let all = [arguments, &["--address", &endpoint, "--probe"]].concat();
        let found = find(&all, &[("PEP_TEST_TOKEN", "x")], nobody);
        assert_eq!((found.code, &found.lines.last().unwrap()["healthy"]), (0, &Value::from(1)), "{:#?}", found.lines);
        let problem = found.of("problem").next().unwrap();
        assert_eq!(problem["source"], source);
        assert!(problem["text"].as_str().unwrap().starts_with("/nowhere/at/all: "), "{problem}");
    }
}

#[test]
fn the_password_in_an_address_is_not_printed() {
    for arguments in [
        ["--portal", "https://user:s3cret@"],
        ["--portal", "https://user:s3cret@10.0.0.1/"],
        ["--portal", "user:s3/cr@et@x"],
        ["--address", "http://user:s3cret@10.0.0.1/"],
        ["--address", "user:s3cret@10.0.0.1"],
    ] {
        let found = find(&arguments, &[], nobody);
        let all = format!("{:?}", found.lines);
        assert!(found.of("problem").next().is_some(), "{all}");
        assert!(!all.contains("s3") && !all.contains("cr@et"), "{all}");
    }
}
