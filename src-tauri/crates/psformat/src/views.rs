//! The default views of well-known types.

use std::sync::OnceLock;

use crate::cells::Align;

/// The shape of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Rows under headings
    Table,
    /// A line for each property
    List,
    /// Objects side by side
    Wide,
    /// A line for each object
    Custom,
    /// Sections with indented lines
    Help,
}

/// A column or line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) label: String,
    /// The property
    pub(crate) property: String,
    /// How its value is computed; empty when it is shown as it is
    pub(crate) computed: String,
    /// In cells; 0 takes what is left
    pub(crate) width: usize,
    pub(crate) align: Align,
}

/// How objects of some types are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) shape: Shape,
    types: Vec<String>,
    pub(crate) columns: Vec<Column>,
    /// The heading of groups and the property that they share
    pub(crate) group: Option<(String, Column)>,
    /// Long texts go on in the next line instead of being cut
    pub(crate) wrap: bool,
    /// Widths by content, of the whole group
    pub(crate) auto: bool,
    /// Only for objects that have this property
    needs: Option<&'static str>,
}

impl View {
    fn parse(head: &str, body: &str) -> Option<Self> {
        let mut words = head.split(' ').peekable();
        let (shape, needs) = match words.next()? {
            "table" => (Shape::Table, None),
            "unix" => (Shape::Table, Some("UnixMode")),
            "list" => (Shape::List, None),
            "custom" => (Shape::Custom, None),
            "help" => (Shape::Help, None),
            _ => return None,
        };
        let (mut group, mut wrap, mut auto) = (None, false, false);
        while let Some(word) = words.next_if(|word| word.starts_with("group=") || matches!(*word, "wrap" | "auto")) {
            match word.strip_prefix("group=") {
                Some(spec) => {
                    let (property, label) = spec.split_once(':').unwrap_or((spec, ""));
                    let column = Column::parse(property)?;
                    let label = if label.is_empty() { column.property.clone() } else { label.to_owned() };
                    group = Some((label, column));
                }
                None if word == "wrap" => wrap = true,
                None => auto = true,
            }
        }
        let types = words.map(|name| name.trim_end_matches(',').to_owned()).collect();
        let columns = body.split(" | ").map(|text| Column::parse(text.trim())).collect::<Option<_>>()?;
        Some(Self { shape, types, columns, group, wrap, auto, needs })
    }

    /// Whether one of the types is of this view.
    pub(crate) fn applies_to(&self, types: &[String]) -> bool {
        self.types.iter().any(|own| types.iter().any(|name| name.eq_ignore_ascii_case(own)))
    }
}

impl Column {
    fn parse(text: &str) -> Option<Self> {
        let (spec, align, width) = match text.rsplit_once(' ') {
            Some((spec, size)) if size.trim_start_matches('>').bytes().all(|b| b.is_ascii_digit()) => {
                let align = if size.starts_with('>') { Align::Right } else { Align::Left };
                let digits = size.trim_start_matches('>');
                (spec, align, if digits.is_empty() { 0 } else { digits.parse().ok()? })
            }
            _ => (text, Align::Left, 0),
        };
        let (label, value) = spec.split_once('=').map_or((None, spec), |(label, value)| (Some(label), value));
        let (computed, property) = match value.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((computed, property)) => (computed.to_owned(), property.to_owned()),
            None => (String::new(), value.to_owned()),
        };
        let label = label.map_or_else(|| property.clone(), |label| label.replace("\\n", "\n"));
        Some(Self { label, property, computed, width, align })
    }
}

fn all() -> &'static [View] {
    static VIEWS: OnceLock<Vec<View>> = OnceLock::new();
    VIEWS.get_or_init(|| {
        let mut lines = include_str!("views.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let mut views = Vec::new();
        while let (Some(head), Some(body)) = (lines.next(), lines.next()) {
            views.extend(View::parse(head, body));
        }
        views
    })
}

/// The view for an object of these types, most specific first: the one of its most specific type that has any.
pub(crate) fn find(types: &[String], has: impl Fn(&str) -> bool) -> Option<&'static View> {
    types.iter().find_map(|name| {
        all()
            .iter()
            .find(|view| view.types.iter().any(|own| own.eq_ignore_ascii_case(name)) && view.needs.is_none_or(&has))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_read() {
        let lines = include_str!("views.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
        assert_eq!(lines, all().len() * 2);
        let types = ["System.Diagnostics.Process".to_owned()];
        let process = find(&types, |_| false).map(|view| &view.columns[0]);
        let wanted = Column {
            label: "NPM(K)".into(),
            property: "NPM".into(),
            computed: "kib".into(),
            width: 7,
            align: Align::Right,
        };
        assert_eq!(process, Some(&wanted));
    }
}
