//! A signed-in connection: sealed requests, sealed answers. [MS-WSMV] section 2.2.9.1

use std::borrow::Cow;
use std::future::poll_fn;
use std::ops::Range;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, StatusCode};
use spnego::{MessageSecurity, ServerIdentity};
use tokio::time::Instant;
use wsman::{Charset, Malformed, multipart};

use crate::sign_in::{discover, second_leg, service, sign_in, with_clocks};
use crate::{
    Asked, Connector, Exchange, ExchangeError, LaneError, Patience, RandomSource, SecurityEnd, SignIn, SignInError,
    Stats,
};

/// No more is prepared for one answer, in bytes.
const MOST_PREPARED: usize = 1024 * 1024;

/// One connection that is signed in. It carries one request at a time.
pub(crate) struct Lane {
    exchange: Box<dyn Exchange>,
    security: Box<dyn MessageSecurity>,
    authority: String,
    stats: Stats,
    /// How large the next answer may be: as large as the last one
    expected: usize,
    /// About how long the way to the endpoint and back is
    pub(crate) way: Duration,
    /// A sealed answer was read on this connection.
    pub(crate) proved: bool,
    /// When something was sent over it or came last
    used: Instant,
}

/// An answer whose seal was right.
pub(crate) struct Reply {
    buffer: Vec<u8>,
    plain: Range<usize>,
    charset: Charset,
    /// The connection may be used again.
    pub(crate) keep: bool,
}

impl Reply {
    /// The envelope in UTF-8, where it lies.
    pub(crate) fn envelope(&self) -> Result<Cow<'_, [u8]>, Malformed> {
        self.charset.to_utf8(self.buffer.get(self.plain.clone()).unwrap_or_default())
    }
}

impl Lane {
    /// Connects and signs in, over the connection on which the endpoint was `asked` if there is one. `first` asks for the schemes before
    /// it shows any token.
    pub(crate) async fn open(
        connector: &dyn Connector,
        with: &SignIn,
        stats: &Stats,
        random: &dyn RandomSource,
        first: bool,
        asked: Option<Asked>,
    ) -> Result<(Self, ServerIdentity), SignInError> {
        let authority = connector.authority();
        let service = service(connector);
        let asked = asked.filter(|asked| asked.is_fresh() && asked.accepted && with.by_name.is_none());
        if let Some(Asked { mut exchange, mut context, identity, .. }) = asked {
            let began = Instant::now();
            match second_leg(exchange.as_mut(), &authority, context.as_mut(), &identity, with, stats, random).await {
                Ok(security) => {
                    return Ok((Self::new(exchange, security, authority, stats, began.elapsed()), identity));
                }
                // It was closed meanwhile, and nothing left: the password still has its one try.
                Err(SignInError::Exchange(ExchangeError::NotSent)) => {}
                Err(error) => return Err(error),
            }
        }
        let fresh = async || -> Result<_, SignInError> {
            let exchange = connector.connect().await?;
            stats.connected();
            Ok(exchange)
        };
        let clock = match first {
            true => discover(fresh().await?.as_mut(), &authority, stats).await?,
            false => None,
        };
        let mut exchange = fresh().await?;
        let began = Instant::now();
        let (security, identity) = sign_in(exchange.as_mut(), &authority, &service, with, stats, random)
            .await
            .map_err(|error| with_clocks(error, clock.as_deref()))?;
        // Two legs; what else there is makes no difference here.
        Ok((Self::new(exchange, security, authority, stats, began.elapsed() / 2), identity))
    }

    /// Connects and asks who is there, for a sign-in that may follow.
    pub(crate) async fn ask(connector: &dyn Connector, with: &SignIn, stats: &Stats) -> Result<Asked, SignInError> {
        let exchange = connector.connect().await?;
        stats.connected();
        Asked::over(exchange, connector, with.mechanism.as_ref(), stats).await
    }

