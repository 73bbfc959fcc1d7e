//! An administrator Resource Manager with its identity provider, written from their public definitions: it refuses what the real
//! ones refuse, and keeps every request that it was asked.

mod identity;
mod resources;
mod tls;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub use tls::{Certificates, Chain};

/// The directory of Entra ID mode.
pub const TENANT: &str = "contoso.onmicrosoft.example";
/// For what tokens have to be.
pub const AUDIENCE: &str = "https://adminmanagement.contoso.onmicrosoft.example/4de154de-f8a8-4017-af41-df619da68155";
/// The Default Provider Subscription.
pub const SUBSCRIPTION: &str = "f6b2f4a4-0000-4000-8000-0a1b2c3d4e5f";
/// The public clients that it knows.
pub const CLIENTS: [&str; 2] = ["04b07795-8ddb-461a-bbee-02f9e1bf7b46", "1950a258-227b-4e31-a9cf-717495945fc2"];

/// What the identity provider answers to the next questions about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceStep {
    /// Nobody has typed it yet.
    Pending,
    /// Nobody has, and the questions come too fast.
    SlowDown,
    /// Somebody refused.
    Denied,
    /// It is too old.
    Expired,
}

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reader on the Default Provider Subscription.
    Reader,
    /// It sees the subscription, but not what is in it.
    NotInside,
    /// It does not see the subscription.
    None,
}

