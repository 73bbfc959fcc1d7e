//! Reading records back and checking their chain.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::disk::{Disk, Storage as _};
use crate::journal::JournalError;
use crate::line::{self, Hash, LONGEST, Line, NO_HASH, Raw};

/// What is found in a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// How many lines.
    pub lines: u64,
    /// The hash of the last one.
    pub head: String,
    /// Whether the session ended well.
    pub ended: bool,
    /// Where the chain breaks, if it does; `lines` and `head` are about what stands before.
    pub damage: Option<Damage>,
    /// Files of large output that are missing or do not have the hash that the chain holds.
    pub damaged_files: Vec<String>,
    /// The version of its format, out of the first line.
    pub format: Option<u32>,
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The number of the first line that is not right, from 0.
    pub line: u64,
    /// The file.
    pub file: PathBuf,
    /// Where the line begins in the file, in bytes.
    pub offset: u64,
    /// Whether it is the unfinished last line of the last file, as a crash leaves it; anything else is an alteration.
    pub torn: bool,
}

/// The file with this number, from 1, of a record in several.
pub(crate) fn segment(base: &Path, number: u32) -> PathBuf {
    if number <= 1 { base.to_owned() } else { base.with_extension(format!("{number}.jsonl")) }
}

/// All files of a record's chain, in order.
pub(crate) fn segments(base: &Path) -> Vec<PathBuf> {
    let more = (2..).map(|number| segment(base, number)).take_while(|path| path.exists());
    std::iter::once(base.to_owned()).chain(more).collect()
}

/// A chain on its way through the files.
struct Chain {
    next: u64,
    prev: Hash,
}

/// Where checking a file ended.
struct End {
    offset: u64,
    /// The bytes of the line that is not right.
    wrong: Option<Vec<u8>>,
}

