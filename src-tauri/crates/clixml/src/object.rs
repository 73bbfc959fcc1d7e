//! Objects: type names, text form, content and two sets of properties.

use std::sync::Arc;

use crate::{PsString, Value};

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// The name; PowerShell compares names without case.
    pub name: PsString,
    /// The value.
    pub value: Value,
}

/// What an object holds beside its properties.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Content {
    /// Nothing: a property bag.
    #[default]
    None,
    /// A primitive value, for example of an enum or of a number with note properties.
    Primitive(Value),
    /// An array or list.
    List(Vec<Value>),
    /// Another enumerable, for example a hash set.
    Enumerable(Vec<Value>),
    /// A stack, top first.
    Stack(Vec<Value>),
    /// A queue, first in first.
    Queue(Vec<Value>),
    /// A dictionary. Order and keys that differ only in case are kept.
    Dictionary(Vec<(Value, Value)>),
}

/// A complex object. [MS-PSRP] section 2.2.5.2
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// Type names, most specific first; empty when none were given.
    pub type_names: Option<Arc<[PsString]>>,
    /// What `ToString()` gave.
    pub to_string: Option<PsString>,
    /// What it holds.
    pub content: Content,
    /// Adapted properties (`Props`).
    pub adapted: Vec<Property>,
    /// Extended properties (`MS`).
    pub extended: Vec<Property>,
}

/// Type names to share between objects.
pub fn type_names<const N: usize>(names: [&str; N]) -> Arc<[PsString]> {
    names.into_iter().map(PsString::from).collect()
}

/// An enum value: its number, its name, and the type names that PowerShell gives it.
#[must_use]
pub fn enum_value(type_name: &str, number: i32, name: &str) -> Value {
    Object {
        type_names: Some(type_names([type_name, "System.Enum", "System.ValueType", "System.Object"])),
        to_string: Some(name.into()),
        content: Content::Primitive(Value::I32(number)),
        ..Object::default()
    }
    .into()
}

impl Property {
    /// A property.
    pub fn new(name: impl Into<PsString>, value: impl Into<Value>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

impl Object {
    /// A property bag of extended properties, the shape of most PSRP messages.
    pub fn with_extended(properties: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self {
            extended: properties.into_iter().map(|(name, value)| Property::new(name, value)).collect(),
            ..Self::default()
        }
    }

    /// A list as PowerShell writes an `ArrayList`.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Self {
            type_names: Some(type_names(["System.Collections.ArrayList", "System.Object"])),
            content: Content::List(items),
            ..Self::default()
        }
    }

    /// An array of objects.
    #[must_use]
    pub fn array(items: Vec<Value>) -> Self {
        Self {
            type_names: Some(type_names(["System.Object[]", "System.Array", "System.Object"])),
            content: Content::List(items),
            ..Self::default()
        }
    }

    /// A hash table.
    #[must_use]
    pub fn dictionary(entries: Vec<(Value, Value)>) -> Self {
        Self {
            type_names: Some(type_names(["System.Collections.Hashtable", "System.Object"])),
            content: Content::Dictionary(entries),
            ..Self::default()
        }
    }

    /// The same object with these type names.
    #[must_use]
    pub fn typed<const N: usize>(mut self, names: [&str; N]) -> Self {
        self.type_names = Some(type_names(names));
        self
    }

    /// All properties, extended ones first.
    pub fn properties(&self) -> impl Iterator<Item = &Property> {
        self.extended.iter().chain(&self.adapted)
    }

    /// The property of this name in any case; extended ones win.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.properties().find(|property| property.name.eq_ignore_case(name)).map(|property| &property.value)
    }

    /// The primitive inside.
    #[must_use]
    pub fn primitive(&self) -> Option<&Value> {
        match &self.content {
            Content::Primitive(value) => Some(value),
            _ => None,
        }
    }

    /// The elements, unless this is no sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Value]> {
        match &self.content {
            Content::List(items) | Content::Enumerable(items) | Content::Stack(items) | Content::Queue(items) => {
                Some(items)
            }
            _ => None,
        }
    }

    /// The entries, unless this is no dictionary.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Value, Value)]> {
        match &self.content {
            Content::Dictionary(entries) => Some(entries),
            _ => None,
        }
    }

    /// The most specific type name.
    #[must_use]
    pub fn type_name(&self) -> Option<&PsString> {
        self.type_names.as_ref().and_then(|names| names.first())
    }

    /// Whether one of the type names is this one, with or without the prefix of deserialized objects.
    #[must_use]
    pub fn is_a(&self, name: &str) -> bool {
        self.type_names.iter().flat_map(|names| names.iter()).any(|known| {
            known.as_str().is_some_and(|known| known.strip_prefix("Deserialized.").unwrap_or(known) == name)
        })
    }
}
