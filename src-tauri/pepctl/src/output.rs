//! Standard output: one JSON object per line, or what a console shows.

use std::io::{BufWriter, StdoutLock, Write};

use clixml::Value;
use psrp::client::Origin;
use psrp::host::{Choice, HostCall, Question};
use psrp::records::{ErrorRecord, InformationRecord, ProgressRecord, message_of};
use psrp::{Event, PipelineState, RecordStream};
use serde_json::Value as Json;
use winrm::{Interruption, SessionState};

use crate::console::Console;
use crate::json_out::{field, raw, text, value};

/// The longest text of a byte array, list or object, in bytes. A string is always whole, and so is every `value`.
const LONGEST: usize = 1 << 20;

/// Lines of JSON on their way to standard output; what is large goes through in pieces.
struct Lines {
    out: BufWriter<StdoutLock<'static>>,
    /// Nobody reads them any more
    broken: bool,
}

impl Write for Lines {
    /// Never fails: from the first failure on, what is written is dropped.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.broken |= !self.broken && self.out.write_all(bytes).is_err();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.broken |= !self.broken && self.out.flush().is_err();
        Ok(())
    }
}

/// The output. The first write that fails ends it: there is nobody to read it.
pub(crate) struct Output {
    /// Text for people instead of lines for programs
    console: Option<Console>,
    lines: Option<Lines>,
    /// Nobody reads the console any more
    broken: bool,
    seq: u64,
    /// The number of the present run, from 1; 0 before the first
    pub(crate) run: u64,
}

impl Output {
    /// Lines of JSON, or a console so many characters wide that shows what comes from this computer.
    pub(crate) fn new(console: Option<(usize, String)>) -> Self {
        let console = console.map(|(width, computer)| Console::new(width, computer));
        let lines = console
            .is_none()
            .then(|| Lines { out: BufWriter::with_capacity(256 * 1024, std::io::stdout().lock()), broken: false });
        Self { console, lines, broken: false, seq: 0, run: 0 }
    }

    /// Hands over what was written so far.
    pub(crate) fn flush(&mut self) {
        let flushed = match (&mut self.console, &mut self.lines) {
            (Some(console), _) => console.flush(),
            (None, Some(lines)) => lines.flush(),
            (None, None) => Ok(()),
        };
        self.broken |= flushed.is_err();
    }

