//! Lists: one line for each property.

use crate::cells::{self, blanks};

const BETWEEN: &str = " : ";

/// The lines of an object: labels of one width, texts wrapped beside them.
pub(crate) fn write(properties: &[(String, String)], width: usize, to: &mut Vec<String>) {
    // One cell for the label and one for the text is the least.
    let Some(widest) = width.checked_sub(BETWEEN.len()).and_then(|rest| rest.checked_sub(1)).filter(|rest| *rest > 0)
    else {
        return;
    };
    let label_width = properties.iter().map(|(label, _)| cells::width(label)).max().unwrap_or(0).min(widest);
    let indent = label_width.saturating_add(BETWEEN.len());
    for (label, text) in properties {
        let label = match label_width.checked_sub(cells::width(label)) {
            None => cells::cut(label, label_width),
            Some(missing) => format!("{label}{}", blanks(missing)),
        };
        let mut first = true;
        // Each line has the room beside the label as well.
        for line in cells::wrap(text, width.saturating_sub(indent)).into_iter().take(cells::most_lines(width)) {
            let before = if std::mem::take(&mut first) { format!("{label}{BETWEEN}") } else { blanks(indent) };
            to.push(format!("{before}{line}"));
        }
    }
}
