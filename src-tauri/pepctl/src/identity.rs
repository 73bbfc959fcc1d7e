//! Whom `pepctl` trusts: the app's pins in the file that was named, without a stamp.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use pep::identity::Names;
use pep::pins::{Pin, Pins};
use serde_json::Value as Json;
use winrm::{KeyPin, ServerIdentity};

use crate::exit::{Code, Failure};

/// The stamp of all pins here: addresses alone tell endpoints apart.
const STAMP: &str = "";

/// The pins of this call.
#[derive(Debug)]
pub(crate) struct Trust {
    /// None without a file.
    pins: Option<Pins>,
    first_use: bool,
}

/// An identity as JSON.
pub(crate) fn identity_json(identity: &ServerIdentity) -> Json {
    serde_json::to_value(Names::of(identity)).unwrap_or_default()
}

impl Trust {
    /// Reads the file; one that does not exist holds no pins. A damaged one is an error here: nobody is there who could be
    /// asked again, and `--trust-first-use` must not renew what was trusted.
    pub(crate) fn load(file: Option<&Path>, first_use: bool) -> Result<Self, Failure> {
        let pins = file.map(Pins::load);
        if pins.as_ref().is_some_and(Pins::is_damaged) {
            return Err(Failure::usage("the pin file cannot be used: it is damaged"));
        }
        Ok(Self { pins, first_use })
    }

    /// Whether this endpoint may be who it says it is, and whether this account belongs there.
    pub(crate) fn check(&self, endpoint: &str, identity: &ServerIdentity, account: &str) -> Result<(), String> {
        self.check_names(endpoint, identity)?;
        Names::of(identity).check_account(account).map_err(|fault| fault.detail.join("; "))
    }

    fn check_names(&self, endpoint: &str, identity: &ServerIdentity) -> Result<(), String> {
        let now = Names::of(identity);
        match self.pins.as_ref().and_then(|pins| pins.find(STAMP, endpoint)) {
            Some(pin) if pin.names.same(&now) => Ok(()),
            Some(pin) => {
                let (was, is) = now.differences(&pin.names);
                Err(format!("{endpoint} was {was} and is now {is}"))
            }
            None if self.first_use => Ok(()),
            None => Err(format!(
                "{endpoint} says it is {} ({}) and has no pin; --trust-first-use would trust it",
                now.computer, now.domain
            )),
        }
    }

    /// Whether this endpoint has a pin.
    pub(crate) fn knows(&self, endpoint: &str) -> bool {
        self.pins.as_ref().is_some_and(|pins| pins.find(STAMP, endpoint).is_some())
    }

    /// The key that is pinned for this endpoint; none where the operating system has to vouch for it.
    pub(crate) fn key(&self, endpoint: &str) -> Option<KeyPin> {
        self.pins.as_ref().and_then(|pins| pins.find(STAMP, endpoint)).and_then(|pin| pin.key)
    }

    /// Whether the certificate of an endpoint without a pin may be used: `refused` is what the operating system has against it.
    pub(crate) fn check_certificate(&self, endpoint: &str, refused: Option<&str>) -> Result<(), Failure> {
        match refused {
            Some(refused) if !self.first_use => Err(Failure::new(
                Code::NotTrusted,
                format!("{endpoint} has no pin; {refused}; --trust-first-use would trust this key"),
            )),
            _ => Ok(()),
        }
    }

    /// Keeps a pin of an endpoint that has proved itself, with the key of its certificate where that was trusted.
    pub(crate) fn keep(
        &mut self,
        endpoint: &str,
        identity: &ServerIdentity,
        key: Option<KeyPin>,
    ) -> Result<(), Failure> {
        let Some(pins) = &mut self.pins else { return Ok(()) };
        if pins.find(STAMP, endpoint).is_some() {
            return Ok(());
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
        let pin = Pin {
            stamp: STAMP.to_owned(),
            address: endpoint.to_owned(),
            names: Names::of(identity),
            by_name: false,
            key,
            since: i64::try_from(since).unwrap_or(0),
        };
        pins.keep(pin).map_err(|error| Failure::usage(format!("the pin file cannot be written: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r"D\u";

    fn identity(computer: &str) -> ServerIdentity {
        ServerIdentity {
            netbios_computer: computer.to_owned(),
            netbios_domain: "D".to_owned(),
            dns_computer: String::new(),
            dns_domain: String::new(),
            dns_tree: String::new(),
            timestamp: spnego::FileTime(0),
        }
    }

    fn load(file: &Path, first_use: bool) -> Trust {
        Trust::load(Some(file), first_use).unwrap_or_else(|failure| panic!("{failure}"))
    }

    #[test]
    fn a_pin_is_kept_and_another_computer_is_refused() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let file = folder.path().join("pins.json");
        assert!(load(&file, false).check("a:1", &identity("ONE"), USER).is_err());
        let mut trust = load(&file, true);
        assert_eq!(trust.check("a:1", &identity("ONE"), USER), Ok(()));
        assert_eq!(trust.keep("a:1", &identity("ONE"), None), Ok(()));
        assert_eq!(load(&file, false).check("a:1", &identity("ONE"), USER), Ok(()));
        assert!(load(&file, true).check("a:1", &identity("TWO"), USER).is_err(), "a changed identity is no first use");
        std::fs::write(&file, "{").unwrap_or_else(|error| panic!("{error}"));
        assert!(Trust::load(Some(&file), true).is_err(), "damage is never trust");
    }
}
