//! Faults: their codes and what they mean. Protocol notes, section 6.

/// Codes that the project decides by, as unsigned numbers.
pub mod code {
    /// The operation took longer than its timeout; for Receive the heartbeat.
    pub const TIMED_OUT: u32 = 2_150_858_793;
    /// The operation was aborted.
    pub const ABORTED: u32 = 995;
    /// The operation was cancelled.
    pub const CANCELLED: u32 = 1_223;
    /// The shell or command does not exist.
    pub const NOT_FOUND: u32 = 2_150_858_843;
    /// The shell is disconnected.
    pub const DISCONNECTED: u32 = 2_150_859_204;
    /// The stream of a Receive was disconnected.
    pub const STREAM_DISCONNECTED: u32 = 2_150_859_230;
    /// Another client is connected to the shell.
    pub const BUSY_ELSEWHERE: u32 = 2_150_859_213;
    /// The shell belongs to another session id.
    pub const OTHER_SESSION: u32 = 2_150_859_206;
    /// Reconnect is not valid now.
    pub const RECONNECT_INVALID: u32 = 2_150_859_216;
    /// The account that the shell runs as could not be used.
    pub const RUN_AS_FAILED: u32 = 2_150_859_231;
    /// The shell cannot be disconnected at all.
    pub const DISCONNECT_UNSUPPORTED: u32 = 2_150_859_205;
    /// Disconnect is not valid now.
    pub const DISCONNECT_INVALID: [u32; 4] = [2_150_859_214, 2_150_859_215, 2_150_859_219, 2_150_859_224];
    /// The idle timeout is outside the server's limits.
    pub const IDLE_TIMEOUT: u32 = 2_150_859_250;
    /// Access is denied.
    pub const ACCESS_DENIED: u32 = 5;
    /// The user name or password is wrong.
    pub const LOGON_FAILURE: u32 = 1_326;
    /// No server can check the logon.
    pub const NO_LOGON_SERVERS: u32 = 1_311;
    /// The logon session does not exist.
    pub const NO_LOGON_SESSION: u32 = 1_312;
    /// The resource URI is not in the catalog.
    pub const UNKNOWN_RESOURCE: u32 = 2_150_858_811;
    /// The resource URI cannot be reached.
    pub const DESTINATION_UNREACHABLE: u32 = 2_150_858_754;
    /// Errors of trust and names that Windows' own client reports; no server sends them.
    pub const CLIENT_TRUST: [u32; 5] = [2_150_859_193, 2_150_859_195, 2_150_859_020, 2_150_858_980, 2_150_858_981];
    /// The request is larger than the server takes.
    pub const ENVELOPE_TOO_LARGE: u32 = 2_150_858_790;
    /// More shells than the account may have.
    pub const QUOTA_SHELLS: u32 = 2_150_859_173;
    /// The first group of quotas, both ends included.
    pub const QUOTA: (u32, u32) = (2_150_859_173, 2_150_859_179);
    /// The second group of quotas, both ends included.
    pub const QUOTA_MORE: (u32, u32) = (2_150_859_236, 2_150_859_241);
    /// What should be created exists.
    pub const ALREADY_EXISTS: u32 = 2_150_858_803;
    /// A parameter is invalid.
    pub const INVALID_PARAMETER: u32 = 2_150_858_810;
    /// A header is missing.
    pub const HEADER_REQUIRED: u32 = 2_150_858_769;
    /// The action is not supported.
    pub const ACTION_NOT_SUPPORTED: u32 = 2_150_858_771;
    /// The body does not follow the schema.
    pub const SCHEMA: u32 = 2_150_858_817;
    /// The XML cannot be read.
    pub const INVALID_XML: u32 = 2_150_858_819;
    /// A bad parameter, in the words of Win32.
    pub const BAD_PARAMETER: u32 = 87;
    /// Another Receive waits on the stream.
    pub const RECEIVE_PENDING: u32 = 2_150_859_047;
    /// An internal error; also seen when a Receive is repeated while the first waits.
    pub const INTERNAL: u32 = 1_359;
    /// A PowerShell plug-in refused an argument.
    pub const PLUGIN: u32 = 2_152_992_672;
    /// The service cannot be reached, is overloaded or is shutting down.
    pub const UNAVAILABLE: [u32; 9] =
        [2_150_858_770, 2_150_859_046, 2_150_859_026, 2_150_859_027, 2_150_859_120, 1_722, 53, 14, 1_115];
    /// The process that hosts a shell could not be started.
    pub const HOST_NOT_STARTED: u32 = 2_150_859_012;
    /// The service wants us to go elsewhere.
    pub const REDIRECT: u32 = 2_150_859_161;
}

