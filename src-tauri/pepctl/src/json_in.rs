//! Values out of JSON, typed with `$type`. The form is described in the README.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clixml::{Content, DateTime, Decimal, Object, Property, PsString, TimeSpan, Uuid, Value, Version, type_names};
use psrp::{Argument, SecretText};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

/// Why JSON is no value. Never holds the text of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadValue(String);

impl BadValue {
    /// Why, without the text of any value.
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

fn bad<T>(what: impl Into<String>) -> Result<T, BadValue> {
    Err(BadValue(what.into()))
}

/// A parameter; `None` for a switch that is off, which is left out.
pub(crate) fn argument(json: &Json) -> Result<Option<Argument>, BadValue> {
    let Some((kind, map)) = tagged(json) else { return value(json).map(|value| Some(value.into())) };
    match kind.to_ascii_lowercase().as_str() {
        "switch" | "switchparameter" => {
            let on = truth(kind, map.get("value").or_else(|| map.get("present")))?;
            Ok(on.then(|| Argument::Value(Value::Bool(true))))
        }
        "securestring" if map.get("encrypted").is_none() => secret(map).map(|secret| Some(Argument::Secret(secret))),
        "pscredential" | "credential" => {
            let user = ["user", "username", "UserName", "userName", "user_name"].iter().find_map(|name| map.get(*name));
            let Some(user) = user.and_then(Json::as_str) else { return bad("a PSCredential needs \"user\"") };
            Ok(Some(Argument::Credential { user: user.into(), password: secret(map)? }))
        }
        _ => value(json).map(|value| Some(value.into())),
    }
}

/// The secret in a named environment variable.
fn secret(map: &Map<String, Json>) -> Result<SecretText, BadValue> {
    const CLEAR: [&str; 4] = ["value", "password", "Password", "text"];
    if CLEAR.iter().any(|name| map.contains_key(*name)) {
        return bad("a secret in clear is refused; it is taken from an environment variable: {\"env\":\"NAME\"}");
    }
    const NAMES: [&str; 5] = ["env", "password_env", "passwordEnv", "value_env", "secret_env"];
    let Some(name) = NAMES.iter().find_map(|name| map.get(*name)).and_then(Json::as_str) else {
        return bad("a secret is taken from an environment variable only: {\"env\":\"NAME\"}");
    };
    from_environment(name)
}

/// Reads a secret from the environment.
pub(crate) fn from_environment(name: &str) -> Result<SecretText, BadValue> {
    match std::env::var(name) {
        Ok(text) => Ok(SecretText::new(&Zeroizing::new(text))),
        Err(_) => bad(format!("the environment variable {name} is not set, or is no text")),
    }
}

/// Whether a value holds a secret somewhere inside, where it cannot be protected.
fn tagged(json: &Json) -> Option<(&str, &Map<String, Json>)> {
    let map = json.as_object()?;
    Some((map.get("$type")?.as_str()?, map))
}

/// A value without secrets.
pub(crate) fn value(json: &Json) -> Result<Value, BadValue> {
    let value = part(json)?;
    fits(&value, 0)?;
    Ok(value)
}

/// So many objects may stand inside each other: an endpoint cannot read a command whose parameters are deeper, and says
/// nothing.
const DEEPEST: u64 = 42;

/// Whether there is such a value: it is not too deep, nothing refers to more objects around it than there are, no key is
/// null.
fn fits(value: &Value, depth: u64) -> Result<(), BadValue> {
    let object = match value {
        Value::Enclosing(up) if u64::from(*up) >= depth => return bad("no object encloses this Enclosing"),
        Value::Object(object) => object,
        _ => return Ok(()),
    };
    let depth = depth.saturating_add(1);
    if depth > DEEPEST {
        return bad(format!("more than {DEEPEST} objects stand inside each other"));
    }
    match &object.content {
        Content::None => {}
        Content::Primitive(Value::Object(_) | Value::MemberSet(_) | Value::Enclosing(_)) => {
            return bad("the \"base\" of an object is no object itself");
        }
        Content::Primitive(_) => {}
        Content::List(items) | Content::Enumerable(items) | Content::Stack(items) | Content::Queue(items) => {
            items.iter().try_for_each(|item| fits(item, depth))?;
        }
        Content::Dictionary(entries) => {
            for (key, item) in entries {
                if key.is_null() {
                    return bad("a key of a dictionary cannot be null");
                }
                fits(key, depth)?;
                fits(item, depth)?;
            }
        }
    }
    object.properties().try_for_each(|property| fits(&property.value, depth))
}

fn part(json: &Json) -> Result<Value, BadValue> {
    if let Some((kind, map)) = tagged(json) {
        return typed(kind, map);
    }
    if json.get("$type").is_some() {
        return bad("\"$type\" is the name of a type");
    }
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => text.as_str().into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), ..) => i32::try_from(value).map_or(Value::I64(value), Value::I32),
            (None, Some(value), _) => Value::U64(value),
            (None, None, Some(value)) => Value::Double(value),
            _ => return bad(format!("{number} fits no number type; give a \"$type\"")),
        },
        Json::Array(items) => Object::array(values(items)?).into(),
        Json::Object(map) => {
            let entries =
                map.iter().map(|(key, item)| Ok((key.as_str().into(), part(item)?))).collect::<Result<_, _>>()?;
            Object::dictionary(entries).into()
        }
    })
}

