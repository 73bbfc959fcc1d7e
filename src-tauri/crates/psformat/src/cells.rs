//! Text in the cells of a console: widths, cutting, wrapping.
//!
//! PowerShell counts UTF-16 units: one cell each, two for the wide ones of East Asia. So an astral character takes two.

/// Where a text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Align {
    #[default]
    Left,
    Center,
    Right,
}

const ELLIPSIS: char = '\u{2026}';

/// How many cells a character takes.
fn char_width(character: char) -> usize {
    match u32::from(character) {
        0x1_0000.. => 2,
        0x1100..=0x115f
        | 0x2329..=0x232a
        | 0x2e80..=0x303e
        | 0x3040..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe10..=0xfe19
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6 => 2,
        _ => 1,
    }
}

/// How many cells a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

pub(crate) fn blanks(count: usize) -> String {
    " ".repeat(count)
}

/// The longest beginning that fits. Half an astral character is U+FFFD, as a console shows it.
pub(crate) fn cut(text: &str, cells: usize) -> String {
    take(text.chars(), cells)
}

/// The longest end that fits.
fn tail(text: &str, cells: usize) -> String {
    take(text.chars().rev(), cells).chars().rev().collect()
}

fn take(characters: impl Iterator<Item = char>, cells: usize) -> String {
    let mut left = cells;
    let mut taken = String::new();
    for character in characters {
        let width = char_width(character);
        if width > left {
            if left == 1 && character > '\u{ffff}' {
                taken.push('\u{fffd}');
            }
            break;
        }
        taken.push(character);
        left = left.saturating_sub(width);
        if left == 0 {
            break;
        }
    }
    taken
}

/// One line of a text in a column: what follows a line end or does not fit is cut and marked. Without `pad`, nothing
/// is appended to a text that stands left.
pub(crate) fn fit(text: &str, cells: usize, align: Align, pad: bool) -> String {
    let line = match text.split_once(['\n', '\r']) {
        Some((line, _)) => format!("{line}{ELLIPSIS}"),
        None => text.to_owned(),
    };
    let length = width(&line);
    let shown = match (length > cells, cells.saturating_sub(1), align) {
        (false, ..) => line,
        (true, 0, Align::Right) => tail(&line, cells),
        (true, 0, _) => cut(&line, cells),
        (true, rest, Align::Right) => format!("{ELLIPSIS}{}", tail(&line, rest)),
        (true, rest, _) => format!("{}{ELLIPSIS}", cut(&line, rest)),
    };
    let missing = cells.saturating_sub(width(&shown));
    match align {
        _ if missing == 0 => shown,
        Align::Right => format!("{}{shown}", blanks(missing)),
        // The odd one of the blanks stands behind it.
        Align::Center if pad => format!("{}{shown}{}", blanks(missing / 2), blanks(missing.div_ceil(2))),
        Align::Center => format!("{}{shown}", blanks(missing / 2)),
        Align::Left if pad => format!("{shown}{}", blanks(missing)),
        Align::Left => shown,
    }
}

/// What the lines of one text may take, in bytes. In a column of one cell each character is a line, and takes a hundred
/// times its size.
const ROOM: usize = 64 << 20;

/// How many lines of so many cells one text may have. What follows is left out, and `…` stands for it.
pub(crate) fn most_lines(cells: usize) -> usize {
    ROOM.checked_div(cells.saturating_add(64)).unwrap_or(0)
}

/// The lines of a text: CR is dropped, LF ends a line.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let mut all: Vec<String> =
        text.split('\n').take(most_lines(0).saturating_add(1)).map(|line| line.replace('\r', "")).collect();
    cut_lines(&mut all, 0);
    all
}

/// Leaves out what is more than lines of so many cells may be.
pub(crate) fn cut_lines(lines: &mut Vec<String>, cells: usize) {
    if lines.len() > most_lines(cells) {
        lines.truncate(most_lines(cells));
        lines.push(ELLIPSIS.to_string());
    }
}

/// The lines of a text, wrapped between words where they are too long. A word that is too long itself is broken.
pub(crate) fn wrap(text: &str, cells: usize) -> Vec<String> {
    wrap_hanging(text, cells, cells)
}

