//! Values of columns that a view computes.

use std::borrow::Cow;

use clixml::{Content, PsString, Value};

use crate::views::Column;
use crate::{numbers, object};

/// The text of a column for an object. `fixed`: the column is of a table that has no view of its own.
pub(crate) fn value(of: &Value, column: &Column, limit: Option<usize>, fixed: bool) -> String {
    let property = |name: &str| object::property(of, name);
    let text = |name: &str| property(name).map(|value| object::text(&value)).unwrap_or_default();
    let number = |name: &str| property(name).as_deref().and_then(number).unwrap_or(0.0);
    // What cannot be reckoned with fails in PowerShell, and the cell stays empty.
    let fails = |name: &str| property(name).is_some_and(|found| !found.is_null() && self::number(&found).is_none());
    let date = |show: fn(clixml::DateTime) -> String| match property(&column.property).as_deref().map(Value::base) {
        Some(Value::DateTime(date)) => show(*date),
        Some(other) => object::text(other),
        None => String::new(),
    };
    let remote = || property("ConnectionInfo").is_some_and(|value| !value.is_null());
    match column.computed.as_str() {
        "" => {
            let found = if fixed { object::resolved(of, &column.property) } else { property(&column.property) };
            found.map(|value| object::cell(&value, limit, fixed)).unwrap_or_default()
        }
        // An alias is shown with what it stands for.
        "command" if text("CommandType") == "Alias" => text("DisplayName"),
        "command" => text("Name"),
        "kib" | "mib" | "n2" if fails(&column.property) => String::new(),
        "kib" => format!("{}", round_to_even(number(&column.property) / 1024.0)),
        "mib" => numbers::grouped(number(&column.property) / 1_048_576.0, 2),
        "n2" => numbers::grouped(number(&column.property), 2),
        "n0" if property(&column.property).is_none_or(|value| value.is_null()) => String::new(),
        "n0" => numbers::grouped(number(&column.property), 0),
        "count" => match property(&column.property).filter(|value| !value.is_null()) {
            None => "0".to_owned(),
            Some(value) => count(&value).unwrap_or_default(),
        },
        "duration" => match property(&column.property).as_deref().map(Value::base) {
            Some(Value::TimeSpan(span)) => duration(*span),
            _ => String::new(),
        },
        "gib" if number("Used") == 0.0 && number("Free") == 0.0 => String::new(),
        "gib" => format!("{:.2}", number(&column.property) / 1_073_741_824.0),
        "root" => Some(text("DisplayRoot")).filter(|root| !root.is_empty()).unwrap_or_else(|| text("Root")),
        "keys" => {
            match property(&column.property).as_deref().and_then(Value::as_object).map(|object| &object.content) {
                Some(Content::Dictionary(entries)) => match entries.as_slice() {
                    [(key, _)] => object::text(key),
                    _ => {
                        let keys = entries.iter().map(|(key, _)| key.clone()).collect();
                        object::cell(&clixml::Object::list(keys).into(), limit, false)
                    }
                },
                _ => String::new(),
            }
        }
        "module" => Some(text("ModuleName")).filter(|name| !name.is_empty()).unwrap_or_else(|| text("PSSnapIn")),
        "friendly" => property(&column.property)
            .as_deref()
            .and_then(|list| object::resolved(list, "FriendlyName").map(|names| object::cell(&names, limit, false)))
            .unwrap_or_default(),
        "directory" => text("PSParentPath").replace("Microsoft.PowerShell.Core\\FileSystem::", ""),
        "hive" => text("PSParentPath").replace("Microsoft.PowerShell.Core\\Registry::", ""),
        "folder" => text(&column.property).rsplit_once(['\\', '/']).map_or("", |(folder, _)| folder).to_owned(),
        "file" => text(&column.property).rsplit(['\\', '/']).next().unwrap_or_default().to_owned(),
        "escape" => text(&column.property).replace('\u{1b}', "`e"),
        "inside" => inside(of, &column.property).map(|value| object::cell(&value, limit, false)).unwrap_or_default(),
        "leaf" => text(&column.property).rsplit('/').next().unwrap_or_default().to_owned(),
        "lines" => property(&column.property)
            .and_then(|value| object::items(&value).map(|items| items.map(|item| object::text(&item) + "\n").collect()))
            .unwrap_or_default(),
        "beginning" => {
            property(&column.property).as_deref().and_then(Value::as_ps_string).map(beginning).unwrap_or_default()
        }
        "in-time" if text("Status").eq_ignore_ascii_case("TimedOut") => "*".to_owned(),
        "in-time" => property(&column.property).map(|value| object::cell(&value, limit, false)).unwrap_or_default(),
        "known" => Some(text(&column.property)).filter(|text| !text.is_empty()).unwrap_or_else(|| "*".to_owned()),
        "runspace-computer" if remote() => {
            inside(of, "ConnectionInfo.ComputerName").map(|value| object::text(&value)).unwrap_or_default()
        }
        "runspace-computer" => "localhost".to_owned(),
        "runspace-type" => if remote() { "Remote" } else { "Local" }.to_owned(),
        "runspace-availability"
            if inside(of, "Debugger.InBreakpoint").is_some_and(|stands| stands.as_bool() == Some(true)) =>
        {
            "InBreakpoint".to_owned()
        }
        "runspace-availability" => text("RunspaceAvailability"),
        "file-time" => date(numbers::file_time),
        "file-time-windows" => {
            let made = text("LastWriteTimeString");
            if made.is_empty() { date(numbers::file_time_windows) } else { made }
        }
        "short-time" => date(numbers::short_time),
        "length" => Some(text("LengthString")).filter(|made| !made.is_empty()).unwrap_or_else(|| text("Length")),
        "name-string" => Some(text("NameString")).filter(|made| !made.is_empty()).unwrap_or_else(|| text("Name")),
        _ => String::new(),
    }
}

