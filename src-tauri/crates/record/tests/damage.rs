//! Records cut at every byte and changed at every byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use record::{Clock, Journal, recover, verify};
use serde_json::json;

struct Steps(AtomicU64);

impl Clock for Steps {
    fn utc_ms(&self) -> i64 {
        1_700_000_000_000
    }
    fn mono_ms(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

fn write(path: &Path, lines: usize) -> String {
    let journal =
        Journal::create(path, json!({"endpoint": "192.0.2.224"}), Box::new(Steps(AtomicU64::new(0)))).unwrap();
    for number in 0..lines {
        journal.append("output", json!({"text": format!("line {number} \u{2028} \"quoted\" ,\"hash\":\"x")})).unwrap();
    }
    journal.close().unwrap()
}

#[test]
fn a_record_verifies_and_its_head_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b.jsonl");
    let head = write(&path, 200);
    let found = verify(&path).unwrap();
    assert_eq!((found.lines, found.head, found.ended, found.damage), (202, head, true, None));
    assert_eq!(recover(&path, 0).unwrap(), None);
}

#[test]
fn j3_a_record_cut_at_any_byte_keeps_its_longest_valid_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    write(&path, 25);
    let whole = std::fs::read(&path).unwrap();
    for cut in 1..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let complete = whole[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
        let found = verify(&path).unwrap();
        assert_eq!(found.lines, complete, "cut at {cut}");
        if cut % 211 == 0 && found.damage.is_some() {
            let beside = recover(&path, 0).unwrap().unwrap();
            let repaired = verify(&path).unwrap();
            assert_eq!((repaired.lines, repaired.damage), (complete + 1, None), "cut at {cut}");
            std::fs::remove_file(beside).unwrap();
        }
    }
}

#[test]
fn a_changed_byte_is_found_in_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    write(&path, 20);
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        let line = whole[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        let damage = verify(&path).unwrap().damage.map(|damage| damage.line);
        // A line end that changed joins two lines; either is the damaged one.
        assert!(damage.is_some_and(|found| found == line || found == line + 1), "byte {at}: {damage:?}, line {line}");
    }
}

#[test]
fn an_existing_record_is_not_overwritten_and_only_its_user_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    write(&path, 1);
    assert!(Journal::create(&path, json!(null), Box::new(Steps(AtomicU64::new(0)))).is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
