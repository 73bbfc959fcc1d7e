//! The frame around a sealed body. Protocol notes, section 2.2.
//!
//! The binary part is found by arithmetic on lengths: the boundary may well occur inside ciphertext.

use crate::charset::Charset;

/// `Content-Type` of a request or answer with a sealed body.
pub const CONTENT_TYPE: &str = concat!(
    "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";",
    "boundary=\"Encrypted Boundary\""
);
/// What comes behind the ciphertext, without a line end before it.
pub const TAIL: &str = "--Encrypted Boundary--\r\n";

const PROTOCOL: &str = "application/HTTP-SPNEGO-session-encrypted";
const BOUNDARY_LINE: &str = "--Encrypted Boundary";
const BOUNDARY: &str = "Encrypted Boundary";
/// The longest line of a part's headers that is read.
const LINE: usize = 256;
/// What lengths the signature may have.
const SIGNATURE: std::ops::RangeInclusive<usize> = 16..=256;

/// Why a sealed body is refused; the session ends (S-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The content type is not that of sealed bodies.
    #[error("the content type is not multipart/encrypted")]
    ContentType,
    /// The protocol does not belong to the scheme `Negotiate`.
    #[error("the protocol of the sealed body is not SPNEGO")]
    Protocol,
    /// The boundary is another one.
    #[error("another boundary")]
    Boundary,
    /// A header of a part is missing, doubled, unknown or wrong.
    #[error("the headers of a part are wrong")]
    PartHeader,
    /// The encoding is not accepted.
    #[error("the character encoding is not accepted")]
    Charset,
    /// The length of the signature is outside 16 to 256 bytes.
    #[error("the signature has {0} bytes")]
    SignatureLength(usize),
    /// The length of the data is not the one announced.
    #[error("{found} bytes of data where {announced} were announced")]
    Length {
        /// Bytes that the header announces
        announced: usize,
        /// Bytes between signature and tail
        found: usize,
    },
    /// The body ends too early or its end is another.
    #[error("the end of the sealed body is missing")]
    Tail,
}

/// The headers of both parts and the length of the signature: everything before the signature itself.
/// Lengths in bytes.
#[must_use]
pub fn head(plain_length: usize, signature_length: u32) -> Vec<u8> {
    let mut head = format!(
        "{BOUNDARY_LINE}\r\n\tContent-Type: {PROTOCOL}\r\n\
         \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={plain_length}\r\n\
         {BOUNDARY_LINE}\r\n\tContent-Type: application/octet-stream\r\n"
    )
    .into_bytes();
    head.extend_from_slice(&signature_length.to_le_bytes());
    head
}

/// Frames a body: `seal` encrypts it in place inside the frame and gives the signature.
#[must_use]
pub fn frame<const SIGNATURE_LENGTH: usize>(
    plain: &[u8],
    seal: impl FnOnce(&mut [u8]) -> [u8; SIGNATURE_LENGTH],
) -> Vec<u8> {
    let mut body = head(plain.len(), u32::try_from(SIGNATURE_LENGTH).unwrap_or(u32::MAX));
    let start = body.len();
    body.reserve_exact(SIGNATURE_LENGTH.saturating_add(plain.len()).saturating_add(TAIL.len()));
    body.extend_from_slice(&[0; SIGNATURE_LENGTH]);
    body.extend_from_slice(plain);
    if let Some((room, data)) = body.get_mut(start..).and_then(|rest| rest.split_first_chunk_mut()) {
        *room = seal(data);
    }
    body.extend_from_slice(TAIL.as_bytes());
    body
}

/// A sealed body that has been read. The data is still encrypted and is unsealed in place.
#[derive(Debug, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// The signature; for NTLM 16 bytes
    pub signature: &'a [u8],
    /// The ciphertext, as long as the plaintext
    pub data: &'a mut [u8],
    /// The encoding of the plaintext
    pub charset: Charset,
}

/// Checks the `Content-Type` of a sealed body. Upper and lower case are the same but in the boundary.
///
/// # Errors
/// [`MultipartError::ContentType`], [`MultipartError::Protocol`] (a server answers that with 415) or
/// [`MultipartError::Boundary`].
pub fn check_content_type(content_type: &str) -> Result<(), MultipartError> {
    let mut parts = content_type.split(';');
    let kind = parts.next().unwrap_or_default().trim_ascii();
    if !kind.eq_ignore_ascii_case("multipart/encrypted") {
        return Err(MultipartError::ContentType);
    }
    let (mut protocol, mut boundary) = (None, None);
    for part in parts {
        let (name, value) = part.split_once('=').ok_or(MultipartError::ContentType)?;
        let value = value.trim_ascii();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        let slot = match name.trim_ascii() {
            name if name.eq_ignore_ascii_case("protocol") => &mut protocol,
            name if name.eq_ignore_ascii_case("boundary") => &mut boundary,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(MultipartError::ContentType);
        }
    }
    if !protocol.is_some_and(|value| value.eq_ignore_ascii_case(PROTOCOL)) {
        return Err(MultipartError::Protocol);
    }
    if boundary == Some(BOUNDARY) { Ok(()) } else { Err(MultipartError::Boundary) }
}

