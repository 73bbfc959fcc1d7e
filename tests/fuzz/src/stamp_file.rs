//! A stamp information file out of any bytes, and addresses out of any text.

/// One input.
pub fn run(data: &[u8]) {
    let _ = pep::stamp::read_file(data);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = pep::stamp::from_text(text);
        let _ = pep::address::parse_all(text, pep::address::Origin::File);
    }
}
