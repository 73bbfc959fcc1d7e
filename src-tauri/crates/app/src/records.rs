//! The records of earlier sessions: which were left open, and what is done about them.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use contract::{AppSnapshot, Fault, UnfinishedSession};
use pep::fault::code;
use pep::session::{Left, PepSession};
use record::{Glance, JournalError, Standing};
use serde_json::{Value, json};

use crate::{App, convert, stamps};

/// The record of decisions that belong to no session: whom to trust, what was forgotten.
const DECISIONS: &str = "decisions";

/// A record of a session in the folder.
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    pub(crate) glance: Glance,
}

impl Found {
    /// A text of the record's first line.
    pub(crate) fn word(&self, name: &str) -> String {
        self.glance.session.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// All records of sessions, with a quick look at each. What cannot be read is no record of ours.
pub(crate) fn all(folders: &[PathBuf]) -> Vec<Found> {
    folders.iter().flat_map(|folder| all_in(folder)).collect()
}

fn all_in(folder: &Path) -> Vec<Found> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let found = paths.filter_map(|path| {
        let id = path.file_stem()?.to_str()?.to_owned();
        // Further files of a record have a dot in their stem.
        if id.contains('.') || id == DECISIONS {
            return None;
        }
        let glance = record::glance(&path).ok()?;
        Some(Found { id, path, glance })
    });
    found.collect()
}

impl App {
    /// Whether records can be written, and which sessions were left open.
    pub(crate) async fn look_at_records(self: &App) -> (Option<Fault>, Vec<UnfinishedSession>) {
        let folders = self.records_folders();
        let known = self.lock().checked.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let fault = folders.iter().find_map(|folder| Some((folder, writable(folder).err()?)));
            let fault = fault.map(|(folder, error)| convert::fault(&pep::Fault::of_folder(folder, error)));
            let open = |found: &Found| {
                found.glance.reached_endpoint
                    && matches!(found.glance.standing, Standing::Open | Standing::LeftRunning)
                    && !record::is_live(&found.path)
            };
            let left: Vec<_> = all(&folders)
                .into_iter()
                .filter(open)
                .map(|found| {
                    let altered = known.get(&found.id).copied().unwrap_or_else(|| put_right(&found.path));
                    (unfinished(&found, altered), altered)
                })
                .collect();
            (fault, left)
        });
        let Ok((fault, left)) = looked.await else { return (None, Vec::new()) };
        let mut inner = self.lock();
        inner.checked.extend(left.iter().map(|(session, altered)| (session.record_id.clone(), *altered)));
        let mut left: Vec<_> = left.into_iter().map(|(session, _)| session).collect();
        for session in &mut left {
            // A stamp that was bound since has another id now.
            if let Some(stamp) = inner.profiles.find(&session.stamp_id) {
                session.stamp_id.clone_from(&stamp.id);
            }
        }
        left.sort_by_key(|session| -session.opened);
        (fault, left)
    }

    /// Of a file of the app that could not be read or written.
    pub(crate) fn unusable(&self, error: impl std::fmt::Display) -> pep::Fault {
        pep::Fault::of_folder(&self.host.data_folder(), error)
    }

    /// Notes in a record that nobody will come back to its session.
    pub async fn record_abandon(&self, record_id: String) -> Result<AppSnapshot, Fault> {
        let folders = self.records_folders();
        let noted = tokio::task::spawn_blocking(move || {
            let found = all(&folders).into_iter().find(|found| found.id == record_id);
            let found = found.ok_or_else(no_such_record)?;
            match found.glance.standing {
                Standing::Ended | Standing::Abandoned | Standing::Continued => Ok(()),
                _ => record::append_to(&found.path, "abandoned", &json!({ "by": "operator" }), stamps::now_ms())
                    .map_err(|error| fault(&found.path, &error)),
            }
        });
        match noted.await {
            Ok(Ok(())) => self.app_snapshot().await,
            Ok(Err(fault)) => Err(convert::fault(&fault)),
            Err(error) => Err(convert::fault(&pep::Fault::new(code::INTERNAL).detail(error))),
        }
    }

    /// What the record of a session that was left tells, to take it over.
    pub(crate) async fn left(&self, record_id: String) -> Result<Left, pep::Fault> {
        let folders = self.records_folders();
        let read = tokio::task::spawn_blocking(move || {
            let found = all(&folders).into_iter().find(|found| found.id == record_id);
            let found = found.ok_or_else(no_such_record)?;
            match found.glance.standing {
                Standing::Open | Standing::LeftRunning => Left::of_record(&found.path),
                _ => Err(pep::Fault::new(code::RECORD_READ_ONLY).detail("its session is over")),
            }
        });
        read.await.unwrap_or_else(|error| Err(pep::Fault::new(code::INTERNAL).detail(error)))
    }

    /// What is needed to take over a session that was let go of.
    pub(crate) async fn let_go(&self, session: &PepSession) -> Result<UnfinishedSession, pep::Fault> {
        session.let_go().await?;
        let path = session.record_path();
        let read = tokio::task::spawn_blocking(move || {
            let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            match record::glance(&path) {
                Ok(glance) => Ok(unfinished(&Found { id, path, glance }, None)),
                Err(error) => Err(fault(&path, &error)),
            }
        });
        match read.await {
            Ok(Ok(mut left)) => {
                left.stamp_id = self.present_id(&left.stamp_id);
                Ok(left)
            }
            Ok(Err(fault)) => Err(fault),
            Err(error) => Err(pep::Fault::new(code::INTERNAL).detail(error)),
        }
    }

    /// Notes in a record that another session goes on with what it left.
    pub(crate) async fn note_continued(&self, record_id: &str, session: &PepSession) {
        let stamp = &session.stamp_id;
        self.note_left(stamp, record_id, "continued", json!({ "session": session.id })).await;
    }

    /// Adds a line to the record of a session that was left. Without it the session is offered again.
    async fn note_left(&self, stamp_id: &str, record_id: &str, kind: &'static str, data: Value) {
        let path = self.records_folder(stamp_id).join(format!("{record_id}.jsonl"));
        let noted = tokio::task::spawn_blocking(move || record::append_to(&path, kind, &data, stamps::now_ms()));
        if let Ok(Err(error)) = noted.await {
            tracing::warn!(%error, kind, "What became of a session that was left was not noted");
        }
    }

    /// Notes in the records of sessions that were left on the same instance that this one shipped their transcripts.
    pub(crate) async fn settle_left(&self, session: &PepSession) {
        let (_, left) = self.look_at_records().await;
        let (endpoint, stamp) = (session.address.to_string(), self.present_id(&session.stamp_id));
        for one in left.into_iter().filter(|one| one.stamp_id == stamp && one.endpoint == endpoint) {
            let by = json!({ "by": "a later session that was closed with its transcripts", "session": session.id });
            self.note_left(&one.stamp_id, &one.record_id, "abandoned", by).await;
        }
    }

    /// Adds a decision that belongs to no session to the record of those (S-08).
    pub(crate) async fn note_decision(&self, kind: &'static str, data: Value) {
        let path = self.records_folder("").join(format!("{DECISIONS}.jsonl"));
        let noted =
            tokio::task::spawn_blocking(move || pep::session::note(&path, env!("CARGO_PKG_VERSION"), kind, &data));
        match noted.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "A decision was not recorded"),
            Err(error) => tracing::warn!(%error, "A decision was not recorded"),
        }
    }
}

