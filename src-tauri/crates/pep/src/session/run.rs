//! One run: what it gave, what it asks, how it ended.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use clixml::Value;
use psformat::{Formatter, Options};
use psrp::PipelineId;
use psrp::host::{HostCall, Question as HostQuestion};
use psrp::records::ProgressRecord;
use spnego::Secret;

use super::journal::now_ms;
use crate::Fault;
use crate::stamp::Stamp;
use crate::verdict::{CheckResult, CheckVerdict, VerdictReader};

/// The most lines that are kept for the screen; all of them are in the record (R-14).
const KEPT: usize = 5_000;
/// And the most bytes of text: lines may be long.
const KEPT_BYTES: usize = 16 << 20;

/// Activities that are shown at once.
const MOST_ACTIVITIES: usize = 32;
/// Choices or fields of a question: more of them nobody can answer, and the page is not given them.
const MOST_PARTS: usize = 200;
/// The most characters of a text of a question or an activity. The record has all of it.
const LONGEST_TEXT: usize = 5_000;

/// As much of a text as anybody reads.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

/// The stream of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ItemStream {
    Output,
    Error,
    Warning,
    Verbose,
    Debug,
    Information,
    Note,
}

impl ItemStream {
    /// The stream as the record names it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Verbose => "verbose",
            Self::Debug => "debug",
            Self::Information => "information",
            Self::Note => "note",
        }
    }

    /// The stream that the record names so.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Output, Self::Error, Self::Warning, Self::Verbose, Self::Debug, Self::Information, Self::Note];
        all.into_iter().find(|stream| stream.word() == word)
    }
}

/// A line of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number in the run, from 1.
    pub seq: u64,
    /// When it came, in milliseconds since 1970.
    pub at_ms: i64,
    /// The stream.
    pub stream: ItemStream,
    /// The text.
    pub text: String,
}

/// Progress of an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The activity's number.
    pub id: i64,
    /// The activity.
    pub activity: String,
    /// How far it is, in words.
    pub status: String,
    /// How far it is, 0 to 100.
    pub percent: Option<u8>,
    /// Seconds left.
    pub seconds_remaining: Option<u64>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Outcome {
    Completed,
    Failed,
    Stopped,
    Unknown,
}

impl Outcome {
    /// The outcome as the record and the summary name it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome that the record names so.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Completed, Self::Failed, Self::Stopped, Self::Unknown].into_iter().find(|one| one.word() == word)
    }
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// The error record that ended it, or the last one.
    pub error: Option<Value>,
    /// Why, where it did not complete.
    pub fault: Option<Fault>,
    /// Verdicts of a health check.
    pub verdicts: Vec<CheckVerdict>,
    /// Error records.
    pub errors: u32,
    /// Warnings.
    pub warnings: u32,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// The stamp, where it was asked about.
    pub stamp: Option<Box<Stamp>>,
}

/// A question of the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its number within the run.
    pub call: i64,
    /// The caption.
    pub caption: String,
    /// The message.
    pub message: String,
    /// What is asked.
    pub form: Form,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Fields that are answered by name.
    Fields(Vec<FormField>),
    /// One field that is the answer itself.
    Single(FormField),
    /// One of several choices: labels and help texts.
    Choice {
        /// Labels and help texts.
        choices: Vec<(String, String)>,
        /// The one to begin with.
        default: Option<usize>,
    },
    /// Any of several choices.
    Choices {
        /// Labels and help texts.
        choices: Vec<(String, String)>,
        /// Those to begin with.
        defaults: Vec<usize>,
    },
}

/// A field of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    /// The name under which it is answered.
    pub name: String,
    /// The label, without the mark of its letter.
    pub label: String,
    /// A help text.
    pub help: String,
    /// What is typed.
    pub input: FormInput,
    /// Whether it must be filled in.
    pub mandatory: bool,
}

/// What is typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FormInput {
    Text,
    Number,
    Secret,
    Credential,
    List,
}

/// What was filled in.
pub enum Filled {
    /// A text
    Text(String),
    /// A whole number
    Number(i64),
    /// Several texts
    List(Vec<String>),
    /// A secret
    Secret(Secret),
    /// An account with its password
    Credential(String, Secret),
}

