//! Error records. [MS-PSRP] 2.2.3.15

use clixml::Value;

use super::category_name;

/// The category of what cannot be parsed
const PARSER_ERROR: i32 = 17;

/// An error record, read by meaning. The value that it came from stays with the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorRecord {
    /// What went wrong: the details' message where there is one, else that of the exception
    pub message: String,
    /// The fully qualified error id
    pub id: String,
    /// The category's number
    pub category: i32,
    /// The category as a line: `ObjectNotFound: (x:String) [], CommandNotFoundException`
    pub category_message: String,
    /// The name of the exception's type
    pub exception: String,
    /// The command that reports it, by the name that it was called with; empty when unknown
    pub command: String,
    /// Where in the script; empty when unknown
    pub position: String,
    /// What to do, as the endpoint says it; empty when it does not
    pub recommended_action: String,
}

impl ErrorRecord {
    /// Reads a record; whatever is missing stays empty.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        let text = |name: &str| value.get(name).map(Value::to_display).unwrap_or_default();
        let exception = value.get("Exception");
        let details = text("ErrorDetails_Message");
        let message = match exception.and_then(|exception| exception.get("Message")) {
            _ if !details.is_empty() => details,
            Some(message) => message.to_display(),
            None => value.to_display(),
        };
        let category = value.get("ErrorCategory_Category").and_then(Value::as_i32).unwrap_or(0);
        let reason = text("ErrorCategory_Reason");
        let type_name = exception.and_then(Value::as_object).and_then(|object| object.type_name());
        let type_name = type_name.map(|name| name.to_string_lossy().rsplit('.').next().unwrap_or_default().to_owned());
        let extended = value.get("SerializeExtendedInfo").and_then(Value::as_bool).unwrap_or(false);
        // Called through an operator, or refused before it was called: then only the command itself has a name.
        let (called, named) = (text("InvocationInfo_InvocationName"), text("CommandInfo_Name"));
        let nameless = named.is_empty();
        let command = if nameless || !matches!(called.as_str(), "" | "&" | ".") { called } else { named };
        // A text that cannot be parsed shows its places in the message.
        let placed = extended && (category != PARSER_ERROR || !nameless);
        Self {
            message,
            id: text("FullyQualifiedErrorId"),
            category,
            category_message: Some(text("ErrorCategory_Message")).filter(|text| !text.is_empty()).unwrap_or_else(
                || {
                    let name = category_name(category).unwrap_or("NotSpecified");
                    format!(
                        "{name}: ({}:{}) [{}], {reason}",
                        text("ErrorCategory_TargetName"),
                        text("ErrorCategory_TargetType"),
                        text("ErrorCategory_Activity")
                    )
                },
            ),
            exception: type_name.filter(|name| !name.is_empty()).unwrap_or(reason),
            command: if extended { command } else { String::new() },
            position: if placed { text("InvocationInfo_PositionMessage") } else { String::new() },
            recommended_action: text("ErrorDetails_RecommendedAction"),
        }
    }
}