impl Chain {
    /// Checks lines until the file ends, a line is not right, or this number is reached.
    fn check(
        &mut self,
        reader: &mut impl BufRead,
        stop_at: Option<u64>,
        on_line: &mut dyn FnMut(&Raw<'_>),
    ) -> std::io::Result<End> {
        let mut offset = 0;
        let mut bytes = Vec::new();
        while stop_at.is_none_or(|stop| self.next < stop) {
            bytes.clear();
            let length = (&mut *reader).take(LONGEST).read_until(b'\n', &mut bytes)?;
            if length == 0 {
                break;
            }
            let line = Raw::of_chain(&bytes, self.next, &self.prev);
            let Some((line, hash)) = line.and_then(|line| line.hash_bytes().map(|hash| (line, hash))) else {
                return Ok(End { offset, wrong: Some(bytes) });
            };
            on_line(&line);
            self.next += 1;
            self.prev = hash;
            offset += u64::try_from(length).unwrap_or(u64::MAX);
        }
        Ok(End { offset, wrong: None })
    }
}

/// Checks every line of a record, and the files of large output that it names.
///
/// # Errors
/// When a file cannot be read. Damage is no error but a finding.
pub fn verify(path: &Path) -> Result<Verified, JournalError> {
    verify_with(path, &mut |_| {})
}

/// All lines of a record, as far as its chain holds, and what was found.
///
/// # Errors
/// When a file cannot be read.
pub fn read(path: &Path) -> Result<(Vec<Line>, Verified), JournalError> {
    let mut lines = Vec::new();
    let found = verify_with(path, &mut |line| lines.push(line.to_line()))?;
    Ok((lines, found))
}

pub(crate) fn verify_with(path: &Path, on_line: &mut dyn FnMut(&Raw<'_>)) -> Result<Verified, JournalError> {
    let mut found = Verified::default();
    let mut chain = Chain { next: 0, prev: NO_HASH };
    let mut files: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let all = segments(path);
    for (at, file) in all.iter().enumerate() {
        let mut reader = BufReader::new(Disk.open(file)?);
        // The next file repeats what was not certain to be in this one.
        let stop_at = match all.get(at + 1) {
            Some(next) => first_number(next)?,
            None => None,
        };
        if stop_at.is_some_and(|stop| stop < chain.next) {
            found.damage = Some(Damage { line: chain.next, file: file.clone(), offset: 0, torn: false });
            break;
        }
        let end = chain.check(&mut reader, stop_at, &mut |line| {
            note(line, &mut found, &mut files);
            on_line(line);
        })?;
        let short = stop_at.is_some_and(|stop| chain.next < stop);
        if end.wrong.is_some() || short {
            let last = at + 1 == all.len();
            let torn = last
                && end.wrong.as_ref().is_some_and(|bytes| bytes.last() != Some(&b'\n'))
                && reader.fill_buf()?.is_empty();
            found.damage = Some(Damage { line: chain.next, file: file.clone(), offset: end.offset, torn });
            break;
        }
    }
    found.lines = chain.next;
    found.head = line::text(&chain.prev);
    for (name, (bytes, hash)) in files {
        if !is_plain_name(&name) || !path.parent().is_some_and(|folder| has_hash(&folder.join(&name), bytes, &hash)) {
            found.damaged_files.push(name);
        }
    }
    Ok(found)
}

/// Whether a name out of a record is a name, not a way to another folder.
pub(crate) fn is_plain_name(name: &str) -> bool {
    !name.contains(['/', '\\']) && name != ".."
}

fn note(line: &Raw<'_>, found: &mut Verified, files: &mut BTreeMap<String, (u64, String)>) {
    #[derive(serde::Deserialize)]
    struct Header {
        format: u32,
    }
    #[derive(serde::Deserialize)]
    struct OutputFile {
        file: String,
        bytes: u64,
        sha256: String,
    }
    found.ended = line.kind == "end";
    match line.kind {
        "record" if line.seq == 0 => {
            found.format = serde_json::from_str(line.data.get()).ok().map(|header: Header| header.format);
        }
        "output_file" => {
            if let Ok(OutputFile { file, bytes, sha256 }) = serde_json::from_str(line.data.get()) {
                files.insert(file, (bytes, sha256));
            }
        }
        _ => {}
    }
}

/// The number of the first line of a file.
fn first_number(path: &Path) -> Result<Option<u64>, JournalError> {
    let mut bytes = Vec::new();
    BufReader::new(Disk.open(path)?).take(LONGEST).read_until(b'\n', &mut bytes)?;
    Ok(Raw::parse(&bytes).map(|(line, _)| line.seq))
}

fn has_hash(path: &Path, bytes: u64, hash: &str) -> bool {
    let digest = Disk.open(path).and_then(|file| {
        let mut hasher = Sha256::new();
        let mut reader = BufReader::with_capacity(1 << 20, file.take(bytes));
        let mut read = 0;
        loop {
            let buffer = reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            hasher.update(buffer);
            let length = buffer.len();
            read += u64::try_from(length).unwrap_or(u64::MAX);
            reader.consume(length);
        }
        Ok((read, hasher.finalize()))
    });
    digest.is_ok_and(|(read, digest)| read == bytes && line::hex(&digest) == hash.as_bytes())
}

/// Whether the first bytes of a file are lines that end before the line with this number and with this hash.
pub(crate) fn holds(reader: impl Read, length: u64, next: u64, prev: &Hash) -> Result<(), String> {
    if length == 0 {
        return Ok(());
    }
    let mut reader = BufReader::new(reader.take(length));
    let mut first = Vec::new();
    (&mut reader).take(LONGEST).read_until(b'\n', &mut first).map_err(|error| error.to_string())?;
    // A later file begins somewhere in the chain.
    let (line, hashed) = Raw::parse(&first).ok_or("its first line is not whole")?;
    let hash = line::hash(hashed);
    if line.hash.as_bytes() != hash {
        return Err("its first line is not right".to_owned());
    }
    let mut chain = Chain { next: line.seq + 1, prev: hash };
    let end = chain.check(&mut reader, Some(next), &mut |_| {}).map_err(|error| error.to_string())?;
    if end.wrong.is_some() || chain.next != next || &chain.prev != prev {
        return Err(format!("it holds only the lines before {}", chain.next));
    }
    Ok(())
}

/// Checks bytes as if they were the only file of a record: how many lines are right, and where it breaks.
#[must_use]
pub fn check_bytes(bytes: &[u8]) -> (u64, Option<u64>) {
    let mut chain = Chain { next: 0, prev: NO_HASH };
    let end = chain.check(&mut &*bytes, None, &mut |_| {});
    (chain.next, end.ok().and_then(|end| end.wrong.map(|_| end.offset)))
}
