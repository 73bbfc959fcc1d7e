//! What a record tells, from its first line to its last, without holding it in memory.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::disk;
use crate::journal::JournalError;
use crate::line::{LONGEST, Raw, milliseconds};
use crate::verify::{Verified, is_plain_name, verify_with};

/// A line, as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The wall clock, in milliseconds since 1970
    pub utc_ms: i64,
    /// Milliseconds since the record was opened
    pub mono: u64,
    /// What it is about
    pub kind: &'a str,
    /// Its content, JSON
    pub data: &'a str,
}

/// Tells every line of a record as far as its chain holds, and answers what was found. Output that has a file of its own is
/// told where it was moved there.
///
/// # Errors
/// When a file of the chain cannot be read. A file of output that cannot be read is named among the damaged ones.
pub fn each(path: &Path, mut on_entry: impl FnMut(Entry<'_>)) -> Result<Verified, JournalError> {
    let mut unread = Vec::new();
    let mut found = verify_with(path, &mut |line| {
        on_entry(Entry { utc_ms: milliseconds(line.utc), mono: line.mono, kind: line.kind, data: line.data.get() });
        if let Some(file) = moved(line)
            && let Some(folder) = path.parent()
            && each_of_side(&folder.join(&file), &mut on_entry).is_err()
        {
            unread.push(file);
        }
    })?;
    unread.retain(|file| !found.damaged_files.contains(file));
    found.damaged_files.append(&mut unread);
    Ok(found)
}

/// The file that the output of a run goes on in.
fn moved(line: &Raw<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Moved {
        file: String,
    }
    let moved: Moved = (line.kind == "output_moved").then(|| serde_json::from_str(line.data.get()).ok()).flatten()?;
    is_plain_name(&moved.file).then_some(moved.file)
}

fn each_of_side(path: &Path, on_entry: &mut impl FnMut(Entry<'_>)) -> std::io::Result<()> {
    #[derive(Deserialize)]
    struct Side<'a> {
        utc: &'a str,
        mono: u64,
        #[serde(rename = "type")]
        kind: &'a str,
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let mut reader = BufReader::with_capacity(1 << 20, disk::open_plain(path, OpenOptions::new().read(true))?);
    let mut bytes = Vec::new();
    while (&mut reader).take(LONGEST).read_until(b'\n', &mut bytes)? > 0 {
        // The last line of a crash may be cut.
        if let Ok(line) = serde_json::from_slice::<Side<'_>>(&bytes) {
            on_entry(Entry { utc_ms: milliseconds(line.utc), mono: line.mono, kind: line.kind, data: line.data.get() });
        }
        bytes.clear();
    }
    Ok(())
}
