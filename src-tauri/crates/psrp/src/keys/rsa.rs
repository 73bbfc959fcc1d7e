//! RSA-2048 with PKCS#1 v1.5 padding, which aws-lc checks in constant time.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use zeroize::Zeroizing;

use super::{KeyError, KeySource, PrivateKey, SessionKey, modulus_from_blob};

// What stands in a SubjectPublicKeyInfo of an RSA-2048 key with the exponent 65537 before and after the modulus.
const SPKI_BEFORE: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, // SEQUENCE
    0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05,
    0x00, // rsaEncryption, NULL
    0x03, 0x82, 0x01, 0x0F, 0x00, // BIT STRING
    0x30, 0x82, 0x01, 0x0A, // SEQUENCE
    0x02, 0x82, 0x01, 0x01, 0x00, // INTEGER, positive
];
const SPKI_AFTER: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

/// Makes a fresh RSA-2048 key for every exchange.
#[derive(Debug, Default, Clone, Copy)]
pub struct RsaKeySource;

/// An RSA-2048 private key.
pub struct RsaPrivateKey(PrivateDecryptingKey);

impl KeySource for RsaKeySource {
    fn private_key(&mut self) -> Result<Box<dyn PrivateKey>, KeyError> {
        Ok(Box::new(RsaPrivateKey(PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| KeyError)?)))
    }
}

impl RsaPrivateKey {
    /// A key kept as PKCS#8, unencrypted DER.
    ///
    /// # Errors
    /// When this is no RSA-2048 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError)?;
        if key.key_size_bits() == 2048 { Ok(Self(key)) } else { Err(KeyError) }
    }
}

impl PrivateKey for RsaPrivateKey {
    fn modulus(&self) -> Result<[u8; 256], KeyError> {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().map_err(|_| KeyError)?;
        let rest = der.as_ref().strip_prefix(&SPKI_BEFORE).ok_or(KeyError)?;
        let (modulus, rest) = rest.split_first_chunk::<256>().ok_or(KeyError)?;
        if rest == SPKI_AFTER { Ok(*modulus) } else { Err(KeyError) }
    }

    fn session_key(&self, ciphertext: &[u8; 256]) -> Result<SessionKey, KeyError> {
        let key = Pkcs1PrivateDecryptingKey::new(self.0.clone()).map_err(|_| KeyError)?;
        let mut room = Zeroizing::new([0_u8; 256]);
        let plain = key.decrypt(ciphertext, room.as_mut_slice()).map_err(|_| KeyError)?;
        SessionKey::from_slice(plain)
    }
}

/// The server's part: encrypts a session key to the public key blob of a client. The result is big-endian; see
/// [`super::encrypted_key_blob`].
///
/// # Errors
/// When the blob is no RSA-2048 public key.
pub fn wrap_session_key(public_key: &[u8], key: &SessionKey) -> Result<[u8; 256], KeyError> {
    let modulus = modulus_from_blob(public_key)?;
    let der: Vec<u8> = SPKI_BEFORE.iter().chain(&modulus).chain(&SPKI_AFTER).copied().collect();
    let key_in = PublicEncryptingKey::from_der(&der).map_err(|_| KeyError)?;
    let mut out = [0; 256];
    Pkcs1PublicEncryptingKey::new(key_in)
        .and_then(|to| to.encrypt(key.bytes(), &mut out).map(|_| ()))
        .map_err(|_| KeyError)?;
    Ok(out)
}
