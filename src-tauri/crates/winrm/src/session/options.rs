//! How a session is opened.

use std::sync::Arc;
use std::time::Duration;

use psrp::keys::{KeySource, RsaKeySource};
use psrp::{PoolId, PoolOptions};
use spnego::ServerIdentity;
use uuid::Uuid;

use crate::{RandomSource, Stats, SystemRandom};

/// Options of a session.
#[derive(Clone)]
pub struct OpenOptions {
    /// Name of the session configuration
    pub configuration: String,
    /// A name that lists of shells show
    pub name: String,
    /// Id of pool and shell; chosen by us and known before anything is sent. A random one when not given.
    pub pool: Option<PoolId>,
    /// Id of this client session. A random one when not given.
    pub session: Option<Uuid>,
    /// Options of the pool machine; the sizes of fragments are computed here.
    pub pool_options: PoolOptions,
    /// The largest answer that we ask for, in bytes. An endpoint may ignore it.
    pub max_envelope: u32,
    /// The largest request that the endpoint takes, in bytes
    pub server_envelope: u32,
    /// Idle time to ask for. When the endpoint refuses it, less is asked for, and at last nothing.
    pub idle_timeout: Option<Duration>,
    /// Lanes at most, 3 or more
    pub max_lanes: usize,
    /// Batches of events that may wait for their reader; beyond that nothing is received.
    pub event_batches: usize,
    /// Time limits
    pub limits: TimeLimits,
    /// Where ids, nonces and pauses come from; the operating system, but for simulations
    pub random: Arc<dyn RandomSource>,
    /// Where the private keys of key exchanges come from: each is made fresh, but for simulations, as that takes time and
    /// cannot be repeated
    pub keys: Arc<dyn Fn() -> Box<dyn KeySource> + Send + Sync>,
    /// Is told how far opening is.
    pub on_stage: Option<Arc<dyn Fn(Stage) + Send + Sync>>,
    /// Counts for whoever wants to know when there is no session
    pub stats: Stats,
}

/// Time limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// How long the endpoint may take for one operation; the pace of the heartbeat
    pub operation: Duration,
    /// How much longer an answer may take
    pub way: Duration,
    /// Until the pool is open
    pub open: Duration,
    /// Until a stopped pipeline says so
    pub stop: Duration,
    /// Until the shell is deleted
    pub close: Duration,
    /// Until the session key is there
    pub key: Duration,
    /// How long a lost connection is tried again
    pub retry: Duration,
}

/// How far opening is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// A connection is being made.
    Connecting,
    /// The sign-in succeeded; who the server says it is.
    SignedIn(ServerIdentity),
    /// The first sealed answer was right: the server proved that it knows the session key. Now a pin may be kept (S-07).
    Proved(ServerIdentity),
    /// The pool is open.
    Opened,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            operation: Duration::from_secs(20),
            way: Duration::from_secs(30),
            open: Duration::from_secs(180),
            stop: Duration::from_secs(60),
            close: Duration::from_secs(60),
            key: Duration::from_secs(60),
            retry: Duration::from_secs(240),
        }
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            configuration: "PrivilegedEndpoint".to_owned(),
            name: "PEP Assistant".to_owned(),
            pool: None,
            session: None,
            pool_options: PoolOptions::default(),
            max_envelope: 512_000,
            server_envelope: 512_000,
            idle_timeout: Some(Duration::from_secs(8 * 60 * 60)),
            max_lanes: 6,
            event_batches: 8,
            limits: TimeLimits::default(),
            random: Arc::new(SystemRandom),
            keys: Arc::new(|| Box::new(RsaKeySource)),
            on_stage: None,
            stats: Stats::default(),
        }
    }
}

impl OpenOptions {
    pub(super) fn stage(&self, stage: Stage) {
        if let Some(tell) = &self.on_stage {
            tell(stage);
        }
    }
}
