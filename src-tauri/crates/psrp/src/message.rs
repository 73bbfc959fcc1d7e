//! Messages: the objects that fragments carry. [MS-PSRP] 2.2.1

use clixml::{DecodeError, Limits, Value};
use uuid::Uuid;

/// Length of the header in bytes.
pub const HEADER: usize = 40;

const BOM: &[u8] = &[0xEF, 0xBB, 0xBF];

/// Who shall read a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// 1
    Client,
    /// 2
    Server,
}

/// One message, its data still CLIXML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who shall read it
    pub destination: Destination,
    /// What it is
    pub kind: MessageType,
    /// Pool id; servers leave it zero in capability and key messages.
    pub pool: Uuid,
    /// Pipeline id; zero on messages of the pool.
    pub pipeline: Uuid,
    /// UTF-8 CLIXML without byte order mark. Empty means `$null`.
    pub data: &'a [u8],
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Shorter than the header
    #[error("a message of {0} bytes is shorter than its header")]
    TooShort(usize),
    /// Neither 1 nor 2
    #[error("a message with the destination {0}")]
    Destination(u32),
}

impl<'a> Message<'a> {
    /// Reads a message out of a whole object.
    ///
    /// # Errors
    /// See [`MessageError`]. A type that we do not know is none: see [`MessageType::Unknown`].
    pub fn parse(object: &'a [u8]) -> Result<Self, MessageError> {
        let short = || MessageError::TooShort(object.len());
        let (destination, rest) = object.split_first_chunk::<4>().ok_or_else(short)?;
        let (kind, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let (pool, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
        let (pipeline, data) = rest.split_first_chunk::<16>().ok_or_else(short)?;
        Ok(Self {
            destination: match u32::from_le_bytes(*destination) {
                1 => Destination::Client,
                2 => Destination::Server,
                other => return Err(MessageError::Destination(other)),
            },
            kind: MessageType::from_number(u32::from_le_bytes(*kind)),
            pool: Uuid::from_bytes_le(*pool),
            pipeline: Uuid::from_bytes_le(*pipeline),
            data: data.strip_prefix(BOM).unwrap_or(data),
        })
    }

    /// Writes the message; data that is not empty gets a byte order mark, as PowerShell writes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER.saturating_add(BOM.len()).saturating_add(self.data.len()));
        let destination: u32 = match self.destination {
            Destination::Client => 1,
            Destination::Server => 2,
        };
        out.extend(destination.to_le_bytes());
        out.extend(self.kind.number().to_le_bytes());
        out.extend(self.pool.to_bytes_le());
        out.extend(self.pipeline.to_bytes_le());
        if !self.data.is_empty() {
            out.extend(BOM);
            out.extend(self.data);
        }
        out
    }

    /// The value inside; no data is `$null`.
    ///
    /// # Errors
    /// When the data is no CLIXML or beyond the limits.
    pub fn value(&self, limits: &Limits) -> Result<Value, DecodeError> {
        if self.data.is_empty() { Ok(Value::Null) } else { clixml::decode_with(self.data, limits) }
    }
}

macro_rules! message_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// What a message is. [MS-PSRP] 2.2.1
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MessageType {
            $($(#[$doc])* $name,)*
            /// A number that we do not know
            Unknown(u32),
        }

        impl MessageType {
            /// Every type that we know.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The type of this number.
            #[must_use]
            pub fn from_number(number: u32) -> Self {
                match number {
                    $($number => Self::$name,)*
                    other => Self::Unknown(other),
                }
            }

            /// The number on the wire.
            #[must_use]
            pub fn number(self) -> u32 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Unknown(other) => other,
                }
            }

            /// The name in the specification.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown(_) => "unknown",
                }
            }
        }
    };
}

