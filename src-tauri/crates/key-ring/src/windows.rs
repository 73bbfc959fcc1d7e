//! The Credential Manager: of this machine, not of a roaming profile (S-34).

use std::collections::HashMap;
use std::sync::Arc;

use app::host::StoreError;
use keyring_core::CredentialStore;

use crate::{System, translate};

pub(crate) struct Store;

impl System for Store {
    fn name(&self) -> &'static str {
        "Windows Credential Manager"
    }

    fn status(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn open(&self) -> Result<Arc<CredentialStore>, StoreError> {
        windows_native_keyring_store::Store::new()
            .map(|store| store as Arc<CredentialStore>)
            .map_err(|error| translate(&error))
    }

    fn modifiers(&self) -> HashMap<&'static str, &'static str> {
        // CRED_PERSIST_LOCAL_MACHINE. Without it entries roam.
        HashMap::from([("persistence", "local")])
    }
}

#[cfg(test)]
mod tests {
    use keyring_core::Error;

    use super::*;

    #[test]
    fn s34_an_entry_stays_on_this_machine() {
        let entry = Store.open().unwrap().build("app.pep-assistant.test", "1:a/1:b", Some(&Store.modifiers())).unwrap();
        entry.set_password("canary").unwrap();
        assert_eq!(entry.get_attributes().unwrap()["persistence"], "Local");
        entry.delete_credential().unwrap();
        assert!(matches!(entry.get_password(), Err(Error::NoEntry)));
    }
}