/// A fault that a server sent. Texts are data of the server: shown, never decided by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fault {
    /// Code of `f:WSManFault`
    pub code: Option<u32>,
    /// Local name of the SOAP code: `Sender`, `Receiver`, ...
    pub soap_code: String,
    /// Local name of the subcode. The names of the specifications differ, so that their namespaces say nothing more.
    pub subcode: Option<String>,
    /// The reason
    pub reason: String,
    /// Text of `f:WSManFault`, that of a provider included
    pub message: Option<String>,
    /// The machine that names itself as the origin
    pub machine: Option<String>,
    /// What a provider under the service added
    pub provider: Option<ProviderFault>,
    /// The URI of `w:FaultDetail`
    pub detail: Option<String>,
}

/// What a provider under the service, PowerShell for example, added to a fault.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderFault {
    /// The name of the provider
    pub provider: Option<String>,
    /// Its file
    pub path: Option<String>,
    /// The code of a fault inside
    pub code: Option<u32>,
    /// Its text
    pub text: String,
}

/// What a fault means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The timeout passed: of a Receive a heartbeat, of anything else a lost answer.
    TimedOut,
    /// Aborted or cancelled: of a Receive that we ended the normal end.
    Aborted,
    /// The shell or command is gone.
    NotFound,
    /// The shell is disconnected.
    Disconnected,
    /// The stream of a Receive was disconnected.
    StreamDisconnected,
    /// Another client is connected.
    BusyElsewhere,
    /// The shell belongs to another session: not Reconnect but Connect.
    OtherSession,
    /// Reconnect is refused: nothing is disconnected.
    ReconnectRefused,
    /// The account under which the endpoint works could not be used.
    RunAsFailed,
    /// Disconnect is refused.
    DisconnectRefused,
    /// The idle timeout is outside the limits.
    IdleTimeout,
    /// The account may not.
    AccessDenied,
    /// The logon failed (S-12).
    LogonFailed,
    /// There is no such configuration.
    UnknownResource,
    /// An error that only Windows' own client reports.
    ClientTrust,
    /// The request is too large for the server.
    EnvelopeTooLarge,
    /// A quota is used up.
    Quota,
    /// What should be created exists: our own Create came through.
    AlreadyExists,
    /// The server does not accept what we sent.
    BadRequest,
    /// Another Receive waits on the stream.
    ReceivePending,
    /// An internal error of the server.
    Internal,
    /// PowerShell's plug-in refused.
    Plugin,
    /// The service is not reachable, overloaded or shutting down.
    Unavailable,
    /// The service wants us to go elsewhere (S-14).
    Redirect,
    /// Anything else.
    Other,
}

impl FaultKind {
    /// The meaning of a code, where the table has one.
    #[must_use]
    pub fn of_code(number: u32) -> Option<Self> {
        Some(match number {
            code::TIMED_OUT => Self::TimedOut,
            code::ABORTED | code::CANCELLED => Self::Aborted,
            code::NOT_FOUND => Self::NotFound,
            code::DISCONNECTED => Self::Disconnected,
            code::STREAM_DISCONNECTED => Self::StreamDisconnected,
            code::BUSY_ELSEWHERE => Self::BusyElsewhere,
            code::OTHER_SESSION => Self::OtherSession,
            code::RECONNECT_INVALID => Self::ReconnectRefused,
            code::RUN_AS_FAILED => Self::RunAsFailed,
            code::DISCONNECT_UNSUPPORTED => Self::DisconnectRefused,
            code::IDLE_TIMEOUT => Self::IdleTimeout,
            code::ACCESS_DENIED => Self::AccessDenied,
            code::LOGON_FAILURE | code::NO_LOGON_SERVERS | code::NO_LOGON_SESSION => Self::LogonFailed,
            code::UNKNOWN_RESOURCE | code::DESTINATION_UNREACHABLE => Self::UnknownResource,
            code::ENVELOPE_TOO_LARGE => Self::EnvelopeTooLarge,
            code::ALREADY_EXISTS => Self::AlreadyExists,
            code::INVALID_PARAMETER
            | code::HEADER_REQUIRED
            | code::ACTION_NOT_SUPPORTED
            | code::SCHEMA
            | code::INVALID_XML
            | code::BAD_PARAMETER => Self::BadRequest,
            code::RECEIVE_PENDING => Self::ReceivePending,
            code::INTERNAL => Self::Internal,
            code::REDIRECT => Self::Redirect,
            // The plug-in's own errors lie in two blocks of its facility.
            0x8054_0BB0..=0x8054_0BBF | 0x8054_0FA0..=0x8054_0FAF => Self::Plugin,
            _ if within(number, code::QUOTA) || within(number, code::QUOTA_MORE) => Self::Quota,
            _ if code::DISCONNECT_INVALID.contains(&number) => Self::DisconnectRefused,
            _ if code::CLIENT_TRUST.contains(&number) => Self::ClientTrust,
            _ if code::UNAVAILABLE.contains(&number) => Self::Unavailable,
            _ => return None,
        })
    }

