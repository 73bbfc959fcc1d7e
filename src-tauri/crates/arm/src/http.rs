//! HTTPS with limits: no proxy, no redirect, no compression, no body without an end.

use std::borrow::Cow;
use std::error::Error as _;
use std::io;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::Value;
use url::Url;
use zeroize::Zeroize as _;

use crate::{AccessToken, ArmError, Refusal, TransportError};
use trust::{Refusals, Root, config};

/// The largest body of an answer, in bytes (P-01).
pub(crate) const LARGEST_BODY: usize = 8 << 20;
/// The largest body of an answer that everybody may ask for, in bytes.
pub(crate) const SMALL_BODY: usize = 256 << 10;
/// The most lines of a head (P-01).
const MOST_HEADERS: usize = 64;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const SILENCE_LIMIT: Duration = Duration::from_secs(20);
const REQUEST_LIMIT: Duration = Duration::from_secs(60);
/// How often a question is asked whose answer is that it cannot be given now.
const MOST_TRIES: u32 = 3;
/// How long is waited for that in all.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long is waited where the answer does not say.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// An HTTPS client for one stamp and its identity provider.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    refusals: Refusals,
}

/// An answer with its whole body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// A client that trusts the operating system's roots, and these.
    ///
    /// # Errors
    /// When a root cannot be used.
    pub fn new(roots: &[Root]) -> Result<Self, ArmError> {
        let (tls, refusals) = config(roots).map_err(ArmError::Root)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .http1_only()
            .http1_max_headers(MOST_HEADERS)
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(SILENCE_LIMIT)
            .timeout(REQUEST_LIMIT)
            .user_agent(concat!("pep-assistant/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| TransportError::Other { host: "this computer".to_owned(), what: chain(&error) })?;
        Ok(Self { client, refusals })
    }

    /// Reads an address, with or without a token. What says that it cannot answer now is asked again, a few times.
    pub(crate) async fn get(&self, url: &Url, token: Option<&AccessToken>) -> Result<Answer, ArmError> {
        let limit = if token.is_some() { LARGEST_BODY } else { SMALL_BODY };
        let mut patience = Patience::default();
        loop {
            let mut request = Request::get(url.as_str()).header(ACCEPT, "application/json");
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, token.header().ok_or(ArmError::BadToken)?);
            }
            let request = request.body(Vec::new()).map_err(|error| other(url.as_str(), error.to_string()))?;
            let answer = self.send(request, limit).await?;
            match patience.after(answer.status, answer.wait()) {
                Some(time) => tokio::time::sleep(time).await,
                None => return Ok(answer),
            }
        }
    }

    /// Carries a request of the OAuth library. What is no JSON is told as what it is, because the library does not.
    pub(crate) async fn carry(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let host = host_of(&request.uri().to_string());
        let answer = self.send(request, SMALL_BODY).await?;
        let (seconds, what) = (answer.wait().map(|time| time.as_secs()), answer.kind());
        let Answer { status, headers, body } = answer;
        let body = readable(body);
        let told = serde_json::from_slice::<Told<'_>>(&body);
        let fails = told.as_ref().is_ok_and(Told::fails);
        if status.is_server_error() || is_passing(status) || fails {
            return Err(TransportError::Busy { host, status: status.as_u16(), seconds });
        }
        if told.is_err() {
            return Err(TransportError::NotJson { host, status: status.as_u16(), what });
        }
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    async fn send(&self, request: Request<Vec<u8>>, limit: usize) -> Result<Answer, TransportError> {
        let url = request.uri().to_string();
        let mut request = reqwest::Request::try_from(request).map_err(|error| self.failed(&url, &error))?;
        request.headers_mut().insert(ACCEPT_ENCODING, http::HeaderValue::from_static("identity"));
        let mut response = self.client.execute(request).await.map_err(|error| self.failed(&url, &error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        if status.is_redirection() {
            let to = headers.get(LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()).chars().take(200).collect());
            let (host, to) = (host_of(&url), to.unwrap_or_default());
            return Err(TransportError::Redirect { host, status: status.as_u16(), to });
        }
        if headers.contains_key(CONTENT_ENCODING) {
            let what = "it is compressed, which was not asked for".to_owned();
            return Err(TransportError::BadHttp { host: host_of(&url), what });
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.failed(&url, &error))? {
            if piece.len() > limit.saturating_sub(body.len()) {
                return Err(TransportError::TooLarge { host: host_of(&url), limit });
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, headers, body })
    }

    fn failed(&self, url: &str, error: &reqwest::Error) -> TransportError {
        let host = host_of(url);
        if error.is_connect() {
            // The brackets of an IPv6 address are of the URL only.
            let name = host.trim_matches(['[', ']']);
            let refused = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
            if let Some(refused) = refused {
                return TransportError::Certificate(Box::new(refused));
            }
        }
        let text = chain(error);
        if error.is_timeout() {
            return TransportError::TimedOut { host };
        }
        let kind = sources(error).find_map(|source| source.downcast_ref::<io::Error>().map(io::Error::kind));
        match kind {
            _ if text.contains("dns error") => TransportError::Unresolved { host },
            Some(io::ErrorKind::ConnectionRefused) => TransportError::Refused { host },
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown) => {
                TransportError::Unreachable { host }
            }
            // The library has a name of its own for each; there is no other place where they are told.
            _ if error.is_connect() && NO_TLS.iter().any(|words| text.contains(words)) => {
                TransportError::NoTls { host, what: text }
            }
            _ if ["head is too large", "invalid HTTP"].iter().any(|words| text.contains(words)) => {
                TransportError::BadHttp { host, what: text }
            }
            _ => TransportError::Other { host, what: text },
        }
    }
}

