//! Options of a pool.

use clixml::{Limits, Value};

use crate::fragment;
use crate::host::HostInfo;

/// What a transport holds, in bytes before base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The first fragment of a pipeline, which travels in Command
    pub command: usize,
    /// Every other fragment
    pub send: usize,
}

/// Options of a pool.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Our console as the endpoint shall see it
    pub host: HostInfo,
    /// Entries of the application arguments, which scripts on the endpoint can read
    pub application_arguments: Vec<(Value, Value)>,
    /// Runspaces at least
    pub min_runspaces: i32,
    /// Runspaces at most
    pub max_runspaces: i32,
    /// Sizes of fragments
    pub sizes: Sizes,
    /// Limits of values
    pub limits: Limits,
    /// Limit of one received object in bytes
    pub object_limit: usize,
    /// Id of the first object that we send
    pub first_object: u64,
    /// Name that the endpoint sees when it asks for the name of the host
    pub host_name: String,
    /// Version that goes with it
    pub host_version: clixml::Version,
}

impl Default for Sizes {
    /// 32 KiB as PowerShell has it
    fn default() -> Self {
        Self { command: 32 * 1024, send: 32 * 1024 }
    }
}

impl Default for PoolOptions {
    /// One runspace, a console 120 characters wide
    fn default() -> Self {
        Self {
            host: HostInfo::console(120),
            application_arguments: Vec::new(),
            min_runspaces: 1,
            max_runspaces: 1,
            sizes: Sizes::default(),
            limits: Limits::default(),
            object_limit: fragment::OBJECT_LIMIT,
            first_object: 1,
            host_name: "PEP Assistant".to_owned(),
            host_version: clixml::Version { major: 1, minor: 0, build: None, revision: None },
        }
    }
}
