//! Test-only server: the same commands as the app's, over HTTP and server-sent events, for a plain browser.
//!
//! It binds to loopback, prints its port, and ends with its standard input.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test tool")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use app::host::{Host, SecretStore, StoreError};
use app::{App, AppEvent, dispatch};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use spnego::Secret;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::BroadcastStream;

/// The policy of the app's page, with this server as the only place to connect to.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

struct TestHost {
    folder: PathBuf,
    secrets: Arc<Memory>,
}

#[derive(Default)]
struct Memory(Mutex<HashMap<String, String>>);

impl SecretStore for Memory {
    fn name(&self) -> &'static str {
        "the test's memory"
    }
    fn status(&self) -> Result<(), StoreError> {
        Ok(())
    }
    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreError> {
        Ok(self.0.lock().expect("not poisoned").get(entry).cloned().map(Secret::from))
    }
    fn save(&self, entry: &str, secret: &Secret) -> Result<(), StoreError> {
        self.0.lock().expect("not poisoned").insert(entry.to_owned(), secret.expose().to_owned());
        Ok(())
    }
    fn forget(&self, entry: &str) -> Result<(), StoreError> {
        self.0.lock().expect("not poisoned").remove(entry);
        Ok(())
    }
}

impl Host for TestHost {
    fn data_folder(&self) -> PathBuf {
        self.folder.clone()
    }
    fn policy_files(&self) -> Vec<PathBuf> {
        vec![self.folder.join("policy.json")]
    }
    fn secrets(&self) -> Arc<dyn SecretStore> {
        self.secrets.clone()
    }
    fn pick_file(&self) -> BoxFuture<'static, Option<PathBuf>> {
        Box::pin(std::future::ready(None))
    }
    fn pick_save(&self, name: String) -> BoxFuture<'static, Option<PathBuf>> {
        Box::pin(std::future::ready(Some(self.folder.join(name))))
    }
    fn open_url(&self, url: &str) -> std::io::Result<()> {
        // There is one browser here, and it is the test's.
        Err(std::io::Error::other(format!("{url} is not opened by a test")))
    }
    fn confirm(&self, _title: String, _question: String) -> BoxFuture<'static, bool> {
        Box::pin(std::future::ready(true))
    }
    fn painted(&self) {}
    fn quit(&self) {}
}

#[derive(Clone)]
struct Shared {
    app: Arc<App>,
    events: broadcast::Sender<String>,
    page: PathBuf,
}

#[tokio::main]
async fn main() {
    let page = std::env::args_os().nth(1).map(PathBuf::from).expect("the folder of the page is given");
    let folder = tempfile::tempdir().expect("a folder for data");
    let host = TestHost { folder: folder.path().to_owned(), secrets: Arc::default() };
    let (tell, mut heard) = mpsc::unbounded_channel::<AppEvent>();
    let (events, _) = broadcast::channel(10_000);
    let app = App::new(Arc::new(host), tell, Vec::new());
    let shared = Shared { app, events: events.clone(), page };
    tokio::spawn(async move {
        while let Some(event) = heard.recv().await {
            let payload = event.payload().expect("events are JSON");
            // Nobody may be listening yet.
            let _ = events.send(serde_json::json!({ "event": event.name(), "payload": payload }).to_string());
        }
    });
    let routes = Router::new()
        .route("/command/{name}", post(command))
        .route("/events", get(listen))
        .fallback(get(file))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    println!("{}", listener.local_addr().expect("an address").port());
    let parent_gone = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        while std::io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) {}
    });
    tokio::select! {
        served = axum::serve(listener, routes) => served.expect("the server runs"),
        _ = parent_gone => {}
    }
}

async fn command(State(shared): State<Shared>, Path(name): Path<String>, body: Bytes) -> Response {
    let arguments = serde_json::from_slice(&body).unwrap_or_default();
    let (status, content) = match dispatch(&shared.app, &name, arguments).await {
        Ok(value) => (StatusCode::OK, value.to_string()),
        Err(fault) => (StatusCode::UNPROCESSABLE_ENTITY, serde_json::to_string(&fault).expect("faults are JSON")),
    };
    (status, [(header::CONTENT_TYPE, "application/json")], content).into_response()
}

async fn listen(State(shared): State<Shared>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = BroadcastStream::new(shared.events.subscribe());
    let lines = stream.filter_map(|event| std::future::ready(event.ok().map(|text| Ok(Event::default().data(text)))));
    Sse::new(lines).keep_alive(KeepAlive::default())
}

async fn file(State(shared): State<Shared>, uri: axum::http::Uri) -> Response {
    let name = uri.path().trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    if name.split('/').any(|part| part == "..") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    match std::fs::read(shared.page.join(name)) {
        Ok(bytes) => ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