/// As [`wrap`], where the first line has another width than those that follow.
pub(crate) fn wrap_hanging(text: &str, first: usize, next: usize) -> Vec<String> {
    let mut wrapped = Vec::new();
    let mut wrapped_all = true;
    let widest = first.max(next);
    let most = most_lines(widest);
    for line in lines(text) {
        if wrapped.len() > most {
            break;
        }
        let mut cells = first;
        if width(&line) <= cells || cells == 0 {
            wrapped.push(line);
            continue;
        }
        let mut current: Vec<u16> = Vec::new();
        let mut left = cells;
        let mut end_line = |line: &mut Vec<u16>| wrapped.push(String::from_utf16_lossy(&std::mem::take(line)));
        // Each of these lines has a character at least.
        let enough = widest.saturating_add(1).saturating_mul(most.saturating_add(1));
        let line = match line.char_indices().nth(enough) {
            Some((at, _)) => {
                wrapped_all = false;
                line.get(..at).unwrap_or_default()
            }
            None => line.as_str(),
        };
        for (mut word, soft) in words(line) {
            if soft && width(&word).saturating_add(1) == left {
                word.push('-');
            }
            let length = width(&word);
            if length > cells {
                // A line may end in the middle of an astral character: each half of it takes one cell.
                for unit in word.encode_utf16() {
                    // A character that is wider than the line has a stand-in.
                    let (unit, size) = match char::from_u32(u32::from(unit)).map_or(1, char_width) {
                        size if size > cells => (u16::from(b'?'), 1),
                        size => (unit, size),
                    };
                    if size > left {
                        end_line(&mut current);
                        (cells, left) = (next, next);
                    }
                    current.push(unit);
                    left = left.saturating_sub(size);
                }
            } else {
                if length > left {
                    end_line(&mut current);
                    (cells, left) = (next, next);
                }
                current.extend(word.encode_utf16());
                left = left.saturating_sub(length);
            }
        }
        end_line(&mut current);
    }
    if !wrapped_all && wrapped.len() <= most {
        wrapped.push(ELLIPSIS.to_string());
    }
    cut_lines(&mut wrapped, widest);
    wrapped
}

/// What ends a word.
const WORD_ENDS: [char; 5] = [' ', '\t', '\u{ad}', '\u{2011}', '\u{a0}'];

/// Words with the blank or tab that follows them, and whether a soft hyphen does: it is shown only where a line ends.
/// A hard hyphen and a blank that does not break end a word and, as in PowerShell, vanish in a wrapped line.
fn words(line: &str) -> impl Iterator<Item = (String, bool)> + '_ {
    line.split_inclusive(WORD_ENDS)
        .chain(line.ends_with(WORD_ENDS).then_some(""))
        .chain(line.is_empty().then_some(""))
        .map(|word| match word.strip_suffix(['\u{ad}', '\u{2011}', '\u{a0}']) {
            Some(shown) => (shown.to_owned(), word.ends_with('\u{ad}')),
            None => (word.to_owned(), false),
        })
}

/// A text without the escape sequences that colour it or make a link of it, as `$PSStyle.OutputRendering = 'PlainText'`
/// leaves it.
#[must_use]
pub fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text.into();
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    let mut ends = LinkEnds::default();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        result.push_str(before);
        match sequence(after, &mut ends) {
            Some(length) => rest = after.get(length..).unwrap_or_default(),
            None => {
                result.push('\u{1b}');
                rest = after;
            }
        }
    }
    result.push_str(rest);
    result.into()
}

/// Where in the plain text the first escape sequence stood that is not in it any more.
pub(crate) fn first_escape(text: &str, plain: &str) -> Option<usize> {
    let same = || text.bytes().zip(plain.bytes()).take_while(|(own, shown)| own == shown).count();
    (plain.len() < text.len()).then(same)
}

/// From which line on a wrapped text keeps the blanks at the ends of its lines. From the word with its first escape
/// sequence on, PowerShell closes each line with one that it adds.
pub(crate) fn first_closed_line(text: &str, escape: usize, cells: usize) -> usize {
    let (before, behind) = text.split_at_checked(escape).unwrap_or((text, ""));
    let line = behind.split('\n').next().unwrap_or_default();
    let word = line.split_inclusive(WORD_ENDS).next().unwrap_or_default();
    let until = text.get(..before.len().saturating_add(word.len())).unwrap_or(text);
    wrap(until, cells).len().saturating_sub(1)
}

