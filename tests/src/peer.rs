//! The independent PEP server in `tests/peer` as a child process, with its control port.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::folders;

/// The account that the peer knows when nothing else is said.
pub const USER: &str = r"AZURESTACK\cloudadmin";
/// Its password.
pub const PASSWORD: &str = "Password123!";

/// A running peer; it ends when this is dropped.
pub struct Peer {
    child: Child,
    host: String,
    port: u16,
    control: String,
    tls_key: Option<String>,
}

impl Peer {
    /// Starts a peer with these further arguments (`tests/peer/README.md` lists them) and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(folders::python())
            .args(["-m", "pep_peer", "--port", "0", "--print-port", "--exit-with-parent"])
            .args(arguments)
            .current_dir(folders::root().join("tests/peer"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output is piped")).read_line(&mut line).expect("it prints");
        let ready: Value = serde_json::from_str(&line).expect("the peer prints its ports as JSON when it is ready");
        let number = |name: &str| u16::try_from(ready[name].as_u64().expect("a port")).expect("a port number");
        let url = ready["url"].as_str().and_then(|url| url.split_once("://")).expect("an address");
        let host = url.1.split(':').next().unwrap_or_default().to_owned();
        let tls_key = ready["tls_key"].as_str().map(str::to_owned);
        let control = format!("http://127.0.0.1:{}/ctl", number("ctl_port"));
        Self { child, host, port: number("port"), control, tls_key }
    }

    /// A peer with a real PowerShell engine behind its front, with this session configuration.
    pub fn with_engine(engine: &Path, configuration: &Path, arguments: &[&str]) -> Self {
        let (engine, configuration) = (engine.to_string_lossy(), configuration.to_string_lossy());
        let mut all = vec!["--engine", &engine, "--engine-config", &configuration];
        all.extend(arguments);
        Self::start(&all)
    }

    /// `host:port`, with `https://` in front when it speaks TLS.
    pub fn endpoint(&self) -> String {
        let scheme = if self.tls_key.is_some() { "https://" } else { "" };
        format!("{scheme}{}:{}", self.host, self.port)
    }

    /// The SHA-256 of its public key, as it was calculated there.
    pub fn tls_key(&self) -> &str {
        self.tls_key.as_deref().expect("it speaks TLS")
    }

    /// The port of the WS-Management listener.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its control port answers.
    pub fn control_url(&self) -> &str {
        &self.control
    }

    /// Settings, statistics, rules, shells and notes.
    pub fn state(&self) -> Value {
        ureq::get(&self.control).call().expect("the control port answers").body_mut().read_json().expect("JSON")
    }

    /// Changes settings or rules or breaks something; answers the new state.
    pub fn control(&self, order: Value) -> Value {
        ureq::post(&self.control)
            .send_json(order)
            .expect("the control port accepts the order")
            .body_mut()
            .read_json()
            .expect("JSON")
    }

    /// Adds one fault rule.
    pub fn rule(&self, rule: Value) {
        self.control(json!({ "rules": [rule] }));
    }

    /// As if it were started anew: no shells, no log, and nothing but these settings and rules. For tests with many cases, when
    /// no client is connected any more.
    pub fn begin(&self, order: Value) {
        self.control(json!({ "kill_shell": "*" }));
        self.control(json!({ "reset": true }));
        self.control(order);
    }

    /// The log entries of this kind.
    pub fn log(&self, kind: &str) -> Vec<Value> {
        ureq::get(format!("{}/log?since=0&kind={kind}", self.control))
            .call()
            .expect("the control port answers")
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_json()
            .expect("JSON")
    }

    /// How many third messages of a sign-in (good or bad) the peer has seen.
    pub fn sign_ins(&self) -> usize {
        self.log("auth_ok").len() + self.log("auth_fail").len()
    }

    /// How many messages that depend on the password were sent, whatever became of them.
    pub fn passwords(&self) -> usize {
        self.log("token").iter().filter(|entry| entry["authenticate"] == true).count()
    }

    /// The requests of one operation, in their order. Receives are there at the log level `full` only.
    pub fn requests(&self, action: &str) -> Vec<Value> {
        self.log("request").into_iter().filter(|entry| entry["action"] == action).collect()
    }

    /// How often a cmdlet was run.
    pub fn executions(&self, name: &str) -> usize {
        self.log("invoke").iter().filter(|entry| entry["name"] == name).count()
    }

    /// The ids of the commands that the only shell has.
    pub fn commands(&self) -> Vec<String> {
        let state = self.state();
        let shells = state["shells"].as_array().expect("a list");
        assert_eq!(shells.len(), 1, "one shell: {shells:?}");
        shells[0]["commands"].as_array().expect("a list").iter().map(|id| id.to_string()).collect()
    }

    /// Waits until this holds; a test that waits for more than a minute has failed.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begin = std::time::Instant::now();
        while !holds(self) {
            assert!(begin.elapsed() < std::time::Duration::from_secs(60), "{what}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// How many sealed requests and new connections came after the first rule was carried out, without one connection that
    /// was being made by then.
    pub fn requests_after_the_fault(&self) -> usize {
        let log = self.log("fault_injected");
        let fault = log.first().expect("the rule was carried out")["seq"].as_u64();
        let later = |kind: &str| self.log(kind).iter().filter(|entry| entry["seq"].as_u64() > fault).count();
        later("request") + later("connect").saturating_sub(1)
    }

    /// Asserts that the client did nothing that a correct client does not do, and that the peer itself is well.
    pub fn assert_clean(&self) {
        let state = self.state();
        assert_eq!(state["notes"], json!([]), "the peer noted things that a correct client does not do");
        assert_eq!(state["stats"]["errors"], json!(0), "the peer itself failed");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The end of its standard input ends the peer; the kill is for one that hangs on purpose.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
