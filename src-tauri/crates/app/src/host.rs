//! What the app needs from its surroundings, and nothing else: folders, a key ring, native dialogs.
//!
//! The shell implements this with the desktop's own; tests and the bridge with what is nothing but the trait.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use spnego::Secret;

/// The surroundings of the app.
pub trait Host: Send + Sync + 'static {
    /// The folder of this user and machine where records, pins and profiles are kept. It need not exist yet.
    fn data_folder(&self) -> PathBuf;

    /// The files with the policy of this computer; each may be missing.
    fn policy_files(&self) -> Vec<PathBuf> {
        pep::policy::places()
    }

    /// The disk of the records.
    fn record_storage(&self) -> Arc<dyn record::Storage> {
        Arc::new(record::Disk)
    }

    /// The key ring. Its functions block, so they are called off the async threads.
    fn secrets(&self) -> Arc<dyn SecretStore>;

    /// Lets the person choose a file with the system's own dialog; `None` when the dialog was dismissed.
    fn pick_file(&self) -> BoxFuture<'static, Option<PathBuf>>;

    /// Lets the person name a file to write with the system's own dialog; `None` when the dialog was dismissed.
    fn pick_save(&self, name: String) -> BoxFuture<'static, Option<PathBuf>>;

    /// Opens an address in the system's browser. It may block.
    ///
    /// # Errors
    /// When there is no browser that could be started.
    fn open_url(&self, url: &str) -> std::io::Result<()>;

    /// Asks a question in a dialog of the operating system whose default is No (S-23).
    fn confirm(&self, title: String, question: String) -> BoxFuture<'static, bool>;

    /// The page has drawn its first screen.
    fn painted(&self);

    /// Ends the app.
    fn quit(&self);
}

/// The operating system's store of secrets.
pub trait SecretStore: Send + Sync {
    /// What the system calls it, for example "Windows Credential Manager".
    fn name(&self) -> &'static str;

    /// Whether it can be used.
    ///
    /// # Errors
    /// When the store is not there.
    fn status(&self) -> Result<(), StoreError>;

    /// Reads an entry; `None` when there is none.
    ///
    /// # Errors
    /// When the store is not there, is locked, or gives something unreadable.
    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreError>;

    /// Writes an entry, reads it back and compares (S-33).
    ///
    /// # Errors
    /// When the store is not there, is locked, refuses, or gives back something else than was written.
    fn save(&self, entry: &str, secret: &Secret) -> Result<(), StoreError>;

    /// Removes an entry; removing what is not there is no error.
    ///
    /// # Errors
    /// When the store is not there or is locked.
    fn forget(&self, entry: &str) -> Result<(), StoreError>;
}

/// Why the key ring could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no key ring in this session.
    #[error("no key ring is available: {0}")]
    Missing(String),
    /// It is locked and was not opened.
    #[error("the key ring is locked: {0}")]
    Locked(String),
    /// There is no place in it for new entries.
    #[error("the key ring has no default collection")]
    NoDefault,
    /// It did not answer in this many seconds.
    #[error("the key ring did not answer within {0} seconds")]
    Late(u64),
    /// The secret is longer than an entry may be.
    #[error("the password is longer than a key ring entry may be")]
    TooLong,
    /// It gave back something else than was saved.
    #[error("the key ring did not keep what was saved")]
    NotKept,
    /// Anything else.
    #[error("the key ring failed: {0}")]
    Failed(String),
}

/// The name of a key ring entry: the parts carry their lengths, so that no two pairs share a name (S-37).
#[must_use]
pub fn entry_name(stamp: &str, account: &str) -> String {
    format!("{}:{stamp}/{}:{account}", stamp.len(), account.len())
}

#[cfg(test)]
mod tests {
    use super::entry_name;

    #[test]
    fn s37_names_of_different_pairs_differ() {
        assert_ne!(entry_name("a/1:b", "c"), entry_name("a", "b/1:c"));
        assert_ne!(entry_name("ab", "c"), entry_name("a", "bc"));
    }
}
