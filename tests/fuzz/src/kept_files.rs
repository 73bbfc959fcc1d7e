//! P-11: any bytes as the files of pins and trusted roots. Damage means that nobody is trusted, and does not last.

use pep::identity::Names;
use pep::pins::{Pin, Pins};
use pep::roots::Roots;

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
}

/// One input.
pub fn run(data: &[u8]) {
    FOLDER.with(|folder| {
        let path = folder.path().join("kept.json");
        std::fs::write(&path, data).expect("a file");
        let roots = Roots::load(&path);
        assert!(!roots.is_damaged() || roots.of("portal.example").is_empty());
        let mut pins = Pins::load(&path);
        assert!(!pins.is_damaged() || pins.find("stamp", "192.0.2.1:5985").is_none());
        let pin = Pin {
            stamp: "stamp".to_owned(),
            address: "192.0.2.1:5985".to_owned(),
            names: Names::default(),
            by_name: false,
            key: None,
            since: 1,
        };
        pins.keep(pin.clone()).expect("it is kept");
        let again = Pins::load(&path);
        assert!(!again.is_damaged());
        assert_eq!(again.find("stamp", "192.0.2.1:5985"), Some(&pin));
    });
}
