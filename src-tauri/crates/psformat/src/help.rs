//! Help that PowerShell made of a command itself, as `Get-Help` shows it: name, syntax, aliases, remarks.

use clixml::Value;

use crate::object;

/// The cells by which a section stands in.
const INDENT: usize = 4;

/// The lines before they are wrapped, each with its indentation.
pub(crate) fn lines(help: &Value) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut add = |indent: usize, text: &str| lines.extend(text.split('\n').map(|line| (indent, line.to_owned())));
    let details = help.get("Details").filter(|details| !details.is_null());
    if let Some(details) = details {
        add(0, "NAME");
        add(INDENT, &text(details, "Name"));
        add(INDENT, "");
    }
    add(0, "SYNTAX");
    for item in all(help.get("Syntax").and_then(|syntax| syntax.get("SyntaxItem"))) {
        add(INDENT, &syntax(item));
        add(INDENT, "");
    }
    for (section, name) in [("ALIASES", "Aliases"), ("REMARKS", "Remarks")] {
        add(0, "");
        add(0, section);
        add(INDENT, &text(help, name));
    }
    // The end of what is being written is a line of its own.
    add(0, "");
    lines
}

/// One way to call the command.
fn syntax(item: &Value) -> String {
    let mut line = format!("{} ", text(item, "Name"));
    all(item.get("Parameter")).iter().for_each(|one| line.push_str(&parameter(one)));
    if item.get("CommonParameters").is_some_and(|common| object::text(common).eq_ignore_ascii_case("true")) {
        line.push_str("[<CommonParameters>]");
    }
    line
}

/// `[[-Name] <string>] `: what may be left out is in brackets.
fn parameter(one: &Value) -> String {
    let name = text(one, "Name");
    let optional = !text(one, "Required").eq_ignore_ascii_case("true");
    let position = text(one, "Position");
    let positional = !position.is_empty() && !position.to_lowercase().contains("named");
    let value = match (one.get("ParameterValueGroup"), one.get("ParameterValue")) {
        (Some(group), _) => {
            let values: Vec<String> = all(group.get("ParameterValue")).iter().map(object::text).collect();
            format!(" {{{}}}", values.join(" | "))
        }
        (None, Some(value)) => format!(" <{}>", object::text(value)),
        (None, None) => String::new(),
    };
    match (optional, positional) {
        (true, true) => format!("[[-{name}]{value}] "),
        (true, false) => format!("[-{name}{value}] "),
        (false, true) => format!("[-{name}]{value} "),
        (false, false) => format!("-{name}{value} "),
    }
}

/// The items of a list, or the one that stands without a list.
fn all(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(list) => list.items().unwrap_or(std::slice::from_ref(list)),
    }
}

fn text(of: &Value, name: &str) -> String {
    of.get(name).map(object::text).unwrap_or_default()
}
