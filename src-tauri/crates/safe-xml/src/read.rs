//! The pull reader.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event as Raw};
use quick_xml::name::ResolveResult;

use crate::text::{Piece, character_reference};

/// How much of everything a document may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Elements inside each other.
    pub depth: usize,
    /// Elements, texts and comments in the whole document.
    pub nodes: usize,
    /// Attributes in the whole document.
    pub attributes: usize,
}

impl Limits {
    /// For a WS-Management envelope.
    pub const SOAP: Self = Self { depth: 64, nodes: 50_000, attributes: 20_000 };
}

/// The most attributes that one element may have.
const ATTRIBUTES_OF_ONE: usize = 256;

/// The longest name of a namespace, in bytes: each element is given a copy of its own.
const NAMESPACE: usize = 1_024;

/// A part of the document.
#[derive(Debug)]
pub enum Event<'a> {
    /// An element begins. An empty element begins and ends.
    Start(Start<'a>),
    /// Text in content, references resolved.
    Text(Cow<'a, str>),
    /// The innermost element ends.
    End,
    /// The document is over.
    Eof,
}

/// The start tag of an element.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    tag: BytesStart<'a>,
    namespace: Option<String>,
}

/// Why a document was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The offset in the input, in bytes, at or shortly after the place.
    pub offset: u64,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The input is not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// The input is not well-formed.
    #[error("malformed XML: {0}")]
    Malformed(String),
    /// It holds a DTD or a processing instruction.
    #[error("{0} is not accepted")]
    Forbidden(&'static str),
    /// It refers to an entity that is not one of the five.
    #[error("unknown entity")]
    UnknownEntity,
    /// It is larger than the limits allow.
    #[error("more than {limit} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// An element stands where only text may.
    #[error("an element where text was expected")]
    UnexpectedElement,
    /// The document ends inside an element.
    #[error("the document ends too early")]
    UnexpectedEnd,
}

/// A pull reader over one document.
pub struct Reader<'a> {
    inner: NsReader<&'a [u8]>,
    limits: Limits,
    depth: usize,
    nodes: usize,
    attributes: usize,
    namespaces: bool,
}

impl<'a> Reader<'a> {
    /// A reader that resolves namespaces.
    ///
    /// # Errors
    /// When the input is not UTF-8. A byte order mark is skipped.
    pub fn new(input: &'a [u8], limits: Limits) -> Result<Self, Error> {
        let text = std::str::from_utf8(input).map_err(|error| Error {
            kind: ErrorKind::NotUtf8,
            offset: u64::try_from(error.valid_up_to()).unwrap_or(u64::MAX),
        })?;
        let mut inner = NsReader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        inner.config_mut().expand_empty_elements = true;
        Ok(Self { inner, limits, depth: 0, nodes: 0, attributes: 0, namespaces: true })
    }

