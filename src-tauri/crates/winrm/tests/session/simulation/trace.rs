//! All that happens in a simulation, as a hash, and as lines when someone wants to read them.

use std::fmt::Write as _;
use std::sync::Mutex;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// Every byte that is sent and comes back, every event, every intent, each with its moment.
#[derive(Default)]
pub(crate) struct Trace(Mutex<Option<Written>>);

struct Written {
    begin: Instant,
    hash: Sha256,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// A trace that begins now; without one, nothing is written down.
    pub(crate) fn begin(with_lines: bool) -> Self {
        let lines = with_lines.then(Vec::new);
        Self(Mutex::new(Some(Written { begin: Instant::now(), hash: Sha256::new(), lines })))
    }

    pub(crate) fn note(&self, what: &str, text: &str) {
        self.add(what, &[text.as_bytes()], |line| line.push_str(text));
    }

    pub(crate) fn bytes(&self, what: &str, line: usize, parts: &[&[u8]]) {
        self.add(what, &[&[&line.to_le_bytes()[..]], parts].concat(), |text| {
            let hash: [u8; 32] = parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize().into();
            let count: usize = parts.iter().map(|part| part.len()).sum();
            let _ = write!(
                text,
                "line {line}, {count} bytes, {:02x}{:02x}{:02x}{:02x}",
                hash[0], hash[1], hash[2], hash[3]
            );
        });
    }

    fn add(&self, what: &str, parts: &[&[u8]], show: impl FnOnce(&mut String)) {
        let mut written = self.0.lock().unwrap();
        let Some(Written { begin, hash, lines }) = &mut *written else { return };
        let passed = u64::try_from(begin.elapsed().as_micros()).unwrap();
        hash.update(passed.to_le_bytes());
        // With lengths, so that no two traces can look the same.
        for part in [&[what.as_bytes()], parts].concat() {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        if let Some(lines) = lines {
            let mut line = format!("{:>10.3} s  {what}: ", begin.elapsed().as_secs_f64());
            show(&mut line);
            lines.push(line);
        }
    }

    /// The hash, and the lines.
    pub(crate) fn end(&self) -> ([u8; 32], Vec<String>) {
        let written = self.0.lock().unwrap().take().unwrap();
        (written.hash.finalize().into(), written.lines.unwrap_or_default())
    }
}

/// A hash as text.
pub(crate) fn hex(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
