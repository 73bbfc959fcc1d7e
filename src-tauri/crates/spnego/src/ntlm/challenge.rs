//! The CHALLENGE message. [MS-NLMP] section 2.2.1.2

use crate::ntlm::pairs::{self, Pairs};
use crate::ntlm::reader::{Reader, text};
use crate::ntlm::{SIGNATURE, VERSION, field_length, flags, utf16};
use crate::{Error, FileTime};

const NAME: &str = "CHALLENGE message";

/// What a server says about itself before anything derived from the password is sent.
///
/// It is mere text until the server has proved that it holds the session key (S-07).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdentity {
    /// The computer's short name.
    pub netbios_computer: String,
    /// The short name of its domain.
    pub netbios_domain: String,
    /// The computer's full name; empty when not given.
    pub dns_computer: String,
    /// The full name of its domain; empty when not given.
    pub dns_domain: String,
    /// The full name of its forest; empty when not given.
    pub dns_tree: String,
    /// Its clock.
    pub timestamp: FileTime,
}

impl ServerIdentity {
    /// Of a server that has proved that it is the one of this name in a realm: it has said nothing else about itself. A realm is a
    /// domain's full name in capitals.
    #[must_use]
    pub fn by_name(host: &str, realm: &str) -> Self {
        let (computer, domain) = host.split_once('.').unwrap_or((host, ""));
        let domain = if realm.is_empty() { domain.to_owned() } else { realm.to_lowercase() };
        Self {
            netbios_computer: computer.to_uppercase(),
            netbios_domain: String::new(),
            dns_computer: host.to_owned(),
            dns_domain: domain,
            dns_tree: String::new(),
            timestamp: FileTime(0),
        }
    }
}

/// A CHALLENGE message, read.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    pub(crate) flags: u32,
    pub(crate) server_challenge: [u8; 8],
    pub(crate) pairs: Pairs,
}

impl Challenge {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Error> {
        // Old systems leave the version out, so the payload may start before it.
        let reader = Reader::new(message, 2, 48, NAME)?;
        reader.field(12)?;
        let flags = reader.u32(20)?;
        let server_challenge = reader.bytes(24)?;
        // Without target information the field is not even there.
        let pairs = if flags & flags::TARGET_INFO == 0 { Pairs::default() } else { Pairs::parse(reader.field(40)?)? };
        Ok(Self { flags, server_challenge, pairs })
    }

    /// Refuses a challenge that lacks what a safe sign-in needs (S-03), and tells who the server says it is.
    pub(crate) fn identity(&self) -> Result<ServerIdentity, Error> {
        if let Some((_, missing)) = flags::REQUIRED.iter().find(|(flag, _)| self.flags & flag == 0) {
            return Err(Error::Unsafe(missing));
        }
        let timestamp = self.pairs.u64(pairs::TIMESTAMP).ok_or(Error::Unsafe("its time"))?;
        let name = |id| match self.pairs.get(id) {
            Some(bytes) => text(bytes).ok_or(Error::Malformed("target information")),
            None => Ok(String::new()),
        };
        Ok(ServerIdentity {
            netbios_computer: name(pairs::NETBIOS_COMPUTER)?,
            netbios_domain: name(pairs::NETBIOS_DOMAIN)?,
            dns_computer: name(pairs::DNS_COMPUTER)?,
            dns_domain: name(pairs::DNS_DOMAIN)?,
            dns_tree: name(pairs::DNS_TREE)?,
            timestamp: FileTime(timestamp),
        })
    }

    /// Writes the message of a server; refused when the names are too long for it.
    pub(crate) fn write(flags: u32, server_challenge: [u8; 8], target: &str, pairs: &Pairs) -> Result<Vec<u8>, Error> {
        const PAYLOAD: u32 = 56;
        let (target, pairs) = (utf16(target), pairs.to_bytes()?);
        let (target_length, pairs_length) = (field_length(&target, NAME)?, field_length(&pairs, NAME)?);
        let mut message = Vec::new();
        message.extend_from_slice(SIGNATURE);
        message.extend_from_slice(&2_u32.to_le_bytes());
        let field = |message: &mut Vec<u8>, length: u16, offset: u32| {
            message.extend_from_slice(&length.to_le_bytes());
            message.extend_from_slice(&length.to_le_bytes());
            message.extend_from_slice(&offset.to_le_bytes());
        };
        field(&mut message, target_length, PAYLOAD);
        message.extend_from_slice(&flags.to_le_bytes());
        message.extend_from_slice(&server_challenge);
        message.extend_from_slice(&[0; 8]);
        field(&mut message, pairs_length, PAYLOAD.saturating_add(u32::from(target_length)));
        message.extend_from_slice(&VERSION);
        message.extend_from_slice(&target);
        message.extend_from_slice(&pairs);
        Ok(message)
    }
}
