//! The app's window, driven through WebKitWebDriver as a person would use it, by the page's test ids.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken set-up ends the test")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// How long anything may take to appear.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long one start of the app may take.
const TRY: Duration = Duration::from_secs(25);

/// Answers with the element's place when it has stood still for two frames: a screen that is still being laid out moves its buttons
/// away under the pointer.
const STANDS: &str = "
    const [element, done] = arguments;
    const place = () => JSON.stringify(element.getBoundingClientRect());
    const look = (before) => requestAnimationFrame(() => requestAnimationFrame(() => {
        const now = place();
        now === before ? done(now) : look(now);
    }));
    look(place());";

/// What the page shows: its words, and the buttons that cannot be pressed.
const STATE: &str = "
    const still = [...document.querySelectorAll(':disabled')].map((one) => one.dataset.testid);
    return { words: document.body.innerText, disabled: still, heard: window.heard };";

/// Notes whether the page hears of the next click.
const LISTEN: &str = "window.heard = false; window.addEventListener('click', () => (window.heard = true), { capture: true, once: true });";

/// How long a click may take to reach the page.
const HEARD: Duration = Duration::from_secs(2);

/// Answers when the fonts are loaded and two further frames were drawn with them.
const DRAWN: &str = "
    const done = arguments[arguments.length - 1];
    const frame = (next) => requestAnimationFrame(() => next());
    document.fonts.ready.then(() => frame(() => frame(() => setTimeout(done))));";

/// Starts a driver, and the app through it.
async fn try_open(capabilities: &Map<String, Value>, home: &Path) -> Option<(Client, Child)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let driver = Command::new("WebKitWebDriver")
        .arg(format!("--port={port}"))
        .envs([("TAURI_AUTOMATION", "true"), ("TAURI_WEBVIEW_AUTOMATION", "true"), ("PEP_PRACTICE_SPEED", "500")])
        .envs(["DATA", "CONFIG", "CACHE"].map(|kind| (format!("XDG_{kind}_HOME"), home.join(kind))))
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

/// The window of a running app.
pub struct Window {
    /// The driver's client, for what has no function here.
    pub client: Client,
    driver: Child,
    shots: PathBuf,
    home: TempDir,
}

impl Window {
    /// Starts the app that `PEP_APP` names with these arguments, as on its first day: nothing is remembered but in the key ring.
    pub async fn open(arguments: &[&str]) -> Self {
        let app = std::env::var("PEP_APP").expect("PEP_APP names the app's binary; `cargo xtask test window` sets it");
        let shots = PathBuf::from(std::env::var("PEP_SCREENSHOTS").expect("PEP_SCREENSHOTS names a folder"));
        std::fs::create_dir_all(&shots).unwrap();
        let capabilities: Map<String, Value> =
            serde_json::from_value(json!({ "webkitgtk:browserOptions": { "binary": app, "args": arguments } }))
                .unwrap();
        let home = tempfile::tempdir().unwrap();
        let opened = async {
            loop {
                // An app that is still closing takes the place of the next one (single instance), and the driver then
                // waits for a window that never comes: a driver of its own for each try.
                if let Some(both) = tokio::time::timeout(TRY, try_open(&capabilities, home.path())).await.ok().flatten()
                {
                    return both;
                }
                let _ = Command::new("pkill").args(["-f", &app]).status().await;
            }
        };
        let (client, driver) = tokio::time::timeout(3 * PATIENCE, opened).await.expect("the app opens");
        Self { client, driver, shots, home }
    }

    /// Waits for an element.
    pub async fn see(&self, id: &str) -> Element {
        self.find(&format!("[data-testid='{id}']")).await
    }

    /// Waits until an element can be clicked and stands still, and clicks it. On a busy machine a window that was just drawn may
    /// not hear the pointer: a click that the page never saw is given again, as a person would.
    pub async fn click(&self, id: &str) {
        let css = format!("[data-testid='{id}']:not([disabled])");
        let deadline = Instant::now() + PATIENCE;
        while !self.try_click(&css).await {
            assert!(Instant::now() < deadline, "{id} cannot be clicked");
        }
    }