    /// A reader for a vocabulary without namespaces: [`Start::namespace`] is always `None`.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub fn without_namespaces(input: &'a [u8], limits: Limits) -> Result<Self, Error> {
        Ok(Self { namespaces: false, ..Self::new(input, limits)? })
    }

    /// The offset of the next byte to read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.inner.buffer_position()
    }

    /// How many elements are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The next part of the document. Comments are passed over.
    ///
    /// # Errors
    /// When the document is refused; the reader is of no use afterwards, except when an element stood where only text
    /// may: that element is open then, and can be passed over.
    #[allow(clippy::should_implement_trait, reason = "it borrows nothing and can fail")]
    pub fn next(&mut self) -> Result<Event<'a>, Error> {
        loop {
            match self.raw()? {
                Raw::Start(tag) => return self.start(tag).map(Event::Start),
                Raw::End(_) => return Ok(Event::End),
                Raw::Text(text) => return Ok(Event::Text(lines(text.into_inner()))),
                Raw::CData(text) => return Ok(Event::Text(lines(text.into_inner()))),
                Raw::GeneralRef(name) => {
                    let code = self.resolve(&name)?;
                    let Some(character) = char::from_u32(code) else {
                        return Err(self.error(ErrorKind::Malformed("a reference to no character".to_owned())));
                    };
                    return Ok(Event::Text(Cow::Owned(character.to_string())));
                }
                Raw::Eof if self.depth == 0 => return Ok(Event::Eof),
                Raw::Eof => return Err(self.error(ErrorKind::UnexpectedEnd)),
                _ => {}
            }
        }
    }

    /// The next start tag or end tag; text between elements is passed over.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn next_element(&mut self) -> Result<Option<Start<'a>>, Error> {
        loop {
            match self.next()? {
                Event::Start(start) => return Ok(Some(start)),
                Event::End | Event::Eof => return Ok(None),
                Event::Text(_) => {}
            }
        }
    }

    /// The text of the element whose start was just read, up to and with its end tag.
    ///
    /// # Errors
    /// When an element stands inside, or as [`Reader::next`].
    pub fn text(&mut self) -> Result<Cow<'a, str>, Error> {
        let mut all: Cow<'a, str> = Cow::Borrowed("");
        loop {
            match self.next()? {
                Event::Text(text) if all.is_empty() => all = text,
                Event::Text(text) => all.to_mut().push_str(&text),
                Event::End => return Ok(all),
                Event::Start(_) => return Err(self.error(ErrorKind::UnexpectedElement)),
                Event::Eof => return Err(self.error(ErrorKind::UnexpectedEnd)),
            }
        }
    }

    /// As [`Reader::text`], but hands over the runs of the text as they come, and with references to code points that
    /// are no XML characters: PowerShell writes U+FFFE, U+FFFF and reads halves of surrogate pairs that way.
    ///
    /// # Errors
    /// As [`Reader::text`].
    pub fn pieces(&mut self, mut take: impl FnMut(Piece<'a>)) -> Result<(), Error> {
        loop {
            match self.raw()? {
                Raw::Text(text) => take(Piece::Text(lines(text.into_inner()))),
                Raw::CData(text) => take(Piece::Text(lines(text.into_inner()))),
                Raw::GeneralRef(name) => {
                    let code = self.resolve(&name)?;
                    take(Piece::Code(code));
                }
                Raw::End(_) => return Ok(()),
                Raw::Start(_) => return Err(self.error(ErrorKind::UnexpectedElement)),
                Raw::Eof => return Err(self.error(ErrorKind::UnexpectedEnd)),
                _ => {}
            }
        }
    }

    /// Passes over the rest of the innermost open element.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn skip(&mut self) -> Result<(), Error> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if matches!(self.raw()?, Raw::Eof) {
                return Err(self.error(ErrorKind::UnexpectedEnd));
            }
        }
        Ok(())
    }

    /// An error at the present place.
    #[must_use]
    pub fn error(&self, kind: ErrorKind) -> Error {
        Error { kind, offset: self.offset() }
    }

    /// Reads one event, counts it, and refuses what is not accepted at all.
    fn raw(&mut self) -> Result<Raw<'a>, Error> {
        let event = self.inner.read_event().map_err(|error| self.error(ErrorKind::Malformed(error.to_string())))?;
        if !matches!(event, Raw::Eof) {
            self.nodes = self.nodes.saturating_add(1);
        }
        match &event {
            Raw::Start(_) => {
                self.depth = self.depth.saturating_add(1);
                self.within(self.depth, self.limits.depth, "levels of elements")?;
            }
            Raw::End(_) => self.depth = self.depth.saturating_sub(1),
            Raw::DocType(_) => return Err(self.error(ErrorKind::Forbidden("a document type"))),
            Raw::PI(_) => return Err(self.error(ErrorKind::Forbidden("a processing instruction"))),
            Raw::Decl(_) if self.depth > 0 || self.nodes > 1 => {
                return Err(self.error(ErrorKind::Forbidden("an XML declaration inside the document")));
            }
            _ => {}
        }
        // A start and its end are one node; the limit is on what a tree of the document would hold.
        self.within(self.nodes, self.limits.nodes.saturating_mul(2), "nodes")?;
        Ok(event)
    }

    fn start(&mut self, tag: BytesStart<'a>) -> Result<Start<'a>, Error> {
        let mut count: usize = 0;
        if !tag.attributes_raw().is_empty() {
            for attribute in tag.attributes() {
                attribute.map_err(|error| self.error(ErrorKind::Malformed(error.to_string())))?;
                count = count.saturating_add(1);
                // Checked inside the loop: the search for duplicates grows with the square of the count.
                self.within(count, ATTRIBUTES_OF_ONE, "attributes of one element")?;
            }
        }
        self.attributes = self.attributes.saturating_add(count);
        self.within(self.attributes, self.limits.attributes, "attributes")?;
        let namespace = if self.namespaces {
            match self.inner.resolver().resolve_element(tag.name()).0 {
                ResolveResult::Bound(namespace) => {
                    self.within(namespace.0.len(), NAMESPACE, "bytes in the name of a namespace")?;
                    Some(namespace.0.to_owned())
                }
                ResolveResult::Unbound => None,
                ResolveResult::Unknown(_) => {
                    return Err(self.error(ErrorKind::Malformed("an unknown namespace prefix".to_owned())));
                }
            }
        } else {
            None
        };
        Ok(Start { tag, namespace })
    }

    fn resolve(&self, name: &str) -> Result<u32, Error> {
        character_reference(name).ok_or_else(|| self.error(ErrorKind::UnknownEntity))
    }

    fn within(&self, count: usize, limit: usize, what: &'static str) -> Result<(), Error> {
        if count <= limit { Ok(()) } else { Err(self.error(ErrorKind::TooMuch { what, limit })) }
    }
}

impl Start<'_> {
    /// The name without its prefix.
    #[must_use]
    pub fn name(&self) -> &str {
        self.tag.local_name().into_inner()
    }

    /// The namespace, where the reader resolves them.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Whether this is the element of that namespace and name.
    #[must_use]
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.name() == name && self.namespace() == Some(namespace)
    }

    /// The value of the attribute with this name, whatever its prefix.
    ///
    /// # Errors
    /// When the value holds an unknown entity.
    pub fn attribute(&self, name: &str) -> Result<Option<Cow<'_, str>>, Error> {
        for attribute in self.tag.attributes().with_checks(false).flatten() {
            if attribute.key.local_name().into_inner() == name {
                return attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map(Some)
                    .map_err(|error| Error { kind: ErrorKind::Malformed(error.to_string()), offset: 0 });
            }
        }
        Ok(None)
    }

    /// The value of an attribute as it stands in the document, references and all.
    #[must_use]
    pub fn raw_attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut attributes = self.tag.attributes();
        let mut all = attributes.with_checks(false).flatten();
        all.find(|attribute| attribute.key.local_name().into_inner() == name).map(|found| found.value)
    }
}

/// Line ends as XML wants them (section 2.11): CR LF and CR become LF.
fn lines(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text }
}
