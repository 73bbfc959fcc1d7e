//! Ending the app with an open session, and the next start (R-10, R-11).

use std::sync::Arc;

use record::Disk;
use serde_json::{Value, json};
use tests::page::{Page, only};
use tests::peer::{PASSWORD, Peer};

async fn open_with_a_run(peer: &Peer) -> (Page, Value) {
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let id = page.start("Test-Sleep", json!({ "Seconds": { "kind": "number", "value": 600 } })).await.unwrap();
    while peer.log("invoke").iter().all(|entry| entry["name"] != "Test-Sleep") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    (page, id)
}

/// The app of the next start on a copy of the data, as it is when the first one has ended; and what it finds.
pub(crate) async fn next_start(page: Page) -> (Page, Value) {
    let mut beside = Page::on(Arc::clone(&page.folder), Arc::new(Disk));
    let here = beside.ask("app_snapshot", json!({})).await;
    assert_eq!(here["unfinished"], json!([]), "the first app still lives: its record is not offered");
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records");
    std::fs::create_dir_all(&records).unwrap();
    for record in page.records() {
        std::fs::copy(&record, records.join(record.file_name().unwrap())).unwrap();
    }
    let mut next = Page::on(Arc::new(folder), Arc::new(Disk));
    let snapshot = next.ask("app_snapshot", json!({})).await;
    (next, snapshot)
}

#[tokio::test(flavor = "multi_thread")]
async fn f29_keep_running_leaves_the_command_at_the_endpoint() {
    let peer = Peer::start(&[]);
    let (mut page, id) = open_with_a_run(&peer).await;
    page.ask("app_quit", json!({ "choice": "keepRunning" })).await;
    assert_eq!(page.quits(), 1);
    assert_eq!(peer.log("shell_disconnect").len() + peer.log("shell_disconnected").len(), 1, "{:?}", peer.state());
    assert_eq!(peer.state()["shells"].as_array().unwrap().len(), 1, "it runs on");
    let lines = page.record();
    assert_eq!(only(&lines, "quit")["choice"], "keep_running");
    assert_eq!(only(&lines, "left_running")["run"], id);
    let (mut next, snapshot) = next_start(page).await;
    let left = &snapshot["unfinished"][0];
    assert_eq!((&left["leftRunning"], &left["endpoint"]), (&json!(true), &json!(peer.endpoint())), "{snapshot}");
    let after = next.ask("record_abandon", json!({ "recordId": left["recordId"] })).await;
    assert_eq!(after["unfinished"], json!([]));
    assert_eq!(next.record().last().unwrap().kind, "abandoned");
    let fault = next.call("record_abandon", json!({ "recordId": "../pins" })).await.unwrap_err();
    assert_eq!(fault["code"], "PEP-1004");
}

#[tokio::test(flavor = "multi_thread")]
async fn f29_what_the_endpoint_does_not_keep_is_not_left() {
    let peer = Peer::start(&[]);
    let (mut page, _) = open_with_a_run(&peer).await;
    peer.rule(json!({ "do": "fault", "action": "Disconnect", "times": 0, "arg": 2_150_858_771_u32 }));
    let fault = page.call("app_quit", json!({ "choice": "keepRunning" })).await.unwrap_err();
    assert_eq!(fault["blame"], "endpoint", "{fault}");
    assert_eq!(page.quits(), 0, "the app goes on");
    assert!(page.app.has_open_session());
    assert!(page.record().iter().all(|line| line.kind != "left_running"), "nothing is claimed");
    page.ask("app_quit", json!({ "choice": "endNow" })).await;
    assert_eq!(page.quits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f29_end_now_ends_the_session_without_its_transcripts() {
    let peer = Peer::start(&[]);
    let (mut page, _) = open_with_a_run(&peer).await;
    page.ask("app_quit", json!({ "choice": "endNow" })).await;
    assert_eq!(page.quits(), 1);
    assert_eq!(peer.state()["shells"], json!([]), "it is gone");
    let lines = page.record();
    assert_eq!(only(&lines, "quit")["choice"], "end_now");
    assert_eq!(only(&lines, "closed")["transcripts"], false);
    assert_eq!(lines.last().unwrap().kind, "end");
}

#[tokio::test(flavor = "multi_thread")]
async fn f29_close_first_leads_to_closing_and_ends_nothing() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    page.ask("app_quit", json!({ "choice": "closeFirst" })).await;
    assert_eq!((page.quits(), page.app.has_open_session()), (0, true));
    assert_eq!(page.close(r"\\192.0.2.9\transcripts").await["kind"], "closed");
    page.ask("app_quit", json!({ "choice": "endNow" })).await;
    assert_eq!(page.quits(), 1);
    assert_eq!(only(&page.record(), "quit")["choice"], "close_first");
}

#[tokio::test(flavor = "multi_thread")]
async fn f30_the_operating_system_waits_for_three_seconds_at_most() {
    let peer = Peer::start(&[]);
    let (page, _) = open_with_a_run(&peer).await;
    let started = std::time::Instant::now();
    page.app.ended_by_system().await;
    assert!(started.elapsed() < std::time::Duration::from_secs(3));
    assert_eq!(only(&page.record(), "quit")["choice"], "system");
    only(&page.record(), "left_running");
    // An endpoint that hangs does not hold the system up.
    let (page, _) = open_with_a_run(&peer).await;
    peer.rule(json!({ "do": "hang", "action": "Disconnect", "times": 0 }));
    let started = std::time::Instant::now();
    page.app.ended_by_system().await;
    assert!(started.elapsed() < std::time::Duration::from_secs(4));
    assert!(page.record().iter().all(|line| line.kind != "left_running"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_a_session_that_was_cut_off_is_found_at_the_next_start() {
    let peer = Peer::start(&[]);
    let (page, _) = open_with_a_run(&peer).await;
    // A copy of what is on the disk now is what a crash would leave, with half a line.
    let crashed = Page::open();
    let from = page.records().remove(0);
    let folder = crashed.folder.path().join("records");
    std::fs::create_dir_all(&folder).unwrap();
    let mut bytes = std::fs::read(&from).unwrap();
    bytes.extend_from_slice(b"{\"seq\":99,\"utc\":\"20");
    std::fs::write(folder.join(from.file_name().unwrap()), bytes).unwrap();
    let mut crashed = Page::on(Arc::clone(&crashed.folder), Arc::new(Disk));
    let snapshot = crashed.ask("app_snapshot", json!({})).await;
    let left = &snapshot["unfinished"][0];
    assert_eq!((&left["leftRunning"], &left["alteredAt"]), (&json!(false), &Value::Null), "{snapshot}");
    assert_eq!(left["endpoint"], peer.endpoint());
    let lines = crashed.record();
    assert_eq!(lines.last().unwrap().kind, "recovered");
    let intents = lines.iter().filter(|line| line.kind == "intent").count();
    assert!(intents >= 3, "create and both commands are known: {lines:#?}");
}
