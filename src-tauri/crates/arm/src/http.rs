//! HTTPS with limits: no proxy, no redirect, no compression, no body without an end.

use std::error::Error as _;
use std::io;
use std::sync::PoisonError;
use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, LOCATION};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::Value;
use url::Url;
use zeroize::Zeroize as _;

use crate::{AccessToken, ArmError, TransportError};
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
            .map_err(|error| TransportError::Other(chain(&error)))?;
        Ok(Self { client, refusals })
    }

    /// Reads an address, with or without a token.
    pub(crate) async fn get(&self, url: &Url, token: Option<&AccessToken>) -> Result<Answer, ArmError> {
        let mut request = Request::get(url.as_str()).header(ACCEPT, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token.header().ok_or(ArmError::BadToken)?);
        }
        let request = request.body(Vec::new()).map_err(|error| TransportError::Other(error.to_string()))?;
        let limit = if token.is_some() { LARGEST_BODY } else { SMALL_BODY };
        Ok(self.send(request, limit).await?)
    }

    /// Carries a request of the OAuth library.
    pub(crate) async fn carry(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let Answer { status, headers, body } = self.send(request, SMALL_BODY).await?;
        let mut response = Response::new(numbers(body));
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
            return Err(TransportError::Redirect { status: status.as_u16(), to: to.unwrap_or_default() });
        }
        if headers.contains_key(CONTENT_ENCODING) {
            return Err(TransportError::Other("the answer is compressed, which was not asked for".to_owned()));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.failed(&url, &error))? {
            if piece.len() > limit.saturating_sub(body.len()) {
                return Err(TransportError::TooLarge(limit));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, headers, body })
    }

    fn failed(&self, url: &str, error: &reqwest::Error) -> TransportError {
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
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
            _ => TransportError::Other(text),
        }
    }
}

fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let now = next?;
        next = now.source();
        Some(now)
    })
}

/// All causes of an error. The address is left out: it may hold what is private.
fn chain(error: &reqwest::Error) -> String {
    sources(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Some identity providers write their numbers as texts, which the OAuth library does not read.
fn numbers(mut body: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&body) else { return body };
    let mut changed = false;
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
    fn numbers_that_are_texts_become_numbers() {
        let body = br#"{"interval":"5","expires_in":"900","access_token":"7"}"#.to_vec();
        let value: Value = serde_json::from_slice(&numbers(body)).unwrap();
        assert_eq!(value, serde_json::json!({ "interval": 5, "expires_in": 900, "access_token": "7" }));
        for same in ["", "[]", "{}", r#"{"interval":"soon"}"#, r#"{"expires_in":1}"#] {
            assert_eq!(numbers(same.as_bytes().to_vec()), same.as_bytes());
        }
    }
}
