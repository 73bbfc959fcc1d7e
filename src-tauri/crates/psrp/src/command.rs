//! What is to be run.

mod encode;

pub(crate) use encode::apartment_state;

use clixml::{PsString, Value};

use crate::SecretText;

/// A value that goes to the endpoint as a parameter or as an answer. Secrets are encrypted when the session key
/// is there, and never travel before.
pub enum Argument {
    /// An ordinary value
    Value(Value),
    /// A `SecureString`
    Secret(SecretText),
    /// A `PSCredential`
    Credential {
        /// User name as the endpoint shall see it
        user: PsString,
        /// Password
        password: SecretText,
    },
}

/// A parameter of a command.
pub struct Parameter {
    /// Name without dash; `None` makes it positional.
    pub name: Option<PsString>,
    /// Value; a switch is `true`.
    pub value: Argument,
}

/// What becomes of the streams of a command. [MS-PSRP] 2.2.3.31
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Merge {
    /// Leave it as it is
    #[default]
    None,
    /// Into the output
    Output,
    /// Drop it
    Null,
}

/// One command of a pipeline. [MS-PSRP] 2.2.3.12
pub struct Command {
    /// Name of a cmdlet or function
    pub name: PsString,
    /// Parameters in order
    pub parameters: Vec<Parameter>,
    /// The name is script text. Restricted endpoints refuse it.
    pub is_script: bool,
    /// Runs in a scope of its own; `None` leaves it to the endpoint.
    pub use_local_scope: Option<bool>,
    /// Takes what the command before wrote to its other streams as input, as the last command of a console line does.
    pub merge_previous: bool,
    /// Errors (`2>&1`)
    pub merge_error: Merge,
    /// Warnings
    pub merge_warning: Merge,
    /// Verbose records
    pub merge_verbose: Merge,
    /// Debug records
    pub merge_debug: Merge,
    /// Information records
    pub merge_information: Merge,
}

/// Commands that hand their output on to one another.
pub type Statement = Vec<Command>;

/// What one invocation runs. [MS-PSRP] 2.2.2.10
pub struct Pipeline {
    /// One or several statements, each of one or several commands
    pub statements: Vec<Statement>,
    /// No input will follow.
    pub no_input: bool,
    /// The endpoint notes it in its command history.
    pub add_to_history: bool,
    /// Which records tell where they were made: bits 1 error, 2 warning, 4 verbose, 8 debug. 15 is what PowerShell sends
    /// for a plain invocation.
    pub record_origin: u8,
    /// The host is absent: nothing is asked, and text for the screen comes as records only.
    pub null_host: bool,
}

/// A question for command descriptions. [MS-PSRP] 2.2.2.14
#[derive(Debug, Clone)]
pub struct MetadataQuery {
    /// Names, wildcards allowed
    pub names: Vec<PsString>,
    /// Modules; empty for all
    pub namespaces: Vec<PsString>,
    /// Bits of `CommandTypes`: 1 alias, 2 function, 4 filter, 8 cmdlet, … 0x10F is what implicit remoting asks for.
    pub command_type: i32,
}

impl Argument {
    /// Whether the session key is needed to send it.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        !matches!(self, Self::Value(_))
    }
}

impl<T: Into<Value>> From<T> for Argument {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

impl From<SecretText> for Argument {
    fn from(secret: SecretText) -> Self {
        Self::Secret(secret)
    }
}

impl Command {
    /// A cmdlet or function of this name.
    pub fn new(name: impl Into<PsString>) -> Self {
        Self {
            name: name.into(),
            parameters: Vec::new(),
            is_script: false,
            use_local_scope: None,
            merge_previous: false,
            merge_error: Merge::None,
            merge_warning: Merge::None,
            merge_verbose: Merge::None,
            merge_debug: Merge::None,
            merge_information: Merge::None,
        }
    }

    /// Script text. Restricted endpoints refuse it.
    pub fn script(text: impl Into<PsString>) -> Self {
        Self { is_script: true, ..Self::new(text) }
    }

    /// The command with a named parameter; the name has no dash.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<PsString>, value: impl Into<Argument>) -> Self {
        self.parameters.push(Parameter { name: Some(name.into()), value: value.into() });
        self
    }

    /// The command with a switch.
    #[must_use]
    pub fn switch(self, name: impl Into<PsString>) -> Self {
        self.parameter(name, Value::Bool(true))
    }

    /// The command with a positional argument.
    #[must_use]
    pub fn argument(mut self, value: impl Into<Argument>) -> Self {
        self.parameters.push(Parameter { name: None, value: value.into() });
        self
    }
}

impl Pipeline {
    /// One statement of these commands, without input.
    #[must_use]
    pub fn new(commands: Vec<Command>) -> Self {
        Self { statements: vec![commands], no_input: true, add_to_history: false, record_origin: 15, null_host: false }
    }

    /// The pipeline with input: [`crate::ClientPool::input`] until [`crate::ClientPool::end_input`].
    #[must_use]
    pub fn with_input(mut self) -> Self {
        self.no_input = false;
        self
    }

    /// Whether the session key is needed to send it.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.statements
            .iter()
            .flatten()
            .flat_map(|command| &command.parameters)
            .any(|parameter| parameter.value.is_secret())
    }
}

impl From<Command> for Pipeline {
    fn from(command: Command) -> Self {
        Self::new(vec![command])
    }
}
