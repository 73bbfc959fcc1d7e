//! One line of a record.

use std::io::Write as _;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// A SHA-256 in hex.
pub(crate) type Hash = [u8; 64];

/// The `prev` of the first line.
pub(crate) const NO_HASH: Hash = [b'0'; 64];

/// The longest line that is looked at, in bytes: the largest object that an endpoint may send, written twice.
pub(crate) const LONGEST: u64 = 1 << 30;

/// What stands before the hash of a line.
pub(crate) const HASH_MARK: &str = ",\"hash\":\"";

/// A line as it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// The wall clock.
    pub utc: String,
    /// Milliseconds since the record was opened.
    pub mono: u64,
    /// What it is about.
    pub kind: String,
    /// Its content.
    pub data: Value,
    /// Its hash.
    pub hash: String,
}

/// A line of a file, not yet copied.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw<'a> {
    pub(crate) seq: u64,
    pub(crate) utc: &'a str,
    pub(crate) mono: u64,
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    #[serde(borrow)]
    pub(crate) data: &'a RawValue,
    prev: &'a str,
    pub(crate) hash: &'a str,
}

impl<'a> Raw<'a> {
    /// The line of these bytes with their line end, if it is whole and this is the next of the chain.
    pub(crate) fn of_chain(bytes: &'a [u8], seq: u64, prev: &Hash) -> Option<Self> {
        let (line, hashed) = Self::parse(bytes)?;
        let right = line.seq == seq && line.prev.as_bytes() == prev && line.hash.as_bytes() == hash(hashed);
        right.then_some(line)
    }

    /// The line of these bytes and what its hash is about; nothing is checked but the form.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
        let line: Self = serde_json::from_str(text).ok()?;
        let hashed = text.get(..text.rfind(HASH_MARK)?)?;
        Some((line, hashed.as_bytes()))
    }

    pub(crate) fn hash_bytes(&self) -> Option<Hash> {
        self.hash.as_bytes().try_into().ok()
    }

    pub(crate) fn to_line(&self) -> Line {
        Line {
            seq: self.seq,
            utc: self.utc.to_owned(),
            mono: self.mono,
            kind: self.kind.to_owned(),
            data: serde_json::from_str(self.data.get()).unwrap_or_default(),
            hash: self.hash.to_owned(),
        }
    }
}

/// SHA-256 in hex.
pub(crate) fn hash(bytes: &[u8]) -> Hash {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(digest: &[u8]) -> Hash {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 64];
    let (pairs, _) = text.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(digest) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    text
}

/// Hex as text; it is ASCII always.
pub(crate) fn text(hash: &Hash) -> String {
    String::from_utf8_lossy(hash).into_owned()
}

/// The moment that a line names, in milliseconds since 1970; 0 for what is none.
pub(crate) fn milliseconds(utc: &str) -> i64 {
    let format = time::format_description::well_known::Rfc3339;
    let at = time::OffsetDateTime::parse(utc, &format).map_or(0, |at| at.unix_timestamp_nanos() / 1_000_000);
    i64::try_from(at).unwrap_or(0)
}

/// Writes the moments of lines; one second is formatted once.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    second: Option<i64>,
    text: Vec<u8>,
}

impl Moments {
    /// `yyyy-MM-ddTHH:mm:ss.fffZ`; outside the years that can be written, the number itself.
    pub(crate) fn write(&mut self, ms: i64, to: &mut Vec<u8>) {
        let second = ms.div_euclid(1_000);
        if self.second != Some(second) {
            self.second = Some(second);
            self.text.clear();
            if let Ok(at) = time::OffsetDateTime::from_unix_timestamp(second) {
                let _ = write!(
                    self.text,
                    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                    at.year(),
                    u8::from(at.month()),
                    at.day(),
                    at.hour(),
                    at.minute(),
                    at.second(),
                );
            }
        }
        if self.text.is_empty() {
            let _ = write!(to, "{ms}");
        } else {
            to.extend_from_slice(&self.text);
            let _ = write!(to, ".{:03}Z", ms.rem_euclid(1_000));
        }
    }
}

/// What a line says, without its place in the chain.
pub(crate) struct Said<'a> {
    pub(crate) utc_ms: i64,
    pub(crate) mono: u64,
    pub(crate) kind: &'a str,
    /// JSON
    pub(crate) data: &'a str,
}

/// Writes a line with its line end and answers its hash.
pub(crate) fn write(seq: u64, said: &Said<'_>, prev: &Hash, moments: &mut Moments, to: &mut Vec<u8>) -> Hash {
    let start = to.len();
    // Writing into memory does not fail. Kinds are words of ours; the text of the data was written as JSON already.
    let _ = write!(to, "{{\"seq\":{seq},\"utc\":\"");
    moments.write(said.utc_ms, to);
    let _ = write!(to, "\",\"mono\":{},\"type\":\"{}\",\"data\":", said.mono, said.kind);
    to.extend_from_slice(said.data.as_bytes());
    to.extend_from_slice(b",\"prev\":\"");
    to.extend_from_slice(prev);
    to.push(b'"');
    let hash = hash(to.get(start..).unwrap_or_default());
    to.extend_from_slice(HASH_MARK.as_bytes());
    to.extend_from_slice(&hash);
    to.extend_from_slice(b"\"}\n");
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_by_the_calendar() {
        let mut moments = Moments::default();
        for (ms, wanted) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (999, "1970-01-01T00:00:00.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (i64::MAX, "9223372036854775807"),
        ] {
            let mut text = Vec::new();
            moments.write(ms, &mut text);
            let text = String::from_utf8(text).unwrap();
            assert_eq!(text, wanted);
            assert_eq!(milliseconds(&text), if ms == i64::MAX { 0 } else { ms });
        }
    }

    #[test]
    fn a_hash_is_written_in_hex() {
        assert_eq!(text(&hash(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
