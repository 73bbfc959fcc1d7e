//! What an object that came over the wire looks like to PowerShell: its types, its properties, its text.

use std::borrow::Cow;

use clixml::{Content, Object, Property, PsString, Value};

use crate::numbers;

/// The note properties with which a client marks where an object came from.
const NOTES: [&str; 4] = ["PSComputerName", "PSShowComputerName", "RunspaceId", "PSSourceJobInstanceId"];

/// Types that are shown as their text wherever they stand.
const SCALARS: [&str; 17] = [
    "System.String",
    "System.SByte",
    "System.Byte",
    "System.Int16",
    "System.UInt16",
    "System.Int32",
    "System.UInt32",
    "System.Int64",
    "System.UInt64",
    "System.Char",
    "System.Single",
    "System.Double",
    "System.Boolean",
    "System.Decimal",
    "System.IntPtr",
    "System.Security.SecureString",
    "System.Numerics.BigInteger",
];

/// Type names, most specific first, without the prefix of objects that came over the wire.
pub(crate) fn type_names(value: &Value) -> Vec<String> {
    if let Value::Object(object) = value {
        if let Some(names) = object.type_names.as_ref().filter(|names| !names.is_empty()) {
            let short = |name: &PsString| {
                let name = name.to_string_lossy();
                name.strip_prefix("Deserialized.").unwrap_or(&name).to_owned()
            };
            return names.iter().map(short).collect();
        }
        if let Some(primitive) = object.primitive() {
            return type_names(primitive);
        }
        let name = match &object.content {
            Content::Dictionary(_) => "System.Collections.Hashtable",
            Content::None | Content::Primitive(_) => "System.Management.Automation.PSCustomObject",
            _ => "System.Collections.ArrayList",
        };
        return vec![name.to_owned(), "System.Object".to_owned()];
    }
    let name = match value {
        Value::String(_) | Value::ScriptBlock(_) | Value::Unreadable(_) | Value::Null => "System.String",
        Value::Char(_) => "System.Char",
        Value::Bool(_) => "System.Boolean",
        Value::DateTime(_) => "System.DateTime",
        Value::TimeSpan(_) => "System.TimeSpan",
        Value::U8(_) => "System.Byte",
        Value::I8(_) => "System.SByte",
        Value::U16(_) => "System.UInt16",
        Value::I16(_) => "System.Int16",
        Value::U32(_) => "System.UInt32",
        Value::I32(_) => "System.Int32",
        Value::U64(_) => "System.UInt64",
        Value::I64(_) => "System.Int64",
        Value::Single(_) => "System.Single",
        Value::Double(_) => "System.Double",
        Value::Decimal(_) => "System.Decimal",
        Value::Bytes(_) => "System.Byte[]",
        Value::Guid(_) => "System.Guid",
        Value::Uri(_) => "System.Uri",
        Value::Version(_) => "System.Version",
        Value::Xml(_) => "System.Xml.XmlDocument",
        Value::SecureString(_) => "System.Security.SecureString",
        Value::Progress(_) => "System.Management.Automation.ProgressRecord",
        Value::MemberSet(_) | Value::Enclosing(_) | Value::Object(_) => "System.Object",
    };
    vec![name.to_owned()]
}

/// Whether it is shown as its text wherever it stands.
pub(crate) fn is_scalar(types: &[String]) -> bool {
    types.first().is_some_and(|name| SCALARS.iter().any(|scalar| scalar.eq_ignore_ascii_case(name)))
}

/// Whether a value of a column stands right: numbers and the like, not text.
pub(crate) fn stands_right(value: &Value) -> bool {
    if value.is_null() {
        return false;
    }
    let types = type_names(value);
    is_scalar(&types) && types.first().is_some_and(|name| name != "System.String")
}

