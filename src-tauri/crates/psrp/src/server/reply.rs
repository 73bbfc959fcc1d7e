//! What clients say about their console, and how they answer calls to it.

use clixml::Value;

use crate::{CallId, host::HostMethod};

/// An answer to a host call as a server reads it. [MS-PSRP] 2.2.2.16, 2.2.2.28
#[derive(Debug, Clone, PartialEq)]
pub enum HostReply {
    /// Nothing
    Void,
    /// A value
    Value(Value),
    /// An error record
    Error(Value),
}

/// A client's console, as far as a server uses it. [MS-PSRP] 2.2.3.14
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientConsole {
    /// The width of its window in characters; `None` when there is no console and every question fails.
    pub width: Option<i32>,
}

impl HostReply {
    /// Reads the content of an answer: the call's number and what was answered.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<(CallId, Self)> {
        let id = CallId(value.get("ci")?.as_i64()?);
        let reply = match (value.get("me"), value.get("mr")) {
            (Some(error), _) if !error.is_null() => Self::Error(error.clone()),
            (_, Some(result)) => Self::Value(result.clone()),
            _ => Self::Void,
        };
        Some((id, reply))
    }
}

impl ClientConsole {
    /// Reads host information.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        if value.get("_isHostNull").and_then(Value::as_bool) == Some(true) {
            return Self { width: None };
        }
        let data = value.get("_hostDefaultData").and_then(|data| data.get("data")).and_then(Value::entries);
        let window = data.unwrap_or_default().iter().find(|(key, _)| key.as_i64() == Some(6)).map(|(_, window)| window);
        let width = window.and_then(|window| window.get("V")?.get("width")?.as_i32());
        Self { width: Some(width.unwrap_or(120)) }
    }
}

/// Whether the caller gets no answer. [MS-PSRP] 2.2.3.17
pub(crate) fn is_void(method: HostMethod) -> bool {
    matches!(method.number(), 6..=10 | 13..=22 | 28 | 30 | 32 | 34 | 36 | 38 | 40 | 42 | 47..=49 | 51..=53)
}
