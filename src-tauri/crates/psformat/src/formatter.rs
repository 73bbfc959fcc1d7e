//! Objects as lines, one after the other: the first one decides how all of them are shown.

use std::collections::VecDeque;
use std::time::Duration;

use clixml::Value;

use crate::cells::{self, Align};
use crate::document::{Document, Item, Row, Sizing, paired};
use crate::packets::{self, Packet};
use crate::views::{Column, Shape};
use crate::{computed, display_sets, frames, help, list, object, views};

/// A table whose widths follow its content waits for this long for more rows.
const PATIENCE: Duration = Duration::from_millis(300);

/// What a waiting table may hold, in bytes of text.
const PATIENT_BYTES: usize = 4 << 20;

/// So many lines of one object are handed over at a time.
const PART: usize = 4_096;

/// Up to so many properties are a table, more are a list.
const TABLE_PROPERTIES: usize = 4;

/// A table without a view of its own has at most so many columns.
const MOST_COLUMNS: usize = 10;

/// How it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many cells a line has. As with `Out-String -Width`, all of them are used.
    pub width: usize,
    /// How many items of a collection a cell shows; all when `None`. PowerShell's `$FormatEnumerationLimit`
    pub items: Option<usize>,
    /// Error records among the objects are one line, PowerShell 7's ConciseView; else NormalView.
    pub concise: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 120, items: Some(4), concise: false }
    }
}

/// Shows objects as a PowerShell console does, line by line.
///
/// The first object that is no simple value decides: a well-known type has its usual columns or lines, any other object
/// is a table of up to four properties, or a list. Later objects fill the same columns. Simple values are lines between.
///
/// Lines end when they are pushed to the caller's vector; a raw text may hold line ends of its own.
#[derive(Debug)]
pub struct Formatter {
    options: Options,
    document: Option<Document>,
    /// What decides the widths of tables. As in PowerShell it holds until a table says otherwise: those that have widths
    /// of their own follow the one before.
    sizing: Option<Sizing>,
    waiting: VecDeque<Item>,
    /// When the table that waits for its rows began; `None` when nothing waits
    since: Option<Duration>,
    /// What waits
    rows: usize,
    bytes: usize,
}

