//! What can go wrong: what happened, the likely cause, and what to do.

use crate::Refusal;
use trust::{CertificateFault, Untrusted};

/// Why there is no answer that could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The name has no address.
    #[error("the name {host} cannot be resolved")]
    Unresolved {
        /// The host
        host: String,
    },
    /// Nobody listens.
    #[error("{host} answers, but nothing listens there")]
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
    #[error("the answer of {host} points elsewhere (HTTP {status} to \"{to}\"), which is not followed")]
    Redirect {
        /// The host
        host: String,
        /// The status
        status: u16,
        /// Where to, as it says
        to: String,
    },
    /// It does not speak TLS, or only old versions.
    #[error("{host} does not speak TLS 1.2 or newer there ({what})")]
    NoTls {
        /// The host
        host: String,
        /// What happened
        what: String,
    },
    /// It is no HTTP as it is spoken here.
    #[error("the answer of {host} cannot be used: {what}")]
    BadHttp {
        /// The host
        host: String,
        /// What is wrong with it
        what: String,
    },
    /// The body has no end.
    #[error("the answer of {host} is larger than {limit} bytes, and was not read to its end")]
    TooLarge {
        /// The host
        host: String,
        /// The limit
        limit: usize,
    },
    /// It says that it cannot answer now.
    #[error("{host} cannot answer now (HTTP {status}){}: try again later", wait(*.seconds))]
    Busy {
        /// The host
        host: String,
        /// The status
        status: u16,
        /// For how long it asks to wait, where it says
        seconds: Option<u64>,
    },
    /// A page or the like instead of JSON.
    #[error("{host} answers with {what} instead of JSON (HTTP {status}): a gateway may answer for it")]
    NotJson {
        /// The host
        host: String,
        /// The status
        status: u16,
        /// What it is
        what: String,
    },
    /// Something else.
    #[error("there is no usable answer of {host}: {what}")]
    Other {
        /// The host
        host: String,
        /// What happened
        what: String,
    },
}

impl TransportError {
    /// Whose answer it would have been.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Certificate(untrusted) => &untrusted.host,
            Self::Unresolved { host }
            | Self::Refused { host }
            | Self::Unreachable { host }
            | Self::TimedOut { host }
            | Self::Redirect { host, .. }
            | Self::TooLarge { host, .. }
            | Self::NoTls { host, .. }
            | Self::BadHttp { host, .. }
            | Self::Busy { host, .. }
            | Self::NotJson { host, .. }
            | Self::Other { host, .. } => host,
        }
    }

    /// Whether it answered, if only that it cannot.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::Certificate(_)
                | Self::Redirect { .. }
                | Self::TooLarge { .. }
                | Self::NoTls { .. }
                | Self::BadHttp { .. }
                | Self::Busy { .. }
                | Self::NotJson { .. }
        )
    }

    /// What helps at a Resource Manager, whose name a person typed.
    fn advice(&self) -> &'static str {
        match self {
            Self::Unresolved { .. } => {
                ": check the region and the external domain, or use a DNS server that knows them"
            }
            Self::Refused { .. } => ": check the address",
            Self::Redirect { .. } => {
                ": a network that wants a sign-in of its own answers so, sign in there in the browser; else use the final address"
            }
            _ => "",
        }
    }

    /// What helps at an identity provider, whose name the stamp told.
    fn way_out(&self) -> &'static str {
        if self.is_answer() {
            ""
        } else {
            "; if the browser gets there, it does so through a proxy, and none is used here: ask for a direct way to this host, or \
             get the addresses in another way, such as the stamp file or the portal's page"
        }
    }
}

/// What is said about waiting.
fn wait(seconds: Option<u64>) -> String {
    seconds.map(|seconds| format!(", it asks to wait for {seconds} s")).unwrap_or_default()
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
    /// The address of a public cloud.
    #[error("{0} belongs to a public cloud, not to a stamp: use https://adminmanagement.<region>.<domain>")]
    PublicCloud(String),
    /// There is no answer.
    #[error("{}{}", .0, .0.advice())]
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
    /// What refuses is not the Resource Manager.
    #[error(
        "HTTP {status} comes with no error of a Resource Manager: a firewall or gateway before {host} refuses, ask whoever runs it"
    )]
    Between {
        /// The host
        host: String,
        /// The status
        status: u16,
    },
    /// It knows subscriptions, but not the fabric.
    #[error(
        "{host} does not know the resource provider Microsoft.Fabric.Admin ({code}): it is the Resource Manager of the users, or the \
         provider is not registered now; use https://adminmanagement.<region>.<domain>, or the stamp file"
    )]
    NoProvider {
        /// The host
        host: String,
        /// What the answer says
        code: String,
    },
    /// It knows the fabric, but not this part.
    #[error(
        "{host} does not know {what} ({code}), and no other resource group System.<region> is shown: check the region"
    )]
    NoGroup {
        /// The host
        host: String,
        /// The resource group, or the location
        what: String,
        /// What the answer says
        code: String,
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
    #[error("the account {}; it needs at least the role Reader on the Default Provider Subscription",
        if .seen.is_empty() { "sees no subscription at all".to_owned() }
        else { format!("does not see the Default Provider Subscription, only: {}", .seen.join(", ")) })]
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
    #[error("a list goes on at another address ({0}), which is not followed")]
    ForeignLink(String),
    /// A list has no end.
    #[error("a list has no end; it was followed for {0} pages")]
    TooManyPages(usize),
    /// It is too busy.
    #[error("the Resource Manager is asked too often (HTTP 429){}: try again later", wait(*.seconds))]
    Busy {
        /// For how long, where it says
        seconds: Option<u64>,
    },
    /// It cannot answer now.
    #[error(
        "the Resource Manager fails (HTTP {status}{}){}: if the portal is down this way is as well, use the stamp file or an address",
        if code.is_empty() { String::new() } else { format!(" {code}") }, wait(*.seconds)
    )]
    Failed {
        /// The status
        status: u16,
        /// What the answer says; may be empty
        code: String,
        /// For how long it asks to wait, where it says
        seconds: Option<u64>,
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
    /// The code is too old.
    #[error("the code has expired before somebody signed in: begin again")]
    CodeExpired,
    /// The identity provider has no such way to sign in.
    #[error("{host} does not offer this way to sign in ({told}): use the other one")]
    NotOffered {
        /// The identity provider
        host: String,
        /// What it said
        told: String,
    },
    /// The identity provider refused.
    #[error("{host} gave no token: {why}; its own words: {told}")]
    Refused {
        /// The identity provider
        host: String,
        /// What its words mean
        why: Refusal,
        /// Its words
        told: String,
    },
    /// There is no answer.
    #[error("the identity provider: {}{}", .0, .0.way_out())]
    Transport(#[from] TransportError),
    /// The answer is not what it should be.
    #[error("the answer of {host} cannot be read: {what}")]
    BadAnswer {
        /// The identity provider
        host: String,
        /// What is wrong with it
        what: String,
    },
}
