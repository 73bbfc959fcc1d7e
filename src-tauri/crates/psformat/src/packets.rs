//! Output that a cmdlet has formatted already (`Format-Table` and the like on the endpoint): it comes as packets of the
//! formatter there, and only the lines are left to make.

use clixml::{Object, Value};

use crate::cells::Align;
use crate::document::{Row, Sizing};
use crate::frames::{self, Paragraph};
use crate::object;
use crate::views::{Column, Shape};

/// A packet.
#[derive(Debug, PartialEq)]
pub(crate) enum Packet {
    /// A table or list begins.
    Start(Start),
    /// A group begins, with its heading.
    Group(Option<Vec<Paragraph>>),
    /// The texts of a row, or label and text in turn of a list.
    Row(Row),
    /// Paragraphs of an object, or of what stands between objects
    Paragraphs { paragraphs: Vec<Paragraph>, between: bool },
    /// Text between rows
    Text(String),
    /// A list of its own between rows: label and text in turn
    Pairs(Vec<String>),
    /// A group ends.
    GroupEnd,
    /// The table or list ends.
    End,
}

/// How a table or list begins.
#[derive(Debug, PartialEq)]
pub(crate) struct Start {
    pub(crate) shape: Shape,
    pub(crate) columns: Vec<Column>,
    /// What decides the widths, where this says so
    pub(crate) sizing: Option<Sizing>,
    /// Without headings
    pub(crate) headless: bool,
    /// Headings come again on each screen.
    pub(crate) repeat: bool,
    /// How many objects stand side by side; 0: as many as there is room for
    pub(crate) per_row: usize,
}

const SPACE: &str = "Microsoft.PowerShell.Commands.Internal.Format.";

/// The packet that an object is.
pub(crate) fn of(value: &Value) -> Option<Packet> {
    let object = value.as_object()?;
    Some(match class(object)?.as_str() {
        "FormatStartData" => start(object)?,
        "GroupStartData" => {
            let heading = object.get("groupingEntry").and_then(|entry| entry.get("formatValueList"));
            Packet::Group(heading.map(frames::of))
        }
        "FormatEntryData" => {
            let between = object.get("outOfBand").and_then(Value::as_bool).unwrap_or(false);
            entry(object.get("formatEntryInfo")?, between)?
        }
        "GroupEndData" => Packet::GroupEnd,
        "FormatEndData" => Packet::End,
        _ => return None,
    })
}

/// The name of a class of the formatter, without its namespace.
pub(crate) fn class(object: &Object) -> Option<String> {
    let name = object.type_name()?.to_string_lossy().into_owned();
    let name = name.strip_prefix("Deserialized.").unwrap_or(&name);
    name.strip_prefix(SPACE).map(str::to_owned)
}

fn start(object: &Object) -> Option<Packet> {
    let info = object.get("shapeInfo")?;
    let flag = |name: &str| info.get(name).and_then(Value::as_bool).unwrap_or(false);
    let (shape, columns) = match class(info.as_object()?)?.as_str() {
        "TableHeaderInfo" => {
            let columns = info.get("tableColumnInfoList").and_then(Value::items).unwrap_or_default();
            (Shape::Table, columns.iter().map(column).collect::<Vec<_>>())
        }
        "ListViewHeaderInfo" => (Shape::List, Vec::new()),
        "WideViewHeaderInfo" => (Shape::Wide, Vec::new()),
        "ComplexViewHeaderInfo" => (Shape::Custom, Vec::new()),
        _ => return None,
    };
    let sizing = match object.get("autosizeInfo").filter(|info| !info.is_null()) {
        Some(info) => Some(Sizing::Group { rows: count(info, "objectCount") }),
        None => columns.first().is_some_and(|column| column.width == 0).then_some(Sizing::Moment),
    };
    let (headless, repeat) = (flag("hideHeader"), flag("repeatHeader"));
    Some(Packet::Start(Start { shape, columns, sizing, headless, repeat, per_row: count(info, "columns") }))
}

/// A number that counts something.
fn count(info: &Value, name: &str) -> usize {
    info.get(name).and_then(Value::as_i32).and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

fn column(info: &Value) -> Column {
    let named = |name: &str| info.get(name).filter(|own| !own.is_null()).map(text);
    Column {
        label: named("label").or_else(|| named("propertyName")).unwrap_or_default(),
        property: String::new(),
        computed: String::new(),
        width: count(info, "width"),
        align: align(info).unwrap_or_default(),
    }
}

/// Where a text stands, if it says so.
fn align(info: &Value) -> Option<Align> {
    match info.get("alignment").and_then(Value::as_i32)? {
        1 => Some(Align::Left),
        2 => Some(Align::Center),
        3 => Some(Align::Right),
        _ => None,
    }
}

/// A text, in which a tab is four blanks.
pub(crate) fn text(value: &Value) -> String {
    object::text(value).replace('\t', "    ")
}

fn entry(info: &Value, between: bool) -> Option<Packet> {
    let list = |name: &str| info.get(name).and_then(Value::items).unwrap_or_default();
    let value = |field: &Value| field.get("propertyValue").map(text).unwrap_or_default();
    Some(match class(info.as_object()?)?.as_str() {
        "TableRowEntry" => {
            let fields = list("formatPropertyFieldList");
            Packet::Row(Row {
                texts: fields.iter().map(value).collect(),
                aligns: fields.iter().map(align).collect(),
                wrap: info.get("multiLine").and_then(Value::as_bool).unwrap_or(false),
                escapes: Vec::new(),
            })
        }
        "WideViewEntry" => Packet::Row(vec![info.get("formatPropertyField").map(value).unwrap_or_default()].into()),
        "ListViewEntry" => {
            let pair = |field: &Value| {
                let label = field.get("label").filter(|label| !label.is_null()).or_else(|| field.get("propertyName"));
                let shown = field.get("formatPropertyField").map(value).unwrap_or_default();
                [label.map(text).unwrap_or_default(), shown]
            };
            let pairs: Vec<String> = list("listViewFieldList").iter().flat_map(pair).collect();
            if between { Packet::Pairs(pairs) } else { Packet::Row(pairs.into()) }
        }
        "RawTextFormatEntry" => Packet::Text(info.get("text").map(object::text).unwrap_or_default()),
        "ComplexViewEntry" => {
            let paragraphs = info.get("formatValueList").map(frames::of).unwrap_or_default();
            Packet::Paragraphs { paragraphs, between }
        }
        _ => return None,
    })
}
