//! What is known about the cmdlets of a privileged endpoint. The endpoint's own list is the truth; this only explains.

use std::sync::LazyLock;

use serde::Deserialize;

/// A cmdlet.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The group that it belongs to.
    pub group: String,
    /// What it does.
    #[serde(default)]
    pub summary: String,
    /// What it may do.
    pub risk: Risk,
    /// Whether it belongs to everyday work.
    #[serde(default)]
    pub everyday: bool,
    /// Whether it must not run while the stamp is updated.
    #[serde(default)]
    pub blocked_during_update: bool,
    /// How long it usually takes.
    #[serde(default)]
    pub typical_duration: String,
    /// Things to know before.
    #[serde(default)]
    pub pitfalls: Vec<String>,
    /// Its parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// What a cmdlet may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Risk {
    Read,
    Change,
    Destructive,
    Session,
}

/// A parameter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// PowerShell's short type name.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it must be given.
    #[serde(default)]
    pub mandatory: bool,
    /// What it is when not given, in words.
    #[serde(default)]
    pub default: String,
    /// Known values; builds may know more.
    #[serde(default)]
    pub values: Vec<String>,
    /// What it is for.
    #[serde(default)]
    pub help: String,
}

static ENTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/catalog.json")).unwrap_or_default());

/// All cmdlets that are known.
#[must_use]
pub fn all() -> &'static [Entry] {
    &ENTRIES
}

/// The cmdlet of this name in any case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
}

/// Verbs of commands that only look, as PowerShell uses them.
const READING_VERBS: [&str; 10] =
    ["Compare", "Find", "Get", "Measure", "Ping", "Resolve", "Search", "Select", "Show", "Test"];

/// What a command may do. One that nobody has described is judged by its verb.
#[must_use]
pub fn risk(name: &str) -> Risk {
    find(name).map_or_else(
        || if READING_VERBS.contains(&verb(name).as_str()) { Risk::Read } else { Risk::Change },
        |entry| entry.risk,
    )
}

/// Whether a command needs the ritual of guarded commands (S-23): it destroys, unlocks, or is audited as critical.
#[must_use]
pub fn is_guarded(name: &str) -> bool {
    let named = [
        "Get-AzsRecoveryKeys",
        "Get-CloudAdminPasswordRecoveryToken",
        "New-CloudAdminUser",
        "Remove-CloudAdminUser",
        "Start-SecretRotation",
        "Stop-AzureStack",
        "Unlock-SupportSession",
    ];
    risk(name) == Risk::Destructive || verb(name) == "Set" || named.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The part before the hyphen, with a capital letter.
fn verb(name: &str) -> String {
    let verb = name.split_once('-').map_or("", |(verb, _)| verb);
    let mut letters = verb.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_can_be_read() {
        assert!(all().len() > 75, "{}", all().len());
        let check = find("test-azurestack").unwrap();
        assert_eq!(check.risk, Risk::Read);
        assert!(check.parameters.iter().any(|parameter| parameter.name == "Include" && parameter.values.len() > 20));
    }

    #[test]
    fn s23_what_destroys_or_unlocks_is_guarded() {
        for name in [
            "Stop-AzureStack",
            "Start-SecretRotation",
            "Unlock-SupportSession",
            "Set-SyslogServer",
            "set-something-unknown",
        ] {
            assert!(is_guarded(name), "{name}");
        }
        for name in ["Test-AzureStack", "Get-AzureStackLog", "Get-ActionStatus", "Test-Unknown", "Invoke-Unknown"] {
            assert!(!is_guarded(name), "{name}");
        }
    }

    #[test]
    fn an_unknown_command_is_judged_by_its_verb() {
        assert_eq!(risk("get-whatever"), Risk::Read);
        for name in ["Invoke-Whatever", "Whatever", "", "-x", "ß-x"] {
            assert_eq!(risk(name), Risk::Change, "{name}");
        }
    }
}
