//! What a host answers when it does not do what it is asked.

use clixml::{Object, PsString, Value};

use super::HostAnswer;

impl HostAnswer {
    /// Refuses: the endpoint throws an error with this message in the cmdlet that asked. It is the error that
    /// PowerShell's own hosts give for what they cannot do.
    #[must_use]
    pub fn refused(message: &str) -> Self {
        Self::Error(refusal(message))
    }
}

/// The error record that the endpoint throws where it called us. [MS-PSRP] 2.2.3.15
fn refusal(message: &str) -> Value {
    const REASON: &str = "PSNotImplementedException";
    let exception = Object {
        to_string: Some(format!("System.Management.Automation.{REASON}: {message}").into()),
        ..Object::with_extended([("Message", message.into())])
    }
    .typed([
        "System.Management.Automation.PSNotImplementedException",
        "System.NotImplementedException",
        "System.SystemException",
        "System.Exception",
        "System.Object",
    ]);
    let empty = || Value::String(PsString::new());
    Object::with_extended([
        ("Exception", exception.into()),
        ("TargetObject", Value::Null),
        ("FullyQualifiedErrorId", "NotImplemented".into()),
        ("InvocationInfo", Value::Null),
        // NotImplemented
        ("ErrorCategory_Category", 11.into()),
        ("ErrorCategory_Activity", empty()),
        ("ErrorCategory_Reason", REASON.into()),
        ("ErrorCategory_TargetName", empty()),
        ("ErrorCategory_TargetType", empty()),
        ("ErrorCategory_Message", format!("NotImplemented: (:) [], {REASON}").into()),
        ("SerializeExtendedInfo", false.into()),
    ])
    .into()
}
