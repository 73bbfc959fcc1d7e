//! The three messages of NTLM and the arithmetic of NTLMv2. [MS-NLMP]

pub(crate) mod authenticate;
pub(crate) mod challenge;
pub(crate) mod keys;
pub(crate) mod pairs;
pub(crate) mod reader;

use crate::Error;

/// The first bytes of every NTLM message.
pub(crate) const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Negotiate flags. [MS-NLMP] section 2.2.2.5
pub(crate) mod flags {
    pub(crate) const UNICODE: u32 = 0x0000_0001;
    pub(crate) const REQUEST_TARGET: u32 = 0x0000_0004;
    pub(crate) const SIGN: u32 = 0x0000_0010;
    pub(crate) const SEAL: u32 = 0x0000_0020;
    pub(crate) const NTLM: u32 = 0x0000_0200;
    pub(crate) const ALWAYS_SIGN: u32 = 0x0000_8000;
    pub(crate) const TARGET_TYPE_SERVER: u32 = 0x0002_0000;
    pub(crate) const EXTENDED_SESSION_SECURITY: u32 = 0x0008_0000;
    pub(crate) const TARGET_INFO: u32 = 0x0080_0000;
    pub(crate) const VERSION: u32 = 0x0200_0000;
    pub(crate) const BITS_128: u32 = 0x2000_0000;
    pub(crate) const KEY_EXCHANGE: u32 = 0x4000_0000;
    pub(crate) const BITS_56: u32 = 0x8000_0000;

    /// What we ask for.
    pub(crate) const OURS: u32 = UNICODE
        | REQUEST_TARGET
        | SIGN
        | SEAL
        | NTLM
        | ALWAYS_SIGN
        | EXTENDED_SESSION_SECURITY
        | TARGET_INFO
        | VERSION
        | BITS_128
        | KEY_EXCHANGE
        | BITS_56;

    /// What a challenge must have, with its name (S-03).
    pub(crate) const REQUIRED: [(u32, &str); 7] = [
        (UNICODE, "Unicode"),
        (TARGET_INFO, "target information"),
        (SIGN, "signing"),
        (SEAL, "sealing"),
        (EXTENDED_SESSION_SECURITY, "extended session security"),
        (BITS_128, "128-bit keys"),
        (KEY_EXCHANGE, "key exchange"),
    ];
}

/// The version field: Windows 10 and NTLM revision 15, as current systems send it.
pub(crate) const VERSION: [u8; 8] = [10, 0, 0, 0, 0, 0, 0, 15];

/// The NEGOTIATE message. [MS-NLMP] section 2.2.1.1
pub(crate) fn negotiate() -> Vec<u8> {
    let mut message = Vec::with_capacity(40);
    message.extend_from_slice(SIGNATURE);
    message.extend_from_slice(&1_u32.to_le_bytes());
    message.extend_from_slice(&flags::OURS.to_le_bytes());
    // No domain and no workstation: eight bytes of empty field each.
    message.extend_from_slice(&[0; 16]);
    message.extend_from_slice(&VERSION);
    message
}

/// The value of the pair MsvAvChannelBindings for a TLS channel: the MD5 of a gss_channel_bindings_struct that holds nothing but
/// `end_point` as its application data. [MS-NLMP] section 2.2.2.1, RFC 4121 section 4.1.1.2
#[must_use]
pub fn channel_bindings(end_point: &[u8]) -> [u8; 16] {
    // No end point of a channel is longer than a hash and its name.
    let length = u32::try_from(end_point.len()).unwrap_or(u32::MAX);
    // The types and lengths of the two addresses, which are empty.
    *keys::md5(&[&[0; 16], &length.to_le_bytes(), end_point])
}

/// Text in UTF-16LE.
///
/// The room is taken at once: a buffer that grew would leave parts of a password behind.
pub(crate) fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len().saturating_mul(2));
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

/// The length of a field as a message carries it.
pub(crate) fn field_length(bytes: &[u8], name: &'static str) -> Result<u16, Error> {
    u16::try_from(bytes.len()).map_err(|_| Error::Malformed(name))
}
