//! The attribute-value pairs of the target information. [MS-NLMP] section 2.2.2.1

use crate::Error;
use crate::ntlm::field_length;

pub(crate) const END: u16 = 0;
pub(crate) const NETBIOS_COMPUTER: u16 = 1;
pub(crate) const NETBIOS_DOMAIN: u16 = 2;
pub(crate) const DNS_COMPUTER: u16 = 3;
pub(crate) const DNS_DOMAIN: u16 = 4;
pub(crate) const DNS_TREE: u16 = 5;
pub(crate) const FLAGS: u16 = 6;
pub(crate) const TIMESTAMP: u16 = 7;
pub(crate) const TARGET_NAME: u16 = 9;
pub(crate) const CHANNEL_BINDINGS: u16 = 10;

/// In the flags pair: the AUTHENTICATE message has a MIC.
pub(crate) const MIC_PRESENT: u32 = 2;

/// More kinds of pairs than there are; those that are not known go back to the server as they came.
const MOST: usize = 64;

const BAD: Error = Error::Malformed("target information");

/// The pairs in their order, without the end mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pairs(pub(crate) Vec<(u16, Vec<u8>)>);

impl Pairs {
    /// Reads pairs up to the end mark. An overrun, a missing end mark, an id given twice, a number of another width and more
    /// than 64 pairs are refused. What follows the end mark is not looked at.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut pairs = Self::default();
        let mut rest = bytes;
        loop {
            let (head, after) = rest.split_first_chunk::<4>().ok_or(BAD)?;
            let [id_low, id_high, length_low, length_high] = *head;
            let id = u16::from_le_bytes([id_low, id_high]);
            let length = usize::from(u16::from_le_bytes([length_low, length_high]));
            if id == END {
                return if length == 0 { Ok(pairs) } else { Err(BAD) };
            }
            let (value, after) = after.split_at_checked(length).ok_or(BAD)?;
            let wanted = match id {
                FLAGS => 4,
                TIMESTAMP => 8,
                CHANNEL_BINDINGS => 16,
                _ => length,
            };
            if length != wanted || pairs.get(id).is_some() || pairs.0.len() >= MOST {
                return Err(BAD);
            }
            pairs.0.push((id, value.to_vec()));
            rest = after;
        }
    }

    pub(crate) fn get(&self, id: u16) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, value)| value.as_slice())
    }

    /// A pair of 32 bits.
    pub(crate) fn u32(&self, id: u16) -> Option<u32> {
        <[u8; 4]>::try_from(self.get(id)?).ok().map(u32::from_le_bytes)
    }

    /// A pair of 64 bits.
    pub(crate) fn u64(&self, id: u16) -> Option<u64> {
        <[u8; 8]>::try_from(self.get(id)?).ok().map(u64::from_le_bytes)
    }

    /// Sets a pair, in its place or at the end.
    pub(crate) fn set(&mut self, id: u16, value: Vec<u8>) {
        match self.0.iter_mut().find(|(known, _)| *known == id) {
            Some((_, old)) => *old = value,
            None => self.0.push((id, value)),
        }
    }

    /// The pairs with their end mark; refused when a value is longer than a pair can say.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for (id, value) in &self.0 {
            bytes.extend_from_slice(&id.to_le_bytes());
            bytes.extend_from_slice(&field_length(value, "target information")?.to_le_bytes());
            bytes.extend_from_slice(value);
        }
        bytes.extend_from_slice(&[0; 4]);
        Ok(bytes)
    }
}
