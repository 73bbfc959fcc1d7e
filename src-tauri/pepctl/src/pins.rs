//! Pins in a JSON file: which computer answered at an endpoint when it was trusted.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use winrm::ServerIdentity;

use crate::exit::Failure;

/// The pins of a file; none without a file.
#[derive(Debug, Clone)]
pub(crate) struct Pins {
    file: Option<PathBuf>,
    pins: Vec<Pin>,
}

/// One pin.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pin {
    endpoint: String,
    names: [String; 5],
}

const NAMES: [&str; 5] = ["computer", "domain", "dns_computer", "dns_domain", "dns_tree"];

fn names(identity: &ServerIdentity) -> [String; 5] {
    [
        identity.netbios_computer.clone(),
        identity.netbios_domain.clone(),
        identity.dns_computer.clone(),
        identity.dns_domain.clone(),
        identity.dns_tree.clone(),
    ]
}

/// An identity as JSON.
pub(crate) fn identity_json(identity: &ServerIdentity) -> Json {
    NAMES
        .into_iter()
        .map(str::to_owned)
        .zip(names(identity).map(Json::String))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

impl Pins {
    /// Reads the file; a file that does not exist holds no pins. A damaged one is never taken for trust.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else { return Ok(Self { file: None, pins: Vec::new() }) };
        let damaged = |why: &dyn std::fmt::Display| Failure::usage(format!("the pin file cannot be used: {why}"));
        let pins = match std::fs::read(path) {
            Ok(bytes) => {
                let json: Json = serde_json::from_slice(&bytes).map_err(|error| damaged(&error))?;
                let pins = json.get("pins").and_then(Json::as_array).ok_or_else(|| damaged(&"it holds no pins"))?;
                pins.iter().map(Pin::read).collect::<Option<_>>().ok_or_else(|| damaged(&"a pin is incomplete"))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(damaged(&error)),
        };
        Ok(Self { file: Some(path.to_owned()), pins })
    }

    /// Whether this endpoint may be who it says it is.
    pub(crate) fn check(&self, endpoint: &str, identity: &ServerIdentity, first_use: bool) -> Result<(), String> {
        let found = names(identity);
        match self.pins.iter().find(|pin| pin.endpoint == endpoint) {
            Some(pin) if pin.names == found => Ok(()),
            Some(pin) => Err(format!(
                "{endpoint} was {} ({}) and is now {} ({})",
                pin.names[0], pin.names[1], found[0], found[1]
            )),
            None if first_use => Ok(()),
            None => Err(format!(
                "{endpoint} says it is {} ({}) and has no pin; --trust-first-use would trust it",
                found[0], found[1]
            )),
        }
    }

    /// Keeps a pin of an endpoint that has proved itself.
    pub(crate) fn keep(&mut self, endpoint: &str, identity: &ServerIdentity) -> Result<(), Failure> {
        if self.pins.iter().any(|pin| pin.endpoint == endpoint) {
            return Ok(());
        }
        self.pins.push(Pin { endpoint: endpoint.to_owned(), names: names(identity) });
        let Some(path) = &self.file else { return Ok(()) };
        let pins: Vec<Json> = self.pins.iter().map(Pin::write).collect();
        let text = format!("{:#}\n", json!({ "version": 1, "pins": pins }));
        // A file of its own that takes the place of the old one: a crash leaves one of the two whole.
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, text)
            .and_then(|()| std::fs::rename(&fresh, path))
            .map_err(|error| Failure::usage(format!("the pin file cannot be written: {error}")))
    }
}

impl Pin {
    fn read(json: &Json) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let [computer, domain, dns_computer, dns_domain, dns_tree] = NAMES.map(text);
        Some(Self { endpoint: text("endpoint")?, names: [computer?, domain?, dns_computer?, dns_domain?, dns_tree?] })
    }

    fn write(&self) -> Json {
        let mut json = serde_json::Map::new();
        json.insert("endpoint".to_owned(), self.endpoint.clone().into());
        json.extend(NAMES.into_iter().map(str::to_owned).zip(self.names.clone().map(Json::String)));
        json.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_pin_is_kept_and_another_computer_is_refused() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let file = folder.path().join("pins.json");
        let mut pins = Pins::load(Some(&file)).unwrap_or_else(|error| panic!("{error}"));
        assert!(pins.check("a:1", &identity("ONE"), false).is_err());
        assert_eq!(pins.check("a:1", &identity("ONE"), true), Ok(()));
        assert_eq!(pins.keep("a:1", &identity("ONE")), Ok(()));
        let pins = Pins::load(Some(&file)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(pins.check("a:1", &identity("ONE"), false), Ok(()));
        assert!(pins.check("a:1", &identity("TWO"), true).is_err(), "a changed identity is no first use");
        std::fs::write(&file, "{").unwrap_or_else(|error| panic!("{error}"));
        assert!(Pins::load(Some(&file)).is_err());
    }
}
