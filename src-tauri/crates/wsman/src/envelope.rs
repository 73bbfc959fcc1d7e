//! Writing envelopes, and reading their outer parts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use safe_xml::{Error, Limits, Reader, Start, escape_attribute, escape_text};

use crate::names;

/// An envelope that is being written.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins an envelope with room for this much data, and its header.
    pub(crate) fn new(room: usize) -> Self {
        let mut writer = Self { bytes: Vec::with_capacity(room.saturating_add(room / 2).saturating_add(4_096)) };
        writer.raw("<s:Envelope");
        for (prefix, namespace) in [
            ("s", names::SOAP),
            ("a", names::ADDRESSING),
            ("w", names::WSMAN),
            ("p", names::WSMAN_MICROSOFT),
            ("rsp", names::SHELL),
        ] {
            writer.raw(" xmlns:");
            writer.raw(prefix);
            writer.raw("=\"");
            writer.raw(namespace);
            writer.raw("\"");
        }
        writer.raw("><s:Header>");
        writer
    }

    /// Ends the header and begins the body.
    pub(crate) fn body(&mut self) {
        self.raw("</s:Header><s:Body>");
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.raw("</s:Body></s:Envelope>");
        self.bytes
    }

    /// Text of our own that needs no escape.
    pub(crate) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        escape_text(text, &mut self.bytes);
    }

    /// A start tag; attribute values are escaped.
    pub(crate) fn start(&mut self, tag: &str, attributes: &[(&str, &str)]) {
        self.raw("<");
        self.raw(tag);
        for (name, value) in attributes {
            self.raw(" ");
            self.raw(name);
            self.raw("=\"");
            escape_attribute(value, &mut self.bytes);
            self.raw("\"");
        }
        self.raw(">");
    }

    pub(crate) fn end(&mut self, tag: &str) {
        self.raw("</");
        self.raw(tag);
        self.raw(">");
    }

    /// An element of text.
    pub(crate) fn element(&mut self, tag: &str, attributes: &[(&str, &str)], text: &str) {
        self.start(tag, attributes);
        self.text(text);
        self.end(tag);
    }

    /// An element of base64, encoded where it stands.
    pub(crate) fn base64(&mut self, tag: &str, attributes: &[(&str, &str)], data: &[u8]) {
        self.start(tag, attributes);
        let length = base64::encoded_len(data.len(), true).unwrap_or(0);
        let at = self.bytes.len();
        self.bytes.resize(at.saturating_add(length), 0);
        if let Some(place) = self.bytes.get_mut(at..) {
            // The place is as long as the encoding.
            let _ = STANDARD.encode_slice(data, place);
        }
        self.end(tag);
    }
}

/// Reads up to the header of an envelope.
pub(crate) fn open(bytes: &[u8]) -> Result<Option<Reader<'_>>, Error> {
    let mut reader = Reader::new(bytes, Limits::SOAP)?;
    let envelope = reader.next_element()?;
    Ok(envelope.is_some_and(|start| start.is(names::SOAP, "Envelope")).then_some(reader))
}

/// Whether this element of a header must be understood.
pub(crate) fn must_understand(start: &Start<'_>) -> bool {
    start.raw_attribute("mustUnderstand").is_some_and(|value| matches!(value.trim(), "true" | "1"))
}

/// Decodes base64 text; blanks inside are passed over.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    match STANDARD.decode(text.trim()) {
        Ok(bytes) => Some(bytes),
        Err(_) if text.bytes().any(|b| b.is_ascii_whitespace()) => {
            STANDARD.decode(text.split_ascii_whitespace().collect::<String>()).ok()
        }
        Err(_) => None,
    }
}

/// The GUID in a text with or without `uuid:` and braces, in any case.
pub(crate) fn guid(text: &str) -> Option<uuid::Uuid> {
    let text = text.trim();
    let text = text.strip_prefix("uuid:").or_else(|| text.strip_prefix("urn:uuid:")).unwrap_or(text);
    uuid::Uuid::try_parse(text).ok()
}
