//! Plays: the steps of a scenario, and the two commands whose course is worked out from data.

use clixml::{Object, Property, Value};
use psrp::records::ErrorInfo;

use crate::binder::Bound;
use crate::commands::{self, CommandInfo};
use crate::pipeline::{Context, End};
use crate::scenario::{ErrorStep, LogStep, Play, Step};

/// Runs the play that fits, or says that practice knows none.
pub(crate) async fn run(context: &mut Context, info: &CommandInfo, bound: &mut Bound) -> Result<(), End> {
    if info.name == "Test-AzureStack" {
        return test_azure_stack(context, bound).await;
    }
    let scenario = context.shell.scenario();
    let plays = scenario.commands.get(&info.name).map_or(&[][..], Vec::as_slice);
    let fits = |play: &&Play| {
        play.when.given.iter().all(|name| bound.has(name)) && !play.when.not_given.iter().any(|name| bound.has(name))
    };
    let Some(play) = plays.iter().find(fits).cloned() else {
        context.pass(1.0).await;
        context.warning(&format!("{} does nothing on the practice stamp.", info.name));
        return Ok(());
    };
    for step in &play.steps {
        if !run_step(context, info, bound, step).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Runs one step; answers whether the play goes on.
async fn run_step(context: &mut Context, info: &CommandInfo, bound: &mut Bound, step: &Step) -> Result<bool, End> {
    match step {
        Step::Seconds(seconds) => context.pass(*seconds).await,
        Step::Output(text) => context.output(bound.fill(text).into()).await?,
        Step::Object(object) => {
            let properties =
                object.properties.iter().map(|(name, value)| Property::new(name.as_str(), from_json(value)));
            let names: Vec<&str> = object.types.iter().map(String::as_str).chain(["System.Object"]).collect();
            let value = Object {
                type_names: Some(names.into_iter().map(clixml::PsString::from).collect()),
                adapted: properties.collect(),
                ..Object::default()
            };
            context.output(value.into()).await?;
        }
        Step::Stamp(_) => {
            let stamp = context.shell.stamp_information();
            context.output(stamp).await?;
        }
        Step::HostLine(line) => context.host_line(&bound.fill(&line.text), line.color),
        Step::Warning(text) => context.warning(&bound.fill(text)),
        Step::Verbose(text) => context.verbose(&bound.fill(text)),
        Step::Error(error) => {
            let error = error_of(info, bound, error);
            context.error(&error).await?;
        }
        Step::Fail(error) => return Err(error_of(info, bound, error).into()),
        Step::Progress(progress) => {
            context.progress(&progress.activity, &bound.fill(&progress.status), progress.percent, progress.completed);
        }
        Step::Prompt(prompt) => {
            let caption = format!("cmdlet {} at command pipeline position 1", info.name);
            let fields = [(prompt.name.as_str(), prompt.type_name.as_str())];
            let Some(answers) =
                context.prompt(&caption, "Supply values for the following parameters:", &fields).await?
            else {
                let message = format!(
                    "Cannot process command because of one or more missing mandatory parameters: {}.",
                    prompt.name
                );
                return Err(ErrorInfo::parameter_binding(&info.name, &message, "MissingMandatoryParameter").into());
            };
            for (name, value) in answers {
                bound.set(&name, value);
            }
        }
        Step::Choice(choice) => {
            let answer =
                context.choice(&choice.caption, &bound.fill(&choice.message), &choice.choices, choice.default).await?;
            return Ok(answer.is_some_and(|answer| choice.go_on.contains(&answer)));
        }
        Step::Logs(logs) => collect_logs(context, bound, logs).await?,
        Step::Share(parameter) => share(context, info, bound, parameter).await?,
        Step::TranscriptsClosed(_) => context.shell.transcripts_left(),
    }
    Ok(true)
}

fn error_of(info: &CommandInfo, bound: &Bound, error: &ErrorStep) -> ErrorInfo {
    ErrorInfo {
        message: bound.fill(&error.message),
        id: format!("{},{}", error.id, info.name),
        category: 0,
        exception: "RuntimeException".into(),
        target: Value::Null,
        activity: info.name.clone(),
    }
}

/// Tries the share in this parameter.
async fn share(context: &Context, info: &CommandInfo, bound: &Bound, parameter: &str) -> Result<(), End> {
    let path = bound.get(parameter).map(Value::to_display).unwrap_or_default();
    context.pass(10.0).await;
    let host = path.trim_start_matches('\\').split('\\').next().unwrap_or_default();
    let refused =
        context.shell.scenario().refused_shares.iter().find(|share| share.host.eq_ignore_ascii_case(host)).cloned();
    let message = match refused {
        Some(refused) => refused.error,
        None if path.starts_with(r"\\") && !host.is_empty() => return Ok(()),
        None => "The network path was not found".to_owned(),
    };
    Err(ErrorInfo {
        message,
        id: format!("System.ComponentModel.Win32Exception,{}", info.name),
        category: 0,
        exception: "System.ComponentModel.Win32Exception".into(),
        target: path.into(),
        activity: info.name.clone(),
    }
    .into())
}

/// The health checks, one after the other, as newer builds print them.
async fn test_azure_stack(context: &mut Context, bound: &Bound) -> Result<(), End> {
    let (include, ignore) = (bound.list("Include"), bound.list("Ignore"));
    let group = bound.get("Group").map_or_else(|| "Default".to_owned(), Value::to_display);
    let named = |list: &[String], argument: &str| list.iter().any(|name| name.eq_ignore_ascii_case(argument));
    let unknown: Vec<&String> = include
        .iter()
        .chain(&ignore)
        .filter(|name| !commands::checks().iter().any(|check| check.argument.eq_ignore_ascii_case(name)))
        .collect();
    if let Some(name) = unknown.first() {
        let message = format!("There is no test with the name '{name}'.");
        return Err(ErrorInfo::parameter_binding("Test-AzureStack", &message, "UnknownTest").into());
    }
    let checks: Vec<_> = commands::checks()
        .iter()
        .filter(|check| match include.is_empty() {
            false => named(&include, &check.argument),
            true => check.groups.iter().any(|known| known.eq_ignore_ascii_case(&group)),
        })
        .filter(|check| !named(&ignore, &check.argument))
        .collect();
    if bound.has("List") {
        for check in checks {
            context.output(format!("{:<32} Azure Stack Hub {}", check.argument, check.title).into()).await?;
        }
        return Ok(());
    }
    context.output("Starting Test-AzureStack".into()).await?;
    let results = context.shell.scenario().checks.clone();
    let mut good = true;
    for (number, check) in checks.iter().enumerate() {
        let percent = i32::try_from(number * 100 / checks.len()).unwrap_or(-1);
        let status = format!("{} ({} of {})", check.title, number + 1, checks.len());
        context.progress("Test-AzureStack", &status, percent, false);
        context.output(format!("Launching {}", check.argument).into()).await?;
        context.pass(check.seconds).await;
        let result = results.get(&check.argument);
        for line in result.iter().flat_map(|result| &result.details) {
            context.output(format!("    {line}").into()).await?;
        }
        let word = result.map_or("PASS", |result| result.result.as_str());
        // In the readiness groups a warning counts as a failure.
        good &= word == "PASS" || (word == "WARN" && group.eq_ignore_ascii_case("Default"));
        context.output(format!("{word} : Azure Stack Hub {}", check.title).into()).await?;
    }
    context.progress("Test-AzureStack", "Done", 100, true);
    context.output(good.into()).await
}

/// The roles whose logs are collected when none are named.
const ROLES: &[&str] = &[
    "ACS",
    "ADFS",
    "BareMetal",
    "CA",
    "CRP",
    "ECE",
    "ExternalDNS",
    "FabricRing",
    "Gateway",
    "HRP",
    "IBC",
    "KeyVaultControlPlane",
    "NC",
    "NRP",
    "SeedRing",
    "SLB",
    "SQL",
    "SRP",
    "Storage",
    "URP",
    "VirtualMachines",
];

async fn collect_logs(context: &mut Context, bound: &Bound, logs: &LogStep) -> Result<(), End> {
    let chosen = bound.list("FilterByRole");
    let roles: Vec<&str> = if chosen.is_empty() { ROLES.to_vec() } else { chosen.iter().map(String::as_str).collect() };
    context.output("Starting log collection".into()).await?;
    for (number, role) in roles.iter().enumerate() {
        let percent = i32::try_from(number * 100 / roles.len()).unwrap_or(-1);
        let status = format!("role {} of {}: {role}", number + 1, roles.len());
        context.progress("Get-AzureStackLog", &status, percent, false);
        context.verbose(&format!("Collecting {role}"));
        context.pass(logs.seconds_per_role).await;
        if let Some(warning) = logs.warn.get(*role) {
            context.warning(warning);
        }
        context.output(format!("Copying {role}-0001.zip").into()).await?;
        if let Some(quiet) = logs.quiet_seconds_after.get(*role) {
            context.pass(*quiet).await;
        }
    }
    context.progress("Get-AzureStackLog", "Done", 100, true);
    context.output("Log collection has ended; Get-AzureStackLog_Output.log is in the folder.".into()).await
}

/// A value out of a scenario: JSON, with `{"$int64": "…"}` for numbers that JSON readers round.
fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(value) => i32::try_from(value).map_or(Value::I64(value), Value::I32),
            None => Value::Double(number.as_f64().unwrap_or(0.0)),
        },
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(items) => Object::array(items.iter().map(from_json).collect()).into(),
        serde_json::Value::Object(members) => match members.get("$int64").and_then(serde_json::Value::as_str) {
            Some(text) => text.parse().map_or(Value::Null, Value::I64),
            None => Object {
                type_names: Some(clixml::type_names(["System.Management.Automation.PSCustomObject", "System.Object"])),
                extended: members.iter().map(|(name, value)| Property::new(name.as_str(), from_json(value))).collect(),
                ..Object::default()
            }
            .into(),
        },
    }
}

/// The stamp information as an object.
pub(crate) fn stamp_object(stamp: &serde_json::Value) -> Value {
    from_json(stamp)
}
