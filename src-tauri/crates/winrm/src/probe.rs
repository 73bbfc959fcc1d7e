//! Whether something that speaks WinRM listens at an address. Nothing about a user is sent.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, LOCATION, PROXY_AUTHENTICATE, SERVER, VIA};
use http::{HeaderMap, Response, StatusCode, Uri};
use tokio::time::{Instant, timeout};

use crate::exchange::connect_to_ask;
use crate::sign_in::{post, schemes};
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
    /// The `Server` header, its beginning
    pub server: Option<String>,
    /// The sign-in schemes offered
    pub schemes: Vec<String>,
}

/// What an answer told, whatever it means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answered {
    /// The `Date` header, as it came
    pub date: Option<String>,
    /// The `Server` header, its beginning
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
    /// It hung up on the request, as servers do that expect TLS or anything but HTTP.
    #[error(
        "it closed the connection without an answer, as a port does that expects TLS or is of another service: {0}"
    )]
    Closed(ExchangeError),
    /// It does not talk HTTP, or not to us.
    #[error("what listens there does not answer like a web service: {0}")]
    NotHttp(ExchangeError),
    /// It talks something else.
    #[error("something else answers there, not a web service; it says: {said}")]
    Other {
        /// Its first characters that can be shown
        said: String,
    },
    /// An answer began and did not end.
    #[error("an answer began and did not end within {} s", .0.as_secs())]
    Unfinished(Duration),
    /// A proxy answers instead (S-14).
    #[error("a proxy answers instead of the endpoint (HTTP {status}{})", .via.as_ref().map(|via| format!(", {via}")).unwrap_or_default())]
    Proxy {
        /// The status
        status: u16,
        /// What it says of itself
        via: Option<String>,
    },
    /// It redirects elsewhere.
    #[error("it redirects {} (HTTP {status})", .to.as_ref().map_or_else(|| "elsewhere".to_owned(), |to| format!("to {to}")))]
    Redirect {
        /// The status
        status: u16,
        /// To which host
        to: Option<String>,
    },
    /// It talks HTTP, but there is no WinRM.
    #[error("it answers like a web service, but not like WinRM (HTTP {0})")]
    NotWinRm(u16),
    /// It asks for a sign-in as WinRM does, but is another web server.
    #[error("it asks for a sign-in, but is the web server {server}, not WinRM")]
    WebServer {
        /// What it says of itself
        server: String,
    },
    /// The service is there, but busy or starting.
    #[error("the service is not ready (HTTP {0})")]
    NotReady(u16),
    /// It wants a sign-in that this program refuses to use (S-01).
    #[error("it does not offer Negotiate; it offers {}", crate::error::offers(.offered))]
    NoNegotiate {
        /// The schemes offered
        offered: Vec<String>,
    },
}

/// How long the answer may take: nobody has to think about it.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// So many characters of a banner tell what it is.
const MOST_SAID: usize = 80;

/// Looks at an address: one connection, one request without any credentials.
///
/// # Errors
/// What is there instead.
pub async fn probe(connector: &dyn Connector) -> Result<Probe, ProbeError> {
    probe_into(connector, &mut Answered::default()).await
}

/// As [`probe`], with what an answer told although it is none of an endpoint.
///
/// # Errors
/// As [`probe`].
pub async fn probe_into(connector: &dyn Connector, answered: &mut Answered) -> Result<Probe, ProbeError> {
    let started = Instant::now();
    let (mut exchange, _) = connect_to_ask(connector).await.map_err(ProbeError::Connect)?;
    let connect = started.elapsed();
    let asked = Instant::now();
    let authority = connector.authority();
    let answer = timeout(ANSWER_LIMIT, post(exchange.as_mut(), &authority, None)).await;
    let answer = answer.unwrap_or(Err(SignInError::Exchange(ExchangeError::Silent(ANSWER_LIMIT))));
    let answer = match answer {
        Ok(answer) => answer,
        Err(SignInError::Exchange(error)) => return Err(no_answer(error, &exchange.first_bytes(), connector)),
        Err(SignInError::Connect(error)) => return Err(ProbeError::Connect(error)),
        Err(other) => return Err(ProbeError::NotHttp(ExchangeError::Unacceptable(other.to_string()))),
    };
    let round_trip = asked.elapsed();
    let headers = answer.headers();
    answered.date = text(headers, DATE.as_str());
    answered.server = text(headers, SERVER.as_str()).as_deref().map(short);
    let (negotiate, offered) =
        schemes(headers).map_err(|error| ProbeError::NotHttp(ExchangeError::Unacceptable(error.to_string())))?;
    answered.schemes = offered;
    if let Some(error) = what_else(&answer, negotiate.is_some(), answered, connector) {
        return Err(error);
    }
    let Answered { date, server, schemes } = answered.clone();
    Ok(Probe { connect, round_trip, date, server, schemes })
}

