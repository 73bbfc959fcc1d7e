//! Addresses that people write in short: `10.0.5.224/225/226`, `10.0.5.224, .225 and .226`, `10.0.5.224-226`, and by their network:
//! `10.0.5.0/24: .224, .225, .226`.

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
    ("und", Between::And),
    ("oder", Between::And),
    ("et", Between::And),
    ("ou", Between::And),
    (",", Between::And),
    (";", Between::And),
    ("&", Between::And),
    ("+", Between::And),
    ("/", Between::Slash),
    ("through", Between::To),
    ("to", Between::To),
    ("bis", Between::To),
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
    let network = the_network(text);
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if let Some(network) = network.filter(|_| c == '.' && !before.is_some_and(joins))
            && let Some((number, length)) = text.get(at..).and_then(|rest| last_part(rest, network))
        {
            let [a, b, c, _] = network.0.octets();
            let first = Ipv4Addr::new(a, b, c, number);
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push_str(&first.to_string());
            let (more, end) = series(text, first, at + length);
            more.iter().for_each(|last| out.push_str(&format!(", {a}.{b}.{c}.{last}")));
            (copied, at, before) = (end, end, Some('0'));
            continue;
        }
        let starts = c.is_ascii_digit() && !before.is_some_and(joins);
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

/// Whether what follows this character belongs to it.
fn joins(c: char) -> bool {
    c.is_alphanumeric() || ".-:_/[".contains(c)
}

/// The one network that a text is about, and the length of its prefix, where addresses stand in it by their last parts alone. Where there
/// are two, nobody knows which of them is meant.
fn the_network(text: &str) -> Option<(Ipv4Addr, u32)> {
    let mut only = None;
    let words =
        || text.split(|c: char| c.is_whitespace() || "(),;:|=\"'`*<>".contains(c)).filter(|word| !word.is_empty());
    for found in words().filter_map(network) {
        if only.is_some_and(|only| only != found) {
            return None;
        }
        only = Some(found);
    }
    let network = only?;
    // One alone is a number of something else.
    let parts = text.split(|c: char| c.is_whitespace() || "(),;:|=\"'`*<>/".contains(c));
    (parts.filter(|part| last_part(part, network).is_some()).count() > 1).then_some(network)
}

/// `10.0.5.0/24`, and longer prefixes; `10.0.5.x`
pub(super) fn network(word: &str) -> Option<(Ipv4Addr, u32)> {
    let open = ["x", "X", "xxx", "XXX", "xx"].iter().find_map(|any| word.strip_suffix(any)?.strip_suffix('.'));
    if let Some(front) = open {
        return Some((format!("{front}.0").parse().ok()?, 24));
    }
    let (address, length) = word.trim_end_matches('.').split_once('/')?;
    let (address, length): (Ipv4Addr, u32) = (address.parse().ok()?, length.parse().ok()?);
    let is_network = (24..=30).contains(&length) && address.to_bits().trailing_zeros() >= 32 - length;
    is_network.then_some((address, length))
}

/// `.224`: the last part of an address in the network, and its length.
fn last_part(text: &str, (network, length): (Ipv4Addr, u32)) -> Option<(u8, usize)> {
    let digits = text.strip_prefix('.')?;
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number: u8 = digits.get(..count)?.parse().ok()?;
    let after = digits.get(count..)?;
    let goes_on = after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '%')
        || after.strip_prefix('.').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
    let [a, b, c, _] = network.octets();
    let host = 32_u32.saturating_sub(length);
    let inside = Ipv4Addr::new(a, b, c, number).to_bits().checked_shr(host) == network.to_bits().checked_shr(host);
    (inside && !goes_on && number > 0).then_some((number, count + 1))
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
            "10.0.5.224, .225 und .226",
            "10.0.5.224 bis .226",
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
    fn last_parts_belong_to_the_one_network_of_the_text() {
        let three = "10.0.5.224, 10.0.5.225, 10.0.5.226";
        for (text, wanted) in [
            ("10.0.5.0/24: .224, .225, .226", format!("10.0.5.0/24: {three}")),
            ("Network 10.0.5.0/24\nPEP .224, .225 and .226", format!("Network 10.0.5.0/24\nPEP {three}")),
            ("PEP (.224/.225/.226) in 10.0.5.0/24", format!("PEP ({three}) in 10.0.5.0/24")),
            ("10.0.5.192/26 .224 .225", "10.0.5.192/26 10.0.5.224 10.0.5.225".to_owned()),
            ("10.0.5.x: .224-.226 or .227", "10.0.5.x: 10.0.5.224, 10.0.5.225, 10.0.5.226, 10.0.5.227".to_owned()),
            (
                "10.0.5.0/24 and again 10.0.5.0/24. .4, .5.",
                "10.0.5.0/24 and again 10.0.5.0/24. 10.0.5.4, 10.0.5.5.".to_owned(),
            ),
        ] {
            assert_eq!(written_out(text), wanted, "{text}");
        }
        for text in [
            // Two networks, none, one that is too large, and one in which they are not
            "10.0.5.0/24, 10.0.6.0/24: .224, .225, .226",
            "PEP .224, .225, .226",
            "10.0.0.0/16: .224, .225",
            "10.0.5.0/26: .224, .225",
            // A number alone, and numbers of something else
            "10.0.5.0/24 in .5 s",
            "10.0.5.0/24: .5s, .25%, v.24",
            "10.0.5.4/24: .224, .225",
        ] {
            assert_eq!(written_out(text), text);
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
            let gone = text.chars().filter(|c| c.is_alphabetic() && !"andortoughdeisub".contains(*c)).count();
            let kept = out.chars().filter(|c| c.is_alphabetic() && !"andortoughdeisub".contains(*c)).count();
            prop_assert_eq!(gone, kept);
            // Each number brings at most a range.
            prop_assert!(out.len() <= (text.len() + 1) * usize::from(SPAN) * 16);
        }
    }
}