/// All properties by name, in the order in which they are shown, each once.
pub(crate) fn properties(value: &Value) -> Vec<(Cow<'_, str>, Cow<'_, Value>)> {
    let mut all: Vec<(Cow<'_, str>, Cow<'_, Value>)> = Vec::new();
    let mut known = std::collections::HashSet::new();
    let (extended, adapted) = match value {
        Value::Object(object) => (object.extended.as_slice(), object.adapted.as_slice()),
        _ => Default::default(),
    };
    let own = |properties: &[Property], known: &mut std::collections::HashSet<String>| -> Vec<usize> {
        let fresh = properties.iter().enumerate().filter(|(_, property)| {
            !matches!(property.value, Value::MemberSet(_))
                && known.insert(property.name.to_string_lossy().to_lowercase())
        });
        fresh.map(|(index, _)| index).collect()
    };
    // Notes come first, then what the object is by its type. What that type adds comes like a note, but is none.
    let living = living(value);
    let address = value.as_object().is_some_and(|object| object.is_a("System.Net.IPAddress"));
    if address {
        known.extend(living.iter().map(|(name, _)| name.to_lowercase()));
    }
    for index in own(extended, &mut known) {
        let Some(property) = extended.get(index) else { continue };
        all.push((property.name.to_string_lossy(), Cow::Borrowed(around(value, &property.value))));
    }
    for (name, made) in living {
        if known.insert(name.to_lowercase()) || address {
            all.push((name, Cow::Owned(made)));
        }
    }
    for index in own(adapted, &mut known) {
        let Some(property) = adapted.get(index) else { continue };
        all.push((property.name.to_string_lossy(), Cow::Borrowed(around(value, &property.value))));
    }
    all
}

/// What stands inside a value: the value itself, where it says so.
fn around<'a>(value: &'a Value, inside: &'a Value) -> &'a Value {
    if *inside == Value::Enclosing(0) { value } else { inside }
}

/// What a column that PowerShell made of an object's properties shows of a further object: the property, or what its
/// items have under this name. An object without a count of its own has a count and a length of one.
pub(crate) fn resolved<'a>(value: &'a Value, name: &str) -> Option<Cow<'a, Value>> {
    if let Some(own) = property(value, name) {
        return Some(own);
    }
    if let Some(signature) = crate::live::method(value, name) {
        return Some(Cow::Owned(signature.into()));
    }
    if items(value).is_none() {
        return missing(value, name).map(Cow::Owned);
    }
    if value.as_object().is_some_and(is_ordered) {
        return ordered_entry(value, name).map(Cow::Borrowed);
    }
    let mut found = Vec::new();
    of_items(value, name, &mut found);
    match found.len() {
        0 => None,
        1 => found.pop().map(Cow::Owned),
        _ => Some(Cow::Owned(Object::list(found).into())),
    }
}

/// The entry of a dictionary that keeps its order: its keys stand for properties.
fn ordered_entry<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let Content::Dictionary(entries) = &value.as_object()?.content else { return None };
    let found = entries.iter().find(|(key, _)| key.as_ps_string().is_some_and(|key| key.eq_ignore_case(name)));
    found.map(|(_, inside)| around(value, inside))
}

/// What something says when it is asked for a property that it has not: how many it is, and a bag of properties nothing.
fn missing(value: &Value, name: &str) -> Option<Value> {
    if name.eq_ignore_ascii_case("Count") || name.eq_ignore_ascii_case("Length") {
        return Some(Value::I32(i32::from(!value.is_null())));
    }
    matches!(value, Value::Object(object) if object.content == Content::None).then_some(Value::Null)
}

/// What the items of a list have under this name, lists taken apart.
fn of_items(value: &Value, name: &str, found: &mut Vec<Value>) {
    for item in items(value).into_iter().flatten() {
        match property(&item, name).map(Cow::into_owned).or_else(|| missing(&item, name)) {
            Some(own) if is_dictionary(&own) || items(&own).is_none() => found.push(own),
            Some(own) => found.extend(items(&own).into_iter().flatten().map(Cow::into_owned)),
            // A list that holds itself has nothing in it that it had not before.
            None if is_dictionary(&item) || std::ptr::eq(item.as_ref(), value) => {}
            None => of_items(&item, name, found),
        }
    }
}

/// The properties that a value has by its type. What brought adapted properties of its own has only these.
fn living(value: &Value) -> Vec<(Cow<'static, str>, Value)> {
    match value {
        Value::Object(object) if items(value).is_some() && !object.adapted.is_empty() => Vec::new(),
        _ => crate::live::properties(value),
    }
}

