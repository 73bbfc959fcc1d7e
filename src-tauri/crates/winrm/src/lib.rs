#![doc = include_str!("../README.md")]

mod error;
mod exchange;
mod inspect;
mod intents;
mod lane;
mod probe;
mod random;
mod session;
mod sign_in;
mod socket;
mod stats;

pub use error::{CloseError, GoneError, LaneError, LossReason, OpenError, RunError, SecurityEnd, SignInError};
pub use exchange::{BoxFuture, ConnectError, Connector, Exchange, ExchangeError, Patience};
pub use inspect::{Asked, Inspection, ask, certificate, inspect};
pub use intents::{Intent, Intents, NoIntents, Refused};
pub use probe::{Answered, Probe, ProbeError, probe, probe_into};
pub use random::{NoRandomness, RandomSource, SystemRandom};
pub use session::{
    Earlier, EventStream, Interruption, OpenOptions, SessionEvent, SessionHandle, SessionState, Stage, TimeLimits,
    connect, open,
};
pub use sign_in::{ByName, IdentityGate, SignIn};
pub use socket::{SocketConnector, exchange_over};
pub use stats::{Counts, Stats};

pub use spnego::{Credentials, NamedError, NamedMechanism, Secret, ServerIdentity};
pub use trust::{CertificateFault, KeyPin, ServerCertificate, Trust};
