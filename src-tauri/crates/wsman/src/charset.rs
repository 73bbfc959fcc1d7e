//! The character encoding of a body.

use std::borrow::Cow;

use crate::error::Malformed;

/// An encoding that WS-Management allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// UTF-8, a byte order mark tolerated.
    #[default]
    Utf8,
    /// UTF-16, little-endian unless a byte order mark says otherwise.
    Utf16,
}

impl Charset {
    /// The encoding with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case("utf-8") {
            Some(Self::Utf8)
        } else if name.eq_ignore_ascii_case("utf-16") || name.eq_ignore_ascii_case("utf-16le") {
            Some(Self::Utf16)
        } else {
            None
        }
    }

    /// The encoding that a `Content-Type` names; without a name it is UTF-8.
    ///
    /// # Errors
    /// When it names another encoding or names two.
    pub fn of_content_type(content_type: &str) -> Result<Self, Malformed> {
        let mut found = None;
        for parameter in content_type.split(';').skip(1) {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            if name.trim_ascii().eq_ignore_ascii_case("charset") {
                let value = Self::of_name(value.trim_ascii().trim_matches('"')).ok_or(Malformed::Charset)?;
                if found.replace(value).is_some() {
                    return Err(Malformed::Charset);
                }
            }
        }
        Ok(found.unwrap_or_default())
    }

    /// The body as UTF-8: borrowed when it is, transcoded when it is UTF-16.
    ///
    /// # Errors
    /// When the body is not of this encoding. Whether UTF-8 is well-formed is checked by the decoders.
    pub fn to_utf8(self, body: &[u8]) -> Result<Cow<'_, [u8]>, Malformed> {
        match self {
            Self::Utf8 => Ok(Cow::Borrowed(body)),
            Self::Utf16 => utf16(body).map(|text| Cow::Owned(text.into_bytes())),
        }
    }
}

fn utf16(body: &[u8]) -> Result<String, Malformed> {
    let (body, big) = if let Some(rest) = body.strip_prefix(&[0xFE, 0xFF]) {
        (rest, true)
    } else {
        (body.strip_prefix(&[0xFF, 0xFE]).unwrap_or(body), false)
    };
    let (units, rest) = body.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Malformed::Charset);
    }
    let units = units.iter().map(|&pair| if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) });
    char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| Malformed::Charset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_decides() {
        for (content_type, charset) in [
            ("application/soap+xml", Ok(Charset::Utf8)),
            ("application/soap+xml;charset=UTF-8", Ok(Charset::Utf8)),
            ("application/soap+xml; charset=\"utf-8\"; x=y", Ok(Charset::Utf8)),
            ("application/soap+xml;charset=UTF-16", Ok(Charset::Utf16)),
            ("application/soap+xml;Charset=utf-16le", Ok(Charset::Utf16)),
            ("application/soap+xml;charset=latin1", Err(Malformed::Charset)),
            ("application/soap+xml;charset=UTF-8;charset=UTF-16", Err(Malformed::Charset)),
        ] {
            assert_eq!(Charset::of_content_type(content_type), charset, "{content_type}");
        }
    }

    #[test]
    fn utf16_is_transcoded() {
        let text = "<a>\u{e4}\u{1f600}</a>";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [&[0xFF, 0xFE], little.as_slice()].concat();
        let marked_big = [&[0xFE, 0xFF], big.as_slice()].concat();
        for body in [&little, &marked, &marked_big] {
            assert_eq!(Charset::Utf16.to_utf8(body).unwrap(), text.as_bytes());
        }
        assert_eq!(Charset::Utf16.to_utf8(&[0x41]), Err(Malformed::Charset));
        assert_eq!(Charset::Utf16.to_utf8(&[0x00, 0xD8]), Err(Malformed::Charset));
        assert!(matches!(Charset::Utf8.to_utf8(b"x"), Ok(Cow::Borrowed(b"x"))));
    }
}
