//! Values as trees, in the form that `decode.py` writes, and when two of them are the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clixml::{Content, Object, Property, PsString, Value, Zone};
use serde_json::{Value as Json, json};

fn hex(text: &PsString) -> String {
    text.units().map(|unit| format!("{unit:04x}")).collect()
}

pub(crate) fn tree(value: &Value) -> Json {
    let number = |kind: &str, text: String| json!([kind, text]);
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(["B", value.to_string()]),
        Value::Char(value) => number("C", value.to_string()),
        Value::U8(value) => number("By", value.to_string()),
        Value::I8(value) => number("SB", value.to_string()),
        Value::U16(value) => number("U16", value.to_string()),
        Value::I16(value) => number("I16", value.to_string()),
        Value::U32(value) => number("U32", value.to_string()),
        Value::I32(value) => number("I32", value.to_string()),
        Value::U64(value) => number("U64", value.to_string()),
        Value::I64(value) => number("I64", value.to_string()),
        Value::Single(value) if value.is_nan() => json!(["Sg", "nan"]),
        Value::Single(value) => json!(["Sg", format!("{:08x}", value.to_bits())]),
        Value::Double(value) if value.is_nan() => json!(["Db", "nan"]),
        Value::Double(value) => json!(["Db", format!("{:016x}", value.to_bits())]),
        Value::Decimal(value) => number("D", value.to_string()),
        Value::TimeSpan(value) => number("TS", value.ticks.to_string()),
        Value::DateTime(value) => {
            // Python does not tell UTC from a zone that happens to be as late.
            let zone = match value.zone {
                Zone::Unspecified => None,
                Zone::Utc => Some(0),
                Zone::Offset(minutes) => Some(minutes),
            };
            json!(["DT", value.ticks().to_string(), zone])
        }
        Value::Guid(value) => number("G", value.hyphenated().to_string()),
        Value::Version(value) => number("Version", value.to_string()),
        Value::Bytes(value) => json!(["BA", value.iter().map(|b| format!("{b:02x}")).collect::<String>()]),
        Value::String(text) => json!(["S", hex(text)]),
        Value::ScriptBlock(text) => json!(["SBK", hex(text)]),
        Value::Uri(text) => json!(["URI", hex(text)]),
        Value::Xml(text) => json!(["XD", hex(text)]),
        Value::SecureString(secret) => json!(["SS", STANDARD.encode(&secret.0)]),
        Value::Progress(it) => json!([
            "PR",
            hex(&it.activity),
            it.activity_id,
            it.status.as_ref().map(hex),
            it.operation.as_ref().map(hex),
            it.parent_id,
            it.percent,
            it.seconds,
            it.kind.to_string_lossy(),
        ]),
        Value::Object(object) => object_tree(object),
        other => json!({ "no tree": format!("{other:?}") }),
    }
}

fn object_tree(object: &Object) -> Json {
    let list = |kind: &str, items: &[Value]| json!([kind, items.iter().map(tree).collect::<Vec<_>>()]);
    let plain = match &object.content {
        Content::None => json!(["bag"]),
        Content::Primitive(inside) => tree(inside),
        Content::List(items) => list("LST", items),
        Content::Enumerable(items) => list("IE", items),
        Content::Stack(items) => list("STK", items),
        Content::Queue(items) => list("QUE", items),
        Content::Dictionary(entries) => {
            json!(["DCT", entries.iter().map(|(key, value)| json!([tree(key), tree(value)])).collect::<Vec<_>>()])
        }
    };
    let properties = |all: &[Property]| -> Json {
        all.iter().map(|property| json!([hex(&property.name), tree(&property.value)])).collect::<Vec<_>>().into()
    };
    let simple = matches!(object.content, Content::Primitive(_));
    if simple && object.to_string.is_none() && object.adapted.is_empty() && object.extended.is_empty() {
        return plain;
    }
    let types = object.type_names.as_ref().filter(|_| !simple).map(|names| {
        let name = |name: &PsString| match name.as_str().and_then(|name| name.strip_prefix("Deserialized.")) {
            Some(rest) => hex(&rest.into()),
            None => hex(name),
        };
        names.iter().map(name).collect::<Vec<_>>()
    });
    json!({
        "value": plain,
        "types": types,
        "text": object.to_string.as_ref().map(hex),
        "adapted": properties(&object.adapted),
        "extended": properties(&object.extended),
    })
}

/// Where two trees differ first, and how. `ours` may say nothing of types, where psrpcore has one of its own in mind; what psrpcore
/// wrote (`written`) has no text of containers and of values with properties.
pub(crate) fn differs(ours: &Json, theirs: &Json, written: bool, at: &str) -> Option<String> {
    match (ours, theirs) {
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| differs(a, b, written, &format!("{at}/{index}")))
        }
        (Json::Object(a), Json::Object(b)) if a.contains_key("value") && b.contains_key("value") => {
            let simply = |key: &str| (a[key] != b[key]).then(|| format!("{at}/{key}: {} and {}", a[key], b[key]));
            let types = if a["types"].is_null() { None } else { simply("types") };
            let text = if written && b["value"] != json!(["bag"]) { None } else { simply("text") };
            let parts = ["value", "adapted", "extended"];
            let within = || parts.iter().find_map(|key| differs(&a[*key], &b[*key], written, &format!("{at}/{key}")));
            types.or(text).or_else(within)
        }
        // A simple value of which only its text was left out
        (plain @ Json::Array(_), Json::Object(b)) if written && b.contains_key("value") => {
            let bare = b["adapted"] == json!([]) && b["extended"] == json!([]);
            if bare { differs(plain, &b["value"], written, at) } else { Some(format!("{at}: properties are missing")) }
        }
        _ => (ours != theirs).then(|| format!("{at}: {ours} and {theirs}")),
    }
}
