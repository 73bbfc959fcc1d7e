//! Commands as the endpoint reads them. The order of properties is PowerShell's.

use std::sync::Arc;

use clixml::{Content, Object, Property, PsString, Value, Version, enum_value, type_names};

use super::{Argument, Command, Merge, MetadataQuery, Parameter, Pipeline};
use crate::{KeyError, SessionKey};

// PowerShell's own lists carry its build in the name of the assembly; readers look at the elements only.
const LIST: &str = "System.Collections.Generic.List`1[[System.Management.Automation.PSObject, \
                    System.Management.Automation, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]";

impl Pipeline {
    /// Content of CREATE_PIPELINE for an endpoint of this version.
    ///
    /// # Errors
    /// When a secret cannot be encrypted, for example because the session key is missing.
    pub(crate) fn to_value(&self, protocol: Version, key: Option<&SessionKey>) -> Result<Value, KeyError> {
        let writer = Writer { list: type_names([LIST, "System.Object"]), minor: protocol.minor, key };
        let mut powershell = Vec::with_capacity(5);
        if self.statements.len() > 1 {
            let statements: Result<Vec<Value>, KeyError> = self
                .statements
                .iter()
                .map(|statement| Ok(Object::with_extended([("Cmds", writer.commands(statement)?)]).into()))
                .collect();
            powershell.push(Property::new("ExtraCmds", writer.list(statements?)));
        }
        let first = self.statements.first().map_or(&[][..], Vec::as_slice);
        powershell.push(Property::new("Cmds", writer.commands(first)?));
        powershell.push(Property::new("IsNested", false));
        powershell.push(Property::new("History", Value::Null));
        powershell.push(Property::new("RedirectShellErrorOutputPipe", true));
        Ok(Object::with_extended([
            ("PowerShell", Object { extended: powershell, ..Object::default() }.into()),
            ("NoInput", self.no_input.into()),
            ("ApartmentState", apartment_state()),
            ("RemoteStreamOptions", record_origin(self.record_origin)),
            ("AddToHistory", self.add_to_history.into()),
            ("HostInfo", host_of_pipeline(!self.null_host)),
            ("IsNested", false.into()),
        ])
        .into())
    }
}

impl MetadataQuery {
    /// Content of GET_COMMAND_METADATA.
    pub(crate) fn to_value(&self) -> Value {
        let strings = |list: &[PsString]| -> Value {
            let items = list.iter().cloned().map(Value::String).collect();
            Object::array(items).typed(["System.String[]", "System.Array", "System.Object"]).into()
        };
        let namespaces = if self.namespaces.is_empty() { Value::Null } else { strings(&self.namespaces) };
        Object::with_extended([
            ("Name", strings(&self.names)),
            (
                "CommandType",
                enum_value(
                    "System.Management.Automation.CommandTypes",
                    self.command_type,
                    &command_types(self.command_type),
                ),
            ),
            ("Namespace", namespaces),
            ("FullyQualifiedModule", Value::Null),
            ("ArgumentList", Value::Null),
        ])
        .into()
    }
}

impl Argument {
    /// The value that travels.
    ///
    /// # Errors
    /// When a secret cannot be encrypted, for example because the session key is missing.
    pub fn to_value(&self, key: Option<&SessionKey>) -> Result<Value, KeyError> {
        Ok(match self {
            Self::Value(value) => value.clone(),
            Self::Secret(secret) => Value::SecureString(key.ok_or(KeyError)?.encrypt(secret)?),
            Self::Credential { user, password } => {
                let password = key.ok_or(KeyError)?.encrypt(password)?;
                Object {
                    type_names: Some(type_names(["System.Management.Automation.PSCredential", "System.Object"])),
                    to_string: Some("System.Management.Automation.PSCredential".into()),
                    adapted: vec![
                        Property::new("UserName", Value::String(user.clone())),
                        Property::new("Password", Value::SecureString(password)),
                    ],
                    ..Object::default()
                }
                .into()
            }
        })
    }
}

/// What the values of one pipeline share.
struct Writer<'a> {
    list: Arc<[PsString]>,
    minor: u32,
    key: Option<&'a SessionKey>,
}

