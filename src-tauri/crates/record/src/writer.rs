//! The thread that writes: lines are gathered and flushed by size, by time, or because one must be durable.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::journal::lock;
use crate::line;

/// Lines are written when so many bytes wait.
const FLUSH_BYTES: usize = 256 * 1024;
/// Or when this much time has passed.
const FLUSH_AFTER: Duration = Duration::from_secs(1);
/// Every so many lines the place in the file is remembered.
pub(crate) const INDEX_STEP: u64 = 256;

/// What the writer is told.
pub(crate) enum Order {
    Line { seq: u64, utc_ms: i64, mono: u64, kind: &'static str, data: String, durable: bool },
    End,
}

/// What the writer tells.
#[derive(Default)]
pub(crate) struct Shared {
    /// The last line that is on the disk.
    pub(crate) durable: Option<u64>,
    /// How many bytes readers may read.
    pub(crate) written: u64,
    /// Offsets of every 256th line.
    pub(crate) index: Vec<u64>,
    /// The hash of the last written line.
    pub(crate) head: String,
    /// Why nothing more is written.
    pub(crate) failed: Option<String>,
}

/// Makes the file; it must not exist, and no one else may read it (J-10).
pub(crate) fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

struct Writer<'a> {
    file: File,
    waiting: Vec<u8>,
    offset: u64,
    prev: String,
    last: Option<u64>,
    index: Vec<u64>,
    shared: &'a (Mutex<Shared>, Condvar),
}

pub(crate) fn run(file: File, orders: &Receiver<Order>, shared: &(Mutex<Shared>, Condvar)) {
    let mut writer = Writer {
        file,
        waiting: Vec::new(),
        offset: 0,
        prev: line::NO_HASH.to_owned(),
        last: None,
        index: Vec::new(),
        shared,
    };
    if let Err(error) = writer.work(orders) {
        let mut state = lock(&shared.0);
        state.failed = Some(error.to_string());
        drop(state);
        shared.1.notify_all();
        // The queue is drained, so that nobody waits for a writer that is gone.
        while !matches!(orders.recv(), Ok(Order::End) | Err(_)) {}
    }
}

impl Writer<'_> {
    fn work(&mut self, orders: &Receiver<Order>) -> std::io::Result<()> {
        loop {
            match orders.recv_timeout(FLUSH_AFTER) {
                Ok(Order::Line { seq, utc_ms, mono, kind, data, durable }) => {
                    if seq % INDEX_STEP == 0 {
                        self.index.push(self.offset + u64::try_from(self.waiting.len()).unwrap_or(u64::MAX));
                    }
                    self.prev = line::write(seq, utc_ms, mono, kind, &data, &self.prev, &mut self.waiting);
                    self.last = Some(seq);
                    if durable {
                        self.flush(true)?;
                    } else if self.waiting.len() >= FLUSH_BYTES {
                        self.flush(false)?;
                    }
                }
                Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => return self.flush(true),
                Err(RecvTimeoutError::Timeout) => self.flush(false)?,
            }
        }
    }

    fn flush(&mut self, durable: bool) -> std::io::Result<()> {
        if !self.waiting.is_empty() {
            self.file.write_all(&self.waiting)?;
            self.offset += u64::try_from(self.waiting.len()).unwrap_or(u64::MAX);
            self.waiting.clear();
        }
        if durable {
            // A failed sync is never tried again on the same handle (J-04): the error ends the writer.
            self.file.sync_data()?;
        }
        let mut state = lock(&self.shared.0);
        state.written = self.offset;
        state.index.append(&mut self.index);
        state.head.clone_from(&self.prev);
        if durable {
            state.durable = self.last;
        }
        drop(state);
        self.shared.1.notify_all();
        Ok(())
    }
}
