//! A session that an earlier process left behind, as its record tells it: what is needed to take it over, and the runs
//! that go on.

use std::collections::HashMap;
use std::path::Path;

use psrp::host::HostCall;
use psrp::{PipelineId, PoolId};
use record::Entry;
use serde::Deserialize;
use uuid::Uuid;
use winrm::Earlier;

use super::run::{ItemStream, Outcome, Run};
use crate::Fault;
use crate::fault::code;

/// So many records may continue one another.
const MOST_RECORDS: usize = 64;

/// A session that was left.
pub struct Left {
    /// The id of its record
    pub(super) record_id: String,
    pub(super) earlier: Earlier,
    /// When it was opened, in seconds since 1970
    pub(super) opened: i64,
    /// The commands that the endpoint listed, and the modules that they come from
    pub(super) commands: (Vec<String>, Vec<String>),
    /// What ran in it; the last one may go on.
    pub(super) runs: Vec<Run>,
}

/// What its records told so far.
#[derive(Default)]
struct Told {
    pool: Option<PoolId>,
    opened: Option<i64>,
    next_object: u64,
    commands: Option<(Vec<String>, Vec<String>)>,
    runs: Vec<Run>,
    /// When runs began, in milliseconds of their record's own clock
    began: HashMap<PipelineId, u64>,
    /// How many seconds runs took whose outcome is not known
    unknown: HashMap<PipelineId, u64>,
    /// Questions after which their runs went no further
    questions: Vec<Asked>,
}

/// A question of a run.
struct Asked {
    run: PipelineId,
    call: HostCall,
    /// When an answer was about to be sent, in milliseconds since 1970
    answered: Option<i64>,
}

/// The content of a line, as far as it is looked at here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    create: Option<Uuid>,
    reconnect: Option<Uuid>,
    send: Option<Uuid>,
    next_object: Option<u64>,
    run: Option<Uuid>,
    text: Option<String>,
    stream: Option<String>,
    clixml: Option<String>,
    outcome: Option<String>,
    note: Option<String>,
    names: Vec<String>,
    sources: Vec<String>,
    opened: Option<i64>,
}

/// What the first line says about the session.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    continues: Option<String>,
}

impl Left {
    /// Reads the record of a session that was left, and those that it continues.
    ///
    /// # Errors
    /// When a record cannot be read, or does not tell enough: the session was never wholly open.
    pub fn of_record(path: &Path) -> Result<Self, Fault> {
        let record_id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let unusable = |detail: &dyn std::fmt::Display| Fault::new(code::RECORD_READ_ONLY).detail(detail);
        let mut told = Told { next_object: 1, ..Told::default() };
        for path in chain(path)? {
            record::each(&path, |entry| told.take(entry)).map_err(|error| unusable(&error))?;
        }
        let pool = told.pool.ok_or_else(|| unusable(&"it names no session"))?;
        let commands = told.commands.take().ok_or_else(|| unusable(&"the session was not wholly open"))?;
        told.end_all_but_last();
        told.note_what_waits();
        let open = told.questions.into_iter().filter(|asked| asked.answered.is_none());
        let questions = open.map(|asked| (asked.run, asked.call)).collect();
        let pipelines = told.runs.iter().filter(|run| run.end.is_none()).map(|run| run.id).collect();
        Ok(Self {
            record_id,
            earlier: Earlier { pool, session: None, pipelines, next_object: told.next_object, questions },
            opened: told.opened.unwrap_or_default(),
            commands,
            runs: told.runs,
        })
    }
}

/// The record and those that it continues, the first one first.
fn chain(path: &Path) -> Result<Vec<std::path::PathBuf>, Fault> {
    let mut paths = vec![path.to_owned()];
    while let Some(next) = paths.last().and_then(|path| continued_by(path)) {
        let known = paths.contains(&next);
        if known || paths.len() >= MOST_RECORDS {
            return Err(Fault::new(code::RECORD_READ_ONLY).detail("its records continue one another without an end"));
        }
        // What an earlier record would tell is missed, and nothing else.
        if !next.exists() {
            break;
        }
        paths.push(next);
    }
    paths.reverse();
    Ok(paths)
}

fn continued_by(path: &Path) -> Option<std::path::PathBuf> {
    let glance = record::glance(path).ok()?;
    let header: Header = serde_json::from_value(glance.session).ok()?;
    // A name out of a record is a name, not a way to another folder.
    let id = header.continues.filter(|id| !id.is_empty() && !id.contains(['/', '\\', '.']))?;
    Some(path.with_file_name(format!("{id}.jsonl")))
}