/// An answer.
pub enum Answer {
    /// The fields by name.
    Fields(Vec<(String, Filled)>),
    /// The places of the chosen ones.
    Chosen(Vec<usize>),
    /// None.
    Refuse,
}

/// What the screen shows of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// Lines after the one asked for, oldest first.
    pub items: Vec<Item>,
    /// How many of those after the one asked for are not kept any more.
    pub dropped: u64,
    /// How many lines there are in all.
    pub total: u64,
    /// Its cmdlet.
    pub cmdlet: String,
    /// Its line, without secrets.
    pub text: String,
    /// When it was started, in milliseconds since 1970.
    pub started_ms: i64,
    /// When something came from it last, in milliseconds since 1970.
    pub heard_ms: i64,
    /// Warnings so far.
    pub warnings: u32,
    /// Errors so far.
    pub errors: u32,
    /// Progress.
    pub progress: Vec<Progress>,
    /// The question that waits.
    pub question: Option<Question>,
    /// Whether it is being stopped.
    pub stopping: bool,
    /// The end.
    pub end: Option<RunEnd>,
}

pub(crate) struct Run {
    pub(crate) id: PipelineId,
    pub(crate) cmdlet: String,
    pub(crate) text: String,
    pub(crate) stopping: bool,
    pub(crate) question: Option<Question>,
    pub(crate) end: Option<RunEnd>,
    items: VecDeque<Item>,
    bytes: usize,
    total: u64,
    progress: Vec<Progress>,
    verdicts: Option<VerdictReader>,
    asks_stamp: bool,
    /// Whether it gives the account of the session another password
    pub(crate) changes_password: bool,
    stamp: Option<Box<Stamp>>,
    last_error: Option<Value>,
    errors: u32,
    warnings: u32,
    started: Instant,
    started_ms: i64,
    heard_ms: i64,
    formatter: Formatter,
}

impl Run {
    pub(crate) fn new(id: PipelineId, cmdlet: String, text: String) -> Self {
        let checks = cmdlet.eq_ignore_ascii_case("Test-AzureStack");
        let asks_stamp = cmdlet.eq_ignore_ascii_case("Get-AzureStackStampInformation");
        let started_ms = now_ms();
        Self {
            asks_stamp,
            changes_password: false,
            stamp: None,
            id,
            cmdlet,
            text,
            stopping: false,
            question: None,
            end: None,
            items: VecDeque::new(),
            bytes: 0,
            total: 0,
            progress: Vec::new(),
            verdicts: checks.then(VerdictReader::default),
            last_error: None,
            errors: 0,
            warnings: 0,
            started: Instant::now(),
            started_ms,
            heard_ms: started_ms,
            formatter: Formatter::new(Options::default()),
        }
    }

    /// A run that an earlier process started, in milliseconds since 1970.
    pub(crate) fn since(id: PipelineId, cmdlet: String, text: String, started_ms: i64) -> Self {
        let before = u64::try_from(now_ms().saturating_sub(started_ms)).unwrap_or(0);
        let now = Instant::now();
        let started = now.checked_sub(Duration::from_millis(before)).unwrap_or(now);
        Self { started, started_ms, heard_ms: started_ms, ..Self::new(id, cmdlet, text) }
    }

    /// An object of the output as a console shows it: among the others of the run, perhaps later. `text` is its own.
    pub(crate) fn push_object(&mut self, at_ms: i64, value: &Value, text: &str) {
        self.heard_ms = at_ms;
        if let Some(verdicts) = &mut self.verdicts {
            verdicts.read(text);
        }
        if self.asks_stamp && self.stamp.is_none() {
            self.stamp = crate::stamp::of_object(value).ok().map(|read| Box::new(read.stamp));
        }
        if let Some(line) = crate::text::of_many_bytes(value) {
            self.flush(at_ms);
            return self.keep(at_ms, ItemStream::Output, line);
        }
        let mut formatter = std::mem::replace(&mut self.formatter, Formatter::new(Options::default()));
        formatter.push_in_parts(value, self.started.elapsed(), |lines| {
            self.push_lines(at_ms, lines);
            lines.clear();
        });
        self.formatter = formatter;
    }

    /// Whether a table waits for more rows before it is shown.
    pub(crate) fn is_waiting(&self) -> bool {
        self.formatter.is_waiting()
    }

