//! The client's side: NTLMv2 inside SPNEGO, or bare.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::context::{ClientContext, MessageSecurity, Target};
use crate::der::{self, Response, State};
use crate::ntlm::authenticate::{self, Parts};
use crate::ntlm::challenge::{Challenge, ServerIdentity};
use crate::ntlm::keys::{Key, ntowf_v2, rc4_once, response, temp};
use crate::ntlm::pairs::{self, Pairs};
use crate::ntlm::{self, channel_bindings, flags, utf16};
use crate::seal::{SealedChannel, Side};
use crate::{Credentials, Error};

/// What a response holds besides the pairs: the proof, the fixed part before them and the zeros after them.
const RESPONSE_AROUND_PAIRS: usize = 16 + 28 + 4;

/// What a sign-in is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// The service as dialled, `HTTP/host`; it goes into the signed part of the response (S-05).
    pub target_name: String,
    /// The hash that [`crate::channel_bindings`] makes of the TLS channel's end point; `None` without TLS (S-10).
    pub channel_bindings: Option<[u8; 16]>,
    /// Sends NTLM messages without the SPNEGO envelope.
    pub raw_ntlm: bool,
}

/// The random numbers of one sign-in, never used twice.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Randomness {
    /// Our challenge.
    pub client_challenge: [u8; 8],
    /// The session key that we choose.
    pub session_key: [u8; 16],
}

/// A challenge that may be answered: the message as it came, and the pairs for the response.
struct Challenged {
    flags: u32,
    server_challenge: [u8; 8],
    time: u64,
    pairs: Vec<u8>,
    message: Vec<u8>,
}

enum Step {
    Start,
    Negotiated,
    Challenged(Box<Challenged>),
    Authenticated(Box<SealedChannel>),
    Over,
}

/// The client's context of one connection.
pub struct NtlmClient {
    options: ClientOptions,
    step: Step,
    negotiate: Vec<u8>,
    mechanisms: Vec<u8>,
}

impl NtlmClient {
    /// A context that has sent nothing yet.
    #[must_use]
    pub fn new(options: ClientOptions) -> Self {
        Self { options, step: Step::Start, negotiate: ntlm::negotiate(), mechanisms: der::mechanisms() }
    }

    /// A context inside SPNEGO for this service and channel.
    #[must_use]
    pub fn for_target(target: &Target<'_>) -> Self {
        Self::new(ClientOptions {
            target_name: target.service.to_owned(),
            channel_bindings: target.end_point.map(channel_bindings),
            raw_ntlm: false,
        })
    }

    /// As [`ClientContext::negotiate`].
    ///
    /// # Errors
    /// When it is not the first step.
    pub fn negotiate(&mut self) -> Result<Vec<u8>, Error> {
        if !matches!(self.step, Step::Start) {
            return Err(Error::OutOfOrder);
        }
        self.step = Step::Negotiated;
        Ok(if self.options.raw_ntlm {
            self.negotiate.clone()
        } else {
            der::write_init(&self.mechanisms, &self.negotiate)
        })
    }

    /// As [`ClientContext::challenge`].
    ///
    /// # Errors
    /// When the token is malformed, refuses, or lacks what S-03 asks for.
    pub fn challenge(&mut self, token: &[u8]) -> Result<ServerIdentity, Error> {
        if !matches!(self.step, Step::Negotiated) {
            return Err(Error::OutOfOrder);
        }
        self.step = Step::Over;
        // The server goes on as we began, with the envelope or without: else its last proof would be left out.
        let message = if self.options.raw_ntlm {
            token
        } else {
            let response = der::read_response(token)?;
            if response.state == Some(State::Rejected) || response.mechanism.is_some_and(|oid| oid != der::NTLM_OID) {
                return Err(Error::Rejected);
            }
            if response.state == Some(State::Completed) {
                return Err(Error::Malformed("SPNEGO token"));
            }
            response.token.ok_or(Error::Malformed("SPNEGO token"))?
        };
        let challenge = Challenge::parse(message)?;
        let identity = challenge.identity()?;
        self.step = Step::Challenged(Box::new(Challenged {
            flags: challenge.flags,
            server_challenge: challenge.server_challenge,
            time: identity.timestamp.0,
            pairs: self.pairs(challenge.pairs)?,
            message: message.to_vec(),
        }));
        Ok(identity)
    }

