//! Appending XML to a buffer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

/// The text that Windows uses for ids of shells and commands: upper case, with hyphens.
#[must_use]
pub fn guid_text(id: Uuid) -> String {
    let mut buffer = Uuid::encode_buffer();
    id.hyphenated().encode_upper(&mut buffer).to_owned()
}

/// A growing document.
pub(crate) struct Document {
    out: Vec<u8>,
}

impl Document {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { out: Vec::with_capacity(capacity) }
    }

    /// Markup, as it is.
    pub(crate) fn raw(&mut self, markup: &str) -> &mut Self {
        self.out.extend_from_slice(markup.as_bytes());
        self
    }

    /// Content, escaped. Characters that XML 1.0 has no place for become U+FFFD: one of them would spoil the envelope.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        safe_xml::escape_text(&printable(text), &mut self.out);
        self
    }

    /// Value of an attribute in double quotes, escaped.
    pub(crate) fn attribute(&mut self, text: &str) -> &mut Self {
        safe_xml::escape_attribute(&printable(text), &mut self.out);
        self
    }

    pub(crate) fn guid(&mut self, id: Uuid) -> &mut Self {
        let mut buffer = Uuid::encode_buffer();
        self.out.extend_from_slice(id.hyphenated().encode_upper(&mut buffer).as_bytes());
        self
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.raw(&number.to_string())
    }

    /// An element with text.
    pub(crate) fn element(&mut self, name: &str, text: &str) -> &mut Self {
        self.raw("<").raw(name).raw(">").text(text).raw("</").raw(name).raw(">")
    }

    /// Base64, written in place.
    pub(crate) fn base64(&mut self, data: &[u8]) -> &mut Self {
        let start = self.out.len();
        let length = base64_length(data.len());
        self.out.resize(start.saturating_add(length), b'=');
        // The room is exactly what the data needs, so that this cannot fail.
        if let Some(room) = self.out.get_mut(start..) {
            let _ = STANDARD.encode_slice(data, room);
        }
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// Characters of base64 for so many bytes, padded.
pub(crate) const fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    let refused =
        |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(refused) { text.replace(refused, "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_written_behind_what_is_there() {
        for length in 0..70_usize {
            let data: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let mut document = Document::with_capacity(8);
            document.raw("<x>").base64(&data).raw("</x>");
            assert_eq!(String::from_utf8(document.finish()).unwrap(), format!("<x>{}</x>", STANDARD.encode(&data)));
        }
    }

    #[test]
    fn text_is_escaped_and_control_characters_are_replaced() {
        let mut document = Document::with_capacity(8);
        document.text("<&\u{1}\u{ffff}>").attribute("\"\t");
        assert_eq!(String::from_utf8(document.finish()).unwrap(), "&lt;&amp;\u{fffd}\u{fffd}&gt;&quot;&#x9;");
    }
}