/// An answer that is always given: status, body, head.
pub type Instead = (u16, Vec<u8>, Vec<(&'static str, String)>);

/// How the server behaves; tests change it while it runs.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// AD FS instead of Entra ID.
    pub adfs: bool,
    /// The versions of the metadata; the first answers as an object, 2019-05-01 as a list.
    pub metadata_versions: Vec<&'static str>,
    /// The portal that the metadata tell.
    pub portal: &'static str,
    /// The versions of subscriptions.
    pub subscription_versions: Vec<&'static str>,
    /// The versions of the fabric.
    pub fabric_versions: Vec<&'static str>,
    /// How many entries a page of a list has.
    pub page: usize,
    /// Where lists go on instead of here.
    pub foreign_link: Option<String>,
    /// Whether lists have no end.
    pub endless: bool,
    /// Whether lists of locations leave the addresses out.
    pub bare_list: bool,
    /// The properties of the location.
    pub location: Value,
    /// Whether somebody in front of the browser agrees.
    pub agrees: bool,
    /// Whether there is a sign-in by code.
    pub device_code: bool,
    /// What is answered before the token.
    pub device_steps: Vec<DeviceStep>,
    /// How long the server says to wait between two questions, in seconds.
    pub device_interval: u64,
    /// How long a token is good for.
    pub token_life: Duration,
    /// What the account may do.
    pub role: Role,
    /// The ports of `http://localhost` that are registered; empty allows any.
    pub redirect_ports: Vec<u16>,
    /// Answers every request of a resource with this status and these bytes.
    pub instead: Option<Instead>,
    /// Answers the next requests whose path ends like this so, each once.
    pub once: Vec<(&'static str, Instead)>,
    /// The error and description with which the page of the sign-in ends.
    pub refuses: Option<(&'static str, &'static str)>,
    /// Where people sign in, when it is elsewhere.
    pub login: Option<String>,
    /// The region inside; the names outside say `east`.
    pub region: &'static str,
    /// How long a code is good for, in seconds.
    pub device_life: u64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            adfs: false,
            metadata_versions: vec!["2015-01-01"],
            portal: "https://adminportal.east.cloud.contoso.example/",
            subscription_versions: vec!["2016-06-01", "2015-11-01"],
            fabric_versions: vec!["2016-05-01"],
            page: 2,
            foreign_link: None,
            endless: false,
            bare_list: false,
            location: json!({
                "pepIpAddresses": ["192.0.2.224", "192.0.2.225", "192.0.2.226"],
                "stampInformationId": "3c2f0a5e-8d1b-4f7a-9a61-0b6f2d7f4c10",
                "stampCloudId": "7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77",
                "timeServer": "ntp.contoso.example",
                "externalDNSIPAddress01": "azs-ns01.east.cloud.contoso.example",
                "externalDNSIPAddress02": "azs-ns02.east.cloud.contoso.example",
                "exclusiveAdminOperationRunning": false,
            }),
            agrees: true,
            device_code: true,
            device_steps: Vec::new(),
            device_interval: 1,
            token_life: Duration::from_secs(3600),
            role: Role::Reader,
            redirect_ports: Vec::new(),
            instead: None,
            once: Vec::new(),
            refuses: None,
            login: None,
            region: "east",
            device_life: 900,
        }
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET /path`, with the query as it came
    pub line: String,
    /// Whether a token was shown.
    pub with_token: bool,
}

struct Token {
    audience: String,
    until: Instant,
}

struct Code {
    challenge: String,
    redirect: String,
    client: String,
    used: bool,
}

struct Inner {
    port: u16,
    behaviour: Behaviour,
    asked: Vec<Asked>,
    tokens: HashMap<String, Token>,
    codes: HashMap<String, Code>,
    devices: HashMap<String, String>,
    count: u64,
}

type Shared = Arc<Mutex<Inner>>;

/// A running server; it ends when this is dropped.
pub struct ArmServer {
    inner: Shared,
    certificates: Certificates,
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl ArmServer {
    /// Starts on a free port of loopback.
    pub fn start(behaviour: Behaviour) -> Self {
        Self::with_chain(behaviour, Chain::Whole)
    }

    /// Starts with another chain of certificates.
    pub fn with_chain(behaviour: Behaviour, chain: Chain) -> Self {
        let certificates = Certificates::new(chain);
        let listener =
            std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a socket without waiting");
        let port = listener.local_addr().expect("it is bound").port();
        let inner = Arc::new(Mutex::new(Inner {
            port,
            behaviour,
            asked: Vec::new(),
            tokens: HashMap::new(),
            codes: HashMap::new(),
            devices: HashMap::new(),
            count: 0,
        }));
        let router = Router::new().fallback(handle).with_state(inner.clone());
        let tls = certificates.server();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket without waiting");
                let listener = tls::TlsListener::new(listener, tls);
                tokio::select! {
                    served = axum::serve(listener, router) => served.expect("it serves"),
                    _ = stopped => {}
                }
            });
        });
        Self { inner, certificates, port, stop: Some(stop), thread: Some(thread) }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("https://localhost:{}/", self.port)
    }

    /// The root of its certificate, in PEM.
    pub fn root(&self) -> &str {
        self.certificates.root()
    }

    /// A client with the trust that a browser would have.
    pub fn browser(&self) -> reqwest::Client {
        reqwest::Client::builder()
            .tls_backend_preconfigured(self.certificates.client())
            .no_proxy()
            .build()
            .expect("a client")
    }

    /// The TLS of such a client.
    pub fn browser_tls(&self) -> rustls::ClientConfig {
        self.certificates.client()
    }

    /// Changes how it behaves.
    pub fn set(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut lock(&self.inner).behaviour);
    }

    /// Makes a token for this audience.
    pub fn token(&self, audience: &str, life: Duration) -> String {
        lock(&self.inner).issue(audience, life)
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.inner).asked.clone()
    }

    /// The lines of what was asked, without queries.
    pub fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|asked| asked.line.split('?').next().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for ArmServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(inner: &Shared) -> std::sync::MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    fn next(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}-{}", self.count, self.port)
    }

    fn issue(&mut self, audience: &str, life: Duration) -> String {
        let secret = self.next("token");
        self.tokens.insert(secret.clone(), Token { audience: audience.to_owned(), until: Instant::now() + life });
        secret
    }

    fn base(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

/// A request, taken apart.
struct Call {
    method: String,
    path: String,
    query: Fields,
    form: Fields,
    bearer: Option<String>,
}

/// Names and values; a name that is there twice is none.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    fn get(&self, name: &str) -> &str {
        let mut all = self.0.iter().filter(|(known, _)| known == name);
        match (all.next(), all.next()) {
            (Some((_, value)), None) => value,
            _ => "",
        }
    }
}

async fn handle(State(shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let bearer = head.headers.get("authorization").and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let body = to_bytes(body, 64 * 1024).await.unwrap_or_default();
    let call = Call {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: Fields::read(query.as_bytes()),
        form: Fields::read(&body),
        bearer,
    };
    let mut inner = lock(&shared);
    let line = format!("{} {}{}{query}", call.method, call.path, if query.is_empty() { "" } else { "?" });
    inner.asked.push(Asked { line, with_token: call.bearer.is_some() });
    let once = &mut inner.behaviour.once;
    if let Some(at) = once.iter().position(|(end, _)| call.path.ends_with(end)) {
        let (_, (status, body, headers)) = once.remove(at);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        return reply(status, body, &headers);
    }
    if call.path.contains("/oauth2/") {
        identity::answer(&mut inner, &call)
    } else {
        resources::answer(&mut inner, &call)
    }
}

fn reply(status: u16, body: impl Into<Vec<u8>>, headers: &[(&str, &str)]) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        let name: axum::http::HeaderName = name.parse().expect("a name");
        response.headers_mut().append(name, value.parse().expect("a value"));
    }
    response
}

fn reply_json(status: u16, value: &Value) -> Response {
    reply(status, value.to_string(), &[("content-type", "application/json; charset=utf-8")])
}
