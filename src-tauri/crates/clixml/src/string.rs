//! Text as PowerShell has it: any sequence of UTF-16 code units.

use std::borrow::Cow;
use std::fmt;

/// A string of any UTF-16 code units.
///
/// Well-formed text is kept as UTF-8, text with an unpaired surrogate as the same encoding extended to surrogates
/// (WTF-8), so that nothing that a server says is lost and no text takes more bytes than on the wire. Equal texts have
/// equal representations.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PsString(Repr);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    Utf8(Box<str>),
    // INVARIANT: WTF-8 with at least one unpaired surrogate and no pair of them.
    Wtf8(Box<[u8]>),
}

impl PsString {
    /// The empty string.
    #[must_use]
    pub fn new() -> Self {
        Self(Repr::Utf8(Box::default()))
    }

    /// A string of these code units.
    #[must_use]
    pub fn from_units(units: impl IntoIterator<Item = u16>) -> Self {
        let mut builder = Builder::default();
        units.into_iter().for_each(|unit| builder.push_unit(unit));
        builder.finish()
    }

    /// The text, unless it holds an unpaired surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Utf8(text) => Some(text),
            Repr::Wtf8(_) => None,
        }
    }

    /// The text for a screen: an unpaired surrogate becomes U+FFFD.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Utf8(text) => Cow::Borrowed(text),
            Repr::Wtf8(bytes) => Cow::Owned(lossy(bytes)),
        }
    }

    /// As [`PsString::to_string_lossy`], without a copy where none is needed.
    #[must_use]
    pub fn into_string_lossy(self) -> String {
        match self.0 {
            Repr::Utf8(text) => text.into(),
            Repr::Wtf8(bytes) => lossy(&bytes),
        }
    }

    /// Whether [`PsString::to_string_lossy`] loses something.
    #[must_use]
    pub fn is_lossy(&self) -> bool {
        matches!(self.0, Repr::Wtf8(_))
    }

    /// The code units.
    pub fn units(&self) -> impl Iterator<Item = u16> + '_ {
        self.parts().flat_map(|part| match part {
            Part::Text(text) => Units::Text(text.encode_utf16()),
            Part::Lone(unit) => Units::Lone(Some(unit)),
        })
    }

    /// Whether there is no code unit at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Repr::Utf8(text) if text.is_empty())
    }

    /// Compares as PowerShell compares names: without case. Text with unpaired surrogates must be equal.
    #[must_use]
    pub fn eq_ignore_case(&self, other: &str) -> bool {
        match &self.0 {
            Repr::Utf8(text) => {
                text.eq_ignore_ascii_case(other)
                    || (!(text.is_ascii() && other.is_ascii()) && text.to_lowercase() == other.to_lowercase())
            }
            Repr::Wtf8(_) => false,
        }
    }

    /// How many bytes it takes, as UTF-8 or its extension.
    pub(crate) fn size(&self) -> usize {
        match &self.0 {
            Repr::Utf8(text) => text.len(),
            Repr::Wtf8(bytes) => bytes.len(),
        }
    }

    /// Well-formed text and unpaired surrogates, in order.
    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts(match &self.0 {
            Repr::Utf8(text) => text.as_bytes(),
            Repr::Wtf8(bytes) => bytes,
        })
    }
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Well-formed text
    Text(&'a str),
    /// An unpaired surrogate
    Lone(u16),
}

/// What is left of a text, in WTF-8.
pub(crate) struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        if self.0.is_empty() {
            return None;
        }
        match std::str::from_utf8(self.0) {
            Ok(text) => {
                self.0 = &[];
                Some(Part::Text(text))
            }
            Err(error) if error.valid_up_to() > 0 => {
                let (text, rest) = self.0.split_at_checked(error.valid_up_to())?;
                self.0 = rest;
                std::str::from_utf8(text).ok().map(Part::Text)
            }
            Err(_) => {
                let (lone, rest) = self.0.split_at_checked(3)?;
                self.0 = rest;
                surrogate(lone).map(Part::Lone)
            }
        }
    }
}

enum Units<'a> {
    Text(std::str::EncodeUtf16<'a>),
    Lone(Option<u16>),
}

impl Iterator for Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        match self {
            Self::Text(units) => units.next(),
            Self::Lone(unit) => unit.take(),
        }
    }
}

