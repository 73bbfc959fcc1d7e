//! Values behind their labels, where labels and values stand in groups, in tables, or the other way round.

use std::borrow::Cow;

use super::labels::{Kind, is_label, labels};
use super::words::{addresses, host_of, words};

/// Puts values behind their labels where labels and values stand in groups.
pub(super) fn in_order(text: &str) -> String {
    let turned = labels_first(&values_last(text));
    let lines: Vec<&str> = turned.lines().map(str::trim).filter(|line| !line.is_empty() && !is_rule(line)).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let heads = cells(line);
        if heads.len() > 1 && heads.iter().all(|cell| is_label(cell)) {
            let rows = rows(&heads, lines.get(at + 1..).unwrap_or_default());
            if !rows.is_empty() {
                columns(&heads, &rows, &mut out);
                at += 1 + rows.len();
                continue;
            }
        }
        let rest = lines.get(at..).unwrap_or_default();
        let heads = rest.iter().take_while(|line| is_label(line)).count();
        // No further than it matters: else every line would look at all that follow.
        let following = rest.iter().skip(heads).take(if heads > 1 { heads + 1 } else { 0 });
        let values = following.take_while(|line| labels(line).is_empty()).count();
        if heads > 1 && heads == values {
            let (labels, rest) = rest.split_at(heads);
            pair(labels, rest.get(..values).unwrap_or_default(), &mut out);
            at += heads + values;
        } else {
            // A run that is none is passed over as a whole, so that long ones are looked at once.
            for line in rest.iter().take(heads.max(1)) {
                out.push_str(line);
                out.push('\n');
            }
            at += heads.max(1);
        }
    }
    out
}

/// The cells of a table's line; those of a file of values are separated by commas.
fn cells(line: &str) -> Vec<&str> {
    let by_comma = !line.contains(['\t', '|']);
    let ends = |c| if by_comma { matches!(c, ',' | ';') } else { matches!(c, '\t' | '|') };
    line.split(ends).map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

fn pair(labels: &[&str], values: &[&str], out: &mut String) {
    for (label, value) in labels.iter().zip(values) {
        group(label, [*value], out);
    }
}

/// A label and its values, a line each
fn group<'a>(label: &'a str, values: impl IntoIterator<Item = &'a str>, out: &mut String) {
    for line in std::iter::once(label).chain(values) {
        out.push_str(line);
        out.push('\n');
    }
}

/// The line under the head of a table
fn is_rule(line: &str) -> bool {
    line.contains("--") && line.chars().all(|c| matches!(c, '|' | '-' | ':' | '+' | ' ' | '\t'))
}

/// The rows of a table with these heads; cells may be empty where bars are drawn.
fn rows<'a>(heads: &[&str], lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let row = |line: &&'a str| {
        let drawn: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let found = if drawn.len() == heads.len() { drawn } else { cells(line) };
        Some(found).filter(|found| found.len() == heads.len() && found.iter().all(|cell| labels(cell).is_empty()))
    };
    lines.iter().map_while(row).collect()
}

/// Each label with all that stands below it.
fn columns(heads: &[&str], rows: &[Vec<&str>], out: &mut String) {
    for (at, head) in heads.iter().enumerate() {
        let below = rows.iter().filter_map(|row| row.get(at).copied());
        group(head, below.filter(|cell| !cell.is_empty()), out);
    }
}

/// Where a text begins with values and ends with a label, each label stands below its values.
fn values_last(text: &str) -> Cow<'_, str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (first, last) = (lines.next(), lines.next_back());
    let values = first.is_some_and(|line| words(line).all(|word| host_of(word).is_some()));
    if !values || !last.is_some_and(is_label) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut waiting = Vec::new();
    for line in text.lines().map(str::trim) {
        if is_label(line) {
            group(line, waiting.drain(..), &mut out);
        } else {
            waiting.push(line);
        }
    }
    out.extend(waiting);
    Cow::Owned(out)
}

/// Lines such as those of a hosts file have the address first: turned round, where one of them names an instance.
fn labels_first(text: &str) -> String {
    let first = |line: &str| {
        let mut words = words(line);
        let address = words.next().filter(|word| host_of(word).is_some())?.to_owned();
        let named = words.next().is_some();
        let rest = line.split_once(address.as_str()).map_or("", |(_, rest)| rest).to_owned();
        (named && addresses(&rest).next().is_none()).then_some((address, rest))
    };
    let names = |rest: &str| labels(rest).iter().any(|(_, _, kind)| *kind == Kind::Pep);
    if !text.lines().any(|line| first(line).is_some_and(|(_, rest)| names(&rest))) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        match first(line) {
            Some((address, rest)) => {
                out.push_str(rest.trim());
                out.push(' ');
                out.push_str(&address);
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}
