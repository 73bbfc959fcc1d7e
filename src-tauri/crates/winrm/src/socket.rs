//! The seam over a TCP socket of our own, with or without TLS.
//!
//! A pooled client hands a socket back a moment late and then opens another one, which breaks sign-in; here one exchange is one
//! socket and nothing else. The socket is driven by whoever waits for an answer, so no task is left behind.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use trust::{KeyPin, ServerCertificate, Tls, TlsError, TlsStream, Trust};

use crate::{BoxFuture, ConnectError, Connector, Exchange, ExchangeError, Patience};

const MAX_HEADERS: usize = 64;
/// The headers in all, in bytes
const MAX_HEAD: usize = 32 * 1024;
/// And what may stand before them
const STATUS_LINE: usize = 1024;
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// So many of the first bytes are kept: enough to tell what talks.
const FIRST: usize = 128;

/// Makes connections to one endpoint. A name is resolved once.
#[derive(Debug)]
pub struct SocketConnector {
    host: String,
    port: u16,
    limit: Duration,
    max_body: usize,
    resolved: Mutex<Vec<SocketAddr>>,
    /// Whom to believe, with TLS
    trust: Option<Trust>,
    /// Made when it is needed: on some systems it reads many files.
    tls: OnceLock<Result<Tls, TlsError>>,
}

impl SocketConnector {
    /// The largest body of an answer in bytes, when nothing else is said. Twice the 8 MiB of P-01: an endpoint may ignore our
    /// envelope size and put an object of 5 MB, which is 6.7 MiB of base64 and a little XML, into one answer (C9).
    pub const MAX_BODY: usize = 16 * 1024 * 1024;

    /// Connects to this name or address.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            limit: CONNECT_LIMIT,
            max_body: Self::MAX_BODY,
            resolved: Mutex::new(Vec::new()),
            trust: None,
            tls: OnceLock::new(),
        }
    }

    /// Over TLS, with whoever is to be believed (S-10). Bodies stay sealed as they are without.
    #[must_use]
    pub fn over_tls(mut self, trust: Trust) -> Self {
        self.trust = Some(trust);
        self.tls = OnceLock::new();
        self
    }

    /// The key that it believes, where it is one.
    #[must_use]
    pub fn pinned(&self) -> Option<KeyPin> {
        match self.trust {
            Some(Trust::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// With another limit for connecting; the default is 10 s.
    #[must_use]
    pub fn connect_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// With another limit for the body of one answer in bytes; the default is 16 MiB.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, ConnectError> {
        let known = self.resolved.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !known.is_empty() {
            return Ok(known);
        }
        let unresolved = || ConnectError::Unresolved(self.host.clone());
        let found: Vec<_> =
            tokio::net::lookup_host((self.host.as_str(), self.port)).await.map_err(|_| unresolved())?.collect();
        if found.is_empty() { Err(unresolved()) } else { Ok(found) }
    }

    /// Looks the name up and keeps what was found for the connection.
    async fn look_up(&self) -> Result<(), ConnectError> {
        // A resolver that does not answer has not told an address, either.
        let unresolved = || ConnectError::Unresolved(self.host.clone());
        let found = timeout(self.limit, self.addresses()).await.map_err(|_| unresolved())??;
        *self.resolved.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    async fn open(&self) -> Result<Box<dyn Exchange>, ConnectError> {
        let mut last = ConnectError::Unresolved(self.host.clone());
        let began = Instant::now();
        let addresses = self.addresses().await?;
        for (index, address) in addresses.iter().enumerate() {
            // One that is silent leaves the others their part of the time.
            let others = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            let part = self.limit.saturating_sub(began.elapsed()) / others;
            match timeout(part, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // The session stays with the machine that answered first (S-14).
                    *self.resolved.lock().unwrap_or_else(PoisonError::into_inner) = vec![*address];
                    return self.start(stream).await;
                }
                Ok(Err(error)) => last = connect_error(&error),
                Err(_) => last = ConnectError::TimedOut(self.limit),
            }
        }
        Err(last)
    }

    async fn start(&self, stream: TcpStream) -> Result<Box<dyn Exchange>, ConnectError> {
        stream.set_nodelay(true).map_err(|error| ConnectError::Other(error.to_string()))?;
        let (stream, certificate) = match self.trust {
            None => (Stream::Plain(stream), None),
            Some(trust) => {
                let tls = self.tls.get_or_init(|| Tls::new(trust)).as_ref().map_err(Clone::clone)?;
                // Half of the time for all: that the port answers and the handshake does not is told apart from no answer.
                let limit = self.limit / 2;
                let silent = |_| ConnectError::Tls(format!("no answer to the handshake within {limit:?}"));
                let (stream, certificate) = timeout(limit, tls.connect(&self.host, stream)).await.map_err(silent)??;
                (Stream::Protected(Box::new(stream)), Some(certificate))
            }
        };
        SocketExchange::start(stream, certificate, self.max_body).await
    }
}

fn connect_error(error: &io::Error) -> ConnectError {
    match error.kind() {
        // Who takes a connection only to end it at once refuses it too: a firewall, or a service that is starting.
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => ConnectError::Refused,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            ConnectError::Unreachable(error.to_string())
        }
        io::ErrorKind::TimedOut => ConnectError::Unreachable("the system gave up".to_owned()),
        _ => ConnectError::Other(error.to_string()),
    }
}

