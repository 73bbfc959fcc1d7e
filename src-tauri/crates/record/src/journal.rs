//! The journal that a session writes.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::line::Line;
use crate::writer::{self, Order, Shared};

/// How many lines may wait for the writer; an endpoint that sends faster than the disk takes waits here.
const QUEUE: usize = 1_024;

/// The clocks of a record.
pub trait Clock: Send {
    /// The wall clock, in milliseconds since 1970.
    fn utc_ms(&self) -> i64;
    /// A clock that never jumps, in milliseconds.
    fn mono_ms(&self) -> u64;
}

/// Why a record cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The file or its folder cannot be used.
    #[error("the record cannot be used: {0}")]
    Io(String),
    /// The writer has ended after an earlier failure.
    #[error("the record was suspended: {0}")]
    Suspended(String),
    /// Something cannot be written as JSON.
    #[error("the record cannot hold this: {0}")]
    NotJson(String),
}

impl From<std::io::Error> for JournalError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

/// A record that is being written. Dropping it leaves the record without an `end` line: an unfinished session.
pub struct Journal {
    path: PathBuf,
    orders: Mutex<Numbered>,
    shared: Arc<(Mutex<Shared>, Condvar)>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Numbered {
    next: u64,
    clock: Box<dyn Clock>,
    start_ms: u64,
    orders: SyncSender<Order>,
}

impl Journal {
    /// Makes a record that only this user can read, with a first line that holds this header.
    ///
    /// # Errors
    /// When the file exists or cannot be made: without a record there is no session (J-06).
    pub fn create(path: &Path, header: Value, clock: Box<dyn Clock>) -> Result<Self, JournalError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = writer::create(path)?;
        let shared = Arc::new((Mutex::new(Shared::default()), Condvar::new()));
        let (orders, waiting) = sync_channel(QUEUE);
        let for_writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || writer::run(file, &waiting, &for_writer))?;
        let start_ms = clock.mono_ms();
        let journal = Self {
            path: path.to_owned(),
            orders: Mutex::new(Numbered { next: 0, clock, start_ms, orders }),
            shared,
            writer: Mutex::new(Some(thread)),
        };
        journal.append_durable("record", serde_json::json!({ "format": crate::FORMAT, "session": header }))?;
        Ok(journal)
    }

    /// Where it is written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line. It reaches the disk within a second.
    ///
    /// # Errors
    /// When the writer has failed.
    pub fn append(&self, kind: &'static str, data: Value) -> Result<u64, JournalError> {
        self.add(kind, &data, false)
    }

    /// Adds a line and waits until it is on the disk: for everything that must be known after a crash (J-02).
    ///
    /// # Errors
    /// When it could not be brought there.
    pub fn append_durable(&self, kind: &'static str, data: Value) -> Result<u64, JournalError> {
        let seq = self.add(kind, &data, true)?;
        let (shared, changed) = &*self.shared;
        let mut state = lock(shared);
        while state.durable.is_none_or(|durable| durable < seq) {
            if let Some(reason) = &state.failed {
                return Err(JournalError::Suspended(reason.clone()));
            }
            state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(seq)
    }

    fn add(&self, kind: &'static str, data: &Value, durable: bool) -> Result<u64, JournalError> {
        if let Some(reason) = &lock(&self.shared.0).failed {
            return Err(JournalError::Suspended(reason.clone()));
        }
        let data = serde_json::to_string(data).map_err(|error| JournalError::NotJson(error.to_string()))?;
        let mut numbered = lock(&self.orders);
        let seq = numbered.next;
        let (utc_ms, mono) = (numbered.clock.utc_ms(), numbered.clock.mono_ms().saturating_sub(numbered.start_ms));
        // Numbered and queued under one lock, so that lines reach the writer in the order of their numbers.
        let order = Order::Line { seq, utc_ms, mono, kind, data, durable };
        numbered.orders.send(order).map_err(|_| JournalError::Suspended("the writer has ended".to_owned()))?;
        numbered.next += 1;
        Ok(seq)
    }

    /// The lines after a number, oldest first, at most so many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_after(&self, after: Option<u64>, most: usize) -> Result<Vec<Line>, JournalError> {
        let first = after.map_or(0, |after| after + 1);
        let (start_line, start_offset, end) = {
            let state = lock(&self.shared.0);
            let at = usize::try_from(first / writer::INDEX_STEP)
                .unwrap_or(usize::MAX)
                .min(state.index.len().saturating_sub(1));
            let offset = state.index.get(at).copied().unwrap_or(0);
            (u64::try_from(at).unwrap_or(0) * writer::INDEX_STEP, offset, state.written)
        };
        let mut file = std::fs::File::open(&self.path)?;
        file.seek(SeekFrom::Start(start_offset))?;
        let reader = std::io::BufReader::new(file.take(end.saturating_sub(start_offset)));
        let mut lines = Vec::new();
        for (seq, text) in (start_line..).zip(std::io::BufRead::lines(reader)) {
            if lines.len() >= most {
                break;
            }
            let text = text?;
            if seq >= first {
                lines.push(serde_json::from_str(&text).map_err(|error| JournalError::Io(error.to_string()))?);
            }
        }
        Ok(lines)
    }

    /// How many lines there are.
    #[must_use]
    pub fn lines(&self) -> u64 {
        lock(&self.orders).next
    }

    /// Ends the record with an `end` line and answers the hash of that line.
    ///
    /// # Errors
    /// When it could not be brought to the disk.
    pub fn close(&self) -> Result<String, JournalError> {
        self.append_durable("end", Value::Null)?;
        Ok(lock(&self.shared.0).head.clone())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = lock(&self.orders).orders.send(Order::End);
        if let Some(thread) = lock(&self.writer).take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
