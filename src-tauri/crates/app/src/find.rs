//! Finding: every source of addresses, and what it tells. Nothing is kept here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::{Fault, StampImport, StampImportResult};
use pep::fault::code;
use pep::find::{Found, Source, SystemResolver};

use crate::{App, convert};

/// The largest file that is looked at, in bytes of its content.
const LARGEST: usize = 4 << 20;
/// How long a name may take.
const RESOLVE_LIMIT: Duration = Duration::from_secs(5);

impl App {
    /// Asks one source where the endpoints are.
    pub async fn stamp_import(&self, import: StampImport) -> Result<StampImportResult, Fault> {
        Ok(match self.ask(import).await {
            Ok(Some(found)) => match nothing_in(&found) {
                Some(fault) => StampImportResult::Refused { fault: convert::fault(&fault) },
                None => StampImportResult::Read { found: Box::new(self.found(&found)) },
            },
            Ok(None) => StampImportResult::Nothing,
            Err(fault) => StampImportResult::Refused { fault: convert::fault(&fault) },
        })
    }

    /// What was found, beside the stamps that are known.
    pub(crate) fn found(&self, found: &Found) -> contract::Found {
        let inner = self.lock();
        let stamp = found.stamp();
        let relation = pep::profile::relate(inner.profiles.all(), &stamp);
        let relation = convert::relation(relation, |id| inner.profiles.find(id).map(|known| known.name.clone()));
        convert::found(found, stamp, relation)
    }

    async fn ask(&self, import: StampImport) -> Result<Option<Found>, pep::Fault> {
        let names = |source, names: Result<Vec<String>, pep::Fault>| async move {
            Ok(Some(pep::find::look_up(names?, source, Arc::new(SystemResolver), RESOLVE_LIMIT).await))
        };
        match import {
            StampImport::Choose => match self.host.pick_file().await {
                Some(path) => of_path(path).await.map(Some),
                None => Ok(None),
            },
            StampImport::Argument { index } => match self.given_file(index) {
                Some(path) => of_path(path).await.map(Some),
                None => Ok(None),
            },
            StampImport::Content { file_name, base64 } => match STANDARD.decode(base64) {
                Ok(bytes) => pep::find::of_file(&bytes, &file_name).map(Some),
                Err(_) => Err(pep::Fault::new(code::NOT_A_STAMP_FILE)),
            },
            StampImport::Text { text } => of_text(&text).map(Some),
            // The content of a file may be pasted there, too.
            StampImport::Typed { text } if text.trim_start().starts_with('{') => of_text(&text).map(Some),
            StampImport::Typed { text } => pep::find::of_typed(&text).map(Some),
            StampImport::Names { prefix, domain } if prefix.trim().is_empty() => {
                names(Source::Domain, pep::find::of_domain(&domain)).await
            }
            StampImport::Names { prefix, domain } => {
                let domain = Some(domain.trim()).filter(|domain| !domain.is_empty());
                names(Source::Prefix, pep::find::of_prefix(&prefix, domain)).await
            }
            StampImport::Portal { address } => {
                pep::find::of_portal(&address, Arc::new(SystemResolver), RESOLVE_LIMIT).await.map(Some)
            }
            StampImport::Remembered { stamp_id } => {
                let stamp = self.lock().profiles.find(&stamp_id).cloned();
                let stamp = stamp.ok_or_else(|| pep::Fault::new(code::INTERNAL).detail("unknown stamp"))?;
                Ok(Some(pep::find::of_stamp(&stamp, Source::Remembered, &stamp.name)))
            }
        }
    }

    fn given_file(&self, index: usize) -> Option<PathBuf> {
        self.files().get(index).cloned()
    }

    /// Opens the administrator portal that an address tells, in the system's browser. The page's text itself is never opened.
    pub async fn portal_open(&self, address: String) -> Result<(), Fault> {
        let place = pep::find::portal_of(&address).map_err(|fault| convert::fault(&fault))?;
        self.open_in_browser(place.admin_portal()).await.map_err(|fault| convert::fault(&fault))
    }

    /// Opens an address that this app has made.
    pub(crate) async fn open_in_browser(&self, url: String) -> Result<(), pep::Fault> {
        let host = Arc::clone(&self.host);
        let opened = tokio::task::spawn_blocking(move || host.open_url(&url)).await;
        match opened {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(pep::Fault::new(code::NO_BROWSER).detail(why)),
            Err(error) => Err(pep::Fault::new(code::INTERNAL).detail(error)),
        }
    }
}

/// Why something that told nothing cannot be used.
fn nothing_in(found: &Found) -> Option<pep::Fault> {
    if !found.candidates.is_empty() || !found.learnt.is_empty() {
        return None;
    }
    let problem = found.problems.first().map(|problem| problem.fault.clone());
    Some(problem.unwrap_or_else(|| pep::Fault::new(code::NO_USABLE_ADDRESS).with("address", "(no address in it)")))
}

fn of_text(text: &str) -> Result<Found, pep::Fault> {
    let found = pep::find::of_text(text);
    if text.trim_start().starts_with('{')
        && nothing_in(&found).is_some()
        && let Err(fault) = pep::stamp::read_file(text.as_bytes())
    {
        // Why it is no file of a stamp says more than that there is no address in it.
        return Err(fault);
    }
    Ok(found)
}

async fn of_path(path: PathBuf) -> Result<Found, pep::Fault> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = read(&path).await.map_err(|error| match error {
        Ok(error) => pep::Fault::new(code::NOT_A_STAMP_FILE).detail(error),
        Err(fault) => fault,
    })?;
    pep::find::of_file(&bytes, &name)
}

/// The bytes of a file that is not too large.
pub(crate) async fn read(path: &Path) -> Result<Vec<u8>, Result<std::io::Error, pep::Fault>> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let length = std::fs::metadata(&path)?.len();
        if length > LARGEST as u64 { Err(std::io::Error::other("the file is too large")) } else { std::fs::read(&path) }
    });
    match read.await {
        Ok(read) => read.map_err(Ok),
        Err(error) => Err(Err(pep::Fault::new(code::INTERNAL).detail(error))),
    }
}
