//! Large output has files of its own; the chain holds their hashes (J-07).

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::disk::{RecordFile, Storage};
use crate::line::{self, Moments, Said};

/// Lines are written when so many bytes wait.
const WRITE_BYTES: usize = 256 * 1024;
/// Every so many bytes the chain says what the file holds so far.
const CHECKPOINT: u64 = 16 << 20;

/// Lines for the chain.
type Lines = Vec<(&'static str, String)>;

/// A file could not be written.
pub(crate) struct Failed {
    pub(crate) reason: String,
    /// Lines that are not in any file.
    pub(crate) lines: u64,
}

/// The output of all runs of one record.
pub(crate) struct Sides {
    storage: Arc<dyn Storage>,
    base: PathBuf,
    after: u64,
    files: u32,
    runs: HashMap<Arc<str>, Output>,
}

#[derive(Default)]
struct Output {
    bytes: u64,
    side: Option<Side>,
}

struct Side {
    name: String,
    file: Box<dyn RecordFile>,
    waiting: Vec<u8>,
    waiting_lines: u64,
    hasher: Sha256,
    /// What the file holds.
    lines: u64,
    bytes: u64,
    /// What the chain knows about, and what is on the disk.
    told: u64,
    on_disk: u64,
}

impl Sides {
    pub(crate) fn new(storage: Arc<dyn Storage>, base: &Path, after: u64) -> Self {
        Self { storage, base: base.to_owned(), after, files: 0, runs: HashMap::new() }
    }

    /// Takes a line of a run, if that has a file of its own or gets one now; else it belongs into the chain.
    pub(crate) fn output(
        &mut self,
        run: &Arc<str>,
        said: &Said<'_>,
        moments: &mut Moments,
    ) -> (bool, Result<Lines, Failed>) {
        let output = self.runs.entry(Arc::clone(run)).or_default();
        output.bytes += u64::try_from(said.data.len()).unwrap_or(u64::MAX);
        if output.bytes <= self.after {
            return (false, Ok(Vec::new()));
        }
        let mut lines = Vec::new();
        if output.side.is_none() {
            self.files += 1;
            let path = self.base.with_extension(format!("output-{}.jsonl", self.files));
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match self.storage.create(&path) {
                Ok(file) => {
                    lines.push(("output_moved", json!({ "run": &**run, "file": name }).to_string()));
                    output.side = Some(Side::new(name, file));
                }
                // Without a file of its own it stays in the chain, and that is tried again after as much as before.
                Err(_) => {
                    output.bytes = 0;
                    return (false, Ok(Vec::new()));
                }
            }
        }
        let Some(side) = &mut output.side else { return (false, Ok(lines)) };
        side.add(said, moments);
        if side.waiting.len() >= WRITE_BYTES
            && let Err(failed) = side.write()
        {
            output.side = None;
            return (true, Err(failed));
        }
        if side.bytes - side.told >= CHECKPOINT {
            match side.checkpoint(run, false) {
                Ok(line) => lines.push(line),
                Err(line) => {
                    // Nobody knows what of it is on the disk; the rest goes into another file.
                    lines.push(line);
                    output.side = None;
                }
            }
        }
        (true, Ok(lines))
    }

    /// Brings everything to the disk.
    pub(crate) fn flush(&mut self) -> Result<Lines, Failed> {
        let mut lines = Vec::new();
        for (run, output) in &mut self.runs {
            let Some(side) = &mut output.side else { continue };
            if let Err(failed) = side.write() {
                output.side = None;
                return Err(failed);
            }
            if side.on_disk < side.bytes
                && let Err(error) = side.sync()
            {
                lines.push(side.gap(run, &error));
                output.side = None;
            }
        }
        Ok(lines)
    }

    /// A run gives no more output.
    pub(crate) fn end(&mut self, run: &Arc<str>) -> Result<Lines, Failed> {
        let Some(mut side) = self.runs.remove(run).and_then(|output| output.side) else { return Ok(Vec::new()) };
        side.write()?;
        Ok(vec![side.checkpoint(run, true).unwrap_or_else(|line| line)])
    }

    /// No run gives any more output.
    pub(crate) fn end_all(&mut self) -> Result<Lines, Failed> {
        let runs: Vec<Arc<str>> = self.runs.keys().cloned().collect();
        let mut lines = Vec::new();
        for run in runs {
            lines.append(&mut self.end(&run)?);
        }
        Ok(lines)
    }
}

impl Side {
    fn new(name: String, file: Box<dyn RecordFile>) -> Self {
        Self {
            name,
            file,
            waiting: Vec::new(),
            waiting_lines: 0,
            hasher: Sha256::new(),
            lines: 0,
            bytes: 0,
            told: 0,
            on_disk: 0,
        }
    }

    fn add(&mut self, said: &Said<'_>, moments: &mut Moments) {
        // Writing into memory does not fail.
        self.waiting.extend_from_slice(b"{\"utc\":\"");
        moments.write(said.utc_ms, &mut self.waiting);
        let _ = write!(self.waiting, "\",\"mono\":{},\"type\":\"{}\",\"data\":", said.mono, said.kind);
        self.waiting.extend_from_slice(said.data.as_bytes());
        self.waiting.extend_from_slice(b"}\n");
        self.waiting_lines += 1;
    }

    fn write(&mut self) -> Result<(), Failed> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.file.write(&self.waiting) {
            // A part of a line may stand there. The hash in the chain is about what stands before.
            let _ = self.file.cut(self.bytes);
            return Err(Failed { reason: error.to_string(), lines: self.waiting_lines });
        }
        self.hasher.update(&self.waiting);
        self.bytes += u64::try_from(self.waiting.len()).unwrap_or(u64::MAX);
        self.lines += self.waiting_lines;
        self.waiting.clear();
        self.waiting_lines = 0;
        Ok(())
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.file.sync()?;
        self.on_disk = self.bytes;
        Ok(())
    }

    /// What the file holds, or that nobody knows.
    fn checkpoint(&mut self, run: &str, whole: bool) -> Result<(&'static str, String), (&'static str, String)> {
        if self.on_disk < self.bytes
            && let Err(error) = self.sync()
        {
            return Err(self.gap(run, &error));
        }
        self.told = self.bytes;
        let hash = line::text(&line::hex(&self.hasher.clone().finalize()));
        let said = json!({
            "run": run, "file": self.name, "lines": self.lines, "bytes": self.bytes, "sha256": hash, "whole": whole,
        });
        Ok(("output_file", said.to_string()))
    }

    fn gap(&self, run: &str, error: &std::io::Error) -> (&'static str, String) {
        let said = json!({
            "run": run, "file": self.name, "error": error.to_string(), "on_disk_bytes": self.on_disk, "bytes": self.bytes,
        });
        ("gap", said.to_string())
    }
}
