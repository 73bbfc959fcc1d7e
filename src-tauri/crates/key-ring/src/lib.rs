//! The operating system's key ring: the only user of the `keyring` crates. Secrets are kept there or nowhere (S-36).
//!
//! Each system has its file: which store it is, and when it may be used. What is common to all is here: a limit to what is
//! waited for, one piece of work at a time for each entry (S-35), and reading back what was saved (S-33).

mod slots;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
mod system;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use app::host::{SecretStore, StoreError};
use keyring_core::{CredentialStore, Entry, Error};
use spnego::Secret;
use zeroize::Zeroizing;

use slots::Slots;

/// The service under which entries are kept.
const SERVICE: &str = "app.pep-assistant";

/// The most that the Windows store keeps in one entry, in bytes of UTF-16 (S-34). A password that is kept on one system is kept on
/// all of them.
pub const LONGEST: usize = 2_560;

/// How long the key ring is waited for: it may be asking somebody who is not there (S-35).
pub const LIMIT: Duration = Duration::from_secs(30);

/// A store of the operating system.
pub trait System: Send + Sync + 'static {
    /// What the system calls it.
    fn name(&self) -> &'static str;

    /// Whether it can be used without asking anybody.
    ///
    /// # Errors
    /// Why it cannot.
    fn status(&self) -> Result<(), StoreError>;

    /// The store.
    ///
    /// # Errors
    /// When it is not there.
    fn open(&self) -> Result<Arc<CredentialStore>, StoreError>;

    /// What an entry is made with.
    fn modifiers(&self) -> HashMap<&'static str, &'static str>;
}

/// The key ring of the signed-in user.
pub struct KeyRing {
    system: Arc<dyn System>,
    slots: Arc<Slots>,
}

impl Default for KeyRing {
    fn default() -> Self {
        Self::new(Arc::new(system::Store), LIMIT)
    }
}

impl KeyRing {
    /// The key ring of this system, waited for so long.
    #[must_use]
    pub fn new(system: Arc<dyn System>, limit: Duration) -> Self {
        Self { system, slots: Arc::new(Slots::new(limit)) }
    }

    /// Does something with an entry, when nothing else is being done with it.
    fn with_entry<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Entry) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (system, name) = (Arc::clone(&self.system), name.to_owned());
        self.slots.run(&name.clone(), move || {
            // It is never opened by asking: where it is locked, the password is used once and not kept (S-36).
            system.status()?;
            let store = system.open()?;
            let entry = store.build(SERVICE, &name, Some(&system.modifiers()));
            work(&entry.map_err(|error| translate(&error))?)
        })
    }
}

impl SecretStore for KeyRing {
    fn name(&self) -> &'static str {
        self.system.name()
    }

    fn status(&self) -> Result<(), StoreError> {
        let system = Arc::clone(&self.system);
        self.slots.run("", move || system.status())
    }

    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
        self.with_entry(entry, |entry| match entry.get_password() {
            Ok(text) => Ok(Some(Secret::from(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(translate(&error)),
        })
    }

    fn save(&self, entry: &str, secret: &Secret) -> Result<(), StoreError> {
        if secret.expose().encode_utf16().count() * 2 > LONGEST {
            return Err(StoreError::TooLong);
        }
        let secret = secret.duplicate();
        self.with_entry(entry, move |entry| {
            entry.set_password(secret.expose()).map_err(|error| translate(&error))?;
            let kept = match entry.get_password() {
                Ok(kept) => Zeroizing::new(kept),
                Err(Error::NoEntry) => return Err(StoreError::NotKept),
                Err(error) => return Err(translate(&error)),
            };
            if kept.as_str() == secret.expose() { Ok(()) } else { Err(StoreError::NotKept) }
        })
    }

    fn forget(&self, entry: &str) -> Result<(), StoreError> {
        self.with_entry(entry, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(translate(&error)),
        })
    }
}

/// The store's own words never hold the secret, except for the two variants that carry bytes; those are named only.
fn translate(error: &Error) -> StoreError {
    match error {
        Error::NoStorageAccess(reason) => StoreError::Locked(reason.to_string()),
        Error::PlatformFailure(reason) => StoreError::Failed(reason.to_string()),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            StoreError::Failed("the entry is not readable text".to_owned())
        }
        other => StoreError::Failed(other.to_string()),
    }
}
