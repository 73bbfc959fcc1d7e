//! Commands, runs and what they print and ask.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Fault, PasswordEntry, StampRelation};

/// A command that can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CatalogueEntry {
    /// The cmdlet.
    pub name: String,
    /// The group.
    pub group: String,
    /// The question that it answers, by word key; empty for one that has none.
    pub question: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// What it may do.
    pub risk: Risk,
    /// How long it usually takes; empty when nobody knows.
    pub duration: String,
    /// Whether it belongs to everyday work.
    pub everyday: bool,
    /// Whether it needs the ritual of guarded commands (S-23).
    pub guarded: bool,
    /// Whether it must not be run while the stamp is updated.
    pub blocked_during_update: bool,
    /// Things to know before.
    pub pitfalls: Vec<String>,
    /// Its parameters.
    pub parameters: Vec<CatalogueParameter>,
    /// Whether the endpoint lists it; none before that is known.
    pub available: Option<bool>,
}

/// What a command may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Risk {
    /// It only reads.
    Read,
    /// It changes something.
    Change,
    /// It destroys something.
    Destructive,
    /// It concerns the session.
    Session,
}

/// A parameter that can be filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CatalogueParameter {
    /// Its name.
    pub name: String,
    /// PowerShell's short type name.
    pub type_name: String,
    /// Whether it must be given.
    pub mandatory: bool,
    /// What it is when not given; empty when unknown.
    pub default: String,
    /// Known values.
    pub values: Vec<String>,
    /// What it is for.
    pub help: String,
}

/// What to run.
#[derive(Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunSpec {
    /// The cmdlet.
    pub cmdlet: String,
    /// Its parameters by name.
    pub parameters: BTreeMap<String, ParameterValue>,
}

/// A typed value of a parameter.
#[derive(Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ParameterValue {
    /// A text.
    Text {
        /// It.
        value: String,
    },
    /// Several texts.
    List {
        /// They.
        values: Vec<String>,
    },
    /// A whole number.
    Number {
        /// It.
        #[ts(type = "number")]
        value: i64,
    },
    /// A switch that is on, or a Boolean.
    Switch {
        /// On or off.
        on: bool,
    },
    /// A moment, as `yyyy-MM-ddTHH:mm:ss` with an offset.
    Moment {
        /// It.
        value: String,
    },
    /// An account with its password.
    Credential {
        /// The account.
        account: String,
        /// The password; none in a preview.
        password: Option<PasswordEntry>,
    },
    /// A secret text.
    Secret {
        /// It; none in a preview.
        password: Option<PasswordEntry>,
    },
}

/// What a run will be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunPreview {
    /// The PowerShell line; secrets stand as a word.
    pub text: String,
    /// The line in parts, for colours and explanations.
    pub parts: Vec<PreviewPart>,
    /// What it may do with these parameters.
    pub risk: Risk,
    /// Whether it needs the ritual of guarded commands (S-23).
    pub guarded: bool,
    /// Things to know, as sentences.
    pub warnings: Vec<String>,
    /// Parameters that are not right.
    pub faults: Vec<ParameterFault>,
}

/// A part of a PowerShell line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviewPart {
    /// The text.
    pub text: String,
    /// What it is.
    pub role: PreviewRole,
    /// What it does; may be empty.
    pub explanation: String,
}

/// What a part of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PreviewRole {
    /// The cmdlet.
    Cmdlet,
    /// A parameter's name.
    Parameter,
    /// A value.
    Value,
    /// A secret that is not shown.
    Secret,
}

/// A parameter that is not right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ParameterFault {
    /// Which.
    pub parameter: String,
    /// Why, by word key.
    pub reason: String,
}

/// What became of starting a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum RunStart {
    /// It runs.
    Started {
        /// Its id.
        run_id: String,
    },
    /// A person must type the target first; then the operating system asks as well (S-23).
    NeedsConfirmation {
        /// What `run_confirm` is called with; it serves once and for a minute.
        ticket: String,
        /// What the command may do.
        risk: Risk,
        /// What must be typed.
        phrase: String,
    },
    /// The person did not confirm; nothing ran.
    NotConfirmed,
    /// It failed.
    Failed {
        /// Why.
        fault: Fault,
    },
}

