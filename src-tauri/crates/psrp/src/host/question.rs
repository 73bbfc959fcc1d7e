//! Questions for a person: the calls that ask, with their parameters by meaning.

use clixml::{Object, Property, PsString, Value};

use super::{HostCall, HostMethod};

/// A choice of a list. [MS-PSRP] 2.2.6
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The label; `&` stands before the letter that chooses it, `&&` for itself.
    pub label: String,
    /// A help text; empty when there is none.
    pub help: String,
}

/// A field of a form. [MS-PSRP] 2.2.6
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The name under which its value is answered.
    pub name: PsString,
    /// The label, as of a choice.
    pub label: String,
    /// The full type name, for example `System.Security.SecureString`.
    pub type_name: String,
    /// A help text; empty when there is none.
    pub help: String,
    /// Whether it must not stay empty.
    pub mandatory: bool,
    /// What it is when nothing is typed.
    pub default: Value,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// A line of text
    Line,
    /// A line that is not shown
    SecretLine,
    /// Several fields
    Fields {
        /// Caption
        caption: String,
        /// Message
        message: String,
        /// The fields
        fields: Vec<Field>,
    },
    /// An account and a password
    Credential {
        /// Caption
        caption: String,
        /// Message
        message: String,
        /// The account to begin with
        user: String,
        /// What it is for
        target: String,
    },
    /// One of several choices
    Choice {
        /// Caption
        caption: String,
        /// Message
        message: String,
        /// The choices
        choices: Vec<Choice>,
        /// The one to begin with
        default: Option<usize>,
    },
    /// Any of several choices
    Choices {
        /// Caption
        caption: String,
        /// Message
        message: String,
        /// The choices
        choices: Vec<Choice>,
        /// Those to begin with
        defaults: Vec<usize>,
    },
    /// A key
    Key,
}

impl HostCall {
    /// The question that this call is, if it is one.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        let text = |at: usize| self.parameters.get(at).map(Value::to_display).unwrap_or_default();
        let value = |at: usize| self.parameters.get(at).unwrap_or(&Value::Null);
        let (caption, message) = (text(0), text(1));
        Some(match self.method {
            HostMethod::READ_LINE => Question::Line,
            HostMethod::READ_LINE_AS_SECURE_STRING => Question::SecretLine,
            HostMethod::READ_KEY => Question::Key,
            HostMethod::PROMPT => {
                let fields = value(2).items().unwrap_or_default().iter().filter_map(Field::from_value).collect();
                Question::Fields { caption, message, fields }
            }
            HostMethod::PROMPT_FOR_CREDENTIAL1 | HostMethod::PROMPT_FOR_CREDENTIAL2 => {
                Question::Credential { caption, message, user: text(2), target: text(3) }
            }
            HostMethod::PROMPT_FOR_CHOICE => {
                let choices = choices(value(2));
                let default =
                    value(3).as_i64().and_then(|at| usize::try_from(at).ok()).filter(|at| *at < choices.len());
                Question::Choice { caption, message, choices, default }
            }
            HostMethod::PROMPT_FOR_CHOICE_MULTIPLE_SELECTION => {
                let choices = choices(value(2));
                // The defaults are a list, or an array of any rank: elements and lengths.
                let defaults = value(3).items().or_else(|| value(3).get("mae").and_then(Value::items));
                let defaults = defaults.unwrap_or_default().iter().filter_map(|at| usize::try_from(at.as_i64()?).ok());
                Question::Choices {
                    caption,
                    message,
                    defaults: defaults.filter(|at| *at < choices.len()).collect(),
                    choices,
                }
            }
            _ => return None,
        })
    }
}

fn choices(list: &Value) -> Vec<Choice> {
    let text = |choice: &Value, name: &str| choice.get(name).map(Value::to_display).unwrap_or_default();
    let items = list.items().unwrap_or_default();
    items.iter().map(|choice| Choice { label: text(choice, "label"), help: text(choice, "helpMessage") }).collect()
}

impl Choice {
    /// As a server sends it. A help text that is missing is left out: PowerShell's client takes no null there.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut extended = vec![Property::new("label", self.label.as_str())];
        if !self.help.is_empty() {
            extended.push(Property::new("helpMessage", self.help.as_str()));
        }
        Object { extended, ..Object::default() }.into()
    }
}

impl Field {
    fn from_value(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).map(Value::to_display).unwrap_or_default();
        Some(Self {
            name: value.get("name")?.as_ps_string()?.clone(),
            label: text("label"),
            type_name: text("parameterTypeFullName"),
            help: text("helpMessage"),
            mandatory: value.get("isMandatory").and_then(Value::as_bool).unwrap_or(false),
            default: value.get("defaultValue").cloned().unwrap_or_default(),
        })
    }

    /// As a server sends it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let short = self.type_name.rsplit('.').next().unwrap_or_default();
        let assembly =
            format!("{}, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089", self.type_name);
        Object::with_extended([
            ("name", Value::String(self.name.clone())),
            ("label", self.label.as_str().into()),
            ("parameterTypeName", short.into()),
            ("parameterTypeFullName", self.type_name.as_str().into()),
            ("parameterAssemblyFullName", assembly.into()),
            ("helpMessage", self.help.as_str().into()),
            ("isMandatory", self.mandatory.into()),
            ("metadata", Object::list(Vec::new()).into()),
            ("modifiedByRemotingProtocol", false.into()),
            ("isFromRemoteHost", false.into()),
        ])
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CallId;

    fn call(method: HostMethod, parameters: Vec<Value>) -> HostCall {
        HostCall { id: CallId(1), method, parameters }
    }

    #[test]
    fn f9_choices_with_odd_labels_and_defaults_are_usable() {
        let list = Object::list(
            ["&Yes", "", "Nothing && &more"]
                .map(|label| Choice { label: label.into(), help: String::new() }.to_value())
                .into(),
        );
        for (default, wanted) in [(1, Some(1)), (-1, None), (3, None)] {
            let call =
                call(HostMethod::PROMPT_FOR_CHOICE, vec!["c".into(), "m".into(), list.clone().into(), default.into()]);
            let Some(Question::Choice { choices, default, .. }) = call.question() else { panic!("a choice") };
            assert_eq!((choices.len(), default), (3, wanted));
        }
    }

    #[test]
    fn f12_names_in_any_case_and_a_bare_number_are_read() {
        let value: Value =
            Object::with_extended([("CI", 3_i64.into()), ("MI", 11.into()), ("MP", Object::list(vec![]).into())])
                .into();
        assert_eq!(
            HostCall::from_value(&value),
            Some(HostCall { id: CallId(3), method: HostMethod::READ_LINE, parameters: vec![] })
        );
    }

    #[test]
    fn f8_fields_come_back_as_they_were_sent() {
        let field = Field {
            name: "Secret".into(),
            label: "&Secret".into(),
            type_name: "System.Security.SecureString".into(),
            help: String::new(),
            mandatory: true,
            default: Value::Null,
        };
        let call = call(HostMethod::PROMPT, vec!["c".into(), "m".into(), Object::list(vec![field.to_value()]).into()]);
        let Some(Question::Fields { fields, .. }) = call.question() else { panic!("a form") };
        assert_eq!(fields, [field]);
    }
}
