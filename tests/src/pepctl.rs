//! Our headless driver as a child process: what a support engineer would run, and what it printed.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::folders;
use crate::peer::{PASSWORD, USER};

/// No call of a test takes longer.
const LIMIT: Duration = Duration::from_secs(180);

/// The driver's program, built once per test run.
pub fn program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let status = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--package", "pepctl"])
                .current_dir(folders::root())
                .status()
                .expect("cargo starts");
            assert!(status.success(), "pepctl builds");
            folders::target().join("debug/pepctl")
        })
        .clone()
}

/// One call of the driver.
pub struct Pepctl {
    command: Command,
    input: String,
}

/// What a call gave.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code: 0 completed, 1 the cmdlet failed, 2 usage, 3 not reached, 4 refused, 5 identity, 6 protocol.
    pub code: i32,
    /// The JSON lines of standard output.
    pub lines: Vec<Value>,
    /// Standard error.
    pub errors: String,
}

impl Pepctl {
    /// A call against this endpoint with the peer's account and first-use trust.
    pub fn new(endpoint: &str) -> Self {
        Self::as_user(endpoint, USER)
    }

    /// The same with another account.
    pub fn as_user(endpoint: &str, user: &str) -> Self {
        let mut command = Command::new(program());
        command.args(["--endpoint", endpoint, "--user", user, "--password-env", "PEP_TEST_PASSWORD"]);
        command.arg("--trust-first-use").env("PEP_TEST_PASSWORD", PASSWORD);
        Self { command, input: String::new() }
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable, for example one that holds a secret.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds a line to standard input.
    pub fn line(mut self, line: Value) -> Self {
        self.input.push_str(&line.to_string());
        self.input.push('\n');
        self
    }

    /// Runs one cmdlet with parameters `NAME=JSON`.
    pub fn run_cmdlet(self, name: &str, parameters: &[&str]) -> Outcome {
        let mut all = vec!["run", name];
        for parameter in parameters {
            all.extend(["--param", parameter]);
        }
        self.args(&all).finish()
    }

    /// Runs the call to its end: exit code, standard output, standard error.
    pub fn finish_text(self) -> (i32, String, String) {
        let output = self.output();
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (code(&output), text(output.stdout), text(output.stderr))
    }

    /// Starts the call, waits until the condition holds, and ends the process as a crash would.
    pub fn crash_when(mut self, mut condition: impl FnMut() -> bool) {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pepctl starts");
        let mut stdin = child.stdin.take().expect("its input is piped");
        stdin.write_all(self.input.as_bytes()).expect("it reads");
        while !condition() {
            assert_eq!(child.try_wait().expect("it can be asked"), None, "pepctl ended by itself");
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ended");
    }

    /// Runs the call to its end; one that hangs is ended and fails the test.
    pub fn finish(self) -> Outcome {
        let output = self.output();
        let code = code(&output);
        let lines = String::from_utf8(output.stdout)
            .expect("UTF-8")
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
            .collect();
        Outcome { code, lines, errors: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    fn output(mut self) -> Output {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("pepctl starts");
        let mut stdin = child.stdin.take().expect("its input is piped");
        let input = self.input;
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let pid = child.id();
        let (ended, wait) = std::sync::mpsc::channel::<()>();
        let watchdog = std::thread::spawn(move || {
            // Only this child, by its number, and only while its end has not been seen.
            if wait.recv_timeout(LIMIT) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                drop(Command::new("kill").arg(pid.to_string()).status());
            }
        });
        let output = child.wait_with_output().expect("pepctl ends");
        drop(ended);
        watchdog.join().expect("the watchdog ends");
        writer.join().expect("the input was written");
        output
    }
}

impl Outcome {
    /// The records of one stream, in order.
    pub fn stream<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["stream"] == name)
    }

    /// The texts of one stream, in order.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.stream(name).map(|line| line["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What went wrong on the way, in order.
    pub fn interruptions(&self) -> Vec<String> {
        self.texts("interruption")
    }

    /// Why the program ended as it did.
    pub fn why(&self) -> &str {
        self.lines.last().and_then(|line| line["text"].as_str()).unwrap_or_default()
    }

    /// Whether a change of state was told.
    pub fn says(&self, text: &str) -> bool {
        self.stream("state").any(|line| line["text"] == text)
    }

    /// The last line's state.
    pub fn state(&self) -> &str {
        self.lines.last().and_then(|line| line["state"].as_str()).unwrap_or("none")
    }

    /// Asserts the exit code and shows everything when it is another one.
    #[track_caller]
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("pepctl did not end by itself within {LIMIT:?}"))
}
