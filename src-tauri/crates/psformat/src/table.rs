//! Tables: widths of columns, headings, rows.

use crate::cells::{self, Align, blanks};
use crate::document::Row;

/// Fewer columns of the console than this show no table at all.
const NARROWEST: usize = 5;

/// A table whose widths are decided.
#[derive(Debug)]
pub(crate) struct Table {
    /// `None`: the column is hidden, because there is no room for it.
    widths: Vec<Option<usize>>,
    aligns: Vec<Align>,
}

impl Table {
    /// A table for so many cells. A width of 0 takes its part of what the others leave.
    pub(crate) fn new(columns: &[(usize, Align)], cells: usize) -> Option<Self> {
        if cells < NARROWEST || columns.is_empty() {
            return None;
        }
        let mut widths: Vec<usize> = columns.iter().map(|(width, _)| *width).collect();
        share(&mut widths, cells);
        let widths = cut(&widths, cells);
        let aligns = columns.iter().map(|(_, align)| *align).collect();
        widths.iter().any(Option::is_some).then_some(Self { widths, aligns })
    }

    pub(crate) fn columns(&self) -> usize {
        self.widths.len()
    }

    /// The headings and the line below them.
    pub(crate) fn header(&self, labels: Vec<String>, to: &mut Vec<String>) {
        let dashes: Vec<String> = labels
            .iter()
            .zip(&self.widths)
            .map(|(label, width)| {
                let width = width.unwrap_or(0);
                let length = if label.is_empty() { width } else { cells::width(label).min(width) };
                "-".repeat(length)
            })
            .collect();
        self.wrapped(&labels.into(), to);
        to.push(self.line(&dashes.into()));
    }

    /// A row: what does not fit is cut, or goes on in further lines.
    pub(crate) fn row(&self, row: &Row, to: &mut Vec<String>) {
        if row.wrap {
            self.wrapped(row, to);
        } else {
            to.push(self.line(row));
        }
    }

    fn line(&self, row: &Row) -> String {
        let mut line = String::new();
        let last = self.widths.len().saturating_sub(1);
        for (index, width) in self.widths.iter().enumerate() {
            let Some(width) = *width else { continue };
            if index > 0 {
                line.push(' ');
            }
            let value = row.texts.get(index).map(String::as_str).unwrap_or_default();
            line.push_str(&cells::fit(value, width, self.align(index, row), index != last));
        }
        line
    }

    fn align(&self, index: usize, row: &Row) -> Align {
        let own = row.aligns.get(index).copied().flatten();
        own.or_else(|| self.aligns.get(index).copied()).unwrap_or_default()
    }

    /// A row whose texts go on in further lines.
    fn wrapped(&self, row: &Row, to: &mut Vec<String>) {
        let shown: Vec<(usize, usize)> =
            self.widths.iter().enumerate().filter_map(|(index, width)| Some((index, (*width)?))).collect();
        let last = shown.len().saturating_sub(1);
        // The blanks at the ends of lines that stay there, where any do
        let mut kept: Vec<Vec<usize>> = Vec::new();
        let columns: Vec<Vec<String>> = shown
            .iter()
            .enumerate()
            .map(|(place, (index, width))| {
                let align = self.align(*index, row);
                let value = row.texts.get(*index).map(String::as_str).unwrap_or_default();
                let mut lines = cells::wrap(value, *width);
                let escape = row.escapes.get(*index).copied().flatten();
                kept.push(escape.map_or_else(Vec::new, |escape| {
                    let closed = cells::first_closed_line(value, escape, *width);
                    let blanks = |line: &String| line.len().saturating_sub(line.trim_end_matches(' ').len());
                    lines.iter().enumerate().map(|(at, line)| if at < closed { 0 } else { blanks(line) }).collect()
                }));
                if place != last || align != Align::Left {
                    for line in lines.iter_mut().filter(|line| cells::width(line) < *width) {
                        *line = cells::fit(line, *width, align, place != last);
                    }
                }
                if place > 0 {
                    lines.iter_mut().for_each(|line| line.insert(0, ' '));
                }
                lines
            })
            .collect();
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
        // Each line has the room of all columns.
        let width = shown.iter().map(|(_, width)| width.saturating_add(1)).sum();
        for at in 0..rows.min(cells::most_lines(width)) {
            let with_text = columns.iter().rposition(|column| column.len() > at).unwrap_or(0);
            let mut line = String::new();
            for (place, column) in columns.iter().enumerate().take(with_text.saturating_add(1)) {
                let filler = shown.get(place).map_or(0, |(_, width)| width.saturating_add(usize::from(place > 0)));
                let filler = if place == last { String::new() } else { blanks(filler) };
                let text = column.get(at).unwrap_or(&filler);
                // Blanks at the end of a line are left out, but not when it is the only one.
                if place == with_text && rows > 1 {
                    let kept = kept.get(place).and_then(|lines| lines.get(at)).copied().unwrap_or(0);
                    line.push_str(text.trim_end());
                    line.push_str(&blanks(kept));
                } else {
                    line.push_str(text);
                }
            }
            to.push(line);
        }
    }
}

