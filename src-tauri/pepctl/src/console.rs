//! Standard output as a PowerShell console would show the run, and nothing else; our own words go to standard error.

use std::collections::VecDeque;
use std::io::{BufWriter, IsTerminal, StdoutLock, Write};
use std::time::Instant;

use chrono::TimeZone;
use clixml::Value;
use psformat::{Formatter, Options, normal_view};
use psrp::RecordStream;
use psrp::host::HostCall;
use psrp::records::{InformationRecord, message_of};

/// Texts of information that a call may repeat.
const REMEMBERED: usize = 64;

/// By how many seconds the clock of this computer is ahead of UTC at a moment, in seconds since 1970.
fn ahead_of_utc(moment: i64) -> i32 {
    let moment = chrono::DateTime::from_timestamp(moment, 0).unwrap_or_default();
    chrono::Local.offset_from_utc_datetime(&moment.naive_utc()).local_minus_utc()
}

/// The console.
pub(crate) struct Console {
    out: BufWriter<StdoutLock<'static>>,
    options: Options,
    formatter: Formatter,
    /// The computer that errors name
    computer: String,
    began: Instant,
    /// The newest information, and whether it is shown already: the endpoint may ask for it again
    heard: VecDeque<(String, bool)>,
    /// Whether escape sequences of the endpoint would reach a terminal
    terminal: bool,
}

impl Console {
    pub(crate) fn new(width: usize, computer: String) -> Self {
        let options = Options { width, ..Options::default() };
        let out = std::io::stdout().lock();
        let terminal = out.is_terminal();
        Self {
            out: BufWriter::with_capacity(64 * 1024, out),
            formatter: Formatter::new(options.clone()),
            options,
            computer,
            began: Instant::now(),
            heard: VecDeque::new(),
            terminal,
        }
    }

    /// Hands over what was written so far.
    ///
    /// # Errors
    /// When nobody reads it any more.
    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }

    /// Our own words.
    pub(crate) fn say(&mut self, text: &str) {
        // What is shown comes before it; whether anybody reads it is seen elsewhere.
        let _ = self.flush();
        let _ = writeln!(std::io::stderr(), "pepctl: {text}");
    }

    pub(crate) fn record(&mut self, stream: RecordStream, record: &Value) {
        match stream {
            RecordStream::Output => {
                let mut formatter = std::mem::replace(&mut self.formatter, Formatter::new(self.options.clone()));
                let record = psformat::in_local_time(record, &ahead_of_utc);
                formatter.push_in_parts(&record, self.began.elapsed(), |lines| {
                    self.lines(lines);
                    lines.clear();
                });
                self.formatter = formatter;
            }
            RecordStream::Error => self.error(record),
            RecordStream::Warning => self.line(&format!("WARNING: {}", message_of(record))),
            RecordStream::Verbose => self.line(&format!("VERBOSE: {}", message_of(record))),
            RecordStream::Debug => self.line(&format!("DEBUG: {}", message_of(record))),
            RecordStream::Information => self.information(&InformationRecord::from_value(record)),
            // A console takes its bar away again.
            RecordStream::Progress => {}
        }
    }

    fn information(&mut self, record: &InformationRecord) {
        if self.heard.len() >= REMEMBERED {
            self.heard.pop_front();
        }
        self.heard.push_back((record.text.clone(), record.for_screen));
        if record.for_screen && !record.tags.iter().any(|tag| tag == "FORWARDED") {
            self.text(&record.text, !record.no_new_line);
        }
    }

    /// An error stands in its place among the objects.
    pub(crate) fn error(&mut self, record: &Value) {
        let mut lines = Vec::new();
        let text = normal_view(record, Some(&self.computer));
        self.formatter.push_text(&text, self.began.elapsed(), &mut lines);
        self.lines(&lines);
    }

    /// What the endpoint writes on our screen, unless a record has said it already.
    pub(crate) fn call(&mut self, call: &HostCall, repeats: Option<RecordStream>) {
        let text = |at: usize| call.parameters.get(at).map(Value::to_display).unwrap_or_default();
        let shown = match call.method.number() {
            13 => (text(0), false),
            14 => (text(2), false),
            15 => (String::new(), true),
            16 | 18 => (text(0), true),
            17 => (text(2), true),
            19 => (format!("DEBUG: {}", text(0)), true),
            21 => (format!("VERBOSE: {}", text(0)), true),
            22 => (format!("WARNING: {}", text(0)), true),
            _ => return,
        };
        match repeats {
            None => {}
            Some(RecordStream::Information) => {
                // The call follows its record: the newest one of this text.
                let Some(at) = self.heard.iter().rposition(|(text, _)| *text == shown.0) else { return };
                if self.heard.remove(at).is_none_or(|(_, shown)| shown) {
                    return;
                }
            }
            Some(_) => return,
        }
        self.text(&shown.0, shown.1);
    }

    /// The run is over.
    pub(crate) fn ended(&mut self) {
        let mut lines = Vec::new();
        self.formatter.finish(&mut lines);
        self.lines(&lines);
        self.formatter = Formatter::new(self.options.clone());
        self.heard.clear();
        let _ = self.flush();
    }

    fn lines(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.line(line));
    }

    fn line(&mut self, line: &str) {
        self.text(line, true);
    }

    fn text(&mut self, text: &str, ends: bool) {
        let text = &*psformat::plain(text);
        // A terminal obeys more than colours.
        let harmless: String;
        let text = if self.terminal && text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
            harmless = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r')).collect();
            &harmless
        } else {
            text
        };
        let _ = self.out.write_all(text.as_bytes());
        if ends {
            let _ = self.out.write_all(b"\n");
        }
    }
}
