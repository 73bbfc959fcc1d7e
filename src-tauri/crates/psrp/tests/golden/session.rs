//! Reading the recorded sessions.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use psrp::{PipelineId, PoolId};
use serde_json::Value as Json;
use uuid::Uuid;

pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) json: Json,
}

pub(crate) struct Line {
    pub(crate) seq: u64,
    pub(crate) to_server: bool,
    pub(crate) packet: String,
    /// `None` is the pool.
    pub(crate) pipeline: Option<PipelineId>,
    /// Whether it travels in the stream of answers.
    pub(crate) answers: bool,
    pub(crate) data: Vec<u8>,
}

pub(crate) fn all() -> &'static [Session] {
    static SESSIONS: LazyLock<Vec<Session>> = LazyLock::new(read_all);
    &SESSIONS
}

fn read_all() -> Vec<Session> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/golden/sessions");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json.gz")?.to_owned();
            let mut text = String::new();
            GzDecoder::new(File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
            Some(Session { name, json: serde_json::from_str(&text).unwrap() })
        })
        .collect()
}

impl Session {
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        self.json["lines"].as_array().unwrap().iter().map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            Line {
                seq: line["seq"].as_u64().unwrap(),
                to_server: text("dir") == "c2s",
                packet: text("packet"),
                pipeline: Uuid::parse_str(&text("ps_guid")).ok().filter(|id| !id.is_nil()).map(PipelineId),
                answers: line["stream"] == "PromptResponse",
                data: STANDARD.decode(text("raw_base64")).unwrap(),
            }
        })
    }

    pub(crate) fn pool(&self) -> PoolId {
        let first = &self.json["lines"][0]["messages"][0]["rpid"];
        PoolId(Uuid::parse_str(first.as_str().unwrap()).unwrap())
    }

    pub(crate) fn results(&self) -> &[Json] {
        self.json["result"].as_array().map(Vec::as_slice).unwrap_or_default()
    }
}
