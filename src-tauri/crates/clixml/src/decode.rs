//! Reading values.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use safe_xml::{ErrorKind, Piece, Reader, Start, character_reference};

use crate::escape::{Unescaper, unescape};
use crate::float::{parse_double, parse_single};
use crate::text_forms::{parse_guid, uri_is_valid};
use crate::{
    Content, DateTime, Decimal, Object, ProgressRecord, Property, PsString, SecureString, TimeSpan, Unreadable, Value,
    Version,
};

/// How much a value may hold. PowerShell's own depth is 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects inside each other. Along references to earlier objects it may be four times as deep.
    pub depth: usize,
    /// Objects in all; each can be referred to.
    pub references: usize,
    /// Elements and texts in all. Values may be three times as many when an object counts again wherever it is referred
    /// to.
    pub nodes: usize,
}

impl Limits {
    /// What is read from an endpoint.
    pub const DEFAULT: Self = Self { depth: 48, references: 100_000, nodes: 1_200_000 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The XML is refused.
    #[error(transparent)]
    Xml(#[from] safe_xml::Error),
    /// An element that CLIXML does not have, or not here.
    #[error("unknown element <{name}> at byte {offset}")]
    UnknownElement {
        /// The element's name.
        name: String,
        /// The offset in bytes.
        offset: u64,
    },
    /// The text of an element is not what its type wants.
    #[error("<{element}> at byte {offset} holds no such value")]
    BadText {
        /// The element's name.
        element: &'static str,
        /// The offset in bytes.
        offset: u64,
    },
    /// A reference to an object or type that was not there before, or an id given twice.
    #[error("reference {id} at byte {offset} cannot be resolved")]
    BadReference {
        /// The reference id.
        id: String,
        /// The offset in bytes.
        offset: u64,
    },
    /// The value is deeper than the limit.
    #[error("objects more than {0} deep")]
    TooDeep(usize),
    /// The value has more objects than the limit.
    #[error("more than {0} objects")]
    TooMany(usize),
    /// The value is small only as long as nobody follows its references.
    #[error("more than {0} values along the references")]
    TooLarge(usize),
    /// The same of its texts.
    #[error("more than {0} bytes of text along the references")]
    TooLong(usize),
    /// There is no value, or something after it.
    #[error("there is not exactly one value")]
    NotOne,
}

/// Reads one value: the data of a PSRP message. Data of length zero is `$null`. A part of it that is no value becomes
/// [`Value::Unreadable`] and leaves the rest as it is.
///
/// # Errors
/// When the data is not one CLIXML element, refers to what is not there, or is larger than [`Limits::DEFAULT`].
pub fn decode(data: &[u8]) -> Result<Value, DecodeError> {
    decode_with(data, &Limits::DEFAULT)
}

/// As [`decode`] with other limits. An `Objs` element around one value is accepted.
///
/// # Errors
/// As [`decode`].
pub fn decode_with(data: &[u8], limits: &Limits) -> Result<Value, DecodeError> {
    if data.is_empty() {
        return Ok(Value::Null);
    }
    // Each level of objects is at most three elements: the object, its container, an entry.
    let depth = limits.depth.saturating_mul(3).saturating_add(4);
    let xml = safe_xml::Limits { depth, nodes: limits.nodes, attributes: limits.nodes };
    let reader = Reader::without_namespaces(data, xml)?;
    let text = std::str::from_utf8(data).unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut decoder = Decoder {
        reader,
        text,
        unreadable: 0,
        keep: text.len(),
        first_error: None,
        limits: *limits,
        objects: HashMap::new(),
        types: HashMap::new(),
        open: Vec::new(),
        count: 0,
        below: Extent::default(),
    };
    let mut start = decoder.reader.next_element()?.ok_or(DecodeError::NotOne)?;
    let wrapped = start.name() == "Objs";
    if wrapped {
        start = decoder.reader.next_element()?.ok_or(DecodeError::NotOne)?;
    }
    let value = decoder.value(&start)?;
    if wrapped && decoder.reader.next_element()?.is_some() {
        return Err(DecodeError::NotOne);
    }
    match decoder.reader.next_element()? {
        None if decoder.reader.depth() == 0 => {}
        _ => return Err(DecodeError::NotOne),
    }
    match (value, decoder.first_error) {
        // All of it is unreadable.
        (Value::Unreadable(_), Some(error)) => Err(error),
        (value, _) => Ok(value),
    }
}

/// The most values of a message that may be unreadable; with more of them it is not what it claims to be.
const UNREADABLE: usize = 1_000;

/// Whether only the value is wrong, and not the message around it.
fn is_local(error: &DecodeError) -> bool {
    match error {
        DecodeError::BadText { .. } | DecodeError::UnknownElement { .. } => true,
        DecodeError::Xml(error) => error.kind == ErrorKind::UnexpectedElement,
        _ => false,
    }
}

struct Decoder<'a> {
    reader: Reader<'a>,
    /// What the reader's offsets count in.
    text: &'a str,
    /// Unreadable values so far.
    unreadable: usize,
    /// How many bytes of what stood there may still be kept: as many as there are, also when they lie in each other.
    keep: usize,
    first_error: Option<DecodeError>,
    limits: Limits,
    /// Objects by reference id; `None` while the object is being read.
    objects: HashMap<u64, Option<(Arc<Object>, Extent)>>,
    /// Type names by reference id, and what they add to every object that has them.
    types: HashMap<u64, (Arc<[PsString]>, Extent)>,
    /// Reference ids of the objects that are being read.
    open: Vec<Option<u64>>,
    /// Objects so far.
    count: usize,
    /// What was read so far inside the innermost open object.
    below: Extent,
}

/// How far a value goes for somebody who follows its references. Walking, writing or dropping it takes that much stack
/// and time, however few bytes it has.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    /// Levels of objects and of member sets inside them.
    height: usize,
    /// Values, shared ones counted each time.
    values: usize,
    /// Bytes of texts, names and type names, shared ones counted each time. Whoever puts the texts together has as many.
    bytes: usize,
}

