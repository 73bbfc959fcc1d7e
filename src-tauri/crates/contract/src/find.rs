//! Where the endpoint may be: the sources, and what they tell.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AppSnapshot, EndpointAddress, Fault, StampProfile};

/// What to find a stamp by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum StampImport {
    /// A file that the person chooses in the system's dialog.
    Choose,
    /// A file given as an argument when the app was started, or opened with it, by its number.
    Argument {
        /// Which.
        index: usize,
    },
    /// The content of a file that was chosen or dropped in the page.
    Content {
        /// The file's name.
        file_name: String,
        /// Its bytes in base64.
        base64: String,
    },
    /// Text that was pasted, such as the portal's page of properties, in any layout.
    Text {
        /// The text.
        text: String,
    },
    /// Addresses and names that were typed.
    Typed {
        /// The text.
        text: String,
    },
    /// Names that follow from a prefix, a domain, or both.
    Names {
        /// The naming prefix; empty for the usual one.
        prefix: String,
        /// The domain; empty for none.
        domain: String,
    },
    /// The address of a portal, or region and external domain.
    Portal {
        /// The address.
        address: String,
    },
    /// A stamp that this computer knows.
    Remembered {
        /// Its id.
        stamp_id: String,
    },
}

/// What a source gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum StampImportResult {
    /// Something was found.
    Read {
        /// It.
        found: Box<Found>,
    },
    /// The person closed the dialog, or gave up.
    Nothing,
    /// It is nothing that can be used.
    Refused {
        /// Why.
        fault: Fault,
    },
}

/// What was found; nothing of it is kept yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Found {
    /// The stamp that all of it describes, with the addresses that are known.
    pub stamp: StampProfile,
    /// Where its endpoints may be.
    pub candidates: Vec<FoundCandidate>,
    /// What else was told.
    pub learnt: Vec<FoundFact>,
    /// The facts of which different values were told.
    pub contradictions: Vec<String>,
    /// What could not be used.
    pub problems: Vec<Fault>,
    /// What it is to the stamps that this computer knows.
    pub relation: StampRelation,
}

/// An address that may be an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FoundCandidate {
    /// It.
    pub address: EndpointAddress,
    /// Whether somebody or something that knows has told it; otherwise it is a guess.
    pub known: bool,
    /// Whether it may be looked at: a name without an address may not.
    pub dialled: bool,
    /// Where it comes from.
    pub origins: Vec<FoundOrigin>,
}

/// Where a candidate comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FoundOrigin {
    /// The kind of source, as a word key.
    pub source: String,
    /// The file, the label, or the name that was resolved; may be empty.
    pub from: String,
}

/// Something that was told beside addresses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FoundFact {
    /// What it is about, as a word key.
    pub fact: String,
    /// The value, as it was told.
    pub value: String,
}

/// What a stamp is to those that this computer knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum StampRelation {
    /// None of them.
    New,
    /// This one.
    Same {
        /// Its id.
        stamp_id: String,
        /// Its name.
        name: String,
        /// What is told differently now, as word keys.
        changed: Vec<String>,
    },
    /// This one, which was known by its addresses only and is bound to its deployment now.
    Bound {
        /// Its id so far.
        stamp_id: String,
        /// Its name.
        name: String,
    },
    /// Another deployment at the place of this one.
    Redeployed {
        /// The id of the former.
        stamp_id: String,
        /// Its name.
        name: String,
    },
    /// Addresses of this one, without saying of which deployment.
    Unsure {
        /// Its id.
        stamp_id: String,
        /// Its name.
        name: String,
    },
}

/// A stamp that was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StampKept {
    /// It, as it is kept.
    pub stamp: StampProfile,
    /// What it was to those that were known.
    pub relation: StampRelation,
    /// Why something of the former could not be moved or removed.
    pub faults: Vec<Fault>,
    /// Everything as it is now.
    pub snapshot: AppSnapshot,
}

/// How the administrator Resource Manager is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArmAsk {
    /// Region and external domain, or the address of a portal or of the Resource Manager.
    pub address: String,
    /// Whether the person signs in by a code on any computer; otherwise with the browser of this one.
    pub by_code: bool,
}

/// How far the question to the Resource Manager is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ArmStep {
    /// Somebody has to sign in.
    SignIn {
        /// The Resource Manager.
        host: String,
        /// Where the person signs in.
        provider: String,
        /// The page on which the code is typed, and the code; none for the browser of this computer.
        code: Option<ArmCode>,
        /// How many seconds somebody has for it.
        seconds: u32,
        /// Why the browser could not be opened.
        not_opened: Option<Fault>,
    },
    /// The certificate is not accepted.
    Untrusted {
        /// Why.
        fault: Fault,
        /// What could be trusted for this stamp.
        offer: Option<RootOffer>,
        /// Whether trusting a root helps at all.
        can_trust: bool,
    },
    /// It has told.
    Read {
        /// What.
        found: Box<Found>,
    },
    /// The person gave up.
    Nothing,
    /// It did not tell.
    Failed {
        /// Why.
        fault: Fault,
    },
}

/// A code to sign in with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArmCode {
    /// The page on which it is typed.
    pub page: String,
    /// The code.
    pub code: String,
}

/// A certificate that could be trusted for one stamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RootOffer {
    /// Whom it is of.
    pub subject: String,
    /// Until when it is valid.
    pub valid_until: String,
    /// Its SHA-256, which a person compares.
    pub sha256: String,
    /// Whether it signed itself, as a root does.
    pub is_root: bool,
}

/// Which root is trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum RootChoice {
    /// The one that was shown, with its fingerprint.
    Offered {
        /// Its SHA-256.
        sha256: String,
    },
    /// One out of a file that the person chooses.
    File,
}