/// Reads a sealed body. A missing tab before a part's header and other letter case of headers are accepted, nothing else.
///
/// # Errors
/// When anything is not as the format wants it.
pub fn parse(body: &mut [u8]) -> Result<Sealed<'_>, MultipartError> {
    let (head, rest) = Head::read(body)?;
    let at = body.len().checked_sub(rest).ok_or(MultipartError::Tail)?;
    let (_, rest) = body.split_at_mut_checked(at).ok_or(MultipartError::Tail)?;
    let (length, rest) = rest.split_first_chunk_mut().ok_or(MultipartError::Tail)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if !SIGNATURE.contains(&length) {
        return Err(MultipartError::SignatureLength(length));
    }
    let (signature, rest) = rest.split_at_mut_checked(length).ok_or(MultipartError::Tail)?;
    let end = rest.len().checked_sub(TAIL.len()).ok_or(MultipartError::Tail)?;
    let (data, tail) = rest.split_at_mut_checked(end).ok_or(MultipartError::Tail)?;
    if data.len() != head.length {
        return Err(MultipartError::Length { announced: head.length, found: data.len() });
    }
    if tail != TAIL.as_bytes() {
        return Err(MultipartError::Tail);
    }
    Ok(Sealed { signature, data, charset: head.charset })
}

/// What the headers of both parts say.
struct Head {
    length: usize,
    charset: Charset,
}

impl Head {
    /// Reads the headers of both parts; also says how many bytes come behind them.
    fn read(body: &[u8]) -> Result<(Self, usize), MultipartError> {
        let mut lines = Lines { rest: body };
        lines.boundary()?;
        let (mut protocol, mut original) = (false, None);
        for _ in 0..2 {
            let (name, value) = lines.header()?;
            if name.eq_ignore_ascii_case("Content-Type") && !protocol {
                protocol = value.eq_ignore_ascii_case(PROTOCOL);
                if !protocol {
                    return Err(MultipartError::Protocol);
                }
            } else if name.eq_ignore_ascii_case("OriginalContent") && original.is_none() {
                original = Some(Self::original(value)?);
            } else {
                return Err(MultipartError::PartHeader);
            }
        }
        lines.boundary()?;
        let (name, value) = lines.header()?;
        if !name.eq_ignore_ascii_case("Content-Type") || !value.eq_ignore_ascii_case("application/octet-stream") {
            return Err(MultipartError::PartHeader);
        }
        Ok((original.ok_or(MultipartError::PartHeader)?, lines.rest.len()))
    }

    /// `type=application/soap+xml;charset=UTF-8;Length=123`
    fn original(value: &str) -> Result<Self, MultipartError> {
        let (mut kind, mut charset, mut length) = (None, None, None);
        for part in value.split(';') {
            let (name, value) = part.split_once('=').ok_or(MultipartError::PartHeader)?;
            let slot = match name.trim_ascii() {
                name if name.eq_ignore_ascii_case("type") => &mut kind,
                name if name.eq_ignore_ascii_case("charset") => &mut charset,
                name if name.eq_ignore_ascii_case("Length") => &mut length,
                _ => return Err(MultipartError::PartHeader),
            };
            if slot.replace(value.trim_ascii()).is_some() {
                return Err(MultipartError::PartHeader);
            }
        }
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/soap+xml")) {
            return Err(MultipartError::PartHeader);
        }
        let charset = match charset {
            Some(name) => Charset::of_name(name.trim_matches('"')).ok_or(MultipartError::Charset)?,
            None => Charset::Utf8,
        };
        let digits = length.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        let length = digits.and_then(|digits| digits.parse().ok()).ok_or(MultipartError::PartHeader)?;
        Ok(Self { length, charset })
    }
}

/// The lines before the binary data.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, MultipartError> {
        let window = self.rest.get(..LINE).unwrap_or(self.rest);
        let end = window.windows(2).position(|pair| pair == b"\r\n").ok_or(MultipartError::PartHeader)?;
        let (line, rest) = self.rest.split_at_checked(end).ok_or(MultipartError::PartHeader)?;
        self.rest = rest.strip_prefix(b"\r\n").ok_or(MultipartError::PartHeader)?;
        std::str::from_utf8(line).map_err(|_| MultipartError::PartHeader)
    }

    fn boundary(&mut self) -> Result<(), MultipartError> {
        if self.next()? == BOUNDARY_LINE { Ok(()) } else { Err(MultipartError::Boundary) }
    }

    fn header(&mut self) -> Result<(&'a str, &'a str), MultipartError> {
        let line = self.next()?;
        let (name, value) = line.split_once(':').ok_or(MultipartError::PartHeader)?;
        Ok((name.strip_prefix('\t').unwrap_or(name), value.trim_ascii()))
    }
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
