//! What the endpoint says about a command: its parameters with their types (GET_COMMAND_METADATA, [MS-PSRP] 2.2.2.14).

use clixml::Value;
use psrp::MetadataQuery;
use tokio::sync::oneshot;

use super::PepSession;
use super::pump::Collect;
use crate::Fault;
use crate::catalogue::Parameter;
use crate::fault::code;

/// Kinds of commands that are described: alias, function, filter, cmdlet and configuration, as implicit remoting asks.
const KINDS: i32 = 0x10F;

/// Parameters that every advanced function has; they steer the run, not the command.
const COMMON: [&str; 15] = [
    "Confirm",
    "Debug",
    "ErrorAction",
    "ErrorVariable",
    "InformationAction",
    "InformationVariable",
    "OutBuffer",
    "OutVariable",
    "PipelineVariable",
    "ProgressAction",
    "UseTransaction",
    "Verbose",
    "WarningAction",
    "WarningVariable",
    "WhatIf",
];

impl PepSession {
    /// The parameters of a command as the endpoint lists them, without the common ones. Whether one is mandatory it does
    /// not say. The answer is kept for the session.
    ///
    /// # Errors
    /// When a command runs, the endpoint does not know the command, or the connection is lost.
    pub async fn describe(&self, name: &str) -> Result<Vec<Parameter>, Fault> {
        let key = name.to_lowercase();
        {
            let state = self.shared.lock();
            if let Some(known) = state.described.get(&key) {
                return Ok(known.clone());
            }
            if state.active.is_some() {
                return Err(Fault::new(code::BUSY));
            }
        }
        let internal = |error: &dyn std::fmt::Display| Fault::new(code::INTERNAL).detail(error);
        let id = self.handle.new_pipeline().map_err(|error| internal(&error))?;
        let (done, answer) = oneshot::channel();
        self.collect.send(Collect { id, done }).await.map_err(|error| internal(&error))?;
        let query = MetadataQuery { names: vec![name.into()], namespaces: Vec::new(), command_type: KINDS };
        self.handle.command_metadata_as(id, query).await.map_err(|error| internal(&error))?;
        let objects = answer.await.map_err(|_| Fault::new(code::CONNECTION_LOST))??;
        let found = objects.iter().find_map(|object| parameters(object, name));
        let found = found.ok_or_else(|| Fault::new(code::UNKNOWN_CMDLET).detail(name))?;
        self.shared.lock().described.insert(key, found.clone());
        Ok(found)
    }
}

/// The parameters in the description of a command of this name.
fn parameters(description: &Value, name: &str) -> Option<Vec<Parameter>> {
    if !description.get("Name")?.as_str()?.eq_ignore_ascii_case(name) {
        return None;
    }
    let listed = description.get("Parameters").and_then(Value::entries).unwrap_or_default();
    let parameters = listed.iter().filter_map(|(name, about)| {
        let name = name.as_str()?;
        let type_name = about.get("ParameterType").map(Value::to_display).unwrap_or_default();
        (!COMMON.iter().any(|common| common.eq_ignore_ascii_case(name))).then(|| Parameter {
            name: name.to_owned(),
            type_name: short(&type_name).to_owned(),
            ..Parameter::default()
        })
    });
    Some(parameters.collect())
}

/// PowerShell's short name of a type: without its namespace and assembly; what may be null is what it may be.
fn short(full: &str) -> &str {
    let full = full.strip_prefix("System.Nullable`1[[").unwrap_or(full);
    let bare = full.split([',', '`']).next().unwrap_or_default();
    bare.rsplit('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clixml::Object;

    use super::*;

    #[test]
    fn types_lose_their_namespace_and_common_parameters_are_left_out() {
        let about = |kind: &str| Value::from(Object::with_extended([("ParameterType", kind.into())]));
        let listed = vec![
            ("Share".into(), about("System.String")),
            ("Roles".into(), about("System.String[]")),
            ("Secret".into(), about("System.Security.SecureString, mscorlib")),
            ("Maybe".into(), about("System.Nullable`1[[System.Int32, mscorlib]]")),
            ("Odd".into(), Value::Null),
            ("verbose".into(), about("System.Management.Automation.SwitchParameter")),
        ];
        let description =
            Object::with_extended([("Name", "Get-It".into()), ("Parameters", Object::dictionary(listed).into())])
                .into();
        let found = parameters(&description, "get-it").unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.type_name.as_str())).collect();
        assert_eq!(
            found,
            [("Share", "String"), ("Roles", "String[]"), ("Secret", "SecureString"), ("Maybe", "Int32"), ("Odd", "")]
        );
        assert_eq!(parameters(&description, "Get-Other"), None);
        assert_eq!(parameters(&Value::Null, "Get-Other"), None);
    }
}
