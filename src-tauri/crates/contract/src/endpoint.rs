//! Where the endpoint is: stamps, addresses, probes.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Fault;

/// A stamp that this computer knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StampProfile {
    /// Its id on this computer.
    pub id: String,
    /// The name that the person gave it.
    pub name: String,
    /// The region; empty when unknown.
    pub region: String,
    /// The short name of the internal domain; empty when unknown.
    pub netbios_domain: String,
    /// The full name of the internal domain; empty when unknown.
    pub dns_domain: String,
    /// The external suffix, with the region; empty when unknown.
    pub external_domain: String,
    /// The Cloud ID; empty when unknown.
    pub cloud_id: String,
    /// The deployment's id; empty when unknown.
    pub deployment_id: String,
    /// The version; empty when unknown.
    pub version: String,
    /// The instances.
    pub addresses: Vec<EndpointAddress>,
    /// Where all this comes from.
    pub source: StampSource,
    /// When it was used last, in seconds since 1970; none before the first time.
    #[ts(type = "number | null")]
    pub last_used: Option<i64>,
    /// Whether it is the practice stamp.
    pub practice: bool,
}

/// Where the data of a stamp come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StampSource {
    /// The practice stamp inside this app.
    Practice,
    /// A stamp information file.
    File,
    /// Typed or pasted.
    Typed,
}

/// An instance's address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointAddress {
    /// The address or name as it is dialled.
    pub host: String,
    /// The port.
    pub port: u16,
    /// A short name, for example ERCS01.
    pub label: String,
}

/// What to import a stamp from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum StampImport {
    /// A file that the person chooses in the system's dialog.
    Choose,
    /// A file given as an argument when the app was started, by its number.
    Argument {
        /// Which.
        index: usize,
    },
    /// The content of a file that was dropped or opened.
    Content {
        /// The file's name.
        file_name: String,
        /// Its bytes in base64.
        base64: String,
    },
    /// Text that was typed or pasted: addresses in any layout.
    Text {
        /// The text.
        text: String,
    },
}

/// What an import gave.
#[allow(clippy::large_enum_variant, reason = "one answer to one click; it is serialised at once")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum StampImportResult {
    /// A stamp was read.
    Read {
        /// The stamp; not kept yet.
        stamp: StampProfile,
        /// The fields that were read, with their values.
        read: Vec<ReadField>,
        /// Things to look at, by word key.
        warnings: Vec<String>,
    },
    /// The person closed the dialog.
    Nothing,
    /// It is nothing that can be used.
    Refused {
        /// Why.
        fault: Fault,
    },
}

/// A field that was read from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadField {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How far the check of one instance is. Nothing is signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbeUpdate {
    /// Which instance.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The stages that are over or run, in order.
    pub stages: Vec<ProbeStage>,
    /// Whether the check is over.
    pub done: bool,
    /// Whether the instance can be used.
    pub usable: bool,
    /// How long the check takes or took, in milliseconds.
    pub took_ms: u32,
    /// After how many milliseconds a connection is given up.
    pub limit_ms: u32,
    /// The round-trip time in milliseconds.
    pub round_trip_ms: Option<u32>,
    /// How far the instance's clock is ahead of ours, in seconds.
    #[ts(type = "number | null")]
    pub clock_ahead_s: Option<i64>,
    /// Why it cannot be used.
    pub fault: Option<Fault>,
}

/// A stage of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbeStage {
    /// Which.
    pub stage: ProbeStageName,
    /// How it stands.
    pub state: StageState,
}

/// The stages of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProbeStageName {
    /// The name is resolved and there is a route.
    Route,
    /// The port answers.
    Port,
    /// It answers as WinRM and offers Negotiate.
    WinRm,
}

/// How a stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StageState {
    /// Not begun.
    Waiting,
    /// Running.
    Running,
    /// Done.
    Done,
    /// Failed.
    Failed,
}
