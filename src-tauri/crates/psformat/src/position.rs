//! The place in a script that an error names, as a client puts it together from the parts that came.
//!
//! A record brings a finished text as well, but PowerShell makes it anew. It knows where the place begins and not where it
//! ends, so the mark goes to the end of the line. All counts are of UTF-16 units.

use clixml::Value;

/// So many units of a line of script are shown.
const LONGEST_LINE: usize = 69;
/// So many of them before the place, where it is long itself.
const BEFORE: usize = 12;

/// `At line:1 char:5`, the line and its mark; `None` when the record names no place.
pub(crate) fn message(record: &Value) -> Option<String> {
    let number = |name: &str| record.get(name).and_then(Value::as_i32).unwrap_or(0);
    let text = |name: &str| record.get(name).and_then(Value::as_ps_string).filter(|text| !text.is_empty());
    let (row, column) = (number("InvocationInfo_ScriptLineNumber"), number("InvocationInfo_OffsetInLine"));
    let file = text("InvocationInfo_ScriptName");
    let source = text("InvocationInfo_Line");
    if row == 0 && column == 0 && file.is_none() && source.is_none() {
        return None;
    }
    let file = file.map_or_else(|| "line".into(), |file| file.to_string_lossy());
    let units: Vec<u16> = source.map(|source| source.units().collect()).unwrap_or_default();
    let start = usize::try_from(column).unwrap_or(0).saturating_sub(1);
    Some(format!("At {file}:{row} char:{column}\n+ {}", marked(&units, start)))
}

/// A line of script, cut to what fits, and below it a mark from `start` to its end.
fn marked(source: &[u16], start: usize) -> String {
    let is_blank = |unit: &u16| char::from_u32(u32::from(*unit)).is_some_and(char::is_whitespace);
    let length = source.iter().rposition(|unit| !is_blank(unit)).map_or(0, |last| last.saturating_add(1));
    if length == 0 {
        return String::new();
    }
    let (before, place) = source.split_at_checked(start).unwrap_or((source, &[]));
    let place = place.get(..length.saturating_sub(start)).unwrap_or_default();
    let before = without_tabs(before.get(..start.min(length)).unwrap_or_default());
    let place = without_tabs(place);
    let all = before.len().saturating_add(place.len());
    // A place that is too long for the line takes what the beginning leaves; else the beginning takes what the place
    // leaves.
    let least = before.len().min(BEFORE);
    let shown_before = match all > LONGEST_LINE {
        true => least.max(before.len().min(LONGEST_LINE.saturating_sub(place.len()))),
        false => before.len(),
    };
    let shown = place.len().min(LONGEST_LINE.saturating_sub(shown_before));
    let (cut_before, cut_behind) =
        (shown_before < before.len(), all > LONGEST_LINE && cut_at_the_end(least, place.len()));
    let mut line: Vec<u16> = before.get(before.len().saturating_sub(shown_before)..).unwrap_or_default().to_vec();
    line.extend_from_slice(place.get(..shown).unwrap_or_default());
    let mut text = String::new();
    if cut_before {
        text.push_str("… ");
    }
    text.push_str(&String::from_utf16_lossy(&line));
    if cut_behind {
        text.push_str(" …");
    }
    text.push_str("\n+ ");
    text.push_str(&" ".repeat(shown_before.saturating_add(if cut_before { 2 } else { 0 })));
    text.push_str(&"~".repeat(shown.max(1)));
    text
}

/// Whether the line gets the sign that it goes on. PowerShell sets it also where the place fits to the last unit.
fn cut_at_the_end(least_before: usize, place: usize) -> bool {
    least_before.saturating_add(place) >= LONGEST_LINE
}

/// A tab is four blanks.
fn without_tabs(units: &[u16]) -> Vec<u16> {
    let blanks = [0x20_u16; 4];
    units
        .iter()
        .flat_map(|unit| if *unit == 9 { blanks.as_slice() } else { std::slice::from_ref(unit) })
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, start: usize) -> String {
        marked(&line.encode_utf16().collect::<Vec<_>>(), start)
    }

    #[test]
    fn the_mark_goes_to_the_end_of_the_line() {
        assert_eq!(shown("1 / 0; 'x'  ", 4), "1 / 0; 'x'\n+     ~~~~~~");
        assert_eq!(shown("\t1/0", 1), "    1/0\n+     ~~~");
        assert_eq!(shown("short", 9), "short\n+      ~");
        assert_eq!(shown("  ", 0), "");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let (a, b) = ("a".repeat(30), "b".repeat(100));
        assert_eq!(
            shown(&format!("{a}{b}"), 30),
            format!("… {}{} …\n+ {}{}", "a".repeat(12), "b".repeat(57), " ".repeat(14), "~".repeat(57))
        );
        let (a, b) = ("a".repeat(100), "b".repeat(20));
        assert_eq!(
            shown(&format!("{a}{b}"), 100),
            format!("… {}{b}\n+ {}{}", "a".repeat(49), " ".repeat(51), "~".repeat(20))
        );
        let (a, b) = ("a".repeat(13), "b".repeat(57));
        assert!(shown(&format!("{a}{b}"), 13).starts_with(&format!("… {}{b} …\n", "a".repeat(12))));
    }

    #[test]
    fn half_a_character_is_shown_as_such() {
        let line = format!("{}😀{}", "a".repeat(20), "b".repeat(80));
        assert!(shown(&line, 33).starts_with("… \u{fffd}bbb"));
    }
}
