//! One line of text for a value, as PowerShell would put it into a string.

use crate::{Content, Object, Value, double_text, single_text};

/// Where the text of a list or object is cut, in bytes. One long text that is referred to often would fill the memory.
const LONGEST: usize = 16 << 20;

impl Value {
    /// The value as text in the invariant culture; unpaired surrogates become U+FFFD.
    ///
    /// Primitives as PowerShell converts them to strings, lists joined with blanks, objects by their own text form
    /// and else as `@{name=value; …}`; those end with `…` beyond 16 MiB. A `SecureString` shows only that it is one.
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
            Self::Unreadable(value) => format!("<{}>", value.reason),
        }
    }

    fn display(&self, to: &mut String) {
        match self {
            Self::Object(object) => object.display(to),
            Self::String(text) => to.push_str(&text.to_string_lossy()),
            other => to.push_str(&other.to_display()),
        }
    }
}

impl Object {
    fn to_display(&self) -> String {
        let mut text = String::new();
        self.display(&mut text);
        text
    }

    fn display(&self, to: &mut String) {
        match (&self.to_string, &self.content) {
            (Some(text), _) if !text.is_empty() => to.push_str(&text.to_string_lossy()),
            (_, Content::Primitive(value)) => value.display(to),
            (_, Content::List(items) | Content::Enumerable(items) | Content::Stack(items) | Content::Queue(items)) => {
                join(items, " ", to, |item, to| item.display(to));
            }
            (_, Content::Dictionary(entries)) => {
                to.push_str("@{");
                join(entries, "; ", to, |(key, value), to| {
                    key.display(to);
                    to.push('=');
                    value.display(to);
                });
                to.push('}');
            }
            (_, Content::None) => {
                to.push_str("@{");
                join(self.properties(), "; ", to, |property, to| {
                    to.push_str(&property.name.to_string_lossy());
                    to.push('=');
                    property.value.display(to);
                });
                to.push('}');
            }
        }
    }
}

/// Appends the items until the text is long enough for anybody.
fn join<T>(items: impl IntoIterator<Item = T>, between: &str, to: &mut String, show: impl Fn(T, &mut String)) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            to.push_str(between);
        }
        if to.len() > LONGEST {
            to.push('…');
            return;
        }
        show(item, to);
    }
}
