//! A page of text in sections that stand in, as PowerShell writes what is neither a table nor a list.

use std::borrow::Cow;

use clixml::Value;

use crate::object;

/// A line before it is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The cells by which it stands in
    pub(crate) first: usize,
    /// The cells by which its continuation stands in
    pub(crate) next: usize,
    pub(crate) text: String,
}

/// The page being written: text gathers until a line ends, and stands in as the section that it ends in.
#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<Line>,
    text: String,
    indent: usize,
    hanging: usize,
}

impl Page {
    /// Text that goes on where the last one ended.
    pub(super) fn put(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.text.push_str(text.as_ref());
        self
    }

    /// Ends the line.
    pub(super) fn end(&mut self) -> &mut Self {
        let next = self.indent.saturating_add(self.hanging);
        self.lines.push(Line { first: self.indent, next, text: std::mem::take(&mut self.text) });
        self
    }

    /// A line of its own.
    pub(super) fn line(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.put(text).end()
    }

    /// What `write` writes stands in by some more cells.
    pub(super) fn inside(&mut self, cells: usize, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.indent = self.indent.saturating_add(cells);
        write(self);
        self.indent = self.indent.saturating_sub(cells);
        self
    }

    /// A heading, and what stands in under it.
    pub(super) fn section(&mut self, heading: &str, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.line(heading).inside(super::INDENT, write)
    }

    /// The first line of what `write` writes stands out.
    pub(super) fn hang(&mut self, cells: usize, write: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.hanging, cells);
        write(self);
        self.hanging = before;
    }

    /// All lines. The end of what is being written is a line of its own, and stands in no section.
    pub(super) fn finish(mut self) -> Vec<Line> {
        self.end();
        self.lines
    }
}

/// The property, if it is there and not null.
pub(super) fn of<'a>(value: &'a Value, name: &str) -> Option<Cow<'a, Value>> {
    object::property(value, name).filter(|found| !found.is_null())
}

/// The items of a property that is a list, or the one that stands without a list.
pub(super) fn each(value: &Value, name: &str) -> Vec<Value> {
    let Some(found) = of(value, name) else { return Vec::new() };
    if object::is_dictionary(&found) || object::items(&found).is_none() {
        return vec![found.into_owned()];
    }
    let items = object::items(&found).into_iter().flatten();
    items.map(Cow::into_owned).filter(|item| !item.is_null()).collect()
}

/// The text of a property, as in a cell.
pub(super) fn text(value: &Value, name: &str) -> String {
    of(value, name).map(|found| object::cell(&found, super::ITEMS, false)).unwrap_or_default()
}

/// Whether a property says `true`.
pub(super) fn holds(value: &Value, name: &str) -> bool {
    of(value, name).is_some_and(|found| object::text(&found).eq_ignore_ascii_case("true"))
}

/// Whether the value is of this type.
pub(super) fn is(value: &Value, name: &str) -> bool {
    object::type_names(value).iter().any(|own| own.eq_ignore_ascii_case(name))
}
