//! Addresses that people write in short: `10.0.5.224/225/226`, `10.0.5.224, .225 and .226`, `10.0.5.224-226`.

use std::borrow::Cow;
use std::net::Ipv4Addr;

/// So far apart are the instances of a stamp at most; what is farther apart is something else.
const SPAN: u8 = 16;

/// What stands between two numbers of a series.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    /// One more
    And,
    /// One more, or the length of a network's prefix
    Slash,
    /// All up to it
    To,
}

const BETWEEN: &[(&str, Between)] = &[
    ("and", Between::And),
    ("or", Between::And),
    (",", Between::And),
    (";", Between::And),
    ("&", Between::And),
    ("+", Between::And),
    ("/", Between::Slash),
    ("through", Between::To),
    ("to", Between::To),
    ("..", Between::To),
    ("-", Between::To),
    ("\u{2013}", Between::To),
    ("\u{2014}", Between::To),
];

/// The text with every address of a series written out.
pub(super) fn written_out(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    let mut before = None;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let starts = c.is_ascii_digit() && !before.is_some_and(|c: char| c.is_alphanumeric() || ".-:_/[".contains(c));
        let Some((first, length)) = starts.then(|| text.get(at..).and_then(address)).flatten() else {
            before = Some(c);
            at += c.len_utf8();
            continue;
        };
        // "10.0.5.224/10.0.5.225": a slash between two addresses is a comma.
        let slash = text.get(at + length..).and_then(|rest| rest.strip_prefix('/'));
        if slash.is_some_and(|rest| address(rest).is_some()) {
            out.push_str(text.get(copied..at + length).unwrap_or_default());
            out.push_str(", ");
            copied = at + length + 1;
            at = copied;
            before = Some(' ');
            continue;
        }
        let (more, end) = series(text, first, at + length);
        if !more.is_empty() {
            out.push_str(text.get(copied..at + length).unwrap_or_default());
            for last in more {
                let [a, b, c, _] = first.octets();
                out.push_str(&format!(", {a}.{b}.{c}.{last}"));
            }
            copied = end;
        }
        at = end;
        before = Some('0');
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// The numbers that follow an address, and where the last one of them ends.
fn series(text: &str, first: Ipv4Addr, from: usize) -> (Vec<u8>, usize) {
    let [.., mut last] = first.octets();
    let (mut more, mut end) = (Vec::new(), from);
    while let Some((between, number, next)) = text.get(end..).and_then(|rest| one_more(rest, first)) {
        let distance = number.saturating_sub(last);
        let rest = text.get(end + next..).unwrap_or_default();
        // "10.0.0.0/24" is a network, unless "/25" follows.
        let network = between == Between::Slash && number <= 32 && more.is_empty() && !rest.starts_with('/');
        if distance == 0 || distance > SPAN || network {
            break;
        }
        match between {
            Between::To => more.extend(last.saturating_add(1)..=number),
            Between::And | Between::Slash => more.push(number),
        }
        last = number;
        end += next;
    }
    (more, end)
}

/// What stands between, the last number of the next address, and how long both are.
fn one_more(rest: &str, first: Ipv4Addr) -> Option<(Between, u8, usize)> {
    let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let mut at = blanks(rest);
    // "224, 225, and 226" has two of them.
    let mut between = None;
    for _ in 0..2 {
        let here = rest.get(at..)?;
        let Some((mark, kind)) = BETWEEN.iter().find(|(mark, _)| here.starts_with(mark)) else { break };
        between = between.or(Some(*kind));
        at += mark.len();
        at += blanks(rest.get(at..)?);
    }
    let between = between?;
    let here = rest.get(at..)?;
    if let Some((next, length)) = address(here) {
        // Only the end of a range: others stand for themselves.
        let same = next.octets().iter().take(3).eq(first.octets().iter().take(3));
        let [.., last] = next.octets();
        return (same && between == Between::To).then_some((between, last, at + length));
    }
    let digits = here.strip_prefix('.').unwrap_or(here);
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number = digits.get(..length)?.parse().ok()?;
    let after = digits.get(length..)?;
    let goes_on = after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        || after.strip_prefix('.').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    (!goes_on).then_some((between, number, at + (here.len() - digits.len()) + length))
}

/// The address that a text begins with, and its length.
fn address(text: &str) -> Option<(Ipv4Addr, usize)> {
    let length = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count().min(16);
    let word = text.get(..length)?;
    // A sentence may end behind it, and a range may begin with two dots.
    let word = word.split_once("..").map_or(word, |(word, _)| word);
    let word = word.strip_suffix('.').unwrap_or(word);
    Some((word.parse().ok()?, word.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_forms_are_written_out() {
        let three = "10.0.5.224, 10.0.5.225, 10.0.5.226";
        for short in [
            "10.0.5.224/225/226",
            "10.0.5.224/10.0.5.225/10.0.5.226",
            "10.0.5.224, 225, 226",
            "10.0.5.224,.225,.226",
            "10.0.5.224; .225; .226",
            "10.0.5.224 / .225 / .226",
            "10.0.5.224, 225 and 226",
            "10.0.5.224, .225, and .226",
            "10.0.5.224-226",
            "10.0.5.224 \u{2013} 226",
            "10.0.5.224..226",
            "10.0.5.224 to .226",
            "10.0.5.224-10.0.5.226",
            "10.0.5.224 through 10.0.5.226",
        ] {
            assert_eq!(written_out(&format!("({short}).")), format!("({three})."), "{short}");
        }
    }

    #[test]
    fn what_is_no_series_stays() {
        for text in [
            "",
            "10.0.5.0/24",
            "10.0.5.224/27",
            "10.0.5.224, 10.0.5.225",
            "10.0.5.224, 10.1.5.226",
            "10.0.5.224-10.0.9.226",
            "10.0.5.4/5",
            "10.0.5.224, 3 more",
            "10.0.5.224 and 225th",
            "10.0.5.224:5985, 7",
            "1.2206.2.77-80",
            "10.0.5.1-255",
            "version 10.0.5.224.9-226",
            "10.0.5.224, 225.1",
            "10.0.5.300-310",
        ] {
            assert_eq!(written_out(text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[0-9./, \\-a-f:\u{2013}]{0,80}") {
            let out = written_out(&text);
            let gone = text.chars().filter(|c| c.is_alphabetic() && !"andortough".contains(*c)).count();
            let kept = out.chars().filter(|c| c.is_alphabetic() && !"andortough".contains(*c)).count();
            prop_assert_eq!(gone, kept);
            // Each number brings at most a range.
            prop_assert!(out.len() <= (text.len() + 1) * usize::from(SPAN) * 16);
        }
    }
}
