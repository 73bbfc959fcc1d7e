//! Names of things that both ends use.

use std::fmt;

use uuid::Uuid;

macro_rules! guid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:X}", self.0.hyphenated())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

guid_id! {
    /// Id of a runspace pool; on WS-Man also the shell id. Its text is upper-case, as Windows wants it.
    PoolId
}

guid_id! {
    /// Id of a pipeline; on WS-Man also the command id. Its text is upper-case, as Windows wants it.
    PipelineId
}

/// Number of a host call: counted from 1 in every pipeline and in the pool, so that only (pipeline, call) is unique.
/// [MS-PSRP] 2.2.2.27
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub i64);

impl CallId {
    /// The number of calls that want no answer.
    pub const VOID: Self = Self(-100);

    /// Whether the other end waits for an answer.
    #[must_use]
    pub fn wants_answer(self) -> bool {
        self != Self::VOID
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
