//! The record of a session, and the intents that it must hold before anything changes at the endpoint (R-02, J-02).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use record::{Clock, Disk, Journal, JournalError, Limits};
use serde_json::{Value, json};
use winrm::{BoxFuture, Intent, Intents, Refused};

use crate::Fault;
use crate::fault::code;

/// The clocks of this computer.
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn utc_ms(&self) -> i64 {
        now_ms()
    }

    fn mono_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Adds a line to the record of decisions that belong to no session; the record is made when it is not there.
///
/// # Errors
/// When it cannot be made or written.
pub fn note(path: &Path, app_version: &str, kind: &'static str, data: &Value) -> Result<(), JournalError> {
    if !path.exists() {
        let header = json!({ "app": app_version, "decisions": true });
        let limits = Limits { reserve: 0, ..Limits::default() };
        drop(Journal::create_on(Arc::new(Disk), path, header, Box::new(SystemClock::new()), limits)?);
    }
    record::append_to(path, kind, data, now_ms())
}

/// Adds a line to a session's record and waits until it is on the disk.
pub(crate) async fn append_durable(journal: &Arc<Journal>, kind: &'static str, data: Value) -> Result<(), Fault> {
    on_disk(journal, move |journal| journal.append_durable(kind, data)).await
}

/// The same for an ending, which has room on a full disk too.
pub(crate) async fn append_ending(journal: &Arc<Journal>, kind: &'static str, data: Value) -> Result<(), Fault> {
    on_disk(journal, move |journal| journal.append_ending(kind, data)).await
}

async fn on_disk(
    journal: &Arc<Journal>,
    write: impl FnOnce(&Journal) -> Result<(), JournalError> + Send + 'static,
) -> Result<(), Fault> {
    let journal = Arc::clone(journal);
    match tokio::task::spawn_blocking(move || write(&journal)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Fault::new(code::RECORD_SUSPENDED).detail(error)),
        Err(error) => Err(Fault::new(code::INTERNAL).detail(error)),
    }
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn now_seconds() -> i64 {
    now_ms() / 1_000
}

/// Writes every intent to the record and waits until it is on the disk. While the session is being closed, everything
/// is an ending.
pub(crate) struct JournalIntents(pub(crate) Arc<Journal>, pub(crate) Arc<AtomicBool>);

impl Intents for JournalIntents {
    fn intend(&self, intent: Intent) -> BoxFuture<'_, Result<(), Refused>> {
        let journal = Arc::clone(&self.0);
        Box::pin(async move {
            let line = match intent {
                Intent::Create { pool } => json!({ "create": pool.to_string() }),
                Intent::Command { pipeline } => json!({ "command": pipeline.to_string() }),
                Intent::Send { pipeline, next_object } => {
                    json!({ "send": pipeline.map(|id| id.to_string()), "next_object": next_object })
                }
                Intent::Stop { pipeline } => json!({ "stop": pipeline.to_string() }),
                // Ending a finished command changes nothing that would have to be known after a crash.
                Intent::Terminate { .. } => return Ok(()),
                Intent::Disconnect { pool } => json!({ "disconnect": pool.to_string() }),
                Intent::Reconnect { pool } => json!({ "reconnect": pool.to_string() }),
                Intent::Delete { pool } => json!({ "delete": pool.to_string() }),
            };
            // With a full disk nothing new begins; what goes on may be answered and ended (J-05).
            let begins = matches!(intent, Intent::Create { .. } | Intent::Command { .. });
            let ends = !begins || self.1.load(Ordering::Relaxed);
            let written = tokio::task::spawn_blocking(move || {
                if ends { journal.append_ending("intent", line) } else { journal.append_durable("intent", line) }
            })
            .await;
            match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Refused(error.to_string())),
                Err(error) => Err(Refused(error.to_string())),
            }
        })
    }
}