/// Where the next line end and the next end of a link are, counted from the end of the text: what was looked for once stays
/// known, so that a text of many links that do not end is not searched again for each of them.
#[derive(Default)]
struct LinkEnds {
    line: Option<usize>,
    link: Option<usize>,
}

impl LinkEnds {
    /// The length of the link at the beginning of this rest of the text, if it ends in its line.
    fn length(&mut self, rest: &str) -> Option<usize> {
        let next = |known: &mut Option<usize>, end: &str| {
            let behind = known.filter(|behind| *behind <= rest.len());
            let behind = behind.unwrap_or_else(|| rest.find(end).map_or(0, |at| rest.len().saturating_sub(at)));
            *known = Some(behind);
            rest.len().saturating_sub(behind)
        };
        let (line, link) = (next(&mut self.line, "\n"), next(&mut self.link, "\u{1b}\\"));
        (link < line).then_some(link)
    }
}

/// The length of an escape sequence behind its ESC: `[1;2m`, `[?25h`, or the `]8;;…ESC\` of a link.
fn sequence(text: &str, ends: &mut LinkEnds) -> Option<usize> {
    if let Some(link) = text.strip_prefix("]8;;") {
        return ends.length(link).map(|at| at.saturating_add(6));
    }
    let body = text.strip_prefix('[')?;
    let (private, body) = body.strip_prefix('?').map_or((false, body), |rest| (true, rest));
    let end = body.find(|c: char| !(c.is_ascii_digit() || (c == ';' && !private)))?;
    let last = body.get(end..)?.chars().next()?;
    let fits = if private { matches!(last, 'h' | 'l') && end > 0 } else { last == 'm' };
    fits.then(|| end.saturating_add(if private { 3 } else { 2 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_padded_in_cells() {
        for (text, cells, align, wanted) in [
            ("abc", 5, Align::Left, "abc  "),
            ("abc", 5, Align::Right, "  abc"),
            ("abcdef", 4, Align::Left, "abc…"),
            ("abcdef", 4, Align::Right, "…def"),
            ("abcdef", 1, Align::Left, "a"),
            ("漢字漢", 4, Align::Left, "漢… "),
            ("abc", 8, Align::Center, "  abc   "),
            ("abcdef", 4, Align::Center, "abc…"),
            ("a\r\nb", 4, Align::Left, "a…  "),
            ("a😀b", 3, Align::Left, "a\u{fffd}…"),
        ] {
            assert_eq!(fit(text, cells, align, true), wanted, "{text}");
        }
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh ", "ij"]);
        assert_eq!(wrap("a\n\nb", 3), ["a", "", "b"]);
        assert_eq!(wrap("漢字", 1), ["?", "?"]);
        assert_eq!(wrap("a😀😀", 2), ["a\u{fffd}", "\u{fffd}\u{fffd}", "\u{fffd}"]);
        assert_eq!(wrap("😀😀😀", 4), ["😀😀", "😀"]);
        assert_eq!(wrap("😀b", 1), ["\u{fffd}", "\u{fffd}", "b"]);
    }

    #[test]
    fn colours_and_links_are_taken_out() {
        assert_eq!(plain("\u{1b}[31;1mred\u{1b}[0m \u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\"), "red link");
        assert_eq!(plain("a\u{1b}[?25lb\u{1b}[2Jc\u{1b}"), "ab\u{1b}[2Jc\u{1b}");
        let open = "\u{1b}]8;;http://x";
        assert_eq!(plain(&open.repeat(3)), open.repeat(3), "links that do not end are text");
        assert_eq!(plain(&format!("{open}\n{open}\u{1b}\\{open}")), format!("{open}\n{open}"));
        assert_eq!(plain(&format!("{open}\u{1b}\\a{open}\n\u{1b}\\{open}")), format!("a{open}\n\u{1b}\\{open}"));
    }
}
