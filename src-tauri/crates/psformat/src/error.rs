//! Error records and the other streams as a console shows them.

use clixml::Value;
use psrp::records::ErrorRecord;

use crate::object;

/// The longest part of a category's line that is shown whole.
const LONGEST_PART: usize = 40;

/// An error record in PowerShell's NormalView, without colour: the command and the message, where, the category, the id,
/// and the computer that it came from.
#[must_use]
pub fn normal_view(record: &Value, computer: Option<&str>) -> String {
    let error = ErrorRecord::from_value(record);
    if matches!(error.id.as_str(), "NativeCommandErrorMessage" | "NativeCommandError") {
        return error.message;
    }
    let category = category_line(record, &error);
    let mut view = String::new();
    if !error.command.is_empty() {
        view.push_str(&error.command);
        view.push_str(" : ");
    }
    view.push_str(if error.message.is_empty() { &category } else { &error.message });
    if let Some(details) = record.get("PSMessageDetails").map(object::text).filter(|text| !text.is_empty()) {
        view.push_str(" : ");
        view.push_str(&details);
    }
    if !error.position.is_empty() {
        view.push('\n');
        view.push_str(&underlined(&error.position));
    }
    view.push_str("\n+ CategoryInfo          : ");
    view.push_str(&category);
    view.push_str("\n+ FullyQualifiedErrorId : ");
    view.push_str(&error.id);
    if let Some(computer) = computer {
        view.push_str("\n+ PSComputerName        : ");
        view.push_str(computer);
    }
    view
}

/// The category's line with long parts cut in the middle, as PowerShell puts it together anew from what it received.
fn category_line(record: &Value, error: &ErrorRecord) -> String {
    let mut line = error.category_message.clone();
    for name in ["Activity", "TargetName", "TargetType", "Reason"] {
        let part = record.get(&format!("ErrorCategory_{name}")).map(object::text).unwrap_or_default();
        let length = part.chars().count();
        if length > LONGEST_PART {
            let first: String = part.chars().take(19).collect();
            let last: String = part.chars().skip(length.saturating_sub(19)).collect();
            line = line.replace(&part, &format!("{first}…{last}"));
        }
    }
    line
}

/// The place in the script, marked to the end of its line: whoever receives a record does not know where the statement
/// ends.
fn underlined(position: &str) -> String {
    let mut lines: Vec<String> = position.lines().map(str::to_owned).collect();
    if let [.., text, mark] = lines.as_mut_slice()
        && !text.contains('…')
        && let Some(start) = mark.find('~')
        && mark.get(..start).is_some_and(|before| before.chars().all(|c| matches!(c, '+' | ' ')))
    {
        let missing = text.trim_end().chars().count().saturating_sub(mark.chars().count());
        mark.push_str(&"~".repeat(missing));
    }
    lines.join("\n")
}

/// An error record among the objects of the output: what was reported and the message.
pub(crate) fn concise(record: &Value) -> String {
    let error = ErrorRecord::from_value(record);
    let reason = if error.command.is_empty() { "Error" } else { &error.command };
    // As an object it has no details any more.
    let message = record.get("Exception").and_then(|exception| exception.get("Message")).map(object::text);
    format!("{reason}: {}", message.unwrap_or(error.message))
}
