//! The AUTHENTICATE message. [MS-NLMP] section 2.2.1.3

use crate::Error;
use crate::ntlm::keys::{Key, hmac_md5};
use crate::ntlm::reader::Reader;
use crate::ntlm::{SIGNATURE, VERSION, field_length, utf16};

const NAME: &str = "AUTHENTICATE message";
/// Where the MIC stands.
const MIC_AT: usize = 72;
/// Where the payload starts: after the MIC.
const PAYLOAD: usize = 88;

/// What goes into the message.
pub(crate) struct Parts<'a> {
    pub(crate) domain: &'a str,
    pub(crate) user: &'a str,
    /// The NT response.
    pub(crate) nt: &'a [u8],
    /// The session key, encrypted.
    pub(crate) session_key: &'a [u8],
    pub(crate) flags: u32,
}

/// Writes the message with its MIC over all three messages; refused when a name is too long for it.
pub(crate) fn write(parts: &Parts<'_>, exported: &Key, negotiate: &[u8], challenge: &[u8]) -> Result<Vec<u8>, Error> {
    // With a time in the challenge the LM response is 24 zero bytes (S-04).
    let lm = [0; 24];
    let (domain, user) = (utf16(parts.domain), utf16(parts.user));
    let fields: [&[u8]; 6] = [&lm, parts.nt, &domain, &user, &[], parts.session_key];
    let mut message = Vec::new();
    message.extend_from_slice(SIGNATURE);
    message.extend_from_slice(&3_u32.to_le_bytes());
    let mut offset = PAYLOAD;
    for field in fields {
        let length = field_length(field, NAME)?.to_le_bytes();
        message.extend_from_slice(&length);
        message.extend_from_slice(&length);
        message.extend_from_slice(&u32::try_from(offset).map_err(|_| Error::Malformed(NAME))?.to_le_bytes());
        offset = offset.saturating_add(field.len());
    }
    message.extend_from_slice(&parts.flags.to_le_bytes());
    message.extend_from_slice(&VERSION);
    message.extend_from_slice(&[0; 16]);
    for field in fields {
        message.extend_from_slice(field);
    }
    let mic = hmac_md5(exported.as_slice(), &[negotiate, challenge, &message]);
    if let Some(place) = message.get_mut(MIC_AT..PAYLOAD) {
        place.copy_from_slice(mic.as_slice());
    }
    Ok(message)
}

/// The message as a server reads it.
pub(crate) struct Authenticate {
    pub(crate) nt: Vec<u8>,
    pub(crate) domain: String,
    pub(crate) user: String,
    pub(crate) session_key: [u8; 16],
    pub(crate) flags: u32,
    pub(crate) mic: [u8; 16],
    /// The message with zeros for the MIC.
    pub(crate) without_mic: Vec<u8>,
}

impl Authenticate {
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Error> {
        let reader = Reader::new(message, 3, PAYLOAD, NAME)?;
        let mut without_mic = message.to_vec();
        without_mic.get_mut(MIC_AT..PAYLOAD).ok_or(Error::Malformed(NAME))?.fill(0);
        Ok(Self {
            nt: reader.field(20)?.to_vec(),
            domain: reader.text(28)?,
            user: reader.text(36)?,
            session_key: reader.field(52)?.try_into().map_err(|_| Error::Malformed(NAME))?,
            flags: reader.u32(60)?,
            mic: reader.bytes(MIC_AT)?,
            without_mic,
        })
    }
}
