//! One line of a record.

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The `prev` of the first line.
pub(crate) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What stands before the hash of a line.
pub(crate) const HASH_MARK: &str = ",\"hash\":\"";

/// A line as it is read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// The wall clock.
    pub utc: String,
    /// Milliseconds since the record was opened.
    pub mono: u64,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its content.
    pub data: Value,
    /// The hash of the line before.
    pub prev: String,
    /// Its own hash.
    pub hash: String,
}

/// SHA-256 in hex.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a line with its line end and answers its hash.
pub(crate) fn write(seq: u64, utc_ms: i64, mono: u64, kind: &str, data: &str, prev: &str, to: &mut Vec<u8>) -> String {
    let start = to.len();
    // Kinds are words of ours; the text of the data was written as JSON already.
    let text = format!(
        "{{\"seq\":{seq},\"utc\":\"{}\",\"mono\":{mono},\"type\":\"{kind}\",\"data\":{data},\"prev\":\"{prev}\"",
        utc_text(utc_ms)
    );
    to.extend_from_slice(text.as_bytes());
    let hash = hash(to.get(start..).unwrap_or_default());
    to.extend_from_slice(format!("{HASH_MARK}{hash}\"}}\n").as_bytes());
    hash
}

/// `yyyy-MM-ddTHH:mm:ss.fffZ`; outside the years that can be written, the number itself.
fn utc_text(ms: i64) -> String {
    match time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000) {
        Ok(at) => format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        ),
        Err(_) => ms.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::utc_text;

    #[test]
    fn moments_are_written_by_the_calendar() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(utc_text(ms), text);
        }
    }
}
