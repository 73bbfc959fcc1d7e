//! Walking through an envelope, for both sides.

use std::borrow::Cow;

use safe_xml::{ErrorKind, Event, Limits, Reader, Start};

use crate::error::Malformed;
use crate::names::SOAP;

/// The longest text that is kept of a header, an id, a reason or another short field, in bytes.
pub(crate) const FIELD: usize = 64 * 1024;

/// A reader inside an envelope.
pub(crate) struct Walk<'a> {
    reader: Reader<'a>,
}

impl<'a> Walk<'a> {
    /// Opens an envelope; the reader stands before its first child.
    pub(crate) fn envelope(document: &'a [u8]) -> Result<Self, Malformed> {
        if document.trim_ascii().is_empty() {
            return Err(Malformed::Empty);
        }
        let mut walk = Self { reader: Reader::new(document, Limits::SOAP)? };
        loop {
            match walk.reader.next()? {
                Event::Start(start) if start.is(SOAP, "Envelope") => return Ok(walk),
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                Event::Start(_) | Event::End | Event::Text(_) | Event::Eof => return Err(Malformed::NotSoap),
            }
        }
    }

    /// Makes sure that nothing follows the envelope.
    pub(crate) fn end(mut self) -> Result<(), Malformed> {
        loop {
            match self.reader.next()? {
                Event::Eof => return Ok(()),
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                Event::Start(_) | Event::End | Event::Text(_) => return Err(Malformed::NotSoap),
            }
        }
    }

    /// The next child of the element that is open, or `None` after its end. Text between children is passed over.
    pub(crate) fn child(&mut self) -> Result<Option<Start<'a>>, Malformed> {
        loop {
            match self.reader.next()? {
                Event::Start(start) => return Ok(Some(start)),
                Event::End => return Ok(None),
                Event::Text(_) => {}
                Event::Eof => return Err(self.reader.error(ErrorKind::UnexpectedEnd).into()),
            }
        }
    }

    /// Passes over the element that was just opened.
    pub(crate) fn skip(&mut self) -> Result<(), Malformed> {
        Ok(self.reader.skip()?)
    }

    /// All text of the element that was just opened, white space and all, up to its end.
    pub(crate) fn whole_text(&mut self) -> Result<Cow<'a, str>, Malformed> {
        Ok(self.reader.text()?)
    }

    /// The text of the element that was just opened, without white space at its ends.
    pub(crate) fn text(&mut self, what: &'static str) -> Result<String, Malformed> {
        let text = self.whole_text()?;
        short(&text, what)
    }

    /// As [`Walk::text`], with an empty text as nothing.
    pub(crate) fn optional_text(&mut self, what: &'static str) -> Result<Option<String>, Malformed> {
        Ok(Some(self.text(what)?).filter(|text| !text.is_empty()))
    }

    /// The text of the element that was just opened and of everything in it, cut at [`FIELD`] bytes, and what `inside`
    /// thinks worth keeping of the elements in it.
    pub(crate) fn deep_text(
        &mut self,
        inside: &mut dyn FnMut(&Start<'a>) -> Result<(), Malformed>,
    ) -> Result<String, Malformed> {
        let mut all = String::new();
        let outside = self.reader.depth().saturating_sub(1);
        while self.reader.depth() > outside {
            match self.reader.next()? {
                Event::Start(start) => inside(&start)?,
                Event::Text(text) => {
                    let mut end = text.len().min(FIELD.saturating_sub(all.len()));
                    while !text.is_char_boundary(end) {
                        end = end.saturating_sub(1);
                    }
                    all.push_str(text.get(..end).unwrap_or_default());
                }
                Event::End => {}
                Event::Eof => return Err(self.reader.error(ErrorKind::UnexpectedEnd).into()),
            }
        }
        Ok(all.trim_ascii().to_owned())
    }
}

/// A short text without white space at its ends.
pub(crate) fn short(text: &str, what: &'static str) -> Result<String, Malformed> {
    let text = text.trim_ascii();
    if text.len() <= FIELD { Ok(text.to_owned()) } else { Err(Malformed::TooLong(what)) }
}

/// An attribute.
pub(crate) fn attribute(start: &Start<'_>, name: &'static str) -> Result<Option<String>, Malformed> {
    match start.attribute(name)? {
        Some(value) => short(&value, name).map(Some),
        None => Ok(None),
    }
}

/// Whether an attribute of XML schema says yes.
pub(crate) fn flag(start: &Start<'_>, name: &'static str) -> Result<bool, Malformed> {
    Ok(start
        .attribute(name)?
        .is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case("true") || value.trim_ascii() == "1"))
}

/// Keeps a value that may stand there once.
pub(crate) fn once<T>(slot: &mut Option<T>, value: T, what: &'static str) -> Result<(), Malformed> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Malformed::Twice(what)),
    }
}

/// The part of a qualified name behind the prefix.
pub(crate) fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