/// Whether an answer says that it cannot be given now, and another may be. RFC 6585 section 4, RFC 9110 section 15.6
pub(crate) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

impl Answer {
    /// What its body is, in a word.
    pub(crate) fn kind(&self) -> String {
        let told = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match told.split(';').next().unwrap_or_default().trim() {
            _ if self.body.is_empty() => "nothing".to_owned(),
            "" => "something".to_owned(),
            kind => kind.chars().take(100).collect(),
        }
    }

    /// For how long it asks to wait: seconds, or a date. RFC 9110 section 10.2.3
    pub(crate) fn wait(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let until = || httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok();
        text.parse().ok().map(Duration::from_secs).or_else(until)
    }
}

/// How often, and for how long in all, a question is asked again.
struct Patience {
    tries: u32,
    left: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: MOST_TRIES, left: LONGEST_WAIT }
    }
}

impl Patience {
    /// How long to wait after this answer; none when it is the answer.
    fn after(&mut self, status: StatusCode, told: Option<Duration>) -> Option<Duration> {
        self.tries = self.tries.saturating_sub(1);
        if !is_passing(status) || self.tries == 0 {
            return None;
        }
        // Whoever says 0 is not asked without a pause either.
        let time = told.unwrap_or(FIRST_WAIT).max(FIRST_WAIT);
        self.left = self.left.checked_sub(time)?;
        Some(time)
    }
}

/// What the TLS library says of a server that does not speak TLS, or only old versions.
const NO_TLS: [&str; 4] = ["InvalidContentType", "handshake eof", "ProtocolVersion", "HandshakeFailure"];

fn host_of(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn other(url: &str, what: String) -> TransportError {
    TransportError::Other { host: host_of(url), what }
}

fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let now = next?;
        next = now.source();
        Some(now)
    })
}

/// All causes of an error, each once. The address is left out: it may hold what is private; and so is the one of the TLS library's manual.
fn chain(error: &reqwest::Error) -> String {
    let mut all: Vec<String> = Vec::new();
    for cause in sources(error) {
        let cause = cause.to_string();
        let cause = cause.split(": https://").next().unwrap_or_default();
        if all.iter().all(|known| !known.contains(cause)) {
            all.push(cause.to_owned());
        }
    }
    all.join(": ")
}

/// A JSON object of which nothing else is kept: it may hold a token.
#[derive(serde::Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
}

impl Told<'_> {
    /// Whether it says that it cannot answer now.
    fn fails(&self) -> bool {
        self.error.as_deref().is_some_and(|error| Refusal::of(error, "") == Refusal::Temporary)
    }
}

/// The JSON of a body; some servers begin it with a mark of the byte order. RFC 8259 section 8.1
pub(crate) fn json(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
}

/// What the OAuth library does not read: some identity providers write their numbers as texts, and the address for a code under its older
/// name beside the one of RFC 8628 section 3.2.
fn readable(mut body: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&body) else { return body };
    let mut changed = fields.contains_key("verification_uri") && fields.remove("verification_url").is_some();
    for name in ["expires_in", "interval"] {
        if let Some(value) = fields.get_mut(name)
            && let Some(number) = value.as_str().and_then(|text| text.trim().parse::<u64>().ok())
        {
            *value = number.into();
            changed = true;
        }
    }
    let fresh = changed.then(|| serde_json::to_vec(&fields).ok()).flatten();
    for value in fields.values_mut() {
        if let Value::String(text) = value {
            text.zeroize();
        }
    }
    match fresh {
        Some(fresh) => {
            body.zeroize();
            fresh
        }
        None => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_an_identity_provider_is_made_readable() {
        let both = br#"{"verification_uri":"https://a","verification_url":"https://b"}"#.to_vec();
        let value: Value = serde_json::from_slice(&readable(both)).unwrap();
        assert_eq!(value, serde_json::json!({ "verification_uri": "https://a" }));
        let older = br#"{"verification_url":"https://b"}"#;
        assert_eq!(readable(older.to_vec()), older);
        let body = br#"{"interval":"5","expires_in":"900","access_token":"7"}"#.to_vec();
        let value: Value = serde_json::from_slice(&readable(body)).unwrap();
        assert_eq!(value, serde_json::json!({ "interval": 5, "expires_in": 900, "access_token": "7" }));
        for same in ["", "[]", "{}", r#"{"interval":"soon"}"#, r#"{"expires_in":1}"#] {
            assert_eq!(readable(same.as_bytes().to_vec()), same.as_bytes());
        }
    }

    #[test]
    fn a_question_is_asked_three_times_and_waited_for_half_a_minute() {
        let seconds = Duration::from_secs;
        let busy = StatusCode::TOO_MANY_REQUESTS;
        let waits = |told: &[Option<u64>]| {
            let mut patience = Patience::default();
            told.iter().map(|told| Some(patience.after(busy, told.map(seconds))?.as_secs())).collect::<Vec<_>>()
        };
        assert_eq!(waits(&[None, Some(0), None]), [Some(1), Some(1), None]);
        assert_eq!(waits(&[Some(30)]), [Some(30)]);
        assert_eq!(waits(&[Some(31)]), [None]);
        assert_eq!(waits(&[Some(29), Some(2)]), [Some(29), None]);
        for status in [StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND] {
            assert_eq!(Patience::default().after(status, Some(seconds(1))), None, "{status}");
        }
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let told = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            Answer { status: StatusCode::OK, headers, body: Vec::new() }.wait().map(|time| time.as_secs())
        };
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!(told(&soon).is_some_and(|time| (98..=100).contains(&time)), "{:?}", told(&soon));
        assert_eq!((told(" 17 "), told("soon"), told("Sun, 06 Nov 1994 08:49:37 GMT")), (Some(17), None, None));
    }
}
