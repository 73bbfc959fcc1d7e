//! Whatever an endpoint sends is shown with bounded memory and without a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use clixml::{Object, Value, decode};
use proptest::prelude::*;
use psformat::{Formatter, Options, normal_view};

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