    /// Shows a table that waits.
    pub(crate) fn flush(&mut self, at_ms: i64) {
        let mut lines = Vec::new();
        self.formatter.flush(&mut lines);
        self.push_lines(at_ms, &lines);
    }

    fn push_lines(&mut self, at_ms: i64, lines: &[String]) {
        for line in lines.iter().flat_map(|line| line.split('\n')) {
            let line = line.strip_suffix('\r').unwrap_or(line);
            self.keep(at_ms, ItemStream::Output, crate::text::for_screen(line));
        }
    }

    pub(crate) fn push(&mut self, at_ms: i64, stream: ItemStream, text: String) {
        // What came before it is shown before it.
        self.flush(at_ms);
        match stream {
            ItemStream::Error => self.errors += 1,
            ItemStream::Warning => self.warnings += 1,
            ItemStream::Output | ItemStream::Information => {
                if let Some(verdicts) = &mut self.verdicts {
                    verdicts.read(&text);
                }
            }
            _ => {}
        }
        if stream != ItemStream::Note {
            self.heard_ms = at_ms;
        }
        self.keep(at_ms, stream, text);
    }

    fn keep(&mut self, at_ms: i64, stream: ItemStream, text: String) {
        self.total += 1;
        self.bytes += text.len();
        while self.items.len() >= KEPT || (self.bytes > KEPT_BYTES && !self.items.is_empty()) {
            self.bytes -= self.items.pop_front().map_or(0, |item| item.text.len());
        }
        self.items.push_back(Item { seq: self.total, at_ms, stream, text });
    }

    pub(crate) fn error(&mut self, record: Value) {
        self.last_error = Some(record);
    }

    pub(crate) fn progress(&mut self, record: &ProgressRecord) {
        self.heard_ms = now_ms();
        self.progress.retain(|known| known.id != record.activity_id);
        if !record.completed {
            // The newest are shown; those before it were forgotten by the endpoint.
            if self.progress.len() >= MOST_ACTIVITIES {
                self.progress.remove(0);
            }
            self.progress.push(Progress {
                id: record.activity_id,
                activity: cut(&record.activity),
                status: cut(&record.status),
                percent: record.percent,
                seconds_remaining: record.seconds_remaining,
            });
        }
    }

    /// Ends a run of an earlier process that took so many seconds.
    pub(crate) fn finish_after(&mut self, seconds: u64, outcome: Outcome, fault: Option<Fault>) {
        self.finish(outcome, None, fault);
        if let Some(end) = &mut self.end {
            end.seconds = seconds;
        }
    }

    pub(crate) fn finish(&mut self, outcome: Outcome, error: Option<Value>, fault: Option<Fault>) {
        if self.end.is_some() {
            return;
        }
        let mut lines = Vec::new();
        self.formatter.finish(&mut lines);
        self.push_lines(now_ms(), &lines);
        self.question = None;
        self.progress.clear();
        self.end = Some(RunEnd {
            outcome,
            error: error.or_else(|| self.last_error.take()),
            fault,
            verdicts: self.verdicts.take().map(VerdictReader::finish).unwrap_or_default(),
            errors: self.errors,
            warnings: self.warnings,
            seconds: self.started.elapsed().as_secs(),
            // What is left of a run that failed is not kept.
            stamp: self.stamp.take().filter(|_| outcome == Outcome::Completed),
        });
    }

    /// How many checks a health check reported, and how many of them failed.
    pub(crate) fn checks(&self) -> (u32, u32) {
        let verdicts = self.end.as_ref().map_or(&[][..], |end| end.verdicts.as_slice());
        let failed = verdicts.iter().filter(|one| one.result == CheckResult::Fail).count();
        (u32::try_from(verdicts.len()).unwrap_or(u32::MAX), u32::try_from(failed).unwrap_or(u32::MAX))
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.end.as_ref().map_or_else(|| self.started.elapsed().as_secs(), |end| end.seconds)
    }

