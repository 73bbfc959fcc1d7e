//! What the tests of records share: a clock, and disks that fail when they are told to.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, each of which uses a part"
)]

use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use record::{Clock, Disk, Journal, RecordFile, Storage};
use serde_json::json;

/// A clock that takes a step at every look.
#[derive(Default)]
pub struct Steps(AtomicU64);

impl Clock for Steps {
    fn utc_ms(&self) -> i64 {
        1_700_000_000_000
    }
    fn mono_ms(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// A record with lines of awkward text.
pub fn write(path: &Path, lines: usize) -> String {
    let journal = Journal::create(path, json!({"endpoint": "192.0.2.224"}), Box::new(Steps::default())).unwrap();
    for number in 0..lines {
        journal.append("output", json!({"text": format!("{number} \u{2028} \"q\" ,\"hash\":\"x")})).unwrap();
    }
    journal.close().unwrap()
}

/// SHA-256 in hex, by other code than the product's.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A disk that breaks on purpose.
#[derive(Default, Clone)]
pub struct BrokenDisk(pub Arc<Mutex<Plan>>, Arc<Condvar>);

/// What it does.
#[derive(Default)]
pub struct Plan {
    /// Bytes that still fit; `None` is all.
    pub room: Option<usize>,
    /// How many of the next syncs of files with this in their name fail, and with what.
    pub fail_syncs: usize,
    pub fail_with: Option<ErrorKind>,
    /// Whether a failed sync also loses what was written since the last one, as systems do.
    pub loses: bool,
    /// Writes wait while this is set.
    pub closed: bool,
    /// How many writes wait.
    pub waiting: usize,
    /// All syncs that worked.
    pub syncs: usize,
    /// Whether a file was used again after its sync had failed.
    pub used_again: bool,
}

impl BrokenDisk {
    /// Lets writes through or holds them.
    pub fn close_gate(&self, closed: bool) {
        self.0.lock().unwrap().closed = closed;
        self.1.notify_all();
    }

    /// Waits until a write waits.
    pub fn wait_for_a_writer(&self) {
        let mut plan = self.0.lock().unwrap();
        while plan.waiting == 0 {
            plan = self.1.wait(plan).unwrap();
        }
    }
}

struct BrokenFile {
    disk: BrokenDisk,
    inner: Box<dyn RecordFile>,
    path: PathBuf,
    length: u64,
    synced: u64,
    failed: bool,
}

impl Storage for BrokenDisk {
    fn create(&self, path: &Path) -> std::io::Result<Box<dyn RecordFile>> {
        let inner = Disk.create(path)?;
        let disk = self.clone();
        Ok(Box::new(BrokenFile { disk, inner, path: path.to_owned(), length: 0, synced: 0, failed: false }))
    }

    fn open(&self, path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
        Disk.open(path)
    }

    fn remove(&self, path: &Path) -> std::io::Result<()> {
        let size = std::fs::metadata(path).map_or(0, |about| usize::try_from(about.len()).unwrap());
        Disk.remove(path)?;
        if let Some(room) = &mut self.0.lock().unwrap().room {
            *room += size;
        }
        Ok(())
    }
}

impl RecordFile for BrokenFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let mut plan = self.disk.0.lock().unwrap();
        plan.used_again |= self.failed;
        while plan.closed {
            plan.waiting += 1;
            self.disk.1.notify_all();
            plan = self.disk.1.wait(plan).unwrap();
            plan.waiting -= 1;
        }
        let fits = plan.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if let Some(room) = &mut plan.room {
            *room -= fits;
        }
        // What fits is written, as a disk does it: the rest of the line is missing.
        self.inner.write(&bytes[..fits])?;
        self.length += u64::try_from(fits).unwrap();
        if fits < bytes.len() { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn cut(&mut self, length: u64) -> std::io::Result<()> {
        let freed = usize::try_from(self.length.saturating_sub(length)).unwrap();
        if let Some(room) = &mut self.disk.0.lock().unwrap().room {
            *room += freed;
        }
        self.length = length;
        self.inner.cut(length)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        let mut plan = self.disk.0.lock().unwrap();
        plan.used_again |= self.failed;
        if plan.fail_syncs > 0 {
            plan.fail_syncs -= 1;
            self.failed = true;
            if plan.loses {
                self.inner.cut(self.synced)?;
            }
            let kind = plan.fail_with.unwrap_or(ErrorKind::Other);
            return Err(Error::new(kind, format!("sync of {} failed", self.path.display())));
        }
        plan.syncs += 1;
        self.synced = self.length;
        self.inner.sync()
    }
}
