//! Text as PowerShell has it: any sequence of UTF-16 code units.

use std::borrow::Cow;
use std::fmt;

/// A string of any UTF-16 code units.
///
/// Well-formed text is kept as UTF-8; only text with an unpaired surrogate is kept as UTF-16, so that nothing that a
/// server says is lost. Equal texts have equal representations.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PsString(Repr);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    Utf8(String),
    // INVARIANT: holds at least one unpaired surrogate.
    Utf16(Vec<u16>),
}

impl PsString {
    /// The empty string.
    #[must_use]
    pub const fn new() -> Self {
        Self(Repr::Utf8(String::new()))
    }

    /// A string of these code units.
    #[must_use]
    pub fn from_units(units: Vec<u16>) -> Self {
        match String::from_utf16(&units) {
            Ok(text) => Self(Repr::Utf8(text)),
            Err(_) => Self(Repr::Utf16(units)),
        }
    }

    /// The text, unless it holds an unpaired surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Utf8(text) => Some(text),
            Repr::Utf16(_) => None,
        }
    }

    /// The text for a screen: an unpaired surrogate becomes U+FFFD.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Utf8(text) => Cow::Borrowed(text),
            Repr::Utf16(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// As [`PsString::to_string_lossy`], without a copy where none is needed.
    #[must_use]
    pub fn into_string_lossy(self) -> String {
        match self.0 {
            Repr::Utf8(text) => text,
            Repr::Utf16(units) => String::from_utf16_lossy(&units),
        }
    }

    /// Whether [`PsString::to_string_lossy`] loses something.
    #[must_use]
    pub fn is_lossy(&self) -> bool {
        matches!(self.0, Repr::Utf16(_))
    }

    /// The code units.
    pub fn units(&self) -> impl Iterator<Item = u16> + '_ {
        let (text, units) = match &self.0 {
            Repr::Utf8(text) => (text.as_str(), &[][..]),
            Repr::Utf16(units) => ("", units.as_slice()),
        };
        text.encode_utf16().chain(units.iter().copied())
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
            Repr::Utf16(_) => false,
        }
    }
}

impl Default for PsString {
    fn default() -> Self {
        Self::new()
    }
}

impl From<String> for PsString {
    fn from(text: String) -> Self {
        Self(Repr::Utf8(text))
    }
}

impl From<&str> for PsString {
    fn from(text: &str) -> Self {
        Self(Repr::Utf8(text.to_owned()))
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
            Repr::Utf16(units) => {
                let text: String = char::decode_utf16(units.iter().copied())
                    .map(|unit| {
                        unit.map_or_else(
                            |lone| format!("\\u{{{:x}}}", lone.unpaired_surrogate()),
                            |c| c.escape_debug().to_string(),
                        )
                    })
                    .collect();
                write!(f, "\"{text}\"")
            }
        }
    }
}
