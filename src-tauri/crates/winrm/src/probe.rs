//! Whether something that speaks WinRM listens at an address. Nothing about a user is sent.

use std::time::Duration;

use http::header::{CONTENT_TYPE, DATE, PROXY_AUTHENTICATE, SERVER, VIA};
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout};

use crate::exchange::connect_to_ask;
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
    /// A proxy answers instead (S-14).
    #[error("a proxy answers instead of the endpoint (HTTP {status}{})", .via.as_ref().map(|via| format!(", {via}")).unwrap_or_default())]
    Proxy {
        /// The status
        status: u16,
        /// What it says of itself
        via: Option<String>,
    },
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

/// How long the answer may take: nobody has to think about it.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Looks at an address: one connection, one request without any credentials.
///
/// # Errors
/// What is there instead.
pub async fn probe(connector: &dyn Connector) -> Result<Probe, ProbeError> {
    let started = Instant::now();
    let (mut exchange, _) = connect_to_ask(connector).await.map_err(ProbeError::Connect)?;
    let connect = started.elapsed();
    let asked = Instant::now();
    let authority = connector.authority();
    let answered = timeout(ANSWER_LIMIT, leg(exchange.as_mut(), &authority, None)).await;
    let answered = answered.unwrap_or(Err(SignInError::Exchange(ExchangeError::Silent(ANSWER_LIMIT))));
    let (head, answer) = match answered {
        Ok(answer) => answer,
        Err(SignInError::Redirect(status)) => return Err(ProbeError::Redirect(status)),
        Err(SignInError::Exchange(error)) => return Err(not_http(error, connector)),
        Err(SignInError::Connect(error)) => return Err(ProbeError::Connect(error)),
        Err(other) => return Err(ProbeError::NotHttp(ExchangeError::Unacceptable(other.to_string()))),
    };
    let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(via) = proxy(head.status, answer.headers()) {
        return Err(ProbeError::Proxy { status: head.status.as_u16(), via });
    }
    match (head.status, head.negotiate) {
        (StatusCode::UNAUTHORIZED, Some(_)) => Ok(Probe {
            connect,
            round_trip: asked.elapsed(),
            date: text(DATE),
            server: text(SERVER),
            schemes: head.offered,
        }),
        (StatusCode::UNAUTHORIZED, None) => Err(ProbeError::NoNegotiate { offered: head.offered }),
        (StatusCode::SERVICE_UNAVAILABLE, _) => Err(ProbeError::NotReady(503)),
        // Windows answers a plain request on a TLS port with 400 and a text about HTTPS; the status is what can be trusted.
        (StatusCode::BAD_REQUEST, _) if connector.port() == 5986 && !connector.is_tls() => Err(ProbeError::Tls),
        (status, _) => Err(ProbeError::NotWinRm(status.as_u16())),
    }
}

/// Whether a proxy answers, and what it says of itself. An endpoint is reached without one, so that its head never holds `Via`.
fn proxy(status: StatusCode, headers: &HeaderMap) -> Option<Option<String>> {
    let text = |name: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(|text| text.chars().take(200).collect())
    };
    let via: Option<String> = text(VIA.as_str()).or_else(|| text("x-squid-error"));
    let asks = status == StatusCode::PROXY_AUTHENTICATION_REQUIRED || headers.contains_key(PROXY_AUTHENTICATE);
    // A gateway's own error page, of something that does not say who it is.
    let is_page =
        text(CONTENT_TYPE.as_str()).is_some_and(|kind: String| kind.to_ascii_lowercase().starts_with("text/html"));
    let is_gateway = matches!(status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) && is_page;
    (via.is_some() || asks || is_gateway).then_some(via)
}

/// A TLS server answers a plain request with an alert record, or just hangs up.
fn not_http(error: ExchangeError, connector: &dyn Connector) -> ProbeError {
    match &error {
        _ if connector.is_tls() => ProbeError::NotHttp(error),
        ExchangeError::Unacceptable(text) if text.contains("invalid HTTP version") => ProbeError::Tls,
        ExchangeError::Lost(_) if matches!(connector.port(), 443 | 5986) => ProbeError::Tls,
        _ => ProbeError::NotHttp(error),
    }
}
