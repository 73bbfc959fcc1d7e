//! Standard input: one JSON object per line.

use std::collections::VecDeque;
use std::io::BufRead;

use psrp::{Command, Parameter, Pipeline};
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc;

use crate::exit::Failure;
use crate::json_in;

/// Something to run.
pub(crate) struct Run {
    pub(crate) pipeline: Pipeline,
    /// Input objects, when the pipeline takes input
    pub(crate) input: Option<Vec<clixml::Value>>,
    pub(crate) stop_after_ms: Option<u64>,
}

enum Line {
    Run(Run),
    StopAfter(u64),
    Answer(Json),
    Bad(Failure),
}

/// The lines, sorted into runs and answers; each kind keeps its order.
pub(crate) struct Input {
    lines: mpsc::UnboundedReceiver<Line>,
    runs: VecDeque<Run>,
    answers: VecDeque<Json>,
    next_stop: Option<u64>,
    current_stop: Option<u64>,
    any: bool,
    ended: bool,
    failure: Option<Failure>,
}

impl Input {
    /// Reads standard input on a thread of its own: waiting for it must not keep the program alive.
    pub(crate) fn new() -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let line = match line {
                    Ok(line) if line.trim_start_matches('\u{feff}').trim().is_empty() => continue,
                    Ok(line) => read(&line).unwrap_or_else(Line::Bad),
                    Err(error) => Line::Bad(Failure::usage(format!("standard input: {error}"))),
                };
                let bad = matches!(line, Line::Bad(_));
                if sender.send(line).is_err() || bad {
                    return;
                }
            }
        });
        Self {
            lines,
            runs: VecDeque::new(),
            answers: VecDeque::new(),
            next_stop: None,
            current_stop: None,
            any: false,
            ended: false,
            failure: None,
        }
    }

    /// The next run; `None` at the end.
    pub(crate) async fn next_run(&mut self) -> Result<Option<Run>, Failure> {
        loop {
            if let Some(run) = self.runs.pop_front() {
                self.current_stop = None;
                return Ok(Some(run));
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if !self.more().await {
                return self.failure.take().map_or(Ok(None), Err);
            }
        }
    }

    /// What was wrong with the lines, for a call that takes answers only.
    pub(crate) fn misuse(&mut self) -> Option<Failure> {
        let stray = (!self.runs.is_empty()).then(|| Failure::usage("with \"run\", standard input holds answers only"));
        self.failure.take().or(stray)
    }

    /// The next answer; `None` at the end.
    pub(crate) fn answer(&mut self) -> Option<Json> {
        self.answers.pop_front()
    }

    /// How many answers were given that no question asked for, as far as lines were given.
    pub(crate) fn unused_answers(&mut self) -> usize {
        while let Ok(Line::Answer(answer)) = self.lines.try_recv() {
            self.answers.push_back(answer);
        }
        self.answers.len()
    }

    /// Whether nothing more comes.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// A line that stops the present run came: after this many milliseconds from its start.
    pub(crate) fn take_stop(&mut self) -> Option<u64> {
        self.current_stop.take()
    }

    /// Reads one line more; whether there was one. May be dropped while waiting.
    pub(crate) async fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        match self.lines.recv().await {
            None => self.ended = true,
            Some(Line::Run(mut run)) => {
                run.stop_after_ms = run.stop_after_ms.or(self.next_stop.take());
                self.runs.push_back(run);
                self.any = true;
            }
            // It belongs to the run before it, or to the first one.
            Some(Line::StopAfter(ms)) => match self.runs.back_mut() {
                Some(run) => run.stop_after_ms = Some(ms),
                None if self.any => self.current_stop = Some(ms),
                None => self.next_stop = Some(ms),
            },
            Some(Line::Answer(answer)) => self.answers.push_back(answer),
            Some(Line::Bad(failure)) => {
                self.failure = Some(failure);
                self.ended = true;
            }
        }
        !self.ended
    }
}

