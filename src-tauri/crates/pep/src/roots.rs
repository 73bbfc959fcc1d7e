//! The roots that a person trusted for the web services of one stamp. Damage means that none is trusted (J-09).
//!
//! They are kept by the place of the stamp, the name of its administrator Resource Manager: its deployment is not known before the
//! first answer, and nothing is asked of a server whose certificate is not accepted.

use std::path::{Path, PathBuf};

use arm::Root;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::file;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    place: String,
    der: String,
    /// What the person compared; a certificate that no longer fits it is not used.
    sha256: String,
    since: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    roots: Vec<Kept>,
}

/// The trusted roots of this computer.
#[derive(Debug)]
pub struct Roots {
    path: PathBuf,
    kept: Vec<Kept>,
    damaged: bool,
}

impl Roots {
    /// Reads them. A file that cannot be understood counts as none: the person is asked again.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let read = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).ok(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(File { version: 1, roots: Vec::new() }),
            Err(_) => None,
        };
        match read.filter(|file| file.version == 1) {
            Some(File { roots, .. }) => Self { path: path.to_owned(), kept: roots, damaged: false },
            None => Self { path: path.to_owned(), kept: Vec::new(), damaged: true },
        }
    }

    /// Whether the file was there but could not be understood.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// The roots of a place.
    #[must_use]
    pub fn of(&self, place: &str) -> Vec<Root> {
        let here = self.kept.iter().filter(|kept| kept.place.eq_ignore_ascii_case(place));
        let read = |kept: &Kept| {
            let der = STANDARD.decode(&kept.der).ok()?;
            let root = Root::read_all(&der).ok()?.pop()?;
            (root.fingerprint() == kept.sha256).then_some(root)
        };
        here.filter_map(read).collect()
    }

    /// Trusts a root for a place and saves. A damaged file is kept beside.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn keep(&mut self, place: &str, root: &Root, now: i64) -> std::io::Result<()> {
        if self.damaged {
            std::fs::rename(&self.path, self.path.with_extension("damaged"))?;
            self.damaged = false;
        }
        let kept =
            Kept { place: place.to_owned(), der: STANDARD.encode(root.der()), sha256: root.fingerprint(), since: now };
        self.kept.retain(|known| !(known.place.eq_ignore_ascii_case(place) && known.sha256 == kept.sha256));
        self.kept.push(kept);
        self.save()
    }

    /// Forgets the roots of a place and saves; answers how many there were.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn forget(&mut self, place: &str) -> std::io::Result<usize> {
        let before = self.kept.len();
        self.kept.retain(|kept| !kept.place.eq_ignore_ascii_case(place));
        let removed = before - self.kept.len();
        if removed > 0 {
            self.save()?;
        }
        Ok(removed)
    }

    fn save(&self) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(&File { version: 1, roots: self.kept.clone() })?;
        file::save(&self.path, &text)
    }
}
