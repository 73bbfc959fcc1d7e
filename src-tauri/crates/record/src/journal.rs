//! The journal that a session writes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::Serialize;
use serde_json::Value;

use crate::disk;
use crate::disk::{Disk, Storage};
use crate::lock::Lock;
use crate::queue::{Class, Order, Queue, Suspension};
use crate::writer::Writer;

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
    /// It is suspended: the disk is full or broken, and nothing new may begin.
    #[error("the record is suspended: {0}")]
    Suspended(String),
    /// Something cannot be written as JSON.
    #[error("the record cannot hold this: {0}")]
    NotJson(String),
    /// A process that lives is writing it.
    #[error("the record is being written by another window")]
    Live,
    /// It was written by a newer version; this one only reads it (J-12).
    #[error("the record has the newer format {0} and is only read")]
    Newer(u32),
    /// Something before its end was changed afterwards.
    #[error("the record was altered at line {0}")]
    Altered(u64),
}

impl From<std::io::Error> for JournalError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

/// Sizes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one command's output in the chain; what is more goes to a file beside (J-07).
    pub side_after: u64,
    /// Bytes kept free for the last lines when the disk is full (J-05).
    pub reserve: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { side_after: 64 << 20, reserve: 4 << 20 }
    }
}

/// A record that is being written. Dropping it leaves the record without an `end` line: an unfinished session.
pub struct Journal {
    path: PathBuf,
    clock: Mutex<(Box<dyn Clock>, u64)>,
    queue: Arc<Queue>,
    writer: Mutex<Option<JoinHandle<()>>>,
    _lock: Lock,
}

impl Journal {
    /// Makes a record that only this user can read, with a first line that holds this header.
    ///
    /// # Errors
    /// When the file exists or cannot be made: without a record there is no session (J-06).
    pub fn create(path: &Path, header: Value, clock: Box<dyn Clock>) -> Result<Self, JournalError> {
        Self::create_on(Arc::new(Disk), path, header, clock, Limits::default())
    }

    /// The same on another storage and with other sizes.
    ///
    /// # Errors
    /// As [`Journal::create`].
    pub fn create_on(
        storage: Arc<dyn Storage>,
        path: &Path,
        header: Value,
        clock: Box<dyn Clock>,
        limits: Limits,
    ) -> Result<Self, JournalError> {
        if let Some(folder) = path.parent() {
            disk::private_folder(folder)?;
        }
        let lock = Lock::take(path)?.ok_or(JournalError::Live)?;
        let file = storage.create(path)?;
        let reserve = path.with_extension("reserve");
        let mut kept = storage.create(&reserve)?;
        let made = kept.write(&vec![b'.'; limits.reserve]).and_then(|()| kept.sync());
        drop(kept);
        if let Err(error) = made {
            // Too little space for the reserve is too little for a session.
            let _ = storage.remove(&reserve);
            let _ = storage.remove(path);
            return Err(error.into());
        }
        let queue = Arc::new(Queue::default());
        let writer = Writer::new(storage, Arc::clone(&queue), limits, path.to_owned(), reserve, file);
        let thread = std::thread::Builder::new().name("record".to_owned()).spawn(move || writer.run())?;
        let start_ms = clock.mono_ms();
        let journal = Self {
            path: path.to_owned(),
            clock: Mutex::new((clock, start_ms)),
            queue,
            writer: Mutex::new(Some(thread)),
            _lock: lock,
        };
        journal.append_durable("record", serde_json::json!({ "format": crate::FORMAT, "session": header }))?;
        Ok(journal)
    }

    /// Where it is written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why nothing new may begin, if the disk is full or broken.
    #[must_use]
    pub fn suspension(&self) -> Option<Suspension> {
        self.queue.lock().suspended.clone()
    }

    /// Whether a line would have to wait for the disk.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Adds a line. It reaches the disk within a second. When the disk is slower than the lines, this waits; when the
    /// record is suspended, the line is only counted.
    ///
    /// # Errors
    /// When it is no JSON, or the record is suspended.
    pub fn append(&self, kind: &'static str, data: impl Serialize) -> Result<(), JournalError> {
        self.give(Class::Ordinary, kind, &data, None)?;
        self.suspended()
    }

    /// The same for output of a run: what is very long goes to a file beside (J-07).
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_output(&self, run: &Arc<str>, kind: &'static str, data: impl Serialize) -> Result<(), JournalError> {
        self.give(Class::Ordinary, kind, &data, Some(Arc::clone(run)))?;
        self.suspended()
    }

    /// A run gives no more output.
    pub fn end_output(&self, run: &Arc<str>) {
        self.queue.give(|| {
            let (utc_ms, mono) = self.now();
            Order::EndOutput { run: Arc::clone(run), utc_ms, mono }
        });
    }

    /// Adds a line and waits until it is on the disk: before anything changes at the endpoint (J-02).
    ///
    /// # Errors
    /// When it could not be brought there, or the record is suspended. What it announces must not be done.
    pub fn append_durable(&self, kind: &'static str, data: impl Serialize) -> Result<(), JournalError> {
        let number = self.give(Class::Durable, kind, &data, None)?;
        self.queue.wait(number).map_err(JournalError::Suspended)
    }

    /// Adds a line about an ending and waits until it is on the disk. It has room even when the disk is full.
    ///
    /// # Errors
    /// When it could not be brought there.
    pub fn append_ending(&self, kind: &'static str, data: impl Serialize) -> Result<(), JournalError> {
        let number = self.give(Class::Ending, kind, &data, None)?;
        self.queue.wait(number).map_err(JournalError::Suspended)
    }

    fn give(
        &self,
        class: Class,
        kind: &'static str,
        data: &impl Serialize,
        run: Option<Arc<str>>,
    ) -> Result<u64, JournalError> {
        let data = serde_json::to_string(data).map_err(|error| JournalError::NotJson(error.to_string()))?;
        Ok(self.queue.give(|| {
            let (utc_ms, mono) = self.now();
            Order::Line { class, utc_ms, mono, kind, data, run }
        }))
    }

    fn now(&self) -> (i64, u64) {
        let clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        (clock.0.utc_ms(), clock.0.mono_ms().saturating_sub(clock.1))
    }

    fn suspended(&self) -> Result<(), JournalError> {
        match &self.queue.lock().suspended {
            Some(suspended) => Err(JournalError::Suspended(suspended.reason.clone())),
            None => Ok(()),
        }
    }

    /// Ends the record with an `end` line and answers the hash of that line.
    ///
    /// # Errors
    /// When it could not be brought to the disk.
    pub fn close(&self) -> Result<String, JournalError> {
        self.append_ending("end", Value::Null)?;
        Ok(self.queue.lock().head.clone())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}
