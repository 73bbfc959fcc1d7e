//! What can go wrong, by operation. The texts are for support; what an operator reads is made from the variants.

use std::time::Duration;

use clixml::Value;
use psrp::{InvokeError, PeerError, PoolState};
use spnego::ServerIdentity;
use wsman::Fault;

use crate::intents::Refused;
use crate::random::NoRandomness;
use crate::{ConnectError, ExchangeError};

/// Why a sign-in was given up.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SignInError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection ended during the sign-in.
    #[error("during the sign-in: {0}")]
    Exchange(#[from] ExchangeError),
    /// The endpoint asks for a password in a way that this program refuses to use (S-01).
    #[error("the endpoint does not offer Negotiate; it offers {}", offers(.offered))]
    NoNegotiate {
        /// The schemes offered
        offered: Vec<String>,
    },
    /// The endpoint points elsewhere (S-14).
    #[error("the endpoint redirects elsewhere (HTTP {0}); that is refused")]
    Redirect(u16),
    /// The endpoint answers with this status instead of asking for a sign-in.
    #[error("the endpoint answered the sign-in with HTTP {0}")]
    Status(u16),
    /// A token of the endpoint is malformed, or its offer is not safe (S-03). No password left this machine.
    #[error("{0}")]
    Challenge(spnego::Error),
    /// The endpoint is another one than expected (S-06). No password left this machine.
    #[error("the identity of the endpoint was refused: {reason}")]
    Identity {
        /// Who it says it is
        identity: Box<ServerIdentity>,
        /// Why that was refused
        reason: String,
    },
    /// Account or password are wrong, or the account may not sign in. Tried once; it is not tried again (S-12).
    #[error("the endpoint rejected the account or the password; it was tried once")]
    Rejected,
    /// The password was changed in this session; the former one is not sent any more (S-13).
    #[error("the password was changed; the one that the session signed in with is not sent again")]
    PasswordChanged,
    /// The endpoint refused a ticket for its name, without a reason: the name may belong to another service on that machine. No password
    /// was sent to it.
    #[error("the endpoint refused the ticket for its name")]
    TicketRefused,
    /// The endpoint cannot be signed in to by its name, and another way was not allowed or would use the password twice (S-11, S-12).
    #[error(transparent)]
    Named(#[from] spnego::NamedError),
    /// The endpoint did not prove that it knows the session key (S-07).
    #[error("{0}")]
    NotProved(spnego::Error),
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

impl SignInError {
    /// Whether the account or the password was refused: neither is tried again (S-12).
    #[must_use]
    pub fn refuses_the_password(&self) -> bool {
        matches!(self, Self::Rejected | Self::Named(spnego::NamedError::Rejected(_)))
    }

    /// Whether a further connection that fails so leaves those alone that are signed in: a sign-in that is not possible any more, or not
    /// now. No password was refused, none is sent by another try, and the endpoint did not show itself as another one.
    pub(crate) fn spares_what_is_signed_in(&self) -> bool {
        use spnego::NamedError as Named;
        match self {
            Self::TicketRefused | Self::PasswordChanged => true,
            Self::Named(error) => matches!(
                error,
                Named::Expired(_) | Named::NoKdc(_) | Named::UnknownService(_) | Named::ClockSkew(_) | Named::Other(_)
            ),
            _ => false,
        }
    }

    /// Whether waiting and trying again can help and risks no password.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Connect(error) => !error.is_identity(),
            Self::Exchange(ExchangeError::NotSent | ExchangeError::Lost(_) | ExchangeError::Silent(_)) => true,
            Self::Status(status) => matches!(status, 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

/// The schemes of an offer, which may be empty.
pub(crate) fn offers(offered: &[String]) -> String {
    if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") }
}

/// That the password was accepted before is what a person has to know.
fn further(error: &SignInError) -> String {
    match error {
        SignInError::PasswordChanged => error.to_string(),
        SignInError::Rejected => {
            "a later sign-in was refused, though the first one of this session was accepted: the password may \
            have been changed meanwhile, or the account locked; it is not sent again"
                .to_owned()
        }
        other => format!("a later sign-in did not succeed, though the first one of this session did: {other}"),
    }
}

/// The endpoint or somebody between broke the protection of the session. Nothing is sent to it any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecurityEnd {
    /// An answer came without protection (S-02). It was not read.
    #[error("an answer came without protection (HTTP {status})")]
    Unsealed {
        /// Its status
        status: u16,
    },
    /// The protection of an answer is wrong (S-15).
    #[error("the protection of an answer is wrong: {0}")]
    BadSeal(String),
    /// The endpoint points elsewhere (S-14).
    #[error("the endpoint redirects elsewhere (HTTP {0}); that is refused")]
    Redirect(u16),
}

/// Why a sealed request has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LaneError {
    /// The connection; also tells whether the request left.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The endpoint no longer knows that we signed in. Whether the request was carried out is not known.
    #[error("the endpoint forgot the sign-in (HTTP 401)")]
    Unauthorized,
    /// The HTTP service refused. Its text has no trust and is not read.
    #[error("the HTTP service answered {0}")]
    Status(u16),
    /// The protection was broken.
    #[error(transparent)]
    Security(#[from] SecurityEnd),
    /// The intent could not be written down; nothing was sent.
    #[error(transparent)]
    Intent(#[from] Refused),
}

/// Why a session ended or came to a halt.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LossReason {
    /// The network was gone for longer than the time of the retries. What runs on the endpoint runs on.
    #[error("the connection could not be made again: {0}")]
    Network(SignInError),
    /// A further sign-in was refused, after the first one was accepted.
    #[error("{}", further(.0))]
    SignIn(SignInError),
    /// The endpoint no longer knows the shell: it timed out, was closed, or the machine started again.
    #[error("the endpoint no longer knows the session")]
    ShellGone,
    /// Another client took the shell, or it was disconnected.
    #[error("the session was disconnected on the endpoint")]
    Disconnected,
    /// The endpoint ended the pool.
    #[error("the endpoint ended the session (state {state:?})")]
    PoolEnded {
        /// Its last state
        state: PoolState,
        /// The error record that explains it
        error: Option<Box<Value>>,
    },
    /// The endpoint refused to hand out what it has to say.
    #[error("the endpoint answered with {0}")]
    Fault(Box<Fault>),
    /// The HTTP service refused.
    #[error("the HTTP service answered {0}")]
    Status(u16),
    /// The protection was broken.
    #[error(transparent)]
    Security(#[from] SecurityEnd),
    /// The endpoint broke the protocol.
    #[error("{0}")]
    Protocol(String),
    /// The record could not be written.
    #[error(transparent)]
    Intent(#[from] Refused),
}

/// Why a session was not opened.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// The sign-in
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The endpoint refused to create the shell.
    #[error("the endpoint refused to open a session with {0}")]
    Fault(Box<Fault>),
    /// The answer to Create was lost: the endpoint may keep a shell of this id until its idle timeout.
    #[error("the answer to the request for a session was lost; the endpoint may hold the session {shell}: {reason}")]
    CreateLost {
        /// The shell
        shell: psrp::PoolId,
        /// What happened
        reason: LaneError,
    },
    /// The shell was made, but the session ended before it was open.
    #[error("the session ended before it was open: {0}")]
    Lost(#[from] LossReason),
    /// It took too long.
    #[error("the session was not open after {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

impl From<NoRandomness> for OpenError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl From<NoRandomness> for SignInError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

/// The session has ended, so that there is nobody to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session has ended")]
pub struct GoneError;

/// Why a run was not started, or a question not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The session has ended.
    #[error(transparent)]
    Gone(#[from] GoneError),
    /// The pool machine refused.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// The answer was refused.
    #[error(transparent)]
    Answer(#[from] psrp::client::AnswerError),
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

/// Why closing, disconnecting or reconnecting did not come to its end.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CloseError {
    /// The session has ended.
    #[error(transparent)]
    Gone(#[from] GoneError),
    /// The endpoint refused.
    #[error("the endpoint refused with {0}")]
    Fault(Box<Fault>),
    /// The request or its answer was lost; the endpoint may keep the session until its idle timeout.
    #[error("it is not known whether the endpoint did it: {0}")]
    Unknown(LaneError),
    /// There is no connection to ask over.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The endpoint broke the protocol.
    #[error("{0}")]
    Protocol(String),
}

impl LaneError {
    /// Whether the request may have been carried out although nothing says so.
    pub(crate) fn may_be_lost(&self) -> bool {
        matches!(self, Self::Exchange(_) | Self::Unauthorized)
    }
}

impl From<ExchangeError> for LossReason {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Unacceptable(what) => Self::Protocol(what),
            other => Self::Network(SignInError::Exchange(other)),
        }
    }
}

impl From<LaneError> for LossReason {
    fn from(error: LaneError) -> Self {
        match error {
            LaneError::Exchange(error) => error.into(),
            LaneError::Unauthorized => Self::Status(401),
            LaneError::Status(status) => Self::Status(status),
            LaneError::Security(end) => Self::Security(end),
            LaneError::Intent(refused) => Self::Intent(refused),
        }
    }
}

impl From<CloseError> for LossReason {
    fn from(error: CloseError) -> Self {
        match error {
            CloseError::Gone(_) => Self::ShellGone,
            CloseError::Fault(fault) => Self::Fault(fault),
            CloseError::Unknown(error) => error.into(),
            CloseError::SignIn(error) if error.is_temporary() => Self::Network(error),
            CloseError::SignIn(error) => Self::SignIn(error),
            CloseError::TimedOut(limit) => ExchangeError::Silent(limit).into(),
            CloseError::Protocol(what) => Self::Protocol(what),
        }
    }
}

impl From<LossReason> for CloseError {
    /// For whoever waits for an answer while the session ends.
    fn from(reason: LossReason) -> Self {
        match reason {
            LossReason::Network(error) | LossReason::SignIn(error) => Self::SignIn(error),
            LossReason::ShellGone | LossReason::Disconnected => Self::Gone(GoneError),
            LossReason::Fault(fault) => Self::Fault(fault),
            LossReason::Status(status) => Self::Unknown(LaneError::Status(status)),
            LossReason::Security(end) => Self::Unknown(LaneError::Security(end)),
            LossReason::Intent(refused) => Self::Unknown(LaneError::Intent(refused)),
            LossReason::PoolEnded { .. } | LossReason::Protocol(_) => Self::Protocol(reason.to_string()),
        }
    }
}

impl From<PeerError> for LossReason {
    fn from(error: PeerError) -> Self {
        Self::Protocol(error.to_string())
    }
}
