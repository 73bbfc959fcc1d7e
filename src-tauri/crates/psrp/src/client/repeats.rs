//! With a host, an endpoint sends warnings and the like twice: first as a record, then as a call that writes it on the
//! screen. This finds the pairs. A call without a record before it is the only trace of its text.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use clixml::{PsString, Value};

use super::RecordStream;
use crate::host::HostCall;

/// Records that wait for their call, per stream.
const LIMIT: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Repeats {
    waiting: VecDeque<(RecordStream, u64)>,
}

impl Repeats {
    pub(super) fn record(&mut self, stream: RecordStream, value: &Value) {
        let text = match stream {
            RecordStream::Output | RecordStream::Error => return,
            RecordStream::Progress => None,
            RecordStream::Information => {
                let data = value.get("MessageData").unwrap_or(value);
                Some(text_of(data.get("Message").unwrap_or(data)))
            }
            RecordStream::Warning | RecordStream::Verbose | RecordStream::Debug => {
                Some(text_of(value.get("InformationalRecord_Message").unwrap_or(value)))
            }
        };
        if self.waiting.len() >= LIMIT {
            self.waiting.pop_front();
        }
        self.waiting.push_back((stream, digest(text.as_ref())));
    }

    /// The stream of the record that this call repeats.
    pub(super) fn call(&mut self, call: &HostCall) -> Option<RecordStream> {
        let (stream, text) = shown(call)?;
        let wanted = (stream, digest(text.as_ref()));
        let at = self.waiting.iter().position(|waiting| *waiting == wanted)?;
        self.waiting.remove(at);
        Some(stream)
    }
}

/// What a call writes, and the stream it would come from.
fn shown(call: &HostCall) -> Option<(RecordStream, Option<PsString>)> {
    let text = |at: usize| Some(call.parameters.get(at).map(text_of).unwrap_or_default());
    Some(match call.method.number() {
        13 | 16 => (RecordStream::Information, text(0)),
        14 | 17 => (RecordStream::Information, text(2)),
        15 => (RecordStream::Information, Some(PsString::new())),
        19 => (RecordStream::Debug, text(0)),
        20 => (RecordStream::Progress, None),
        21 => (RecordStream::Verbose, text(0)),
        22 => (RecordStream::Warning, text(0)),
        _ => return None,
    })
}

fn text_of(value: &Value) -> PsString {
    value.as_ps_string().cloned().unwrap_or_else(|| value.to_display().into())
}

fn digest(text: Option<&PsString>) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
