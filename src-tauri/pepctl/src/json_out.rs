//! Values as JSON, without loss, written as they go: nothing of the size of the value is made. The form is described in
//! the README. Whether everything could be written is up to the writer to remember.

use std::io::Write;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use clixml::{Content, Object, Property, PsString, Value};

/// Appends a value.
pub(crate) fn value<W: Write>(out: &mut W, value: &Value) {
    match value {
        Value::Null => raw(out, "null"),
        Value::Bool(value) => raw(out, if *value { "true" } else { "false" }),
        Value::I32(value) => raw(out, &value.to_string()),
        Value::String(value) => ps_string(out, value),
        Value::Char(value) => typed(out, "Char", |out| raw(out, &value.to_string())),
        Value::U8(value) => number(out, "Byte", value),
        Value::I8(value) => number(out, "SByte", value),
        Value::U16(value) => number(out, "UInt16", value),
        Value::I16(value) => number(out, "Int16", value),
        Value::U32(value) => number(out, "UInt32", value),
        Value::U64(value) => number(out, "UInt64", value),
        Value::I64(value) => number(out, "Int64", value),
        Value::Single(value) => typed(out, "Single", |out| float(out, f64::from(*value), &clixml::single_text(*value))),
        Value::Double(value) => typed(out, "Double", |out| float(out, *value, &clixml::double_text(*value))),
        Value::Decimal(value) => quoted(out, "Decimal", &value.to_string()),
        Value::DateTime(value) => quoted(out, "DateTime", &value.to_string()),
        Value::TimeSpan(value) => quoted(out, "TimeSpan", &value.to_string()),
        Value::Bytes(value) => typed(out, "Bytes", |out| base64(out, value)),
        Value::Guid(value) => quoted(out, "Guid", &value.hyphenated().to_string()),
        Value::Version(value) => quoted(out, "Version", &value.to_string()),
        Value::Uri(value) => typed(out, "Uri", |out| ps_string(out, value)),
        Value::Xml(value) => typed(out, "Xml", |out| ps_string(out, value)),
        Value::ScriptBlock(value) => typed(out, "ScriptBlock", |out| ps_string(out, value)),
        Value::SecureString(value) => {
            raw(out, "{\"$type\":\"SecureString\",\"encrypted\":");
            base64(out, &value.0);
            raw(out, "}");
        }
        Value::Progress(record) => {
            raw(out, "{\"$type\":\"ProgressRecord\"");
            field(out, "activity", |out| ps_string(out, &record.activity));
            field(out, "activity_id", |out| raw(out, &record.activity_id.to_string()));
            field(out, "status", |out| optional(out, record.status.as_ref()));
            field(out, "operation", |out| optional(out, record.operation.as_ref()));
            field(out, "parent_id", |out| raw(out, &record.parent_id.to_string()));
            field(out, "percent", |out| raw(out, &record.percent.to_string()));
            field(out, "seconds", |out| raw(out, &record.seconds.to_string()));
            field(out, "kind", |out| ps_string(out, &record.kind));
            raw(out, "}");
        }
        Value::Object(value) => object(out, value),
        Value::MemberSet(members) => typed(out, "MemberSet", |out| properties(out, members)),
        Value::Unreadable(found) => {
            raw(out, "{\"$type\":\"Unreadable\"");
            for (name, value) in [("element", &found.element), ("reason", &found.reason), ("source", &found.source)] {
                field(out, name, |out| text(out, value));
            }
            raw(out, "}");
        }
        Value::Enclosing(up) => typed(out, "Enclosing", |out| raw(out, &up.to_string())),
    }
}

/// Appends a text in quotes.
pub(crate) fn text<W: Write>(out: &mut W, value: &str) {
    let _ = serde_json::to_writer(out, value);
}

/// Appends `,"name":` and what `write` appends.
pub(crate) fn field<W: Write>(out: &mut W, name: &str, write: impl FnOnce(&mut W)) {
    raw(out, ",");
    text(out, name);
    raw(out, ":");
    write(out);
}

/// Appends text as it is.
pub(crate) fn raw<W: Write>(out: &mut W, text: &str) {
    let _ = out.write_all(text.as_bytes());
}

fn base64<W: Write>(out: &mut W, bytes: &[u8]) {
    let _ = write!(out, "\"{}\"", Base64Display::new(bytes, &STANDARD));
}

fn typed<W: Write>(out: &mut W, name: &str, write: impl FnOnce(&mut W)) {
    raw(out, "{\"$type\":\"");
    raw(out, name);
    raw(out, "\",\"value\":");
    write(out);
    raw(out, "}");
}

fn number<W: Write>(out: &mut W, name: &str, value: &impl ToString) {
    typed(out, name, |out| raw(out, &value.to_string()));
}

fn quoted<W: Write>(out: &mut W, name: &str, value: &str) {
    typed(out, name, |out| text(out, value));
}