/// The property of this name.
pub(crate) fn property<'a>(value: &'a Value, name: &str) -> Option<Cow<'a, Value>> {
    if let Value::Object(object) = value {
        // A name that is no well-formed text is known by what is shown of it.
        let lossy =
            || object.properties().find(|property| property.name.is_lossy() && property.name.to_string_lossy() == name);
        if let Some(found) = object.get(name).or_else(|| lossy().map(|property| &property.value)) {
            return Some(Cow::Borrowed(around(value, found)));
        }
    }
    let made = living(value).into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    let made = made.map(|(_, made)| made).or_else(|| match value.base() {
        Value::Xml(text) => crate::xml::property(&text.to_string_lossy(), name),
        _ => None,
    });
    made.map(Cow::Owned)
}

/// Whether it has properties other than those that say where it came from.
pub(crate) fn has_own_properties(value: &Value) -> bool {
    let is_note = |name: &str| NOTES.iter().any(|note| note.eq_ignore_ascii_case(name));
    properties(value).iter().any(|(name, _)| !is_note(name))
}

/// Whether the computer's name is shown with it.
pub(crate) fn shows_computer(value: &Value) -> bool {
    let get = |name: &str| value.as_object().and_then(|object| object.get(name));
    get("PSComputerName").is_some() && get("PSShowComputerName").and_then(Value::as_bool).unwrap_or(false)
}

/// Items of a value, made one by one: all of them at once would be many times as large.
pub(crate) type Items<'a> = Box<dyn Iterator<Item = Cow<'a, Value>> + 'a>;

