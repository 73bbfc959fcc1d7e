//! The values that travel.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::{DateTime, Decimal, Object, Property, PsString, TimeSpan, Unreadable};

/// A PowerShell value as CLIXML carries it. [MS-PSRP] section 2.2.5
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// `$null`
    #[default]
    Null,
    /// String
    String(PsString),
    /// Char: one UTF-16 code unit, possibly half of a surrogate pair
    Char(u16),
    /// Boolean
    Bool(bool),
    /// `DateTime`
    DateTime(DateTime),
    /// `TimeSpan`
    TimeSpan(TimeSpan),
    /// Byte
    U8(u8),
    /// `SByte`
    I8(i8),
    /// `UInt16`
    U16(u16),
    /// Int16
    I16(i16),
    /// `UInt32`
    U32(u32),
    /// Int32
    I32(i32),
    /// `UInt64`
    U64(u64),
    /// Int64
    I64(i64),
    /// Single
    Single(f32),
    /// Double
    Double(f64),
    /// Decimal
    Decimal(Decimal),
    /// Byte array
    Bytes(Vec<u8>),
    /// Guid
    Guid(Uuid),
    /// Uri, as text: relative ones are possible
    Uri(PsString),
    /// Version
    Version(Version),
    /// `XmlDocument`, as text that is not parsed
    Xml(PsString),
    /// `ScriptBlock`, as text that stays text
    ScriptBlock(PsString),
    /// `SecureString`, as the ciphertext
    SecureString(SecureString),
    /// A progress record that is the value itself; the progress stream carries objects instead
    Progress(Box<ProgressRecord>),
    /// Anything else
    Object(Arc<Object>),
    /// A member set among the extended properties of an object
    MemberSet(Vec<Property>),
    /// An object that encloses this value: 0 is the innermost one. The way to say that an object refers to itself.
    Enclosing(u32),
    /// What stands where a value should be and is none. A message that holds one can be read apart from it.
    Unreadable(Box<Unreadable>),
}

/// The ciphertext of a `SecureString`. What it means is known to whoever holds the session key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SecureString(pub Vec<u8>);

/// A version of two to four numbers. .NET's `System.Version`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    /// First number
    pub major: u32,
    /// Second number
    pub minor: u32,
    /// Third number
    pub build: Option<u32>,
    /// Fourth number; only with a third one
    pub revision: Option<u32>,
}

/// A progress record in its element form `PR`. [MS-PSRP] section 2.2.5.1.25
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgressRecord {
    /// Activity
    pub activity: PsString,
    /// Activity id
    pub activity_id: i32,
    /// Status description
    pub status: Option<PsString>,
    /// Current operation
    pub operation: Option<PsString>,
    /// Id of the parent activity, −1 for none
    pub parent_id: i32,
    /// Per cent complete, −1 for unknown
    pub percent: i32,
    /// Seconds remaining, −1 for unknown
    pub seconds: i32,
    /// `Processing` or `Completed`
    pub kind: PsString,
}

impl Value {
    /// A string.
    pub fn text(text: impl Into<PsString>) -> Self {
        Self::String(text.into())
    }

    /// The text of a string, unless it holds an unpaired surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_ps_string().and_then(PsString::as_str)
    }

    /// The string, also when it carries note properties.
    #[must_use]
    pub fn as_ps_string(&self) -> Option<&PsString> {
        match self.base() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The Boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.base() {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Any integer that fits, enum values among them.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        Some(match self.base() {
            Self::U8(value) => i64::from(*value),
            Self::I8(value) => i64::from(*value),
            Self::U16(value) => i64::from(*value),
            Self::I16(value) => i64::from(*value),
            Self::U32(value) => i64::from(*value),
            Self::I32(value) => i64::from(*value),
            Self::I64(value) => *value,
            Self::U64(value) => i64::try_from(*value).ok()?,
            _ => return None,
        })
    }

    /// Any integer that fits, enum values among them.
    #[must_use]
    pub fn as_i32(&self) -> Option<i32> {
        self.as_i64().and_then(|value| i32::try_from(value).ok())
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether this is `$null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value without note properties: the primitive inside an object that wraps one.
    #[must_use]
    pub fn base(&self) -> &Self {
        match self {
            Self::Object(object) => object.primitive().unwrap_or(self),
            _ => self,
        }
    }

    /// The property of this name in any case; extended ones win.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.get(name),
            Self::MemberSet(members) => {
                members.iter().find(|member| member.name.eq_ignore_case(name)).map(|member| &member.value)
            }
            _ => None,
        }
    }

    /// The elements of a list, enumerable, stack or queue.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        self.as_object().and_then(Object::items)
    }

    /// The entries of a dictionary.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Self, Self)]> {
        self.as_object().and_then(Object::entries)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::I32(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::I64(value)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }
}

impl fmt::Debug for SecureString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecureString({} bytes)", self.0.len())
    }
}

impl Version {
    /// Reads `1.2`, `1.2.3` or `1.2.3.4`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers =
            text.trim().split('.').map(|part| part.trim().parse::<u32>().ok().filter(|n| i32::try_from(*n).is_ok()));
        let version = Self {
            major: numbers.next()??,
            minor: numbers.next()??,
            build: numbers.next().map_or(Some(None), |part| part.map(Some))?,
            revision: numbers.next().map_or(Some(None), |part| part.map(Some))?,
        };
        numbers.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if let Some(build) = self.build {
            write!(f, ".{build}")?;
            if let Some(revision) = self.revision {
                write!(f, ".{revision}")?;
            }
        }
        Ok(())
    }
}
