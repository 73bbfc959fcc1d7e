//! What went wrong, told by code and values; the words are the page's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The stable code, for example `PEP-4103`.
    pub code: String,
    /// Who must act.
    pub blame: Blame,
    /// What helps next.
    pub next: Next,
    /// Values for the sentences: host, account, seconds, message.
    pub values: BTreeMap<String, String>,
    /// Technical detail for support, in English, without secrets.
    pub detail: Vec<String>,
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Blame {
    /// This computer.
    ThisComputer,
    /// The network between.
    Network,
    /// The endpoint.
    Endpoint,
    /// What was typed.
    Input,
    /// A rule of the organisation.
    Policy,
    /// This app.
    App,
}

/// What helps next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Next {
    /// Trying again.
    Retry,
    /// Putting right what was typed.
    FixInput,
    /// Connecting again.
    Reconnect,
    /// Taking another instance or share.
    ChooseOther,
    /// Asking support.
    AskSupport,
}