fn values(items: &[Json]) -> Result<Vec<Value>, BadValue> {
    items.iter().map(part).collect()
}

fn typed(kind: &str, map: &Map<String, Json>) -> Result<Value, BadValue> {
    let content = map.get("value").unwrap_or(&Json::Null);
    let text = || match content {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        _ => bad(format!("{kind} needs a \"value\"")),
    };
    fn parse<T: std::str::FromStr>(kind: &str, text: &str) -> Result<T, BadValue> {
        // Never the value itself: it may be a secret in the wrong place.
        text.trim().parse().map_err(|_| BadValue(format!("the value is no {kind}")))
    }
    let no = |_: &str| BadValue(format!("the value is no {kind}"));
    Ok(match kind.to_ascii_lowercase().as_str() {
        "null" => Value::Null,
        "string" => Value::String(string(map)?),
        "char" => Value::Char(character(content)?),
        "bool" | "boolean" | "switch" | "switchparameter" => Value::Bool(truth(kind, map.get("value"))?),
        "byte" => Value::U8(parse(kind, &text()?)?),
        "sbyte" => Value::I8(parse(kind, &text()?)?),
        "uint16" => Value::U16(parse(kind, &text()?)?),
        "int16" => Value::I16(parse(kind, &text()?)?),
        "uint32" => Value::U32(parse(kind, &text()?)?),
        "int32" | "int" => Value::I32(parse(kind, &text()?)?),
        "uint64" => Value::U64(parse(kind, &text()?)?),
        "int64" | "long" => Value::I64(parse(kind, &text()?)?),
        "single" | "float" => {
            Value::Single(text().and_then(|text| float(&text, f32::is_finite).ok_or_else(|| no(&text)))?)
        }
        "double" => Value::Double(text().and_then(|text| float(&text, f64::is_finite).ok_or_else(|| no(&text)))?),
        "decimal" => Value::Decimal(decimal(content, &text()?)?),
        "datetime" => Value::DateTime(text().and_then(|text| DateTime::parse(&text).ok_or_else(|| no(&text)))?),
        "timespan" => Value::TimeSpan(match map.get("ticks").and_then(Json::as_i64) {
            Some(ticks) => TimeSpan::from_ticks(ticks),
            None => text().and_then(|text| time_span(&text).ok_or_else(|| no(&text)))?,
        }),
        "guid" => Value::Guid(text().and_then(|text| Uuid::try_parse(&text).map_err(|_| no(&text)))?),
        "version" => Value::Version(text().and_then(|text| Version::parse(&text).ok_or_else(|| no(&text)))?),
        "uri" => Value::Uri(string(map).and_then(|text| if is_uri(&text) { Ok(text) } else { Err(no("")) })?),
        "xml" | "xmldocument" => {
            Value::Xml(string(map).and_then(|text| if is_xml(&text) { Ok(text) } else { Err(no("")) })?)
        }
        "scriptblock" => Value::ScriptBlock(string(map)?),
        "bytes" | "byte[]" => {
            let text = map.get("base64").and_then(Json::as_str).map_or_else(text, |text| Ok(text.to_owned()))?;
            Value::Bytes(STANDARD.decode(text.trim()).map_err(|_| BadValue("no base64".to_owned()))?)
        }
        "array" | "object[]" => Object::array(items(content)?).into(),
        "list" | "arraylist" => Object::list(items(content)?).into(),
        "hashtable" | "dictionary" => Object::dictionary(entries(map)?).into(),
        "object" | "psobject" | "pscustomobject" => object(map)?,
        "memberset" => Value::MemberSet(properties(content)?),
        "enclosing" => Value::Enclosing(parse(kind, &text()?)?),
        "securestring" if map.contains_key("encrypted") => {
            return bad("the ciphertext of a secret is of no use to another session");
        }
        "securestring" | "pscredential" | "credential" => {
            return bad("a secret can be a parameter, a field or an answer, not a part of another value");
        }
        _ => return bad(format!("unknown $type {kind:?}")),
    })
}