    /// Clicks once, and says whether the page has heard of it; a page that has gone with the click has.
    async fn try_click(&self, css: &str) -> bool {
        let element = self.find(css).await;
        let place = serde_json::to_value(&element).unwrap();
        if self.client.execute_async(STANDS, vec![place]).await.is_err() {
            // It was drawn anew in the meantime.
            return false;
        }
        self.run(LISTEN).await;
        // The driver has no answer when the click closes the window.
        let clicked = element.click().await;
        let until = Instant::now() + HEARD;
        while Instant::now() < until {
            match self.client.execute("return window.heard", Vec::new()).await {
                Ok(Value::Bool(false)) if clicked.is_err() => return false,
                Ok(Value::Bool(false)) => tokio::time::sleep(Duration::from_millis(10)).await,
                _ => return true,
            }
        }
        false
    }

    /// Waits for what a selector names; what the page says instead is told and pictured.
    pub async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let page = self.client.execute(STATE, Vec::new()).await;
                self.shot("missing").await;
                panic!("{css} is not there ({error}); the page says: {page:?}")
            }
        }
    }

    /// Types into a field.
    pub async fn type_into(&self, id: &str, text: &str) {
        self.see(id).await.send_keys(text).await.unwrap();
    }

    /// The text of an element.
    pub async fn text(&self, id: &str) -> String {
        self.see(id).await.text().await.unwrap()
    }

    /// Keeps a picture of the window in the folder that `PEP_SCREENSHOTS` names, taken when fonts are there and all is drawn.
    pub async fn shot(&self, name: &str) {
        self.client.execute_async(DRAWN, Vec::new()).await.unwrap();
        let image = self.client.screenshot().await.unwrap();
        std::fs::write(self.shots.join(format!("{name}.png")), image).unwrap();
    }

    /// Starts the app once more from a folder, as somebody does who opens a file with it, and waits until that start has ended.
    pub async fn start_again(&self, folder: &Path, arguments: &[&str]) -> std::process::ExitStatus {
        let app = std::env::var("PEP_APP").unwrap();
        let mut again = Command::new(app);
        again.args(arguments).current_dir(folder).stdout(Stdio::null()).kill_on_drop(true);
        // Files of its own: it must find the first one all the same.
        again.envs(
            ["DATA", "CONFIG", "CACHE"].map(|kind| (format!("XDG_{kind}_HOME"), self.home.path().join("second"))),
        );
        tokio::time::timeout(PATIENCE, again.status()).await.expect("it ends").expect("it starts")
    }

    /// How many windows of the app there are.
    pub async fn count(&self) -> usize {
        let listed = Command::new("wmctrl").arg("-l").output().await.expect("wmctrl is installed");
        String::from_utf8_lossy(&listed.stdout).lines().filter(|line| line.contains("PEP Assistant")).count()
    }

    /// Asks the window to close, as its title bar does.
    pub async fn press_close(&self) {
        let asked = Command::new("wmctrl").args(["-c", "PEP Assistant"]).status().await.expect("wmctrl is installed");
        assert!(asked.success(), "the window is not there");
    }

    /// Waits until the app has ended by itself.
    pub async fn ended(mut self) {
        let over = async {
            while self.family().iter().any(|id| runs_app(*id)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, over).await.expect("the app ends");
        let _ = self.driver.kill().await;
    }

    /// Closes the window and ends its driver.
    pub async fn close(mut self) {
        self.client.close().await.unwrap();
        let _ = self.driver.kill().await;
    }

    /// The memory of the app and of its web processes by name, in KiB: the proportional share of each, so that what they share
    /// counts once.
    pub fn memory(&self) -> Vec<(String, u64)> {
        let name = |id| std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default().trim().to_owned();
        self.family().into_iter().map(|id| (name(id), share_kib(id))).collect()
    }

    /// The processes below the driver: the app, and what it started.
    fn family(&self) -> Vec<u32> {
        let mut family = vec![self.driver.id().expect("the driver runs")];
        let parents: Vec<(u32, u32)> = processes().collect();
        let mut known = 0;
        while known < family.len() {
            let parent = family[known];
            family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
            known += 1;
        }
        family.split_off(1)
    }

    /// Runs a script in the page and gives its value.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }
}

/// All processes, each with its parent.
fn processes() -> impl Iterator<Item = (u32, u32)> {
    std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        // The name of the program stands in brackets and may hold anything; state and parent follow it.
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((id, parent))
    })
}

/// Whether this is the app, and it has not ended.
fn runs_app(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.contains("(pep-assistant)") && !stat.contains(") Z ")
}

/// The proportional share of one process; none when it has just ended.
fn share_kib(id: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
