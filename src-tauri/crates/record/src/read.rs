//! Verification and recovery of records.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use crate::journal::JournalError;
use crate::line::{self, HASH_MARK, Line, NO_HASH};

/// A record whose chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many lines.
    pub lines: u64,
    /// The hash of the last one.
    pub head: String,
    /// Whether the session ended well.
    pub ended: bool,
    /// Where the chain breaks, if it does; `lines` and `head` are about what stands before.
    pub damage: Option<Damage>,
}

/// Where a chain breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The number of the first line that is not right, from 0.
    pub line: u64,
    /// Where it begins in the file, in bytes.
    pub offset: u64,
}

/// Checks every line of a record.
///
/// # Errors
/// When the file cannot be read. Damage is no error but a finding.
pub fn verify(path: &Path) -> Result<Verified, JournalError> {
    let mut reader = BufReader::new(std::fs::File::open(path)?);
    let mut found = Verified { lines: 0, head: NO_HASH.to_owned(), ended: false, damage: None };
    let mut offset = 0;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let length = reader.read_until(b'\n', &mut bytes)?;
        if length == 0 {
            return Ok(found);
        }
        match check(&bytes, found.lines, &found.head) {
            Some(line) => {
                found.ended = line.kind == "end";
                found.head = line.hash;
                found.lines += 1;
                offset += u64::try_from(length).unwrap_or(u64::MAX);
            }
            None => {
                found.damage = Some(Damage { line: found.lines, offset });
                return Ok(found);
            }
        }
    }
}

/// The line, if it is whole and the next of the chain.
fn check(bytes: &[u8], seq: u64, prev: &str) -> Option<Line> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let line: Line = serde_json::from_str(text).ok()?;
    let hashed = text.get(..text.rfind(HASH_MARK)?)?;
    (line.seq == seq && line.prev == prev && line.hash == line::hash(hashed.as_bytes())).then_some(line)
}

/// Puts a damaged record right: the longest valid part stays, the rest goes to a file beside it, and a new line says
/// so. Answers the file beside, or `None` when there was no damage (J-03).
///
/// # Errors
/// When a file cannot be written.
pub fn recover(path: &Path, utc_ms: i64) -> Result<Option<PathBuf>, JournalError> {
    let found = verify(path)?;
    let Some(damage) = found.damage else { return Ok(None) };
    let bytes = std::fs::read(path)?;
    let at = usize::try_from(damage.offset).unwrap_or(usize::MAX).min(bytes.len());
    let (good, bad) = bytes.split_at(at);
    let beside = path.with_extension(format!("damaged-{}.jsonl", damage.line));
    std::fs::write(&beside, bad)?;
    let mut repaired = good.to_vec();
    let data =
        serde_json::json!({ "moved_bytes": bad.len(), "to": beside.file_name().map(|name| name.to_string_lossy()) });
    line::write(found.lines, utc_ms, 0, "recovered", &data.to_string(), &found.head, &mut repaired);
    // Written beside and renamed: a crash in between leaves the old file.
    let fresh = path.with_extension("recovering");
    let mut file = std::fs::File::create(&fresh)?;
    file.write_all(&repaired)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    Ok(Some(beside))
}