fn items(content: &Json) -> Result<Vec<Value>, BadValue> {
    match content {
        Json::Array(items) => values(items),
        _ => bad("a list needs an array as \"value\""),
    }
}

/// `value` as a string or list of code units, or `units`.
fn string(map: &Map<String, Json>) -> Result<PsString, BadValue> {
    let content = map.get("units").or_else(|| map.get("value")).unwrap_or(&Json::Null);
    text_of(content)
}

fn text_of(content: &Json) -> Result<PsString, BadValue> {
    match content {
        Json::String(text) => Ok(text.as_str().into()),
        Json::Array(units) => {
            let units: Option<Vec<u16>> =
                units.iter().map(|unit| unit.as_u64().and_then(|unit| u16::try_from(unit).ok())).collect();
            units.map(PsString::from_units).ok_or_else(|| BadValue("a code unit is a number up to 65535".to_owned()))
        }
        Json::Object(map) => string(map),
        _ => bad("text is needed"),
    }
}

fn character(content: &Json) -> Result<u16, BadValue> {
    let unit = match content {
        Json::Number(number) => number.as_u64().and_then(|unit| u16::try_from(unit).ok()),
        Json::String(text) => {
            let mut units = text.encode_utf16();
            units.next().filter(|_| units.next().is_none())
        }
        _ => None,
    };
    unit.ok_or_else(|| BadValue("a Char is one UTF-16 code unit".to_owned()))
}

/// A Boolean; true where nothing is said.
fn truth(kind: &str, json: Option<&Json>) -> Result<bool, BadValue> {
    match json {
        None => Ok(true),
        Some(Json::Bool(value)) => Ok(*value),
        Some(_) => bad(format!("the value of a {kind} is true or false")),
    }
}

/// A floating-point number. Only what is called infinite is: a number that is too large is none.
fn float<T: std::str::FromStr + Copy>(text: &str, is_finite: fn(T) -> bool) -> Option<T> {
    let word = match text.trim() {
        "INF" | "Infinity" => "inf",
        "-INF" | "-Infinity" => "-inf",
        "NaN" => "NaN",
        number => return number.parse().ok().filter(|number| is_finite(*number)),
    };
    word.parse().ok()
}

/// A Decimal. A JSON number has been a Double on the way, and more digits than that surely holds are lost.
fn decimal(json: &Json, text: &str) -> Result<Decimal, BadValue> {
    const SURE: usize = 15;
    let exact = |number: &serde_json::Number| number.is_i64() || number.is_u64();
    let digits = text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    if json.as_number().is_some_and(|number| !exact(number)) && digits > SURE {
        return bad("a Decimal of so many digits is written as text: \"value\":\"...\"");
    }
    Decimal::parse(text).ok_or_else(|| BadValue("the value is no Decimal".to_owned()))
}

/// Whether .NET makes an address of it. An endpoint that is given another one cannot read the command and says nothing.
fn is_uri(text: &PsString) -> bool {
    let text = text.to_string_lossy();
    let special = ["http", "https", "ftp", "ws", "wss"];
    let scheme = text.trim().split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let element = clixml::encode_to_string(&Value::Uri((&*text).into()));
    clixml::decode(element.as_bytes()).is_ok()
        && (scheme.is_none_or(|scheme| !special.contains(&scheme.as_str())) || url::Url::parse(text.trim()).is_ok())
}

