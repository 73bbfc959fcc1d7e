//! Records as lines of text.

use clixml::Value;
use psrp::RecordStream;
use psrp::host::{HostCall, HostMethod};
use psrp::records::{ErrorRecord, InformationRecord, ProgressRecord, message_of};

/// The most characters of one record that are shown; all of it is in the record file.
const LONGEST: usize = 20_000;

/// The text of a record.
pub(crate) fn of_record(stream: RecordStream, value: &Value) -> String {
    match stream {
        RecordStream::Output => of_object(value),
        RecordStream::Error => ErrorRecord::from_value(value).normal_view(),
        RecordStream::Warning | RecordStream::Verbose | RecordStream::Debug => message_of(value),
        RecordStream::Information => InformationRecord::from_value(value).text,
        RecordStream::Progress => {
            let progress = ProgressRecord::from_value(value);
            format!("{}: {}", progress.activity, progress.status)
        }
    }
}

/// An object: what its own text form says, else its properties, one a line.
fn of_object(value: &Value) -> String {
    let Some(object) = value.as_object() else { return value.to_display() };
    let has_text = object.to_string.as_ref().is_some_and(|text| !text.is_empty());
    if has_text || object.items().is_some() || object.entries().is_some() || object.primitive().is_some() {
        return value.to_display();
    }
    let properties: Vec<_> = object.properties().collect();
    let width = properties.iter().map(|property| property.name.to_string_lossy().chars().count()).max().unwrap_or(0);
    let lines = properties.iter().map(|property| format!("{:width$} : {}", property.name, property.value.to_display()));
    lines.collect::<Vec<_>>().join("\n")
}

/// What a host call writes that no record said before.
pub(crate) fn of_call(call: &HostCall) -> Option<String> {
    let text = |at: usize| call.parameters.get(at).map(Value::to_display).unwrap_or_default();
    Some(match call.method {
        HostMethod(13 | 16 | 18 | 19 | 21 | 22) => text(0),
        HostMethod(14 | 17) => text(2),
        HostMethod(15) => String::new(),
        _ => return None,
    })
}

/// Text for the screen: cut where it is very long.
pub(crate) fn for_screen(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => {
            format!("{}… ({} characters, all in the record)", text.get(..at).unwrap_or_default(), text.chars().count())
        }
        None => text,
    }
}
