//! What went wrong, as a stable code with values; the only place that maps errors of the layers below.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clixml::Value;
use psrp::records::ErrorRecord;
use spnego::Error as SpnegoError;
use winrm::{
    CloseError, ConnectError, ExchangeError, LaneError, LossReason, NamedError, OpenError, ProbeError, SecurityEnd,
    SignInError,
};
use wsman::FaultKind;

use crate::address::Address;

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Blame {
    ThisComputer,
    Network,
    Endpoint,
    Input,
    Policy,
    App,
}

/// What helps next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Next {
    Retry,
    FixInput,
    Reconnect,
    ChooseOther,
    AskSupport,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The number behind `PEP-`; never used for anything else later.
    pub code: u16,
    /// Values for the sentences.
    pub values: BTreeMap<&'static str, String>,
    /// Technical detail for support; never a secret.
    pub detail: Vec<String>,
}

/// Why a sign-in by name is not possible, where nothing better is known.
const OTHER: &str = "other";

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $blame:ident, $next:ident;)*) => {
        /// The codes.
        #[allow(missing_docs, reason = "the words of the page explain them")]
        pub mod code {
            $($(#[$doc])* pub const $name: u16 = $number;)*
        }

        /// All codes with who must act and what helps.
        pub const TABLE: &[(u16, Blame, Next)] = &[$(($number, Blame::$blame, Next::$next),)*];
    };
}

codes! {
    /// The folder of the records cannot be used.
    RECORDS_UNUSABLE = 1001, ThisComputer, FixInput;
    /// The key ring failed.
    KEYRING = 1002, ThisComputer, Retry;
    /// The record is suspended: the disk is full or broken.
    RECORD_SUSPENDED = 1003, ThisComputer, FixInput;
    /// A record is only read: it is newer, altered, or being written elsewhere.
    RECORD_READ_ONLY = 1004, ThisComputer, AskSupport;
    /// The system's browser could not be opened.
    NO_BROWSER = 1005, ThisComputer, ChooseOther;
    /// A file could not be written.
    NOT_WRITTEN = 1006, ThisComputer, ChooseOther;
    /// The policy of this computer wants HTTPS.
    POLICY_HTTPS = 1201, Policy, ChooseOther;
    /// The policy of this computer wants Kerberos.
    POLICY_KERBEROS = 1202, Policy, ChooseOther;
    /// The policy of this computer forbids to keep passwords.
    POLICY_PASSWORDS = 1203, Policy, FixInput;
    /// The policy of this computer forbids practice.
    POLICY_PRACTICE = 1204, Policy, ChooseOther;
    /// A file is no stamp information.
    NOT_A_STAMP_FILE = 1101, Input, FixInput;
    /// It is the deployment worksheet.
    DEPLOYMENT_DATA_FILE = 1102, Input, FixInput;
    /// No address can be used.
    NO_USABLE_ADDRESS = 1103, Input, FixInput;
    /// A public address.
    PUBLIC_ADDRESS = 1104, Input, FixInput;
    /// The address of a portal.
    PORTAL_ADDRESS = 1105, Input, FixInput;
    /// More was given than is read.
    NOT_ALL_READ = 1106, Input, FixInput;
    /// The address of a public cloud's portal.
    PUBLIC_CLOUD = 1107, Input, FixInput;
    /// No address of a stamp's portal.
    NOT_A_PORTAL = 1108, Input, FixInput;
    /// The name cannot be resolved.
    NAME_UNKNOWN = 2101, Network, FixInput;
    /// There is no route.
    NO_ROUTE = 2102, Network, Retry;
    /// Nothing listens on the port.
    PORT_CLOSED = 2103, Network, ChooseOther;
    /// Nothing answers.
    NO_ANSWER = 2104, Network, ChooseOther;
    /// It is not WinRM.
    NOT_WINRM = 2105, Network, FixInput;
    /// Negotiate is not offered.
    NO_NEGOTIATE = 2106, Endpoint, AskSupport;
    /// The port wants TLS.
    TLS_PORT = 2107, Input, FixInput;
    /// It points elsewhere.
    REDIRECT = 2108, Network, AskSupport;
    /// The service is not ready.
    NOT_READY = 2109, Endpoint, Retry;
    /// A proxy answers instead.
    PROXY = 2110, Network, AskSupport;
    /// The port is open, and no whole answer comes.
    SILENT_PORT = 2111, Endpoint, ChooseOther;
    /// The connection was lost.
    CONNECTION_LOST = 2201, Network, Reconnect;
    /// The administrator Resource Manager is not reached.
    ARM_NOT_REACHED = 2301, Network, ChooseOther;
    /// Something else is there.
    NOT_ARM = 2302, Input, FixInput;
    /// It does not know the versions that we know.
    ARM_VERSION = 2303, Endpoint, AskSupport;
    /// It is busy, or fails.
    ARM_FAILS = 2304, Endpoint, ChooseOther;
    /// The identity provider is not reached.
    SIGN_IN_NOT_REACHED = 2305, Network, ChooseOther;
    /// It answers, but not with what it should.
    SIGN_IN_FAILS = 2306, Endpoint, Retry;
    /// The Resource Manager does not show the fabric.
    ARM_NO_FABRIC = 2307, Endpoint, ChooseOther;
    /// Something before the Resource Manager refuses.
    ARM_BETWEEN = 2308, Network, ChooseOther;
    /// The Resource Manager knows the region, and tells no addresses.
    ARM_NO_ADDRESSES = 2309, Endpoint, ChooseOther;
    /// Another computer than before.
    IDENTITY_CHANGED = 3101, Network, AskSupport;
    /// A computer of another domain than the stamp's.
    WRONG_DOMAIN = 3102, Network, AskSupport;
    /// A computer that nobody has trusted yet.
    NOT_TRUSTED = 3103, Input, FixInput;
    /// What was typed is not the new name.
    NAME_NOT_TYPED = 3104, Input, FixInput;
    /// It could not prove that it knows the session key.
    NOT_PROVED = 3201, Endpoint, AskSupport;
    /// The certificate's issuer is not trusted.
    CERTIFICATE_ISSUER = 3301, Endpoint, FixInput;
    /// The certificate is wrong in another way.
    CERTIFICATE_WRONG = 3302, Endpoint, AskSupport;
    /// The endpoint's certificate is not vouched for, and nobody trusted its key.
    KEY_NOT_TRUSTED = 3303, Input, FixInput;
    /// The endpoint holds another key than the trusted one.
    KEY_CHANGED = 3304, Network, AskSupport;
    /// There is no protected connection on the port for it.
    NO_TLS = 3305, Endpoint, ChooseOther;
    /// The account belongs to another domain than the endpoint.
    ACCOUNT_DOMAIN = 4101, Input, FixInput;
    /// The account or password was refused.
    PASSWORD_REFUSED = 4103, Input, FixInput;
    /// The clocks differ by too much for Kerberos.
    CLOCK_SKEW = 4104, ThisComputer, FixInput;
    /// Kerberos is not possible with this endpoint.
    NO_KERBEROS = 4105, Network, ChooseOther;
    /// Kerberos without AES.
    WEAK_KERBEROS = 4106, Endpoint, AskSupport;
    /// The account is locked or disabled, says the key distribution centre.
    ACCOUNT_LOCKED = 4107, Endpoint, FixInput;
    /// The password has expired, says the key distribution centre.
    PASSWORD_EXPIRED = 4108, Endpoint, FixInput;
    /// The Kerberos tickets have expired.
    TICKETS_EXPIRED = 4109, ThisComputer, Reconnect;
    /// The endpoint refused the ticket for its name.
    TICKET_REFUSED = 4110, Endpoint, ChooseOther;
    /// The key distribution centre refused the account or the password.
    DOMAIN_REFUSED = 4111, Input, FixInput;
    /// A further connection of a session was refused, after the first one was accepted.
    LATER_REFUSED = 4112, Endpoint, Reconnect;
    /// No further connection signs in; the session goes on over those that it has.
    FEWER_CONNECTIONS = 4113, ThisComputer, Reconnect;
    /// It does not offer a protected sign-in.
    NO_SEALING = 4201, Endpoint, AskSupport;
    /// An answer came without protection, or with a wrong one.
    PROTECTION_BROKEN = 4202, Network, AskSupport;
    /// No password was given and none is kept.
    NO_PASSWORD = 4301, Input, FixInput;
    /// The password was changed in the session.
    PASSWORD_CHANGED = 4302, Input, Reconnect;
    /// Nobody signed in at the identity provider.
    ARM_NO_SIGN_IN = 4401, Input, Retry;
    /// This way to sign in does not work here.
    ARM_SIGN_IN_WAY = 4402, ThisComputer, ChooseOther;
    /// The token is refused or too old.
    ARM_TOKEN = 4403, Input, Retry;
    /// The token is for another service.
    ARM_AUDIENCE = 4404, Input, FixInput;
    /// The role is missing.
    ARM_ROLE = 4405, Policy, ChooseOther;
    /// The directory's consent is missing.
    SIGN_IN_CONSENT = 4406, Policy, ChooseOther;
    /// A rule of the directory forbids the sign-in.
    SIGN_IN_POLICY = 4407, Policy, ChooseOther;
    /// The directory does not know the application.
    SIGN_IN_APPLICATION = 4408, Policy, ChooseOther;
    /// The directory does not know the stamp.
    SIGN_IN_RESOURCE = 4409, Input, FixInput;
    /// The account may not sign in in this directory.
    SIGN_IN_ACCOUNT = 4410, Input, FixInput;
    /// Somebody declined.
    SIGN_IN_DECLINED = 4411, Input, Retry;
    /// The identity provider refuses for another reason.
    SIGN_IN_REFUSED = 4412, Endpoint, Retry;
    /// The session configuration is missing.
    NOT_A_PEP = 5101, Endpoint, ChooseOther;
    /// The account may not use it.
    ACCESS_DENIED = 5102, Endpoint, FixInput;
    /// A quota is used up.
    QUOTA = 5103, Endpoint, Retry;
    /// The session is gone at the endpoint.
    SESSION_GONE = 5104, Endpoint, Reconnect;
    /// The endpoint cannot start the process of a session.
    NO_HOST = 5105, Endpoint, ChooseOther;
    /// Another fault of the service.
    SERVICE_FAULT = 5199, Endpoint, AskSupport;
    /// The endpoint broke the protocol.
    PROTOCOL = 6101, Endpoint, AskSupport;
    /// It ended the pool.
    POOL_ENDED = 6102, Endpoint, Reconnect;
    /// It took too long.
    TIMED_OUT = 6103, Endpoint, Retry;
    /// There is no such command.
    UNKNOWN_CMDLET = 7101, Endpoint, FixInput;
    /// A parameter was refused.
    PARAMETER_REFUSED = 7102, Input, FixInput;
    /// The command failed.
    CMDLET_FAILED = 7199, Endpoint, AskSupport;
    /// Another command runs.
    BUSY = 7201, Input, Retry;
    /// Nobody knows what became of the command.
    OUTCOME_UNKNOWN = 7301, Network, Reconnect;
    /// The share refused access.
    SHARE_ACCESS = 8101, Endpoint, FixInput;
    /// The share was not found.
    SHARE_NOT_FOUND = 8102, Input, FixInput;
    /// The share's account was refused.
    SHARE_ACCOUNT = 8103, Input, FixInput;
    /// The share is full.
    SHARE_FULL = 8104, Endpoint, ChooseOther;
    /// Another account is connected to the share's server.
    SHARE_OTHER_ACCOUNT = 8105, Endpoint, ChooseOther;
    /// The transcripts were not copied for another reason.
    CLOSE_FAILED = 8199, Endpoint, Retry;
    /// Our fault.
    INTERNAL = 9001, App, AskSupport;
}

impl Fault {
    /// A fault without values.
    #[must_use]
    pub fn new(code: u16) -> Self {
        Self { code, values: BTreeMap::new(), detail: Vec::new() }
    }

    /// The same fault with a value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    /// The same fault, of what was done at this address.
    #[must_use]
    pub fn at(self, address: &Address) -> Self {
        self.with("host", address.host.as_str()).with("port", address.port.to_string())
    }

    /// The same fault, of what this account did at this address.
    #[must_use]
    pub(crate) fn of_account(self, account: &str, address: &Address) -> Self {
        self.with("account", account).at(address)
    }

    /// The same fault with a line of detail.
    #[must_use]
    pub fn detail(mut self, line: impl std::fmt::Display) -> Self {
        self.detail.push(line.to_string());
        self
    }

    /// Of a folder of this computer that cannot be used.
    #[must_use]
    pub fn of_folder(folder: &Path, error: impl std::fmt::Display) -> Self {
        Self::new(code::RECORDS_UNUSABLE).with("folder", folder.display().to_string()).detail(error)
    }

    /// `PEP-4103`
    #[must_use]
    pub fn text(&self) -> String {
        format!("PEP-{:04}", self.code)
    }

    /// Who must act.
    #[must_use]
    pub fn blame(&self) -> Blame {
        entry(self.code).map_or(Blame::App, |(_, blame, _)| *blame)
    }

    /// What helps next.
    #[must_use]
    pub fn next(&self) -> Next {
        entry(self.code).map_or(Next::AskSupport, |(_, _, next)| *next)
    }

    /// Of the check of an address.
    #[must_use]
    pub fn of_probe(error: &ProbeError) -> Self {
        let fault = match error {
            ProbeError::Connect(error) => return Self::of_connect(error),
            ProbeError::Tls => Self::new(code::TLS_PORT),
            // The connection was there: that is no firewall that lets nothing through.
            ProbeError::NotHttp(ExchangeError::Silent(waited)) | ProbeError::Unfinished(waited) => {
                Self::new(code::SILENT_PORT).waited(*waited)
            }
            ProbeError::NotHttp(_)
            | ProbeError::Closed(_)
            | ProbeError::Other { .. }
            | ProbeError::WebServer { .. } => Self::new(code::NOT_WINRM),
            ProbeError::Proxy { status, .. } => Self::new(code::PROXY).with("status", status.to_string()),
            ProbeError::Redirect { .. } => Self::new(code::REDIRECT),
            ProbeError::NotWinRm(status) => Self::new(code::NOT_WINRM).with("status", status.to_string()),
            ProbeError::NotReady(_) => Self::new(code::NOT_READY),
            ProbeError::NoNegotiate { offered } => Self::no_negotiate(offered),
        };
        fault.detail(error)
    }

    fn no_negotiate(offered: &[String]) -> Self {
        let offered = if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") };
        Self::new(code::NO_NEGOTIATE).with("offered", offered)
    }

    fn of_connect(error: &ConnectError) -> Self {
        let fault = Self::new(match error {
            ConnectError::Untrusted { .. } => code::KEY_NOT_TRUSTED,
            ConnectError::OtherKey { .. } => code::KEY_CHANGED,
            ConnectError::Tls(_) => code::NO_TLS,
            ConnectError::Unresolved(_) => code::NAME_UNKNOWN,
            ConnectError::Refused => code::PORT_CLOSED,
            ConnectError::Unreachable(_) | ConnectError::Other(_) => code::NO_ROUTE,
            ConnectError::TimedOut(_) => code::NO_ANSWER,
        });
        let fault = match error {
            ConnectError::Untrusted { certificate, .. } | ConnectError::OtherKey { certificate, .. } => {
                fault.with("key", certificate.key.to_string())
            }
            ConnectError::TimedOut(waited) => fault.waited(*waited),
            _ => fault,
        };
        fault.detail(error)
    }

    /// Connecting and a request wait for different times: the sentence says the one that was waited.
    fn waited(self, time: Duration) -> Self {
        self.with("seconds", time.as_secs().to_string())
    }

    /// Of a sign-in.
    #[must_use]
    pub fn of_sign_in(error: &SignInError) -> Self {
        let fault = match error {
            SignInError::Connect(error) => return Self::of_connect(error),
            SignInError::Exchange(ExchangeError::Silent(waited)) => Self::new(code::SILENT_PORT).waited(*waited),
            SignInError::Exchange(ExchangeError::Unacceptable(_)) => Self::new(code::NOT_WINRM),
            SignInError::Exchange(_) => Self::new(code::CONNECTION_LOST),
            SignInError::NoNegotiate { offered } => Self::no_negotiate(offered),
            SignInError::Redirect(_) => Self::new(code::REDIRECT),
            SignInError::Status(503) => Self::new(code::NOT_READY),
            SignInError::Status(status @ (407 | 502 | 504)) => {
                Self::new(code::PROXY).with("status", status.to_string())
            }
            SignInError::Status(status) => Self::new(code::NOT_WINRM).with("status", status.to_string()),
            SignInError::Challenge(SpnegoError::Unsafe(what)) => Self::new(code::NO_SEALING).with("missing", *what),
            SignInError::Challenge(_) => Self::new(code::PROTOCOL),
            SignInError::Identity { identity, .. } => {
                Self::new(code::NOT_TRUSTED).with("computer", identity.netbios_computer.as_str())
            }
            SignInError::Rejected => Self::new(code::PASSWORD_REFUSED),
            SignInError::PasswordChanged => Self::new(code::PASSWORD_CHANGED),
            SignInError::NotProved(_) => Self::new(code::NOT_PROVED),
            SignInError::TicketRefused => Self::new(code::TICKET_REFUSED),
            SignInError::Named(error) => Self::of_named(error),
            SignInError::NoRandomness => Self::new(code::INTERNAL),
        };
        fault.detail(error)
    }

    /// Of a sign-in by name.
    fn of_named(error: &NamedError) -> Self {
        let impossible = |reason: &str| Self::new(code::NO_KERBEROS).with("reason", reason);
        match error {
            NamedError::Rejected(_) => Self::new(code::DOMAIN_REFUSED),
            NamedError::Locked(_) => Self::new(code::ACCOUNT_LOCKED),
            NamedError::PasswordExpired(_) => Self::new(code::PASSWORD_EXPIRED),
            NamedError::Expired(_) => Self::new(code::TICKETS_EXPIRED),
            NamedError::ClockSkew(_) => Self::new(code::CLOCK_SKEW),
            NamedError::Weak(_) => Self::new(code::WEAK_KERBEROS),
            NamedError::Unavailable(_) => impossible("unavailable"),
            NamedError::ByAddress => impossible("byAddress"),
            NamedError::NoKdc(_) => impossible("noKdc"),
            NamedError::UnknownService(_) => impossible("unknownService"),
            NamedError::Other(_) => impossible(OTHER),
        }
    }

    /// Whether the endpoint cannot be signed in to by its name, so that a person may choose another way: no password was refused.
    #[must_use]
    pub fn allows_another_way(&self) -> bool {
        self.code == code::NO_KERBEROS && self.values.get("reason").is_some_and(|reason| reason != OTHER)
    }

    /// Of opening a session.
    #[must_use]
    pub fn of_open(error: &OpenError) -> Self {
        match error {
            OpenError::SignIn(error) => Self::of_sign_in(error),
            OpenError::Fault(fault) => Self::of_service(fault),
            OpenError::CreateLost { reason, .. } => Self::of_lane(reason),
            OpenError::Lost(reason) => Self::of_loss(reason),
            OpenError::TimedOut(_) => Self::new(code::TIMED_OUT).detail(error),
            OpenError::NoRandomness => Self::new(code::INTERNAL).detail(error),
        }
    }

    /// Of a WS-Management fault.
    #[must_use]
    pub fn of_service(fault: &wsman::Fault) -> Self {
        Self::new(match fault.kind() {
            _ if fault.code == Some(wsman::fault::code::HOST_NOT_STARTED) => code::NO_HOST,
            FaultKind::UnknownResource => code::NOT_A_PEP,
            FaultKind::AccessDenied | FaultKind::LogonFailed => code::ACCESS_DENIED,
            FaultKind::Quota => code::QUOTA,
            FaultKind::NotFound => code::SESSION_GONE,
            FaultKind::Unavailable => code::NOT_READY,
            _ => code::SERVICE_FAULT,
        })
        .detail(fault)
        .saying(fault.text())
    }

    /// What the endpoint says in its own words, as a line of detail: beside ours, never instead of them.
    fn saying(self, text: Option<&str>) -> Self {
        const MOST: usize = 2_000;
        match text {
            Some(text) => self.detail(format!("The endpoint says: {}", text.chars().take(MOST).collect::<String>())),
            None => self,
        }
    }

    fn of_lane(error: &LaneError) -> Self {
        match error {
            LaneError::Security(end) => Self::of_security(end),
            LaneError::Intent(_) => Self::new(code::RECORD_SUSPENDED).detail(error),
            _ => Self::new(code::CONNECTION_LOST).detail(error),
        }
    }

    fn of_security(end: &SecurityEnd) -> Self {
        Self::new(match end {
            SecurityEnd::Redirect(_) => code::REDIRECT,
            SecurityEnd::Unsealed { .. } | SecurityEnd::BadSeal(_) => code::PROTECTION_BROKEN,
        })
        .detail(end)
    }

    /// Of the end of a session that we did not end.
    #[must_use]
    pub fn of_loss(reason: &LossReason) -> Self {
        match reason {
            LossReason::Network(error) => Self::new(code::CONNECTION_LOST).detail(error),
            // The password was right when the session began.
            LossReason::SignIn(SignInError::Rejected) => Self::new(code::LATER_REFUSED).detail(reason),
            LossReason::SignIn(error) => Self::of_sign_in(error),
            LossReason::ShellGone | LossReason::Disconnected => Self::new(code::SESSION_GONE).detail(reason),
            LossReason::PoolEnded { error, .. } => {
                let fault = Self::new(code::POOL_ENDED).detail(reason);
                match error.as_deref() {
                    Some(record) => fault.with("message", ErrorRecord::from_value(record).message),
                    None => fault,
                }
            }
            LossReason::Fault(fault) => Self::of_service(fault),
            LossReason::Status(_) => Self::new(code::SERVICE_FAULT).detail(reason),
            LossReason::Security(end) => Self::of_security(end),
            LossReason::Protocol(_) => Self::new(code::PROTOCOL).detail(reason),
            LossReason::Intent(_) => Self::new(code::RECORD_SUSPENDED).detail(reason),
        }
    }

    /// Of further connections that do not sign in, in a session that goes on without them.
    #[must_use]
    pub fn of_fewer(reason: &SignInError) -> Self {
        Self::new(code::FEWER_CONNECTIONS).detail(reason)
    }

    /// Of deleting the session at the endpoint.
    #[must_use]
    pub fn of_close(error: &CloseError) -> Self {
        match error {
            CloseError::Fault(fault) => Self::of_service(fault),
            CloseError::Unknown(error) => Self::of_lane(error),
            CloseError::SignIn(error) => Self::of_sign_in(error),
            CloseError::TimedOut(_) => Self::new(code::TIMED_OUT).detail(error),
            CloseError::Gone(_) | CloseError::Protocol(_) => Self::new(code::PROTOCOL).detail(error),
        }
    }

    /// Of the error record that ended a command.
    #[must_use]
    pub fn of_record(record: &Value) -> Self {
        let error = ErrorRecord::from_value(record);
        let number = if error.id.starts_with("CommandNotFoundException") {
            code::UNKNOWN_CMDLET
        } else if error.exception.starts_with("ParameterBinding") {
            code::PARAMETER_REFUSED
        } else {
            code::CMDLET_FAILED
        };
        Self::new(number).with("message", error.message.as_str()).detail(psformat::normal_view(record, None))
    }

    /// Of the error record that ended the closing command (pep-facts D.3).
    #[must_use]
    pub fn of_closing_record(record: &Value) -> Self {
        let error = ErrorRecord::from_value(record);
        let says = |text: &str| error.message.to_lowercase().contains(text);
        let number = if says("access is denied") {
            code::SHARE_ACCESS
        } else if says("network path was not found") || says("network name cannot be found") {
            code::SHARE_NOT_FOUND
        } else if says("user name or password is incorrect") {
            code::SHARE_ACCOUNT
        } else if says("not enough space") {
            code::SHARE_FULL
        } else if says("multiple connections to a server") {
            code::SHARE_OTHER_ACCOUNT
        } else {
            code::CLOSE_FAILED
        };
        Self::new(number).with("message", error.message.as_str()).detail(psformat::normal_view(record, None))
    }
}

/// What a person has to know when a sign-in ended without a word about the password: an endpoint that did not answer may have
/// counted a wrong one all the same (S-12).
#[must_use]
pub fn may_have_counted(error: &OpenError, passwords_sent: u64) -> Option<&'static str> {
    let without_a_word = matches!(
        error,
        OpenError::SignIn(SignInError::Exchange(_) | SignInError::Status(_) | SignInError::NotProved(_))
    );
    (passwords_sent > 0 && without_a_word).then_some(
        "the password was sent and may have been tried, so that the count of wrong passwords may have gone up by one; it is not \
            sent again",
    )
}