fn no_such_record() -> pep::Fault {
    pep::Fault::new(code::RECORD_READ_ONLY).detail("there is no such record")
}

fn fault(record: &Path, error: &JournalError) -> pep::Fault {
    match error {
        JournalError::Live | JournalError::Newer(_) | JournalError::Altered(_) => {
            pep::Fault::new(code::RECORD_READ_ONLY).detail(error)
        }
        _ => pep::Fault::of_folder(record.parent().unwrap_or(record), error),
    }
}

/// Checks a record that was left, sets an unfinished last line aside, and answers the first line that was altered.
fn put_right(path: &Path) -> Option<u64> {
    let damage = record::verify(path).ok()?.damage?;
    if !damage.torn {
        return Some(damage.line);
    }
    // One that cannot be put right now is tried again when a line is added.
    if let Err(error) = record::recover(path, stamps::now_ms()) {
        tracing::warn!(%error, "A record was not put right");
    }
    None
}

fn unfinished(found: &Found, altered_at: Option<u64>) -> UnfinishedSession {
    UnfinishedSession {
        record_id: found.id.clone(),
        stamp_id: found.word("stamp"),
        endpoint: found.word("endpoint"),
        computer: found.word("computer"),
        account: found.word("account"),
        opened: found.glance.begun_ms / 1_000,
        left: changed_at(&found.path).unwrap_or(found.glance.begun_ms / 1_000),
        practice: found.glance.session.get("practice").and_then(Value::as_bool).unwrap_or(false),
        left_running: found.glance.standing == Standing::LeftRunning,
        resumable: found.glance.listed && altered_at.is_none(),
        altered_at,
    }
}

/// When a file was changed last, in seconds since 1970.
fn changed_at(path: &Path) -> Option<i64> {
    let changed = std::fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
    i64::try_from(changed.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// Whether a file can be made in the folder (J-06).
fn writable(folder: &Path) -> std::io::Result<()> {
    record::private_folder(folder)?;
    // Two starts at once must not take each other's file away.
    let probe = folder.join(format!(".writable-{}", std::process::id()));
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(&probe)
}

/// All files of a record.
pub(crate) fn files(found: &Found) -> Vec<PathBuf> {
    let start = format!("{}.", found.id);
    let Some(Ok(entries)) = found.path.parent().map(std::fs::read_dir) else { return Vec::new() };
    let ours = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&start));
    ours.map(|entry| entry.path()).collect()
}
