//! The session key of a pool.

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use clixml::SecureString;
use zeroize::Zeroizing;

use super::{KeyError, SecretText};

/// AES-256-CBC with PKCS#7 padding over UTF-16LE. The initialisation vector is zero, as PowerShell has it.
pub struct SessionKey(Zeroizing<[u8; 32]>);

impl SessionKey {
    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A key of these bytes, which must be 32.
    ///
    /// # Errors
    /// When they are not.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        bytes.try_into().map(Self::new).map_err(|_| KeyError)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts a text.
    ///
    /// # Errors
    /// When the cipher fails.
    pub fn encrypt(&self, text: &SecretText) -> Result<SecureString, KeyError> {
        let key = UnboundCipherKey::new(&AES_256, self.0.as_slice()).map_err(|_| KeyError)?;
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(|_| KeyError)?;
        let mut data = text.to_padded_room();
        key.less_safe_encrypt(&mut *data, EncryptionContext::Iv128(FixedLength::from([0; 16])))
            .map_err(|_| KeyError)?;
        Ok(SecureString(std::mem::take(&mut *data)))
    }

    /// Decrypts a text.
    ///
    /// # Errors
    /// The same error whatever is wrong.
    pub fn decrypt(&self, secret: &SecureString) -> Result<SecretText, KeyError> {
        let key = UnboundCipherKey::new(&AES_256, self.0.as_slice()).map_err(|_| KeyError)?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| KeyError)?;
        let mut data = Zeroizing::new(secret.0.clone());
        let plain =
            key.decrypt(&mut data, DecryptionContext::Iv128(FixedLength::from([0; 16]))).map_err(|_| KeyError)?;
        let (pairs, odd) = plain.as_chunks::<2>();
        if !odd.is_empty() {
            return Err(KeyError);
        }
        let mut units = Zeroizing::new(Vec::with_capacity(pairs.len()));
        units.extend(pairs.iter().map(|pair| u16::from_le_bytes(*pair)));
        Ok(SecretText::from_units(units))
    }
}
