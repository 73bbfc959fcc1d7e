//! The seam to the network: one request for one answer over one connection.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

/// A future behind the seam.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One connection. Sign-in belongs to it, so it never silently becomes another one.
pub trait Exchange: Send {
    /// Sends a request and reads the whole answer. A [`Patience`] among the extensions of the request says how long the
    /// other side may be silent. After an error the connection is of no use.
    fn send(&mut self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>>;
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

    /// `host:port`, with brackets around an IPv6 address.
    fn authority(&self) -> String {
        let (host, port) = (self.host(), self.port());
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
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
    /// Something else of the operating system
    #[error("the connection cannot be made: {0}")]
    Other(String),
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
