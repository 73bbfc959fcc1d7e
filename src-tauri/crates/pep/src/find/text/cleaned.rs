//! Text without what copying leaves in it: marks that nobody sees, tags of HTML, punctuation of other scripts.

use std::borrow::Cow;

/// The longest tag, in bytes; what is longer is text.
const LONGEST_TAG: usize = 400;

/// Tags that end a line, and those that end a cell.
const LINES: &[&str] = &["br", "p", "div", "tr", "li", "ul", "table", "h1", "h2", "h3", "h4"];
const CELLS: &[&str] = &["td", "th"];
/// Other tags of HTML that stand around words.
const WORDS: &[&str] = &[
    "span", "strong", "font", "code", "pre", "small", "sub", "sup", "mark", "img", "html", "head", "body", "meta",
    "link", "style", "script", "title", "tbody", "thead", "tfoot", "caption", "colgroup", "col", "button", "input",
    "label", "form", "section", "article", "header", "footer", "nav", "main", "svg", "path", "use", "abbr", "time",
    "kbd", "samp", "var", "cite", "del", "ins", "iframe", "details", "summary", "lst", "ie", "dct", "stk", "que",
    "objs",
];

/// The text as it looks.
pub(super) fn cleaned(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains(['<', '&']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let instead = match c {
            '<' => tag(rest),
            '&' => entity(rest).map(|(seen, length)| (Cow::Owned(seen.to_string()), length)),
            _ => None,
        };
        rest = match instead {
            Some((instead, length)) => {
                out.push_str(&instead);
                rest.get(length..).unwrap_or_default()
            }
            _ => {
                out.extend(seen(c));
                after
            }
        };
    }
    Cow::Owned(out)
}

/// What stands in the place of a tag, and its length. Tags of XML have names that say what is in them.
fn tag(text: &str) -> Option<(Cow<'static, str>, usize)> {
    let inner = text.strip_prefix('<')?;
    // PowerShell's XML has the names of types in it, which are not shown. [MS-PSRP] 2.2.5.2.3
    if let Some(end) =
        inner.strip_prefix("T>").and_then(|inner| inner.get(..LONGEST_TAG.min(inner.len()))?.find("</T>"))
    {
        return Some((" ".into(), end + "<T></T>".len()));
    }
    let starts = inner.strip_prefix('/').unwrap_or(inner);
    if !starts.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!') {
        return None;
    }
    let end = inner.bytes().take(LONGEST_TAG).position(|byte| matches!(byte, b'<' | b'>'))?;
    if inner.as_bytes().get(end) != Some(&b'>') {
        return None;
    }
    let name: String = starts.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let instead: Cow<'static, str> = match name.as_str() {
        name if LINES.contains(&name) => "\n".into(),
        name if CELLS.contains(&name) => "\t".into(),
        // PowerShell's own XML has the names of properties in an attribute. [MS-PSRP] 2.2.5.2.8
        "s" | "obj" | "i32" | "g" | "version" if let Some(name) = attribute(inner.get(..end)?, " N=\"") => {
            format!("\n{name}: ").into()
        }
        name if name.len() < 3 || WORDS.contains(&name) || inner.starts_with('!') => " ".into(),
        _ if inner.starts_with('/') => "\n".into(),
        _ => format!("\n{}: ", starts.get(..name.len())?).into(),
    };
    Some((instead, end + 2))
}

/// The value of an attribute
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(name)?.1.split_once('"').map(|(value, _)| value)
}

/// The character of an entity, and its length.
fn entity(text: &str) -> Option<(char, usize)> {
    if let Some(number) = text.strip_prefix("&#") {
        let (digits, _) = number.get(..number.len().min(9)).unwrap_or(number).split_once(';')?;
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => digits.parse(),
        };
        return Some((char::from_u32(code.ok()?).map(|c| if c == '\u{a0}' { ' ' } else { c })?, digits.len() + 3));
    }
    [("&nbsp;", ' '), ("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"')]
        .into_iter()
        .find(|(written, _)| text.starts_with(written))
        .map(|(written, c)| (c, written.len()))
}

/// What is seen of a character.
fn seen(c: char) -> Option<char> {
    Some(match c {
        // Marks of direction, joiners, soft hyphens: nobody sees them, and copying brings them along.
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => return None,
        // Wide forms of ASCII
        '\u{ff01}'..='\u{ff19}' | '\u{ff1b}'..='\u{ff5e}' => {
            u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c)
        }
        '\u{3001}' | '\u{060c}' => ',',
        '\u{3002}' | '\u{ff1a}' | '\u{00b7}' | '\u{2022}' => ' ',
        '\u{300c}'..='\u{300f}' | '\u{3008}'..='\u{300b}' | '\u{3010}' | '\u{3011}' => ' ',
        '\u{00ab}' | '\u{00bb}' | '\u{2039}' | '\u{203a}' | '\u{2018}'..='\u{201f}' => ' ',
        _ => c,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copying_leaves_behind_is_gone() {
        for (text, seen) in [
            ("10.0.0.4", "10.0.0.4"),
            ("\u{200e}10.0.0.4\u{202c}\u{2060}", "10.0.0.4"),
            ("10.\u{ad}0.0.4", "10.0.0.4"),
            ("\u{ff1a}\u{ff11}\u{ff10}.0.0.4\u{ff1b}\u{3001}x", " 10.0.0.4;,x"),
            ("<td class=\"a\">10.0.0.4<br/>10.0.0.5</td><b>x</b>", "\t10.0.0.4\n10.0.0.5\t x "),
            ("a < b & c > d", "a < b & c > d"),
            ("1&nbsp;2&amp;", "1 2&"),
            ("1&#32;2&#x2C;3&#160;4&#xD800;&#;", "1 2,3 4&#xD800;&#;"),
            ("<Stamp><PEP>10.0.0.4</PEP></Stamp>", "\nStamp: \nPEP: 10.0.0.4\n\n"),
            (r#"<S N="RegionName">east</S>"#, "\nRegionName: east "),
            ("<T>System.String[]</T><LST><S>a</S></LST>", "   a  "),
            ("\u{ab}10.0.0.4\u{bb}", " 10.0.0.4 "),
            ("<never", "<never"),
        ] {
            assert_eq!(cleaned(text), seen, "{text}");
        }
    }
}
