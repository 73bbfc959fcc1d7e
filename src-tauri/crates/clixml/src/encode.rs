//! Writing values.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::escape::escape;
use crate::{Content, Object, ProgressRecord, Property, PsString, Value, double_text, single_text};

/// Writes a value as one element without the `Objs` around it, as it stands in PSRP messages, into a buffer.
pub fn encode(value: &Value, to: &mut Vec<u8>) {
    Encoder { to, objects: HashMap::new(), next: 0, open: Vec::new(), types: HashMap::new() }.value(value, None);
}

/// As [`encode`], as text.
#[must_use]
pub fn encode_to_string(value: &Value) -> String {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    // Only whole strings are ever appended.
    String::from_utf8(bytes).unwrap_or_default()
}

struct Encoder<'a> {
    to: &'a mut Vec<u8>,
    /// Objects that are shared, by address, and their reference ids.
    objects: HashMap<*const Object, u32>,
    next: u32,
    /// Reference ids of the objects that are being written.
    open: Vec<u32>,
    types: HashMap<Arc<[PsString]>, usize>,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value, name: Option<&PsString>) {
        match value {
            Value::Null => self.empty("Nil", name),
            Value::String(text) => self.escaped("S", text, name),
            Value::Char(unit) => self.plain("C", &unit.to_string(), name),
            Value::Bool(true) => self.plain("B", "true", name),
            Value::Bool(false) => self.plain("B", "false", name),
            Value::DateTime(value) => self.plain("DT", &value.to_string(), name),
            Value::TimeSpan(value) => self.plain("TS", &value.to_string(), name),
            Value::U8(value) => self.plain("By", &value.to_string(), name),
            Value::I8(value) => self.plain("SB", &value.to_string(), name),
            Value::U16(value) => self.plain("U16", &value.to_string(), name),
            Value::I16(value) => self.plain("I16", &value.to_string(), name),
            Value::U32(value) => self.plain("U32", &value.to_string(), name),
            Value::I32(value) => self.plain("I32", &value.to_string(), name),
            Value::U64(value) => self.plain("U64", &value.to_string(), name),
            Value::I64(value) => self.plain("I64", &value.to_string(), name),
            Value::Single(value) => self.plain("Sg", &single_text(*value), name),
            Value::Double(value) => self.plain("Db", &double_text(*value), name),
            Value::Decimal(value) => self.plain("D", &value.to_string(), name),
            Value::Bytes(bytes) if bytes.is_empty() => self.empty("BA", name),
            Value::Bytes(bytes) => self.base64("BA", bytes, name),
            Value::Guid(value) => self.plain("G", &value.hyphenated().to_string(), name),
            Value::Uri(text) => self.escaped("URI", text, name),
            Value::Version(value) => self.plain("Version", &value.to_string(), name),
            Value::Xml(text) => self.escaped("XD", text, name),
            Value::ScriptBlock(text) => self.escaped("SBK", text, name),
            Value::SecureString(value) => self.base64("SS", &value.0, name),
            Value::Progress(record) => self.progress(record, name),
            Value::MemberSet(members) if members.is_empty() => self.empty("MS", name),
            Value::MemberSet(members) => {
                self.start("MS", name, &[]);
                self.properties(members);
                self.end("MS");
            }
            Value::Enclosing(levels) => {
                let from_end = usize::try_from(*levels).unwrap_or(usize::MAX).saturating_add(1);
                match self.open.len().checked_sub(from_end).and_then(|at| self.open.get(at)).copied() {
                    Some(id) => self.reference("Ref", id, name),
                    None => self.empty("Nil", name),
                }
            }
            Value::Object(object) => self.object(object, name),
            // Nothing that a server knows: the form in which our record keeps it.
            Value::Unreadable(value) => {
                self.open_tag("Unreadable", name, &[]);
                for (attribute, text) in [("Element", &value.element), ("Reason", &value.reason)] {
                    self.to.extend_from_slice(format!(" {attribute}=\"").as_bytes());
                    safe_xml::escape_attribute(text, self.to);
                    self.to.push(b'"');
                }
                self.to.push(b'>');
                escape(&PsString::from(value.source.as_ref()), self.to);
                self.end("Unreadable");
            }
        }
    }

    fn object(&mut self, object: &Arc<Object>, name: Option<&PsString>) {
        // Only an object with more than one owner can occur twice.
        let shared = Arc::strong_count(object) > 1;
        if shared && let Some(id) = self.objects.get(&Arc::as_ptr(object)).copied() {
            return self.reference("Ref", id, name);
        }
        let id = self.next;
        self.next = self.next.saturating_add(1);
        if shared {
            self.objects.insert(Arc::as_ptr(object), id);
        }
        self.start("Obj", name, &[("RefId", id)]);
        self.open.push(id);
        if let Some(names) = &object.type_names {
            self.type_names(names);
        }
        if let Some(text) = &object.to_string {
            if text.is_empty() { self.empty("ToString", None) } else { self.escaped("ToString", text, None) }
        }
        self.content(&object.content);
        if !object.adapted.is_empty() {
            self.start("Props", None, &[]);
            self.properties(&object.adapted);
            self.end("Props");
        }
        if !object.extended.is_empty() {
            self.start("MS", None, &[]);
            self.properties(&object.extended);
            self.end("MS");
        }
        self.open.pop();
        self.end("Obj");
    }

    fn type_names(&mut self, names: &Arc<[PsString]>) {
        if let Some(id) = self.types.get(names).copied() {
            return self.reference("TNRef", u32::try_from(id).unwrap_or(u32::MAX), None);
        }
        let id = self.types.len();
        self.types.insert(Arc::clone(names), id);
        self.start("TN", None, &[("RefId", u32::try_from(id).unwrap_or(u32::MAX))]);
        for name in names.iter() {
            self.escaped("T", name, None);
        }
        self.end("TN");
    }

    fn content(&mut self, content: &Content) {
        let (tag, items) = match content {
            Content::None => return,
            Content::Primitive(value) => return self.value(value, None),
            Content::Dictionary(entries) => return self.dictionary(entries),
            Content::List(items) => ("LST", items),
            Content::Enumerable(items) => ("IE", items),
            Content::Stack(items) => ("STK", items),
            Content::Queue(items) => ("QUE", items),
        };
        if items.is_empty() {
            return self.empty(tag, None);
        }
        self.start(tag, None, &[]);
        for item in items {
            self.value(item, None);
        }
        self.end(tag);
    }

    fn dictionary(&mut self, entries: &[(Value, Value)]) {
        if entries.is_empty() {
            return self.empty("DCT", None);
        }
        let (key_name, value_name) = (PsString::from("Key"), PsString::from("Value"));
        self.start("DCT", None, &[]);
        for (key, value) in entries {
            self.start("En", None, &[]);
            self.value(key, Some(&key_name));
            self.value(value, Some(&value_name));
            self.end("En");
        }
        self.end("DCT");
    }

    fn properties(&mut self, properties: &[Property]) {
        for property in properties {
            self.value(&property.value, Some(&property.name));
        }
    }

    fn progress(&mut self, record: &ProgressRecord, name: Option<&PsString>) {
        self.start("PR", name, &[]);
        self.escaped("AV", &record.activity, None);
        self.plain("AI", &record.activity_id.to_string(), None);
        match &record.operation {
            Some(text) => self.escaped("S", text, None),
            None => self.empty("Nil", None),
        }
        self.plain("PI", &record.parent_id.to_string(), None);
        self.plain("PC", &record.percent.to_string(), None);
        self.escaped("T", &record.kind, None);
        self.plain("SR", &record.seconds.to_string(), None);
        match &record.status {
            Some(text) => self.escaped("SD", text, None),
            None => self.empty("Nil", None),
        }
        self.end("PR");
    }

    fn start(&mut self, tag: &str, name: Option<&PsString>, ids: &[(&str, u32)]) {
        self.open_tag(tag, name, ids);
        self.to.push(b'>');
    }

    fn open_tag(&mut self, tag: &str, name: Option<&PsString>, ids: &[(&str, u32)]) {
        self.to.push(b'<');
        self.to.extend_from_slice(tag.as_bytes());
        if let Some(name) = name {
            self.to.extend_from_slice(b" N=\"");
            let mut text = Vec::new();
            escape(name, &mut text);
            for byte in text {
                match byte {
                    b'"' => self.to.extend_from_slice(b"&quot;"),
                    other => self.to.push(other),
                }
            }
            self.to.push(b'"');
        }
        for (attribute, id) in ids {
            self.to.extend_from_slice(format!(" {attribute}=\"{id}\"").as_bytes());
        }
    }

    fn end(&mut self, tag: &str) {
        self.to.extend_from_slice(b"</");
        self.to.extend_from_slice(tag.as_bytes());
        self.to.push(b'>');
    }

    fn empty(&mut self, tag: &str, name: Option<&PsString>) {
        self.open_tag(tag, name, &[]);
        self.to.extend_from_slice(b" />");
    }

    fn reference(&mut self, tag: &str, id: u32, name: Option<&PsString>) {
        self.open_tag(tag, name, &[("RefId", id)]);
        self.to.extend_from_slice(b" />");
    }

    fn plain(&mut self, tag: &str, text: &str, name: Option<&PsString>) {
        self.start(tag, name, &[]);
        self.to.extend_from_slice(text.as_bytes());
        self.end(tag);
    }

    /// Written in its place: it may be most of the message.
    fn base64(&mut self, tag: &str, bytes: &[u8], name: Option<&PsString>) {
        self.start(tag, name, &[]);
        let begin = self.to.len();
        let length = base64::encoded_len(bytes.len(), true).unwrap_or_default();
        self.to.resize(begin.saturating_add(length), 0);
        if let Some(place) = self.to.get_mut(begin..) {
            // The room was measured.
            let _ = STANDARD.encode_slice(bytes, place);
        }
        self.end(tag);
    }

    fn escaped(&mut self, tag: &str, text: &PsString, name: Option<&PsString>) {
        self.start(tag, name, &[]);
        escape(text, self.to);
        self.end(tag);
    }
}
