//! Any text as pasted text: what is found can be dialled, and stands in the text.

use pep::address::{self, Origin};

/// One input.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let found = pep::find::of_text(text);
    assert!(found.candidates.len() <= 16);
    for candidate in &found.candidates {
        let host = candidate.address.host.as_str();
        assert!(address::parse(host, Origin::Typed).is_ok(), "{host}");
        // An IPv6 address has more than one form.
        assert!(
            host.contains(':') || text.contains(host) || text.contains("::ffff:") || text.contains("::FFFF:"),
            "{host}"
        );
    }
    assert_eq!(found, pep::find::of_text(text), "the same text gives the same");
}
