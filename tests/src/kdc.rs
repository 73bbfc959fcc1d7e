//! A key distribution centre on loopback: MIT's, from the system's packages.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::folders;

/// A running KDC of the realm PEP.TEST; it ends when this is dropped.
pub struct Kdc {
    child: Child,
    folder: tempfile::TempDir,
    settings: PathBuf,
    keytab: PathBuf,
}

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
        let path = |name: &str| PathBuf::from(ready[name].as_str().expect("a path"));
        Self { settings: path("krb5_conf"), keytab: path("keytab"), child, folder }
    }

    /// The settings of its clients.
    pub fn settings(&self) -> &Path {
        &self.settings
    }

    /// The keys of its service.
    pub fn keytab(&self) -> String {
        self.keytab.to_string_lossy().into_owned()
    }

    /// The lines of its log that hold this word.
    pub fn log(&self, word: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("kdc.log")).expect("it writes a log");
        text.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
    }
}

impl Drop for Kdc {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
