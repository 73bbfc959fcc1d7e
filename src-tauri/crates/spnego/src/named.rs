//! Mechanisms that prove a server by its name: Kerberos inside SPNEGO. The password goes to a third party, never to the server.

use crate::der::{self, State};
use crate::{Error, MessageSecurity};

/// Why there is no sign-in by name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamedError {
    /// This computer has no library for it, or no settings.
    #[error("this computer has no Kerberos: {0}")]
    Unavailable(String),
    /// The endpoint was given by its address, and has to be given by its name.
    #[error("Kerberos needs the endpoint's name, not its address")]
    ByAddress,
    /// No key distribution centre of the account's domain is reached.
    #[error("no key distribution centre is reached: {0}")]
    NoKdc(String),
    /// The domain does not know the endpoint by this name.
    #[error("the domain does not know the endpoint by this name: {0}")]
    UnknownService(String),
    /// The key distribution centre refused the account or the password. That was the one try (S-12).
    #[error("the key distribution centre refused the account or the password: {0}")]
    Rejected(String),
    /// The account is locked or disabled. The password was not looked at, or was: it is not tried again either.
    #[error("the key distribution centre says that the account is locked or disabled: {0}")]
    Locked(String),
    /// The password was right, but has expired or must be changed first.
    #[error("the key distribution centre says that the password has expired: {0}")]
    PasswordExpired(String),
    /// The tickets are too old, and only the password brings new ones.
    #[error("the Kerberos tickets have expired: {0}")]
    Expired(String),
    /// The clocks differ by too much.
    #[error("the clocks of this computer and of the domain differ by too much: {0}")]
    ClockSkew(String),
    /// There is no AES (S-11).
    #[error("Kerberos without AES is refused: {0}")]
    Weak(String),
    /// Something else.
    #[error("Kerberos: {0}")]
    Other(String),
}

impl NamedError {
    /// Whether the endpoint cannot be reached this way at all, so that another way may be tried where a person allows it. No password
    /// was refused.
    #[must_use]
    pub fn allows_another_way(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::ByAddress | Self::NoKdc(_) | Self::UnknownService(_))
    }
}

/// Signs in by name. It is used for all connections of a session.
pub trait NamedMechanism: Send + Sync {
    /// Begins a sign-in to a host over a channel. It waits for the network: not on a thread that others wait for.
    ///
    /// # Errors
    /// Why it is not possible.
    fn begin(&self, host: &str, end_point: Option<&[u8]>) -> Result<Box<dyn NamedContext>, NamedError>;
}

/// A sign-in by name that has begun.
pub trait NamedContext: Send {
    /// The token for the server.
    fn token(&self) -> &[u8];

    /// The realm that the server proves to be of.
    fn realm(&self) -> &str;

    /// Checks the server's last token and gives the sealed channel.
    ///
    /// # Errors
    /// When the server did not prove that it is the one of that name.
    fn finish(self: Box<Self>, token: Option<&[u8]>) -> Result<Box<dyn MessageSecurity>, Error>;
}

/// The SPNEGO envelope around Kerberos alone. RFC 4178
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiation {
    mechanisms: Vec<u8>,
}

/// What the server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The mechanism's token
    pub token: &'a [u8],
    /// The signature over the list of mechanisms. It may be left out, as there is no other one to choose (RFC 4178 section 5).
    pub mic: Option<&'a [u8]>,
}

impl Default for Negotiation {
    fn default() -> Self {
        Self { mechanisms: der::kerberos_mechanisms() }
    }
}

impl Negotiation {
    /// The first token.
    #[must_use]
    pub fn begin(&self, token: &[u8]) -> Vec<u8> {
        der::write_init(&self.mechanisms, token)
    }

    /// What a signature is over.
    #[must_use]
    pub fn mechanisms(&self) -> &[u8] {
        &self.mechanisms
    }

    /// Reads the server's last token.
    ///
    /// # Errors
    /// When it refuses, wants another mechanism, or has not come to its end.
    pub fn read<'a>(&self, token: &'a [u8]) -> Result<Reply<'a>, Error> {
        let response = der::read_response(token)?;
        let known = |oid: &[u8]| oid == der::KERBEROS_OID || oid == der::MS_KERBEROS_OID;
        match response.state {
            Some(State::Completed) if response.mechanism.is_none_or(known) => {}
            Some(State::Rejected | State::Completed) => return Err(Error::Rejected),
            _ => return Err(Error::NotProved("the negotiation is not complete")),
        }
        let token = response.token.ok_or(Error::NotProved("its proof is missing"))?;
        Ok(Reply { token, mic: response.mic })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Response;

    #[test]
    fn s11_only_a_completed_kerberos_with_a_proof_counts() {
        let negotiation = Negotiation::default();
        let read =
            |response: &Response<'_>| negotiation.read(&der::write_response(response)).map(|reply| reply.token.len());
        let good = || Response { state: Some(State::Completed), token: Some(b"ap-rep"), ..Response::default() };
        assert_eq!(read(&good()), Ok(6));
        for oid in [der::KERBEROS_OID, der::MS_KERBEROS_OID] {
            assert_eq!(read(&Response { mechanism: Some(oid), ..good() }), Ok(6));
        }
        assert_eq!(read(&Response { mechanism: Some(der::NTLM_OID), ..good() }), Err(Error::Rejected));
        assert_eq!(read(&Response { state: Some(State::Rejected), ..good() }), Err(Error::Rejected));
        for state in [None, Some(State::Incomplete), Some(State::RequestMic)] {
            assert!(matches!(read(&Response { state, ..good() }), Err(Error::NotProved(_))));
        }
        assert!(matches!(read(&Response { token: None, ..good() }), Err(Error::NotProved(_))));
    }

    #[test]
    fn s12_a_refused_password_allows_no_other_way() {
        assert!(!NamedError::Rejected(String::new()).allows_another_way());
        assert!(!NamedError::ClockSkew(String::new()).allows_another_way());
        assert!(!NamedError::Weak(String::new()).allows_another_way());
        assert!(!NamedError::Locked(String::new()).allows_another_way());
        assert!(!NamedError::PasswordExpired(String::new()).allows_another_way());
        assert!(!NamedError::Expired(String::new()).allows_another_way());
        assert!(NamedError::ByAddress.allows_another_way());
    }
}
