//! A record out of any bytes: the reader finds what is right and never panics.

/// One input.
pub fn run(data: &[u8]) {
    let (lines, wrong) = record::check_bytes(data);
    let newlines = data.iter().filter(|byte| **byte == b'\n').count() as u64;
    assert!(lines <= newlines);
    assert!(wrong.is_none_or(|offset| offset < data.len() as u64));
}
