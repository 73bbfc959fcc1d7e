//! The whole journey once, in the real window: real web view, real key ring, practice stamp, screenshots kept.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use e2e::window::{PATIENCE, Window};
use fantoccini::Locator;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn find_connect_diagnose_close() {
    let window = Window::open(&[]).await;
    window.see("screen-0").await;
    window.shot("0-start").await;
    // The policy is in force and the page has no way around the app (T-05, T-06).
    let open = window.run("return [typeof window.__TAURI__, Object.isFrozen(Object.prototype)]").await;
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
    window.click("3a-review").await;
    window.see("3b-preview").await;
    window.shot("3b-review").await;
    window.click("3b-run").await;
    window.see("screen-3c").await;
    window.shot("3c-running").await;
    window.see("3d-verdicts").await;
    assert!(window.text("3d-title").await.contains("2 of 26 checks failed"));
    window.shot("3d-result").await;
    window.click("session-close").await;
    window.see("screen-4a").await;
    // The fonts come with the app, under its policy.
    let fonts = window.run("return [...document.fonts].filter((font) => font.status === 'loaded').length >= 2").await;
    assert_eq!(fonts, json!(true));
    window.type_into("4a-share", r"\\192.0.2.9\transcripts").await;
    window.type_into("4a-account", r"CONTOSO\writer").await;
    window.type_into("4a-password", "share secret").await;
    window.shot("4a-close").await;
    window.click("4a-close").await;
    assert!(window.text("4c-title").await.contains("transcripts copied"));
    assert!(window.text("4c-findings").await.contains("2 of 26"));
    window.shot("4c-summary").await;
    // The key ring is the real one: the password was kept, so that the second time none has to be typed.
    window.click("4c-finish").await;
    window.click("0-start").await;
    // Whichever instance answers first this time, the one that was trusted is used again.
    window.click("1b-use").await;
    window.see("screen-2a").await;
    window
        .client
        .wait()
        .at_most(PATIENCE)
        .for_element(Locator::XPath("//p[contains(., 'A password is kept')]"))
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

#[tokio::test(flavor = "multi_thread")]
async fn a_file_given_to_a_second_start_reaches_the_first_window() {
    let window = Window::open(&[]).await;
    window.see("screen-0").await;
    // As a file manager does: the file by a path from where that start is.
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    assert!(window.start_again(&fixtures, &["stamps/utf16.json"]).await.success(), "the second start ends by itself");
    window.see("screen-1a").await;
    let read = window.text("1a-read").await;
    assert!(read.contains("east") && read.contains("192.0.2.226"), "{read}");
    assert_eq!(window.count().await, 1);
    window.shot("1a-second-start").await;
    // Another file on the same screen takes its place.
    let other = tempfile::tempdir().unwrap();
    let stamp = json!({ "RegionName": "north", "EmergencyConsoleIPAddresses": ["192.0.2.98"] });
    std::fs::write(other.path().join("other.json"), stamp.to_string()).unwrap();
    assert!(window.start_again(other.path(), &["other.json"]).await.success());
    let there = "//*[@data-testid='1a-read'][contains(., 'north')]";
    window.client.wait().at_most(PATIENCE).for_element(Locator::XPath(there)).await.unwrap();
    // Nothing of a start without a file changes what the window shows.
    assert!(window.start_again(other.path(), &["--nothing", "missing.json"]).await.success());
    assert!(window.text("1a-read").await.contains("north"));
    assert_eq!(window.count().await, 1);
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_window_with_an_open_session_asks() {
    let window = Window::open(&[]).await;
    window.click("0-start").await;
    window.click("1b-use").await;
    window.click("2b-trust").await;
    window.see("screen-2a").await;
    window.click("2a-fill-practice").await;
    window.click("2a-sign-in").await;
    window.see("screen-3a").await;
    window.press_close().await;
    let asks = "[data-testid=quit-dialog][open]";
    window.find(asks).await;
    window.shot("quit-open-session").await;
    window.click("quit-cancel").await;
    // Nothing was ended: the same session runs a command.
    window.click("3a-item-Test-AzureStack").await;
    window.click("3a-review").await;
    window.click("3b-run").await;
    window.see("3d-verdicts").await;
    window.press_close().await;
    window.find(asks).await;
    window.click("quit-end").await;
    window.ended().await;
}
