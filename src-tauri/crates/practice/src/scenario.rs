//! Scenarios: what the commands of the practice stamp do, as data.
//!
//! A scenario file maps a cmdlet to one or more plays; the first play whose condition fits the parameters runs. A
//! scenario can be based on another one and then holds only what differs. The files are in `scenarios/`.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

/// A scenario, with the parts of the one that it is based on filled in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A few words for a list.
    pub title: String,
    /// One sentence for a person who chooses.
    pub what: String,
    /// The scenario whose plays count where this one has none.
    #[serde(default)]
    based_on: Option<String>,
    /// Results of health checks that differ from PASS, by the check's argument name.
    #[serde(default)]
    pub(crate) checks: BTreeMap<String, CheckResult>,
    /// Plays by cmdlet.
    #[serde(default)]
    pub(crate) commands: HashMap<String, Vec<Play>>,
    /// File servers that refuse.
    #[serde(default)]
    pub(crate) refused_shares: Vec<RefusedShare>,
}

/// How one health check ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckResult {
    /// `WARN` or `FAIL`.
    pub(crate) result: String,
    /// Lines printed before the result.
    #[serde(default)]
    pub(crate) details: Vec<String>,
}

/// A file server that refuses, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedShare {
    /// The server part of the share path.
    pub(crate) host: String,
    /// The message of the error.
    pub(crate) error: String,
}

/// What a cmdlet does for parameters that fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Play {
    #[serde(default)]
    pub(crate) when: Condition,
    pub(crate) steps: Vec<Step>,
}

/// Which parameters a play is for. An empty condition fits all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    /// Parameters that must be given.
    #[serde(default)]
    pub(crate) given: Vec<String>,
    /// Parameters that must not be given.
    #[serde(default)]
    pub(crate) not_given: Vec<String>,
}

/// One step on the time line of a play. Texts may name parameters in braces.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// Practice time that passes.
    Seconds(f64),
    /// A text on the output stream.
    Output(String),
    /// An object on the output stream.
    Object(ObjectStep),
    /// The stamp information object.
    Stamp(()),
    /// A line through the host and the information stream, as `Write-Host` prints it.
    HostLine(HostLine),
    /// A warning record.
    Warning(String),
    /// A verbose record.
    Verbose(String),
    /// A non-terminating error record.
    Error(ErrorStep),
    /// A terminating error: the command fails here.
    Fail(ErrorStep),
    /// A progress record.
    Progress(ProgressStep),
    /// A question for one value, as for a missing mandatory parameter; the answer becomes that parameter.
    Prompt(PromptStep),
    /// A question with choices; the command goes on only for some of them.
    Choice(ChoiceStep),
    /// The collection of logs, role by role.
    Logs(LogStep),
    /// The share in this parameter is tried; a refusing one fails the command.
    Share(String),
    /// The transcripts have left the stamp; the session ends itself afterwards.
    TranscriptsClosed(()),
}

/// An object with type names and properties.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectStep {
    #[serde(default)]
    pub(crate) types: Vec<String>,
    pub(crate) properties: serde_json::Map<String, serde_json::Value>,
}

/// A line of text with an optional console colour.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostLine {
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) color: Option<i32>,
}

/// An error record.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorStep {
    pub(crate) message: String,
    pub(crate) id: String,
}

/// A progress record.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgressStep {
    pub(crate) activity: String,
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default = "unknown")]
    pub(crate) percent: i32,
    #[serde(default)]
    pub(crate) completed: bool,
}

/// PowerShell's "not known" in progress records.
fn unknown() -> i32 {
    -1
}

/// A question for one value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptStep {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) type_name: String,
}

/// A question with choices.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoiceStep {
    pub(crate) caption: String,
    pub(crate) message: String,
    pub(crate) choices: Vec<String>,
    pub(crate) default: i32,
    /// Answers that let the command go on; others end it without output.
    pub(crate) go_on: Vec<i32>,
}

/// The collection of logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogStep {
    pub(crate) seconds_per_role: f64,
    /// Warnings by role.
    #[serde(default)]
    pub(crate) warn: HashMap<String, String>,
    /// Silence after a role, in seconds of practice time.
    #[serde(default)]
    pub(crate) quiet_seconds_after: HashMap<String, f64>,
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// No scenario has this name.
    #[error("there is no practice scenario called {0:?}")]
    Unknown(String),
    /// The file does not follow the format.
    #[error("practice scenario {name:?} cannot be read: {reason}")]
    Unreadable {
        /// The scenario's name.
        name: String,
        /// What the reader said.
        reason: serde_json::Error,
    },
}

/// The built-in scenarios: name and file.
const BUILT_IN: &[(&str, &str)] = &[
    ("healthy", include_str!("../scenarios/healthy.json")),
    ("failing-group", include_str!("../scenarios/failing-group.json")),
    ("slow-logs", include_str!("../scenarios/slow-logs.json")),
    ("share-refused", include_str!("../scenarios/share-refused.json")),
];

impl Scenario {
    /// The names of the built-in scenarios.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A built-in scenario.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn built_in(name: &str) -> Result<Self, ScenarioError> {
        let (_, text) =
            BUILT_IN.iter().find(|(known, _)| *known == name).ok_or_else(|| ScenarioError::Unknown(name.to_owned()))?;
        Self::parse(name, text)
    }

    /// A scenario from the text of a file.
    ///
    /// # Errors
    /// When the text does not follow the format, or names an unknown scenario that it is based on.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self =
            serde_json::from_str(text).map_err(|reason| ScenarioError::Unreadable { name: name.to_owned(), reason })?;
        if let Some(base) = scenario.based_on.take() {
            let base = Self::built_in(&base)?;
            for (cmdlet, plays) in base.commands {
                scenario.commands.entry(cmdlet).or_insert(plays);
            }
            for (argument, result) in base.checks {
                scenario.checks.entry(argument).or_insert(result);
            }
            scenario.refused_shares.extend(base.refused_shares);
        }
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_scenario_can_be_read_and_can_close_a_session() {
        for name in Scenario::names() {
            let scenario = Scenario::built_in(name).unwrap();
            assert!(scenario.commands.contains_key("Close-PrivilegedEndpoint"), "{name}");
        }
    }

    #[test]
    fn what_a_scenario_does_not_say_comes_from_its_base() {
        let text = r#"{ "title": "t", "what": "w", "based_on": "healthy",
                        "commands": { "Get-StorageJob": [{ "steps": [{ "output": "mine" }] }] } }"#;
        let scenario = Scenario::parse("own", text).unwrap();
        assert!(matches!(&scenario.commands["Get-StorageJob"][0].steps[0], Step::Output(text) if text == "mine"));
        assert!(scenario.commands.contains_key("Get-SupportSessionInfo"));
    }
}
