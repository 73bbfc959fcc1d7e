//! Values, and what is made of them for people.

use std::time::Duration;

use clixml::{DecodeError, Value, decode};
use psformat::{Formatter, Options, normal_view};
use psrp::host::{HostCall, HostMethod, Question};
use psrp::records::ErrorRecord;

use super::Worst;

const fn value(name: &'static str, input: fn(usize) -> Vec<u8>, most: usize) -> Worst {
    Worst { reader: "clixml", name, input, read: |input| decode(input).is_ok(), size: most / 8, most }
}

pub(super) const CLIXML: &[Worst] = &[
    value("nulls", |count| list(&"<Nil/>".repeat(count)), 1_199_000),
    value(
        "references",
        |count| list(&format!("{}{}", r#"<Obj RefId="1"/>"#, r#"<Ref RefId="1"/>"#.repeat(count))),
        1_100_000,
    ),
    value("objects", |count| list(&(0..count).map(|id| format!(r#"<Obj RefId="{id}"/>"#)).collect::<String>()), 99_000),
    value("properties", |count| object(&r#"<Nil N="n"/>"#.repeat(count)), 1_100_000),
    value("properties of other names", |count| object(&numbered(count)), 1_100_000),
    value("type names", |count| list(&(0..count).map(named).collect::<String>()), 99_000),
    Worst {
        read: |input| matches!(decode(input), Err(DecodeError::TooLarge(_))),
        ..value("references to type names", named_again, 400_000)
    },
    value("member sets inside each other", |count| list(&sets(140, "").repeat(count)), 8_000),
    Worst {
        read: |input| matches!(decode(input), Err(DecodeError::TooDeep(_))),
        ..value("member sets along references", sets_by_reference, 8_000)
    },
    value("one text", |count| text(&"é".repeat(count)), 16 << 20),
    value("escapes", |count| text(&"_xD800_".repeat(count)), 4 << 20),
    value("half escapes", |count| text(&"_xD80".repeat(count)), 4 << 20),
    value("references in a text", |count| text(&"&#65;".repeat(count)), 2_390_000),
    value("references in a name", |count| object(&format!(r#"<Nil N="{}"/>"#, "&#65;".repeat(count))), 4 << 20),
    value("base64 with blanks", |count| format!("<BA>{}</BA>", "AA AA\n".repeat(count)).into_bytes(), 4 << 20),
    value("unreadable values", |count| list(&"<What>is this</What>".repeat(count)), 990),
    value("unreadable values inside each other", |count| deep("<What>", "<Obj><LST>", count), 1 << 20),
    value("entries", |count| format!("<Obj><DCT>{}</DCT></Obj>", ENTRY.repeat(count)).into_bytes(), 300_000),
    value("digits", |count| list(&format!("<Db>0.{0}</Db><D>0.{0}</D><Sg>{0}</Sg>", "1".repeat(count))), 4 << 20),
    value("comments", |count| list(&"<!---->".repeat(count)), 2_300_000),
];

const ENTRY: &str = r#"<En><I32 N="Key">1</I32><Nil N="Value"/></En>"#;

fn list(items: &str) -> Vec<u8> {
    format!("<Obj><LST>{items}</LST></Obj>").into_bytes()
}

fn object(properties: &str) -> Vec<u8> {
    format!("<Obj><MS>{properties}</MS></Obj>").into_bytes()
}

fn text(text: &str) -> Vec<u8> {
    format!("<S>{text}</S>").into_bytes()
}

/// Text of a property: a text by itself is shown as it is.
fn coloured(text: &str) -> Vec<u8> {
    object(&format!(r#"<S N="a">{text}</S>"#))
}

fn numbered(count: usize) -> String {
    (0..count).map(|number| format!(r#"<Nil N="n{number}"/>"#)).collect()
}

/// An object with a type name of its own.
fn named(id: usize) -> String {
    format!(r#"<Obj><TN RefId="{id}"><T>t</T></TN></Obj>"#)
}

/// One object with so many type names, which it refers to as often.
fn named_again(count: usize) -> Vec<u8> {
    let (names, references) = ("<T/>".repeat(count), r#"<TNRef RefId="0"/>"#.repeat(count));
    format!(r#"<Obj><TN RefId="0">{names}</TN>{references}</Obj>"#).into_bytes()
}

fn sets(levels: usize, inside: &str) -> String {
    format!("{}{inside}{}", r#"<MS N="a">"#.repeat(levels), "</MS>".repeat(levels))
}

/// Objects of which each refers to the one before it, from as deep as it can.
fn sets_by_reference(count: usize) -> Vec<u8> {
    let link = |id: usize| {
        let inside = format!(r#"<Ref N="a" RefId="{}"/>"#, id - 1);
        format!(r#"<Obj RefId="{id}"><MS>{}</MS></Obj>"#, sets(140, &inside))
    };
    list(&format!(r#"<Obj RefId="0"/>{}"#, (1..=count).map(link).collect::<String>()))
}

/// Twelve levels around `count` bytes, each of which is no value as a whole.
fn deep(wrong: &str, level: &str, count: usize) -> Vec<u8> {
    let close = |open: &str| {
        open.rsplit('<').filter(|name| !name.is_empty()).map(|name| format!("</{name}")).collect::<String>()
    };
    let inside = format!("{wrong}{}{}", "y".repeat(count), close(wrong));
    (0..12).fold(inside, |inside, _| format!("{level}{wrong}{inside}{}{}", close(wrong), close(level))).into_bytes()
}

const fn shown(name: &'static str, input: fn(usize) -> Vec<u8>, most: usize) -> Worst {
    Worst { reader: "psformat", name, input, read: formatted, size: most / 4, most }
}

pub(super) const SHOWN: &[Worst] = &[
    shown("properties", |count| object(&numbered(count)), 200_000),
    shown("rows", |count| list(&r#"<Obj><MS><I32 N="a">1</I32><S N="b">x</S></MS></Obj>"#.repeat(count)), 40_000),
    shown("entries", |count| format!("<Obj><DCT>{}</DCT></Obj>", ENTRY.repeat(count)).into_bytes(), 40_000),
    shown("words", |count| text(&"word ".repeat(count)), 400_000),
    shown("one word in a list", |count| object(&format!("<S N='a'>{}</S>{}", "w".repeat(count), numbered(6))), 1 << 20),
    shown("links that do not end", |count| coloured(&"_x001B_]8;;x".repeat(count)), 400_000),
    shown("links in lines", |count| coloured(&"_x001B_]8;;x_x001B_\\y\n_x001B_]8;;".repeat(count)), 40_000),
    shown("escapes that are none", |count| coloured(&"_x001B_[".repeat(count)), 800_000),
    shown("columns", columns, 40_000),
    Worst { read: normal, ..shown("error", error, 1 << 20) },
    Worst { reader: "psrp", read: asked, ..shown("choices", choices, 90_000) },
];

fn formatted(input: &[u8]) -> bool {
    let Ok(value) = decode(input) else { return false };
    let mut formatter = Formatter::new(Options::default());
    let mut lines = Vec::new();
    let mut count = 0_usize;
    formatter.push_in_parts(&value, Duration::ZERO, |part| {
        count += part.len();
        part.clear();
    });
    formatter.finish(&mut lines);
    count + lines.len() > 0
}

/// A table of so many columns that the endpoint has made, and a row of it.
fn columns(count: usize) -> Vec<u8> {
    const SPACE: &str = "Deserialized.Microsoft.PowerShell.Commands.Internal.Format.";
    let of = |class: &str, content: &str| format!("<Obj><TN><T>{SPACE}{class}</T></TN><Props>{content}</Props></Obj>");
    let inside = |name: &str, class: &str, content: &str| {
        of(class, content).replacen("<Obj>", &format!(r#"<Obj N="{name}">"#), 1)
    };
    let column = of("TableColumnInfo", r#"<I32 N="width">1</I32><S N="label">x</S>"#);
    let header = inside(
        "shapeInfo",
        "TableHeaderInfo",
        &format!(r#"<Obj N="tableColumnInfoList"><LST>{}</LST></Obj>"#, column.repeat(count)),
    );
    let start = of("FormatStartData", &header);
    let group = of("GroupStartData", "");
    let field = of("FormatPropertyField", r#"<S N="propertyValue">y</S>"#);
    let row = inside(
        "formatEntryInfo",
        "TableRowEntry",
        &format!(r#"<Obj N="formatPropertyFieldList"><LST>{}</LST></Obj>"#, field.repeat(count)),
    );
    list(&(start + &group + &of("FormatEntryData", &row)))
}

fn error(count: usize) -> Vec<u8> {
    let long = "y\t".repeat(count / 4);
    object(&format!(
        r#"<Obj N="Exception"><Props><S N="Message">{long}</S></Props></Obj><S N="ErrorCategory_TargetName">{long}</S>
        <S N="InvocationInfo_Line">{long}</S><I32 N="InvocationInfo_OffsetInLine">{count}</I32><B N="SerializeExtendedInfo">true</B>
        <S N="InvocationInfo_PositionMessage">{long}</S><I32 N="InvocationInfo_ScriptLineNumber">1</I32>"#
    ))
}

fn normal(input: &[u8]) -> bool {
    let Ok(value) = decode(input) else { return false };
    !ErrorRecord::from_value(&value).message.is_empty() && !normal_view(&value, Some("computer")).is_empty()
}

fn choices(count: usize) -> Vec<u8> {
    list(&r#"<Obj><MS><S N="label">x</S><S N="helpMessage">y</S></MS></Obj>"#.repeat(count))
}

fn asked(input: &[u8]) -> bool {
    let Ok(value) = decode(input) else { return false };
    let parameters = vec![Value::Null, Value::Null, value, Value::I32(0)];
    let call = HostCall { id: psrp::CallId(1), method: HostMethod::PROMPT_FOR_CHOICE, parameters };
    matches!(call.question(), Some(Question::Choice { choices, .. }) if !choices.is_empty())
}
