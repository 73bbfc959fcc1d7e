//! The ids of a session in a file, one JSON object a line, each on disk before it is used: what a later call needs to take the
//! session over.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use psrp::host::HostCall;
use psrp::{PipelineId, PoolId};
use serde_json::{Value as Json, json};
use uuid::Uuid;
use winrm::{BoxFuture, Earlier, Intent, Intents, Refused};

use crate::exit::Failure;

/// Writes the ids down.
pub(crate) struct Ids {
    file: Mutex<File>,
}

impl Ids {
    /// Adds to this file.
    pub(crate) fn append(path: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| unusable(&error))?;
        Ok(Self { file: Mutex::new(file) })
    }

    /// A question of a pipeline: the endpoint does not ask it again.
    pub(crate) fn asked(&self, pipeline: PipelineId, call: &HostCall) {
        let line = json!({ "asked": pipeline.to_string(), "call": clixml::encode_to_string(&call.to_value()) });
        if let Err(error) = self.write(&line) {
            tracing::warn!(%error, "a question was not written down");
        }
    }

    fn write(&self, line: &Json) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{line}")?;
        file.sync_data()
    }
}

impl Intents for Ids {
    fn intend(&self, intent: Intent) -> BoxFuture<'_, Result<(), Refused>> {
        let line = match intent {
            Intent::Create { pool } => json!({ "pool": pool.to_string() }),
            Intent::Command { pipeline } => json!({ "pipeline": pipeline.to_string() }),
            Intent::Send { pipeline, next_object } => {
                json!({ "next_object": next_object, "answered": pipeline.map(|id| id.to_string()) })
            }
            Intent::Terminate { pipeline } => json!({ "ended": pipeline.to_string() }),
            Intent::Stop { .. } | Intent::Disconnect { .. } | Intent::Reconnect { .. } | Intent::Delete { .. } => {
                return Box::pin(std::future::ready(Ok(())));
            }
        };
        Box::pin(std::future::ready(self.write(&line).map_err(|error| Refused(error.to_string()))))
    }
}

/// What the file tells about this pool; a call that was ended while it wrote leaves a last line that is cut.
pub(crate) fn earlier(path: Option<&Path>, pool: Uuid) -> Result<Earlier, Failure> {
    let mut earlier =
        Earlier { pool: PoolId(pool), session: None, pipelines: Vec::new(), next_object: 1, questions: Vec::new() };
    let Some(path) = path else { return Ok(earlier) };
    let text = std::fs::read(path).map_err(|error| unusable(&error))?;
    let mut started = BTreeSet::new();
    let mut ours = false;
    for line in String::from_utf8_lossy(&text).lines() {
        let Ok(line) = serde_json::from_str::<Json>(line) else { continue };
        let id = |name: &str| line.get(name).and_then(Json::as_str).and_then(|text| Uuid::try_parse(text).ok());
        if let Some(other) = id("pool") {
            ours = other == pool;
        }
        if !ours {
            continue;
        }
        if let Some(id) = id("pipeline") {
            started.insert(id);
        }
        if let Some(id) = id("ended") {
            started.remove(&id);
        }
        if let Some(id) = id("asked").map(PipelineId)
            && let Some(call) = line.get("call").and_then(Json::as_str)
            && let Some(call) = clixml::decode(call.as_bytes()).ok().and_then(|value| HostCall::from_value(&value))
        {
            earlier.questions.push((id, call));
        }
        if let Some(id) = id("answered").or_else(|| id("ended")).map(PipelineId) {
            earlier.questions.retain(|(asker, _)| *asker != id);
        }
        if let Some(next) = line.get("next_object").and_then(Json::as_u64) {
            earlier.next_object = earlier.next_object.max(next);
        }
    }
    earlier.pipelines = started.into_iter().map(PipelineId).collect();
    Ok(earlier)
}

fn unusable(error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("the file of ids cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_what_ended_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids");
        let (pool, first, second) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let ids = Ids::append(&path).unwrap();
        for line in [
            json!({ "pool": Uuid::from_u128(7).to_string() }),
            json!({ "pipeline": Uuid::from_u128(8).to_string() }),
            json!({ "pool": pool.to_string() }),
            json!({ "pipeline": first.to_string() }),
            json!({ "ended": first.to_string() }),
            json!({ "next_object": 12 }),
            json!({ "pipeline": second.to_string() }),
        ] {
            ids.write(&line).unwrap();
        }
        let call =
            |id| HostCall { id: psrp::CallId(id), method: psrp::host::HostMethod::READ_LINE, parameters: vec![] };
        ids.asked(PipelineId(second), &call(1));
        ids.write(&json!({ "next_object": 12, "answered": second.to_string() })).unwrap();
        ids.asked(PipelineId(second), &call(2));
        ids.file.lock().unwrap().write_all(b"{\"pipeline\":\"0000").unwrap();
        let earlier = earlier(Some(&path), pool).unwrap();
        assert_eq!(earlier.questions, [(PipelineId(second), call(2))]);
        assert_eq!(earlier.pipelines, [PipelineId(second)]);
        assert_eq!(earlier.next_object, 12);
    }
}