message_types! {
    /// Versions of either end
    SessionCapability = 0x0001_0002, "SESSION_CAPABILITY";
    /// Settings of a new pool
    InitRunspacePool = 0x0001_0004, "INIT_RUNSPACEPOOL";
    /// The client's public key
    PublicKey = 0x0001_0005, "PUBLIC_KEY";
    /// The server's session key for that public key
    EncryptedSessionKey = 0x0001_0006, "ENCRYPTED_SESSION_KEY";
    /// Servers before 2.2 ask for the public key
    PublicKeyRequest = 0x0001_0007, "PUBLIC_KEY_REQUEST";
    /// Settings on connecting to a pool of another client
    ConnectRunspacePool = 0x0001_0008, "CONNECT_RUNSPACEPOOL";
    /// More or fewer runspaces
    SetMaxRunspaces = 0x0002_1002, "SET_MAX_RUNSPACES";
    /// More or fewer runspaces
    SetMinRunspaces = 0x0002_1003, "SET_MIN_RUNSPACES";
    /// Answer to the requests about runspaces
    RunspaceAvailability = 0x0002_1004, "RUNSPACE_AVAILABILITY";
    /// State of the pool
    RunspacePoolState = 0x0002_1005, "RUNSPACEPOOL_STATE";
    /// A pipeline to run
    CreatePipeline = 0x0002_1006, "CREATE_PIPELINE";
    /// How many runspaces are free
    GetAvailableRunspaces = 0x0002_1007, "GET_AVAILABLE_RUNSPACES";
    /// An event that a script forwarded
    UserEvent = 0x0002_1008, "USER_EVENT";
    /// What the server tells about itself
    ApplicationPrivateData = 0x0002_1009, "APPLICATION_PRIVATE_DATA";
    /// Question for command descriptions
    GetCommandMetadata = 0x0002_100A, "GET_COMMAND_METADATA";
    /// Answer on connecting
    RunspacePoolInitData = 0x0002_100B, "RUNSPACEPOOL_INIT_DATA";
    /// Request to forget variables
    ResetRunspaceState = 0x0002_100C, "RESET_RUNSPACE_STATE";
    /// Host call of the pool
    PoolHostCall = 0x0002_1100, "RUNSPACEPOOL_HOST_CALL";
    /// Its answer
    PoolHostResponse = 0x0002_1101, "RUNSPACEPOOL_HOST_RESPONSE";
    /// One input object
    PipelineInput = 0x0004_1002, "PIPELINE_INPUT";
    /// No more input
    EndOfPipelineInput = 0x0004_1003, "END_OF_PIPELINE_INPUT";
    /// One output object
    PipelineOutput = 0x0004_1004, "PIPELINE_OUTPUT";
    /// One non-terminating error
    ErrorRecord = 0x0004_1005, "ERROR_RECORD";
    /// State of a pipeline
    PipelineState = 0x0004_1006, "PIPELINE_STATE";
    /// One debug record
    DebugRecord = 0x0004_1007, "DEBUG_RECORD";
    /// One verbose record
    VerboseRecord = 0x0004_1008, "VERBOSE_RECORD";
    /// One warning record
    WarningRecord = 0x0004_1009, "WARNING_RECORD";
    /// One progress record
    ProgressRecord = 0x0004_1010, "PROGRESS_RECORD";
    /// One information record
    InformationRecord = 0x0004_1011, "INFORMATION_RECORD";
    /// Host call of a pipeline
    PipelineHostCall = 0x0004_1100, "PIPELINE_HOST_CALL";
    /// Its answer
    PipelineHostResponse = 0x0004_1101, "PIPELINE_HOST_RESPONSE";
}

impl MessageType {
    /// Whether servers may leave the pool id zero.
    #[must_use]
    pub fn may_omit_pool(self) -> bool {
        matches!(self, Self::SessionCapability | Self::EncryptedSessionKey | Self::PublicKeyRequest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: Uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF);

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let message = Message {
            destination: Destination::Client,
            kind: MessageType::PipelineOutput,
            pool: POOL,
            pipeline: Uuid::from_u128(7),
            data: b"<S>x</S>",
        };
        let bytes = message.encode();
        assert_eq!(bytes.len(), HEADER + 3 + 8);
        assert_eq!(bytes[8..12], [0x33, 0x22, 0x11, 0x00], "the first parts of a GUID are little-endian");
        assert_eq!(Message::parse(&bytes), Ok(message));
    }

    #[test]
    fn no_data_is_null_and_has_no_byte_order_mark() {
        let message = Message {
            destination: Destination::Server,
            kind: MessageType::EndOfPipelineInput,
            pool: POOL,
            pipeline: Uuid::nil(),
            data: b"",
        };
        let bytes = message.encode();
        assert_eq!(bytes.len(), HEADER);
        assert_eq!(Message::parse(&bytes).unwrap().value(&Limits::default()).unwrap(), Value::Null);
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(Message::parse(&[1; 39]), Err(MessageError::TooShort(39)));
        assert_eq!(Message::parse(&[0; 40]), Err(MessageError::Destination(0)));
    }

    #[test]
    fn every_type_has_its_number_and_name() {
        for kind in MessageType::ALL {
            assert_eq!(MessageType::from_number(kind.number()), *kind);
            assert_ne!(kind.name(), "unknown");
        }
        assert_eq!(MessageType::from_number(0x0002_100E), MessageType::Unknown(0x0002_100E));
    }
}
