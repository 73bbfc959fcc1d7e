//! Host calls: what the endpoint asks of the console it thinks it has. [MS-PSRP] 2.2.3.17, 2.2.3.27 to 2.2.3.30

use clixml::{Object, Value};

use crate::{Argument, CallId, KeyError, SessionKey};

// These are the names that the client machine uses; whoever writes this module fills them in and may change the rest.

/// What the endpoint is told about our console.
#[derive(Debug, Clone)]
pub struct HostInfo;

/// Which call. 1 to 56 are defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostMethod(pub i32);

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct HostCall {
    /// Its number
    pub id: CallId,
    /// Its method
    pub method: HostMethod,
    /// Its parameters as they came
    pub parameters: Vec<Value>,
}

/// What we answer.
pub enum HostAnswer {
    /// Nothing (void)
    Void,
    /// A value
    Value(Argument),
    /// Values of the fields of a Prompt by name
    Fields(Vec<(clixml::PsString, Argument)>),
    /// An error record that the endpoint throws in the cmdlet
    Error(Value),
}

impl HostMethod {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

impl HostInfo {
    /// A console of this width.
    #[must_use]
    pub fn console(_width: i32) -> Self {
        Self
    }

    /// As it is sent.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Object::default().into()
    }
}

impl HostCall {
    /// Reads a call.
    #[must_use]
    pub fn from_value(_value: &Value) -> Option<Self> {
        None
    }
}

impl HostAnswer {
    /// Whether the session key is needed.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        false
    }

    /// The content of the answer message.
    ///
    /// # Errors
    /// When a secret cannot be encrypted.
    pub fn to_value(&self, _call: CallId, _method: HostMethod, _key: Option<&SessionKey>) -> Result<Value, KeyError> {
        Ok(Value::Null)
    }
}
