//! Texts of an endpoint's questions, as far as they are fit to be shown (T-11).

use std::borrow::Cow;

/// The most characters of one text that are shown. PowerShell's own questions have a few hundred.
const MOST: usize = 4_000;

/// The text without colours, with control characters and marks that turn the direction of reading made visible, and cut where it
/// is longer than anybody reads. The record holds all of it.
pub(crate) fn shown(text: &str) -> String {
    let text = without_colours(text);
    let mut characters = text.chars();
    let mut shown: String =
        characters.by_ref().take(MOST).map(|one| if hidden(one) { char::REPLACEMENT_CHARACTER } else { one }).collect();
    if characters.next().is_some() {
        shown.push_str(" \u{2026}");
    }
    shown
}

/// Characters that are not seen but change what is.
fn hidden(one: char) -> bool {
    matches!(one,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
        && one != '\r'
}

/// Takes out the sequences that only colour, `ESC [ digits and semicolons m`.
fn without_colours(text: &str) -> Cow<'_, str> {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default();
    if first.len() == text.len() {
        return text.into();
    }
    let mut plain = first.to_owned();
    for piece in pieces {
        match piece.trim_start_matches(|one: char| one.is_ascii_digit() || one == ';').strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => plain.extend(["\u{1b}[", piece]),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f13_texts_are_cut_and_what_hides_in_them_is_seen() {
        assert_eq!(shown("Are you sure?\r\n\tYes \u{e4}\u{1f600}"), "Are you sure?\r\n\tYes \u{e4}\u{1f600}");
        assert_eq!(shown("\u{1b}[1;31mred\u{1b}[0m"), "red");
        assert_eq!(shown("\u{1b}[2Jgone\u{1b}]0;title\u{7}"), "\u{fffd}[2Jgone\u{fffd}]0;title\u{fffd}");
        for one in ['\0', '\u{9b}', '\u{61c}', '\u{200f}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{2028}', '\u{feff}'] {
            assert_eq!(shown(&format!("a{one}b")), "a\u{fffd}b", "{one:?}");
        }
        let long = shown(&"\u{202e}".repeat(1 << 20));
        assert_eq!(long.chars().count(), MOST + 2);
        assert_eq!(shown(&"x".repeat(MOST)).len(), MOST);
    }
}
