//! What can go wrong: what happened, the likely cause, and what to do.

use trust::{CertificateFault, Untrusted};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The name has no address.
    #[error(
        "the name {host} cannot be resolved: check the region and the external domain, or use a DNS server that knows them"
    )]
    Unresolved {
        /// The host
        host: String,
    },
    /// Nobody listens.
    #[error("{host} answers, but nothing listens there: check the address")]
    Refused {
        /// The host
        host: String,
    },
    /// There is no way there.
    #[error("there is no route to {host}: ask whoever runs the network")]
    Unreachable {
        /// The host
        host: String,
    },
    /// It took too long.
    #[error("{host} does not answer in time: it may be down, or a firewall stands between")]
    TimedOut {
        /// The host
        host: String,
    },
    /// The certificate is not accepted.
    #[error(transparent)]
    Certificate(Box<Untrusted>),
    /// It points elsewhere; nothing is sent there.
    #[error("the answer points elsewhere (HTTP {status} to \"{to}\"), which is not followed: use the final address")]
    Redirect {
        /// The status
        status: u16,
        /// Where to, as it says
        to: String,
    },
    /// The body has no end.
    #[error("the answer is larger than {0} bytes, and was not read to its end")]
    TooLarge(usize),
    /// Something else.
    #[error("there is no usable answer: {0}")]
    Other(String),
}

/// Why the Resource Manager did not tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArmError {
    /// No address of a Resource Manager.
    #[error(
        "\"{0}\" is no address of an administrator Resource Manager: it is https://adminmanagement.<region>.<domain>"
    )]
    Address(String),
    /// A root cannot be used.
    #[error("{0}")]
    Root(CertificateFault),
    /// There is no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Something else answers there.
    #[error(
        "{host} is no administrator Resource Manager (HTTP {status}: {what}): use https://adminmanagement.<region>.<domain>"
    )]
    NotArm {
        /// The host
        host: String,
        /// The status
        status: u16,
        /// What it answered
        what: String,
    },
    /// The version of the API is not known, and none of those that are offered helps.
    #[error("the version of the API is not known there; offered are: {}", .offered.join(", "))]
    UnknownVersion {
        /// What is offered
        offered: Vec<String>,
    },
    /// The token is no text that can be sent.
    #[error("the token has characters that cannot be sent: copy it again")]
    BadToken,
    /// The token's time is over.
    #[error("the token has expired: sign in again")]
    ExpiredToken,
    /// The token is of another service.
    #[error("the token is for another service, needed is one for {audience}: ask for it again with this audience")]
    WrongAudience {
        /// The audience that is needed
        audience: String,
    },
    /// The token is refused.
    #[error("the sign-in was refused ({code}): sign in again, with an account of this stamp's directory")]
    TokenRefused {
        /// What the answer says
        code: String,
    },
    /// The account may not read.
    #[error(
        "the account may not read this: it needs at least the role Reader on the Default Provider Subscription ({code})"
    )]
    MissingRole {
        /// What the answer says
        code: String,
    },
    /// There is no Default Provider Subscription among those that the account sees.
    #[error("the account does not see the Default Provider Subscription, only: {}; it needs at least the role Reader there",
        if .seen.is_empty() { "none".to_owned() } else { .seen.join(", ") })]
    NoProviderSubscription {
        /// The names that it sees
        seen: Vec<String>,
    },
    /// There is no region.
    #[error(
        "the Resource Manager tells no region that this account may read: use its name https://adminmanagement.<region>.<domain>"
    )]
    NoRegion,
    /// A list goes on elsewhere.
    #[error("a list goes on at another host ({0}), which is not followed")]
    ForeignLink(String),
    /// A list has no end.
    #[error("a list has no end; it was followed for {0} pages")]
    TooManyPages(usize),
    /// It is too busy.
    #[error("the Resource Manager asks to wait{}", .seconds.map(|s| format!(" for {s} s")).unwrap_or_default())]
    Busy {
        /// For how long, where it says
        seconds: Option<u64>,
    },
    /// It cannot answer now.
    #[error(
        "the Resource Manager fails (HTTP {status} {code}): if the portal is down this way is as well, use the stamp file or an address"
    )]
    Failed {
        /// The status
        status: u16,
        /// What the answer says
        code: String,
    },
    /// The answer is not what it should be.
    #[error("the answer cannot be read: {0}")]
    BadAnswer(String),
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The metadata tell no usable identity provider.
    #[error("the identity provider cannot be used: {0}")]
    Provider(String),
    /// No port of this computer can take the browser's answer.
    #[error(
        "none of the ports {ports:?} of this computer is free for the browser's answer: close the program that uses it, or sign in by code"
    )]
    NoPort {
        /// The ports that were tried; 0 is any
        ports: Vec<u16>,
    },
    /// Nobody signed in.
    #[error("nobody signed in within {0} s: begin again")]
    TimedOut(u64),
    /// Something on this computer sends wrong answers.
    #[error("the browser's answers do not belong to this sign-in; it was given up: begin again")]
    WrongAnswers,
    /// The person, or the directory, refused.
    #[error("the sign-in was refused: {0}")]
    Denied(String),
    /// The code is too old.
    #[error("the code has expired before somebody signed in: begin again")]
    CodeExpired,
    /// The identity provider has no such way to sign in.
    #[error("the identity provider does not offer this way ({0}): use the other one")]
    NotOffered(String),
    /// The identity provider refused the exchange.
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// There is no answer.
    #[error("the identity provider: {0}")]
    Transport(#[from] TransportError),
    /// The answer is not what it should be.
    #[error("the answer of the identity provider cannot be read: {0}")]
    BadAnswer(String),
}
