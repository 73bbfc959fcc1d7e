//! A call and its answer.

use clixml::{Object, PsString, Value};

use super::HostMethod;
use crate::{Argument, CallId, KeyError, SessionKey};

/// One call. [MS-PSRP] 2.2.2.15, 2.2.2.27
#[derive(Debug, Clone, PartialEq)]
pub struct HostCall {
    /// Its number
    pub id: CallId,
    /// Its method
    pub method: HostMethod,
    /// Its parameters as they came
    pub parameters: Vec<Value>,
}

/// What we answer. [MS-PSRP] 2.2.2.16, 2.2.2.28
pub enum HostAnswer {
    /// Nothing (void)
    Void,
    /// A value
    Value(Argument),
    /// Values of the fields of a Prompt by name
    Fields(Vec<(PsString, Argument)>),
    /// An error record that the endpoint throws in the cmdlet
    Error(Value),
}

impl HostCall {
    /// Reads the content of a host call; `None` when there is no number, or no method in it.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            id: CallId(value.get("ci")?.as_i64()?),
            method: HostMethod(value.get("mi")?.as_i32()?),
            parameters: value.get("mp").and_then(Value::items).unwrap_or_default().to_vec(),
        })
    }

    /// The content of a host call.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Object::with_extended([
            ("ci", self.id.0.into()),
            ("mi", self.method.to_value()),
            ("mp", Object::list(self.parameters.clone()).into()),
        ])
        .into()
    }
}

impl HostAnswer {
    /// Whether the session key is needed to send it.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Void | Self::Error(_) => false,
            Self::Value(value) => value.is_secret(),
            Self::Fields(fields) => fields.iter().any(|(_, value)| value.is_secret()),
        }
    }

    /// The content of the answer.
    ///
    /// # Errors
    /// When a secret cannot be encrypted, for example because the session key is missing.
    pub fn to_value(&self, call: CallId, method: HostMethod, key: Option<&SessionKey>) -> Result<Value, KeyError> {
        let result = match self {
            Self::Void => None,
            Self::Value(value) => Some(("mr", value.to_value(key)?)),
            Self::Fields(fields) => {
                let entries = fields
                    .iter()
                    .map(|(name, value)| Ok((Value::String(name.clone()), value.to_value(key)?)))
                    .collect::<Result<_, KeyError>>()?;
                Some(("mr", Object::dictionary(entries).into()))
            }
            Self::Error(error) => Some(("me", error.clone())),
        };
        let head = [("ci", Value::I64(call.0)), ("mi", method.to_value())];
        Ok(Object::with_extended(result.into_iter().chain(head)).into())
    }
}