    fn new(
        exchange: Box<dyn Exchange>,
        security: Box<dyn MessageSecurity>,
        authority: String,
        stats: &Stats,
        way: Duration,
    ) -> Self {
        Self {
            exchange,
            security,
            authority,
            stats: stats.clone(),
            expected: 0,
            way,
            proved: false,
            used: Instant::now(),
        }
    }

    /// How long nothing has gone over it
    pub(crate) fn unused(&self) -> Duration {
        self.used.elapsed()
    }

    /// Sends an envelope sealed and reads the sealed answer.
    pub(crate) async fn post(&mut self, envelope: &[u8], patience: Patience) -> Result<Reply, LaneError> {
        let body = self.seal(envelope);
        let length = body.len();
        let mut request = Request::post("/wsman")
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, multipart::CONTENT_TYPE)
            .header(CONTENT_LENGTH, length)
            .body(Bytes::from(body))
            .map_err(|error| ExchangeError::Unacceptable(format!("the address: {error}")))?;
        request.extensions_mut().insert(patience);
        self.stats.sealed_request(length);
        let mut sending = self.exchange.send(request);
        let answer = match poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await {
            Poll::Ready(answer) => answer,
            // The request is on its way: the time until the answer comes is used.
            Poll::Pending => {
                self.security.prepare(self.expected);
                sending.as_mut().await
            }
        };
        drop(sending);
        self.used = Instant::now();
        let (head, body) = answer?.into_parts();
        self.stats.sealed_answer(body.len());
        self.expected = body.len().min(MOST_PREPARED);
        let sealed = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if sealed.is_none_or(|text| multipart::check_content_type(text).is_err()) {
            return Err(unsealed(head.status));
        }
        let reply = self.unseal(Vec::from(body), keeps(&head.headers))?;
        self.proved = true;
        Ok(reply)
    }

    /// One buffer: framing, signature, and the message sealed where it lies.
    fn seal(&mut self, envelope: &[u8]) -> Vec<u8> {
        let size = self.security.header_length();
        let mut body = multipart::head(envelope.len(), u32::try_from(size).unwrap_or(u32::MAX));
        let start = body.len();
        body.reserve_exact(size + envelope.len() + multipart::TAIL.len());
        body.resize(start + size, 0);
        body.extend_from_slice(envelope);
        if let Some((front, message)) = body.split_at_mut_checked(start + size) {
            let signature = self.security.seal(message);
            if let Some(place) = front.get_mut(start..)
                && place.len() == signature.len()
            {
                place.copy_from_slice(&signature);
            }
        }
        body.extend_from_slice(multipart::TAIL.as_bytes());
        body
    }

    fn unseal(&mut self, mut buffer: Vec<u8>, keep: bool) -> Result<Reply, SecurityEnd> {
        let bad = |error: &dyn std::fmt::Display| SecurityEnd::BadSeal(error.to_string());
        let sealed = multipart::parse(&mut buffer).map_err(|error| bad(&error))?;
        self.security.unseal(sealed.signature, sealed.data).map_err(|error| bad(&error))?;
        let (length, charset) = (sealed.data.len(), sealed.charset);
        let end = buffer.len().saturating_sub(multipart::TAIL.len());
        Ok(Reply { plain: end.saturating_sub(length)..end, buffer, charset, keep })
    }
}

/// What an answer without protection means. Only its status is looked at (S-02).
fn unsealed(status: StatusCode) -> LaneError {
    match status {
        StatusCode::UNAUTHORIZED => LaneError::Unauthorized,
        status if status.is_redirection() => SecurityEnd::Redirect(status.as_u16()).into(),
        status if status.is_success() || status == StatusCode::INTERNAL_SERVER_ERROR => {
            SecurityEnd::Unsealed { status: status.as_u16() }.into()
        }
        status => LaneError::Status(status.as_u16()),
    }
}

/// Whether the other side keeps the connection (A16).
fn keeps(headers: &HeaderMap) -> bool {
    !headers.get_all(CONNECTION).iter().any(|value| {
        value.to_str().is_ok_and(|text| text.split(',').any(|word| word.trim().eq_ignore_ascii_case("close")))
    })
}