    /// Whether the reader has gone away. That is no reason to leave the session open, but one to stop.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken || self.lines.as_ref().is_some_and(|lines| lines.broken)
    }

    fn line(&mut self, stream: &str, shown: &str, more: impl FnOnce(&mut Lines)) {
        let Some(line) = &mut self.lines else {
            if let Some(console) = &mut self.console {
                console.say(&format!("{stream}: {shown}"));
            }
            return;
        };
        self.seq += 1;
        raw(line, "{\"seq\":");
        raw(line, &self.seq.to_string());
        if self.run > 0 {
            raw(line, ",\"run\":");
            raw(line, &self.run.to_string());
        }
        field(line, "stream", |line| text(line, stream));
        field(line, "text", |line| text(line, shown));
        more(line);
        raw(line, "}\n");
    }

    /// A change of state.
    pub(crate) fn state(&mut self, shown: &str, more: &[(&str, Json)]) {
        self.line("state", shown, |line| {
            for (name, json) in more {
                field(line, name, |line| raw(line, &json.to_string()));
            }
        });
    }

    /// A record.
    pub(crate) fn record(&mut self, stream: RecordStream, record: &Value) {
        if let Some(console) = &mut self.console {
            return console.record(stream, record);
        }
        let (name, shown) = match stream {
            RecordStream::Output => ("output", record.display_within(LONGEST)),
            RecordStream::Error => ("error", ErrorRecord::from_value(record).message.into()),
            RecordStream::Warning => ("warning", message_of(record).into()),
            RecordStream::Verbose => ("verbose", message_of(record).into()),
            RecordStream::Debug => ("debug", message_of(record).into()),
            RecordStream::Information => ("information", InformationRecord::from_value(record).text.into()),
            RecordStream::Progress => {
                let progress = ProgressRecord::from_value(record);
                let shown = format!("{}: {}", progress.activity, progress.status);
                self.line("progress", &shown, |line| {
                    field(line, "percent", |line| {
                        raw(line, &progress.percent.map_or("null".into(), |p| p.to_string()))
                    });
                    field(line, "value", |line| value(line, record));
                });
                return;
            }
        };
        self.line(name, &shown, |line| field(line, "value", |line| value(line, record)));
    }

    /// The end of a run. A terminating error is a line of the error stream first.
    pub(crate) fn ended(&mut self, state: PipelineState, error: Option<&Value>, origin: Origin) -> &'static str {
        let error = error.filter(|_| state == PipelineState::Failed);
        if let Some(console) = &mut self.console {
            error.into_iter().for_each(|error| console.error(error));
            console.ended();
        } else if let Some(error) = error {
            let record = ErrorRecord::from_value(error);
            self.line("error", &record.message, |line| {
                field(line, "terminating", |line| raw(line, "true"));
                field(line, "value", |line| value(line, error));
            });
        }
        let word = match state {
            PipelineState::Completed => "completed",
            PipelineState::Stopped => "stopped",
            _ => "failed",
        };
        let origin = match origin {
            Origin::Endpoint => "endpoint",
            Origin::NeverSent => "never_sent",
            Origin::DoneWithoutState => "done_without_state",
            Origin::CommandGone => "command_gone",
            Origin::PoolEnded => "pool_ended",
            Origin::KeyExchangeFailed => "key_exchange_failed",
        };
        self.state(word, &[("run_state", word.into()), ("origin", origin.into())]);
        word
    }

    /// A host call; a question waits for an answer.
    pub(crate) fn host_call(&mut self, call: &HostCall, asks: bool, repeats: Option<RecordStream>) {
        if let Some(console) = self.console.as_mut().filter(|_| !asks) {
            return console.call(call, repeats);
        }
        let method = call.method.name().map_or_else(|| call.method.number().to_string(), str::to_owned);
        if let (Some(console), Some(question)) = (&mut self.console, call.question()) {
            return console.say(&format!("host: {}", asked(&question)));
        }
        let shown = match call.question() {
            Some(
                Question::Fields { caption, message, .. }
                | Question::Credential { caption, message, .. }
                | Question::Choice { caption, message, .. }
                | Question::Choices { caption, message, .. },
            ) => format!("{caption} {message}").trim().to_owned(),
            _ => call.parameters.iter().filter_map(Value::as_ps_string).map(|text| text.to_string_lossy()).collect(),
        };
        self.line("host", &shown, |line| {
            field(line, "method", |line| text(line, &method));
            field(line, "call", |line| raw(line, &call.id.to_string()));
            field(line, "question", |line| raw(line, if asks { "true" } else { "false" }));
            if let Some(stream) = repeats {
                field(line, "repeats", |line| text(line, &format!("{stream:?}").to_lowercase()));
            }
            let mut first = true;
            field(line, "value", |line| {
                raw(line, "[");
                for parameter in &call.parameters {
                    if !std::mem::take(&mut first) {
                        raw(line, ",");
                    }
                    value(line, parameter);
                }
                raw(line, "]");
            });
        });
    }

    /// Everything else that the pool machine tells.
    pub(crate) fn other(&mut self, event: &Event) {
        match event {
            Event::Opened { protocol } => self.state("opened", &[("protocol", protocol.to_string().into())]),
            Event::PrivateData(data) => {
                self.line("state", "private data", |line| field(line, "value", |line| value(line, data)));
            }
            Event::PoolState { state, error } => {
                let shown = error.as_ref().map(|error| ErrorRecord::from_value(error).message).unwrap_or_default();
                self.line("state", &format!("pool {state:?} {shown}").to_lowercase(), |line| {
                    if let Some(error) = error {
                        field(line, "value", |line| value(line, error));
                    }
                });
            }
            Event::Withdrawn { call, .. } => self.state("question withdrawn", &[("call", call.0.into())]),
            Event::KeyReady => self.state("session key ready", &[]),
            Event::KeyFailed => self.state("session key failed", &[]),
            Event::UserEvent(data) => {
                self.line("event", &data.to_display(), |line| field(line, "value", |line| value(line, data)));
            }
            Event::Availability(data) => {
                self.line("state", "availability", |line| field(line, "value", |line| value(line, data)));
            }
            Event::Gap { object, .. } => self.state("records are missing", &[("object", (*object).into())]),
            Event::Unreadable { kind, reason, text: raw_text, .. } => {
                self.line("unreadable", reason, |line| {
                    field(line, "kind", |line| text(line, kind.name()));
                    field(line, "clixml", |line| text(line, raw_text));
                });
            }
            Event::Ignored { kind, .. } => self.state("message ignored", &[("kind", kind.name().into())]),
            Event::Record { .. } | Event::PipelineState { .. } | Event::HostCall { .. } => {}
        }
    }

    pub(crate) fn session(&mut self, state: &SessionState) {
        match state {
            SessionState::Ready => self.state("ready", &[]),
            SessionState::Retrying { left, reason } => {
                self.state("retrying", &[("seconds_left", left.as_secs().into()), ("reason", reason.as_str().into())]);
            }
            SessionState::Disconnected { reason } => {
                let reason = reason.as_ref().map_or(Json::Null, |reason| reason.to_string().into());
                self.state("disconnected", &[("reason", reason)]);
            }
            SessionState::Lost(reason) => self.state("lost", &[("reason", reason.to_string().into())]),
            SessionState::Closed => self.state("closed", &[]),
        }
        self.flush();
    }

    pub(crate) fn interruption(&mut self, interruption: &Interruption) {
        let (shown, reason): (&str, String) = match interruption {
            Interruption::NotStarted { .. } => ("the command was not started", String::new()),
            Interruption::Refused { fault, .. } => ("the endpoint refused the command", fault.to_string()),
            Interruption::OutcomeUnknown { reason, .. } => ("the outcome is unknown", reason.clone()),
            Interruption::SendUnknown { reason, .. } => ("input may not have arrived", reason.clone()),
            Interruption::AnsweredAgain { reason, .. } => {
                ("an answer may not have arrived and is sent again", reason.clone())
            }
            Interruption::StopUnknown { reason, .. } => ("the stop may not have arrived", reason.clone()),
            Interruption::StillRunning { .. } => ("may still be running on the endpoint", String::new()),
            Interruption::RecordsMayBeMissing { reason, .. } => ("records may be missing", reason.clone()),
            Interruption::IdleTimeReduced { to } => ("the idle time was reduced", format!("{to:?}")),
            Interruption::FewerConnections { reason } => {
                ("no further connection signs in; the session goes on over those that it has", reason.to_string())
            }
            Interruption::ConnectionsAgain => ("connections sign in again", String::new()),
        };
        let says = match interruption {
            Interruption::Refused { fault, .. } => fault.text(),
            _ => None,
        };
        self.line("interruption", shown, |line| {
            if !reason.is_empty() {
                field(line, "reason", |line| text(line, &reason));
            }
            if let Some(says) = says {
                field(line, "endpoint_says", |line| text(line, says));
            }
        });
    }

    /// The last line.
    pub(crate) fn finish(&mut self, state: &str, more: &[(&str, Json)]) {
        self.run = 0;
        self.seq += 1;
        let Some(line) = &mut self.lines else {
            if let Some(console) = &mut self.console {
                let of =
                    |wanted: &str| more.iter().find(|(name, _)| *name == wanted).and_then(|(_, text)| text.as_str());
                let mut line = state.to_owned();
                if let Some(text) = of("text") {
                    line = format!("{line}: {text}");
                }
                if let Some(says) = of("endpoint_says") {
                    line = format!("{line}. The endpoint says: {says}");
                }
                console.say(&line);
            }
            return;
        };
        raw(line, "{\"seq\":");
        raw(line, &self.seq.to_string());
        field(line, "state", |line| text(line, state));
        for (name, json) in more {
            field(line, name, |line| raw(line, &json.to_string()));
        }
        raw(line, "}\n");
        self.flush();
    }
}

/// A question in full, as a person in front of a console has to see it.
fn asked(question: &Question) -> String {
    let labels =
        |choices: &[Choice]| choices.iter().map(|choice| format!("[{}]", choice.label)).collect::<Vec<_>>().join(" ");
    let (caption, message, rest) = match question {
        Question::Fields { caption, message, fields } => {
            let names = fields.iter().map(|field| format!("{}:", field.name.to_string_lossy()));
            (caption, message, names.collect::<Vec<_>>().join(" "))
        }
        Question::Credential { caption, message, user, .. } => (caption, message, user.clone()),
        Question::Choice { caption, message, choices, .. } | Question::Choices { caption, message, choices, .. } => {
            (caption, message, labels(choices))
        }
        Question::Line => return "a line of text".to_owned(),
        Question::SecretLine => return "a line of text that is not shown".to_owned(),
        Question::Key => return "a key".to_owned(),
    };
    [caption.as_str(), message.as_str(), rest.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
