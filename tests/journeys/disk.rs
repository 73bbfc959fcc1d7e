//! A slow, full or missing disk below a session.

use std::sync::Arc;

use serde_json::{Value, json};
use tests::gate::GatedDisk;
use tests::page::{Page, only};
use tests::peer::{PASSWORD, Peer};

fn flood(count: u64, size: u64) -> Value {
    json!({ "Count": { "kind": "number", "value": count }, "Size": { "kind": "number", "value": size } })
}

#[tokio::test(flavor = "multi_thread")]
async fn c16_a_disk_that_stands_still_stops_the_endpoint_and_nothing_is_lost() {
    const COUNT: u64 = 60_000;
    let peer = Peer::start(&[]);
    let disk = GatedDisk::default();
    let mut page = Page::on(Arc::new(tempfile::tempdir().unwrap()), Arc::new(disk.clone()));
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let before = peer.state()["stats"]["bytes_out"].as_u64().unwrap();
    let id = page.start("Test-Flood", flood(COUNT, 600)).await.unwrap();
    disk.close(true);
    let standing = disk.clone();
    tokio::task::spawn_blocking(move || standing.wait_for_a_write()).await.unwrap();
    // The peer sends until every buffer on the way is full, and then no more.
    let mut sent = 0;
    let mut same = 0;
    while same < 40 {
        let now = peer.state()["stats"]["bytes_out"].as_u64().unwrap() - before;
        same = if now == sent { same + 1 } else { 0 };
        sent = now;
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    // 36 MB of text are 50 MB on the wire.
    assert!(sent < 35_000_000, "{sent} bytes were drained although nothing could be written");
    assert_eq!(page.session().await["state"]["kind"], "running");
    disk.close(false);
    let (result, _) = page.follow(&id).await;
    assert_eq!((&result["outcome"], &result["lines"]), (&json!("completed"), &json!(COUNT)), "{result}");
    let outputs = page.record().into_iter().filter(|line| line.kind == "output").count() as u64;
    assert_eq!(outputs, COUNT);
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn f40_a_full_disk_suspends_the_record_and_the_session_can_still_be_closed() {
    let peer = Peer::start(&[]);
    let disk = GatedDisk::default();
    let mut page = Page::on(Arc::new(tempfile::tempdir().unwrap()), Arc::new(disk.clone()));
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let id = page.start("Test-Flood", flood(5_000, 400)).await.unwrap();
    disk.fits(700_000);
    let (result, _) = page.follow(&id).await;
    assert_eq!(result["outcome"], "completed", "what runs is drained to its end: {result}");
    let session = page.session().await;
    assert_eq!((&session["state"]["kind"], &session["recordFault"]["code"]), (&json!("ready"), &json!("PEP-1003")));
    let counted: u64 = session["recordFault"]["values"]["lines"].as_str().unwrap().parse().unwrap();
    let fault = page.start("Get-ActionStatus", json!({})).await.unwrap_err();
    assert_eq!((&fault["code"], &fault["blame"]), (&json!("PEP-1003"), &json!("thisComputer")), "nothing new begins");
    assert_eq!(page.close(r"\\192.0.2.9\transcripts").await["kind"], "closed");
    let lines = page.record();
    let outputs = lines.iter().filter(|line| line.kind == "output").count() as u64;
    assert!(outputs > 0 && outputs + counted >= 5_000, "{outputs} lines and {counted} counted");
    only(&lines, "suspended");
    assert_eq!(only(&lines, "closed")["transcripts"], true);
    assert_eq!(lines.last().unwrap().kind, "end");
}

#[tokio::test(flavor = "multi_thread")]
async fn j6_f47_without_a_place_for_records_there_is_no_session() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    // A file stands where the folder should be.
    std::fs::write(page.folder.path().join("records"), b"").unwrap();
    let snapshot = page.ask("app_snapshot", json!({})).await;
    assert_eq!(snapshot["recordsFault"]["code"], "PEP-1001");
    let result = page.connect(&peer.endpoint(), PASSWORD).await;
    assert_eq!((&result["kind"], &result["fault"]["code"]), (&json!("failed"), &json!("PEP-1001")), "{result}");
    assert!(result["fault"]["values"]["folder"].as_str().unwrap().ends_with("records"));
    assert_eq!(peer.sign_ins(), 0, "the password was not used for it");
}