/// The property of a property: `A.B`.
fn inside<'a>(of: &'a Value, path: &str) -> Option<Cow<'a, Value>> {
    let (first, rest) = path.split_once('.')?;
    match object::property(of, first)? {
        Cow::Borrowed(value) => object::property(value, rest),
        Cow::Owned(value) => object::property(&value, rest).map(|found| Cow::Owned(found.into_owned())),
    }
}

/// The beginning of a long text. As in PowerShell one that ends just there gets the mark as well.
fn beginning(text: &PsString) -> String {
    const LONGEST: usize = 200;
    let units: Vec<u16> = text.units().take(LONGEST).collect();
    let mark = if units.len() == LONGEST { "…" } else { "" };
    String::from_utf16_lossy(&units) + mark
}

/// How many things a collection has.
#[allow(clippy::cast_precision_loss, reason = "for people")]
fn count(value: &Value) -> Option<String> {
    let count =
        value.items().map(|items| items.len() as f64).or_else(|| number(object::resolved(value, "Count")?.as_ref()))?;
    Some(numbers::grouped(count, 0))
}

/// How long a command of the history took: hours and minutes only where there are some.
fn duration(span: clixml::TimeSpan) -> String {
    let ms = span.ticks.unsigned_abs() / 10_000;
    let (seconds, minutes, hours) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    let sign = if span.ticks < 0 { "-" } else { "" };
    let (ms, second, minute) = (ms % 1_000, seconds % 60, minutes % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}.{ms:03}"),
        (0, _) => format!("{sign}{minutes}:{second:02}.{ms:03}"),
        _ => format!("{sign}{hours}:{minute:02}:{second:02}.{ms:03}"),
    }
}

#[allow(clippy::cast_precision_loss, reason = "for people")]
fn number(value: &Value) -> Option<f64> {
    match value.base() {
        Value::Double(number) => Some(*number),
        Value::Single(number) => Some(f64::from(*number)),
        Value::Decimal(number) => number.to_string().parse().ok(),
        Value::U64(number) => Some(*number as f64),
        other => other.as_i64().map(|number| number as f64),
    }
}

fn round_to_even(value: f64) -> f64 {
    let rounded = value.round();
    if (value - value.trunc()).abs() == 0.5 && rounded % 2.0 != 0.0 { value.trunc() } else { rounded }
}