/// A piece of what a run gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunBatch {
    /// The run.
    pub run_id: String,
    /// Its cmdlet.
    pub cmdlet: String,
    /// Its line, without secrets.
    pub text: String,
    /// When it was started, in milliseconds since 1970.
    #[ts(type = "number")]
    pub started_ms: i64,
    /// When something came from it last, in milliseconds since 1970.
    #[ts(type = "number")]
    pub heard_ms: i64,
    /// The number of the batch, to be acknowledged.
    #[ts(type = "number")]
    pub batch: u64,
    /// Lines, oldest first.
    pub items: Vec<RunItem>,
    /// How many lines there are in all.
    #[ts(type = "number")]
    pub total: u64,
    /// Warnings in all.
    pub warnings: u32,
    /// Errors in all.
    pub errors: u32,
    /// How many were left out here; they are in the record.
    #[ts(type = "number")]
    pub dropped_from_view: u64,
    /// The latest progress by activity.
    pub progress: Vec<RunProgress>,
    /// The question that waits, if any.
    pub prompt: Option<Prompt>,
    /// The state.
    pub state: RunState,
}

/// A line of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunItem {
    /// Its number in the record.
    #[ts(type = "number")]
    pub seq: u64,
    /// When it came, in milliseconds since 1970.
    #[ts(type = "number")]
    pub at_ms: i64,
    /// The stream.
    pub stream: RunStream,
    /// Its text.
    pub text: String,
}

/// The streams of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RunStream {
    /// Output.
    Output,
    /// Errors.
    Error,
    /// Warnings.
    Warning,
    /// Verbose.
    Verbose,
    /// Debug.
    Debug,
    /// Information and text for the screen.
    Information,
    /// What this app says about the run.
    Note,
}

/// Progress of an activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunProgress {
    /// The activity.
    pub activity: String,
    /// How far it is, in words.
    pub status: String,
    /// How far it is, 0 to 100, where known.
    pub percent: Option<u8>,
    /// Seconds left, where known.
    #[ts(type = "number | null")]
    pub seconds_remaining: Option<u64>,
}

/// The state of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum RunState {
    /// It is sent, or waits at the endpoint.
    Running,
    /// It is being stopped.
    Stopping,
    /// It is over.
    Ended {
        /// What came of it.
        result: RunResult,
    },
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunResult {
    /// How it ended.
    pub outcome: RunOutcome,
    /// How long it took, in seconds.
    pub seconds: u32,
    /// Verdicts, for a health check.
    pub verdicts: Vec<Verdict>,
    /// Errors.
    pub errors: u32,
    /// Warnings.
    pub warnings: u32,
    /// Lines.
    #[ts(type = "number")]
    pub lines: u64,
    /// Why it failed.
    pub fault: Option<Fault>,
    /// What the stamp that it told of is to the one that was connected to.
    pub stamp: Option<StampRelation>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RunOutcome {
    /// Completed.
    Completed,
    /// Failed.
    Failed,
    /// Stopped by the person.
    Stopped,
    /// Nobody knows: the connection was lost. It was not run again.
    Unknown,
}

/// The verdict of one health check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// Its title.
    pub title: String,
    /// The result.
    pub result: VerdictResult,
    /// What was printed about it.
    pub details: Vec<String>,
}

/// The result of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum VerdictResult {
    /// Passed.
    Pass,
    /// A warning.
    Warn,
    /// Failed.
    Fail,
    /// Left out.
    Skip,
}

/// A question of the endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prompt {
    /// Its number within the run.
    #[ts(type = "number")]
    pub call: i64,
    /// The caption; may be empty.
    pub caption: String,
    /// The message; may be empty.
    pub message: String,
    /// What is asked.
    pub form: PromptForm,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PromptForm {
    /// Fields to fill in.
    Fields {
        /// They.
        fields: Vec<PromptField>,
    },
    /// One of several choices.
    Choice {
        /// Labels; `&` stands before the letter.
        choices: Vec<PromptChoice>,
        /// The one to begin with.
        default: Option<usize>,
    },
    /// Any of several choices.
    Choices {
        /// Labels; `&` stands before the letter.
        choices: Vec<PromptChoice>,
        /// Those to begin with.
        defaults: Vec<usize>,
    },
}

/// A field of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromptField {
    /// The name under which it is answered.
    pub name: String,
    /// The label.
    pub label: String,
    /// A help text; may be empty.
    pub help: String,
    /// What is typed.
    pub input: PromptInput,
    /// Whether it must be filled in.
    pub mandatory: bool,
}

/// What is typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PromptInput {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A secret.
    Secret,
    /// An account and a password.
    Credential,
    /// Several texts, one a line.
    List,
}

/// A choice of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromptChoice {
    /// The label.
    pub label: String,
    /// A help text; may be empty.
    pub help: String,
}

/// The answer to a question.
#[derive(Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PromptAnswer {
    /// The fields.
    Fields {
        /// By name.
        values: BTreeMap<String, ParameterValue>,
    },
    /// The chosen ones.
    Chosen {
        /// Their places.
        choices: Vec<usize>,
    },
    /// The person refuses to answer.
    Refuse,
}
