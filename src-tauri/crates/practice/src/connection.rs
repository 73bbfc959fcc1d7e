//! One connection: sign-in, sealing, and handing requests on.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, DATE, HOST, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use spnego::{FileTime, NtlmServer, SealedChannel, ServerAnswer};
use wsman::multipart;

use crate::pep::Inner;
use crate::service;

/// The names under which WinRM is known: its own, and the one of a Windows computer that stands for all its services.
const SERVICES: [&str; 3] = ["HTTP", "WSMAN", "HOST"];

/// Whether this is one of our names, for the host as it was dialled.
fn is_ours(target: &str, host: &str) -> bool {
    target.split_once('/').is_some_and(|(service, name)| {
        SERVICES.iter().any(|ours| ours.eq_ignore_ascii_case(service)) && name.eq_ignore_ascii_case(host)
    })
}

/// The host in a `Host` header, without port and brackets.
fn host_of(header: &str) -> &str {
    match header.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => header.split_once(':').map_or(header, |(host, _)| host),
    }
}

/// A client's connection to the practice PEP. Signing in belongs to it and ends with it.
pub struct Connection {
    pep: Arc<Inner>,
    context: Context,
    closed: bool,
}

enum Context {
    None,
    Negotiating(NtlmServer),
    Open { channel: Box<SealedChannel>, account: String },
}

impl Connection {
    pub(crate) fn new(pep: Arc<Inner>) -> Self {
        Self { pep, context: Context::None, closed: false }
    }

    /// Whether it was closed behind an answer, which said so: nothing more can be sent over it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Answers one request. A Receive waits until there is something to say.
    pub async fn exchange(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        let asks = !request.headers().contains_key(AUTHORIZATION);
        let mut response = self.answer(request).await;
        // Windows does so behind the answer to who has not begun to sign in.
        if asks && response.status() == StatusCode::UNAUTHORIZED {
            self.closed = true;
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(date) = http_date(self.pep.stamp.world.since_1970()).parse() {
            response.headers_mut().insert(DATE, date);
        }
        response
    }

    async fn answer(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        if request.uri().path() != "/wsman" {
            return empty(StatusCode::NOT_FOUND);
        }
        if request.method() != Method::POST {
            return empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let token =
            request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(negotiate_token);
        let mut last = None;
        let host = request
            .headers()
            .get(HOST)
            .and_then(|value| value.to_str().ok())
            .map_or_else(String::new, |value| host_of(value).to_owned());
        if let Some(token) = token {
            match self.sign_in(&token, &host) {
                Ok(Some(challenge)) => return unauthorized(Some(&challenge)),
                Ok(None) => {}
                Err(token) => match token {
                    Some(token) => last = Some(token),
                    None => return unauthorized(None),
                },
            }
        }
        let sealed = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let body = request.into_body();
        let mut response = match &mut self.context {
            Context::Open { .. } if body.is_empty() => empty(StatusCode::OK),
            Context::Open { channel, account } => {
                sealed_exchange(&self.pep, channel, account, sealed.as_deref(), body).await
            }
            _ => return unauthorized(None),
        };
        if let Some(token) = last
            && let Ok(value) = format!("Negotiate {}", STANDARD.encode(token)).parse()
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, value);
        }
        response
    }

    /// Takes a token. `Ok(Some)`: send this challenge. `Err(Some)`: signed in, send this token with the answer.
    /// `Ok(None)`: signed in without a token. `Err(None)`: refused.
    fn sign_in(&mut self, token: &[u8], host: &str) -> Result<Option<Vec<u8>>, Option<Vec<u8>>> {
        let mut server = match std::mem::replace(&mut self.context, Context::None) {
            Context::Negotiating(server) => server,
            Context::None | Context::Open { .. } => NtlmServer::new(self.pep.names.clone()),
        };
        let pep = Arc::clone(&self.pep);
        let world = &self.pep.stamp.world;
        match server
            .accept(token, world.random(), now(world.since_1970()), |domain, user| pep.password_of(domain, user))
        {
            Ok(ServerAnswer::Challenge(challenge)) => {
                self.context = Context::Negotiating(server);
                Ok(Some(challenge))
            }
            // A response that was made for another service was taken from there (S-05).
            Ok(ServerAnswer::Accepted(accepted, _)) if !is_ours(&accepted.target_name, host) => {
                tracing::info!(target = %accepted.target_name, "Practice sign-in was meant for another service");
                Err(None)
            }
            Ok(ServerAnswer::Accepted(accepted, token)) => {
                let account = format!(r"{}\{}", accepted.domain, accepted.user);
                self.context = Context::Open { channel: Box::new(accepted.channel), account };
                match token {
                    Some(token) => Err(Some(token)),
                    None => Ok(None),
                }
            }
            Err(error) => {
                tracing::info!(%error, "Practice sign-in refused");
                Err(None)
            }
        }
    }
}

async fn sealed_exchange(
    pep: &Arc<Inner>,
    channel: &mut SealedChannel,
    account: &str,
    content_type: Option<&str>,
    body: Bytes,
) -> Response<Bytes> {
    if content_type.is_none_or(|kind| multipart::check_content_type(kind).is_err()) {
        return empty(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let mut body = Vec::from(body);
    let plain = match multipart::parse(&mut body) {
        Ok(sealed) => match channel.unseal(sealed.signature, sealed.data) {
            Ok(()) => sealed.charset.to_utf8(sealed.data).map(|plain| plain.into_owned()),
            Err(_) => return empty(StatusCode::BAD_REQUEST),
        },
        Err(_) => return empty(StatusCode::BAD_REQUEST),
    };
    let Ok(plain) = plain else { return empty(StatusCode::BAD_REQUEST) };
    let (status, answer) = service::answer(pep, account, &plain).await;
    let framed = multipart::frame(&answer, |data| channel.seal(data));
    let mut response = Response::new(Bytes::from(framed));
    *response.status_mut() = status;
    if let Ok(value) = multipart::CONTENT_TYPE.parse() {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

fn negotiate_token(value: &str) -> Option<Vec<u8>> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("Negotiate").then(|| STANDARD.decode(token.trim()).ok())?
}

fn unauthorized(challenge: Option<&[u8]>) -> Response<Bytes> {
    let mut response = empty(StatusCode::UNAUTHORIZED);
    let value =
        challenge.map_or_else(|| "Negotiate".to_owned(), |token| format!("Negotiate {}", STANDARD.encode(token)));
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

fn now(now: Duration) -> FileTime {
    FileTime::from_unix(now.as_secs(), now.subsec_nanos())
}

/// The time as HTTP writes it. RFC 9110 section 5.6.7
fn http_date(now: Duration) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = now.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let moment = clixml::DateTime::from_unix(i64::try_from(seconds).unwrap_or(0), 0).map(|moment| moment.to_string());
    let text = moment.unwrap_or_default();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<usize>().ok()).unwrap_or(1);
    let weekday = usize::try_from(days % 7).ok().and_then(|day| DAYS.get(day)).unwrap_or(&"Thu");
    let month = MONTHS.get(number(5, 7).saturating_sub(1)).unwrap_or(&"Jan");
    format!(
        "{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT",
        number(8, 10),
        number(0, 4),
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}
