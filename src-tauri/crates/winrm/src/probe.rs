//! Whether something that speaks WinRM listens at an address. Nothing about a user is sent.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use crate::sign_in::leg;
use crate::{ConnectError, Connector, ExchangeError, SignInError};

/// What listens there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Time until the connection was there
    pub connect: Duration,
    /// Time of one request and its answer
    pub round_trip: Duration,
    /// The `Date` header, as it came
    pub date: Option<String>,
    /// The `Server` header, as it came
    pub server: Option<String>,
    /// The sign-in schemes offered
    pub schemes: Vec<String>,
}

/// Why this is no endpoint to sign in to.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProbeError {
    /// There is no connection: name, route, port.
    #[error(transparent)]
    Connect(ConnectError),
    /// It talks TLS on this port.
    #[error("the port expects TLS")]
    Tls,
    /// It does not talk HTTP, or not to us.
    #[error("what listens there does not answer like a web service: {0}")]
    NotHttp(ExchangeError),
    /// It redirects elsewhere.
    #[error("it redirects elsewhere (HTTP {0})")]
    Redirect(u16),
    /// It talks HTTP, but there is no WinRM.
    #[error("it answers like a web service, but not like WinRM (HTTP {0})")]
    NotWinRm(u16),
    /// The service is there, but busy or starting.
    #[error("the service is not ready (HTTP {0})")]
    NotReady(u16),
    /// It wants a sign-in that this program refuses to use (S-01).
    #[error("it does not offer Negotiate; it offers: {}", .offered.join(", "))]
    NoNegotiate {
        /// The schemes offered
        offered: Vec<String>,
    },
}

/// Looks at an address: one connection, one request without any credentials.
///
/// # Errors
/// What is there instead.
pub async fn probe(connector: &dyn Connector) -> Result<Probe, ProbeError> {
    let started = Instant::now();
    let mut exchange = connector.connect().await.map_err(ProbeError::Connect)?;
    let connect = started.elapsed();
    let asked = Instant::now();
    let (head, answer) = match leg(exchange.as_mut(), &connector.authority(), None).await {
        Ok(answer) => answer,
        Err(SignInError::Redirect(status)) => return Err(ProbeError::Redirect(status)),
        Err(SignInError::Exchange(error)) => return Err(not_http(error)),
        Err(SignInError::Connect(error)) => return Err(ProbeError::Connect(error)),
        Err(other) => return Err(ProbeError::NotHttp(ExchangeError::Unacceptable(other.to_string()))),
    };
    let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match (head.status, head.negotiate) {
        (StatusCode::UNAUTHORIZED, Some(_)) => Ok(Probe {
            connect,
            round_trip: asked.elapsed(),
            date: text(http::header::DATE),
            server: text(http::header::SERVER),
            schemes: head.offered,
        }),
        (StatusCode::UNAUTHORIZED, None) => Err(ProbeError::NoNegotiate { offered: head.offered }),
        (StatusCode::SERVICE_UNAVAILABLE, _) => Err(ProbeError::NotReady(503)),
        // Windows answers a plain request on a TLS port with 400 and a text about HTTPS; the status is what can be trusted.
        (StatusCode::BAD_REQUEST, _) if connector.port() == 5986 => Err(ProbeError::Tls),
        (status, _) => Err(ProbeError::NotWinRm(status.as_u16())),
    }
}

/// A TLS server answers a plain request with an alert record or just hangs up.
fn not_http(error: ExchangeError) -> ProbeError {
    match &error {
        ExchangeError::Unacceptable(text) if text.contains("invalid HTTP version") => ProbeError::Tls,
        _ => ProbeError::NotHttp(error),
    }
}
