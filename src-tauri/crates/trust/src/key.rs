//! One public key that a person trusted, whoever signed it.

use std::fmt;
use std::str::FromStr;

use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::handshake::{Decision, Shown};

/// The SHA-256 of a public key as it stands in a certificate (SubjectPublicKeyInfo, RFC 7469 section 2.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPin([u8; 32]);

/// A text is no fingerprint of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 32 pairs of hexadecimal digits with colons between them")]
pub struct BadKeyPin;

impl KeyPin {
    /// That of a certificate.
    ///
    /// # Errors
    /// When it is no certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        Ok(Self(Sha256::digest(parsed.subject_public_key_info()).into()))
    }
}

impl fmt::Display for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeyPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyPin {
    type Err = BadKeyPin;

    fn from_str(text: &str) -> Result<Self, BadKeyPin> {
        let mut bytes = [0; 32];
        let mut pairs = text.trim().split(':');
        for byte in &mut bytes {
            let pair = pairs.next().filter(|pair| pair.len() == 2 && pair.bytes().all(|c| c.is_ascii_hexdigit()));
            *byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(BadKeyPin)?;
        }
        if pairs.next().is_some() { Err(BadKeyPin) } else { Ok(Self(bytes)) }
    }
}

impl TryFrom<String> for KeyPin {
    type Error = BadKeyPin;

    fn try_from(text: String) -> Result<Self, BadKeyPin> {
        text.parse()
    }
}

impl From<KeyPin> for String {
    fn from(pin: KeyPin) -> Self {
        pin.to_string()
    }
}

/// Accepts the holder of one key. The signature of the handshake proves that the server holds it.
#[derive(Debug)]
pub(crate) struct OneKey(pub(crate) KeyPin);

impl Decision for OneKey {
    fn decide(&self, shown: &Shown<'_>) -> Result<(), rustls::Error> {
        if KeyPin::of(shown.end_entity)? == self.0 {
            Ok(())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_written() {
        let pin = KeyPin(std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap()));
        assert_eq!(pin.to_string().parse(), Ok(pin));
        assert_eq!(pin.to_string().to_lowercase().parse(), Ok(pin));
        for bad in ["", "AB", &pin.to_string()[3..], &format!("{pin}:00"), &pin.to_string().replace("07", "+7")] {
            assert_eq!(bad.parse::<KeyPin>(), Err(BadKeyPin), "{bad}");
        }
    }
}
