//! Text that must not stay in memory.

use zeroize::{Zeroize, Zeroizing};

/// A secret text: no `Debug`, no `Clone`, no comparison; overwritten when dropped.
pub struct SecretText(Zeroizing<Vec<u16>>);

impl SecretText {
    /// A secret of this text. The caller wipes its own copy.
    #[must_use]
    pub fn new(text: &str) -> Self {
        // The full capacity at once: a vector that grows leaves copies behind.
        let mut units = Zeroizing::new(Vec::with_capacity(text.len()));
        units.extend(text.encode_utf16());
        Self(units)
    }

    /// A secret of these UTF-16 code units.
    #[must_use]
    pub fn from_units(units: Zeroizing<Vec<u16>>) -> Self {
        Self(units)
    }

    /// The UTF-16 code units.
    #[must_use]
    pub fn expose_units(&self) -> &[u16] {
        &self.0
    }

    /// The text; an unpaired surrogate becomes U+FFFD.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len().saturating_mul(3)));
        text.extend(char::decode_utf16(self.0.iter().copied()).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        text
    }

    /// Length in UTF-16 code units.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// UTF-16LE bytes with room for the padding of the cipher.
    pub(super) fn to_padded_room(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.0.len().saturating_mul(2).saturating_add(16)));
        for unit in self.0.iter() {
            bytes.extend(unit.to_le_bytes());
        }
        bytes
    }
}

impl From<String> for SecretText {
    fn from(mut text: String) -> Self {
        let secret = Self::new(&text);
        text.zeroize();
        secret
    }
}
