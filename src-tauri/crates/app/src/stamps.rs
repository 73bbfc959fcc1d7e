//! Finding: stamps, files, addresses, probes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::{
    AppSnapshot, EndpointAddress, Fault, ProbeUpdate, ReadField, StampImport, StampImportResult, StampProfile,
};
use pep::address::Address;
use pep::fault::code;
use pep::stamp::{ReadStamp, Stamp};
use winrm::{Connector, SocketConnector};

use crate::practice_link::{self, PracticeLink};
use crate::{App, AppEvent, convert};

/// The largest file that is looked at, in bytes of its content.
const LARGEST: usize = 4 << 20;

impl App {
    /// All known stamps, practice first.
    pub(crate) fn stamps(&self) -> Vec<StampProfile> {
        let known: Vec<Stamp> = self.lock().profiles.all().to_vec();
        std::iter::once(PracticeLink::stamp()).chain(known).map(|stamp| convert::stamp(&stamp)).collect()
    }

    pub(crate) fn stamp(&self, id: &str) -> Result<Stamp, Fault> {
        if id == practice_link::STAMP {
            return Ok(PracticeLink::stamp());
        }
        let found = self.lock().profiles.find(id).cloned();
        found.ok_or_else(|| convert::fault(&pep::Fault::new(code::INTERNAL).detail("unknown stamp")))
    }

    pub(crate) fn connector(&self, stamp_id: &str, address: &Address) -> Arc<dyn Connector> {
        if stamp_id == practice_link::STAMP {
            self.practice.connector(address)
        } else {
            Arc::new(SocketConnector::new(address.host.clone(), address.port))
        }
    }

    /// Reads a stamp out of a file or a text. It is not kept yet.
    pub async fn stamp_import(&self, import: StampImport) -> Result<StampImportResult, Fault> {
        let refused = |fault: &pep::Fault| Ok(StampImportResult::Refused { fault: convert::fault(fault) });
        let bytes = match import {
            // The content of a file may be pasted.
            StampImport::Text { text } if text.trim_start().starts_with('{') => text.into_bytes(),
            StampImport::Text { text } => {
                return match pep::stamp::from_text(&text) {
                    Ok(stamp) => Ok(StampImportResult::Read {
                        stamp: convert::stamp(&stamp),
                        read: Vec::new(),
                        warnings: Vec::new(),
                    }),
                    Err(fault) => refused(&fault),
                };
            }
            StampImport::Content { base64, .. } => match STANDARD.decode(base64) {
                Ok(bytes) if bytes.len() <= LARGEST => bytes,
                _ => return refused(&pep::Fault::new(code::NOT_A_STAMP_FILE)),
            },
            StampImport::Choose => match self.host.pick_file().await {
                Some(path) => match read(&path).await {
                    Ok(bytes) => bytes,
                    Err(fault) => return refused(&fault),
                },
                None => return Ok(StampImportResult::Nothing),
            },
            StampImport::Argument { index } => match self.given_file(index) {
                Some(path) => match read(&path).await {
                    Ok(bytes) => bytes,
                    Err(fault) => return refused(&fault),
                },
                None => return Ok(StampImportResult::Nothing),
            },
        };
        match pep::stamp::read_file(&bytes) {
            Ok(ReadStamp { stamp, fields }) => {
                let read = fields.into_iter().map(|(name, value)| ReadField { name, value }).collect();
                Ok(StampImportResult::Read { stamp: convert::stamp(&stamp), read, warnings: Vec::new() })
            }
            Err(fault) => refused(&fault),
        }
    }

    fn given_file(&self, index: usize) -> Option<PathBuf> {
        self.files().get(index).cloned()
    }

    /// Keeps a stamp that was read, under the name that the person gave it.
    pub async fn stamp_keep(&self, stamp: StampProfile) -> Result<AppSnapshot, Fault> {
        let kept = convert::stamp_back(&stamp).map_err(|fault| convert::fault(&fault))?;
        if kept.id != practice_link::STAMP {
            let saved = self.lock().profiles.keep(kept);
            saved.map_err(|error| convert::fault(&pep::Fault::new(code::RECORDS_UNUSABLE).detail(error)))?;
        }
        self.app_snapshot().await
    }

    /// Looks at all these addresses at once; each tells how far it is by events.
    pub async fn endpoint_probe(
        self: &Arc<Self>,
        stamp_id: String,
        addresses: Vec<EndpointAddress>,
    ) -> Result<(), Fault> {
        // Whoever looks at other addresses does not wait for the former ones.
        self.probes.notify_waiters();
        for (at, endpoint) in addresses.into_iter().take(16).enumerate() {
            let address = Address { host: endpoint.host, port: endpoint.port };
            let app = Arc::clone(self);
            // Of the practice stamp one instance rests, so that there is something to see.
            let rests = stamp_id == practice_link::STAMP && at == 2;
            let connector = self.connector(&stamp_id, &address);
            tokio::spawn(async move {
                app.tell(AppEvent::Probe(convert::probing(&address)));
                let update = tokio::select! {
                    update = app.probe(&address, connector, rests) => update,
                    () = app.probes.notified() => convert::not_probed(&address),
                };
                app.tell(AppEvent::Probe(update));
            });
        }
        Ok(())
    }

    async fn probe(self: &Arc<Self>, address: &Address, connector: Arc<dyn Connector>, rests: bool) -> ProbeUpdate {
        let started = Instant::now();
        let probed = if rests {
            let fault = pep::Fault::new(code::NO_ANSWER).detail("practice: this instance does not answer");
            let address = address.clone();
            pep::probe::Probed { address, round_trip: None, clock_ahead_s: None, done: 1, fault: Some(fault) }
        } else {
            let (app, reached) = (Arc::clone(self), address.clone());
            let on_connected = move || app.tell(AppEvent::Probe(convert::connected(&reached)));
            pep::probe::one(address.clone(), connector, on_connected).await
        };
        convert::probed(&probed, started.elapsed())
    }

    /// Stops looking at addresses; those that have not answered yet stay unknown.
    pub async fn endpoint_probe_cancel(&self) -> Result<(), Fault> {
        self.probes.notify_waiters();
        Ok(())
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, pep::Fault> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let length = std::fs::metadata(&path)?.len();
        if length > LARGEST as u64 { Err(std::io::Error::other("the file is too large")) } else { std::fs::read(&path) }
    });
    match read.await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(pep::Fault::new(code::NOT_A_STAMP_FILE).detail(error)),
        Err(error) => Err(pep::Fault::new(code::INTERNAL).detail(error)),
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| i64::try_from(passed.as_secs()).unwrap_or(0))
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
}
