//! Reading fields out of messages, never past their end.

use crate::Error;
use crate::ntlm::SIGNATURE;

/// The most that any token may hold (P-04).
pub(crate) const LONGEST: usize = 64 * 1024;

/// A message whose signature and type were checked.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    message: &'a [u8],
    name: &'static str,
    payload: usize,
}

impl<'a> Reader<'a> {
    /// `payload` is where the fixed part of such a message ends: no field may point into it.
    pub(crate) fn new(message: &'a [u8], kind: u32, payload: usize, name: &'static str) -> Result<Self, Error> {
        let reader = Self { message, name, payload };
        if message.len() > LONGEST || message.get(..8) != Some(SIGNATURE.as_slice()) || reader.u32(8)? != kind {
            return Err(Error::Malformed(name));
        }
        Ok(reader)
    }

    pub(crate) fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], Error> {
        let found = self.message.get(at..).and_then(|rest| rest.first_chunk::<N>());
        found.copied().ok_or(Error::Malformed(self.name))
    }

    pub(crate) fn u32(&self, at: usize) -> Result<u32, Error> {
        self.bytes(at).map(u32::from_le_bytes)
    }

    /// The payload that the length and offset at this place point to.
    pub(crate) fn field(&self, at: usize) -> Result<&'a [u8], Error> {
        let length = usize::from(u16::from_le_bytes(self.bytes(at)?));
        let offset = at.checked_add(4).ok_or(Error::Malformed(self.name))?;
        let start = usize::try_from(self.u32(offset)?).map_err(|_| Error::Malformed(self.name))?;
        if length == 0 {
            return Ok(&[]);
        }
        if start < self.payload {
            return Err(Error::Malformed(self.name));
        }
        let end = start.checked_add(length).ok_or(Error::Malformed(self.name))?;
        self.message.get(start..end).ok_or(Error::Malformed(self.name))
    }

    /// A field of UTF-16LE text; an odd length or a broken surrogate pair is refused.
    pub(crate) fn text(&self, at: usize) -> Result<String, Error> {
        text(self.field(at)?).ok_or(Error::Malformed(self.name))
    }
}

/// UTF-16LE bytes as text.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
}