impl Connector for SocketConnector {
    fn resolve(&self) -> BoxFuture<'_, Result<(), ConnectError>> {
        Box::pin(self.look_up())
    }

    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Exchange>, ConnectError>> {
        Box::pin(
            async move { timeout(self.limit, self.open()).await.unwrap_or(Err(ConnectError::TimedOut(self.limit))) },
        )
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn is_tls(&self) -> bool {
        self.trust.is_some()
    }

    fn bound_to(&self, key: KeyPin) -> Option<Box<dyn Connector>> {
        self.trust?;
        let resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let bound = Self::new(self.host.clone(), self.port).connect_limit(self.limit).max_body(self.max_body);
        Some(Box::new(Self { resolved: Mutex::new(resolved), ..bound.over_tls(Trust::Key(key)) }))
    }
}

/// The exchange of requests for answers over a connection that is there, however it came to be: what [`SocketConnector`] does
/// with a socket. `max_body` limits the body of one answer in bytes.
///
/// # Errors
/// When HTTP cannot be spoken over it.
pub async fn exchange_over<S>(stream: S, max_body: usize) -> Result<Box<dyn Exchange>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    SocketExchange::start(Stream::Given(Box::new(stream)), None, max_body).await
}

type Driver = Pin<Box<Connection<TokioIo<Watched>, Full<Bytes>>>>;

struct SocketExchange {
    sender: SendRequest<Full<Bytes>>,
    driver: Option<Driver>,
    progress: Arc<LastByte>,
    max_body: usize,
    certificate: Option<ServerCertificate>,
}

impl SocketExchange {
    async fn start(
        stream: Stream,
        certificate: Option<ServerCertificate>,
        max_body: usize,
    ) -> Result<Box<dyn Exchange>, ConnectError> {
        let progress = Arc::new(LastByte::new());
        let io = TokioIo::new(Watched { stream, progress: progress.clone() });
        let (sender, driver) = http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD + STATUS_LINE)
            .handshake(io)
            .await
            .map_err(|error| ConnectError::Other(error.to_string()))?;
        Ok(Box::new(Self { sender, driver: Some(Box::pin(driver)), progress, max_body, certificate }))
    }

    async fn exchange(&mut self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, ExchangeError> {
        let patience = request.extensions().get::<Patience>().copied().unwrap_or_default();
        // A close that came while the socket was idle shows here, before anything is sent.
        poll_fn(|cx| {
            drive(&mut self.driver, cx);
            Poll::Ready(())
        })
        .await;
        if self.driver.is_none() || self.sender.is_closed() {
            return Err(ExchangeError::NotSent);
        }
        let watch = Watch { progress: self.progress.clone(), between: patience.between };
        let mut sending = Box::pin(self.sender.try_send_request(request.map(Full::new)));
        let answer = watch
            .wait(patience.first, poll_fn(|cx| with_driver(&mut self.driver, cx, |cx| sending.as_mut().poll(cx))))
            .await?;
        drop(sending);
        let (head, mut body) = match answer {
            Ok(answer) => answer.into_parts(),
            Err(mut error) => {
                return Err(if error.take_message().is_some() {
                    ExchangeError::NotSent
                } else {
                    exchange_error(&error.into_error())
                });
            }
        };
        if head.headers.contains_key(http::header::CONTENT_ENCODING) {
            return Err(ExchangeError::Unacceptable("a compressed body was not asked for".to_owned()));
        }
        if size_of_headers(&head.headers) > MAX_HEAD {
            return Err(ExchangeError::Unacceptable(format!("headers of more than {MAX_HEAD} bytes")));
        }
        let body = self.read_body(&watch, &mut body, patience.between).await?;
        Ok(http::Response::from_parts(head, body))
    }

    async fn read_body(
        &mut self,
        watch: &Watch,
        body: &mut Incoming,
        between: Duration,
    ) -> Result<Bytes, ExchangeError> {
        let too_large = || ExchangeError::Unacceptable(format!("a body of more than {} bytes", self.max_body));
        let announced = body.size_hint().exact().unwrap_or(0);
        let announced = usize::try_from(announced).ok().filter(|size| *size <= self.max_body).ok_or_else(too_large)?;
        let mut data = Vec::with_capacity(announced);
        loop {
            let driver = &mut self.driver;
            let frame = watch
                .wait(between, poll_fn(|cx| with_driver(driver, cx, |cx| Pin::new(&mut *body).poll_frame(cx))))
                .await?;
            match frame {
                None => return Ok(Bytes::from(data)),
                Some(Err(error)) => return Err(exchange_error(&error)),
                Some(Ok(frame)) => {
                    let Ok(piece) = frame.into_data() else { continue };
                    if data.len() + piece.len() > self.max_body {
                        return Err(too_large());
                    }
                    data.extend_from_slice(&piece);
                }
            }
        }
    }
}

