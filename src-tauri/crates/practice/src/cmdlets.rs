//! The stock commands of a restricted session.

use clixml::{Object, Property, Value, enum_value};
use psrp::host::HostMethod;
use psrp::records::ErrorInfo;

use crate::binder::Bound;
use crate::commands::{self, CommandInfo};
use crate::pipeline::{Context, End};

/// Runs a stock command; answers whether this was one.
pub(crate) async fn run(
    context: &mut Context,
    info: &CommandInfo,
    bound: &Bound,
    input: Vec<Value>,
) -> Result<bool, End> {
    match info.name.as_str() {
        "Get-Command" => get_command(context, bound).await?,
        "Get-Help" => get_help(context, bound).await?,
        "Get-FormatData" | "Clear-Host" => {}
        "Exit-PSSession" => context.call(HostMethod::POP_RUNSPACE, Vec::new()),
        "Measure-Object" => {
            let count = i32::try_from(input.len()).unwrap_or(i32::MAX);
            let measured = Object {
                adapted: vec![Property::new("Count", count), Property::new("Property", Value::Null)],
                ..Object::default()
            };
            context
                .output(measured.typed(["Microsoft.PowerShell.Commands.GenericMeasureInfo", "System.Object"]).into())
                .await?;
        }
        "Select-Object" => {
            let names: Vec<String> = match bound.get("Property") {
                Some(value) if value.items().is_some() => bound.list("Property"),
                Some(value) => vec![value.to_display()],
                None => Vec::new(),
            };
            for value in input {
                let selected = if names.is_empty() { value } else { select(&value, &names) };
                context.output(selected).await?;
            }
        }
        "Out-Default" => {
            for value in input.iter().chain(bound.get("InputObject")) {
                context.call(HostMethod::WRITE_LINE2, vec![value.to_display().into()]);
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn select(value: &Value, names: &[String]) -> Value {
    let properties =
        names.iter().map(|name| Property::new(name.as_str(), value.get(name).cloned().unwrap_or_default()));
    Object { extended: properties.collect(), ..Object::default() }
        .typed(["System.Management.Automation.PSCustomObject", "System.Object"])
        .into()
}

async fn get_command(context: &mut Context, bound: &Bound) -> Result<(), End> {
    let names = match bound.get("Name") {
        Some(_) => bound.list("Name"),
        None => vec!["*".to_owned()],
    };
    for name in names {
        let found: Vec<_> = commands::all().iter().filter(|command| matches(&name, &command.name)).collect();
        if found.is_empty() && !name.contains('*') {
            let error = ErrorInfo {
                id: "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand".into(),
                activity: "Get-Command".into(),
                ..ErrorInfo::command_not_found(&name)
            };
            context.error(&error).await?;
        }
        for command in found {
            context.output(command_object(command)).await?;
        }
    }
    Ok(())
}

async fn get_help(context: &mut Context, bound: &Bound) -> Result<(), End> {
    let name = bound.get("Name").map(Value::to_display).unwrap_or_default();
    match commands::find(&name) {
        Some(command) => {
            let syntax: Vec<String> = command
                .parameters
                .iter()
                .map(|parameter| format!("[-{} <{}>]", parameter.name, parameter.type_name))
                .collect();
            let help = Object {
                to_string: Some(format!("{} {}", command.name, syntax.join(" ")).into()),
                extended: vec![
                    Property::new("Name", command.name.as_str()),
                    Property::new("Category", "Function"),
                    Property::new("Synopsis", format!("{} {}", command.name, syntax.join(" "))),
                    Property::new("ModuleName", command.module.as_str()),
                ],
                ..Object::default()
            };
            context
                .output(
                    help.typed([
                        "ExtendedCmdletHelpInfo",
                        "System.Management.Automation.PSCustomObject",
                        "System.Object",
                    ])
                    .into(),
                )
                .await
        }
        None => {
            let error = ErrorInfo {
                id: "HelpNotFound,Microsoft.PowerShell.Commands.GetHelpCommand".into(),
                activity: "Get-Help".into(),
                ..ErrorInfo::command_not_found(&name)
            };
            context.error(&error).await
        }
    }
}

/// A command as `Get-Command` lists it.
fn command_object(command: &CommandInfo) -> Value {
    let kind = if command.module.is_empty() { (8, "Cmdlet") } else { (2, "Function") };
    let version = Value::Version(clixml::Version { major: 0, minor: 0, build: None, revision: None });
    Object {
        to_string: Some(command.name.as_str().into()),
        adapted: vec![
            Property::new("Name", command.name.as_str()),
            Property::new("CommandType", enum_value("System.Management.Automation.CommandTypes", kind.0, kind.1)),
            Property::new("Version", version),
            Property::new("Source", command.module.as_str()),
            Property::new("ModuleName", command.module.as_str()),
            Property::new(
                "Visibility",
                enum_value("System.Management.Automation.SessionStateEntryVisibility", 0, "Public"),
            ),
        ],
        ..Object::default()
    }
    .typed(["System.Management.Automation.FunctionInfo", "System.Management.Automation.CommandInfo", "System.Object"])
    .into()
}

/// What GET_COMMAND_METADATA answers: a count, then one description each.
pub(crate) fn metadata(names: &[String]) -> Vec<Value> {
    let found: Vec<_> = commands::all()
        .iter()
        .filter(|command| names.is_empty() || names.iter().any(|name| matches(name, &command.name)))
        .collect();
    let count = i32::try_from(found.len()).unwrap_or(i32::MAX);
    let head = Object::with_extended([("Count", count.into())]).typed([
        "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
        "System.Management.Automation.PSCustomObject",
        "System.Object",
    ]);
    std::iter::once(head.into()).chain(found.into_iter().map(description)).collect()
}

fn description(command: &CommandInfo) -> Value {
    let parameters = command.parameters.iter().map(|parameter| {
        let switch = parameter.type_name == "SwitchParameter";
        let about = Object {
            adapted: vec![
                Property::new("Name", parameter.name.as_str()),
                Property::new("ParameterType", full_name(&parameter.type_name)),
                Property::new("Aliases", Object::list(Vec::new())),
                Property::new("IsDynamic", false),
                Property::new("SwitchParameter", switch),
            ],
            ..Object::default()
        };
        (
            parameter.name.as_str().into(),
            about.typed(["System.Management.Automation.ParameterMetadata", "System.Object"]).into(),
        )
    });
    Object::with_extended([
        ("Name", command.name.as_str().into()),
        ("Namespace", command.module.as_str().into()),
        ("HelpUri", "".into()),
        ("CommandType", enum_value("System.Management.Automation.CommandTypes", 2, "Function")),
        ("ResolvedCommandName", Value::Null),
        ("OutputType", Object::list(Vec::new()).into()),
        ("Parameters", Object::dictionary(parameters.collect()).into()),
    ])
    .typed([
        "Selected.System.Management.Automation.FunctionInfo",
        "System.Management.Automation.PSCustomObject",
        "System.Object",
    ])
    .into()
}

fn full_name(short: &str) -> String {
    match short {
        "SwitchParameter" | "PSCredential" | "PSObject" | "PSObject[]" | "CommandTypes" => {
            format!("System.Management.Automation.{short}")
        }
        "SecureString" => "System.Security.SecureString".to_owned(),
        other => format!("System.{other}"),
    }
}

/// Whether a name fits a pattern with `*`.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    for (number, part) in parts.iter().enumerate() {
        if number + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_with_stars_fit_in_any_case() {
        for (pattern, name, fits) in [
            ("*", "Get-Help", true),
            ("get-*", "Get-Help", true),
            ("*azure*log", "Get-AzureStackLog", true),
            ("Get-Help", "get-help", true),
            ("Get", "Get-Help", false),
            ("*x*", "Get-Help", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
