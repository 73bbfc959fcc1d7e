//! Disks that are full, slow or lie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::{BrokenDisk, Steps};
use record::{Journal, JournalError, Limits, read, verify};
use serde_json::json;

fn journal(disk: &BrokenDisk, path: &Path, limits: Limits) -> Result<Journal, JournalError> {
    Journal::create_on(Arc::new(disk.clone()), path, json!({}), Box::new(Steps::default()), limits)
}

fn kinds(path: &Path) -> Vec<String> {
    let (lines, found) = read(path).unwrap();
    assert_eq!(found.damage, None);
    lines.into_iter().map(|line| line.kind).collect()
}

/// The verifier that the README shows, run by Python on a record.
fn python(path: &Path) -> String {
    let readme = include_str!("../README.md");
    let code = readme.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(code.lines().count() <= 45, "short enough to type");
    let output = Command::new("python3").arg("-c").arg(code).arg(path).output().expect("python3 is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn j2_durable_lines_are_on_the_disk_and_others_cost_no_sync() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
    let journal = journal(&disk, &path, Limits::default()).unwrap();
    let before = disk.0.lock().unwrap().syncs;
    for number in 0..5_000 {
        journal.append("output", number).unwrap();
    }
    journal.append_durable("intent", json!("create")).unwrap();
    assert_eq!(kinds(&path).len(), 5_002, "it is there for another handle");
    let syncs = disk.0.lock().unwrap().syncs - before;
    assert!((1..10).contains(&syncs), "{syncs} syncs");
}

#[test]
fn j4_a_failed_sync_is_never_tried_again_on_the_same_file() {
    for (loses, failures) in [(false, 1), (true, 1), (true, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
        let journal = journal(&disk, &path, Limits::default()).unwrap();
        journal.append_durable("intent", json!("one")).unwrap();
        for number in 0..100 {
            journal.append("output", number).unwrap();
        }
        {
            let mut plan = disk.0.lock().unwrap();
            (plan.fail_syncs, plan.loses) = (failures, loses);
        }
        journal.append_durable("intent", json!("two")).unwrap();
        journal.append("output", json!("after")).unwrap();
        let head = journal.close().unwrap();
        drop(journal);
        assert!(!disk.0.lock().unwrap().used_again, "a file whose sync failed was used again");
        let (lines, found) = read(&path).unwrap();
        assert_eq!((&found.head, found.damage, found.ended), (&head, None, true));
        let outputs: Vec<_> = lines.iter().filter(|line| line.kind == "output").map(|line| line.data.clone()).collect();
        assert_eq!(outputs.len(), 101, "nothing is lost and nothing is there twice");
        let gaps: Vec<_> = lines.iter().filter(|line| line.kind == "gap").collect();
        assert_eq!(gaps.len(), failures);
        assert_eq!((&gaps[0].data["file"], &gaps[0].data["on_disk"]), (&json!("r.jsonl"), &json!(true)));
        assert_eq!(python(&path), format!("{} lines, head {head}", lines.len()));
    }
}

#[test]
fn j4_a_file_that_does_not_hold_what_it_promised_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
    let journal = journal(&disk, &path, Limits::default()).unwrap();
    journal.append_durable("intent", json!("one")).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    disk.0.lock().unwrap().fail_syncs = 1;
    journal.append_durable("intent", json!("two")).unwrap();
    journal.close().unwrap();
    let found = verify(&path).unwrap();
    assert_eq!(found.damage.unwrap().line, 1, "the loss is seen");
    let next = std::fs::read_to_string(folder.path().join("r.2.jsonl")).unwrap();
    assert!(next.contains(r#""on_disk":false"#), "{next}");
}

#[test]
fn j4_a_disk_that_never_syncs_ends_the_record_and_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
    let journal = journal(&disk, &path, Limits::default()).unwrap();
    disk.0.lock().unwrap().fail_syncs = usize::MAX;
    assert!(matches!(journal.append_durable("intent", json!("one")), Err(JournalError::Suspended(_))));
    assert!(matches!(journal.append_ending("closed", json!(null)), Err(JournalError::Suspended(_))));
    for number in 0..100_000 {
        assert!(journal.append("output", number).is_err(), "it is said, and the output is drained");
    }
    assert!(journal.suspension().is_some());
    assert!(journal.close().is_err());
}

#[test]
fn j5_a_full_disk_gives_the_reserve_back_and_takes_endings_only() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
    let limits = Limits { reserve: 64 * 1024, ..Limits::default() };
    let journal = journal(&disk, &path, limits).unwrap();
    assert_eq!(std::fs::metadata(folder.path().join("r.reserve")).unwrap().len(), 64 * 1024);
    journal.append_durable("intent", json!("one")).unwrap();
    disk.0.lock().unwrap().room = Some(1_000_003);
    let text = "x".repeat(1_000);
    let mut sent = 0;
    while journal.append("output", &text).is_ok() {
        sent += 1;
    }
    sent += 1;
    for _ in 0..500 {
        assert!(journal.append("output", &text).is_err(), "output is still drained");
        sent += 1;
    }
    assert!(!folder.path().join("r.reserve").exists());
    assert!(
        matches!(journal.append_durable("run", json!("new")), Err(JournalError::Suspended(_))),
        "nothing new begins"
    );
    journal.append_ending("run_end", json!({"outcome": "completed"})).unwrap();
    let counted = journal.suspension().unwrap().lines;
    assert!(journal.close().is_ok());
    let (lines, found) = read(&path).unwrap();
    assert_eq!((found.damage, found.ended), (None, true));
    let outputs = lines.iter().filter(|line| line.kind == "output").count() as u64;
    assert_eq!(outputs + counted, sent, "every line is in the record or counted");
    assert!(outputs > 500);
    let suspended = lines.iter().position(|line| line.kind == "suspended").unwrap();
    let after: Vec<&str> = lines[suspended + 1..].iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(after, ["run_end", "not_recorded", "end"]);
    assert_eq!(lines[suspended + 2].data["lines"], counted);
}

#[test]
fn j5_the_line_that_meets_the_full_disk_is_refused_or_written_when_it_is_an_ending() {
    let folder = tempfile::tempdir().unwrap();
    for (ending, room) in [(false, 10), (true, 10), (true, 0), (false, 0)] {
        let (disk, path) = (BrokenDisk::default(), folder.path().join(format!("{ending}-{room}.jsonl")));
        let journal = journal(&disk, &path, Limits { reserve: 8_192, ..Limits::default() }).unwrap();
        disk.0.lock().unwrap().room = Some(room);
        if ending {
            journal.append_ending("run_end", json!(null)).unwrap();
        } else {
            assert!(journal.append_durable("intent", json!(null)).is_err());
        }
        let wanted: &[&str] = if ending { &["record", "suspended", "run_end"] } else { &["record", "suspended"] };
        assert_eq!(kinds(&path), wanted);
    }
}

#[test]
fn j6_without_room_for_a_record_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
    disk.0.lock().unwrap().room = Some(1_000);
    assert!(matches!(journal(&disk, &path, Limits::default()), Err(JournalError::Io(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn j7_large_output_has_a_file_of_its_own_whose_hash_is_in_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let journal = journal(&BrokenDisk::default(), &path, Limits { side_after: 10_000, ..Limits::default() }).unwrap();
    let (run, other): (Arc<str>, Arc<str>) = ("one".into(), "two".into());
    for number in 0..1_000 {
        journal.append_output(&run, "output", format!("{number:0100}")).unwrap();
        if number % 100 == 0 {
            journal.append_output(&other, "output", number).unwrap();
        }
    }
    journal.end_output(&run);
    journal.append_ending("run_end", json!(null)).unwrap();
    let head = journal.close().unwrap();
    let (lines, found) = read(&path).unwrap();
    assert_eq!((found.damage, &found.damaged_files), (None, &Vec::new()));
    let about = &lines.iter().find(|line| line.kind == "output_file").unwrap().data;
    assert_eq!((&about["file"], &about["whole"]), (&json!("r.output-1.jsonl"), &json!(true)));
    let beside = std::fs::read_to_string(folder.path().join("r.output-1.jsonl")).unwrap();
    let in_chain = lines.iter().filter(|line| line.kind == "output").count();
    assert_eq!(beside.lines().count() + in_chain, 1_010);
    assert_eq!(about["lines"], beside.lines().count());
    assert_eq!(about["sha256"], common::sha256(beside.as_bytes()));
    assert_eq!(python(&path), format!("{} lines, head {head}", lines.len()));
    // Told one after the other, the lines of the run are all there and in their order.
    let mut told = Vec::new();
    let tell = |entry: record::Entry<'_>| {
        if entry.kind == "output" && entry.data.starts_with('"') {
            told.push(entry.data.trim_matches('"').parse::<u32>().unwrap());
        }
    };
    assert!(record::each(&path, tell).unwrap().damage.is_none());
    assert_eq!(told, (0..1_000).collect::<Vec<_>>());
    std::fs::write(folder.path().join("r.output-1.jsonl"), beside.replacen('7', "8", 1)).unwrap();
    assert_eq!(verify(&path).unwrap().damaged_files, ["r.output-1.jsonl"]);
    assert_eq!(python(&path), "altered file r.output-1.jsonl");
}

#[test]
fn j7_a_file_of_large_output_whose_sync_fails_is_followed_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
    let journal = journal(&disk, &path, Limits { side_after: 0, ..Limits::default() }).unwrap();
    let run: Arc<str> = "one".into();
    journal.append_output(&run, "output", json!("first")).unwrap();
    disk.0.lock().unwrap().fail_syncs = 1;
    journal.append_durable("intent", json!(null)).unwrap();
    journal.append_output(&run, "output", json!("second")).unwrap();
    journal.end_output(&run);
    journal.close().unwrap();
    assert!(!disk.0.lock().unwrap().used_again);
    assert_eq!(
        kinds(&path),
        ["record", "output_moved", "intent", "gap", "output_moved", "output_file", "end"],
        "the gap is told"
    );
    assert!(folder.path().join("r.output-2.jsonl").exists());
}

#[test]
fn r14_a_disk_that_stands_still_holds_up_whoever_writes_and_nothing_is_lost() {
    const LINES: u64 = 60_000;
    let folder = tempfile::tempdir().unwrap();
    let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
    let journal = Arc::new(journal(&disk, &path, Limits::default()).unwrap());
    disk.close_gate(true);
    let given = Arc::new(AtomicU64::new(0));
    let writer = {
        let (journal, given) = (Arc::clone(&journal), Arc::clone(&given));
        std::thread::spawn(move || {
            for number in 0..LINES {
                journal.append("output", format!("{number:0300}")).unwrap();
                given.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    disk.wait_for_a_writer();
    while !journal.is_full() {
        std::thread::yield_now();
    }
    // Two rooms of 4 MiB at most: one that is being written, one that waits.
    let held = given.load(Ordering::Relaxed);
    assert!(held < 2 * (4 << 20) / 300, "{held} lines were taken");
    disk.close_gate(false);
    writer.join().unwrap();
    journal.close().unwrap();
    let found = verify(&path).unwrap();
    assert_eq!((found.lines, found.damage, found.ended), (LINES + 2, None, true));
}

#[test]
fn the_verifier_of_the_readme_finds_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let head = common::write(&path, 10);
    assert_eq!(python(&path), format!("12 lines, head {head}"));
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, whole.replacen("5 \u{2028}", "6 \u{2028}", 1)).unwrap();
    assert_eq!(python(&path), "altered at line 6");
    std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    assert_eq!(python(&path), "altered at line 11");
    let lines: Vec<&str> = whole.lines().collect();
    std::fs::write(&path, format!("{}\n", [&lines[..4], &lines[5..]].concat().join("\n"))).unwrap();
    assert_eq!(python(&path), "altered at line 4");
}

#[test]
fn quotas_and_limits_count_as_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, path) = (BrokenDisk::default(), folder.path().join("r.jsonl"));
    let journal = journal(&disk, &path, Limits { reserve: 8_192, ..Limits::default() }).unwrap();
    {
        let mut plan = disk.0.lock().unwrap();
        (plan.fail_syncs, plan.fail_with) = (1, Some(ErrorKind::QuotaExceeded));
    }
    assert!(journal.append_durable("intent", json!(null)).is_err(), "nothing begins on a full disk");
    journal.append_ending("closed", json!(null)).unwrap();
    assert_eq!(kinds(&path), ["record", "intent", "gap", "suspended", "closed"]);
    assert!(!disk.0.lock().unwrap().used_again);
}
