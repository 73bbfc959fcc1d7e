#![doc = include_str!("../README.md")]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::panic))]

mod client;
mod context;
mod credentials;
mod der;
mod named;
mod ntlm;
mod seal;
mod server;

pub use client::{ClientOptions, NtlmClient, Randomness};
pub use context::{ClientContext, MessageSecurity, Target};
pub use credentials::{Credentials, Secret};
pub use named::{NamedContext, NamedError, NamedMechanism, Negotiation, Reply};
pub use ntlm::challenge::ServerIdentity;
pub use ntlm::channel_bindings;
pub use seal::{SIGNATURE_LENGTH, SealError, SealedChannel};
pub use server::{Accepted, NtlmServer, ServerAnswer, ServerOptions};

/// Hundreds of nanoseconds since 1 January 1601 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(pub u64);

impl FileTime {
    /// The moment this many seconds and nanoseconds after 1970.
    #[must_use]
    pub fn from_unix(seconds: u64, nanoseconds: u32) -> Self {
        let ticks = seconds.saturating_add(11_644_473_600).saturating_mul(10_000_000);
        Self(ticks.saturating_add(u64::from(nanoseconds / 100)))
    }

    /// Seconds since 1970; negative before.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        i64::try_from(self.0 / 10_000_000).unwrap_or(i64::MAX).saturating_sub(11_644_473_600)
    }
}

/// Why a sign-in was given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A token cannot be read.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// The server asked for another mechanism than NTLM or refused.
    #[error("the server refused the negotiation")]
    Rejected,
    /// The other side's message lacks something that a safe sign-in needs (S-03).
    #[error("the other side does not offer {0}")]
    Unsafe(&'static str),
    /// A proof of the other side is missing or wrong (S-07).
    #[error("the other side could not prove that it knows the session key: {0}")]
    NotProved(&'static str),
    /// A step was taken out of order.
    #[error("the sign-in steps were taken out of order")]
    OutOfOrder,
    /// The account or password is not known to the server.
    #[error("the account or password is not right")]
    LogonFailure,
}
