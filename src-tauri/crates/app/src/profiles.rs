//! The stamps that this computer knows.

use std::path::{Path, PathBuf};

use pep::stamp::Stamp;
use serde::{Deserialize, Serialize};

/// The file's name.
const FILE: &str = "stamps.json";

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    stamps: Vec<Stamp>,
}

/// The known stamps, kept in a file.
pub(crate) struct Profiles {
    path: PathBuf,
    stamps: Vec<Stamp>,
}

impl Profiles {
    /// Reads them. A file that cannot be understood is set aside and counts as empty.
    pub(crate) fn load(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let stamps = match std::fs::read(&path) {
            Ok(bytes) => match serde_json::from_slice::<File>(&bytes) {
                Ok(File { version: 1, stamps }) => stamps,
                _ => {
                    tracing::warn!("The list of stamps cannot be read and was set aside");
                    let _ = std::fs::rename(&path, path.with_extension("damaged"));
                    Vec::new()
                }
            },
            Err(_) => Vec::new(),
        };
        Self { path, stamps }
    }

    pub(crate) fn all(&self) -> &[Stamp] {
        &self.stamps
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Stamp> {
        self.stamps.iter().find(|stamp| stamp.id == id).or_else(|| self.stamps.iter().find(|stamp| stamp.has_id(id)))
    }

    /// Keeps a stamp, in front of the others, in place of one that may have had another id. What is known of its passwords stays.
    pub(crate) fn replace(&mut self, former: &str, mut stamp: Stamp) -> std::io::Result<()> {
        for known in self.stamps.iter().filter(|known| known.id == former || known.id == stamp.id) {
            for account in &known.accounts {
                if !stamp.accounts.contains(account) {
                    stamp.accounts.push(account.clone());
                }
            }
            stamp.last_used = stamp.last_used.max(known.last_used);
        }
        self.stamps.retain(|known| known.id != former && known.id != stamp.id);
        self.stamps.insert(0, stamp);
        self.save()
    }

    /// Changes a stamp in its place.
    pub(crate) fn change(&mut self, stamp: Stamp) -> std::io::Result<()> {
        if let Some(known) = self.stamps.iter_mut().find(|known| known.id == stamp.id) {
            *known = stamp;
        }
        self.save()
    }

    pub(crate) fn forget(&mut self, id: &str) -> std::io::Result<()> {
        self.stamps.retain(|known| known.id != id);
        self.save()
    }

    /// Notes that the password of an account is in the key ring now.
    pub(crate) fn keeps_password(&mut self, id: &str, account: &str) {
        let Some(stamp) = self.stamps.iter_mut().find(|stamp| stamp.has_id(id)) else { return };
        if !stamp.accounts.iter().any(|known| known == account) {
            stamp.accounts.push(account.to_owned());
            if let Err(error) = self.save() {
                tracing::warn!(%error, "The list of stamps was not saved");
            }
        }
    }

    /// Notes that a stamp was used now.
    pub(crate) fn used(&mut self, id: &str, now: i64) {
        if let Some(mut stamp) = self.find(id).cloned() {
            stamp.last_used = Some(now);
            if let Err(error) = self.replace(id, stamp) {
                tracing::warn!(%error, "The list of stamps was not saved");
            }
        }
    }

    fn save(&self) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(&File { version: 1, stamps: self.stamps.clone() })?;
        pep::save_file(&self.path, &text)
    }
}
