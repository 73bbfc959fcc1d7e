//! Reading values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use safe_xml::{Event, Piece, Pieces, Reader, Start};
use uuid::Uuid;

use crate::float::{parse_double, parse_single};
use crate::{
    Content, DateTime, Decimal, Object, ProgressRecord, Property, PsString, SecureString, TimeSpan, Value, Version,
};

/// How much a value may hold. PowerShell's own depth is 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects inside each other. Along references to earlier objects it may be four times as deep.
    pub depth: usize,
    /// Objects in all; each can be referred to.
    pub references: usize,
    /// Elements and texts in all, also when an object counted again wherever it is referred to.
    pub nodes: usize,
}

impl Limits {
    /// What is read from an endpoint.
    pub const DEFAULT: Self = Self { depth: 48, references: 100_000, nodes: 3_000_000 };
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
    /// There is no value, or something after it.
    #[error("there is not exactly one value")]
    NotOne,
}

/// Reads one value: the data of a PSRP message. Data of length zero is `$null`.
///
/// # Errors
/// When the data is not one CLIXML element, or larger than [`Limits::DEFAULT`].
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
    let mut decoder = Decoder {
        reader,
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
        None if decoder.reader.depth() == 0 => Ok(value),
        _ => Err(DecodeError::NotOne),
    }
}

struct Decoder<'a> {
    reader: Reader<'a>,
    limits: Limits,
    /// Objects by reference id; `None` while the object is being read.
    objects: HashMap<u64, Option<(Arc<Object>, Extent)>>,
    types: HashMap<u64, Arc<[PsString]>>,
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
    /// Levels of objects.
    height: usize,
    /// Values, shared ones counted each time.
    values: usize,
}

/// How much deeper than by nesting an object may be along references.
const DEEPER_BY_REFERENCE: usize = 4;

type Outcome<T> = Result<T, DecodeError>;

impl<'a> Decoder<'a> {
    /// Reads the element whose start was read.
    fn value(&mut self, start: &Start<'a>) -> Outcome<Value> {
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
            "G" => Value::Guid(self.parsed("G", |text| Uuid::try_parse(text.trim()).ok())?),
            "Version" => Value::Version(self.parsed("Version", Version::parse)?),
            "BA" => Value::Bytes(self.parsed("BA", base64)?),
            "SS" => Value::SecureString(SecureString(self.parsed("SS", base64)?)),
            "URI" => Value::Uri(self.string()?),
            "XD" => Value::Xml(self.string()?),
            "SBK" => Value::ScriptBlock(self.string()?),
            "PR" => Value::Progress(Box::new(self.progress()?)),
            "MS" => Value::MemberSet(self.properties()?),
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
        if self.count >= self.limits.references {
            return Err(DecodeError::TooMany(self.limits.references));
        }
        self.count = self.count.saturating_add(1);
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

    /// Counts a value into the object that holds it.
    fn extend(&mut self, by: Extent) -> Outcome<()> {
        self.below.height = self.below.height.max(by.height);
        self.below.values = self.below.values.saturating_add(by.values).saturating_add(1);
        if self.below.values > self.limits.nodes {
            return Err(DecodeError::TooLarge(self.limits.nodes));
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
                let names = known.cloned().ok_or_else(|| self.bad_reference(&format!("{id:?}")))?;
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
        if let Some(id) = id
            && self.types.insert(id, Arc::clone(&names)).is_some()
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
        Ok(entries)
    }

    fn properties(&mut self) -> Outcome<Vec<Property>> {
        let mut properties = Vec::new();
        while let Some(child) = self.reader.next_element()? {
            let name = name_of(&child);
            properties.push(Property { name, value: self.value(&child)? });
        }
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
        Ok(unescape(self.reader.pieces()?))
    }

    fn number<T: std::str::FromStr>(&mut self, element: &'static str) -> Outcome<T> {
        self.parsed(element, |text| {
            let text = text.trim();
            text.strip_prefix('+').unwrap_or(text).parse().ok()
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
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
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
    if !raw.contains(['&', '_']) {
        return PsString::from(raw.into_owned());
    }
    // Read as the content of an element, so that names follow the same rules as text.
    let document = format!("<N>{}</N>", raw.replace('<', "&lt;"));
    let pieces = Reader::without_namespaces(document.as_bytes(), safe_xml::Limits::SOAP).and_then(|mut reader| {
        match reader.next()? {
            Event::Start(_) => reader.pieces(),
            _ => Ok(Pieces::Empty),
        }
    });
    pieces.map(unescape).unwrap_or_else(|_| PsString::from(raw.as_ref()))
}

/// Undoes the escaping of code units: `_x` or `_X`, four or eight hexadecimal digits, `_`; anything else stays as it
/// is. [MS-PSRP] section 2.2.5.3.2
fn unescape(pieces: Pieces<'_>) -> PsString {
    match pieces {
        Pieces::Empty => PsString::new(),
        Pieces::One(text) => unescape_text(text),
        Pieces::Many(pieces) => {
            let mut units: Vec<u16> = Vec::new();
            for piece in pieces {
                match piece {
                    Piece::Text(text) => units.extend(text.encode_utf16()),
                    Piece::Code(code) => push_code(code, &mut units),
                }
            }
            if units.contains(&u16::from(b'_')) {
                PsString::from_units(unescape_units(&units))
            } else {
                PsString::from_units(units)
            }
        }
    }
}

fn unescape_text(text: Cow<'_, str>) -> PsString {
    if !has_escape(&text) {
        return PsString::from(text.into_owned());
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    PsString::from_units(unescape_units(&units))
}

/// A quick look: whether `_x` or `_X` occurs at all.
fn has_escape(text: &str) -> bool {
    text.match_indices('_')
        .any(|(at, _)| text.as_bytes().get(at.saturating_add(1)).is_some_and(|b| matches!(b, b'x' | b'X')))
}

fn unescape_units(units: &[u16]) -> Vec<u16> {
    let mut result = Vec::with_capacity(units.len());
    let mut rest = units;
    while let Some((first, after)) = rest.split_first() {
        rest = match escape_at(rest) {
            Some((code, after)) => {
                push_code(code, &mut result);
                after
            }
            None => {
                result.push(*first);
                after
            }
        };
    }
    result
}

/// The code of the escape at the start of these units and what follows it.
fn escape_at(units: &[u16]) -> Option<(u32, &[u16])> {
    let rest = match units {
        [first, second, rest @ ..] if *first == u16::from(b'_') && matches!(u8::try_from(*second), Ok(b'x' | b'X')) => {
            rest
        }
        _ => return None,
    };
    [4_usize, 8].into_iter().find_map(|count| {
        let (digits, after) = rest.split_at_checked(count)?;
        let (end, after) = after.split_first()?;
        if *end != u16::from(b'_') {
            return None;
        }
        let digits: String =
            digits.iter().map(|unit| u8::try_from(*unit).ok().map(char::from)).collect::<Option<_>>()?;
        if digits.starts_with('+') {
            return None;
        }
        let code = u32::from_str_radix(&digits, 16).ok()?;
        match code {
            0..=0x0010_FFFF => Some((code, after)),
            0xFFFF_FFFF => Some((0xFFFF, after)),
            _ => None,
        }
    })
}

fn push_code(code: u32, units: &mut Vec<u16>) {
    match u16::try_from(code) {
        Ok(unit) => units.push(unit),
        Err(_) => {
            if let Some(character) = char::from_u32(code) {
                units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
            }
        }
    }
}
