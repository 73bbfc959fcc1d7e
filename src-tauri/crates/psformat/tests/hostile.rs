//! Whatever an endpoint sends is shown with bounded memory and without a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use clixml::{Object, Value, decode};
use proptest::prelude::*;
use psformat::{Formatter, Options, normal_view};

/// A name that is wider than a screen.
const NAME: &str = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

#[test]
fn a_million_rows_are_shown_as_they_come() {
    let mut formatter = Formatter::new(Options::default());
    let (mut lines, mut all, mut most) = (Vec::new(), 0, 0);
    let row: Value = Object::with_extended([("Name", "row".into()), ("Count", 7.into())]).into();
    for _ in 0..1_000_000_u32 {
        formatter.push(&row, Duration::ZERO, &mut lines);
        most = most.max(lines.len());
        all += lines.len();
        lines.clear();
    }
    formatter.finish(&mut lines);
    // No clock moves here: what waits is shown when it is too much to wait with.
    assert!(most < 100_000, "{most} lines at once");
    assert_eq!(all + lines.len(), 1_000_000 + 4);
}

#[test]
fn a_list_that_holds_itself_is_shown_once_in_the_table_of_another_object() {
    let list = r#"<Obj RefId="0"><LST><Obj RefId="1"><TN RefId="1"><T>Sample.Plain</T></TN><Props><I32 N="A">1</I32><S N="B">two</S></Props></Obj><Ref RefId="0" /></LST></Obj>"#;
    let mut formatter = Formatter::new(Options::default());
    let mut lines = Vec::new();
    formatter.push(&decode(list.as_bytes()).unwrap(), Duration::ZERO, &mut lines);
    formatter.finish(&mut lines);
    assert!(lines.iter().any(|line| line.contains("two")), "{lines:?}");
}

#[test]
fn p07_a_text_in_a_column_of_one_cell_is_cut_before_it_fills_the_memory() {
    // The name takes all of the width, so that each character of the text is a line as wide as the screen.
    let shown = |text: &str| {
        let object = Object::with_extended(
            ["a", "b", "c", "d"].map(|name| (name, Value::Null)).into_iter().chain([(NAME, Value::from(text))]),
        );
        let mut formatter = Formatter::new(Options::default());
        let mut lines = Vec::new();
        formatter.push(&object.into(), Duration::ZERO, &mut lines);
        formatter.finish(&mut lines);
        (lines.len(), lines.iter().map(String::len).sum::<usize>())
    };
    let (lines, bytes) = shown(&"w".repeat(1_000));
    assert!((1_000..1_100).contains(&lines) && bytes > 100_000, "{lines} lines, {bytes} bytes");
    for text in ["w".repeat(3_000_000), "w ".repeat(1_500_000), "\n".repeat(3_000_000)] {
        let (lines, bytes) = shown(&text);
        assert!((300_000..400_000).contains(&lines) && bytes < 64 << 20, "{lines} lines, {bytes} bytes");
    }
}

#[test]
fn p07_lines_of_a_text_are_cut_where_they_fill_the_memory() {
    let mut formatter = Formatter::new(Options::default());
    let shown = |formatter: &mut Formatter, count: usize| {
        let mut lines = Vec::new();
        formatter.push_text(&"\n".repeat(count), Duration::ZERO, &mut lines);
        (lines.len(), lines.pop())
    };
    // 64 MiB of lines that take 64 bytes
    let most = 1 << 20;
    assert_eq!(shown(&mut formatter, most - 1), (most, Some(String::new())));
    assert_eq!(shown(&mut formatter, most), (most + 1, Some("…".to_owned())));
    assert_eq!(shown(&mut formatter, most * 5), (most + 1, Some("…".to_owned())));
}

