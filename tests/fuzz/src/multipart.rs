//! Any bytes as a sealed body; any content must come back from its own frame.

use wsman::multipart;

/// One input.
pub fn run(data: &[u8]) {
    let _ = multipart::check_content_type(&String::from_utf8_lossy(data));
    let mut body = data.to_vec();
    if let Ok(sealed) = multipart::parse(&mut body) {
        assert!((16..=256).contains(&sealed.signature.len()));
    }
    let mut framed = multipart::frame(data, |_| [0; 16]);
    assert_eq!(&*multipart::parse(&mut framed).expect("our own frame").data, data);
}
