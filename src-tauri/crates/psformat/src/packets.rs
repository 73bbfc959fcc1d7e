//! Output that a cmdlet has formatted already (`Format-Table` and the like on the endpoint): it comes as packets of the
//! formatter there, and only the lines are left to make.

use clixml::{Object, Value};

use crate::cells::Align;
use crate::object;
use crate::views::{Column, Shape};

/// A packet.
#[derive(Debug, PartialEq)]
pub(crate) enum Packet {
    /// A table or list begins.
    Start { shape: Shape, columns: Vec<Column>, by_content: bool, headless: bool },
    /// A group begins, with its heading.
    Group(Option<String>),
    /// The texts of a row, or label and text in turn of a list.
    Row(Vec<String>),
    /// Text between rows
    Text(String),
    /// A group ends.
    GroupEnd,
    /// The table or list ends.
    End,
}

const SPACE: &str = "Microsoft.PowerShell.Commands.Internal.Format.";

/// The packet that an object is.
pub(crate) fn of(value: &Value) -> Option<Packet> {
    let object = value.as_object()?;
    Some(match class(object)?.as_str() {
        "FormatStartData" => start(object)?,
        "GroupStartData" => {
            let heading = object.get("groupingEntry").and_then(|entry| entry.get("formatValueList")).map(texts);
            Packet::Group(heading.filter(|heading| !heading.is_empty()))
        }
        "FormatEntryData" => entry(object.get("formatEntryInfo")?)?,
        "GroupEndData" => Packet::GroupEnd,
        "FormatEndData" => Packet::End,
        _ => return None,
    })
}

/// The name of a class of the formatter, without its namespace.
fn class(object: &Object) -> Option<String> {
    let name = object.type_name()?.to_string_lossy().into_owned();
    let name = name.strip_prefix("Deserialized.").unwrap_or(&name);
    name.strip_prefix(SPACE).map(str::to_owned)
}

fn start(object: &Object) -> Option<Packet> {
    let info = object.get("shapeInfo")?;
    let flag = |name: &str| info.get(name).and_then(Value::as_bool).unwrap_or(false);
    let sized = object.get("autosizeInfo").is_some_and(|info| !info.is_null());
    let (shape, columns) = match class(info.as_object()?)?.as_str() {
        "TableHeaderInfo" => {
            let columns = info.get("tableColumnInfoList").and_then(Value::items).unwrap_or_default();
            (Shape::Table, columns.iter().map(column).collect::<Vec<_>>())
        }
        "ListViewHeaderInfo" => (Shape::List, Vec::new()),
        "ComplexViewHeaderInfo" => (Shape::Custom, Vec::new()),
        _ => return None,
    };
    let by_content = shape == Shape::Table && (sized || columns.first().is_some_and(|column| column.width == 0));
    Some(Packet::Start { shape, columns, by_content, headless: flag("hideHeader") })
}

fn column(info: &Value) -> Column {
    let text = |name: &str| info.get(name).filter(|text| !text.is_null()).map(object::text);
    let right = info.get("alignment").and_then(Value::as_i32) == Some(3);
    Column {
        label: text("label").or_else(|| text("propertyName")).unwrap_or_default(),
        property: String::new(),
        computed: String::new(),
        width: info.get("width").and_then(Value::as_i32).and_then(|width| usize::try_from(width).ok()).unwrap_or(0),
        align: if right { Align::Right } else { Align::Left },
    }
}

fn entry(info: &Value) -> Option<Packet> {
    let list = |name: &str| info.get(name).and_then(Value::items).unwrap_or_default();
    let value = |field: &Value| field.get("propertyValue").map(object::text).unwrap_or_default();
    Some(match class(info.as_object()?)?.as_str() {
        "TableRowEntry" => Packet::Row(list("formatPropertyFieldList").iter().map(value).collect()),
        "ListViewEntry" => {
            let pair = |field: &Value| {
                let label = field.get("label").filter(|label| !label.is_null()).or_else(|| field.get("propertyName"));
                let text = field.get("formatPropertyField").map(value).unwrap_or_default();
                [label.map(object::text).unwrap_or_default(), text]
            };
            Packet::Row(list("listViewFieldList").iter().flat_map(pair).collect())
        }
        "RawTextFormatEntry" => Packet::Text(info.get("text").map(object::text).unwrap_or_default()),
        "ComplexViewEntry" => Packet::Text(info.get("formatValueList").map(texts).unwrap_or_default()),
        _ => return None,
    })
}

/// The text of a tree of text fields, property fields and line ends.
fn texts(list: &Value) -> String {
    let one = |item: &Value| match item.as_object().and_then(class).as_deref() {
        Some("FormatTextField") => item.get("text").map(object::text).unwrap_or_default(),
        Some("FormatPropertyField") => item.get("propertyValue").map(object::text).unwrap_or_default(),
        Some("FormatNewLine") => "\n".to_owned(),
        // A part of its own. Values are no deeper than their reader allows.
        _ => item.get("formatValueList").map(texts).unwrap_or_default(),
    };
    list.items().unwrap_or_default().iter().map(one).collect()
}
