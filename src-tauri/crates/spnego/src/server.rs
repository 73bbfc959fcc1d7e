//! The server's side, for the practice PEP and for tests.

use subtle::ConstantTimeEq;

use crate::client::equal;
use crate::der::{self, Response, State};
use crate::ntlm::authenticate::Authenticate;
use crate::ntlm::challenge::Challenge;
use crate::ntlm::keys::{hmac_md5, ntowf_v2, rc4_once};
use crate::ntlm::pairs::{self, Pairs};
use crate::ntlm::reader::text;
use crate::ntlm::{self, flags, utf16};
use crate::seal::{SealedChannel, Side};
use crate::{Error, FileTime, Secret};

/// Who the server says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// The computer's short name.
    pub netbios_computer: String,
    /// The short name of its domain.
    pub netbios_domain: String,
    /// The computer's full name.
    pub dns_computer: String,
    /// The full name of its domain.
    pub dns_domain: String,
    /// Flags to leave out of the challenge: what a server that cannot be trusted would do. Zero in earnest.
    pub withheld_flags: u32,
}

/// What the server answers to a client's token.
pub enum ServerAnswer {
    /// Send this token with a 401 and wait for the next.
    Challenge(Vec<u8>),
    /// The client is signed in; send this token, if any, with the 200.
    Accepted(Box<Accepted>, Option<Vec<u8>>),
}

/// A signed-in client.
pub struct Accepted {
    /// The domain as the client wrote it.
    pub domain: String,
    /// The user as the client wrote it.
    pub user: String,
    /// The service that the client meant to sign in to, `HTTP/host`; signed by the client (S-05).
    pub target_name: String,
    /// The sealed channel.
    pub channel: SealedChannel,
}

enum Step {
    Start,
    /// NTLM was offered, but not as the first: its first message is still to come.
    Selected {
        mechanisms: Vec<u8>,
    },
    Challenged {
        negotiate: Vec<u8>,
        challenge: Vec<u8>,
        server_challenge: [u8; 8],
        mechanisms: Option<Vec<u8>>,
    },
    Over,
}

/// What a client must have named in its signed pairs.
#[derive(Default)]
struct Demands {
    target_name: Option<String>,
    channel_bindings: Option<[u8; 16]>,
}

/// The server's context of one connection.
pub struct NtlmServer {
    options: ServerOptions,
    demands: Demands,
    step: Step,
}

impl NtlmServer {
    /// A context that has seen nothing yet.
    #[must_use]
    pub fn new(options: ServerOptions) -> Self {
        Self { options, demands: Demands::default(), step: Step::Start }
    }

    /// Takes only clients that meant to sign in to this service, `HTTP/host` (S-05); letter case does not count.
    #[must_use]
    pub fn require_target_name(mut self, name: impl Into<String>) -> Self {
        self.demands.target_name = Some(name.into());
        self
    }

    /// Takes only clients that saw the end of this TLS channel (S-10). The value is as in
    /// [`ClientOptions::channel_bindings`](crate::ClientOptions::channel_bindings).
    #[must_use]
    pub fn require_channel_bindings(mut self, value: [u8; 16]) -> Self {
        self.demands.channel_bindings = Some(value);
        self
    }

    /// Takes the client's next token. `password` answers the password of an account, given domain and user.
    ///
    /// # Errors
    /// When the token is malformed, weaker than NTLMv2 with MIC and sealing, or the password is wrong.
    pub fn accept(
        &mut self,
        token: &[u8],
        server_challenge: [u8; 8],
        now: FileTime,
        password: impl FnOnce(&str, &str) -> Option<Secret>,
    ) -> Result<ServerAnswer, Error> {
        match std::mem::replace(&mut self.step, Step::Over) {
            Step::Start => self.start(token, server_challenge, now).map(ServerAnswer::Challenge),
            Step::Selected { mechanisms } => {
                let negotiate = der::read_response(token)?.token.ok_or(Error::Malformed("SPNEGO token"))?;
                self.challenge(negotiate, Some(mechanisms), server_challenge, now).map(ServerAnswer::Challenge)
            }
            Step::Challenged { negotiate, challenge, server_challenge, mechanisms } => {
                let (message, mic) = match &mechanisms {
                    None => (token, None),
                    Some(_) => {
                        let response = der::read_response(token)?;
                        (response.token.ok_or(Error::Malformed("SPNEGO token"))?, response.mic)
                    }
                };
                let legs = Legs { negotiate: &negotiate, challenge: &challenge, server_challenge };
                let mut accepted = verify(message, &legs, &self.demands, password)?;
                let Some(list) = mechanisms else {
                    return Ok(ServerAnswer::Accepted(Box::new(accepted), None));
                };
                let mic = mic.ok_or(Error::NotProved("the signature over the mechanisms is missing"))?;
                if !accepted.channel.verify_mechanisms(&list, mic) {
                    return Err(Error::NotProved("the signature over the mechanisms is wrong"));
                }
                let ours = accepted.channel.sign_mechanisms(&list);
                let last = Response { state: Some(State::Completed), mic: Some(&ours), ..Response::default() };
                Ok(ServerAnswer::Accepted(Box::new(accepted), Some(der::write_response(&last))))
            }
            Step::Over => Err(Error::OutOfOrder),
        }
    }

