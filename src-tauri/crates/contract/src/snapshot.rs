//! What the page begins with.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CatalogueEntry, Fault, SessionSnapshot, StampProfile};

/// Everything that the page needs to draw itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppSnapshot {
    /// The app's version.
    pub version: String,
    /// What the key ring of this system is called.
    pub keyring_name: String,
    /// Why passwords cannot be kept, if they cannot: then each is used once (S-36).
    pub keyring_problem: Option<KeyringProblem>,
    /// The stamps that this computer knows, the practice stamp first.
    pub stamps: Vec<StampProfile>,
    /// The practice account.
    pub practice: Practice,
    /// Sessions that were not closed.
    pub unfinished: Vec<UnfinishedSession>,
    /// The session that is open.
    pub session: Option<SessionSnapshot>,
    /// The commands that are known.
    pub catalogue: Vec<CatalogueEntry>,
    /// How many files were given as arguments.
    pub file_arguments: usize,
    /// Why nothing can be started: there is no place for records (J-06).
    pub records_fault: Option<Fault>,
    /// What whoever looks after this computer forbids or requires.
    pub policy: Policy,
}

/// Why the key ring cannot be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyringProblem {
    /// What kind of a problem it is.
    pub kind: KeyringProblemKind,
    /// The system's words.
    pub detail: String,
}

/// The kinds of problems with a key ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum KeyringProblemKind {
    /// There is none in this session.
    Missing,
    /// It is locked.
    Locked,
    /// It has no place for new entries.
    NoDefault,
    /// It failed.
    Failed,
}

/// The policy of this computer (S-32).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct Policy {
    /// Whether passwords may be kept.
    pub store_passwords: bool,
    /// Whether HTTPS is required.
    pub require_https: bool,
    /// Whether Kerberos is required.
    pub require_kerberos: bool,
    /// Whether there is practice.
    pub practice: bool,
    /// The file; empty when there is none.
    pub file: String,
    /// What is wrong with it: then the strictest policy holds.
    pub damaged: Option<String>,
}

/// The practice stamp's account. Its password opens nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Practice {
    /// The account.
    pub account: String,
    /// The password.
    pub password: String,
    /// The scenarios that can be chosen.
    pub scenarios: Vec<PracticeScenario>,
    /// The one that plays.
    pub scenario: String,
    /// How many times as fast as real time it runs.
    pub speed: f64,
}

/// A scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PracticeScenario {
    /// Its name.
    pub name: String,
    /// A few words.
    pub title: String,
    /// One sentence.
    pub what: String,
}

/// A session that was left without being closed. Its transcripts are still on its instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnfinishedSession {
    /// The record's id.
    pub record_id: String,
    /// The stamp.
    pub stamp_id: String,
    /// The address of the instance, with its port.
    pub endpoint: String,
    /// The computer.
    pub computer: String,
    /// The account.
    pub account: String,
    /// When it was opened, in seconds since 1970.
    #[ts(type = "number")]
    pub opened: i64,
    /// When something was recorded last, in seconds since 1970.
    #[ts(type = "number")]
    pub left: i64,
    /// Whether it was practice.
    pub practice: bool,
    /// Whether it was left running on purpose; otherwise the app or the computer ended.
    pub left_running: bool,
    /// Whether its record tells enough to take it over.
    pub resumable: bool,
    /// The number of the first line of its record that was changed afterwards, if one was.
    #[ts(type = "number | null")]
    pub altered_at: Option<u64>,
}

/// What was removed with a stamp (S-45).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StampForgotten {
    /// The passwords that were removed from the key ring.
    pub passwords: usize,
    /// The trusted computers that were removed.
    pub computers: usize,
    /// The trusted roots that were removed.
    pub roots: usize,
    /// The records that were deleted; none unless it was asked for.
    pub records: usize,
    /// Why something could not be removed.
    pub faults: Vec<Fault>,
    /// Everything as it is now.
    pub snapshot: AppSnapshot,
}
