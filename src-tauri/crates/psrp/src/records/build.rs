//! Records as an endpoint makes them. [MS-PSRP] 2.2.3.15, 2.2.3.16

use clixml::{DateTime, Object, Property, PsString, Value, enum_value, type_names};

use super::{category_name, color_name};
use crate::PipelineState;

/// An error to report.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorInfo {
    /// What went wrong
    pub message: String,
    /// The fully qualified error id
    pub id: String,
    /// The category's number
    pub category: i32,
    /// The exception's type name in `System.Management.Automation`, or a full one
    pub exception: String,
    /// What it is about
    pub target: Value,
    /// The command that reports it; empty when there is none
    pub activity: String,
}

impl ErrorInfo {
    /// Script text was sent to a session without a language.
    #[must_use]
    pub fn scripts_not_allowed(script: &str) -> Self {
        Self {
            message:
                "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
                    .into(),
            id: "ScriptsNotAllowed".into(),
            category: 17,
            exception: "ParseException".into(),
            target: script.into(),
            activity: String::new(),
        }
    }

    /// There is no such command, or it is not visible.
    #[must_use]
    pub fn command_not_found(name: &str) -> Self {
        Self {
            message: format!(
                "The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. \
                 Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
            ),
            id: "CommandNotFoundException".into(),
            category: 13,
            exception: "CommandNotFoundException".into(),
            target: name.into(),
            activity: String::new(),
        }
    }

    /// A parameter was refused.
    #[must_use]
    pub fn parameter_binding(command: &str, message: &str, id: &str) -> Self {
        Self {
            message: message.into(),
            id: format!("{id},{command}"),
            category: 5,
            exception: "ParameterBindingException".into(),
            target: Value::Null,
            activity: command.into(),
        }
    }

    /// The pipeline was stopped.
    #[must_use]
    pub fn pipeline_stopped() -> Self {
        Self {
            message: "The pipeline has been stopped.".into(),
            id: "PipelineStopped".into(),
            category: 14,
            exception: "PipelineStoppedException".into(),
            target: Value::Null,
            activity: String::new(),
        }
    }

    /// The record.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let full = if self.exception.contains('.') {
            self.exception.clone()
        } else {
            format!("System.Management.Automation.{}", self.exception)
        };
        let short = full.rsplit('.').next().unwrap_or_default();
        let exception = Object {
            type_names: Some(type_names([
                &full,
                "System.Management.Automation.RuntimeException",
                "System.SystemException",
                "System.Exception",
                "System.Object",
            ])),
            to_string: Some(format!("{full}: {}", self.message).into()),
            adapted: vec![
                Property::new("Message", self.message.as_str()),
                Property::new("WasThrownFromThrowStatement", false),
                Property::new("InnerException", Value::Null),
                Property::new("HelpLink", Value::Null),
                Property::new("HResult", -2_146_233_087),
            ],
            ..Object::default()
        };
        let target = self.target.to_display();
        let target_type = if self.target.is_null() { "" } else { "String" };
        let category = category_name(self.category).unwrap_or("NotSpecified");
        let line = format!("{category}: ({target}:{target_type}) [{}], {short}", self.activity);
        let text = |text: &str| Value::String(PsString::from(text));
        Object {
            to_string: Some(self.message.as_str().into()),
            ..Object::with_extended([
                ("Exception", exception.into()),
                ("TargetObject", self.target.clone()),
                ("FullyQualifiedErrorId", text(&self.id)),
                ("InvocationInfo", Value::Null),
                ("ErrorCategory_Category", self.category.into()),
                ("ErrorCategory_Activity", text(&self.activity)),
                ("ErrorCategory_Reason", text(short)),
                ("ErrorCategory_TargetName", text(&target)),
                ("ErrorCategory_TargetType", text(target_type)),
                ("ErrorCategory_Message", line.into()),
                ("SerializeExtendedInfo", false.into()),
            ])
        }
        .typed(["System.Management.Automation.ErrorRecord", "System.Object"])
        .into()
    }
}

/// A warning, verbose or debug record; `kind` is the type's name, for example `WarningRecord`.
#[must_use]
pub fn informational_record(kind: &str, message: &str) -> Value {
    let kind = format!("System.Management.Automation.{kind}");
    Object {
        type_names: Some(type_names([&kind, "System.Management.Automation.InformationalRecord", "System.Object"])),
        to_string: Some(message.into()),
        ..Object::with_extended([
            ("InformationalRecord_Message", message.into()),
            ("InformationalRecord_SerializeInvocationInfo", false.into()),
        ])
    }
    .into()
}

/// An information record; one for the screen is what `Write-Host` makes.
#[must_use]
pub fn information_record(
    text: &str,
    for_screen: bool,
    color: Option<i32>,
    time: DateTime,
    computer: &str,
    user: &str,
) -> Value {
    let (data, tags): (Value, Vec<Value>) = if for_screen {
        // By its name, as engines send it at this depth.
        let color = color.and_then(color_name).map_or(Value::Null, Value::from);
        let data = Object {
            to_string: Some(text.into()),
            adapted: vec![
                Property::new("Message", text),
                Property::new("NoNewLine", false),
                Property::new("ForegroundColor", color),
                Property::new("BackgroundColor", Value::Null),
            ],
            ..Object::default()
        };
        (
            data.typed(["System.Management.Automation.HostInformationMessage", "System.Object"]).into(),
            vec!["PSHOST".into()],
        )
    } else {
        (text.into(), Vec::new())
    };
    Object::with_extended([
        ("MessageData", data),
        ("Source", if for_screen { "Write-Host" } else { "Write-Information" }.into()),
        ("TimeGenerated", Value::DateTime(time)),
        ("Tags", Object::list(tags).into()),
        ("User", user.into()),
        ("Computer", computer.into()),
        ("ProcessId", Value::U32(0)),
        ("NativeThreadId", Value::U32(0)),
        ("ManagedThreadId", Value::U32(0)),
    ])
    .into()
}

/// A progress record.
#[must_use]
pub fn progress_record(activity: &str, status: &str, percent: i32, completed: bool) -> Value {
    let (number, name) = if completed { (1, "Completed") } else { (0, "Processing") };
    Object::with_extended([
        ("Activity", activity.into()),
        ("ActivityId", 0.into()),
        ("StatusDescription", status.into()),
        ("CurrentOperation", Value::Null),
        ("ParentActivityId", (-1).into()),
        ("PercentComplete", percent.into()),
        ("Type", enum_value("System.Management.Automation.ProgressRecordType", number, name)),
        ("SecondsRemaining", (-1).into()),
    ])
    .into()
}

/// The content of PIPELINE_STATE.
#[must_use]
pub fn state_value(state: PipelineState, error: Option<&Value>) -> Value {
    let mut properties = vec![Property::new("PipelineState", state.number())];
    properties.extend(error.map(|error| Property::new("ExceptionAsErrorRecord", error.clone())));
    Object { extended: properties, ..Object::default() }.into()
}