/// An object as the endpoint's own formatter sends them.
fn packet<const N: usize>(class: &str, members: [(&'static str, Value); N]) -> Value {
    let name = format!("Deserialized.Microsoft.PowerShell.Commands.Internal.Format.{class}");
    Object { type_names: Some(clixml::type_names([name.as_str()])), ..Object::with_extended(members) }.into()
}

#[test]
fn p07_texts_that_the_endpoint_has_formatted_are_cut_before_they_fill_the_memory() {
    let list = |items: Vec<Value>| Value::from(Object::list(items));
    let shown = |shape: Value, entry: Value| {
        let mut formatter = Formatter::new(Options::default());
        let mut lines = Vec::new();
        for value in [
            packet("FormatStartData", [("shapeInfo", shape)]),
            packet("GroupStartData", []),
            packet("FormatEntryData", [("formatEntryInfo", entry), ("outOfBand", false.into())]),
            packet("GroupEndData", []),
            packet("FormatEndData", []),
        ] {
            formatter.push(&value, Duration::ZERO, &mut lines);
        }
        formatter.finish(&mut lines);
        (lines.len(), lines.iter().map(String::len).sum::<usize>())
    };
    let framed = |text: &str| {
        let frame = [("leftIndentation", 119.into()), ("rightIndentation", 0.into()), ("firstLine", 0.into())];
        let text = packet("FormatTextField", [("text", text.into())]);
        let inside = list(vec![text, packet("FormatNewLine", [])]);
        let inner = packet("FormatEntry", [("frameInfo", packet("FrameInfo", frame)), ("formatValueList", inside)]);
        // Ten of them, so that not only each is bounded
        let outer = packet("FormatEntry", [("formatValueList", list(vec![inner; 10]))]);
        let entry = packet("ComplexViewEntry", [("formatValueList", list(vec![outer]))]);
        shown(packet("ComplexViewHeaderInfo", []), entry)
    };
    let narrow = |text: &str| {
        let column = |label: &str, width: i32| {
            packet("TableColumnInfo", [("label", label.into()), ("width", width.into()), ("alignment", 1.into())])
        };
        let columns = list(vec![column("wide", 118), column("n", 1)]);
        let field =
            |text: &str| packet("FormatPropertyField", [("propertyValue", text.into()), ("alignment", 0.into())]);
        let fields = list(vec![field(""), field(text)]);
        let entry = packet("TableRowEntry", [("formatPropertyFieldList", fields), ("multiLine", true.into())]);
        shown(packet("TableHeaderInfo", [("tableColumnInfoList", columns)]), entry)
    };
    let (lines, bytes) = framed(&"w".repeat(1_000));
    assert!((10_000..10_100).contains(&lines) && bytes > 1_000_000, "{lines} lines, {bytes} bytes");
    let (lines, bytes) = narrow(&"w".repeat(1_000));
    assert!((1_000..1_100).contains(&lines) && bytes > 100_000, "{lines} lines, {bytes} bytes");
    let long = "w".repeat(3_000_000);
    for (lines, bytes) in [framed(&long), narrow(&long)] {
        assert!((300_000..400_000).contains(&lines) && bytes < 64 << 20, "{lines} lines, {bytes} bytes");
    }
    let (lines, bytes) = framed(&"w".repeat(100_000));
    assert!((300_000..400_000).contains(&lines) && bytes < 64 << 20, "{lines} lines, {bytes} bytes");
}

proptest! {
    #[test]
    fn any_value_at_any_width(text in "[<>/A-Za-z0-9_ =\"&;#]{0,60}", name in ".{0,12}", width in 0_usize..200, number in any::<f64>()) {
        let object: Value = Object::with_extended([
            ("Name", name.as_str().into()), ("Number", Value::Double(number)), ("Text", text.as_str().into()),
            ("List", Object::list(vec![number.to_string().into(), Value::Null]).into()),
        ]).into();
        let mut formatter = Formatter::new(Options { width, ..Options::default() });
        let mut lines = Vec::new();
        for value in [object.clone(), text.as_str().into(), Object::list(vec![object.clone(), 5.into()]).into(), object] {
            formatter.push(&value, Duration::ZERO, &mut lines);
        }
        formatter.finish(&mut lines);
        if let Ok(value) = decode(text.as_bytes()) {
            let _ = normal_view(&value, None);
        }
    }
}