/// The surrogate that three bytes of WTF-8 stand for.
fn surrogate(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf] => {
            Some(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f))
        }
        _ => None,
    }
}

fn lossy(bytes: &[u8]) -> String {
    let parts = Parts(bytes).map(|part| match part {
        Part::Text(text) => text,
        Part::Lone(_) => "\u{fffd}",
    });
    parts.collect()
}

/// Puts a text together.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    bytes: Vec<u8>,
    /// Unpaired surrogates so far.
    lone: usize,
}

impl Builder {
    /// Makes room for as many bytes. The first of them are most often all; of many pieces, each must not move all before.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(bytes);
        } else {
            self.bytes.reserve(bytes);
        }
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends a character by its number, which may be that of a surrogate; numbers above U+10FFFF are none.
    pub(crate) fn push_code(&mut self, code: u32) {
        match (char::from_u32(code), u16::try_from(code)) {
            (Some(character), _) => self.push_str(character.encode_utf8(&mut [0; 4])),
            (None, Ok(unit)) => self.push_unit(unit),
            (None, Err(_)) => {}
        }
    }

    /// Appends a code unit. The second half of a pair completes the first.
    pub(crate) fn push_unit(&mut self, unit: u16) {
        if let Some(character) = char::from_u32(u32::from(unit)) {
            return self.push_str(character.encode_utf8(&mut [0; 4]));
        }
        let before = self.bytes.len().saturating_sub(3);
        let high = self.bytes.split_at_checked(before).and_then(|(_, last)| surrogate(last));
        if let Some(high) = high
            && let Some(Ok(character)) = char::decode_utf16([high, unit]).next()
        {
            self.bytes.truncate(before);
            self.lone = self.lone.saturating_sub(1);
            return self.push_str(character.encode_utf8(&mut [0; 4]));
        }
        self.lone = self.lone.saturating_add(1);
        let [low, high] = unit.to_le_bytes();
        let bits = [0xed, 0x80 | (high & 0x0f) << 2 | low >> 6, 0x80 | low & 0x3f];
        self.bytes.extend_from_slice(&bits);
    }

    pub(crate) fn finish(self) -> PsString {
        let bytes = if self.lone == 0 {
            match String::from_utf8(self.bytes) {
                Ok(text) => return PsString::from(text),
                Err(error) => error.into_bytes(),
            }
        } else {
            self.bytes
        };
        PsString(Repr::Wtf8(bytes.into()))
    }
}

impl Default for PsString {
    fn default() -> Self {
        Self::new()
    }
}

impl From<String> for PsString {
    fn from(text: String) -> Self {
        Self(Repr::Utf8(text.into()))
    }
}

impl From<&str> for PsString {
    fn from(text: &str) -> Self {
        Self(Repr::Utf8(text.into()))
    }
}

impl PartialEq<str> for PsString {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for PsString {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl fmt::Display for PsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

impl fmt::Debug for PsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Utf8(text) => write!(f, "{text:?}"),
            Repr::Wtf8(bytes) => {
                f.write_str("\"")?;
                for part in Parts(bytes) {
                    match part {
                        Part::Text(text) => write!(f, "{}", text.escape_debug())?,
                        Part::Lone(unit) => write!(f, "\\u{{{unit:x}}}")?,
                    }
                }
                f.write_str("\"")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g5_halves_of_pairs_are_kept_and_pairs_are_characters() {
        for units in [
            vec![0xd800],
            vec![0xdfff, 0xd800],
            vec![0x41, 0xdbff, 0x42],
            vec![0xd83d, 0xde00],
            vec![0xd83d, 0xd83d, 0xde00, 0xde00],
            vec![0xdc00, 0xfffe, 0xffff, 0, 0x85],
        ] {
            let text = PsString::from_units(units.iter().copied());
            assert_eq!(text.units().collect::<Vec<_>>(), units);
            assert_eq!(text.to_string_lossy(), String::from_utf16_lossy(&units));
            assert_eq!(text.as_str().is_none(), String::from_utf16(&units).is_err());
        }
    }

    #[test]
    fn a_text_takes_three_words() {
        assert_eq!(size_of::<PsString>(), 24);
    }
}