impl Told {
    fn take(&mut self, entry: Entry<'_>) {
        let Ok(said) = serde_json::from_str::<Said>(entry.data) else { return };
        match entry.kind {
            "intent" | "takes_over" => {
                self.pool = said.create.or(said.reconnect).map(PoolId).or(self.pool);
                self.next_object = self.next_object.max(said.next_object.unwrap_or(0));
                if let Some(asked) = self.questions.iter_mut().find(|asked| Some(asked.run.0) == said.send) {
                    asked.answered = Some(entry.utc_ms);
                }
            }
            "question" => self.question(&said),
            "commands" => {
                self.opened.get_or_insert(said.opened.unwrap_or(entry.utc_ms / 1_000));
                self.commands = Some((said.names, said.sources));
            }
            "run" => self.run(entry, said),
            // What comes after an answer shows that it arrived.
            "output" | "progress" => {
                self.questions.retain(|asked| Some(asked.run.0) != said.run || asked.answered.is_none());
                if entry.kind == "output" {
                    self.output(entry, said);
                }
            }
            "interruption" => {
                if let (Some(run), Some(note)) = (said.run, said.note)
                    && let Some(run) = self.find(run)
                {
                    run.push(entry.utc_ms, ItemStream::Note, note);
                }
            }
            "run_end" => self.run_end(entry, said),
            _ => {}
        }
    }

    fn find(&mut self, id: Uuid) -> Option<&mut Run> {
        self.runs.iter_mut().rev().find(|run| run.id.0 == id)
    }

    fn run(&mut self, entry: Entry<'_>, said: Said) {
        let (Some(id), Some(text)) = (said.run.map(PipelineId), said.text) else { return };
        let cmdlet = text.split_whitespace().next().unwrap_or_default().to_owned();
        self.runs.push(Run::since(id, cmdlet, text, entry.utc_ms));
        self.began.insert(id, entry.mono);
    }

    fn output(&mut self, entry: Entry<'_>, said: Said) {
        let (Some(id), Some(text)) = (said.run, said.text) else { return };
        let Some(run) = self.find(id).filter(|run| run.end.is_none()) else { return };
        let stream = said.stream.as_deref().and_then(ItemStream::of_word).unwrap_or(ItemStream::Note);
        let value = said.clixml.as_deref().and_then(|xml| clixml::decode(xml.as_bytes()).ok());
        if stream == ItemStream::Output {
            let value = value.unwrap_or_else(|| clixml::Value::from(text.as_str()));
            return run.push_object(entry.utc_ms, &value, &text);
        }
        run.push(entry.utc_ms, stream, crate::text::for_screen(&text));
        if let Some(record) = value.filter(|_| stream == ItemStream::Error) {
            run.error(record);
        }
    }

    fn question(&mut self, said: &Said) {
        let call = said.clixml.as_deref().and_then(|xml| clixml::decode(xml.as_bytes()).ok());
        let (Some(run), Some(call)) = (said.run.map(PipelineId), call.and_then(|call| HostCall::from_value(&call)))
        else {
            return;
        };
        // A command asks one thing after the other.
        self.questions.retain(|asked| asked.run != run);
        self.questions.push(Asked { run, call, answered: None });
    }

    /// Whether an answer arrived that was sent last of all, nobody knows: the question is not asked again as if it were open.
    fn note_what_waits(&mut self) {
        const NOTE: &str = "A question was answered last. Whether the answer arrived is not known; if it did not, the \
                            command waits for it, and can be stopped.";
        for (run, at) in
            self.questions.iter().filter_map(|asked| Some((asked.run, asked.answered?))).collect::<Vec<_>>()
        {
            if let Some(run) = self.find(run.0).filter(|run| run.end.is_none()) {
                run.push(at, ItemStream::Note, NOTE.to_owned());
            }
        }
    }

    fn run_end(&mut self, entry: Entry<'_>, said: Said) {
        let Some(id) = said.run.map(PipelineId) else { return };
        let seconds = entry.mono.saturating_sub(self.began.get(&id).copied().unwrap_or(entry.mono)) / 1_000;
        match said.outcome.as_deref().and_then(Outcome::of_word) {
            None | Some(Outcome::Unknown) => {
                self.unknown.insert(id, seconds);
            }
            Some(outcome) => {
                if let Some(run) = self.find(id.0) {
                    run.finish_after(seconds, outcome, None);
                }
            }
        }
    }

    /// One command ran at a time: an earlier one without an end is over. The last one may go on although the connection was
    /// lost; the endpoint knows.
    fn end_all_but_last(&mut self) {
        let last = self.runs.len().saturating_sub(1);
        for run in self.runs.iter_mut().take(last).filter(|run| run.end.is_none()) {
            let seconds = self.unknown.get(&run.id).copied().unwrap_or(0);
            run.finish_after(seconds, Outcome::Unknown, Some(Fault::new(code::OUTCOME_UNKNOWN)));
        }
    }
}
