//! A key distribution centre on loopback: MIT's, from the system's packages.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::folders;

/// A running KDC of the realm PEP.TEST; it ends when this is dropped.
pub struct Kdc {
    /// None for one of another process
    child: Option<Child>,
    /// Removed with the process that made it
    _made: Option<tempfile::TempDir>,
    folder: PathBuf,
}

/// The variable that names the folder of the KDC for whose settings a process was started.
const FOLDER: &str = "PEP_TEST_KDC";

impl Kdc {
    /// Starts one with the account `cloudadmin@PEP.TEST` and the service `HTTP/localhost`.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(folders::python())
            .args(["-m", "pep_peer.kdc", "--dir"])
            .arg(folder.path())
            .args(arguments)
            .current_dir(folders::root().join("tests/peer"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the KDC starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output is piped")).read_line(&mut line).expect("it prints");
        let ready: Value = serde_json::from_str(&line).expect("the KDC prints JSON when it is ready");
        assert!(ready["port"].is_u64(), "{ready}");
        Self { child: Some(child), folder: folder.path().to_owned(), _made: Some(folder) }
    }

    /// The library reads its settings from the environment, which is one for all tests of a process. So a test starts itself anew,
    /// in a process of its own with the settings of a KDC of its own, and does what it has to do there: it goes on where this is
    /// `Some`, and is over where it is `None`.
    pub fn for_this_test(name: &str, arguments: &[&str]) -> Option<Self> {
        if let Some(folder) = std::env::var_os(FOLDER) {
            return Some(Self { child: None, folder: PathBuf::from(folder), _made: None });
        }
        let kdc = Self::start(arguments);
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(FOLDER, &kdc.folder)
            .env("KRB5_CONFIG", kdc.settings())
            .env("KRB5CCNAME", format!("FILE:{}", kdc.tickets().display()))
            .output()
            .expect("it starts anew");
        let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "{told}");
        assert!(told.contains("1 passed"), "there is no test of this name: {told}");
        None
    }

    /// The settings of its clients.
    pub fn settings(&self) -> PathBuf {
        self.folder.join("krb5.conf")
    }

    /// Another KDC answers in its place, or nobody.
    pub fn point_to(&self, address: SocketAddr) {
        let text = std::fs::read_to_string(self.settings()).expect("the settings");
        let lines = text.lines().map(|line| match line.trim_start().strip_prefix("kdc = 127") {
            Some(_) => format!("    kdc = {address}"),
            None => line.to_owned(),
        });
        std::fs::write(self.settings(), lines.collect::<Vec<_>>().join("\n")).expect("new settings");
    }

    /// Where the tickets of this computer would be.
    pub fn tickets(&self) -> PathBuf {
        self.folder.join("tickets")
    }

    /// Gets tickets for the account with its password, as somebody does who signs in to this computer.
    pub fn get_tickets(&self, account: &str, password: &str) {
        self.kinit("1h", account, password);
    }

    /// Gets tickets that are valid for so long, such as `3s`.
    pub fn get_brief_tickets(&self, lifetime: &str, account: &str, password: &str) {
        self.kinit(lifetime, account, password);
    }

    /// Waits until the library says that the tickets of this computer have expired.
    pub fn wait_until_they_expire(&self) {
        let valid = || {
            let mut klist = Command::new("klist");
            klist.args(["-s", &self.tickets().to_string_lossy()]).env("KRB5_CONFIG", self.settings());
            klist.status().expect("klist is installed").success()
        };
        let begin = std::time::Instant::now();
        while valid() {
            assert!(begin.elapsed() < std::time::Duration::from_secs(60), "the tickets do not expire");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// A KDC that allows the clocks no difference refuses a question on whose way a second has passed: then it is asked again.
    fn kinit(&self, lifetime: &str, account: &str, password: &str) {
        let asked = || {
            let mut child = Command::new("kinit")
                .args(["-l", lifetime, "-c", &self.tickets().to_string_lossy(), account])
                .env("KRB5_CONFIG", self.settings())
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("kinit is installed");
            let mut input = child.stdin.take().expect("its input is piped");
            input.write_all(format!("{password}\n").as_bytes()).expect("it reads");
            drop(input);
            child.wait().expect("it ends").success()
        };
        assert!((0..20).any(|_| asked()), "there are tickets");
    }

    /// The keys of its service.
    pub fn keytab(&self) -> String {
        self.folder.join("http.keytab").to_string_lossy().into_owned()
    }

    /// The lines of its log that hold this word.
    pub fn log(&self, word: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join("kdc.log")).expect("it writes a log");
        text.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
    }
}

impl Drop for Kdc {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

/// A KDC that answers every question with the error that the clocks differ too much; counts what comes over TCP.
pub fn of_another_time() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("loopback");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut length = [0; 4];
            if stream.read_exact(&mut length).is_err() {
                continue;
            }
            let mut question = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut question).expect("loopback");
            counted.fetch_add(1, Ordering::SeqCst);
            // KRB-ERROR of RFC 4120 section 5.9.1: version 5, type 30, the server's time and microseconds, error 37, realm, service.
            let field = |tag: u8, inner: &[u8]| [&[tag, inner.len() as u8][..], inner].concat();
            let number = |tag: u8, value: u8| field(0xa0 | tag, &[2, 1, value]);
            let text = |value: &str| field(0x1b, value.as_bytes());
            let name = [number(0, 2), field(0xa1, &field(0x30, &[text("krbtgt"), text("PEP.TEST")].concat()))].concat();
            let body = [
                number(0, 5),
                number(1, 30),
                field(0xa4, &field(0x18, b"20010101000000Z")),
                number(5, 0),
                number(6, 37),
                field(0xa9, &text("PEP.TEST")),
                field(0xaa, &field(0x30, &name)),
            ]
            .concat();
            let error = field(0x7e, &field(0x30, &body));
            let _ = stream.write_all(&[&(error.len() as u32).to_be_bytes()[..], &error].concat());
        }
    });
    (address, count)
}
