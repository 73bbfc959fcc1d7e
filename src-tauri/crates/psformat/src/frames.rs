//! Paragraphs inside frames: the shape of `Format-Custom`, and of the headings of groups.

use clixml::Value;

use crate::cells::{self, blanks};
use crate::packets;

/// Frames within frames: what is deeper is not shown.
const DEEPEST: usize = 50;

/// Indented further than this, a paragraph is nothing but blanks on any screen.
const FURTHEST: i64 = 1_024;

/// A text up to the end of its line, and how far it stands from the edges, in cells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Paragraph {
    text: String,
    left: i64,
    right: i64,
    /// How much further than the others the first line begins; negative for the others
    first: i64,
}

#[derive(Clone, Copy, Default)]
struct Frame {
    left: i64,
    right: i64,
    first: i64,
}

/// The paragraphs of a list of entries.
pub(crate) fn of(list: &Value) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    let mut text = String::new();
    for entry in list.items().unwrap_or_default() {
        walk(entry, Frame::default(), 0, &mut text, &mut paragraphs);
    }
    paragraphs.push(Frame::default().around(text));
    paragraphs
}

fn walk(entry: &Value, frame: Frame, depth: usize, text: &mut String, to: &mut Vec<Paragraph>) {
    for item in entry.get("formatValueList").and_then(Value::items).unwrap_or_default() {
        match item.as_object().and_then(packets::class).as_deref() {
            Some("FormatTextField") => text.push_str(&item.get("text").map(packets::text).unwrap_or_default()),
            Some("FormatPropertyField") => {
                text.push_str(&item.get("propertyValue").map(packets::text).unwrap_or_default());
            }
            Some("FormatNewLine") => to.push(frame.around(std::mem::take(text))),
            Some("FormatEntry") if depth < DEEPEST => {
                let inner = item.get("frameInfo").map_or(frame, |info| frame.inner(info));
                walk(item, inner, depth.saturating_add(1), text, to);
            }
            _ => {}
        }
    }
}

impl Frame {
    fn inner(self, info: &Value) -> Self {
        if info.is_null() {
            return self;
        }
        let cells = |name: &str| info.get(name).and_then(Value::as_i32).map_or(0, i64::from);
        Self {
            left: self.left.saturating_add(cells("leftIndentation")),
            right: self.right.saturating_add(cells("rightIndentation")),
            first: cells("firstLine"),
        }
    }

    fn around(self, text: String) -> Paragraph {
        Paragraph { text, left: self.left, right: self.right, first: self.first }
    }
}

/// The lines of paragraphs on a screen of so many cells; on one without an edge when `None`.
pub(crate) fn lines(paragraphs: &[Paragraph], width: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    let most = cells::most_lines(width.unwrap_or(0));
    for paragraph in paragraphs {
        paragraph.write(width, &mut lines);
        // As with the lines of one text, what is too much for the memory is left out.
        if lines.len() > most {
            cells::cut_lines(&mut lines, width.unwrap_or(0));
            break;
        }
    }
    lines
}

impl Paragraph {
    /// The first line and those that follow are indented as these blanks are.
    pub(crate) fn hanging(line: &[String]) -> Option<Self> {
        let [first, next, text] = line else { return None };
        let cells = |indent: &str| i64::try_from(indent.len()).unwrap_or(i64::MAX);
        let (left, next) = (cells(first), cells(next));
        Some(Self { text: text.clone(), left, right: 0, first: left.saturating_sub(next) })
    }

    fn write(&self, width: Option<usize>, to: &mut Vec<String>) {
        let room = width.map(|width| {
            let width = i64::try_from(width).unwrap_or(i64::MAX);
            width.saturating_sub(self.left).saturating_sub(self.right)
        });
        let fits = room.is_none_or(|room| room > 0);
        let text = if fits { cells::plain(&self.text) } else { "".into() };
        let first = if room.is_none_or(|room| self.first.saturating_abs() < room) { self.first } else { 0 };
        let (begin, rest) = (first.max(0), first.min(0).saturating_abs());
        let cells = |count: i64| usize::try_from(count).unwrap_or(0);
        let before = |count: i64| blanks(cells(self.left.saturating_add(count).min(FURTHEST)));
        // No room to keep to is no wrapping.
        let beside = |count: i64| room.map_or(0, |room| cells(room.saturating_sub(count)));
        let lines = cells::wrap_hanging(&text, beside(begin), beside(rest));
        let most = cells::most_lines(width.unwrap_or(0));
        let indents = std::iter::once(before(begin)).chain(std::iter::repeat(before(rest)));
        to.extend(indents.zip(lines).take(most).map(|(indent, line)| format!("{indent}{line}")));
    }
}
