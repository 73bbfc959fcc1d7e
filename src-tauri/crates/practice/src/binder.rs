//! Binding of parameters the way PowerShell does it: any case, unique prefixes, positions, conversion to the type.

use clixml::{Object, PsString, Value};
use psrp::records::ErrorInfo;
use psrp::server::CommandRequest;

use crate::commands::{CommandInfo, ParameterInfo};

/// Parameters that every cmdlet has.
const COMMON: &[&str] = &[
    "Verbose",
    "Debug",
    "ErrorAction",
    "WarningAction",
    "InformationAction",
    "ErrorVariable",
    "WarningVariable",
    "InformationVariable",
    "OutVariable",
    "OutBuffer",
    "PipelineVariable",
    "ProgressAction",
];

/// The parameters of one call by their full names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bound(Vec<(String, Value)>);

impl Bound {
    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether a parameter was given; a switch that is off was not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.as_bool() != Some(false))
    }

    /// The texts of a list parameter.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.get(name).and_then(Value::items).unwrap_or_default().iter().map(Value::to_display).collect()
    }

    /// Adds a value that was asked for.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.push((name.to_owned(), value));
    }

    /// A text with the names in braces replaced by the parameters' values.
    pub(crate) fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            let shown = value.get("UserName").unwrap_or(value);
            text.replace(&format!("{{{name}}}"), &shown.to_display())
        })
    }
}

/// Binds the parameters of a command. Missing mandatory ones are left to the caller, who asks for them.
pub(crate) fn bind(info: &CommandInfo, request: &CommandRequest) -> Result<Bound, ErrorInfo> {
    let mut bound = Bound::default();
    let mut positions = info.parameters.iter().filter(|parameter| parameter.type_name != "SwitchParameter");
    for (name, value) in &request.parameters {
        let (name, type_name, values) = match name {
            Some(name) => match find(info, name)? {
                Named::Parameter(parameter) => {
                    (parameter.name.as_str(), parameter.type_name.as_str(), parameter.values.as_slice())
                }
                Named::Common(common) => (common, "Object", &[][..]),
            },
            None => {
                let free = positions.find(|parameter| bound.get(&parameter.name).is_none());
                let free = free.ok_or_else(|| {
                    let text = value.to_display();
                    error(
                        info,
                        &format!("A positional parameter cannot be found that accepts argument '{text}'."),
                        "PositionalParameterNotFound",
                    )
                })?;
                (free.name.as_str(), free.type_name.as_str(), free.values.as_slice())
            }
        };
        if bound.get(name).is_some() {
            let message = format!("Cannot bind parameter because parameter '{name}' is specified more than once.");
            return Err(error(info, &message, "ParameterAlreadyBound"));
        }
        let value = convert(info, name, type_name, value)?;
        if let Some(wrong) = texts(&value)
            .iter()
            .find(|text| !values.is_empty() && !values.iter().any(|known| known.eq_ignore_ascii_case(text)))
        {
            let message = format!(
                "Cannot validate argument on parameter '{name}'. The argument \"{wrong}\" does not belong to the set \"{}\" specified by the ValidateSet attribute.",
                values.join(",")
            );
            return Err(ErrorInfo { category: 6, ..error(info, &message, "ParameterArgumentValidationError") });
        }
        bound.set(name, value);
    }
    Ok(bound)
}

/// Mandatory parameters that were not given.
pub(crate) fn missing<'a>(info: &'a CommandInfo, bound: &Bound) -> Vec<&'a ParameterInfo> {
    info.parameters.iter().filter(|parameter| parameter.mandatory && bound.get(&parameter.name).is_none()).collect()
}

