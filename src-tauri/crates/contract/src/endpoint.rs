//! Stamps, the addresses of their instances, and what is seen when they are looked at.

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
    /// The administrator Resource Manager that was asked; empty when none was.
    pub resource_manager: String,
    /// The instances.
    pub addresses: Vec<EndpointAddress>,
    /// Where all this comes from.
    pub source: StampSource,
    /// When it was used last, in seconds since 1970; none before the first time.
    #[ts(type = "number | null")]
    pub last_used: Option<i64>,
    /// Whether it is the practice stamp.
    pub practice: bool,
    /// What is done where an instance has a name that it cannot prove.
    pub fall_back: FallBack,
}

/// What is done where Kerberos is not possible with an endpoint that has a name (S-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FallBack {
    /// The person is asked.
    Ask,
    /// NTLM is used.
    Allow,
    /// There is no session.
    Never,
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
    /// Whether a person has trusted the computer at this address before.
    pub trusted: bool,
    /// How long the check took, in milliseconds.
    pub took_ms: u32,
    /// After how many milliseconds a connection is given up.
    pub limit_ms: u32,
    /// The time of one request and its answer, in milliseconds.
    pub round_trip_ms: Option<u32>,
    /// How far the instance's clock is ahead of ours, in seconds.
    #[ts(type = "number | null")]
    pub clock_ahead_s: Option<i64>,
    /// What serves there, as it says.
    pub server: Option<String>,
    /// The sign-in schemes that it offers.
    pub schemes: Vec<String>,
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
    /// The name has an address.
    Name,
    /// There is a way to it.
    Route,
    /// The port answers.
    Port,
    /// What answers is WinRM.
    WinRm,
    /// It offers Negotiate.
    Negotiate,
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