/// Whether it is well-formed. An endpoint that is given anything else cannot read the command and says nothing.
fn is_xml(text: &PsString) -> bool {
    let Some(text) = text.as_str() else { return false };
    let limits = safe_xml::Limits { depth: 256, nodes: 1 << 20, attributes: 1 << 20 };
    let Ok(mut reader) = safe_xml::Reader::new(text.as_bytes(), limits) else { return false };
    let mut root = false;
    loop {
        match reader.next() {
            Ok(safe_xml::Event::Eof) => return root,
            Ok(event) => root |= matches!(event, safe_xml::Event::Start(_)),
            Err(_) => return false,
        }
    }
}

/// `PT1M30S`, or `[-][days.]hours:minutes:seconds[.fraction]` as .NET prints it.
fn time_span(text: &str) -> Option<TimeSpan> {
    if let Some(span) = TimeSpan::parse(text) {
        return Some(span);
    }
    let (sign, rest) = text.trim().strip_prefix('-').map_or(("", text.trim()), |rest| ("-", rest));
    let mut parts = rest.split(':');
    let (first, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    if parts.next().is_some() {
        return None;
    }
    TimeSpan::parse(&format!("{sign}P{days}DT{hours}H{minutes}M{seconds}S"))
}

fn entries(map: &Map<String, Json>) -> Result<Vec<(Value, Value)>, BadValue> {
    match map.get("entries").or_else(|| map.get("value")).unwrap_or(&Json::Null) {
        Json::Object(map) => map.iter().map(|(key, item)| Ok((key.as_str().into(), part(item)?))).collect(),
        Json::Array(pairs) => pairs.iter().map(pair).collect(),
        _ => bad("a dictionary needs \"entries\""),
    }
}

fn pair(json: &Json) -> Result<(Value, Value), BadValue> {
    match json.as_array().map(Vec::as_slice) {
        Some([key, item]) => Ok((part(key)?, part(item)?)),
        _ => bad("an entry is a pair of key and value"),
    }
}

fn properties(json: &Json) -> Result<Vec<Property>, BadValue> {
    match json {
        Json::Null => Ok(Vec::new()),
        Json::Object(map) => {
            map.iter().map(|(name, item)| Ok(Property { name: name.as_str().into(), value: part(item)? })).collect()
        }
        Json::Array(pairs) => pairs
            .iter()
            .map(|json| match json.as_array().map(Vec::as_slice) {
                Some([name, item]) => Ok(Property { name: text_of(name)?, value: part(item)? }),
                _ => bad("a property is a pair of name and value"),
            })
            .collect(),
        _ => bad("properties are an object or a list of pairs"),
    }
}

fn object(map: &Map<String, Json>) -> Result<Value, BadValue> {
    let mut content = Content::None;
    for (name, json) in map {
        let found = match name.as_str() {
            "base" => Content::Primitive(part(json)?),
            "list" => Content::List(items(json)?),
            "enumerable" => Content::Enumerable(items(json)?),
            "stack" => Content::Stack(items(json)?),
            "queue" => Content::Queue(items(json)?),
            "dictionary" => match json {
                Json::Array(pairs) => Content::Dictionary(pairs.iter().map(pair).collect::<Result<_, _>>()?),
                _ => return bad("a dictionary is a list of pairs"),
            },
            "$type" | "type_names" | "to_string" | "adapted" | "extended" | "value" => continue,
            other => return bad(format!("an object has no {other:?}")),
        };
        if content != Content::None {
            return bad("an object holds one thing: a base, a list, a dictionary, ...");
        }
        content = found;
    }
    if map.contains_key("extended") && map.contains_key("value") {
        return bad("an object has \"extended\" or \"value\", not both");
    }
    let names = match map.get("type_names") {
        Some(Json::Array(names)) => Some(names.iter().map(text_of).collect::<Result<_, _>>()?),
        None if map.contains_key("value") => {
            Some(type_names(["System.Management.Automation.PSCustomObject", "System.Object"]))
        }
        _ => None,
    };
    let extended = map.get("extended").or_else(|| map.get("value")).unwrap_or(&Json::Null);
    Ok(Object {
        type_names: names,
        to_string: map.get("to_string").filter(|text| !text.is_null()).map(text_of).transpose()?,
        content,
        adapted: properties(map.get("adapted").unwrap_or(&Json::Null))?,
        extended: properties(extended)?,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_json_has_natural_types() {
        for (json, wanted) in [
            (json!(7), Value::I32(7)),
            (json!(3_000_000_000_u64), Value::I64(3_000_000_000)),
            (json!(1.5), Value::Double(1.5)),
            (json!("x"), "x".into()),
            (
                json!({"$type": "TimeSpan", "value": "1.02:03:04.5"}),
                Value::TimeSpan(TimeSpan::from_ticks(937_845_000_000)),
            ),
            (json!({"$type": "Double", "value": "-INF"}), Value::Double(f64::NEG_INFINITY)),
            (json!({"$type": "String", "units": [55296]}), Value::String(PsString::from_units(vec![0xD800]))),
        ] {
            assert_eq!(value(&json), Ok(wanted), "{json}");
        }
    }

    #[test]
    fn secrets_come_from_the_environment_only() {
        for json in [
            json!({"$type": "SecureString", "value": "secret"}),
            json!({"$type": "PSCredential", "user": "u", "password": "secret"}),
        ] {
            let error = argument(&json).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("environment") && !error.contains("\"secret\""), "{error}");
        }
        assert!(value(&json!([{"$type": "SecureString", "env": "PATH"}])).is_err());
        assert!(matches!(argument(&json!({"$type": "SecureString", "env": "PATH"})), Ok(Some(Argument::Secret(_)))));
    }

    #[test]
    fn what_is_no_such_value_is_refused_and_never_another_one() {
        for json in [
            json!({"$type": "Switch", "value": "false"}),
            json!({"$type": "Switch", "value": 0}),
            json!({"$type": "Boolean", "value": "false"}),
            json!({"$type": "Single", "value": 1e39}),
            json!({"$type": "Double", "value": "1e309"}),
            json!({"$type": "Decimal", "value": 0.123_456_789_012_345_68}),
            json!({"$type": "Uri", "value": "http://a b/"}),
            json!({"$type": "Uri", "value": "http://[bad"}),
            json!({"$type": "Xml", "value": "<a>"}),
            json!({"$type": "Xml", "value": ""}),
            json!({"$type": 5}),
            json!({"$type": "Enclosing", "value": 0}),
            json!({"$type": "Object", "list": [{"$type": "Enclosing", "value": 1}]}),
            json!({"$type": "Object", "base": {"$type": "Object"}}),
            json!({"$type": "Object", "list": [1], "queue": [2]}),
            json!({"$type": "Object", "extended": {"a": 1}, "value": {"b": 2}}),
            json!({"$type": "Hashtable", "entries": [[null, 1]]}),
        ] {
            assert!(argument(&json).is_err(), "{json}");
        }
        for json in [
            json!({"$type": "Single", "value": 3.4e38}),
            json!({"$type": "Single", "value": "-INF"}),
            json!({"$type": "Double", "value": 1e308}),
            json!({"$type": "Decimal", "value": 1.5}),
            json!({"$type": "Decimal", "value": "0.1234567890123456789012345678"}),
            json!({"$type": "Decimal", "value": u64::MAX}),
            json!({"$type": "Uri", "value": "a b"}),
            json!({"$type": "Uri", "value": "https://h:8443/a b?q#f"}),
            json!({"$type": "Xml", "value": "<?xml version=\"1.0\"?><a b='1'>t</a>"}),
            json!({"$type": "Object", "list": [{"$type": "Enclosing", "value": 0}]}),
        ] {
            assert!(argument(&json).is_ok(), "{json}");
        }
    }

    #[test]
    fn values_are_as_deep_as_an_endpoint_can_read() {
        let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert!(argument(&nested(42)).is_ok());
        assert!(argument(&nested(43)).is_err());
    }

    #[test]
    fn a_switch_that_is_off_is_left_out() {
        assert!(matches!(argument(&json!({"$type": "Switch", "value": false})), Ok(None)));
        assert!(matches!(argument(&json!({"$type": "Switch"})), Ok(Some(Argument::Value(Value::Bool(true))))));
    }
}
