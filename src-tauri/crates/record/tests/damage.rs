//! Records cut at every byte and changed at every byte.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::{Steps, write};
use record::{Journal, JournalError, Standing, append_to, check_bytes, glance, read, recover, verify};
use serde_json::json;

#[test]
fn a_record_verifies_and_its_head_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b.jsonl");
    let head = write(&path, 200);
    let found = verify(&path).unwrap();
    assert_eq!((found.lines, found.head, found.ended, found.damage), (202, head, true, None));
    assert_eq!(found.format, Some(record::FORMAT));
    assert_eq!(recover(&path, 0).unwrap(), None);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("a")).unwrap().collect();
    assert_eq!(left.len(), 1, "neither reserve nor lock stays");
}

#[test]
fn j3_a_record_cut_at_any_byte_keeps_its_longest_valid_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    write(&path, 198);
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 200);
    let mut complete = 0;
    let mut begin = 0;
    for cut in 0..whole.len() {
        // Two hundred cuts go through files, every one through the reader.
        let torn = cut > begin;
        assert_eq!(check_bytes(&whole[..cut]), (complete, torn.then_some(begin as u64)), "cut at {cut}");
        if cut % (whole.len() / 200) == 1 && complete > 0 {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let beside = recover(&path, 0).unwrap();
            assert_eq!(beside.is_some(), torn, "cut at {cut}");
            let (lines, found) = read(&path).unwrap();
            assert_eq!((found.lines, found.damage), (complete + u64::from(torn), None), "cut at {cut}");
            if let Some(beside) = beside {
                assert_eq!(lines.last().unwrap().kind, "recovered");
                assert_eq!(std::fs::read(&beside).unwrap(), &whole[begin..cut], "nothing is thrown away");
                std::fs::remove_file(beside).unwrap();
            }
        }
        if whole[cut] == b'\n' {
            complete += 1;
            begin = cut + 1;
        }
    }
}

#[test]
fn a_recovery_that_was_interrupted_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    write(&path, 20);
    let whole = std::fs::read(&path).unwrap();
    let torn = whole.len() - 30;
    std::fs::write(&path, &whole[..torn]).unwrap();
    recover(&path, 0).unwrap();
    let recovered = std::fs::read(&path).unwrap();
    // As if the computer had ended between the new line and the cut behind it.
    std::fs::write(&path, [&recovered, &whole[torn - 100..torn]].concat()).unwrap();
    assert!(recover(&path, 0).unwrap().is_some());
    let (lines, found) = read(&path).unwrap();
    assert_eq!(found.damage, None);
    assert_eq!(lines.iter().filter(|line| line.kind == "recovered").count(), 2);
}

#[test]
fn f46_a_changed_byte_is_found_in_its_line_and_is_no_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    write(&path, 20);
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        let line = whole[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        let (right, wrong) = check_bytes(&changed);
        // A line end that changed joins two lines; either is the damaged one.
        assert!(wrong.is_some() && (right == line || right == line + 1), "byte {at}: {right}, line {line}");
    }
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    let damage = verify(&path).unwrap().damage.unwrap();
    assert!(!damage.torn);
    assert_eq!(append_to(&path, "abandoned", &json!(null), 0), Err(JournalError::Altered(damage.line)));
    assert_eq!(std::fs::read(&path).unwrap(), changed, "an altered record is left as it is");
}

#[test]
fn j10_an_existing_record_is_not_overwritten_and_only_its_user_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records/r.jsonl");
    write(&path, 1);
    assert!(Journal::create(&path, json!(null), Box::new(Steps::default())).is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let link = folder.path().join("records/link.jsonl");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(verify(&link).is_err() && recover(&link, 0).is_err() && glance(&link).is_err());
        assert!(append_to(&link, "abandoned", &json!(null), 0).is_err());
    }
}

#[test]
fn r11_a_look_tells_how_a_record_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let journal = Journal::create(&path, json!({"computer": "ERCS01"}), Box::new(Steps::default())).unwrap();
    let look = || glance(&path).unwrap();
    assert!(!look().reached_endpoint, "nothing was sent yet");
    journal.append_durable("intent", json!({"create": "x"})).unwrap();
    assert_eq!((look().reached_endpoint, look().standing), (true, Standing::Open));
    assert_eq!((look().session, look().begun_ms), (json!({"computer": "ERCS01"}), 1_700_000_000_000));
    assert!(record::is_live(&path), "it is being written");
    assert_eq!(append_to(&path, "abandoned", &json!(null), 0), Err(JournalError::Live));
    assert_eq!(recover(&path, 0), Err(JournalError::Live));
    journal.append_ending("left_running", json!(null)).unwrap();
    assert_eq!(look().standing, Standing::LeftRunning);
    drop(journal);
    assert!(!record::is_live(&path));
    // A long line fills all that is looked at.
    append_to(&path, "intent", &json!("x".repeat(200_000)), 0).unwrap();
    assert_eq!(look().standing, Standing::Open);
    append_to(&path, "end", &json!(null), 0).unwrap();
    append_to(&path, "note", &json!("after the end"), 0).unwrap();
    assert_eq!(look().standing, Standing::Ended);
    append_to(&path, "intent", &json!(null), 0).unwrap();
    // A crash left half a line; it is set aside and the new line follows.
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole, &b"{\"seq\":7,\"ut"[..]].concat()).unwrap();
    assert!(look().torn);
    append_to(&path, "abandoned", &json!({"by": "operator"}), 0).unwrap();
    assert_eq!((look().standing, look().torn), (Standing::Abandoned, false));
    assert_eq!(verify(&path).unwrap().damage, None);
}

#[test]
fn j12_a_newer_record_is_read_and_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let line = r#"{"seq":0,"utc":"2026-01-01T00:00:00.000Z","mono":0,"type":"record","data":{"format":2,"session":{}},"prev":""#;
    let line = format!("{line}{}\"", "0".repeat(64));
    let hash = common::sha256(line.as_bytes());
    std::fs::write(&path, format!("{line},\"hash\":\"{hash}\"}}\n")).unwrap();
    assert_eq!((verify(&path).unwrap().lines, glance(&path).unwrap().format), (1, 2));
    let before = std::fs::read(&path).unwrap();
    assert_eq!(append_to(&path, "abandoned", &json!(null), 0), Err(JournalError::Newer(2)));
    assert_eq!(recover(&path, 0), Err(JournalError::Newer(2)));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

proptest::proptest! {
    /// P-11: the reader does not panic, whatever it is given.
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
        let (lines, _) = check_bytes(&bytes);
        assert!(lines <= bytes.iter().filter(|byte| **byte == b'\n').count() as u64);
    }
}