    /// The meaning of a subcode's local name, where it has one.
    #[must_use]
    pub fn of_subcode(name: &str) -> Option<Self> {
        Some(match name {
            "TimedOut" => Self::TimedOut,
            "InvalidSelectors" => Self::NotFound,
            "EncodingLimit" => Self::EnvelopeTooLarge,
            "InternalError" => Self::Internal,
            "AccessDenied" => Self::AccessDenied,
            "QuotaLimit" => Self::Quota,
            "DestinationUnreachable" => Self::UnknownResource,
            "AlreadyExists" => Self::AlreadyExists,
            "Concurrency" | "EndpointUnavailable" => Self::Unavailable,
            "ActionNotSupported"
            | "CannotProcessFilter"
            | "FilterDialectRequestedUnavailable"
            | "InvalidEnumerationContext"
            | "InvalidMessageInformationHeader"
            | "InvalidOptions"
            | "InvalidParameter"
            | "InvalidXml"
            | "MessageInformationHeaderRequired"
            | "SchemaValidationError"
            | "UnsupportedFeature" => Self::BadRequest,
            _ => return None,
        })
    }

    /// A name that stays the same from version to version.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TimedOut => "timed-out",
            Self::Aborted => "aborted",
            Self::NotFound => "not-found",
            Self::Disconnected => "disconnected",
            Self::StreamDisconnected => "stream-disconnected",
            Self::BusyElsewhere => "busy-elsewhere",
            Self::OtherSession => "other-session",
            Self::ReconnectRefused => "reconnect-refused",
            Self::RunAsFailed => "run-as-failed",
            Self::DisconnectRefused => "disconnect-refused",
            Self::IdleTimeout => "idle-timeout",
            Self::AccessDenied => "access-denied",
            Self::LogonFailed => "logon-failed",
            Self::UnknownResource => "unknown-resource",
            Self::ClientTrust => "client-trust",
            Self::EnvelopeTooLarge => "envelope-too-large",
            Self::Quota => "quota",
            Self::AlreadyExists => "already-exists",
            Self::BadRequest => "bad-request",
            Self::ReceivePending => "receive-pending",
            Self::Internal => "internal",
            Self::Plugin => "plugin",
            Self::Unavailable => "unavailable",
            Self::Redirect => "redirect",
            Self::Other => "other",
        }
    }
}

impl Fault {
    /// What the fault means: by its code, where the table has it, else by its subcode, never by a text.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        let by_code = self.code.and_then(FaultKind::of_code);
        by_code.or_else(|| FaultKind::of_subcode(self.subcode.as_deref()?)).unwrap_or(FaultKind::Other)
    }

    /// What the server says in its own words and language, to be shown beside the meaning and never alone: nothing is decided by it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        [self.message.as_deref(), Some(self.reason.as_str())]
            .into_iter()
            .flatten()
            .map(str::trim)
            .find(|text| !text.is_empty())
    }
}

impl std::fmt::Display for Fault {
    /// The meaning and the numbers, without the server's texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind().name())?;
        if let Some(number) = self.code {
            write!(f, " (code {number})")?;
        }
        match &self.subcode {
            Some(name) => write!(f, " [{name}]"),
            None => Ok(()),
        }
    }
}

const fn within(number: u32, (first, last): (u32, u32)) -> bool {
    first <= number && number <= last
}
