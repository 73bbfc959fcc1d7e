//! Any bytes as values of a run, shown as a console shows them: no panic.

use std::time::Duration;

use clixml::{Limits, decode_with};
use psformat::{Formatter, Options, normal_view};

/// Small enough that one input is quick.
const LIMITS: Limits = Limits { depth: 12, references: 1_000, nodes: 20_000 };

/// One input.
pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let mut formatter = Formatter::new(Options { width: usize::from(*first), ..Options::default() });
    let mut lines = Vec::new();
    // Values stand between zero bytes, which no text of XML holds.
    for (index, part) in rest.split(|byte| *byte == 0).enumerate().take(64) {
        let Ok(value) = decode_with(part, &LIMITS) else { continue };
        formatter.push(&value, Duration::from_millis(index as u64 * 60), &mut lines);
        formatter.push_text(&normal_view(&value, Some("computer")), Duration::ZERO, &mut lines);
    }
    formatter.flush(&mut lines);
    formatter.finish(&mut lines);
}
