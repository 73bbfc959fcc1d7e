//! Records that somebody else left: putting them right, adding a line, looking at them quickly.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::disk;
use crate::journal::JournalError;
use crate::line::{self, Moments, Raw, Said};
use crate::lock::Lock;
use crate::verify::{Damage, Verified, segment, segments, verify};

/// How much of a record's beginning and end is looked at.
const GLANCE: u64 = 64 * 1024;

/// How a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing says that the session ended.
    Open,
    /// The session was left running at the endpoint on purpose.
    LeftRunning,
    /// It ended.
    Ended,
    /// A person said that nobody will come back to it.
    Abandoned,
    /// Somebody came back to it: another record goes on.
    Continued,
}

/// What a quick look at a record tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    /// The version of its format.
    pub format: u32,
    /// What the first line says about the session.
    pub session: Value,
    /// When it was begun, in milliseconds since 1970.
    pub begun_ms: i64,
    /// Whether anything was meant to change at the endpoint.
    pub reached_endpoint: bool,
    /// Whether the session was wholly open: the endpoint's commands were listed.
    pub listed: bool,
    /// How it stands.
    pub standing: Standing,
    /// Whether its last line is not whole.
    pub torn: bool,
}

/// Puts a damaged record right: the longest valid part stays, the rest goes to a file beside it, and a new line says so.
/// Answers the file beside, or `None` when there was no damage (J-03).
///
/// # Errors
/// When a file cannot be written, a process that lives writes it, its format is newer, or the damage lies before its last
/// file: that is no crash.
pub fn recover(path: &Path, utc_ms: i64) -> Result<Option<PathBuf>, JournalError> {
    let _lock = Lock::take(path)?.ok_or(JournalError::Live)?;
    let found = verify(path)?;
    refuse_newer(path, &found)?;
    put_right(path, &found, utc_ms)
}

fn put_right(path: &Path, found: &Verified, utc_ms: i64) -> Result<Option<PathBuf>, JournalError> {
    let Some(damage) = &found.damage else { return Ok(None) };
    if segments(path).last() != Some(&damage.file) {
        return Err(JournalError::Altered(damage.line));
    }
    let beside = set_aside(path, damage)?;
    let moved = std::fs::metadata(&beside)?.len();
    let data = serde_json::json!({ "moved_bytes": moved, "to": beside.file_name().map(|name| name.to_string_lossy()) });
    let mut bytes = Vec::new();
    add(found, utc_ms, "recovered", &data, &mut bytes);
    let mut file = disk::open_plain(&damage.file, OpenOptions::new().write(true))?;
    // The new line goes over the damage and then the rest is cut off: a crash in between leaves damage again, and its
    // rest is set aside again.
    file.seek(SeekFrom::Start(damage.offset))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    file.set_len(damage.offset + u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
    file.sync_all()?;
    Ok(Some(beside))
}

/// Copies what is damaged to a file of its own.
fn set_aside(path: &Path, damage: &Damage) -> Result<PathBuf, JournalError> {
    let mut from = disk::open_plain(&damage.file, OpenOptions::new().read(true))?;
    from.seek(SeekFrom::Start(damage.offset))?;
    let names = (1_u32..).map(|number| path.with_extension(format!("damaged-{}-{number}", damage.line)));
    for beside in names {
        match disk::private().write(true).create_new(true).open(&beside) {
            Ok(mut to) => {
                std::io::copy(&mut from, &mut to)?;
                to.sync_all()?;
                if let Some(folder) = beside.parent() {
                    disk::sync_folder(folder);
                }
                return Ok(beside);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(JournalError::Io("there is no name for the damaged part".to_owned()))
}

fn add(found: &Verified, utc_ms: i64, kind: &str, data: &Value, to: &mut Vec<u8>) {
    let mut prev = line::NO_HASH;
    prev.copy_from_slice(found.head.as_bytes());
    // The clock of that session is gone.
    let said = Said { utc_ms, mono: 0, kind, data: &data.to_string() };
    line::write(found.lines, &said, &prev, &mut Moments::default(), to);
}

fn refuse_newer(path: &Path, found: &Verified) -> Result<(), JournalError> {
    // A first line that cannot be read tells nothing; what a glance finds in it is taken instead.
    let format = found.format.or_else(|| glance(path).ok().map(|glance| glance.format));
    match format {
        Some(newer) if newer > crate::FORMAT => Err(JournalError::Newer(newer)),
        _ => Ok(()),
    }
}

/// Adds a line to a record that nobody writes any more, and brings it to the disk. An unfinished last line is set aside first.
///
/// # Errors
/// As [`recover`]; also when the record was altered.
pub fn append_to(path: &Path, kind: &str, data: &Value, utc_ms: i64) -> Result<(), JournalError> {
    let _lock = Lock::take(path)?.ok_or(JournalError::Live)?;
    let mut found = verify(path)?;
    refuse_newer(path, &found)?;
    if let Some(damage) = &found.damage {
        if !damage.torn {
            return Err(JournalError::Altered(damage.line));
        }
        put_right(path, &found, utc_ms)?;
        found = verify(path)?;
    }
    let last = u32::try_from(segments(path).len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    add(&found, utc_ms, kind, data, &mut bytes);
    let mut file = disk::open_plain(&segment(path, last), OpenOptions::new().append(true))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok(())
}

/// Looks at the beginning and the end of a record, without checking its chain.
///
/// # Errors
/// When it cannot be read or does not begin as a record does.
pub fn glance(path: &Path) -> Result<Glance, JournalError> {
    #[derive(Deserialize)]
    struct Header {
        format: u32,
        #[serde(default)]
        session: Value,
    }
    let no_record = || JournalError::Io("it does not begin as a record does".to_owned());
    let mut head = Vec::new();
    let mut reader = BufReader::new(disk::open_plain(path, OpenOptions::new().read(true))?.take(GLANCE));
    reader.read_until(b'\n', &mut head)?;
    let (first, _) = Raw::parse(&head).filter(|(line, _)| line.kind == "record").ok_or_else(no_record)?;
    let header: Header = serde_json::from_str(first.data.get()).map_err(|_| no_record())?;
    let begun_ms = line::milliseconds(first.utc);
    let (mut reached_endpoint, mut listed) = (false, false);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        let kind = Raw::parse(&bytes).map(|(line, _)| line.kind);
        reached_endpoint |= kind == Some("intent");
        listed |= kind == Some("commands");
        bytes.clear();
    }
    let tail = tail(segments(path).last().map_or(path, PathBuf::as_path))?;
    let torn = tail.last() != Some(&b'\n');
    let mut standing = Standing::Open;
    for line in tail.split_inclusive(|byte| *byte == b'\n') {
        standing = match Raw::parse(line).map(|(line, _)| line.kind) {
            Some("end") => Standing::Ended,
            Some("left_running") => Standing::LeftRunning,
            Some("abandoned") => Standing::Abandoned,
            Some("continued") => Standing::Continued,
            // Coming back to a session begins with an intent; the last words of one that was left change nothing.
            Some("intent") => Standing::Open,
            Some(_) | None => standing,
        };
    }
    Ok(Glance { format: header.format, session: header.session, begun_ms, reached_endpoint, listed, standing, torn })
}

fn tail(path: &Path) -> Result<Vec<u8>, JournalError> {
    let mut file = disk::open_plain(path, OpenOptions::new().read(true))?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(GLANCE)))?;
    let mut bytes = Vec::new();
    file.take(GLANCE).read_to_end(&mut bytes)?;
    Ok(bytes)
}