impl Exchange for SocketExchange {
    fn send(&mut self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>> {
        Box::pin(self.exchange(request))
    }

    fn certificate(&self) -> Option<&ServerCertificate> {
        self.certificate.as_ref()
    }

    fn first_bytes(&self) -> Vec<u8> {
        self.progress.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn exchange_error(error: &hyper::Error) -> ExchangeError {
    let mut text = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        text = format!("{text}: {source}");
    }
    // What is no HTTP in the middle of a body is told as an error of reading it.
    let nonsense = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|source| matches!(source.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput));
    if error.is_parse() || nonsense { ExchangeError::Unacceptable(text) } else { ExchangeError::Lost(text) }
}

/// The bytes of the lines of headers, as they are usually written.
fn size_of_headers(headers: &http::HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}

/// Moves bytes; a connection that ended is dropped, which tells whoever waits on it.
fn drive(driver: &mut Option<Driver>, cx: &mut Context<'_>) {
    if let Some(running) = driver
        && running.as_mut().poll(cx).is_ready()
    {
        *driver = None;
    }
}

fn with_driver<T>(
    driver: &mut Option<Driver>,
    cx: &mut Context<'_>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    drive(driver, cx);
    poll(cx)
}

/// Ends a wait when no byte came for a while; a slow line is not cut off as long as bytes come.
struct Watch {
    progress: Arc<LastByte>,
    between: Duration,
}

impl Watch {
    async fn wait<T>(&self, first: Duration, future: impl Future<Output = T>) -> Result<T, ExchangeError> {
        let mut future = std::pin::pin!(future);
        let begin = Instant::now();
        let (mut since, mut limit) = (begin, first);
        loop {
            if let Ok(value) = timeout_at(since + limit, future.as_mut()).await {
                return Ok(value);
            }
            match self.progress.at() {
                Some(last) if last > since || (last >= begin && limit != self.between) => {
                    (since, limit) = (last, self.between);
                }
                _ => return Err(ExchangeError::Silent(limit)),
            }
        }
    }
}

/// A connection as it is: the socket, TLS on it, or what was given.
enum Stream {
    Plain(TcpStream),
    Protected(Box<TlsStream>),
    Given(Box<dyn ReadWrite>),
}

/// Bytes both ways.
trait ReadWrite: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ReadWrite for S {}

/// Does the same with any of them.
macro_rules! any_of {
    ($stream:expr, $inner:ident => $does:expr) => {
        match $stream {
            Stream::Plain($inner) => $does,
            Stream::Protected($inner) => $does,
            Stream::Given($inner) => $does,
        }
    };
}

/// When the last byte came.
struct LastByte {
    base: Instant,
    /// Nanoseconds after that, and one; 0 before the first byte
    after: AtomicU64,
    first: Mutex<Vec<u8>>,
}

impl LastByte {
    fn new() -> Self {
        Self { base: Instant::now(), after: AtomicU64::new(0), first: Mutex::default() }
    }

    fn came(&self, bytes: &[u8]) {
        if self.after.load(Ordering::Relaxed) == 0 {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            first.extend(bytes.iter().take(FIRST));
        }
        let nanoseconds = u64::try_from(self.base.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        self.after.store(nanoseconds, Ordering::Relaxed);
    }

    fn at(&self) -> Option<Instant> {
        let after = self.after.load(Ordering::Relaxed).checked_sub(1)?;
        self.base.checked_add(Duration::from_nanos(after))
    }
}

/// A socket that notes when bytes come.
struct Watched {
    stream: Stream,
    progress: Arc<LastByte>,
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = any_of!(&mut self.stream, inner => Pin::new(inner).poll_read(cx, buf));
        if let Some(bytes @ [_, ..]) = buf.filled().get(before..) {
            self.progress.came(bytes);
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        any_of!(&mut self.stream, inner => Pin::new(inner).poll_write(cx, data))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        any_of!(&mut self.stream, inner => Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        any_of!(&mut self.stream, inner => Pin::new(inner).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        any_of!(&mut self.stream, inner => Pin::new(inner).poll_write_vectored(cx, data))
    }

    fn is_write_vectored(&self) -> bool {
        any_of!(&self.stream, inner => inner.is_write_vectored())
    }
}

// How a listener whose queue is full behaves is the system's affair; here it does not answer.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn an_address_that_is_silent_leaves_time_for_the_others() {
        let silent = TcpSocket::new_v4().unwrap();
        silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let silent = silent.listen(1).unwrap();
        let from = silent.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(from)).await {
            queued.push(stream.unwrap());
        }
        let answers = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connector = SocketConnector::new("localhost", from.port()).connect_limit(Duration::from_secs(2));
        *connector.resolved.lock().unwrap() = vec![from, answers.local_addr().unwrap()];
        connector.connect().await.map(drop).unwrap();
        *connector.resolved.lock().unwrap() = vec![from];
        assert_eq!(connector.connect().await.err(), Some(ConnectError::TimedOut(Duration::from_secs(2))));
    }
}