    pub(crate) fn view(&self, after: u64, most: usize) -> RunView {
        let first = self.items.front().map_or(self.total + 1, |item| item.seq);
        let start = usize::try_from((after + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        RunView {
            items: self.items.iter().skip(start).take(most).cloned().collect(),
            dropped: first.saturating_sub(after + 1),
            total: self.total,
            cmdlet: self.cmdlet.clone(),
            text: self.text.clone(),
            started_ms: self.started_ms,
            heard_ms: self.heard_ms,
            warnings: self.warnings,
            errors: self.errors,
            progress: self.progress.clone(),
            question: self.question.clone(),
            stopping: self.stopping,
            end: self.end.clone(),
        }
    }
}

impl Question {
    /// The question that a host call asks, in a shape for a form.
    pub(crate) fn of(call: &HostCall) -> Option<Self> {
        let field = |name: &str, label: &str, help: &str, input, mandatory| FormField {
            name: name.to_owned(),
            label: cut(label).replace("&&", "\u{0}").replace('&', "").replace('\u{0}', "&"),
            help: cut(help),
            input,
            mandatory,
        };
        let choices =
            |list: Vec<psrp::host::Choice>| list.iter().map(|choice| (cut(&choice.label), cut(&choice.help))).collect();
        let question = call.question()?;
        let parts = match &question {
            HostQuestion::Choice { choices, .. } | HostQuestion::Choices { choices, .. } => choices.len(),
            HostQuestion::Fields { fields, .. } => fields.len(),
            _ => 0,
        };
        // A field is answered by its name, so that this cannot be cut.
        let named = |field: &psrp::host::Field| field.name.to_string_lossy().chars().count() <= LONGEST_TEXT;
        if parts > MOST_PARTS || matches!(&question, HostQuestion::Fields { fields, .. } if !fields.iter().all(named)) {
            return None;
        }
        let (caption, message, form) = match question {
            HostQuestion::Line => {
                (String::new(), String::new(), Form::Single(field("", "", "", FormInput::Text, false)))
            }
            HostQuestion::SecretLine => {
                (String::new(), String::new(), Form::Single(field("", "", "", FormInput::Secret, false)))
            }
            HostQuestion::Credential { caption, message, .. } => {
                (caption, message, Form::Single(field("", "", "", FormInput::Credential, true)))
            }
            HostQuestion::Fields { caption, message, fields } => {
                let fields = fields.iter().map(|one| {
                    let input = match one.type_name.as_str() {
                        "System.Security.SecureString" => FormInput::Secret,
                        "System.Management.Automation.PSCredential" => FormInput::Credential,
                        "System.Int32" | "System.Int64" | "System.UInt32" => FormInput::Number,
                        name if name.ends_with("[]") => FormInput::List,
                        _ => FormInput::Text,
                    };
                    field(&one.name.to_string_lossy(), &one.label, &one.help, input, one.mandatory)
                });
                (caption, message, Form::Fields(fields.collect()))
            }
            HostQuestion::Choice { caption, message, choices: list, default } => {
                (caption, message, Form::Choice { choices: choices(list), default })
            }
            HostQuestion::Choices { caption, message, choices: list, defaults } => {
                (caption, message, Form::Choices { choices: choices(list), defaults })
            }
            // A key of the keyboard has no meaning in a form; it is refused.
            HostQuestion::Key => return None,
        };
        Some(Self { call: call.id.0, caption, message, form })
    }

    /// As it is shown, with texts as long as anybody reads.
    pub(crate) fn shown(self) -> Self {
        Self { caption: cut(&self.caption), message: cut(&self.message), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_keeps_the_last_lines_and_says_how_many_are_gone() {
        let mut run = Run::new(PipelineId(uuid::Uuid::nil()), String::new(), String::new());
        for number in 0..6_000 {
            run.push(0, ItemStream::Output, number.to_string());
        }
        let view = run.view(0, 10);
        assert_eq!((view.dropped, view.total, view.items[0].seq), (1_000, 6_000, 1_001));
        let view = run.view(5_998, 10);
        assert_eq!((view.dropped, view.items.len(), view.items[0].text.as_str()), (0, 2, "5998"));
        assert_eq!(run.view(6_000, 10).items, []);
        for _ in 0..2_000 {
            run.push(0, ItemStream::Output, "x".repeat(20_000));
        }
        assert!(run.items.len() * 20_000 <= KEPT_BYTES, "long lines are fewer");
        assert_eq!(run.bytes, run.items.iter().map(|item| item.text.len()).sum::<usize>());
    }

    #[test]
    fn p07_activities_are_limited_one_below_and_one_above() {
        let mut run = Run::new(PipelineId(uuid::Uuid::nil()), String::new(), String::new());
        let record = |id: i32, text: &str| {
            let xml = format!(
                r#"<Obj><MS><S N="Activity">{text}</S><I32 N="ActivityId">{id}</I32><S N="StatusDescription">{text}</S></MS></Obj>"#
            );
            ProgressRecord::from_value(&clixml::decode(xml.as_bytes()).unwrap())
        };
        for id in 0..10_000 {
            run.progress(&record(id, "text"));
            let shown: Vec<i64> = run.view(0, 0).progress.iter().map(|one| one.id).collect();
            assert_eq!((shown.len(), shown.last()), (usize::try_from(id + 1).unwrap().min(32), Some(&i64::from(id))));
        }
        for (length, kept) in [(4_999, 4_999), (5_000, 5_000), (5_001, 5_000)] {
            run.progress(&record(1, &"é".repeat(length)));
            let last = run.view(0, 0).progress.pop().unwrap();
            assert_eq!((last.activity.chars().count(), last.status.chars().count()), (kept, kept), "{length}");
        }
    }

    #[test]
    fn p07_parts_of_a_question_are_limited_one_below_and_one_above() {
        use clixml::Object;
        use psrp::host::{Choice, Field, HostMethod};
        let ask = |method, list: Vec<Value>, text: usize| {
            let text = Value::from("é".repeat(text).as_str());
            let parameters = vec![text.clone(), text, Object::list(list).into(), Value::I32(0)];
            Question::of(&HostCall { id: psrp::CallId(1), method, parameters })
        };
        let choice = |text: usize| Choice { label: "é".repeat(text), help: "é".repeat(text) }.to_value();
        let field = |name: usize| {
            let (name, label, help) = ("é".repeat(name), String::new(), String::new());
            let type_name = "System.String".to_owned();
            Field { name: name.as_str().into(), label, type_name, help, mandatory: false, default: Value::Null }
                .to_value()
        };
        for (count, asked) in [(199, true), (200, true), (201, false), (90_000, false)] {
            assert_eq!(ask(HostMethod::PROMPT_FOR_CHOICE, vec![choice(1); count], 1).is_some(), asked, "{count}");
            let several = HostMethod::PROMPT_FOR_CHOICE_MULTIPLE_SELECTION;
            assert_eq!(ask(several, vec![choice(1); count], 1).is_some(), asked, "{count}");
            assert_eq!(ask(HostMethod::PROMPT, vec![field(1); count], 1).is_some(), asked, "{count}");
        }
        for (length, kept) in [(4_999, 4_999), (5_000, 5_000), (5_001, 5_000)] {
            let question = ask(HostMethod::PROMPT_FOR_CHOICE, vec![choice(length)], length).unwrap();
            assert_eq!(question.message.chars().count(), length, "the record has all of it");
            let question = question.shown();
            assert_eq!([question.caption, question.message].map(|text| text.chars().count()), [kept, kept]);
            let Form::Choice { choices, .. } = question.form else { panic!("a choice") };
            assert_eq!((choices[0].0.chars().count(), choices[0].1.chars().count()), (kept, kept));
            let fits = ask(HostMethod::PROMPT, vec![field(1), field(length)], 1).is_some();
            assert_eq!(fits, length == kept, "a name is whole or not at all");
        }
    }

    #[test]
    fn a_large_value_is_a_cut_and_marked_line() {
        let mut run = Run::new(PipelineId(uuid::Uuid::nil()), String::new(), String::new());
        run.push_object(0, &Value::Bytes(vec![7; 5_000_000]), "");
        run.push_object(0, &Value::from("x".repeat(5_000_000)), "");
        run.push_object(0, &Value::Bytes(vec![1, 2, 3]), "");
        run.finish(Outcome::Completed, None, None);
        let texts: Vec<_> = run.items.iter().map(|item| item.text.as_str()).filter(|text| !text.is_empty()).collect();
        let [bytes, string, few @ ..] = texts.as_slice() else { panic!("two large lines: {}", texts.len()) };
        assert!(bytes.starts_with("7 7 7 ") && bytes.ends_with("… (5000000 bytes, all in the record)"), "{bytes}");
        assert!(string.len() < 21_000 && string.ends_with("… (5000000 characters, all in the record)"));
        assert_eq!(few, ["1", "2", "3"]);
    }
}
