//! The seam for other mechanisms: Kerberos and the operating system's own SSPI plug in here.

use crate::{Credentials, Error, Randomness, SealError, ServerIdentity};

/// What a sign-in is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The service as dialled, `HTTP/host`
    pub service: &'a str,
    /// What the TLS channel is bound by, such as `tls-server-end-point:` and its hash (RFC 5929 section 4); `None` without TLS
    pub end_point: Option<&'a [u8]>,
}

/// Seals and unseals the messages of one connection.
pub trait MessageSecurity: Send {
    /// Seals a message in place and answers the header that travels before it.
    fn seal(&mut self, message: &mut [u8]) -> Vec<u8>;

    /// Unseals a message in place.
    ///
    /// # Errors
    /// When the message cannot be trusted; nothing after it can be either.
    fn unseal(&mut self, header: &[u8], message: &mut [u8]) -> Result<(), SealError>;

    /// How long the header is, in bytes.
    fn header_length(&self) -> usize;

    /// Does work in advance for a message of this many bytes that is on its way to us, where the mechanism allows it.
    fn prepare(&mut self, _bytes: usize) {}
}

/// The client's side of a sign-in: two tokens out, up to two tokens in, an identity in between.
pub trait ClientContext: Send {
    /// The first token.
    ///
    /// # Errors
    /// When the steps are out of order.
    fn negotiate(&mut self) -> Result<Vec<u8>, Error>;

    /// Reads the server's token and tells who it says it is. Nothing derived from the password exists yet (S-06).
    ///
    /// # Errors
    /// When the token is malformed or does not offer what a safe sign-in needs.
    fn challenge(&mut self, token: &[u8]) -> Result<ServerIdentity, Error>;

    /// The second token, the one try of this password (S-12).
    ///
    /// # Errors
    /// When the steps are out of order.
    fn authenticate(&mut self, credentials: &Credentials, random: Randomness) -> Result<Vec<u8>, Error>;

    /// Checks the server's last token and gives the sealed channel.
    ///
    /// # Errors
    /// When the server did not prove that it knows the session key.
    fn finish(&mut self, token: Option<&[u8]>) -> Result<Box<dyn MessageSecurity>, Error>;
}