impl Writer<'_> {
    fn list(&self, items: Vec<Value>) -> Value {
        Object { type_names: Some(self.list.clone()), content: Content::List(items), ..Object::default() }.into()
    }

    fn commands(&self, commands: &[Command]) -> Result<Value, KeyError> {
        Ok(self.list(commands.iter().map(|command| self.command(command)).collect::<Result<_, _>>()?))
    }

    fn command(&self, command: &Command) -> Result<Value, KeyError> {
        let others = [command.merge_warning, command.merge_verbose, command.merge_debug, command.merge_information];
        // `*>&1` is told by the newer properties alone.
        let all = self.minor >= 2 && others.iter().all(|merge| *merge == Merge::Output);
        let (my, to) = if command.merge_error == Merge::Output && !all { (ERROR, OUTPUT) } else { (NONE, NONE) };
        let mut properties = vec![
            Property::new("Cmd", Value::String(command.name.clone())),
            Property::new("IsScript", command.is_script),
            Property::new("UseLocalScope", command.use_local_scope.map_or(Value::Null, Value::Bool)),
            Property::new("MergeMyResult", result_type(my)),
            Property::new("MergeToResult", result_type(to)),
            Property::new("MergePreviousResults", result_type(if command.merge_previous { WARNING } else { NONE })),
        ];
        if self.minor >= 2 {
            properties.extend([
                Property::new("MergeError", merge(command.merge_error)),
                Property::new("MergeWarning", merge(command.merge_warning)),
                Property::new("MergeVerbose", merge(command.merge_verbose)),
                Property::new("MergeDebug", merge(command.merge_debug)),
            ]);
        }
        if self.minor >= 3 {
            properties.push(Property::new("MergeInformation", merge(command.merge_information)));
        }
        let parameters =
            command.parameters.iter().map(|parameter| self.parameter(parameter)).collect::<Result<_, _>>()?;
        properties.push(Property::new("Args", self.list(parameters)));
        Ok(Object { extended: properties, ..Object::default() }.into())
    }

    fn parameter(&self, parameter: &Parameter) -> Result<Value, KeyError> {
        Ok(Object::with_extended([
            ("N", parameter.name.clone().map_or(Value::Null, Value::String)),
            ("V", parameter.value.to_value(self.key)?),
        ])
        .into())
    }
}

// PipelineResultTypes. [MS-PSRP] 2.2.3.31
const NONE: (i32, &str) = (0, "None");
const OUTPUT: (i32, &str) = (1, "Output");
const ERROR: (i32, &str) = (2, "Error");
// 3 is "error and output" for the endpoint; PowerShell's own client names it Warning.
const WARNING: (i32, &str) = (3, "Warning");
const NULL: (i32, &str) = (8, "Null");

fn result_type((number, name): (i32, &str)) -> Value {
    enum_value("System.Management.Automation.Runspaces.PipelineResultTypes", number, name)
}

fn merge(merge: Merge) -> Value {
    result_type(match merge {
        Merge::None => NONE,
        Merge::Output => OUTPUT,
        Merge::Null => NULL,
    })
}

/// `ApartmentState.Unknown`
pub(crate) fn apartment_state() -> Value {
    enum_value("System.Threading.ApartmentState", 2, "Unknown")
}

fn record_origin(bits: u8) -> Value {
    const NAMES: [(i32, &str); 4] = [
        (1, "AddInvocationInfoToErrorRecord"),
        (2, "AddInvocationInfoToWarningRecord"),
        (4, "AddInvocationInfoToVerboseRecord"),
        (8, "AddInvocationInfoToDebugRecord"),
    ];
    let bits = i32::from(bits & 15);
    let name = if bits == 15 { "AddInvocationInfo".to_owned() } else { flags(bits, &NAMES) };
    enum_value("System.Management.Automation.RemoteStreamOptions", bits, &name)
}

/// The pipeline asks the host of the pool, or nobody.
fn host_of_pipeline(pool: bool) -> Value {
    Object::with_extended([
        ("_isHostUINull", true.into()),
        ("_isHostRawUINull", true.into()),
        ("_isHostNull", true.into()),
        ("_useRunspaceHost", pool.into()),
    ])
    .into()
}

const COMMAND_TYPES: &[(i32, &str)] = &[
    (1, "Alias"),
    (2, "Function"),
    (4, "Filter"),
    (8, "Cmdlet"),
    (16, "ExternalScript"),
    (32, "Application"),
    (64, "Script"),
    (256, "Configuration"),
];

fn command_types(bits: i32) -> String {
    const ALL: i32 = 383;
    if bits == ALL { "All".to_owned() } else { flags(bits, COMMAND_TYPES) }
}

/// The names of the bits as .NET writes them; the number when a bit has none.
fn flags(bits: i32, names: &[(i32, &str)]) -> String {
    let known: Vec<&(i32, &str)> = names.iter().filter(|(bit, _)| bits & bit != 0).collect();
    if known.is_empty() || known.iter().fold(0, |sum, (bit, _)| sum | bit) != bits {
        return bits.to_string();
    }
    known.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}
