//! Forgetting a stamp, verified by search (S-45).

use serde_json::json;
use tests::page::{ACCOUNT, Page, only};
use tests::peer::{PASSWORD, Peer};

#[tokio::test(flavor = "multi_thread")]
async fn s45_a_forgotten_stamp_leaves_nothing_but_a_line() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    let opened = page.connect_as(&peer.endpoint(), ACCOUNT, PASSWORD, true).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    let stamp = opened["session"]["stampId"].clone();
    let busy = page.call("stamp_forget", json!({ "stampId": stamp, "records": true })).await.unwrap_err();
    assert_eq!(busy["code"], "PEP-7201", "an open session is not pulled from under");
    assert_eq!(page.close(r"\\192.0.2.9\transcripts").await["kind"], "closed");
    let kept = page.ask("stamp_forget", json!({ "stampId": stamp, "records": false })).await;
    assert_eq!((&kept["passwords"], &kept["computers"], &kept["records"]), (&json!(1), &json!(1), &json!(0)), "{kept}");
    assert_eq!(kept["faults"], json!([]));
    assert_eq!(page.records().len(), 1, "records stay unless it is asked for");
    assert!(page.secrets.0.lock().unwrap().is_empty());
    let gone = page.ask("stamp_forget", json!({ "stampId": stamp, "records": true })).await;
    assert_eq!((&gone["passwords"], &gone["records"]), (&json!(0), &json!(1)), "{gone}");
    assert_eq!(page.records().len(), 0);
    for entry in walk(page.folder.path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).into_owned();
        assert!(name == "decisions.jsonl" || !text.contains(&peer.endpoint()), "{name} still names it: {text}");
    }
    let decisions = page.decisions();
    let forgotten: Vec<_> = decisions.iter().filter(|line| line.kind == "stamp_forgotten").collect();
    assert_eq!(forgotten.len(), 2);
    assert_eq!(forgotten[1].data["records"][0]["head"].as_str().unwrap().len(), 64, "the deleted record's last hash");
    only(&decisions, "identity_trusted");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}
