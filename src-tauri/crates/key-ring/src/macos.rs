//! The login keychain, for signed builds (S-35): a build without a signature of its own is another program to it each time, and
//! asks for ever.

use std::collections::HashMap;
use std::sync::Arc;

use app::host::StoreError;
use keyring_core::CredentialStore;

use crate::{System, translate};

/// Whether whoever made this build has said that it will be signed.
const SIGNED: bool = option_env!("PEP_SIGNED_BUILD").is_some();

pub(crate) struct Store;

impl System for Store {
    fn name(&self) -> &'static str {
        "Keychain"
    }

    fn status(&self) -> Result<(), StoreError> {
        if SIGNED { Ok(()) } else { Err(StoreError::Missing("this build is not signed".to_owned())) }
    }

    fn open(&self) -> Result<Arc<CredentialStore>, StoreError> {
        apple_native_keyring_store::keychain::Store::new()
            .map(|store| store as Arc<CredentialStore>)
            .map_err(|error| translate(&error))
    }

    fn modifiers(&self) -> HashMap<&'static str, &'static str> {
        HashMap::new()
    }
}
