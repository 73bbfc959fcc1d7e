//! Error records as a console shows them.

use clixml::{PsString, Value};
use psrp::records::{ErrorRecord, category_name};

use crate::{object, position};

/// The longest part of a category's line that is shown whole, in UTF-16 units.
const LONGEST_PART: usize = 40;
/// So much of its beginning and of its end is shown else.
const HALF_PART: usize = 19;

/// `ExternalScript` and `Script` of PowerShell's `CommandTypes`: a client does not know what these are called.
const SCRIPTS: [i32; 2] = [0x10, 0x40];

/// An error record in PowerShell's NormalView, without colour: the command and the message, where, the category, the id,
/// and the computer that it came from.
#[must_use]
pub fn normal_view(record: &Value, computer: Option<&str>) -> String {
    let error = ErrorRecord::from_value(record);
    if is_native(&error.id) {
        return error.message;
    }
    let category = category_line(record, &error);
    let script =
        record.get("CommandInfo_CommandType").and_then(Value::as_i32).is_some_and(|kind| SCRIPTS.contains(&kind));
    let mut view = String::new();
    if !error.command.is_empty() && !script {
        view.push_str(&error.command);
        view.push_str(" : ");
    }
    view.push_str(&message(record, &error, &category));
    // Where the endpoint did not send a place, there is no text of one either.
    if let Some(place) = Some(&error.position).filter(|text| !text.is_empty()).and_then(|_| position::message(record)) {
        view.push('\n');
        view.push_str(&place);
    }
    ending(&mut view, &category, &error.id);
    if let Some(computer) = computer {
        view.push_str("\n+ PSComputerName        : ");
        view.push_str(computer);
    }
    view
}

/// An error record among the objects of the output: there it is an object as any other, and so is what it says of the
/// command and the place.
pub(crate) fn as_object(record: &Value) -> String {
    let error = ErrorRecord::from_value(record);
    let message = record.get("Exception").and_then(|exception| exception.get("Message")).map(object::text);
    let message = message.unwrap_or_default();
    if is_native(&error.id) {
        return message;
    }
    let invocation = record.get("InvocationInfo").filter(|invocation| !invocation.is_null());
    let text = |of: Option<&Value>, name: &str| of.and_then(|of| of.get(name)).map(object::text).unwrap_or_default();
    let (name, command) = (text(invocation, "InvocationName"), text(invocation, "MyCommand"));
    let unnamed = matches!(name.as_str(), "" | "&" | ".");
    let mut view = String::new();
    if !name.is_empty() && (command.is_empty() || !unnamed) {
        view.push_str(&name);
        view.push_str(" : ");
    }
    view.push_str(&message);
    let details = text(Some(record), "PSMessageDetails");
    if !details.is_empty() {
        view.push_str(" : ");
        view.push_str(&details);
    }
    let place = text(invocation, "PositionMessage");
    if !place.is_empty() {
        view.push('\n');
        view.push_str(&place);
    }
    ending(&mut view, &error.category_message, &error.id);
    view
}

fn is_native(id: &str) -> bool {
    ["NativeCommandErrorMessage", "NativeCommandError"].iter().any(|native| id.eq_ignore_ascii_case(native))
}

fn ending(view: &mut String, category: &str, id: &str) {
    view.push_str("\n+ CategoryInfo          : ");
    view.push_str(category);
    view.push_str("\n+ FullyQualifiedErrorId : ");
    view.push_str(id);
}

/// The message. An exception that says nothing but blanks has the category's line for one, as it came.
fn message(record: &Value, error: &ErrorRecord, category: &str) -> String {
    let details = record.get("ErrorDetails_Message").is_some_and(|text| !object::text(text).is_empty());
    if details || !error.message.chars().all(char::is_whitespace) {
        return error.message.clone();
    }
    let came = record.get("ErrorCategory_Message").map(object::text).filter(|text| !text.is_empty());
    came.unwrap_or_else(|| category.to_owned())
}

/// The category's line with long parts cut in the middle, as PowerShell puts it together anew from what it received.
fn category_line(record: &Value, error: &ErrorRecord) -> String {
    let part = |name: &str| {
        let text = record.get(name).filter(|text| !text.is_null());
        text.map(|text| text.as_ps_string().map_or_else(|| shortened(&object::text(text).into()), shortened))
    };
    let part = |name: &str| part(name).unwrap_or_default();
    // One of them is written in two words.
    let name = match category_name(error.category).unwrap_or("NotSpecified") {
        "DeadlockDetected" => "Deadlock detected",
        name => name,
    };
    format!(
        "{name}: ({}:{}) [{}], {}",
        part("ErrorCategory_TargetName"),
        part("ErrorCategory_TargetType"),
        part("ErrorCategory_Activity"),
        part("ErrorCategory_Reason")
    )
}

fn shortened(text: &PsString) -> String {
    let units: Vec<u16> = text.units().collect();
    if units.len() <= LONGEST_PART {
        return text.to_string_lossy().into_owned();
    }
    let first = units.get(..HALF_PART).unwrap_or_default();
    let last = units.get(units.len().saturating_sub(HALF_PART)..).unwrap_or_default();
    format!("{}…{}", String::from_utf16_lossy(first), String::from_utf16_lossy(last))
}

/// An error record among the objects of the output: what was reported and the message.
pub(crate) fn concise(record: &Value) -> String {
    let error = ErrorRecord::from_value(record);
    let reason = if error.command.is_empty() { "Error" } else { &error.command };
    // As an object it has no details any more.
    let message = record.get("Exception").and_then(|exception| exception.get("Message")).map(object::text);
    format!("{reason}: {}", message.unwrap_or(error.message))
}
