//! The messages that open a pool or connect to one. [MS-PSRP] 2.2.2.1, 2.2.2.2, 2.2.2.29

use clixml::{Content, Object, Property, Value, Version, enum_value, type_names};

use super::PoolOptions;
use crate::command::apartment_state;

/// What we offer. From 2.4 on PowerShell sends secrets in the clear.
pub(super) const PROTOCOL: Version = Version { major: 2, minor: 3, build: None, revision: None };

pub(super) fn capability() -> Value {
    let powershell = Version { major: 2, minor: 0, build: None, revision: None };
    let serialization = Version { major: 1, minor: 1, build: Some(0), revision: Some(1) };
    Object::with_extended([
        ("protocolversion", Value::Version(PROTOCOL)),
        ("PSVersion", Value::Version(powershell)),
        ("SerializationVersion", Value::Version(serialization)),
    ])
    .into()
}

pub(super) fn init(options: &PoolOptions) -> Value {
    let arguments = Object {
        type_names: Some(type_names([
            "System.Management.Automation.PSPrimitiveDictionary",
            "System.Collections.Hashtable",
            "System.Object",
        ])),
        content: Content::Dictionary(options.application_arguments.clone()),
        ..Object::default()
    };
    Object {
        extended: vec![
            Property::new("MinRunspaces", options.min_runspaces),
            Property::new("MaxRunspaces", options.max_runspaces),
            Property::new(
                "PSThreadOptions",
                enum_value("System.Management.Automation.Runspaces.PSThreadOptions", 0, "Default"),
            ),
            Property::new("ApartmentState", apartment_state()),
            Property::new("ApplicationArguments", arguments),
            Property::new("HostInfo", options.host.to_value()),
        ],
        ..Object::default()
    }
    .into()
}

/// The version that both ends speak, if we accept the other's.
pub(super) fn agree(server: Version) -> Option<Version> {
    (server.major == PROTOCOL.major && server.minor <= PROTOCOL.minor).then_some(server)
}

/// The version in a capability.
pub(super) fn protocol_of(capability: &Value) -> Option<Version> {
    match capability.get("protocolversion")?.base() {
        Value::Version(version) => Some(*version),
        Value::String(text) => Version::parse(text.as_str()?),
        _ => None,
    }
}
