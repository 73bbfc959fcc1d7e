//! The table or list under way, as lines.

use std::collections::VecDeque;

use crate::cells::{self, Align};
use crate::frames::Paragraph;
use crate::table::Table;
use crate::views::{Column, Shape, View};
use crate::{frames, list, packets};

/// So many lines has the screen on which the headings of a table come again: PowerShell's where it knows of none, less
/// the two that it keeps free.
const SCREEN: usize = 24 - 2;

/// What decides the widths of a table, as they follow its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sizing {
    /// The rows of the first moment
    Moment,
    /// So many rows of each group; all of them when 0
    Group { rows: usize },
}

#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) shape: Shape,
    /// Columns of a table, lines of a view. Empty for a list of whatever properties an object has.
    pub(crate) columns: Vec<Column>,
    pub(crate) view: Option<&'static View>,
    pub(crate) group: Option<String>,
    /// Inside a group
    pub(crate) begun: bool,
    /// Made by the endpoint's own formatter
    pub(crate) foreign: bool,
    /// Its end does not come: what waits has the widths that it has of itself.
    pub(crate) endless: bool,
    /// Without headings
    headless: bool,
    /// Headings come again on each screen.
    repeat: bool,
    /// How many objects stand side by side; 0: as many as there is room for
    per_row: usize,
    /// The widths that the content wants of the group that begins next
    wanted: Option<Vec<usize>>,
    table: Option<Table>,
    /// Lines of the screen that are used
    used: usize,
    /// Objects that stand side by side, and how many are to
    beside: Vec<String>,
    places: usize,
    taken: usize,
}

/// The texts of an object.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Row {
    /// One for each column, or label and text in turn
    pub(crate) texts: Vec<String>,
    /// Where they stand, if not as their column does
    pub(crate) aligns: Vec<Option<Align>>,
    /// They go on in the next line instead of being cut.
    pub(crate) wrap: bool,
    /// Where in each of them the first escape sequence stood, so far as there was one
    pub(crate) escapes: Vec<Option<usize>>,
}

impl From<Vec<String>> for Row {
    fn from(texts: Vec<String>) -> Self {
        Self { texts, ..Self::default() }
    }
}

#[derive(Debug)]
pub(crate) enum Item {
    /// A group begins, with the lines of its heading.
    Start(Vec<String>),
    Row(Row),
    Lines(Vec<String>),
    End,
}

impl Document {
    pub(crate) fn new(shape: Shape, columns: Vec<Column>, view: Option<&'static View>) -> Self {
        Self {
            shape,
            columns,
            view,
            group: None,
            begun: false,
            foreign: false,
            endless: false,
            headless: false,
            repeat: false,
            per_row: 0,
            wanted: None,
            table: None,
            used: 0,
            beside: Vec::new(),
            places: 0,
            taken: 0,
        }
    }

    /// As the endpoint's formatter begins one, on a screen of so many cells.
    pub(crate) fn foreign(start: packets::Start, width: usize) -> Self {
        let mut columns = start.columns;
        // Each takes a cell at least, so that those behind have no room whatever their widths are.
        columns.truncate(width);
        for column in &mut columns {
            column.label = cells::plain(&column.label).into_owned();
        }
        let new = Self::new(start.shape, columns, None);
        Self {
            foreign: true,
            endless: true,
            headless: start.headless,
            repeat: start.repeat,
            per_row: start.per_row,
            ..new
        }
    }

    /// Looks at what waits: the group that begins next has the widths that it wants.
    pub(crate) fn measure(&mut self, waiting: &VecDeque<Item>) {
        let widest = |index: usize| {
            let texts = waiting.iter().filter_map(|item| match item {
                Item::Row(row) => row.texts.get(index),
                _ => None,
            });
            texts.map(|text| cells::width(text)).max().unwrap_or(0)
        };
        self.wanted = Some(match self.shape {
            Shape::Wide => vec![widest(0)],
            _ => {
                let columns = self.columns.iter().enumerate();
                columns.map(|(index, column)| widest(index).max(cells::width(&column.label))).collect()
            }
        });
    }