    /// The pairs of the response: the server's, the MIC flag, the service's name and the channel (S-04, S-05, S-10).
    fn pairs(&self, mut pairs: Pairs) -> Result<Vec<u8>, Error> {
        let set_flags = pairs.u32(pairs::FLAGS).unwrap_or(0) | pairs::MIC_PRESENT;
        pairs.set(pairs::FLAGS, set_flags.to_le_bytes().to_vec());
        pairs.set(pairs::TARGET_NAME, utf16(&self.options.target_name));
        pairs.set(pairs::CHANNEL_BINDINGS, self.options.channel_bindings.unwrap_or([0; 16]).to_vec());
        let bytes = pairs.to_bytes()?;
        // The response around them must fit into its field.
        match bytes.len().checked_add(RESPONSE_AROUND_PAIRS) {
            Some(length) if length <= usize::from(u16::MAX) => Ok(bytes),
            _ => Err(Error::Malformed("target information")),
        }
    }

    /// As [`ClientContext::authenticate`].
    ///
    /// # Errors
    /// When there is no challenge to answer, or the account's name is too long for the message.
    #[allow(clippy::needless_pass_by_value, reason = "randomness is used up")]
    pub fn authenticate(&mut self, credentials: &Credentials, random: Randomness) -> Result<Vec<u8>, Error> {
        let Step::Challenged(challenged) = std::mem::replace(&mut self.step, Step::Over) else {
            return Err(Error::OutOfOrder);
        };
        let key = ntowf_v2(&credentials.user, &credentials.domain, credentials.password.expose());
        let ours = temp(challenged.time, random.client_challenge, &challenged.pairs);
        let answer = response(&key, challenged.server_challenge, &ours);
        let exported = Key::new(random.session_key);
        let session_key = rc4_once(&answer.base, &exported);
        let parts = Parts {
            domain: &credentials.domain,
            user: &credentials.user,
            nt: &answer.nt,
            session_key: session_key.as_slice(),
            flags: challenged.flags & flags::OURS,
        };
        let message = authenticate::write(&parts, &exported, &self.negotiate, &challenged.message)?;
        let mut channel = SealedChannel::new(&exported, Side::Client);
        let token = if self.options.raw_ntlm {
            message
        } else {
            let mic = channel.sign_mechanisms(&self.mechanisms);
            der::write_response(&Response { token: Some(&message), mic: Some(&mic), ..Response::default() })
        };
        self.step = Step::Authenticated(Box::new(channel));
        Ok(token)
    }

    /// As [`ClientContext::finish`].
    ///
    /// # Errors
    /// When the server's proof is missing or wrong.
    pub fn finish(&mut self, token: Option<&[u8]>) -> Result<SealedChannel, Error> {
        let Step::Authenticated(mut channel) = std::mem::replace(&mut self.step, Step::Over) else {
            return Err(Error::OutOfOrder);
        };
        if self.options.raw_ntlm {
            // Bare NTLM ends without a token; the first sealed answer is the proof.
            return Ok(*channel);
        }
        let response = der::read_response(token.ok_or(Error::NotProved("its last token is missing"))?)?;
        match response.state {
            Some(State::Rejected) => return Err(Error::Rejected),
            // The state may be left out after the first answer; NTLM itself is complete (RFC 4178 section 4.2.2).
            Some(State::Completed) | None => {}
            _ => return Err(Error::NotProved("the negotiation is not complete")),
        }
        if response.mechanism.is_some_and(|oid| oid != der::NTLM_OID) {
            return Err(Error::NotProved("it names another mechanism"));
        }
        let mic = response.mic.ok_or(Error::NotProved("its signature over the mechanisms is missing"))?;
        if !channel.verify_mechanisms(&self.mechanisms, mic) {
            return Err(Error::NotProved("its signature over the mechanisms is wrong"));
        }
        Ok(*channel)
    }
}

impl ClientContext for NtlmClient {
    fn negotiate(&mut self) -> Result<Vec<u8>, Error> {
        Self::negotiate(self)
    }

    fn challenge(&mut self, token: &[u8]) -> Result<ServerIdentity, Error> {
        Self::challenge(self, token)
    }

    fn authenticate(&mut self, credentials: &Credentials, random: Randomness) -> Result<Vec<u8>, Error> {
        Self::authenticate(self, credentials, random)
    }

    fn finish(&mut self, token: Option<&[u8]>) -> Result<Box<dyn MessageSecurity>, Error> {
        Self::finish(self, token).map(|channel| Box::new(channel) as Box<dyn MessageSecurity>)
    }
}

/// Compares two MICs without telling by time where they differ.
pub(crate) fn equal(a: &[u8; 16], b: &[u8; 16]) -> bool {
    bool::from(a.ct_eq(b))
}
