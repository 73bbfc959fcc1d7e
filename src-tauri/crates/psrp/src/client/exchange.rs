//! The key exchange of a pool: at most once, one error for every failure. [MS-PSRP] 3.1.5.4.3 to 3.1.5.4.5

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clixml::{Object, Value};

use crate::keys::{KeySource, PrivateKey, encrypted_key_from_blob, public_key_blob};
use crate::{KeyError, SessionKey};

/// How far the exchange is.
#[derive(Default)]
pub(super) enum Exchange {
    /// Nobody needed it yet.
    #[default]
    None,
    /// Needed as soon as the pool is open.
    Wanted,
    /// Our public key is on its way.
    Waiting(Box<dyn PrivateKey>),
    /// Done; the private key is gone.
    Ready(SessionKey),
    /// Over for this pool.
    Failed,
}

impl Exchange {
    /// Makes a private key; the result is the content of PUBLIC_KEY.
    pub(super) fn start(&mut self, keys: &mut dyn KeySource) -> Result<Value, KeyError> {
        *self = Self::Failed;
        let private = keys.private_key()?;
        let blob = STANDARD.encode(public_key_blob(&private.modulus()?));
        *self = Self::Waiting(private);
        Ok(Object::with_extended([("PublicKey", blob.into())]).into())
    }

    /// Takes the content of ENCRYPTED_SESSION_KEY. When it is not for our key, the exchange stays as it is.
    pub(super) fn finish(&mut self, content: &Value) -> Result<(), KeyError> {
        let Self::Waiting(private) = self else { return Err(KeyError) };
        let text = content.get("EncryptedSessionKey").and_then(Value::as_str).ok_or(KeyError)?;
        let blob = STANDARD.decode(text.trim()).map_err(|_| KeyError)?;
        let key = private.session_key(&encrypted_key_from_blob(&blob)?)?;
        *self = Self::Ready(key);
        Ok(())
    }

    pub(super) fn key(&self) -> Option<&SessionKey> {
        match self {
            Self::Ready(key) => Some(key),
            _ => None,
        }
    }
}
