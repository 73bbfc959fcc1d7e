//! Secrets and the key exchange that protects them. [MS-PSRP] 2.2.5.1.24, 3.1.5.4.3 to 3.1.5.4.5

mod blob;
mod rsa;
mod secret;
mod session;

pub use blob::{
    ENCRYPTED_KEY_LENGTH, PUBLIC_KEY_LENGTH, encrypted_key_blob, encrypted_key_from_blob, modulus_from_blob,
    public_key_blob,
};
pub use rsa::{RsaKeySource, RsaPrivateKey, wrap_session_key};
pub use secret::SecretText;
pub use session::SessionKey;

/// The one error of all key work. It deliberately tells nothing about the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret could not be protected or read")]
pub struct KeyError;

/// Where private keys come from. Tests put recorded keys here.
pub trait KeySource: Send {
    /// A private key for one exchange.
    ///
    /// # Errors
    /// When none can be made.
    fn private_key(&mut self) -> Result<Box<dyn PrivateKey>, KeyError>;
}

/// The private half of one exchange. It is used once and dropped.
pub trait PrivateKey: Send {
    /// The modulus of the RSA-2048 key, 256 bytes, big-endian. The exponent is 65537.
    ///
    /// # Errors
    /// When the key is of another kind.
    fn modulus(&self) -> Result<[u8; 256], KeyError>;

    /// Decrypts a PKCS#1 v1.5 ciphertext, 256 bytes, big-endian, to a session key.
    ///
    /// # Errors
    /// The same error whatever is wrong.
    fn session_key(&self, ciphertext: &[u8; 256]) -> Result<SessionKey, KeyError>;
}
