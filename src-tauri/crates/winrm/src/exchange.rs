//! The seam to the network: one request for one answer over one connection.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use trust::{CertificateFault, KeyPin, ServerCertificate, TlsError};

/// A future behind the seam.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One connection. Sign-in belongs to it, so it never silently becomes another one.
pub trait Exchange: Send {
    /// Sends a request and reads the whole answer. A [`Patience`] among the extensions of the request says how long the
    /// other side may be silent. After an error the connection is of no use.
    fn send(&mut self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>>;

    /// The certificate that the other side has shown; `None` without TLS.
    fn certificate(&self) -> Option<&ServerCertificate> {
        None
    }

    /// The first bytes that came, for whoever wants to tell what is there when it does not answer as it should.
    fn first_bytes(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// Makes connections to one endpoint.
pub trait Connector: Send + Sync {
    /// Looks the name up, where there is one to look up. Connecting does the same when it was not done before.
    fn resolve(&self) -> BoxFuture<'_, Result<(), ConnectError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// A fresh connection.
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Exchange>, ConnectError>>;

    /// Name or address as dialled.
    fn host(&self) -> &str;

    /// Port as dialled.
    fn port(&self) -> u16;

    /// Whether connections are protected by TLS.
    fn is_tls(&self) -> bool {
        false
    }

    /// A connector to the same endpoint that believes the holder of this key; `None` without TLS. It is for questions without a
    /// password: who is there, whose key a person has not decided about?
    fn bound_to(&self, _key: KeyPin) -> Option<Box<dyn Connector>> {
        None
    }

    /// The address of the service, `http://host:port/wsman`.
    fn url(&self) -> String {
        let scheme = if self.is_tls() { "https" } else { "http" };
        format!("{scheme}://{}/wsman", self.authority())
    }

    /// `host:port`, with brackets around an IPv6 address.
    fn authority(&self) -> String {
        let (host, port) = (self.host(), self.port());
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// A connection for questions that need no password. An endpoint whose certificate is not accepted is asked all the same, over a
/// connection that is bound to the key of that certificate; why it was not accepted comes beside.
pub(crate) async fn connect_to_ask(
    connector: &dyn Connector,
) -> Result<(Box<dyn Exchange>, Option<ConnectError>), ConnectError> {
    let refused = match connector.connect().await {
        Ok(exchange) => return Ok((exchange, None)),
        Err(refused) => refused,
    };
    let shown = match &refused {
        ConnectError::Untrusted { certificate, .. } | ConnectError::OtherKey { certificate, .. } => certificate.key,
        _ => return Err(refused),
    };
    match connector.bound_to(shown) {
        Some(bound) => bound.connect().await.map(|exchange| (exchange, Some(refused))),
        None => Err(refused),
    }
}

/// How long the other side may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until the first byte of the answer
    pub first: Duration,
    /// Between two bytes of the answer
    pub between: Duration,
}

impl Default for Patience {
    /// 50 seconds for the first byte: the operation timeout of 20 s and 30 s for the way; then 30 s
    fn default() -> Self {
        Self { first: Duration::from_secs(50), between: Duration::from_secs(30) }
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The name has no address.
    #[error("the name {0} cannot be resolved")]
    Unresolved(String),
    /// Nobody listens on the port.
    #[error("the address answers, but nothing listens on the port")]
    Refused,
    /// There is no way to the address.
    #[error("there is no route to the address: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The operating system does not vouch for the certificate, and its key is not trusted (S-10).
    #[error("the certificate is not accepted: {fault}; its key is {}", .certificate.key)]
    Untrusted {
        /// What was shown
        certificate: Box<ServerCertificate>,
        /// What is wrong with it
        fault: CertificateFault,
    },
    /// The other side holds another key than the trusted one (S-10).
    #[error("the key of the certificate is {}, but {pinned} is trusted", .certificate.key)]
    OtherKey {
        /// What was shown
        certificate: Box<ServerCertificate>,
        /// Which key is trusted
        pinned: KeyPin,
    },
    /// There is no TLS as it has to be.
    #[error("there is no protected connection: {0}")]
    Tls(String),
    /// Something else of the operating system
    #[error("the connection cannot be made: {0}")]
    Other(String),
}

impl ConnectError {
    /// Whether it is about who the other side is; waiting does not help then.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        matches!(self, Self::Untrusted { .. } | Self::OtherKey { .. })
    }
}

impl From<TlsError> for ConnectError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Untrusted { certificate, fault } => Self::Untrusted { certificate, fault },
            TlsError::OtherKey { certificate, pinned } => Self::OtherKey { certificate, pinned },
            TlsError::Handshake(what) => Self::Tls(what),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The connection had been closed before; nothing of the request left.
    #[error("the connection was closed before the request")]
    NotSent,
    /// The connection ended before the answer was complete: the request may have been carried out.
    #[error("the connection ended before the answer was complete: {0}")]
    Lost(String),
    /// Nothing came for this long: the request may have been carried out.
    #[error("nothing came for {} s", .0.as_secs())]
    Silent(Duration),
    /// The answer is beyond a limit or no HTTP.
    #[error("the answer is not acceptable HTTP: {0}")]
    Unacceptable(String),
}