/// The items into which PowerShell takes a value apart before it formats them.
pub(crate) fn items(value: &Value) -> Option<Items<'_>> {
    match value {
        Value::Bytes(bytes) => Some(Box::new(bytes.iter().map(|byte| Cow::Owned(Value::U8(*byte))))),
        Value::Object(object) => match &object.content {
            Content::List(items) | Content::Enumerable(items) | Content::Stack(items) | Content::Queue(items) => {
                Some(Box::new(items.iter().map(move |item| Cow::Borrowed(around(value, item)))))
            }
            Content::Dictionary(entries) => {
                Some(Box::new(entries.iter().map(move |(key, inside)| Cow::Owned(entry(key, around(value, inside))))))
            }
            Content::Primitive(inside) if matches!(inside, Value::Bytes(_)) => items(inside),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it is a dictionary.
pub(crate) fn is_dictionary(value: &Value) -> bool {
    value.as_object().is_some_and(|object| matches!(object.content, Content::Dictionary(_)))
}

/// A dictionary that keeps its type on the way.
const ORDERED: &str = "System.Collections.Specialized.OrderedDictionary";

/// A dictionary that keeps its type on the way as well.
const PRIMITIVE: &str = "System.Management.Automation.PSPrimitiveDictionary";

/// Whether a dictionary keeps the order of its entries.
pub(crate) fn is_ordered(object: &Object) -> bool {
    object.is_a(ORDERED)
}

/// An entry of a dictionary, as it is when a dictionary is taken apart.
fn entry(key: &Value, value: &Value) -> Value {
    Object {
        type_names: Some(clixml::type_names(["System.Collections.DictionaryEntry", "System.ValueType"])),
        to_string: Some(entry_text(key, value).into()),
        adapted: vec![
            Property::new("Key", key.clone()),
            Property::new("Value", value.clone()),
            Property::new("Name", key.clone()),
        ],
        ..Object::default()
    }
    .into()
}

fn entry_text(key: &Value, value: &Value) -> String {
    format!("[{}, {}]", inner_text(key), inner_text(value))
}

/// A value inside a dictionary's entry: .NET's own text, so a Double has all its digits.
fn inner_text(value: &Value) -> String {
    match value {
        Value::Bytes(_) => "System.Byte[]".to_owned(),
        Value::Xml(_) => "System.Xml.XmlDocument".to_owned(),
        Value::Double(number) if number.is_finite() => clixml::double_text(*number),
        Value::Single(number) if number.is_finite() => clixml::single_text(*number),
        other if is_dictionary(other) => nested_text(other),
        other => text(other),
    }
}

/// The text of a value: what `"$value"` or a cell shows, in the culture en-US.
pub(crate) fn text(value: &Value) -> String {
    let Value::Object(object) = value else { return primitive_text(value) };
    if let Some(text) = &object.to_string {
        return text.to_string_lossy().into_owned();
    }
    match &object.content {
        Content::Primitive(inside) => primitive_text(inside),
        Content::None => bag_text(object),
        Content::Dictionary(_) => nested_text(value),
        Content::List(items) | Content::Enumerable(items) | Content::Stack(items) | Content::Queue(items) => {
            items.iter().map(|item| nested_text(around(value, item))).collect::<Vec<_>>().join(" ")
        }
    }
}

/// A property bag without a text of its own: `@{name=value; …}`; an empty one has none.
fn bag_text(object: &Object) -> String {
    let mut text = String::new();
    for property in object.extended.iter().chain(&object.adapted) {
        if matches!(property.value, Value::MemberSet(_)) {
            continue;
        }
        text.push_str(if text.is_empty() { "@{" } else { "; " });
        text.push_str(&property.name.to_string_lossy());
        text.push('=');
        match &property.value {
            // As .NET names it, not as PowerShell does.
            Value::Xml(_) => text.push_str("System.Xml.XmlDocument"),
            other => text.push_str(&nested_text(other)),
        }
    }
    if !text.is_empty() {
        text.push('}');
    }
    text
}

/// A value inside a text: nothing is taken apart any more, so lists show their type and property bags nothing.
fn nested_text(value: &Value) -> String {
    match value {
        Value::Bytes(_) => "System.Byte[]".to_owned(),
        Value::Object(object) if object.to_string.is_some() => text(value),
        Value::Object(object) => match &object.content {
            Content::Primitive(Value::Bytes(_)) => "System.Byte[]".to_owned(),
            Content::Primitive(inside) => primitive_text(inside),
            Content::None => String::new(),
            Content::Dictionary(_) if is_ordered(object) => ORDERED.to_owned(),
            Content::Dictionary(_) if object.is_a(PRIMITIVE) => PRIMITIVE.to_owned(),
            Content::Dictionary(_) => "System.Collections.Hashtable".to_owned(),
            Content::Stack(_) => "System.Collections.Stack".to_owned(),
            Content::Queue(_) => "System.Collections.Queue".to_owned(),
            Content::List(_) | Content::Enumerable(_) => "System.Collections.ArrayList".to_owned(),
        },
        other => primitive_text(other),
    }
}

fn primitive_text(value: &Value) -> String {
    match value {
        Value::Double(value) => numbers::double(*value),
        Value::Single(value) => numbers::single(*value),
        Value::DateTime(value) => numbers::date_time(*value),
        Value::TimeSpan(value) => numbers::time_span(*value),
        Value::Xml(_) => "#document".to_owned(),
        Value::Progress(record) => {
            let text = |text: &Option<PsString>| text.as_ref().map(|text| text.to_string_lossy().into_owned());
            format!(
                "parent = {} id = {} act = {} stat = {} cur = {} pct = {} sec = {} type = {}",
                record.parent_id,
                record.activity_id,
                record.activity,
                text(&record.status).unwrap_or_default(),
                text(&record.operation).unwrap_or_default(),
                record.percent,
                record.seconds,
                record.kind
            )
        }
        other => other.to_display(),
    }
}

/// The text of a value in a column or line: the items of a collection in braces, as many as `limit` says. In tables,
/// `fixed` gives numbers with a fraction three places.
pub(crate) fn cell(value: &Value, limit: Option<usize>, fixed: bool) -> String {
    if let Some(items) = items(value) {
        let mut shown = String::from("{");
        for (index, item) in items.enumerate() {
            if limit.is_some_and(|limit| index == limit) {
                shown.push('…');
                break;
            }
            if index > 0 {
                shown.push_str(", ");
            }
            match item.as_ref() {
                Value::Null => shown.push_str("$null"),
                Value::Bytes(bytes) if bytes.is_empty() => shown.push_str("System.Byte[]"),
                other => shown.push_str(&text(other)),
            }
        }
        shown.push('}');
        return shown;
    }
    match value.base() {
        Value::Double(number) if fixed => numbers::fixed(*number),
        Value::Single(number) if fixed => numbers::fixed(f64::from(*number)),
        Value::Decimal(number) if fixed => numbers::fixed_decimal(*number),
        _ => text(value),
    }
}
