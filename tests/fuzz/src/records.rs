//! P-07: any bytes as the records and questions of a run, as text.

use std::time::Duration;

use ::clixml::{Limits, decode_with};
use psformat::{Formatter, Options, normal_view};
use psrp::host::HostCall;
use psrp::records::{ErrorRecord, InformationRecord, ProgressRecord, message_of};

/// Small enough that one input is quick.
const LIMITS: Limits = Limits { depth: 12, references: 1_000, nodes: 20_000 };
/// No text that is put together is longer, in bytes.
const ROOM: usize = 4096;

/// One input.
pub fn run(data: &[u8]) {
    if let Ok(value) = decode_with(data, &LIMITS) {
        let _ = (ErrorRecord::from_value(&value), normal_view(&value, Some("computer")), message_of(&value));
        let _ = (InformationRecord::from_value(&value), ProgressRecord::from_value(&value));
        let shown = value.display_within(ROOM);
        // A single text is never cut.
        assert!(shown.len() <= ROOM * 2 + data.len() * 3, "{} bytes", shown.len());
        if let Some(call) = HostCall::from_value(&value) {
            let _ = (call.question(), call.to_value());
        }
    }
    // As a text on a screen of this width.
    let Some((width, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let mut formatter = Formatter::new(Options { width: usize::from(*width), ..Options::default() });
    let mut lines = Vec::new();
    formatter.push(&text.as_ref().into(), Duration::ZERO, &mut lines);
    formatter.push_text(&text, Duration::ZERO, &mut lines);
    formatter.finish(&mut lines);
}
