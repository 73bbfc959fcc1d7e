//! The operating system's key ring; the only user of the `keyring` crate.

use app::host::{SecretStore, StoreError};
use keyring::Entry;
use spnego::Secret;
use zeroize::Zeroizing;

/// The service under which entries are kept.
const SERVICE: &str = "app.pep-assistant";

/// The most that the Windows store keeps in one entry, in bytes of UTF-16 (S-34).
const LONGEST: usize = 2_560;

/// The key ring of the signed-in user.
pub(crate) struct SystemKeyring;

impl SecretStore for SystemKeyring {
    fn name(&self) -> &'static str {
        if cfg!(target_os = "windows") {
            "Windows Credential Manager"
        } else if cfg!(target_os = "macos") {
            "Keychain"
        } else {
            "the key ring of this desktop"
        }
    }

    fn status(&self) -> Result<(), StoreError> {
        Entry::store_status().as_ref().copied().map_err(|error| StoreError::Missing(error.to_string()))
    }

    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
        match self.entry(entry)?.get_password() {
            Ok(text) => Ok(Some(Secret::from(text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(translate(&error)),
        }
    }

    fn save(&self, entry: &str, secret: &Secret) -> Result<(), StoreError> {
        if secret.expose().encode_utf16().count() * 2 > LONGEST {
            return Err(StoreError::Failed("the password is longer than a key ring entry may be".to_owned()));
        }
        let store = self.entry(entry)?;
        store.set_password(secret.expose()).map_err(|error| translate(&error))?;
        let kept = Zeroizing::new(store.get_password().map_err(|error| translate(&error))?);
        if kept.as_str() == secret.expose() { Ok(()) } else { Err(StoreError::NotKept) }
    }

    fn forget(&self, entry: &str) -> Result<(), StoreError> {
        match self.entry(entry)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(translate(&error)),
        }
    }
}

impl SystemKeyring {
    fn entry(&self, name: &str) -> Result<Entry, StoreError> {
        self.status()?;
        Entry::new(SERVICE, name).map_err(|error| translate(&error))
    }
}

/// The store's own words never hold the secret, except for the two variants that carry bytes; those are named only.
fn translate(error: &keyring::Error) -> StoreError {
    match error {
        keyring::Error::NoStorageAccess(reason) => StoreError::Locked(reason.to_string()),
        keyring::Error::PlatformFailure(reason) => StoreError::Failed(reason.to_string()),
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => {
            StoreError::Failed("the entry is not readable text".to_owned())
        }
        other => StoreError::Failed(other.to_string()),
    }
}
