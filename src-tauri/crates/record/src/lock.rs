//! Which records are being written by a process that lives.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::disk;

/// Held while a record is written. The system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    // Held, not used.
    _file: File,
}

fn path_of(record: &Path) -> PathBuf {
    record.with_extension("lock")
}

impl Lock {
    /// Takes the lock of a record; `None` when a process that lives has it.
    pub(crate) fn take(record: &Path) -> std::io::Result<Option<Self>> {
        let path = path_of(record);
        let file = disk::open_plain(&path, disk::private().write(true).create(true).truncate(false))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock file that stays locks nobody out: what counts is the lock on it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether a process that lives is writing this record.
#[must_use]
pub fn is_live(record: &Path) -> bool {
    match disk::open_plain(&path_of(record), std::fs::OpenOptions::new().read(true).write(true)) {
        Ok(file) => matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    }
}
