//! The computers that a person has trusted. Damage means that nobody is trusted (J-09).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use winrm::KeyPin;

use crate::file;
use crate::identity::Names;

/// A trusted computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The stamp.
    pub stamp: String,
    /// The address, with its port.
    pub address: String,
    /// Its names.
    pub names: Names,
    /// Whether these names were proved by a third party, with Kerberos: another pin than that of the names that a computer gives
    /// itself, as the two are not the same names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_name: bool,
    /// The key of its certificate, where a person trusted that; without one the operating system has to vouch for it (S-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyPin>,
    /// When it was trusted, in seconds since 1970.
    pub since: i64,
}

impl Pin {
    fn is_at(&self, stamp: &str, address: &str, by_name: bool) -> bool {
        self.by_name == by_name && self.stamp == stamp && self.address.eq_ignore_ascii_case(address)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    pins: Vec<Pin>,
}

/// The pins of this computer.
#[derive(Debug, Clone)]
pub struct Pins {
    path: PathBuf,
    pins: Vec<Pin>,
    damaged: bool,
}

impl Pins {
    /// Reads the pins. A file that cannot be understood counts as none: every computer is asked about again.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let none = |damaged| Self { path: path.to_owned(), pins: Vec::new(), damaged };
        match std::fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => none(false),
            Err(_) => none(true),
            Ok(bytes) => match serde_json::from_slice::<File>(&bytes) {
                Ok(File { version: 1, pins }) => Self { path: path.to_owned(), pins, damaged: false },
                _ => none(true),
            },
        }
    }

    /// Whether the file was there but could not be understood.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Pin] {
        &self.pins
    }

    /// The pin of an address of a stamp, of the names that a computer there gives itself.
    #[must_use]
    pub fn find(&self, stamp: &str, address: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.is_at(stamp, address, false))
    }

    /// The pin of an address of a stamp, of the names that were proved there.
    #[must_use]
    pub fn find_by_name(&self, stamp: &str, address: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.is_at(stamp, address, true))
    }

    /// Remembers a computer and saves. A damaged file is kept beside.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn keep(&mut self, pin: Pin) -> std::io::Result<()> {
        if self.damaged {
            std::fs::rename(&self.path, self.path.with_extension("damaged"))?;
            self.damaged = false;
        }
        self.pins.retain(|known| !known.is_at(&pin.stamp, &pin.address, pin.by_name));
        self.pins.push(pin);
        self.save()
    }

    /// Takes the computers of a stamp over to its new id and saves; answers how many there were. One that is there already stays.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn rebind(&mut self, former: &str, now: &str) -> std::io::Result<usize> {
        let (moved, mut pins): (Vec<Pin>, Vec<Pin>) =
            std::mem::take(&mut self.pins).into_iter().partition(|pin| pin.stamp == former);
        let count = moved.len();
        for pin in moved {
            let pin = Pin { stamp: now.to_owned(), ..pin };
            if !pins.iter().any(|known| known.is_at(&pin.stamp, &pin.address, pin.by_name)) {
                pins.push(pin);
            }
        }
        self.pins = pins;
        if count > 0 {
            self.save()?;
        }
        Ok(count)
    }

    /// Forgets a stamp's computers and saves; answers how many there were.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn forget(&mut self, stamp: &str) -> std::io::Result<usize> {
        let before = self.pins.len();
        self.pins.retain(|pin| pin.stamp != stamp);
        let removed = before - self.pins.len();
        if removed > 0 {
            self.save()?;
        }
        Ok(removed)
    }

    fn save(&self) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(&File { version: 1, pins: self.pins.clone() })?;
        file::save(&self.path, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(computer: &str) -> Pin {
        let names = Names { computer: computer.into(), domain: "D".into(), ..Names::default() };
        Pin { stamp: "s".into(), address: "10.0.0.1:5985".into(), names, by_name: false, key: None, since: 1 }
    }

    #[test]
    fn s11_proved_names_and_names_that_a_computer_gives_itself_are_two_pins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.json");
        let mut pins = Pins::load(&path);
        pins.keep(pin("SAID")).unwrap();
        assert!(pins.find_by_name("s", "10.0.0.1:5985").is_none(), "what was said is not proved");
        pins.keep(Pin { by_name: true, ..pin("PROVED") }).unwrap();
        let pins = Pins::load(&path);
        assert_eq!(pins.find("s", "10.0.0.1:5985").unwrap().names.computer, "SAID");
        assert_eq!(pins.find_by_name("s", "10.0.0.1:5985").unwrap().names.computer, "PROVED");
    }

    #[test]
    fn a_pin_is_found_again_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.json");
        let mut pins = Pins::load(&path);
        pins.keep(pin("A")).unwrap();
        pins.keep(pin("B")).unwrap();
        let pins = Pins::load(&path);
        assert_eq!(pins.find("s", "10.0.0.1:5985").unwrap().names.computer, "B");
        assert!(pins.find("other", "10.0.0.1:5985").is_none());
    }

    #[test]
    fn pins_follow_a_stamp_to_its_new_id() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.json");
        let mut pins = Pins::load(&path);
        pins.keep(pin("A")).unwrap();
        pins.keep(Pin { address: "10.0.0.2:5985".into(), ..pin("B") }).unwrap();
        pins.keep(Pin { stamp: "new".into(), address: "10.0.0.2:5985".into(), ..pin("C") }).unwrap();
        pins.keep(Pin { stamp: "other".into(), ..pin("D") }).unwrap();
        assert_eq!(pins.rebind("s", "new").unwrap(), 2);
        let pins = Pins::load(&path);
        let computer = |stamp, address| pins.find(stamp, address).map(|pin| pin.names.computer.as_str());
        assert_eq!(computer("new", "10.0.0.1:5985"), Some("A"));
        assert_eq!(computer("new", "10.0.0.2:5985"), Some("C"), "what was decided for the new one counts");
        assert_eq!((computer("s", "10.0.0.1:5985"), computer("other", "10.0.0.1:5985")), (None, Some("D")));
    }

    #[test]
    fn a_key_is_kept_with_its_computer_and_a_wrong_one_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.json");
        let key: KeyPin = ["5A"; 32].join(":").parse().unwrap();
        Pins::load(&path).keep(Pin { key: Some(key), ..pin("A") }).unwrap();
        assert_eq!(Pins::load(&path).find("s", "10.0.0.1:5985").unwrap().key, Some(key));
        let text = std::fs::read_to_string(&path).unwrap().replace("5A:5A", "5A");
        std::fs::write(&path, text).unwrap();
        assert!(Pins::load(&path).is_damaged());
    }

    #[test]
    fn f45_damaged_pins_trust_nobody_and_are_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.json");
        for damage in ["", "{", r#"{"version": 2, "pins": []}"#, r#"{"version": 1, "pins": [], "more": 1}"#] {
            std::fs::write(&path, damage).unwrap();
            let mut pins = Pins::load(&path);
            assert!(pins.is_damaged() && pins.find("s", "10.0.0.1:5985").is_none(), "{damage}");
            pins.keep(pin("A")).unwrap();
            assert!(!Pins::load(&path).is_damaged());
        }
    }
}