/// Columns without a width get one cell and then, in turn, one more each until the room is used up.
fn share(widths: &mut [usize], cells: usize) {
    let free: Vec<usize> =
        widths.iter().enumerate().filter(|(_, width)| **width == 0).map(|(index, _)| index).collect();
    for index in &free {
        if let Some(width) = widths.get_mut(*index) {
            *width = 1;
        }
    }
    let used: usize = widths.iter().sum::<usize>().saturating_add(widths.len().saturating_sub(1));
    let Some(room) = cells.checked_sub(used) else { return };
    let (Some(each), Some(over)) = (room.checked_div(free.len()), room.checked_rem(free.len())) else { return };
    for (place, index) in free.iter().enumerate() {
        if let Some(width) = widths.get_mut(*index) {
            *width = width.saturating_add(each).saturating_add(usize::from(place < over));
        }
    }
}

/// Makes the last column narrower until all fit, or hides it when nothing would be left of it.
fn cut(widths: &[usize], cells: usize) -> Vec<Option<usize>> {
    let mut widths: Vec<Option<usize>> = widths.iter().map(|width| Some(*width)).collect();
    while let Some(last) = widths.iter().rposition(Option::is_some) {
        let shown: Vec<usize> = widths.iter().copied().flatten().collect();
        let used = shown.iter().sum::<usize>().saturating_add(shown.len().saturating_sub(1));
        let Some(excess) = used.checked_sub(cells).filter(|excess| *excess > 0) else { break };
        if let Some(width) = widths.get_mut(last) {
            *width = width.and_then(|width| width.checked_sub(excess)).filter(|width| *width > 0);
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_share_the_room_and_the_last_ones_give_way() {
        let table = |widths: &[usize], cells| {
            let columns: Vec<_> = widths.iter().map(|width| (*width, Align::Left)).collect();
            Table::new(&columns, cells).map(|table| table.widths)
        };
        assert_eq!(table(&[3, 0, 0], 20), Some(vec![Some(3), Some(8), Some(7)]));
        assert_eq!(table(&[10, 5, 4], 20), Some(vec![Some(10), Some(5), Some(3)]));
        assert_eq!(table(&[10, 5, 4], 10), Some(vec![Some(10), None, None]));
        assert_eq!(table(&[10], 4), None);
    }

    #[test]
    fn a_heading_wider_than_its_column_goes_on_below() {
        let columns = [(4, Align::Left), (7, Align::Left), (4, Align::Left)];
        let mut lines = Vec::new();
        let labels = ["Long Header", "Header2", "Header3"].map(str::to_owned);
        Table::new(&columns, 80).into_iter().for_each(|table| table.header(labels.to_vec(), &mut lines));
        assert_eq!(lines, ["Long Header2 Head", " Hea         er3", "der", "---- ------- ----"]);
    }
}
