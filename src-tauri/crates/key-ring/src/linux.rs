//! The Secret Service of the desktop's session. There is no other place: never a file, and never a key of the machine (S-36).

use std::collections::HashMap;
use std::sync::Arc;

use app::host::StoreError;
use keyring_core::CredentialStore;
use secret_service::blocking::SecretService;
use secret_service::{EncryptionType, Error};

use crate::{System, translate};

pub(crate) struct Store;

impl System for Store {
    fn name(&self) -> &'static str {
        "the key ring of this desktop"
    }

    fn status(&self) -> Result<(), StoreError> {
        let missing = |error: Error| StoreError::Missing(error.to_string());
        // No secret passes this connection.
        let service = SecretService::connect(EncryptionType::Plain).map_err(missing)?;
        let default = match service.get_default_collection() {
            Ok(collection) => collection,
            Err(Error::NoResult) => return Err(StoreError::NoDefault),
            Err(error) => return Err(missing(error)),
        };
        match default.is_locked() {
            Ok(false) => Ok(()),
            Ok(true) => Err(StoreError::Locked("its default collection is locked".to_owned())),
            Err(error) => Err(missing(error)),
        }
    }

    fn open(&self) -> Result<Arc<CredentialStore>, StoreError> {
        // Anew each time: the service may have been started again.
        zbus_secret_service_keyring_store::Store::new()
            .map(|store| store as Arc<CredentialStore>)
            .map_err(|error| translate(&error))
    }

    fn modifiers(&self) -> HashMap<&'static str, &'static str> {
        HashMap::new()
    }
}