    pub(crate) fn write(&mut self, item: Item, width: usize, to: &mut Vec<String>) {
        match item {
            Item::Lines(mut lines) => to.append(&mut lines),
            Item::Start(mut heading) => {
                to.append(&mut heading);
                self.start(width, to);
            }
            Item::Row(row) => match self.shape {
                Shape::Table => self.row(&row, to),
                Shape::Wide => self.beside(row, to),
                Shape::List => {
                    list::write(&paired(row.texts), width, to);
                    to.push(String::new());
                }
                Shape::Help => {
                    let paragraphs: Vec<_> = row.texts.chunks_exact(3).filter_map(Paragraph::hanging).collect();
                    to.append(&mut frames::lines(&paragraphs, Some(width)));
                }
                Shape::Custom => to.append(&mut cells::wrap(&row.texts.concat(), width)),
            },
            Item::End => self.line_of_beside(to),
        }
    }

    fn start(&mut self, width: usize, to: &mut Vec<String>) {
        let wanted = self.wanted.take();
        match self.shape {
            Shape::Table => {
                let own = self.columns.iter().map(|column| column.width);
                let widths = wanted.unwrap_or_else(|| own.collect()).into_iter();
                let columns: Vec<_> = widths.zip(&self.columns).map(|(width, column)| (width, column.align)).collect();
                self.table = Table::new(&columns, width);
                self.used = self.header(to);
            }
            Shape::Wide => {
                self.places = match (self.per_row, wanted.and_then(|wanted| wanted.first().copied())) {
                    (0, Some(widest @ 1..)) => side_by_side(widest, width),
                    (0, _) => 2,
                    (count, _) => count,
                };
                let columns = vec![(0, Align::Left); self.places.min(width)];
                self.table = Table::new(&columns, width);
            }
            _ => {}
        }
    }

    /// Shows the headings and says how many lines they are.
    fn header(&self, to: &mut Vec<String>) -> usize {
        let before = to.len();
        if let Some(table) = self.table.as_ref().filter(|_| !self.headless) {
            let labels: Vec<_> = self.columns.iter().map(|column| column.label.clone()).collect();
            table.header(labels, to);
        }
        to.len().saturating_sub(before)
    }

    fn row(&mut self, row: &Row, to: &mut Vec<String>) {
        if self.repeat && self.used >= SCREEN {
            to.push(String::new());
            self.used = self.header(to);
        }
        self.used = self.used.saturating_add(1);
        if let Some(table) = &self.table {
            table.row(row, to);
        }
    }

    /// Takes an object's place beside the others of its line.
    fn beside(&mut self, row: Row, to: &mut Vec<String>) {
        // Further places than the screen has cells are not on it.
        if self.table.as_ref().is_some_and(|table| self.beside.len() < table.columns()) {
            self.beside.extend(row.texts.into_iter().next());
        }
        self.taken = self.taken.saturating_add(1);
        if self.taken >= self.places {
            self.line_of_beside(to);
        }
    }

    fn line_of_beside(&mut self, to: &mut Vec<String>) {
        let texts = std::mem::take(&mut self.beside);
        self.taken = 0;
        if let Some(table) = self.table.as_ref().filter(|_| self.shape == Shape::Wide && !texts.is_empty()) {
            table.row(&texts.into(), to);
        }
    }
}

/// How many texts of this width stand side by side; PowerShell leaves a cell at the end.
fn side_by_side(widest: usize, width: usize) -> usize {
    // So many and the blanks between them are less than the width.
    width.checked_div(widest.saturating_add(1)).unwrap_or(0).max(1)
}

/// Labels with their texts.
pub(crate) fn paired(texts: Vec<String>) -> Vec<(String, String)> {
    let mut texts = texts.into_iter();
    let mut pairs = Vec::new();
    while let (Some(label), Some(text)) = (texts.next(), texts.next()) {
        pairs.push((label, text));
    }
    pairs
}