impl Formatter {
    /// A formatter at the beginning of a run.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, document: None, sizing: None, waiting: VecDeque::new(), since: None, rows: 0, bytes: 0 }
    }

    /// Whether lines are held back until more comes or [`Formatter::flush`] is called.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// Shows an object of the output. `now` is the time since any fixed moment.
    pub fn push(&mut self, value: &Value, now: Duration, to: &mut Vec<String>) {
        self.push_in_parts(value, now, |lines| to.append(lines));
    }

    /// As [`Formatter::push`], for objects that may be a great many lines: these are handed over some thousand at a
    /// time. What `take` leaves in the vector is handed over again.
    pub fn push_in_parts(&mut self, value: &Value, now: Duration, mut take: impl FnMut(&mut Vec<String>)) {
        if value.is_null() {
            return;
        }
        let mut lines = Vec::new();
        match object::items(value) {
            Some(items) => {
                for item in items {
                    self.one(&item, now, &mut lines);
                    if lines.len() >= PART {
                        take(&mut lines);
                    }
                }
            }
            None => self.one(value, now, &mut lines),
        }
        take(&mut lines);
    }

    /// Shows lines that are no object of the table or list under way, for example an error.
    pub fn push_text(&mut self, text: &str, now: Duration, to: &mut Vec<String>) {
        self.add(Item::Lines(cells::lines(&cells::plain(text))), now, to);
    }

    /// Shows what waits: for a screen on which nothing has moved for a while.
    pub fn flush(&mut self, to: &mut Vec<String>) {
        if self.since.take().is_some() {
            self.release(to);
        }
    }

    /// Ends the table or list under way.
    pub fn finish(&mut self, to: &mut Vec<String>) {
        if self.document.as_ref().is_some_and(|document| document.endless) {
            return self.break_off(to);
        }
        if self.document.as_ref().is_some_and(|document| document.begun) {
            self.add(Item::End, Duration::ZERO, to);
        }
        self.end(to);
    }

    fn end(&mut self, to: &mut Vec<String>) {
        self.flush(to);
        if let Some(document) = self.document.take()
            && document.shape != Shape::List
        {
            to.push(String::new());
        }
    }

    /// Shows what waits of a table whose end never came, with the widths that it has of itself.
    fn break_off(&mut self, to: &mut Vec<String>) {
        self.since = None;
        self.write_waiting(to);
        self.document = None;
    }

    /// Shows what the endpoint has formatted itself.
    fn packet(&mut self, packet: Packet, now: Duration, to: &mut Vec<String>) {
        let width = self.options.width;
        match packet {
            Packet::Start(start) => {
                self.finish(to);
                self.sizing = start.sizing.or(self.sizing);
                self.document = Some(Document::foreign(start, width));
                to.push(String::new());
            }
            Packet::Group(heading) => {
                let mut lines = Vec::new();
                if let Some(heading) = heading {
                    lines = frames::lines(&heading, Some(width));
                    lines.push(String::new());
                }
                self.add(Item::Start(lines), now, to);
            }
            Packet::Row(row) => {
                let texts: Vec<String> = row.texts.iter().map(|text| cells::plain(text).into_owned()).collect();
                let escapes =
                    row.texts.iter().zip(&texts).map(|(text, plain)| cells::first_escape(text, plain)).collect();
                self.add(Item::Row(Row { texts, escapes, ..row }), now, to);
            }
            Packet::Paragraphs { paragraphs, between } => {
                let lines = frames::lines(&paragraphs, (!between).then_some(width));
                self.add(Item::Lines(lines), now, to);
            }
            // A simple value, written as it is
            Packet::Text(text) => self.add(Item::Lines(vec![text]), now, to),
            Packet::Pairs(texts) => {
                let texts = texts.iter().map(|text| cells::plain(text).into_owned()).collect();
                self.add(Item::Lines(self.list_between(texts)), now, to);
            }
            Packet::GroupEnd => self.add(Item::End, now, to),
            Packet::End => self.end(to),
        }
    }

    fn one(&mut self, value: &Value, now: Duration, to: &mut Vec<String>) {
        if let Some(packet) = packets::of(value) {
            return self.packet(packet, now, to);
        }
        let types = object::type_names(value);
        if let Some(text) = out_of_band(value, &types, self.options.concise) {
            return self.add(Item::Lines(vec![text]), now, to);
        }
        // PowerShell then ends what the endpoint began, and has no end left for what follows: each object ends the one
        // before it.
        let endless = self.document.as_ref().is_some_and(|document| document.foreign || document.endless);
        if endless {
            self.end(to);
        }
        if self.document.is_none() {
            let mut document = self.begin(value, &types);
            document.endless = endless;
            if document.view.is_some_and(|view| view.auto) {
                self.sizing = Some(Sizing::Group { rows: 0 });
            } else if document.shape == Shape::Table && document.columns.first().is_some_and(|first| first.width == 0) {
                self.sizing = Some(Sizing::Moment);
            }
            self.document = Some(document);
            to.push(String::new());
        }
        let Some(document) = &mut self.document else { return };
        if let Some(view) = document.view
            && !view.applies_to(&types)
        {
            let lines = self.stray(value);
            if !lines.is_empty() {
                return self.add(Item::Lines(lines), now, to);
            }
        }
        self.group(value, now, to);
        let wrap = self.document.as_ref().is_some_and(|document| document.view.is_some_and(|view| view.wrap));
        let row = Row { wrap, ..self.row(value).into() };
        self.add(Item::Row(row), now, to);
    }

    /// Decides how this object and all that follow are shown.
    fn begin(&self, value: &Value, types: &[String]) -> Document {
        let view = views::find(types, |name| object::property(value, name).is_some());
        let computer = object::shows_computer(value);
        let column = |name: &str, align| Column {
            label: cells::plain(name).into_owned(),
            property: name.to_owned(),
            computed: String::new(),
            width: 0,
            align,
        };
        let (shape, mut columns) = match view {
            Some(view) => (view.shape, view.columns.clone()),
            None => {
                let all = display_sets::properties(value);
                let hidden = |name: &str| {
                    name.eq_ignore_ascii_case("PSShowComputerName")
                        || (name.eq_ignore_ascii_case("PSComputerName")
                            && !computer
                            && object::property(value, "PSShowComputerName").is_some())
                };
                if all.len() > TABLE_PROPERTIES {
                    (Shape::List, Vec::new())
                } else {
                    let align = |value: &Value| if object::stands_right(value) { Align::Right } else { Align::Left };
                    let shown = all.iter().filter(|(name, _)| !hidden(name)).take(MOST_COLUMNS);
                    (Shape::Table, shown.map(|(name, value)| column(name, align(value))).collect())
                }
            }
        };
        if computer && view.is_some_and(|view| !matches!(view.shape, Shape::Custom | Shape::Help)) {
            columns.push(column("PSComputerName", Align::Left));
        }
        Document::new(shape, columns, view)
    }

    /// Begins a group where the property that its members share has another value than before.
    fn group(&mut self, value: &Value, now: Duration, to: &mut Vec<String>) {
        let Some(document) = &mut self.document else { return };
        let group = document.view.and_then(|view| view.group.as_ref());
        let heading = group.and_then(|(label, column)| {
            let property = column.property.split('.').next().unwrap_or_default();
            let key = object::property(value, property)?;
            let text = computed::value(value, column, self.options.items, false);
            match (column.computed.as_str(), key.is_null(), document.begun) {
                ("directory" | "folder", false, _) => Some(format!("    Directory: {text}")),
                ("hive", false, _) => Some(format!("    Hive: {text}")),
                ("directory" | "folder" | "hive", true, _) => None,
                // Nothing is no change from before the first one, so the property's name is not known yet.
                (_, true, false) if *label == column.property => Some("   : ".to_owned()),
                _ => Some(format!("   {label}: {text}")),
            }
        });
        if document.begun && document.group == heading {
            return;
        }
        let next = document.begun;
        document.begun = true;
        document.group.clone_from(&heading);
        if next {
            self.add(Item::Lines(vec![String::new()]), now, to);
            self.add(Item::End, now, to);
        }
        let mut lines = Vec::new();
        if let Some(heading) = heading {
            lines = cells::wrap(&cells::plain(&heading), self.options.width);
            lines.push(String::new());
        }
        self.add(Item::Start(lines), now, to);
    }

    /// The texts of a row, or label and text in turn of a list.
    fn row(&self, value: &Value) -> Vec<String> {
        let Some(document) = &self.document else { return Vec::new() };
        let fixed = document.view.is_none() && document.shape == Shape::Table;
        let text =
            |column: &Column| cells::plain(&computed::value(value, column, self.options.items, fixed)).into_owned();
        match document.shape {
            Shape::Help => {
                let kind = document.columns.first().map(|column| column.property.as_str()).unwrap_or_default();
                let three = |line: help::Line| [cells::blanks(line.first), cells::blanks(line.next), line.text];
                help::lines(kind, value).into_iter().flat_map(three).collect()
            }
            Shape::Table | Shape::Wide | Shape::Custom => document.columns.iter().map(text).collect(),
            Shape::List if document.view.is_some() => {
                document.columns.iter().flat_map(|column| [column.label.clone(), text(column)]).collect()
            }
            Shape::List => self.pairs(value),
        }
    }

    /// Label and text in turn of all properties.
    fn pairs(&self, value: &Value) -> Vec<String> {
        let computer = object::shows_computer(value);
        let marked = object::property(value, "PSShowComputerName").is_some();
        let all = display_sets::properties(value);
        let shown = all.iter().filter(|(name, _)| {
            !(name.eq_ignore_ascii_case("PSShowComputerName")
                || (name.eq_ignore_ascii_case("PSComputerName") && marked && !computer))
        });
        shown
            .flat_map(|(name, property)| {
                [
                    cells::plain(name).into_owned(),
                    cells::plain(&object::cell(property, self.options.items, false)).into_owned(),
                ]
            })
            .collect()
    }

    /// An object that is none of the view's types: a list of its own between blank lines.
    fn stray(&self, value: &Value) -> Vec<String> {
        let pairs = self.pairs(value);
        if pairs.is_empty() { Vec::new() } else { self.list_between(pairs) }
    }

    /// A list of label and text in turn between blank lines
    fn list_between(&self, pairs: Vec<String>) -> Vec<String> {
        let mut lines = vec![String::new()];
        list::write(&paired(pairs), self.options.width, &mut lines);
        lines.push(String::new());
        lines
    }

    /// Passes an item on, or lets it wait with the table that is not begun yet.
    fn add(&mut self, item: Item, now: Duration, to: &mut Vec<String>) {
        let sizing = self.sizing.filter(|_| self.document.is_some());
        let Some(since) = self.since else {
            if sizing.is_some() && matches!(item, Item::Start(_)) {
                self.since = Some(now);
                self.waiting.push_back(item);
            } else {
                self.write(item, to);
            }
            return;
        };
        let ends = matches!(item, Item::End);
        self.bytes = self.bytes.saturating_add(match &item {
            Item::Row(Row { texts, .. }) | Item::Lines(texts) => {
                texts.iter().map(|text| text.len().saturating_add(48)).sum()
            }
            Item::Start(_) | Item::End => 48,
        });
        self.rows = self.rows.saturating_add(usize::from(matches!(item, Item::Row(_))));
        self.waiting.push_back(item);
        let enough = match sizing {
            None => true,
            Some(Sizing::Moment) => now.saturating_sub(since) > PATIENCE,
            Some(Sizing::Group { rows: 0 }) => false,
            Some(Sizing::Group { rows }) => self.rows >= rows,
        };
        if ends || enough || self.bytes > PATIENT_BYTES {
            self.since = None;
            self.release(to);
        }
    }

    /// Decides the widths by what waits, and shows it.
    fn release(&mut self, to: &mut Vec<String>) {
        if let Some(document) = &mut self.document {
            document.measure(&self.waiting);
        }
        self.write_waiting(to);
    }

    fn write_waiting(&mut self, to: &mut Vec<String>) {
        (self.rows, self.bytes) = (0, 0);
        while let Some(item) = self.waiting.pop_front() {
            self.write(item, to);
        }
    }

    fn write(&mut self, item: Item, to: &mut Vec<String>) {
        match (&mut self.document, item) {
            (Some(document), item) => document.write(item, self.options.width, to),
            (None, Item::Start(mut lines) | Item::Lines(mut lines)) => to.append(&mut lines),
            (None, Item::Row(_) | Item::End) => {}
        }
    }
}

/// What is shown as a text wherever it stands: simple values, objects without properties, records.
fn out_of_band(value: &Value, types: &[String], concise: bool) -> Option<String> {
    let is = |name: &str| types.iter().any(|own| own.eq_ignore_ascii_case(name));
    if is("System.Management.Automation.ErrorRecord") {
        let text = if concise { crate::error::concise(value) } else { crate::error::as_object(value) };
        return Some(text.replace('\r', ""));
    }
    if is("System.Management.Automation.InformationalRecord") {
        return Some(psrp::records::message_of(value));
    }
    if is("System.Management.Automation.InformationRecord") {
        return Some(object::text(value));
    }
    // A text without notes is a text, whatever type it says that it is.
    let notes = value.as_object().is_some_and(|object| !object.extended.is_empty());
    if matches!(value.base(), Value::String(_)) && !notes {
        return Some(object::text(value));
    }
    // A dictionary inside a list is not taken apart any more; an ordered one is shown by its properties.
    let nested = object::is_dictionary(value) && !value.as_object().is_some_and(object::is_ordered);
    (nested || object::is_scalar(types) || !object::has_own_properties(value)).then(|| object::text(value))
}