enum Named<'a> {
    Parameter(&'a ParameterInfo),
    Common(&'static str),
}

fn find<'a>(info: &'a CommandInfo, name: &PsString) -> Result<Named<'a>, ErrorInfo> {
    let name = name.to_string_lossy();
    let exact = info.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(&name));
    if let Some(parameter) = exact {
        return Ok(Named::Parameter(parameter));
    }
    let begins = |known: &str| known.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(&name));
    let own: Vec<_> = info.parameters.iter().filter(|parameter| begins(&parameter.name)).collect();
    let common: Vec<_> = COMMON.iter().copied().filter(|known| begins(known)).collect();
    match (own.as_slice(), common.as_slice()) {
        ([one], []) => Ok(Named::Parameter(one)),
        ([], [one]) => Ok(Named::Common(one)),
        ([], []) => {
            let message = format!("A parameter cannot be found that matches parameter name '{name}'.");
            Err(error(info, &message, "NamedParameterNotFound"))
        }
        _ => {
            let message = format!("Parameter cannot be processed because the parameter name '{name}' is ambiguous.");
            Err(error(info, &message, "AmbiguousParameter"))
        }
    }
}

fn convert(info: &CommandInfo, name: &str, type_name: &str, value: &Value) -> Result<Value, ErrorInfo> {
    let refuse = |reason: &str| {
        let message = format!("Cannot process argument transformation on parameter '{name}'. {reason}");
        Err(ErrorInfo {
            category: 6,
            exception: "ParameterBindingArgumentTransformationException".into(),
            ..error(info, &message, "ParameterArgumentTransformationError")
        })
    };
    let is_secret = matches!(value.base(), Value::SecureString(_));
    match type_name {
        "SwitchParameter" | "Boolean" => match value.as_bool().or_else(|| value.get("IsPresent")?.as_bool()) {
            Some(on) => Ok(Value::Bool(on)),
            None => refuse("Cannot convert value to type \"System.Boolean\"."),
        },
        "Int32" | "UInt32" | "UInt16" => match value.as_i64().or_else(|| value.to_display().trim().parse().ok()) {
            Some(number) => Ok(Value::I64(number)),
            None => refuse(&format!("Cannot convert value \"{}\" to type \"System.{type_name}\".", value.to_display())),
        },
        "SecureString" if is_secret => Ok(value.clone()),
        "SecureString" => refuse("Cannot convert the value to type \"System.Security.SecureString\"."),
        "PSCredential" if value.get("UserName").is_some() && value.get("Password").is_some() => Ok(value.clone()),
        "PSCredential" => refuse("userName"),
        _ if is_secret => refuse("Cannot convert the \"System.Security.SecureString\" value."),
        "String" if value.items().is_some() => refuse("Cannot convert value to type System.String."),
        "String" => Ok(value.to_display().into()),
        "String[]" => Ok(Object::list(texts(value).into_iter().map(Value::from).collect()).into()),
        _ => Ok(value.clone()),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value.items() {
        Some(items) => items.iter().map(Value::to_display).collect(),
        None => vec![value.to_display()],
    }
}

fn error(info: &CommandInfo, message: &str, id: &str) -> ErrorInfo {
    ErrorInfo::parameter_binding(&info.name, message, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::find as command;

    fn request(parameters: &[(Option<&str>, Value)]) -> CommandRequest {
        let parameters = parameters.iter().map(|(name, value)| (name.map(PsString::from), value.clone())).collect();
        CommandRequest { parameters, ..CommandRequest::default() }
    }

    #[test]
    fn names_count_in_any_case_and_as_unique_prefixes() {
        let info = command("Test-AzureStack").unwrap();
        let bound =
            bind(info, &request(&[(Some("incl"), "AzsAcsSummary".into()), (Some("LIST"), true.into())])).unwrap();
        assert_eq!(bound.list("Include"), ["AzsAcsSummary"]);
        assert!(bound.has("List"));
    }

    #[test]
    fn what_does_not_fit_is_refused_as_powershell_refuses_it() {
        let info = command("Test-AzureStack").unwrap();
        for (parameters, id) in [
            (vec![(Some("Nope"), Value::from(1))], "NamedParameterNotFound,Test-AzureStack"),
            (vec![(Some("Group"), "Nope".into())], "ParameterArgumentValidationError,Test-AzureStack"),
            (vec![(Some("List"), "x".into())], "ParameterArgumentTransformationError,Test-AzureStack"),
        ] {
            assert_eq!(bind(info, &request(&parameters)).unwrap_err().id, id);
        }
        let close = command("Close-PrivilegedEndpoint").unwrap();
        assert!(bind(close, &request(&[(Some("Credential"), "text".into())])).is_err());
        assert_eq!(missing(close, &Bound::default()).len(), 2);
    }
}
