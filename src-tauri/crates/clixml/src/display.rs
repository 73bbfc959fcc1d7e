//! One line of text for a value, as PowerShell would put it into a string.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::{Content, Object, Value, double_text, single_text};

/// Where the text of a list or object is cut, in bytes. One long text that is referred to often would fill the memory.
const LONGEST: usize = 16 << 20;

impl Value {
    /// The value as text in the invariant culture; unpaired surrogates become U+FFFD.
    ///
    /// Primitives as PowerShell converts them to strings, byte arrays and lists joined with blanks, objects by their own
    /// text form and else as `@{name=value; …}`; what is put together ends with `…` beyond 16 MiB. A `SecureString` shows
    /// only that it is one.
    #[must_use]
    pub fn to_display(&self) -> String {
        self.display_within(LONGEST).into_owned()
    }

    /// As [`Value::to_display`] with another limit, in bytes, for what is put together: byte arrays, lists, objects
    /// without a text of their own. A text is never cut, and it is borrowed where it is well-formed.
    #[must_use]
    pub fn display_within(&self, longest: usize) -> Cow<'_, str> {
        match self {
            Self::String(text) | Self::Uri(text) | Self::Xml(text) | Self::ScriptBlock(text) => text.to_string_lossy(),
            Self::Bytes(bytes) => {
                let mut text = String::new();
                join(bytes, " ", longest, &mut text, |byte, to| {
                    // Writing into memory does not fail.
                    let _ = write!(to, "{byte}");
                });
                text.into()
            }
            Self::Object(object) => match (&object.to_string, &object.content) {
                (Some(text), _) if !text.is_empty() => text.to_string_lossy(),
                (_, Content::Primitive(value)) => value.display_within(longest),
                _ => {
                    let mut text = String::new();
                    object.display(longest, &mut text);
                    text.into()
                }
            },
            other => other.simple().into(),
        }
    }

    /// The text of a value that is short or is shown in few words.
    fn simple(&self) -> String {
        match self {
            Self::Null | Self::Enclosing(_) | Self::Object(_) | Self::Bytes(_) => String::new(),
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
            Self::Guid(value) => value.hyphenated().to_string(),
            Self::Version(value) => value.to_string(),
            Self::SecureString(_) => "System.Security.SecureString".to_owned(),
            Self::Progress(record) => record.activity.to_string_lossy().into_owned(),
            Self::MemberSet(members) => {
                members.iter().map(|member| member.name.to_string_lossy()).collect::<Vec<_>>().join(" ")
            }
            Self::Unreadable(value) => format!("<{}>", value.reason),
        }
    }

    /// Appends the text as a part of another one.
    fn display(&self, longest: usize, to: &mut String) {
        match self {
            Self::Object(object) => object.display(longest, to),
            other => push(&other.display_within(longest), longest, to),
        }
    }
}

impl Object {
    fn display(&self, longest: usize, to: &mut String) {
        match (&self.to_string, &self.content) {
            (Some(text), _) if !text.is_empty() => push(&text.to_string_lossy(), longest, to),
            (_, Content::Primitive(value)) => value.display(longest, to),
            (_, Content::List(items) | Content::Enumerable(items) | Content::Stack(items) | Content::Queue(items)) => {
                join(items, " ", longest, to, |item, to| item.display(longest, to));
            }
            (_, Content::Dictionary(entries)) => {
                to.push_str("@{");
                join(entries, "; ", longest, to, |(key, value), to| {
                    key.display(longest, to);
                    to.push('=');
                    value.display(longest, to);
                });
                to.push('}');
            }
            (_, Content::None) => {
                to.push_str("@{");
                join(self.properties(), "; ", longest, to, |property, to| {
                    push(&property.name.to_string_lossy(), longest, to);
                    to.push('=');
                    property.value.display(longest, to);
                });
                to.push('}');
            }
        }
    }
}

/// Appends a text as far as there is room.
fn push(text: &str, longest: usize, to: &mut String) {
    let mut room = longest.saturating_sub(to.len());
    if text.len() <= room {
        return to.push_str(text);
    }
    while !text.is_char_boundary(room) {
        room = room.saturating_sub(1);
    }
    to.push_str(text.get(..room).unwrap_or_default());
    mark(to);
}

/// Appends the items until the text is long enough for anybody.
fn join<T>(
    items: impl IntoIterator<Item = T>,
    between: &str,
    longest: usize,
    to: &mut String,
    show: impl Fn(T, &mut String),
) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            to.push_str(between);
        }
        if to.len() > longest {
            return mark(to);
        }
        show(item, to);
    }
}

/// Says once that more would follow.
fn mark(to: &mut String) {
    if !to.ends_with('…') {
        to.push('…');
    }
}
