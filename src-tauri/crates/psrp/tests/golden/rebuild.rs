//! What the recorded client was told to do, out of what it sent.

use clixml::{Content, Object, Property, Value};
use psrp::host::HostAnswer;
use psrp::{Argument, Command, Merge, MetadataQuery, Parameter, Pipeline};

pub(crate) fn pipeline(content: &Value) -> Pipeline {
    let powershell = content.get("PowerShell").unwrap();
    let statements = match powershell.get("ExtraCmds").and_then(Value::items) {
        Some(extra) => extra.iter().map(statement).collect(),
        None => vec![statement(powershell)],
    };
    let host = content.get("HostInfo").unwrap();
    Pipeline {
        statements,
        no_input: flag(content, "NoInput"),
        add_to_history: flag(content, "AddToHistory"),
        record_origin: u8::try_from(content.get("RemoteStreamOptions").and_then(Value::as_i32).unwrap()).unwrap(),
        null_host: !flag(host, "_useRunspaceHost"),
    }
}

fn statement(value: &Value) -> Vec<Command> {
    value.get("Cmds").and_then(Value::items).unwrap().iter().map(command).collect()
}

fn command(value: &Value) -> Command {
    let merge = |name: &str| match value.get(name).and_then(Value::as_i32).unwrap_or(0) {
        0 => Merge::None,
        1 => Merge::Output,
        8 => Merge::Null,
        other => panic!("{name} is {other}"),
    };
    let parameters = value.get("Args").and_then(Value::items).unwrap().iter().map(|parameter| Parameter {
        name: parameter.get("N").and_then(Value::as_ps_string).cloned(),
        value: Argument::Value(parameter.get("V").cloned().unwrap_or_default()),
    });
    let merge_error =
        if value.get("MergeMyResult").and_then(Value::as_i32) == Some(2) { Merge::Output } else { merge("MergeError") };
    Command {
        name: value.get("Cmd").and_then(Value::as_ps_string).unwrap().clone(),
        parameters: parameters.collect(),
        is_script: flag(value, "IsScript"),
        use_local_scope: value.get("UseLocalScope").and_then(Value::as_bool),
        merge_previous: value.get("MergePreviousResults").and_then(Value::as_i32) == Some(3),
        merge_error,
        merge_warning: merge("MergeWarning"),
        merge_verbose: merge("MergeVerbose"),
        merge_debug: merge("MergeDebug"),
        merge_information: merge("MergeInformation"),
    }
}

pub(crate) fn query(content: &Value) -> MetadataQuery {
    let strings = |name: &str| {
        let items = content.get(name).and_then(Value::items).unwrap_or_default();
        items.iter().map(|item| item.as_ps_string().unwrap().clone()).collect()
    };
    MetadataQuery {
        names: strings("Name"),
        namespaces: strings("Namespace"),
        command_type: content.get("CommandType").and_then(Value::as_i32).unwrap(),
    }
}

pub(crate) fn answer(content: &Value) -> HostAnswer {
    match (content.get("mr"), content.get("me")) {
        (Some(result), _) => HostAnswer::Value(Argument::Value(result.clone())),
        (None, Some(error)) => HostAnswer::Error(error.clone()),
        (None, None) => HostAnswer::Void,
    }
}

/// The value without what differs between builds of PowerShell: the assembly in the type name of lists.
pub(crate) fn without_builds(value: &Value) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let properties = |list: &[Property]| -> Vec<Property> {
        list.iter().map(|property| Property::new(property.name.clone(), without_builds(&property.value))).collect()
    };
    let items = |list: &[Value]| -> Vec<Value> { list.iter().map(without_builds).collect() };
    let type_names = object.type_names.as_ref().map(|names| {
        let first = names.first().and_then(|name| name.as_str()).unwrap_or_default();
        if first.starts_with("System.Collections.Generic.List`1[[System.Management.Automation.PSObject") {
            ["a list".into(), "System.Object".into()].into()
        } else {
            names.clone()
        }
    });
    Object {
        type_names,
        to_string: object.to_string.clone(),
        content: match &object.content {
            Content::List(list) => Content::List(items(list)),
            Content::Dictionary(entries) => {
                Content::Dictionary(entries.iter().map(|(key, value)| (key.clone(), without_builds(value))).collect())
            }
            other => other.clone(),
        },
        adapted: properties(&object.adapted),
        extended: properties(&object.extended),
    }
    .into()
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap()
}