    fn start(&mut self, token: &[u8], server_challenge: [u8; 8], now: FileTime) -> Result<Vec<u8>, Error> {
        if token.starts_with(ntlm::SIGNATURE) {
            return self.challenge(token, None, server_challenge, now);
        }
        let init = der::read_init(token)?;
        if !init.offers_ntlm {
            return Err(Error::Rejected);
        }
        let mechanisms = init.mechanisms.to_vec();
        match init.token.filter(|_| init.ntlm_first) {
            Some(negotiate) => self.challenge(negotiate, Some(mechanisms), server_challenge, now),
            None => {
                // Another mechanism was preferred, or nothing was sent on the chance: name ours and ask for the proof
                // that nobody tampered with the list (RFC 4178 section 5).
                self.step = Step::Selected { mechanisms };
                let state = Some(State::RequestMic);
                Ok(der::write_response(&Response { state, mechanism: Some(der::NTLM_OID), ..Response::default() }))
            }
        }
    }

    fn challenge(
        &mut self,
        negotiate: &[u8],
        mechanisms: Option<Vec<u8>>,
        server_challenge: [u8; 8],
        now: FileTime,
    ) -> Result<Vec<u8>, Error> {
        let wanted = ntlm::reader::Reader::new(negotiate, 1, 32, "NEGOTIATE message")?.u32(12)?;
        let flags =
            ((wanted & flags::OURS) | flags::TARGET_INFO | flags::TARGET_TYPE_SERVER) & !self.options.withheld_flags;
        let mut pairs = Pairs::default();
        for (id, name) in [
            (pairs::NETBIOS_DOMAIN, &self.options.netbios_domain),
            (pairs::NETBIOS_COMPUTER, &self.options.netbios_computer),
            (pairs::DNS_DOMAIN, &self.options.dns_domain),
            (pairs::DNS_COMPUTER, &self.options.dns_computer),
            (pairs::DNS_TREE, &self.options.dns_domain),
        ] {
            pairs.set(id, utf16(name));
        }
        pairs.set(pairs::TIMESTAMP, now.0.to_le_bytes().to_vec());
        let challenge = Challenge::write(flags, server_challenge, &self.options.netbios_domain, &pairs)?;
        let token = if mechanisms.is_some() {
            der::write_response(&Response {
                state: Some(State::Incomplete),
                mechanism: Some(der::NTLM_OID),
                token: Some(&challenge),
                mic: None,
            })
        } else {
            challenge.clone()
        };
        self.step = Step::Challenged { negotiate: negotiate.to_vec(), challenge, server_challenge, mechanisms };
        Ok(token)
    }
}

/// What went over the wire before the AUTHENTICATE message.
struct Legs<'a> {
    negotiate: &'a [u8],
    challenge: &'a [u8],
    server_challenge: [u8; 8],
}

/// Checks the AUTHENTICATE message: everything that a safe sign-in has must be there.
fn verify(
    message: &[u8],
    legs: &Legs<'_>,
    demands: &Demands,
    password: impl FnOnce(&str, &str) -> Option<Secret>,
) -> Result<Accepted, Error> {
    let message = Authenticate::parse(message)?;
    if let Some((_, missing)) = flags::REQUIRED.iter().find(|(flag, _)| message.flags & flag == 0) {
        return Err(Error::Unsafe(missing));
    }
    let (proof, temp) = message.nt.split_first_chunk::<16>().ok_or(Error::Malformed("NTLMv2 response"))?;
    if !temp.starts_with(&[1, 1]) {
        return Err(Error::Malformed("NTLMv2 response"));
    }
    let pairs = Pairs::parse(temp.get(28..).ok_or(Error::Malformed("NTLMv2 response"))?)?;
    if pairs.u32(pairs::FLAGS).unwrap_or(0) & pairs::MIC_PRESENT == 0 {
        return Err(Error::NotProved("the message has no MIC"));
    }
    let target_name = pairs.get(pairs::TARGET_NAME).ok_or(Error::NotProved("the service is not named"))?;
    let target_name = text(target_name).ok_or(Error::Malformed("target information"))?;
    let password = password(&message.domain, &message.user).ok_or(Error::LogonFailure)?;
    let key = ntowf_v2(&message.user, &message.domain, password.expose());
    let wanted = hmac_md5(key.as_slice(), &[&legs.server_challenge, temp]);
    if !equal(&wanted, proof) {
        return Err(Error::LogonFailure);
    }
    let base = hmac_md5(key.as_slice(), &[proof]);
    let exported = rc4_once(&base, &message.session_key);
    let mic = hmac_md5(exported.as_slice(), &[legs.negotiate, legs.challenge, &message.without_mic]);
    if !equal(&mic, &message.mic) {
        return Err(Error::NotProved("the MIC is wrong"));
    }
    // The pairs are the client's own words from here on.
    if demands.target_name.as_ref().is_some_and(|name| !name.eq_ignore_ascii_case(&target_name)) {
        return Err(Error::NotProved("another service is named"));
    }
    if let Some(wanted) = &demands.channel_bindings
        && !pairs.get(pairs::CHANNEL_BINDINGS).is_some_and(|found| bool::from(found.ct_eq(wanted)))
    {
        return Err(Error::NotProved("the channel binding is missing or wrong"));
    }
    let channel = SealedChannel::new(&exported, Side::Server);
    Ok(Accepted { domain: message.domain, user: message.user, target_name, channel })
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