/// A value of so many bytes without anything in it.
fn bytes(bytes: usize) -> Extent {
    Extent { bytes, ..Extent::default() }
}

/// How much deeper than by nesting an object may be along references.
const DEEPER_BY_REFERENCE: usize = 4;

/// How many more values than nodes there may be along references.
const MORE_BY_REFERENCE: usize = 3;

/// The most bytes of text there may be along references (P-23). More than any message has without them.
const BYTES_BY_REFERENCE: usize = 256 << 20;

type Outcome<T> = Result<T, DecodeError>;

impl<'a> Decoder<'a> {
    /// Reads the element whose start was read. One that is no value is passed over and kept as unreadable.
    fn value(&mut self, start: &Start<'a>) -> Outcome<Value> {
        let outside = self.reader.depth().saturating_sub(1);
        let begin = self.reader.offset();
        let (open, below) = (self.open.len(), self.below);
        match self.readable(start) {
            Err(error) if self.unreadable < UNREADABLE && is_local(&error) => {
                self.open.truncate(open);
                self.below = below;
                while self.reader.depth() > outside {
                    self.reader.skip()?;
                }
                self.unreadable = self.unreadable.saturating_add(1);
                let source = self.source(begin);
                let value = Unreadable::new(start.name(), &error, source);
                self.first_error.get_or_insert(error);
                self.extend(bytes(value.source.len()))?;
                Ok(Value::Unreadable(Box::new(value)))
            }
            other => other,
        }
    }

