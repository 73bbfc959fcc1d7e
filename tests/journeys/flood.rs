//! More output than the page can show.

use serde_json::{Value, json};
use tests::page::Page;
use tests::peer::{PASSWORD, Peer};

/// Lines that are kept for the screen.
const KEPT: u64 = 5_000;

fn number_of(item: &Value) -> u64 {
    item["seq"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_falls_behind_is_shown_the_newest_lines_and_at_the_end_all_that_are_kept() {
    const COUNT: u64 = 100_000;
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let sent = || peer.state()["stats"]["bytes_out"].as_u64().unwrap();
    let flood = json!({ "Count": { "kind": "number", "value": COUNT }, "Size": { "kind": "number", "value": 100 } });
    let id = page.start("Test-Flood", flood).await.unwrap();
    page.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    let (mut shown, mut heard): (Vec<u64>, u64) = (Vec::new(), 0);
    let result = loop {
        let batch = page.event("run", |_| true).await;
        let items: Vec<u64> = batch["items"].as_array().unwrap().iter().map(number_of).collect();
        heard += items.len() as u64;
        if batch["droppedFromView"].as_u64().unwrap() > 0 {
            shown.clear();
        }
        shown.extend(items);
        let whole = shown.windows(2).all(|two| two[0] + 1 == two[1]);
        assert!(whole, "a hole in what is shown, after {heard} lines");
        // A page that acknowledges nothing for a while is behind, however fast the machine is.
        while batch["batch"] == 4 && sent() < 8_000_000 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        page.ask("run_ack", json!({ "runId": id, "batch": batch["batch"] })).await;
        if batch["state"]["kind"] == "ended" {
            break batch["state"]["result"].clone();
        }
    };
    assert_eq!((&result["outcome"], &result["lines"]), (&json!("completed"), &json!(COUNT)), "{result}");
    assert!(heard < COUNT, "the page was not behind, so nothing was tested");
    let kept = &shown[shown.len() - usize::try_from(KEPT).unwrap()..];
    assert_eq!((kept.first(), kept.last()), (Some(&(COUNT - KEPT + 1)), Some(&COUNT)));
    // All lines are in the record, whatever was shown.
    assert_eq!(page.record().into_iter().filter(|line| line.kind == "output").count() as u64, COUNT);
    peer.assert_clean();
}
