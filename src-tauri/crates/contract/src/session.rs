//! The session: signing in, who the endpoint is, how it stands, closing.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{EndpointAddress, FallBack, Fault, PasswordEntry, Risk, RunOutcome, StageState, UnfinishedSession};

/// What to connect with.
#[derive(Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    /// The stamp.
    pub stamp_id: String,
    /// The instance.
    pub address: EndpointAddress,
    /// The account as typed.
    pub account: String,
    /// The password; none to take the one from the key ring.
    pub password: Option<PasswordEntry>,
    /// Whether to keep the password in the key ring.
    pub remember: bool,
    /// The way that a person chose; none for the usual one: by name where an endpoint has one.
    pub way: Option<SignInWay>,
    /// Whether to use the Kerberos tickets of this computer instead of a password.
    #[serde(default)]
    pub tickets: bool,
    /// The record of the session that is taken over; none to open a new session.
    #[serde(default)]
    pub record_id: Option<String>,
}

/// How a sign-in works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SignInWay {
    /// With Kerberos: the endpoint proves its name.
    ByName,
    /// With NTLM: the endpoint says who it is, and proves afterwards that it knows the password.
    Ntlm,
}

/// The ways that there are for an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignInWays {
    /// The usual one.
    pub usual: SignInWay,
    /// What is done where the endpoint has a name that it cannot prove.
    pub fall_back: FallBack,
    /// Whose Kerberos tickets there are on this computer.
    pub tickets: Option<String>,
    /// When its name was proved for the first time, in seconds since 1970; none when it never was.
    #[ts(type = "number | null")]
    pub proved_since: Option<i64>,
}

/// What became of an attempt to connect.
#[allow(clippy::large_enum_variant, reason = "one answer to one click; it is serialised at once")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ConnectResult {
    /// The session is open.
    Open {
        /// It.
        session: Box<SessionSnapshot>,
        /// Why the password was not kept, though that was asked for.
        not_kept: Option<Fault>,
    },
    /// Somebody must decide whether this is the right computer. Nothing derived from the password was sent.
    Identity {
        /// The question.
        question: IdentityQuestion,
    },
    /// The endpoint cannot be proved by its name, and nothing was sent to it: NTLM would be another way, if the person wants it (S-11).
    FallBack {
        /// Why.
        fault: Fault,
    },
    /// The person cancelled.
    Cancelled,
    /// It failed.
    Failed {
        /// Why.
        fault: Fault,
    },
}

/// Who the endpoint says it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityQuestion {
    /// Whether another computer was known here before.
    pub changed: bool,
    /// What it says now.
    pub now: IdentityNames,
    /// What is remembered.
    pub before: Option<IdentityNames>,
    /// What the stamp's data say its domain is; empty when they do not.
    pub expected_domain: String,
    /// Whether the domain fits the stamp's data; none when they do not say.
    pub domain_fits: Option<bool>,
    /// The endpoint's certificate; none without TLS.
    pub certificate: Option<IdentityCertificate>,
    /// How it would be signed in to; by name, the names are proved.
    pub way: SignInWay,
    /// Why it cannot be proved by its name, though it has one.
    pub fell_back: Option<Fault>,
}

/// A certificate as a person looks at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityCertificate {
    /// The SHA-256 of its public key, as pairs of digits: what is compared.
    pub key: String,
    /// The key that was trusted before; none where none was.
    pub key_before: Option<String>,
    /// Whom it is of, as it says.
    pub subject: String,
    /// Who signed it, as it says.
    pub issuer: String,
    /// Until when it is valid.
    pub valid_until: String,
    /// Whether the operating system vouches for it.
    pub vouched: bool,
}

/// Names of a computer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityNames {
    /// The computer.
    pub computer: String,
    /// Its domain.
    pub domain: String,
    /// The computer's full name; may be empty.
    pub dns_computer: String,
    /// When this was remembered, in seconds since 1970.
    #[ts(type = "number | null")]
    pub since: Option<i64>,
}

/// The decision of a person about an identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum IdentityDecision {
    /// Trust it from now on.
    Trust,
    /// Replace what is remembered; the new computer name was typed.
    Replace {
        /// What was typed.
        typed_computer: String,
    },
}

/// How far connecting is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectStage {
    /// Which stage.
    pub stage: ConnectStageName,
    /// How it stands.
    pub state: StageState,
    /// How long it took, in milliseconds.
    pub ms: u32,
    /// Who answers; told with the stage that verifies it.
    pub names: Option<IdentityNames>,
    /// How it is signed in to.
    pub way: SignInWay,
    /// Whether that is not the usual way, because Kerberos is not possible.
    pub fell_back: bool,
}

/// The stages of connecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConnectStageName {
    /// The instance is reached.
    Reach,
    /// The account signs in.
    SignIn,
    /// The endpoint has proved that it knows the session key.
    Verify,
    /// The session is opened.
    Open,
    /// It is checked that this is a PEP.
    Check,
    /// The list of commands is read.
    Commands,
}

