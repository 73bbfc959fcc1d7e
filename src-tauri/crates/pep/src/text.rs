//! Records as lines of text.

use std::borrow::Cow;
use std::fmt::Write as _;

use clixml::Value;
use psrp::RecordStream;
use psrp::host::{HostCall, HostMethod};
use psrp::records::{InformationRecord, ProgressRecord, message_of};

/// The most characters of one record that are shown; all of it is in the record file.
const LONGEST: usize = 20_000;

/// The most bytes of text that are put together for one object; all of it stands beside the text in the record.
const PUT_TOGETHER: usize = 1 << 20;

/// Names of properties are put below each other as far as they are no longer than this, in characters.
const WIDEST_NAME: usize = 200;

/// A byte array that is longer is one line on the screen.
const FEW_BYTES: usize = 256;

/// The text of a record. That of a string is whole.
pub(crate) fn of_record(stream: RecordStream, value: &Value) -> Cow<'_, str> {
    match stream {
        RecordStream::Output => of_object(value),
        RecordStream::Error => psformat::normal_view(value, None).into(),
        RecordStream::Warning | RecordStream::Verbose | RecordStream::Debug => message_of(value).into(),
        RecordStream::Information => InformationRecord::from_value(value).text.into(),
        RecordStream::Progress => {
            let progress = ProgressRecord::from_value(value);
            format!("{}: {}", progress.activity, progress.status).into()
        }
    }
}

/// An object: what its own text form says, else its properties, one a line.
fn of_object(value: &Value) -> Cow<'_, str> {
    let whole = || value.display_within(PUT_TOGETHER);
    let Some(object) = value.as_object() else { return whole() };
    let has_text = object.to_string.as_ref().is_some_and(|text| !text.is_empty());
    if has_text || object.items().is_some() || object.entries().is_some() || object.primitive().is_some() {
        return whole();
    }
    let properties: Vec<_> = object.properties().collect();
    let width = properties.iter().map(|property| property.name.to_string_lossy().chars().count()).max().unwrap_or(0);
    let width = width.min(WIDEST_NAME);
    let mut text = String::new();
    for property in properties {
        if !text.is_empty() {
            text.push('\n');
        }
        if text.len() > PUT_TOGETHER {
            text.push('…');
            break;
        }
        // Writing into memory does not fail.
        let _ = write!(text, "{:width$} : {}", property.name, property.value.display_within(PUT_TOGETHER));
    }
    text.into()
}

/// A byte array of a length that nobody reads byte by byte, as one line for the screen.
pub(crate) fn of_many_bytes(value: &Value) -> Option<String> {
    let Value::Bytes(bytes) = value.base() else { return None };
    let first = bytes.get(..FEW_BYTES).filter(|first| first.len() < bytes.len())?;
    let shown = Value::Bytes(first.to_vec()).to_display();
    Some(format!("{shown}… ({} bytes, all in the record)", bytes.len()))
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
pub(crate) fn for_screen(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => {
            format!("{}… ({} characters, all in the record)", text.get(..at).unwrap_or_default(), text.chars().count())
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clixml::{Object, Property};

    use super::*;

    #[test]
    fn p07_a_text_on_the_screen_is_limited_one_below_and_one_above() {
        for text in ["x", "é", "😀"] {
            let (fits, more) = (text.repeat(20_000), text.repeat(20_001));
            assert_eq!(for_screen(&fits), fits);
            let shown = for_screen(&more);
            assert_eq!(shown, format!("{fits}… (20001 characters, all in the record)"));
        }
    }

    #[test]
    fn p07_bytes_and_what_is_put_together_are_limited() {
        assert_eq!(of_many_bytes(&Value::Bytes(vec![7; 256])), None);
        let shown = of_many_bytes(&Value::Bytes(vec![7; 257])).unwrap();
        assert!(shown.starts_with("7 7 7") && shown.ends_with("7… (257 bytes, all in the record)"), "{shown}");
        let list = |count: usize| Value::from(Object::list(vec!["x".into(); count]));
        let most = PUT_TOGETHER / 2;
        let (fits, more) = (list(most), list(most + 10));
        assert!(!of_object(&fits).ends_with('…') && of_object(&more).ends_with('…'));
        assert!(of_object(&list(most * 10)).len() <= PUT_TOGETHER + 8);
        let bag =
            |count: usize| Value::from(Object { extended: vec![Property::new("n", "v"); count], ..Object::default() });
        assert!(of_object(&bag(200_000)).len() < PUT_TOGETHER + 100);
        assert!(of_object(&bag(200_000)).ends_with('…') && !of_object(&bag(1_000)).ends_with('…'));
    }

    #[test]
    fn a_name_of_any_length_is_shown() {
        let object = |length: usize| -> Value {
            let long = "n".repeat(length);
            let extended = vec![Property::new(long.as_str(), 1), Property::new("a", "b")];
            Object { extended, ..Object::default() }.into()
        };
        assert_eq!(of_object(&object(3)), "nnn : 1\na   : b");
        // More than a format takes as a width
        for length in [200, 201, 65_535, 65_536, 1_000_000] {
            let shown = of_object(&object(length)).into_owned();
            assert_eq!(shown.lines().nth(1).unwrap().find(':'), Some(201), "{length}");
            assert!(shown.len() < length + 250, "{length}");
        }
    }
}