/// Numbers as numbers; what JSON has no number for, as the text of CLIXML.
fn float<W: Write>(out: &mut W, value: f64, clixml: &str) {
    if value.is_finite() {
        // The digits of CLIXML are those of the type; JSON reads its exponents.
        raw(out, clixml);
    } else {
        text(out, clixml);
    }
}

/// Well-formed text as a string, anything else as its code units.
fn ps_string<W: Write>(out: &mut W, value: &PsString) {
    match value.as_str() {
        Some(value) => text(out, value),
        None => {
            raw(out, "{\"$type\":\"String\",\"units\":[");
            list(out, value.units(), |out, unit| raw(out, &unit.to_string()));
            raw(out, "]}");
        }
    }
}

fn optional<W: Write>(out: &mut W, value: Option<&PsString>) {
    match value {
        Some(value) => ps_string(out, value),
        None => raw(out, "null"),
    }
}

fn list<T, W: Write>(out: &mut W, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut W, T)) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            raw(out, ",");
        }
        write(out, item);
    }
}

fn object<W: Write>(out: &mut W, object: &Object) {
    raw(out, "{\"$type\":\"Object\"");
    if let Some(names) = &object.type_names {
        field(out, "type_names", |out| {
            raw(out, "[");
            list(out, names.iter(), ps_string);
            raw(out, "]");
        });
    }
    if let Some(text) = &object.to_string {
        field(out, "to_string", |out| ps_string(out, text));
    }
    let items = |out: &mut W, name: &str, items: &[Value]| {
        field(out, name, |out| {
            raw(out, "[");
            list(out, items, value);
            raw(out, "]");
        });
    };
    match &object.content {
        Content::None => {}
        Content::Primitive(base) => field(out, "base", |out| value(out, base)),
        Content::List(all) => items(out, "list", all),
        Content::Enumerable(all) => items(out, "enumerable", all),
        Content::Stack(all) => items(out, "stack", all),
        Content::Queue(all) => items(out, "queue", all),
        Content::Dictionary(entries) => field(out, "dictionary", |out| {
            raw(out, "[");
            list(out, entries, |out, (key, entry)| {
                raw(out, "[");
                value(out, key);
                raw(out, ",");
                value(out, entry);
                raw(out, "]");
            });
            raw(out, "]");
        }),
    }
    if !object.adapted.is_empty() {
        field(out, "adapted", |out| properties(out, &object.adapted));
    }
    if !object.extended.is_empty() {
        field(out, "extended", |out| properties(out, &object.extended));
    }
    raw(out, "}");
}

/// An object by name; a list of pairs where names repeat or are no well-formed text.
fn properties<W: Write>(out: &mut W, all: &[Property]) {
    let mut names: Vec<_> = all.iter().map(|property| property.name.as_str()).collect();
    names.sort_unstable();
    let plain = names.windows(2).all(|pair| pair.first() != pair.last()) && names.first().is_none_or(Option::is_some);
    raw(out, if plain { "{" } else { "[" });
    list(out, all, |out, property| {
        if !plain {
            raw(out, "[");
        }
        ps_string(out, &property.name);
        raw(out, if plain { ":" } else { "," });
        value(out, &property.value);
        if !plain {
            raw(out, "]");
        }
    });
    raw(out, if plain { "}" } else { "]" });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_in;

    fn json(of: &Value) -> serde_json::Value {
        let mut out = Vec::new();
        value(&mut out, of);
        serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&out)))
    }

    #[test]
    fn what_was_printed_can_be_given_back() {
        let object = Object {
            type_names: Some(clixml::type_names(["Deserialized.X", "System.Object"])),
            to_string: Some("x".into()),
            content: Content::List(vec![Value::Null, Value::I64(i64::MAX), Value::Double(-0.0), Value::Double(1e300)]),
            adapted: vec![Property::new("A", 1), Property::new("a", 2)],
            extended: vec![
                Property::new("B", Value::Single(0.1)),
                Property::new(PsString::from_units(vec![0xD800]), Value::Bytes(vec![0, 255])),
            ],
        };
        for value in [
            Value::from("a\u{1F600}\n\""),
            Value::String(PsString::from_units(vec![0x41, 0xD800])),
            Value::Double(f64::INFINITY),
            Value::Char(0xDFFF),
            Value::U64(u64::MAX),
            Value::Decimal(clixml::Decimal::parse("1.500").unwrap_or_else(|| unreachable!())),
            Object::dictionary(vec![(1.into(), "one".into()), ("K".into(), Value::Null)]).into(),
            object.into(),
        ] {
            let json = json(&value);
            assert_eq!(json_in::value(&json).ok(), Some(value), "{json}");
        }
        assert_eq!(json(&Value::Double(f64::NAN))["value"], "NaN");
    }
}
