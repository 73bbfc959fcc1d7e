//! Documents of XML: what PowerShell makes properties of.

use std::borrow::Cow;
use std::collections::HashMap;

use clixml::{Object, Value};

use crate::live::{Properties, named};

/// The nodes of a document by name. The root element is its name when there is more in it than text, else its text. An
/// empty document has nothing but what .NET says of it.
pub(crate) fn properties(text: &str) -> Properties {
    let nodes = nodes(text);
    if nodes.is_empty() {
        return empty();
    }
    let mut properties: Vec<(String, Vec<Value>)> = Vec::new();
    let mut places = HashMap::new();
    for (name, value) in nodes {
        let place = *places.entry(name.to_lowercase()).or_insert(properties.len());
        match properties.get_mut(place) {
            Some((_, values)) => values.push(value),
            None => properties.push((name, vec![value])),
        }
    }
    let one = |mut values: Vec<Value>| match values.len() {
        1 => values.pop().unwrap_or_default(),
        _ => Object::list(values).into(),
    };
    properties.into_iter().map(|(name, values)| (Cow::Owned(name), one(values))).collect()
}

/// What .NET says of a document under this name, when no node of it has the name.
pub(crate) fn property(text: &str, name: &str) -> Option<Value> {
    let (own, value) = empty().into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    Some(match own.as_ref() {
        "InnerXml" | "OuterXml" => text.into(),
        "HasChildNodes" => (!text.is_empty()).into(),
        _ => value,
    })
}

/// What stands in the document itself, one after the other.
fn nodes(text: &str) -> Vec<(String, Value)> {
    let mut nodes = Vec::new();
    let mut rest = text;
    let mut depth = 0_usize;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(body) = after.strip_prefix("!--") {
            let (comment, behind) = body.split_once("-->").unwrap_or((body, ""));
            if depth == 0 {
                nodes.push(("#comment".to_owned(), comment.into()));
            }
            rest = behind;
        } else if let Some(body) = after.strip_prefix("![CDATA[") {
            rest = body.split_once("]]>").map_or("", |(_, behind)| behind);
        } else if let Some(body) = after.strip_prefix('?') {
            let (body, behind) = body.split_once("?>").unwrap_or((body, ""));
            if depth == 0 {
                let (name, value) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
                let value = value.trim_start();
                let value = if name == "xml" { value.trim_end().replace('\'', "\"") } else { value.to_owned() };
                nodes.push((name.to_owned(), value.into()));
            }
            rest = behind;
        } else {
            let (tag, behind) = tag(after);
            if depth == 0 && !tag.starts_with(['!', '/']) {
                nodes.push(root(tag, behind));
            }
            depth = match (tag.starts_with('/'), tag.ends_with('/') || tag.starts_with('!')) {
                (true, _) => depth.saturating_sub(1),
                (false, true) => depth,
                (false, false) => depth.saturating_add(1),
            };
            rest = behind;
        }
    }
    nodes
}

/// A tag without its brackets and what follows it. A bracket in the text of an attribute does not end it.
fn tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => {
                return (text.get(..at).unwrap_or_default(), text.get(at.saturating_add(1)..).unwrap_or_default());
            }
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    (text, "")
}

/// The root element, of its tag and what follows that.
fn root(tag: &str, content: &str) -> (String, Value) {
    let bare = tag.trim_end_matches('/').trim_end();
    let name: &str = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
    let local = name.rsplit_once(':').map_or(name, |(_, local)| local).to_owned();
    let content = if tag.ends_with('/') { Some("") } else { content.split_once("</").map(|(text, _)| text) };
    let shown = content.filter(|text| name == bare && !text.contains('<'));
    let shown = shown.map_or_else(|| local.clone(), unescaped);
    (local, shown.into())
}

/// The text behind references to characters.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part.split_once(';').and_then(|(name, rest)| Some((safe_xml::character_reference(name)?, rest)));
        let (character, rest) = known
            .map_or(('&', part), |(code, rest)| (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), rest));
        result.push(character);
        result.push_str(rest);
    }
    result
}

/// What .NET says of a document in which there is nothing.
fn empty() -> Properties {
    let of = |class: &str| Value::from(format!("System.Xml.{class}"));
    named([
        ("NodeType", "Document".into()),
        ("ParentNode", Value::Null),
        ("DocumentType", Value::Null),
        ("Implementation", of("XmlImplementation")),
        ("Name", "#document".into()),
        ("LocalName", "#document".into()),
        ("DocumentElement", Value::Null),
        ("OwnerDocument", Value::Null),
        ("Schemas", of("Schema.XmlSchemaSet")),
        ("XmlResolver", Value::Null),
        ("NameTable", of("NameTable")),
        ("PreserveWhitespace", true.into()),
        ("IsReadOnly", false.into()),
        ("InnerText", "".into()),
        ("InnerXml", "".into()),
        ("SchemaInfo", of("Schema.XmlSchemaInfo")),
        ("BaseURI", "".into()),
        ("Value", Value::Null),
        ("ChildNodes", Object::list(Vec::new()).into()),
        ("PreviousSibling", Value::Null),
        ("NextSibling", Value::Null),
        ("Attributes", Value::Null),
        ("FirstChild", Value::Null),
        ("LastChild", Value::Null),
        ("HasChildNodes", false.into()),
        ("NamespaceURI", "".into()),
        ("Prefix", "".into()),
        ("OuterXml", "".into()),
        ("PreviousText", Value::Null),
    ])
}