    /// What stood between the tags of the element that began before this offset and was just passed over.
    fn source(&mut self, begin: u64) -> &'a str {
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let inside = self.text.get(place(begin)..place(self.reader.offset())).unwrap_or_default();
        let inside = inside.rfind("</").and_then(|end| inside.get(..end)).unwrap_or_default();
        let kept = inside.get(..inside.len().min(self.keep)).unwrap_or_default();
        self.keep = self.keep.saturating_sub(kept.len());
        kept
    }

    fn readable(&mut self, start: &Start<'a>) -> Outcome<Value> {
        let value = match start.name() {
            "S" => Value::String(self.string()?),
            "Obj" => return self.object(start),
            "Ref" => return self.object_reference(start),
            "Nil" => {
                self.reader.skip()?;
                Value::Null
            }
            "I32" => Value::I32(self.number("I32")?),
            "I64" => Value::I64(self.number("I64")?),
            "B" => {
                let offset = self.reader.offset();
                match self.reader.text()?.trim() {
                    "true" | "1" => Value::Bool(true),
                    "false" | "0" => Value::Bool(false),
                    _ => return Err(DecodeError::BadText { element: "B", offset }),
                }
            }
            "C" => Value::Char(self.number("C")?),
            "By" => Value::U8(self.number("By")?),
            "SB" => Value::I8(self.number("SB")?),
            "U16" => Value::U16(self.number("U16")?),
            "I16" => Value::I16(self.number("I16")?),
            "U32" => Value::U32(self.number("U32")?),
            "U64" => Value::U64(self.number("U64")?),
            "Sg" => Value::Single(self.parsed("Sg", parse_single)?),
            "Db" => Value::Double(self.parsed("Db", parse_double)?),
            "D" => Value::Decimal(self.parsed("D", Decimal::parse)?),
            "DT" => Value::DateTime(self.parsed("DT", DateTime::parse)?),
            "TS" => Value::TimeSpan(self.parsed("TS", TimeSpan::parse)?),
            "G" => Value::Guid(self.parsed("G", parse_guid)?),
            "Version" => Value::Version(self.parsed("Version", Version::parse)?),
            "BA" => {
                let data = self.parsed("BA", base64)?;
                self.count_bytes(data.len());
                Value::Bytes(data)
            }
            "SS" => {
                let data = self.parsed("SS", base64)?;
                self.count_bytes(data.len());
                Value::SecureString(SecureString(data))
            }
            "URI" => {
                let offset = self.reader.offset();
                let text = self.string()?;
                if !uri_is_valid(&text.to_string_lossy()) {
                    return Err(DecodeError::BadText { element: "URI", offset });
                }
                Value::Uri(text)
            }
            "XD" => Value::Xml(self.string()?),
            "SBK" => Value::ScriptBlock(self.string()?),
            "PR" => {
                // As large as an object, however little is in it.
                self.count_object()?;
                Value::Progress(Box::new(self.progress()?))
            }
            "MS" => return self.member_set(),
            "Unreadable" if start.raw_attribute("Element").is_some() => {
                let attribute = |name| start.attribute(name).ok().flatten().unwrap_or_default().into();
                let (element, reason) = (attribute("Element"), attribute("Reason"));
                let source = self.string()?.into_string_lossy().into();
                Value::Unreadable(Box::new(Unreadable { element, reason, source }))
            }
            other => return Err(self.unknown(other)),
        };
        // Objects and references to them have counted themselves.
        self.extend(Extent::default())?;
        Ok(value)
    }

    fn object(&mut self, start: &Start<'a>) -> Outcome<Value> {
        if self.open.len() >= self.limits.depth {
            return Err(DecodeError::TooDeep(self.limits.depth));
        }
        self.count_object()?;
        let id = self.id(start)?;
        if let Some(id) = id
            && self.objects.insert(id, None).is_some()
        {
            return Err(self.bad_reference(&id.to_string()));
        }
        self.open.push(id);
        let beside = std::mem::take(&mut self.below);
        let mut object = Object::default();
        while let Some(child) = self.reader.next_element()? {
            self.part(&child, &mut object)?;
        }
        self.open.pop();
        let object = Arc::new(object);
        let extent = Extent { height: self.below.height.saturating_add(1), ..self.below };
        if let Some(id) = id {
            self.objects.insert(id, Some((Arc::clone(&object), extent)));
        }
        self.below = beside;
        self.extend(extent)?;
        Ok(Value::Object(object))
    }

    /// A member set among the properties of an object, or inside another one. Whoever walks it goes down a level too.
    fn member_set(&mut self) -> Outcome<Value> {
        let beside = std::mem::take(&mut self.below);
        let members = self.properties()?;
        let extent = Extent { height: self.below.height.saturating_add(1), ..self.below };
        self.below = beside;
        self.extend(extent)?;
        Ok(Value::MemberSet(members))
    }

    fn count_object(&mut self) -> Outcome<()> {
        if self.count >= self.limits.references {
            return Err(DecodeError::TooMany(self.limits.references));
        }
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// Counts text into the object that holds it. Whether it is too much is seen with the next value.
    fn count_bytes(&mut self, count: usize) {
        self.below.bytes = self.below.bytes.saturating_add(count);
    }

    /// Counts a value into the object that holds it.
    fn extend(&mut self, by: Extent) -> Outcome<()> {
        self.include(Extent { values: by.values.saturating_add(1), ..by })
    }

    /// Counts what is no value by itself into the object that holds it.
    fn include(&mut self, by: Extent) -> Outcome<()> {
        self.below.height = self.below.height.max(by.height);
        self.below.values = self.below.values.saturating_add(by.values);
        self.count_bytes(by.bytes);
        let most = self.limits.nodes.saturating_mul(MORE_BY_REFERENCE);
        if self.below.values > most {
            return Err(DecodeError::TooLarge(most));
        }
        if self.below.bytes > BYTES_BY_REFERENCE {
            return Err(DecodeError::TooLong(BYTES_BY_REFERENCE));
        }
        let deepest = self.limits.depth.saturating_mul(DEEPER_BY_REFERENCE);
        if self.open.len().saturating_add(self.below.height) > deepest {
            return Err(DecodeError::TooDeep(deepest));
        }
        Ok(())
    }

    /// Reads one child of an object, in whatever order they come.
    fn part(&mut self, child: &Start<'a>, object: &mut Object) -> Outcome<()> {
        match child.name() {
            "TN" => object.type_names = Some(self.type_names(child)?),
            "TNRef" => {
                let id = self.id(child)?;
                self.reader.skip()?;
                let known = id.and_then(|id| self.types.get(&id));
                let (names, extent) = known.cloned().ok_or_else(|| self.bad_reference(&format!("{id:?}")))?;
                self.include(extent)?;
                object.type_names = Some(names);
            }
            "ToString" => object.to_string = Some(self.string()?),
            "Props" => object.adapted.append(&mut self.properties()?),
            "MS" => object.extended.append(&mut self.properties()?),
            "LST" => object.content = Content::List(self.items()?),
            "IE" => object.content = Content::Enumerable(self.items()?),
            "STK" => object.content = Content::Stack(self.items()?),
            "QUE" => object.content = Content::Queue(self.items()?),
            "DCT" => object.content = Content::Dictionary(self.entries()?),
            _ => object.content = Content::Primitive(self.value(child)?),
        }
        Ok(())
    }

    fn type_names(&mut self, start: &Start<'a>) -> Outcome<Arc<[PsString]>> {
        let id = self.id(start)?;
        let mut names = Vec::new();
        while let Some(child) = self.reader.next_element()? {
            if child.name() != "T" {
                return Err(self.unknown(child.name()));
            }
            names.push(self.string()?);
        }
        let names: Arc<[PsString]> = names.into();
        // They count wherever they are referred to: an object has them all, however they are shared.
        let size = names.iter().map(PsString::size).fold(0, usize::saturating_add);
        let extent = Extent { values: names.len(), ..bytes(size) };
        // The texts have counted themselves.
        self.include(Extent { bytes: 0, ..extent })?;
        if let Some(id) = id
            && self.types.insert(id, (Arc::clone(&names), extent)).is_some()
        {
            return Err(self.bad_reference(&id.to_string()));
        }
        Ok(names)
    }

    fn object_reference(&mut self, start: &Start<'a>) -> Outcome<Value> {
        let id = self.id(start)?;
        self.reader.skip()?;
        let known = id.and_then(|id| self.objects.get(&id));
        match known {
            Some(Some((object, extent))) => {
                let (object, extent) = (Arc::clone(object), *extent);
                self.extend(extent)?;
                Ok(Value::Object(object))
            }
            Some(None) => {
                let levels = self.open.iter().rev().position(|open| *open == id);
                let levels = levels.and_then(|levels| u32::try_from(levels).ok());
                levels.map(Value::Enclosing).ok_or_else(|| self.bad_reference(&format!("{id:?}")))
            }
            None => Err(self.bad_reference(&format!("{id:?}"))),
        }
    }

    fn items(&mut self) -> Outcome<Vec<Value>> {
        let mut items = Vec::new();
        while let Some(child) = self.reader.next_element()? {
            items.push(self.value(&child)?);
        }
        items.shrink_to_fit();
        Ok(items)
    }

    fn entries(&mut self) -> Outcome<Vec<(Value, Value)>> {
        let mut entries = Vec::new();
        while let Some(entry) = self.reader.next_element()? {
            if entry.name() != "En" {
                return Err(self.unknown(entry.name()));
            }
            let (mut key, mut value) = (None, None);
            while let Some(child) = self.reader.next_element()? {
                let is_key = child.raw_attribute("N").is_some_and(|name| name == "Key");
                let read = self.value(&child)?;
                if is_key { key = Some(read) } else { value = Some(read) }
            }
            let offset = self.reader.offset();
            match (key, value) {
                (Some(key), Some(value)) if !key.is_null() => entries.push((key, value)),
                _ => return Err(DecodeError::BadText { element: "En", offset }),
            }
        }
        entries.shrink_to_fit();
        Ok(entries)
    }

    fn properties(&mut self) -> Outcome<Vec<Property>> {
        let mut properties = Vec::new();
        while let Some(child) = self.reader.next_element()? {
            let name = name_of(&child);
            self.count_bytes(name.size());
            properties.push(Property { name, value: self.value(&child)? });
        }
        properties.shrink_to_fit();
        Ok(properties)
    }

    fn progress(&mut self) -> Outcome<ProgressRecord> {
        let mut record = ProgressRecord { parent_id: -1, percent: -1, seconds: -1, ..ProgressRecord::default() };
        while let Some(child) = self.reader.next_element()? {
            match child.name() {
                "AV" => record.activity = self.string()?,
                "AI" => record.activity_id = self.number("AI")?,
                "S" => record.operation = Some(self.string()?),
                "PI" => record.parent_id = self.number("PI")?,
                "PC" => record.percent = self.number("PC")?,
                "T" => record.kind = self.string()?,
                "SR" => record.seconds = self.number("SR")?,
                "SD" => record.status = Some(self.string()?),
                _ => self.reader.skip()?,
            }
        }
        Ok(record)
    }

    fn string(&mut self) -> Outcome<PsString> {
        let mut text = Unescaper::default();
        self.reader.pieces(|piece| text.push(&piece))?;
        let text = text.finish();
        self.count_bytes(text.size());
        Ok(text)
    }

    fn number<T: std::str::FromStr>(&mut self, element: &'static str) -> Outcome<T> {
        self.parsed(element, |text| {
            let text = text.trim();
            // .NET reads a plus sign before the numbers that may have a minus sign.
            let plain = text.strip_prefix('+').filter(|_| matches!(element, "SB" | "I16" | "I32" | "I64"));
            let text = plain.unwrap_or(text);
            if text.starts_with('+') { None } else { text.parse().ok() }
        })
    }

    fn parsed<T>(&mut self, element: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Outcome<T> {
        let offset = self.reader.offset();
        parse(&self.reader.text()?).ok_or(DecodeError::BadText { element, offset })
    }

    fn id(&self, start: &Start<'_>) -> Outcome<Option<u64>> {
        match start.raw_attribute("RefId") {
            None => Ok(None),
            Some(text) => text.trim().parse().map(Some).map_err(|_| self.bad_reference(&text)),
        }
    }

    fn unknown(&self, name: &str) -> DecodeError {
        DecodeError::UnknownElement { name: name.chars().take(80).collect(), offset: self.reader.offset() }
    }

    fn bad_reference(&self, id: &str) -> DecodeError {
        DecodeError::BadReference { id: id.chars().take(40).collect(), offset: self.reader.offset() }
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
            .with_decode_allow_trailing_bits(true),
    );
    if text.bytes().any(|b| b.is_ascii_whitespace()) {
        let compact: String = text.split_ascii_whitespace().collect();
        return LENIENT.decode(compact).ok();
    }
    LENIENT.decode(text).ok()
}

/// The name of a property; one without a name has the empty one.
fn name_of(start: &Start<'_>) -> PsString {
    let Some(raw) = start.raw_attribute("N") else { return PsString::new() };
    if !raw.contains('&') {
        return unescape(&raw);
    }
    let mut name = Unescaper::default();
    let mut pieces = raw.split('&');
    name.push(&Piece::Text(pieces.next().unwrap_or_default().into()));
    for piece in pieces {
        let reference = piece.split_once(';').and_then(|(code, rest)| Some((character_reference(code)?, rest)));
        // One that is none is kept as it is: the name matters more than the rule.
        let (code, rest) = reference.unwrap_or((u32::from(b'&'), piece));
        name.push(&Piece::Code(code));
        name.push(&Piece::Text(rest.into()));
    }
    name.finish()
}