fn read(line: &str) -> Result<Line, Failure> {
    // What PowerShell pipes into a program begins with a byte order mark.
    let line = line.trim_start_matches('\u{feff}');
    let json: Json = serde_json::from_str(line).map_err(|error| Failure::usage(format!("not JSON: {error}")))?;
    let map = json.as_object().ok_or_else(|| Failure::usage("a line is a JSON object"))?;
    if let Some(answer) = map.get("answer") {
        return Ok(Line::Answer(answer.clone()));
    }
    let commands = match map.get("pipeline") {
        Some(Json::Array(stages)) if stages.is_empty() => return Err(Failure::usage("\"pipeline\" is empty")),
        Some(Json::Array(stages)) => stages
            .iter()
            .map(|stage| command(stage.as_object().ok_or_else(|| Failure::usage("a stage is a JSON object"))?))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(Failure::usage("\"pipeline\" is a list")),
        None if map.contains_key("command") || map.contains_key("script") => vec![command(map)?],
        None => {
            return match map.get("stop_after_ms").and_then(Json::as_u64) {
                Some(ms) => Ok(Line::StopAfter(ms)),
                None => Err(Failure::usage("a line holds \"command\", \"pipeline\", \"stop_after_ms\" or \"answer\"")),
            };
        }
    };
    let input = match map.get("input") {
        None => None,
        // A finished input without anything in it is none: so PowerShell's own client says it.
        Some(Json::Array(items)) if items.is_empty() => None,
        Some(Json::Array(items)) => Some(items.iter().map(json_in::value).collect::<Result<Vec<_>, _>>()?),
        Some(_) => return Err(Failure::usage("\"input\" is a list")),
    };
    let stop_after_ms = match map.get("stop_after_ms") {
        None | Some(Json::Null) => None,
        Some(ms) => Some(ms.as_u64().ok_or_else(|| Failure::usage("\"stop_after_ms\" is a number of milliseconds"))?),
    };
    let pipeline = Pipeline::new(commands);
    Ok(Line::Run(Run {
        pipeline: if input.is_some() { pipeline.with_input() } else { pipeline },
        input,
        stop_after_ms,
    }))
}

fn command(map: &Map<String, Json>) -> Result<Command, Failure> {
    let name = |key: &str| map.get(key).and_then(Json::as_str);
    let mut command = match (name("command"), name("script")) {
        (Some(name), None) => Command::new(name),
        (None, Some(text)) => Command::script(text),
        _ => return Err(Failure::usage("a stage has \"command\" or \"script\"")),
    };
    match map.get("parameters") {
        None | Some(Json::Null) => {}
        Some(Json::Object(parameters)) => {
            for (name, json) in parameters {
                add(&mut command, Some(name), json)?;
            }
        }
        Some(Json::Array(parameters)) => {
            for parameter in parameters {
                let json = parameter.get("value").unwrap_or(&Json::Null);
                add(&mut command, parameter.get("name").and_then(Json::as_str), json)?;
            }
        }
        Some(_) => return Err(Failure::usage("\"parameters\" is an object, or a list of {\"name\",\"value\"}")),
    }
    match map.get("arguments") {
        None | Some(Json::Null) => {}
        Some(Json::Array(arguments)) => {
            for json in arguments {
                add(&mut command, None, json)?;
            }
        }
        Some(_) => return Err(Failure::usage("\"arguments\" is a list")),
    }
    Ok(command)
}

/// Adds a parameter; without a name it is positional.
pub(crate) fn add(command: &mut Command, name: Option<&str>, json: &Json) -> Result<(), Failure> {
    if let Some(value) = json_in::argument(json)? {
        command.parameters.push(Parameter { name: name.map(Into::into), value });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_begin_with_a_byte_order_mark() {
        assert!(matches!(read("\u{feff}{\"command\":\"Test-Echo\"}"), Ok(Line::Run(_))));
        assert!(read("{\"command\":\"Test-Echo\"\u{feff}}").is_err());
    }
}
