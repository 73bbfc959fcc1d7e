//! What a client wants to run.

use clixml::{PsString, Value};

/// A pipeline as a client sent it. [MS-PSRP] 2.2.2.10
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PipelineRequest {
    /// The statements, each of one or several commands.
    pub statements: Vec<Vec<CommandRequest>>,
    /// Whether no input follows.
    pub no_input: bool,
}

/// One command of a pipeline. [MS-PSRP] 2.2.3.12
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommandRequest {
    /// The command, or the text of a script.
    pub name: String,
    /// Whether the name is script text.
    pub is_script: bool,
    /// Parameters in order; those without a name are positional.
    pub parameters: Vec<(Option<PsString>, Value)>,
    /// Whether errors go into the output.
    pub errors_to_output: bool,
}

impl PipelineRequest {
    /// Reads the content of CREATE_PIPELINE.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        let powershell = value.get("PowerShell")?;
        let commands = |value: &Value| -> Vec<CommandRequest> {
            value
                .get("Cmds")
                .and_then(Value::items)
                .unwrap_or_default()
                .iter()
                .filter_map(CommandRequest::from_value)
                .collect()
        };
        let extra = powershell.get("ExtraCmds").and_then(Value::items).unwrap_or_default();
        let statements =
            if extra.is_empty() { vec![commands(powershell)] } else { extra.iter().map(commands).collect() };
        let no_input = value.get("NoInput").and_then(Value::as_bool).unwrap_or(true);
        Some(Self { statements, no_input })
    }
}

impl CommandRequest {
    fn from_value(value: &Value) -> Option<Self> {
        let is = |name: &str, number: i64| value.get(name).and_then(Value::as_i64) == Some(number);
        Some(Self {
            name: value.get("Cmd")?.to_display(),
            is_script: value.get("IsScript").and_then(Value::as_bool).unwrap_or(false),
            parameters: parameters(value.get("Args").and_then(Value::items).unwrap_or_default()),
            errors_to_output: is("MergeError", 1) || (is("MergeMyResult", 2) && is("MergeToResult", 1)),
        })
    }
}

/// Parameters in both forms: name and value together as the API sends them, or a name with a dash and its value as
/// the next one, as a parsed console line is sent.
fn parameters(items: &[Value]) -> Vec<(Option<PsString>, Value)> {
    let mut found: Vec<(Option<PsString>, Value)> = Vec::new();
    let mut waiting = false;
    for item in items {
        let name = item.get("N").and_then(Value::as_ps_string).filter(|name| !name.is_empty());
        let value = item.get("V").cloned().unwrap_or_default();
        match name {
            Some(name) => {
                let text = name.to_string_lossy();
                let dashed = text.starts_with('-') && value.is_null();
                let bare = text.trim_start_matches('-').trim_end_matches(':');
                found.push((Some(bare.into()), if dashed { Value::Bool(true) } else { value }));
                waiting = dashed;
            }
            // The value of the dashed name before it. A switch is followed by the next name or by nothing.
            None if waiting => {
                if let Some((_, last)) = found.last_mut() {
                    *last = value;
                }
                waiting = false;
            }
            None => found.push((None, value)),
        }
    }
    found
}
