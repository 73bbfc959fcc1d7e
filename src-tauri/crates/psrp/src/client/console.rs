//! Answers that need nobody: what our console looks like, and what it does not do. Nothing of the operator's machine is
//! told.

use std::collections::BTreeMap;

use clixml::{Value, Version};
use uuid::Uuid;

use super::PoolOptions;
use crate::host::HostCall;

/// What becomes of a call.
#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    /// A person must answer.
    Ask,
    /// No result
    Void,
    /// This result
    Result(Value),
    /// An error with this message
    Refuse(&'static str),
}

/// Our console as the endpoint sees it. It can change colours and sizes, and reads back what it set.
#[derive(Debug)]
pub(super) struct Console {
    name: String,
    version: Version,
    instance: Uuid,
    // By the number of the method that reads it.
    settings: BTreeMap<i32, Value>,
}

impl Console {
    pub(super) fn new(options: &PoolOptions, instance: Uuid) -> Self {
        // Keys of the default data and the methods that read the same thing. [MS-PSRP] 2.2.3.14, 2.2.3.17
        const READERS: [(i64, i32); 10] =
            [(0, 27), (1, 29), (2, 31), (3, 33), (4, 35), (5, 37), (6, 39), (7, 43), (8, 44), (9, 41)];
        let info = options.host.to_value();
        let data =
            info.get("_hostDefaultData").and_then(|data| data.get("data")).and_then(Value::entries).unwrap_or_default();
        let settings = READERS
            .iter()
            .filter_map(|(key, method)| {
                let (_, value) = data.iter().find(|(known, _)| known.as_i64() == Some(*key))?;
                Some((*method, value.get("V")?.clone()))
            })
            .collect();
        Self { name: options.host_name.clone(), version: options.host_version, instance, settings }
    }

    pub(super) fn reply(&mut self, call: &HostCall) -> Reply {
        let method = call.method.number();
        match method {
            1 => Reply::Result(self.name.as_str().into()),
            2 => Reply::Result(Value::Version(self.version)),
            3 => Reply::Result(Value::Guid(self.instance)),
            4 | 5 => Reply::Result("en-US".into()),
            7 => Reply::Refuse("Nested prompts are not available."),
            6 | 8..=10 | 13..=22 | 47..=49 | 51 | 53 => Reply::Void,
            11 | 12 | 23..=26 | 46 | 56 => Reply::Ask,
            27 | 29 | 31 | 33 | 35 | 37 | 39 | 41 | 43 | 44 => match self.settings.get(&method) {
                Some(value) => Reply::Result(value.clone()),
                None => Reply::Refuse("The console does not know this."),
            },
            28 | 30 | 32 | 34 | 36 | 38 | 40 | 42 => {
                if let Some(value) = call.parameters.first() {
                    self.settings.insert(method.saturating_sub(1), value.clone());
                }
                Reply::Void
            }
            45 | 54 => Reply::Result(false.into()),
            50 => Reply::Refuse("The content of the screen is not given away."),
            52 | 55 => Reply::Refuse("Sessions inside this session are not available."),
            _ => Reply::Refuse("The console does not know this call."),
        }
    }
}
