//! The one answer of the browser, taken on loopback. RFC 8252 section 7.3
//!
//! The registered redirect of public clients is `http://localhost:<port>`, so both loopback addresses are listened on: a browser
//! may take either for that name.

use std::convert::Infallible;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle_eq::same;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use url::Url;
use zeroize::Zeroizing;

use crate::SignInError;

/// The most requests that do not belong to the sign-in.
const MOST_WRONG: usize = 32;
/// The most connections at once.
const MOST_CONNECTIONS: usize = 16;
const HEAD_LIMIT: Duration = Duration::from_secs(10);
const LARGEST_HEAD: usize = 32 << 10;
/// How long the browser has to take the last page.
const PAGE_LIMIT: Duration = Duration::from_secs(3);

/// Two listeners on one port.
pub(crate) struct Loopback {
    v4: TcpListener,
    v6: Option<TcpListener>,
    port: u16,
}

/// What the browser brought.
pub(crate) enum Answer {
    /// The code.
    Code(Zeroizing<String>),
    /// An error of the identity provider, with its description.
    Error(String, String),
}

/// The page that the browser still waits for; the connections end with it.
pub(crate) struct Reply {
    is_signed_in: mpsc::Sender<bool>,
    _connections: JoinSet<()>,
}

impl Reply {
    /// Tells the browser how it ended, and waits until that has gone out.
    pub(crate) async fn tell(self, is_signed_in: bool) {
        let told = async {
            if self.is_signed_in.send(is_signed_in).await.is_ok() {
                self.is_signed_in.closed().await;
            }
        };
        if tokio::time::timeout(PAGE_LIMIT, told).await.is_err() {
            tracing::debug!("The browser did not take its page");
        }
    }
}

enum Asked {
    Answer(Answer, mpsc::Sender<bool>),
    Wrong,
}

impl Loopback {
    /// Listens on the first of these ports that is free.
    pub(crate) async fn bind(ports: &[u16]) -> Result<Self, SignInError> {
        for port in ports {
            let Ok(v4) = TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await else { continue };
            let Ok(port) = v4.local_addr().map(|address| address.port()) else { continue };
            match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(v6) => return Ok(Self { v4, v6: Some(v6), port }),
                // Somebody else would get the answer.
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                // This computer has no IPv6.
                Err(_) => return Ok(Self { v4, v6: None, port }),
            }
        }
        Err(SignInError::NoPort { ports: ports.to_vec() })
    }

    pub(crate) fn redirect(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits for the answer that belongs to this state. What has another state gets an error page and does not count; too much of
    /// it ends the sign-in. The browser waits for its page until it is told how that ended.
    pub(crate) async fn answer(self, state: &str, time: Duration) -> Result<(Answer, Reply), SignInError> {
        let (told, mut asked) = mpsc::channel(MOST_CONNECTIONS);
        let state = Zeroizing::new(state.to_owned());
        let mut connections = JoinSet::new();
        let serving = async {
            loop {
                let stream = tokio::select! {
                    accepted = self.v4.accept() => accepted,
                    accepted = accept(self.v6.as_ref()) => accepted,
                };
                while connections.try_join_next().is_some() {}
                match stream {
                    Ok((stream, _)) if connections.len() < MOST_CONNECTIONS => {
                        connections.spawn(serve(stream, state.clone(), told.clone()));
                    }
                    // Out of descriptors and the like passes.
                    _ => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        let waiting = async {
            let mut wrong = 0;
            loop {
                match asked.recv().await {
                    Some(Asked::Answer(answer, tell)) => return Ok((answer, tell)),
                    Some(Asked::Wrong) if wrong < MOST_WRONG => wrong += 1,
                    _ => return Err(SignInError::WrongAnswers),
                }
            }
        };
        let both = async {
            tokio::select! {
                answer = waiting => answer,
                () = serving => Err(SignInError::WrongAnswers),
            }
        };
        let (answer, is_signed_in) =
            tokio::time::timeout(time, both).await.unwrap_or(Err(SignInError::TimedOut(time.as_secs())))?;
        Ok((answer, Reply { is_signed_in, _connections: connections }))
    }
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, std::net::SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// One request of one connection. Whoever brings the answer waits for the page until it is known how that ended.
async fn serve(stream: TcpStream, state: Zeroizing<String>, told: mpsc::Sender<Asked>) {
    let (tell, ended) = mpsc::channel(1);
    let ended = Mutex::new(ended);
    let service = service_fn(async |request: Request<Incoming>| {
        let response = match look(&request, &state) {
            Ok(answer) => {
                // Nobody waits any more when another answer was faster.
                let is_taken = told.send(Asked::Answer(answer, tell.clone())).await.is_ok();
                let ended = if is_taken { ended.lock().await.recv().await } else { None };
                let text = match ended {
                    Some(true) => "You are signed in. You can close this page.",
                    Some(false) => "You are not signed in. PEP Assistant tells why. You can close this page.",
                    None => "This sign-in has ended. You can close this page.",
                };
                page(StatusCode::OK, text)
            }
            Err(status) => {
                let _ = told.send(Asked::Wrong).await;
                page(status, "This address is used by a sign-in only.")
            }
        };
        Ok::<_, Infallible>(response)
    });
    let served = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(LARGEST_HEAD)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "A browser's connection ended early");
    }
}

/// What a request brings, or the status of its refusal.
fn look(request: &Request<Incoming>, state: &str) -> Result<Answer, StatusCode> {
    if request.method() != Method::GET || request.uri().path() != "/" {
        return Err(StatusCode::NOT_FOUND);
    }
    let url = Url::parse(&format!("http://localhost/?{}", request.uri().query().unwrap_or_default()))
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    let field = |name: &str| {
        let mut all =
            url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| Zeroizing::new(value.into_owned()));
        // A field that is there twice is none.
        all.next().filter(|_| all.next().is_none())
    };
    if !field("state").is_some_and(|told| same(&told, state)) {
        return Err(StatusCode::BAD_REQUEST);
    }
    match (field("error"), field("code")) {
        (Some(error), _) => {
            let description =
                field("error_description").map(|text| text.chars().take(500).collect()).unwrap_or_default();
            Ok(Answer::Error(error.chars().take(100).collect(), description))
        }
        (None, Some(code)) => Ok(Answer::Code(code)),
        (None, None) => Err(StatusCode::BAD_REQUEST),
    }
}

fn page(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let page = format!("<!doctype html><meta charset=\"utf-8\"><title>PEP Assistant</title><p>{text}</p>\n");
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

mod subtle_eq {
    use sha2::{Digest as _, Sha256};

    /// Compares through a digest, so that time tells nothing about how much is right.
    pub(super) fn same(one: &str, other: &str) -> bool {
        Sha256::digest(one) == Sha256::digest(other)
    }
}
