//! Exit codes and the errors that lead to them.

use psrp::records::ErrorRecord;
use winrm::{ConnectError, LossReason, NamedError, OpenError, SignInError};
use wsman::FaultKind;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// 0
    Completed,
    /// 1: a cmdlet failed or was stopped
    Failed,
    /// 2
    Usage,
    /// 3: no connection
    NotReached,
    /// 4
    SignInRefused,
    /// 5
    NotTrusted,
    /// 6: the endpoint did not keep to the protocol, refused the session, or was lost
    Protocol,
}

impl Code {
    /// The number.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// A word for the last line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Completed => "none",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NotReached => "not_reached",
            Self::SignInRefused => "sign_in_refused",
            Self::NotTrusted => "not_trusted",
            Self::Protocol => "protocol",
        }
    }
}

/// What ends the program early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) text: String,
    /// What the endpoint says about it, in its own words
    pub(crate) said: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), said: None }
    }

    fn saying(self, said: Option<String>) -> Self {
        Self { said, ..self }
    }

    /// The same with a further sentence.
    pub(crate) fn adding(self, more: Option<&str>) -> Self {
        match more {
            Some(more) => Self { text: format!("{}; {more}", self.text), ..self },
            None => self,
        }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Code::Usage, text)
    }
}

impl From<crate::json_in::BadValue> for Failure {
    fn from(error: crate::json_in::BadValue) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<&SignInError> for Code {
    fn from(error: &SignInError) -> Self {
        match error {
            SignInError::Connect(error) if error.is_identity() => Self::NotTrusted,
            SignInError::Connect(_) | SignInError::Exchange(_) | SignInError::Status(_) => Self::NotReached,
            SignInError::Rejected
            | SignInError::PasswordChanged
            | SignInError::TicketRefused
            | SignInError::NoNegotiate { .. } => Self::SignInRefused,
            SignInError::Named(NamedError::NoKdc(_)) => Self::NotReached,
            SignInError::Named(_) => Self::SignInRefused,
            SignInError::Identity { .. } => Self::NotTrusted,
            SignInError::Redirect(_)
            | SignInError::Challenge(_)
            | SignInError::NotProved(_)
            | SignInError::NoRandomness => Self::Protocol,
        }
    }
}

impl From<&LossReason> for Code {
    fn from(reason: &LossReason) -> Self {
        match reason {
            LossReason::Network(error) | LossReason::SignIn(error) => error.into(),
            _ => Self::Protocol,
        }
    }
}

impl From<&LossReason> for Failure {
    fn from(reason: &LossReason) -> Self {
        Self::new(reason.into(), reason.to_string()).saying(said(reason))
    }
}

/// What the endpoint says about the end of a session.
fn said(reason: &LossReason) -> Option<String> {
    match reason {
        LossReason::PoolEnded { error: Some(record), .. } => Some(ErrorRecord::from_value(record).message),
        LossReason::Fault(fault) => fault.text().map(str::to_owned),
        _ => None,
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let code = match &error {
            OpenError::SignIn(error) => error.into(),
            OpenError::Fault(fault) if matches!(fault.kind(), FaultKind::AccessDenied | FaultKind::LogonFailed) => {
                Code::SignInRefused
            }
            OpenError::Lost(reason) => reason.into(),
            OpenError::TimedOut(_) => Code::NotReached,
            OpenError::Fault(_) | OpenError::CreateLost { .. } | OpenError::NoRandomness => Code::Protocol,
        };
        let (said, hint) = match &error {
            OpenError::Fault(fault) => (fault.text().map(str::to_owned), hint(fault.kind())),
            OpenError::Lost(reason) => (said(reason), None),
            _ => (None, None),
        };
        let text = hint.map_or_else(|| error.to_string(), |hint| format!("{error}: {hint}"));
        Self::new(code, text).saying(said)
    }
}

/// What a refused session means, where that is not plain from its name.
fn hint(kind: FaultKind) -> Option<&'static str> {
    match kind {
        FaultKind::UnknownResource => {
            Some("there is no session configuration of this name; the name is wrong, or this is no privileged endpoint")
        }
        FaultKind::AccessDenied => Some("the account was accepted, but may not use this session configuration"),
        FaultKind::Quota => Some(
            "too much is open at the endpoint; sessions that were left open count until they are closed or time out",
        ),
        _ => None,
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        Self::new((&error).into(), error.to_string())
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::new(if error.is_identity() { Code::NotTrusted } else { Code::NotReached }, error.to_string())
    }
}
