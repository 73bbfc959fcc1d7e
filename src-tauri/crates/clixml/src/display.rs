//! One line of text for a value, as PowerShell would put it into a string.

use crate::{Content, Object, Value, double_text, single_text};

impl Value {
    /// The value as text in the invariant culture; unpaired surrogates become U+FFFD.
    ///
    /// Primitives as PowerShell converts them to strings, lists joined with blanks, objects by their own text form
    /// and else as `@{name=value; …}`. A `SecureString` shows only that it is one.
    #[must_use]
    pub fn to_display(&self) -> String {
        match self {
            Self::Null | Self::Enclosing(_) => String::new(),
            Self::String(text) | Self::Uri(text) | Self::Xml(text) | Self::ScriptBlock(text) => {
                text.to_string_lossy().into_owned()
            }
            Self::Char(unit) => String::from_utf16_lossy(&[*unit]),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::DateTime(value) => value.to_string(),
            Self::TimeSpan(value) => value.to_string(),
            Self::U8(value) => value.to_string(),
            Self::I8(value) => value.to_string(),
            Self::U16(value) => value.to_string(),
            Self::I16(value) => value.to_string(),
            Self::U32(value) => value.to_string(),
            Self::I32(value) => value.to_string(),
            Self::U64(value) => value.to_string(),
            Self::I64(value) => value.to_string(),
            Self::Single(value) => single_text(*value),
            Self::Double(value) => double_text(*value),
            Self::Decimal(value) => value.to_string(),
            Self::Bytes(bytes) => bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(" "),
            Self::Guid(value) => value.hyphenated().to_string(),
            Self::Version(value) => value.to_string(),
            Self::SecureString(_) => "System.Security.SecureString".to_owned(),
            Self::Progress(record) => record.activity.to_string_lossy().into_owned(),
            Self::MemberSet(members) => {
                members.iter().map(|member| member.name.to_string_lossy()).collect::<Vec<_>>().join(" ")
            }
            Self::Object(object) => object.to_display(),
        }
    }
}

impl Object {
    fn to_display(&self) -> String {
        match (&self.to_string, &self.content) {
            (Some(text), _) if !text.is_empty() => text.to_string_lossy().into_owned(),
            (_, Content::Primitive(value)) => value.to_display(),
            (_, Content::List(items) | Content::Enumerable(items) | Content::Stack(items) | Content::Queue(items)) => {
                items.iter().map(Value::to_display).collect::<Vec<_>>().join(" ")
            }
            (_, Content::Dictionary(entries)) => {
                let all: Vec<_> =
                    entries.iter().map(|(key, value)| format!("{}={}", key.to_display(), value.to_display())).collect();
                format!("@{{{}}}", all.join("; "))
            }
            (_, Content::None) => {
                let all: Vec<_> = self
                    .properties()
                    .map(|property| format!("{}={}", property.name, property.value.to_display()))
                    .collect();
                format!("@{{{}}}", all.join("; "))
            }
        }
    }
}
