//! The commands of the practice stamp: names, modules and parameters, as a real endpoint would list them.

use std::sync::LazyLock;

use serde::Deserialize;

/// A command that the endpoint lists.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandInfo {
    pub(crate) name: String,
    /// The module that it comes from.
    pub(crate) module: String,
    pub(crate) parameters: Vec<ParameterInfo>,
}

/// A parameter of a command.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterInfo {
    pub(crate) name: String,
    /// PowerShell's short type name, for example `String[]`.
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    #[serde(default)]
    pub(crate) mandatory: bool,
    /// The set of allowed values; empty when anything goes.
    #[serde(default)]
    pub(crate) values: Vec<String>,
}

/// One health check of `Test-AzureStack`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckInfo {
    /// The name that `-Include` and `-Ignore` take.
    pub(crate) argument: String,
    /// The title that is printed.
    pub(crate) title: String,
    /// How long it takes, in practice time.
    pub(crate) seconds: f64,
    /// The groups that run it.
    pub(crate) groups: Vec<String>,
}

/// The stock commands of a restricted session and the endpoint's own, by name.
static COMMANDS: LazyLock<Vec<CommandInfo>> = LazyLock::new(|| {
    let mut commands: Vec<CommandInfo> = [include_str!("../data/stock.json"), include_str!("../data/commands.json")]
        .into_iter()
        .flat_map(|text| serde_json::from_str::<Vec<CommandInfo>>(text).unwrap_or_default())
        .collect();
    commands.sort_by(|a, b| a.name.cmp(&b.name));
    commands
});

/// The health checks in the order in which they run.
static CHECKS: LazyLock<Vec<CheckInfo>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/checks.json")).unwrap_or_default());

/// All commands by name.
pub(crate) fn all() -> &'static [CommandInfo] {
    &COMMANDS
}

/// The command of this name in any case.
pub(crate) fn find(name: &str) -> Option<&'static CommandInfo> {
    COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name))
}

/// All health checks.
pub(crate) fn checks() -> &'static [CheckInfo] {
    &CHECKS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tables_can_be_read() {
        assert!(all().len() > 60);
        assert!(checks().len() > 25);
        for name in ["Test-AzureStack", "close-privilegedendpoint", "Get-Command"] {
            assert!(find(name).is_some(), "{name}");
        }
    }
}
