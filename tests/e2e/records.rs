//! 1,000,000 output records through the whole app: session, record, page. `cargo xtask bench records`
//!
//! The independent peer sends them; the app is the optimised one that a driver may steer. Prints one JSON object: how long
//! it took, how memory grew (proportional share of the app and its web processes), and how the page felt meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a measurement")]

use std::time::{Duration, Instant};

use e2e::window::Window;
use serde_json::{Value, json};
use tests::peer::{PASSWORD, Peer, USER};

/// Records of one run, of this many characters each.
const COUNT: u32 = 1_000_000;
const SIZE: u32 = 100;

/// Counts frames, the longest time between two, and how long a click takes until its effect is drawn.
const WATCH: &str = "
    const seen = (window.seen = { frames: 0, longest: 0, clicks: [] });
    let last = performance.now();
    requestAnimationFrame(function frame(now) {
        seen.frames += 1;
        seen.longest = Math.max(seen.longest, now - last);
        last = now;
        requestAnimationFrame(frame);
    });
    setInterval(() => {
        const wrap = document.querySelector('[data-testid=output-wrap]');
        if (!wrap) return;
        const clicked = performance.now();
        wrap.click();
        requestAnimationFrame(() => setTimeout(() => seen.clicks.push(performance.now() - clicked)));
    }, 500);";

#[tokio::main]
async fn main() {
    let peer = Peer::start(&["--log-level", "none"]);
    let window = Window::open(&[]).await;
    reach(&window, &peer).await;
    window.click("3a-all").await;
    window.click("3a-item-Test-Flood").await;
    window.click("3a-review").await;
    window.click("3b-more").await;
    window.type_into("3b-Count", &COUNT.to_string()).await;
    window.type_into("3b-Size", &SIZE.to_string()).await;
    window.run(WATCH).await;
    let before = window.memory();
    let started = Instant::now();
    window.click("3b-run").await;
    window.see("screen-3c").await;
    let mut peak = before.clone();
    while window.run("return document.querySelector('[data-testid=screen-3d]') === null").await == true {
        let now = window.memory();
        if sum(&now) > sum(&peak) {
            peak = now;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let shown = window.text("3d-raw").await;
    window.shot("bench-records").await;
    let after = window.memory();
    let seen = window.run("return window.seen").await;
    let clicks = sorted(&seen["clicks"]);
    println!(
        "{:#}",
        json!({
            "records": COUNT, "characters": SIZE, "seconds": seconds, "shown": shown,
            "memory_mib": { "before": mib(&before), "peak": mib(&peak), "after": mib(&after) },
            "growth_mib": sum(&peak).saturating_sub(sum(&before)) / 1024,
            "page": {
                "frames": seen["frames"], "longest_gap_ms": seen["longest"], "clicks": clicks.len(),
                "click_ms": { "median": clicks.get(clicks.len() / 2), "worst": clicks.last() },
            },
        })
    );
    window.close().await;
}

fn sum(memory: &[(String, u64)]) -> u64 {
    memory.iter().map(|(_, kib)| kib).sum()
}

fn mib(memory: &[(String, u64)]) -> Value {
    let mut all: serde_json::Map<_, _> = memory.iter().map(|(name, kib)| (name.clone(), json!(kib / 1024))).collect();
    all.insert("all".to_owned(), json!(sum(memory) / 1024));
    Value::Object(all)
}

/// Connects to the peer as a person would.
async fn reach(window: &Window, peer: &Peer) {
    window.click("0-own").await;
    window.click("0-start").await;
    window.click("1a-how-given").await;
    window.type_into("1a-typed", &peer.endpoint()).await;
    window.click("1a-check").await;
    window.click("1b-use").await;
    window.click("2b-trust").await;
    window.type_into("2a-account", USER).await;
    window.type_into("2a-password", PASSWORD).await;
    window.click("2a-sign-in").await;
}

fn sorted(values: &Value) -> Vec<f64> {
    let mut values: Vec<f64> = values.as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    values.sort_by(f64::total_cmp);
    values
}
