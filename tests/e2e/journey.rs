//! The whole journey once, in the real window: real web view, real key ring, practice stamp, screenshots kept.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, json};
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_secs(60);

/// How long one start of the app may take.
const TRY: Duration = Duration::from_secs(25);

/// Starts a driver, and the app through it.
async fn try_open(capabilities: &Map<String, serde_json::Value>) -> Option<(Client, Child)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let driver = Command::new("WebKitWebDriver")
        .arg(format!("--port={port}"))
        .envs([("TAURI_AUTOMATION", "true"), ("TAURI_WEBVIEW_AUTOMATION", "true"), ("PEP_PRACTICE_SPEED", "500")])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("WebKitWebDriver is installed");
    let url = format!("http://127.0.0.1:{port}");
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut builder = ClientBuilder::new(HttpConnector::new());
    let client = builder.capabilities(capabilities.clone()).connect(&url).await.ok()?;
    Some((client, driver))
}

struct Window {
    client: Client,
    driver: Child,
    shots: PathBuf,
}

impl Window {
    async fn open(arguments: &[&str]) -> Self {
        let app = std::env::var("PEP_APP").expect("PEP_APP names the app's binary; `cargo xtask test window` sets it");
        let shots = PathBuf::from(std::env::var("PEP_SCREENSHOTS").expect("PEP_SCREENSHOTS names a folder"));
        std::fs::create_dir_all(&shots).unwrap();
        let capabilities: Map<String, serde_json::Value> =
            serde_json::from_value(json!({ "webkitgtk:browserOptions": { "binary": app, "args": arguments } }))
                .unwrap();
        let opened = async {
            loop {
                // An app that is still closing takes the place of the next one (single instance), and the driver then
                // waits for a window that never comes: a driver of its own for each try.
                if let Some(both) = tokio::time::timeout(TRY, try_open(&capabilities)).await.ok().flatten() {
                    return both;
                }
                let _ = Command::new("pkill").args(["-f", &app]).status().await;
            }
        };
        let (client, driver) = tokio::time::timeout(3 * PATIENCE, opened).await.expect("the app opens");
        Self { client, driver, shots }
    }

    async fn see(&self, id: &str) -> Element {
        let css = format!("[data-testid='{id}']");
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(&css)).await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let page = self.client.execute("return document.body.innerText", Vec::new()).await;
                self.shot("missing").await;
                panic!("{id} is not there ({error}); the page says: {page:?}")
            }
        }
    }

    async fn click(&self, id: &str) {
        let css = format!("[data-testid='{id}']:not([disabled])");
        let element = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(&css)).await;
        element.unwrap_or_else(|error| panic!("{id} cannot be clicked: {error}")).click().await.unwrap();
    }

    async fn type_into(&self, id: &str, text: &str) {
        self.see(id).await.send_keys(text).await.unwrap();
    }

    async fn text(&self, id: &str) -> String {
        self.see(id).await.text().await.unwrap()
    }

    async fn shot(&self, name: &str) {
        let image = self.client.screenshot().await.unwrap();
        std::fs::write(self.shots.join(format!("{name}.png")), image).unwrap();
    }

    async fn close(mut self) {
        self.client.close().await.unwrap();
        let _ = self.driver.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn find_connect_diagnose_close() {
    let window = Window::open(&[]).await;
    window.see("screen-0").await;
    window.shot("0-start").await;
    // The policy is in force and the page has no way around the app (T-05, T-06).
    let open = window
        .client
        .execute("return [typeof window.__TAURI__, Object.isFrozen(Object.prototype)]", Vec::new())
        .await
        .unwrap();
    assert_eq!(open, json!(["undefined", true]));
    window.click("0-start").await;
    window.see("screen-1b").await;
    window.click("1b-use").await;
    window.see("screen-2b").await;
    window.shot("2b-first-use").await;
    assert_eq!(window.text("2b-computer").await, "PRAC-ERCS01");
    window.click("2b-trust").await;
    window.see("screen-2a").await;
    window.click("2a-fill-practice").await;
    window.click("2a-remember").await;
    window.shot("2a-sign-in").await;
    window.click("2a-sign-in").await;
    window.see("screen-3a").await;
    window.shot("3a-choose").await;
    window.click("3a-item-Test-AzureStack").await;
    window.see("3b-preview").await;
    window.shot("3b-review").await;
    window.click("3b-run").await;
    window.see("screen-3c").await;
    window.shot("3c-running").await;
    window.see("3d-verdicts").await;
    assert!(window.text("3d-title").await.contains("2 of 26 checks failed"));
    window.shot("3d-result").await;
    window.click("session-close").await;
    window.type_into("4a-share", r"\\192.0.2.9\transcripts").await;
    window.type_into("4a-account", r"CONTOSO\writer").await;
    window.type_into("4a-password", "share secret").await;
    window.shot("4a-close").await;
    window.click("4a-close").await;
    assert!(window.text("4c-title").await.contains("transcripts copied"));
    window.shot("4c-summary").await;
    // The key ring is the real one: the password was kept, so that the second time none has to be typed.
    window.click("4c-finish").await;
    window.click("0-start").await;
    window.click("1b-use").await;
    window.see("screen-2a").await;
    window
        .client
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::XPath("//*[contains(text(), 'A password is kept')]"))
        .await
        .unwrap();
    window.click("2a-sign-in").await;
    window.see("screen-3a").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stamp_file_given_as_an_argument_is_read() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/stamps/utf16.json");
    let window = Window::open(&[file]).await;
    window.see("screen-0").await;
    window.click("0-own").await;
    window.click("0-start").await;
    let read = window.text("1a-read").await;
    assert!(read.contains("east") && read.contains("192.0.2.226"), "{read}");
    window.shot("1a-file-argument").await;
    window.close().await;
}