fn entry(code: u16) -> Option<&'static (u16, Blame, Next)> {
    TABLE.iter().find(|(known, _, _)| *known == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_used_twice() {
        let mut codes: Vec<u16> = TABLE.iter().map(|(code, _, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), TABLE.len());
    }

    #[test]
    fn what_kerberos_cannot_do_is_told_apart() {
        for (error, number) in [
            (NamedError::NoKdc("x".into()), code::NO_KERBEROS),
            (NamedError::UnknownService("x".into()), code::NO_KERBEROS),
            (NamedError::ByAddress, code::NO_KERBEROS),
            (NamedError::Unavailable("x".into()), code::NO_KERBEROS),
            (NamedError::Other("x".into()), code::NO_KERBEROS),
            (NamedError::Rejected("x".into()), code::DOMAIN_REFUSED),
            (NamedError::Locked("x".into()), code::ACCOUNT_LOCKED),
            (NamedError::PasswordExpired("x".into()), code::PASSWORD_EXPIRED),
            (NamedError::Expired("x".into()), code::TICKETS_EXPIRED),
            (NamedError::ClockSkew("x".into()), code::CLOCK_SKEW),
            (NamedError::Weak("x".into()), code::WEAK_KERBEROS),
        ] {
            let another = error.allows_another_way();
            let fault = Fault::of_sign_in(&SignInError::Named(error));
            assert_eq!((fault.code, fault.allows_another_way()), (number, another), "{fault:?}");
        }
    }

    #[test]
    fn a_port_that_took_the_connection_is_not_called_closed() {
        let waited = Duration::from_secs(10);
        for error in [ProbeError::NotHttp(ExchangeError::Silent(waited)), ProbeError::Unfinished(waited)] {
            let fault = Fault::of_probe(&error);
            assert_eq!((fault.code, fault.values["seconds"].as_str()), (code::SILENT_PORT, "10"));
        }
        assert_eq!(Fault::of_probe(&ProbeError::Connect(ConnectError::TimedOut(waited))).code, code::NO_ANSWER);
    }

    #[test]
    fn the_words_of_a_refusing_share_are_told_apart() {
        for (message, number) in [
            ("Access is denied", code::SHARE_ACCESS),
            ("The network path was not found", code::SHARE_NOT_FOUND),
            ("The user name or password is incorrect.", code::SHARE_ACCOUNT),
            ("There is not enough space on the disk.", code::SHARE_FULL),
            ("Something else", code::CLOSE_FAILED),
        ] {
            let record =
                psrp::records::ErrorInfo { message: message.into(), ..psrp::records::ErrorInfo::pipeline_stopped() };
            assert_eq!(Fault::of_closing_record(&record.to_value()).code, number, "{message}");
        }
    }
}