/// The state of the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum SessionState {
    /// Connecting.
    Connecting,
    /// Open and idle.
    Ready,
    /// A command runs.
    Running,
    /// The connection was lost and is tried again.
    Retrying {
        /// Seconds until it is given up.
        give_up_in_s: u32,
    },
    /// The connection is lost; what runs goes on at the endpoint.
    Lost {
        /// Why.
        fault: Fault,
    },
    /// The session is being closed.
    Closing,
    /// Closed; the transcripts are on the share.
    Closed,
    /// Ended; the transcripts are still on the endpoint.
    ClosedWithoutTranscripts,
}

/// The session as the page shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionSnapshot {
    /// Its id.
    pub id: String,
    /// The stamp.
    pub stamp_id: String,
    /// The instance.
    pub address: EndpointAddress,
    /// The computer's name.
    pub computer: String,
    /// The account.
    pub account: String,
    /// When it was opened, in seconds since 1970.
    #[ts(type = "number")]
    pub opened: i64,
    /// Its state.
    pub state: SessionState,
    /// The commands that the endpoint lists.
    pub commands: Vec<String>,
    /// What was checked to see that it is a PEP.
    pub checks: Vec<EndpointCheck>,
    /// Where it is recorded.
    pub record_path: String,
    /// Whether it is practice.
    pub practice: bool,
    /// How it was signed in to.
    pub way: SignInWay,
    /// Why it was not by name, though the endpoint has one.
    pub fell_back: Option<Fault>,
    /// The run that is going on.
    pub active_run: Option<String>,
    /// Why no further connection signs in, while the session goes on over those that it has.
    pub fewer_connections: Option<Fault>,
    /// Why the record is suspended: nothing new is started, and what comes is counted only (J-05).
    pub record_fault: Option<Fault>,
    /// How many commands the person has run in it.
    pub runs: u32,
    /// For how many seconds the endpoint keeps the session and what runs in it without us; none when it does not.
    pub kept_for_s: Option<u32>,
}

/// One check that it is a PEP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointCheck {
    /// Which, by word key.
    pub check: String,
    /// Whether it is as it should be.
    pub passed: bool,
    /// What was seen.
    pub seen: String,
}

/// How to close a session.
#[derive(Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum CloseSpec {
    /// With its transcripts on a share.
    WithTranscripts {
        /// The share as the stamp reaches it.
        share: String,
        /// The account of the share.
        account: String,
        /// Its password.
        password: PasswordEntry,
    },
    /// Leaving the transcripts on the endpoint.
    LeaveTranscripts,
    /// Not at all: its connection is lost, and it is left at the endpoint to be taken over.
    LetGo,
}

/// How far closing with transcripts is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloseStage {
    /// Which stage.
    pub stage: CloseStageName,
    /// How it stands.
    pub state: StageState,
    /// How long it took, in milliseconds.
    pub ms: u32,
}

/// The stages of closing with transcripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CloseStageName {
    /// The endpoint is asked to close.
    Ask,
    /// It copies the transcripts.
    Copy,
    /// It has said that this went well.
    Confirm,
    /// The session is gone.
    Gone,
}

/// What became of closing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum CloseResult {
    /// It is closed.
    Closed {
        /// What there is to say about the session.
        summary: Summary,
    },
    /// It is left at the endpoint.
    LetGo {
        /// What is needed to take it over.
        left: UnfinishedSession,
    },
    /// It failed; the session is still open.
    Failed {
        /// Why.
        fault: Fault,
    },
}

/// What there is to say about a closed session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Summary {
    /// Whether the transcripts are on the share.
    pub transcripts: bool,
    /// The share.
    pub share: String,
    /// The instance's computer name.
    pub computer: String,
    /// Its domain.
    pub domain: String,
    /// The account.
    pub account: String,
    /// When it was opened, in seconds since 1970.
    #[ts(type = "number")]
    pub opened: i64,
    /// When it was closed, in seconds since 1970.
    #[ts(type = "number")]
    pub closed: i64,
    /// What ran.
    pub commands: Vec<SummaryCommand>,
    /// The record's id.
    pub record_id: String,
    /// The record's file.
    pub record_path: String,
    /// The hash at the record's end.
    pub head_hash: String,
    /// Whether it was practice.
    pub practice: bool,
}

/// A command of a summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SummaryCommand {
    /// Its text.
    pub text: String,
    /// How it ended.
    pub outcome: RunOutcome,
    /// How long it took, in seconds.
    pub seconds: u32,
    /// Errors.
    pub errors: u32,
    /// Warnings.
    pub warnings: u32,
    /// Checks, for a health check.
    pub checks: u32,
    /// How many of them failed.
    pub checks_failed: u32,
    /// What it may have done.
    pub risk: Risk,
}

/// What to do with an open session when the window is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum QuitChoice {
    /// Leave it running at the endpoint.
    KeepRunning,
    /// Close it with its transcripts first.
    CloseFirst,
    /// End it without transcripts.
    EndNow,
}