/// What answers, if it is no endpoint.
fn what_else(
    answer: &Response<Bytes>,
    negotiate: bool,
    answered: &Answered,
    connector: &dyn Connector,
) -> Option<ProbeError> {
    let (status, headers) = (answer.status(), answer.headers());
    if status.is_redirection() {
        let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| to.parse::<Uri>().ok());
        return Some(ProbeError::Redirect { status: status.as_u16(), to: to.and_then(|to| to.host().map(short)) });
    }
    if let Some(via) = proxy(status, headers) {
        return Some(ProbeError::Proxy { status: status.as_u16(), via });
    }
    match status {
        StatusCode::UNAUTHORIZED if web_server(headers) => {
            let server = answered.server.as_deref().map_or_else(|| "of an application".to_owned(), short);
            Some(ProbeError::WebServer { server })
        }
        StatusCode::UNAUTHORIZED if negotiate => None,
        StatusCode::UNAUTHORIZED => Some(ProbeError::NoNegotiate { offered: answered.schemes.clone() }),
        StatusCode::SERVICE_UNAVAILABLE => Some(ProbeError::NotReady(503)),
        StatusCode::BAD_REQUEST if !connector.is_tls() && wants_https(answer, connector.port()) => {
            Some(ProbeError::Tls)
        }
        status => Some(ProbeError::NotWinRm(status.as_u16())),
    }
}

/// Whether a 400 says that the port is one of HTTPS. Windows says so in the words of its language, so that on its own port for WinRM
/// over TLS the status is what can be trusted; the others have one sentence each.
fn wants_https(answer: &Response<Bytes>, port: u16) -> bool {
    const SENTENCES: [&str; 3] = [
        "plain http request was sent to https port",
        "sent an http request to an https server",
        "speaking plain http to an ssl-enabled server port",
    ];
    let start = answer.body().get(..4096).unwrap_or(answer.body());
    let body = String::from_utf8_lossy(start).to_ascii_lowercase();
    port == 5986 || SENTENCES.iter().any(|sentence| body.contains(sentence))
}

/// Whether it is a web server that asks for a sign-in of its own. WinRM answers out of the HTTP service of Windows, without any.
fn web_server(headers: &HeaderMap) -> bool {
    text(headers, SERVER.as_str()).is_some_and(|server| server.to_ascii_lowercase().contains("microsoft-iis"))
        || ["x-powered-by", "x-aspnet-version", "x-aspnetmvc-version"].iter().any(|name| headers.contains_key(*name))
}

/// Whether a proxy answers, and what it says of itself. An endpoint is reached without one, so that its head never holds `Via`.
fn proxy(status: StatusCode, headers: &HeaderMap) -> Option<Option<String>> {
    let shown = |name: &str| text(headers, name).map(|text| text.chars().take(200).collect::<String>());
    let via = shown(VIA.as_str()).or_else(|| shown("x-squid-error"));
    // 511: a network that wants a sign-in of its own. RFC 6585 section 6
    let asks =
        matches!(status, StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::NETWORK_AUTHENTICATION_REQUIRED)
            || headers.contains_key(PROXY_AUTHENTICATE);
    // A gateway's own error page, of something that does not say who it is.
    let is_page =
        text(headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    let is_gateway = matches!(status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) && is_page;
    (via.is_some() || asks || is_gateway).then_some(via)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn short(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MOST_SAID).collect()
}

/// What the first bytes are that came instead of an answer, or in its place.
fn no_answer(error: ExchangeError, first: &[u8], connector: &dyn Connector) -> ProbeError {
    match error {
        // An alert or a handshake: a record of TLS. [RFC8446] 5.1
        _ if !connector.is_tls() && matches!(first, [0x15 | 0x16, 0x03, 0..=4, ..]) => ProbeError::Tls,
        ExchangeError::Silent(limit) if !first.is_empty() => ProbeError::Unfinished(limit),
        _ if !first.is_empty() && !first.starts_with(b"HTTP/") => ProbeError::Other { said: said(first) },
        ExchangeError::Lost(_) if first.is_empty() && !connector.is_tls() => match connector.port() {
            443 | 5986 => ProbeError::Tls,
            _ => ProbeError::Closed(error),
        },
        error => ProbeError::NotHttp(error),
    }
}

/// The first characters that can be shown, up to the end of the first line that holds any.
fn said(first: &[u8]) -> String {
    let first = String::from_utf8_lossy(first);
    let readable =
        |line: &str| line.chars().filter(|letter| matches!(letter, ' '..='~')).take(MOST_SAID).collect::<String>();
    let line = first.lines().map(readable).find(|line| !line.trim().is_empty()).unwrap_or_default();
    // A few letters among other bytes are chance.
    if line.trim().len() < 4 { "nothing that can be read".to_owned() } else { format!("{:?}", line.trim()) }
}
