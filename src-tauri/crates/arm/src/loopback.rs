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
use tokio::sync::mpsc;
use url::Url;
use zeroize::Zeroizing;

use crate::SignInError;

/// The most requests that do not belong to the sign-in.
const MOST_WRONG: usize = 32;
/// The most connections at once.
const MOST_CONNECTIONS: usize = 16;
const HEAD_LIMIT: Duration = Duration::from_secs(10);
const LARGEST_HEAD: usize = 32 << 10;

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

enum Asked {
    Answer(Answer),
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
    /// it ends the sign-in.
    pub(crate) async fn answer(self, state: &str, time: Duration) -> Result<Answer, SignInError> {
        let (told, mut asked) = mpsc::channel(MOST_CONNECTIONS);
        let state = Zeroizing::new(state.to_owned());
        let serving = async {
            let mut connections = tokio::task::JoinSet::new();
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
                    Some(Asked::Answer(answer)) => return Ok(answer),
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
        tokio::time::timeout(time, both).await.unwrap_or(Err(SignInError::TimedOut(time.as_secs())))
    }
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, std::net::SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// One request of one connection. The answer is told only after the page has gone out, because it ends everything here.
async fn serve(stream: TcpStream, state: Zeroizing<String>, told: mpsc::Sender<Asked>) {
    let (found, mut taken) = mpsc::channel(1);
    let service = service_fn(|request: Request<Incoming>| {
        let (asked, page) = look(&request, &state);
        // There is one request a connection.
        let _ = found.try_send(asked);
        async move { Ok::<_, Infallible>(page) }
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
    if let Ok(asked) = taken.try_recv() {
        // Nobody waits any more when another answer was faster.
        let _ = told.send(asked).await;
    }
}

fn look(request: &Request<Incoming>, state: &str) -> (Asked, Response<Full<Bytes>>) {
    let wrong = |status| (Asked::Wrong, page(status, "This address is used by a sign-in only."));
    if request.method() != Method::GET || request.uri().path() != "/" {
        return wrong(StatusCode::NOT_FOUND);
    }
    let Ok(url) = Url::parse(&format!("http://localhost/?{}", request.uri().query().unwrap_or_default())) else {
        return wrong(StatusCode::BAD_REQUEST);
    };
    let field = |name: &str| {
        let mut all =
            url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| Zeroizing::new(value.into_owned()));
        // A field that is there twice is none.
        all.next().filter(|_| all.next().is_none())
    };
    if !field("state").is_some_and(|told| same(&told, state)) {
        return wrong(StatusCode::BAD_REQUEST);
    }
    match (field("error"), field("code")) {
        (Some(error), _) => {
            let description =
                field("error_description").map(|text| text.chars().take(500).collect()).unwrap_or_default();
            let answer = Answer::Error(error.chars().take(100).collect(), description);
            (Asked::Answer(answer), page(StatusCode::OK, "The sign-in was refused. You can close this page."))
        }
        (None, Some(code)) => {
            (Asked::Answer(Answer::Code(code)), page(StatusCode::OK, "You are signed in. You can close this page."))
        }
        (None, None) => wrong(StatusCode::BAD_REQUEST),
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
