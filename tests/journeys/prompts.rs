//! Questions of the endpoint, as the page is told them.

use serde_json::json;
use tests::page::{ACCOUNT, Page, only};
use tests::peer::{PASSWORD, Peer};

#[tokio::test(flavor = "multi_thread")]
async fn f13_a_hostile_question_is_cut_and_made_visible_and_recorded_whole() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let what = json!({ "What": { "kind": "text", "value": "hostile" } });
    let id = page.start("Test-HostPrompt", what).await.unwrap();
    page.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    let batch = page.event("run", |batch| !batch["prompt"].is_null()).await;
    let prompt = &batch["prompt"];
    let choice = &prompt["form"]["choices"][0];
    for text in [&prompt["caption"], &prompt["message"], &choice["label"], &choice["help"]] {
        let text = text.as_str().unwrap();
        assert!(text.starts_with("Password\u{fffd}]0;title\u{fffd} \u{fffd}drowssap\u{fffd} 0123"), "{}", &text[..80]);
        assert!(text.ends_with('\u{2026}') && text.len() < 5_000, "{} bytes", text.len());
    }
    page.ask("run_ack", json!({ "runId": id, "batch": batch["batch"] })).await;
    let answer = json!({ "kind": "chosen", "choices": [1] });
    page.ask("prompt_answer", json!({ "runId": id, "call": prompt["call"], "answer": answer })).await;
    let (result, _) = page.follow(&id).await;
    assert_eq!(result["outcome"], "completed", "{result}");
    let whole =
        format!("\u{1b}[31mPassword\u{1b}]0;title\u{7} \u{202e}drowssap\u{2066} {}", "0123456789abcdef".repeat(65_536));
    let lines = page.record();
    let asked = only(&lines, "question");
    assert!(asked["caption"] == whole.as_str() && asked["message"] == whole.as_str(), "the record holds all of it");
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn s20_a_question_for_a_password_is_not_filled_from_the_key_ring() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect_as(&peer.endpoint(), ACCOUNT, PASSWORD, true).await["kind"], "open");
    let (stamp, _) = page.stamp(&peer.endpoint()).await;
    assert_eq!(page.ask("secret_has", json!({ "stampId": stamp, "account": ACCOUNT })).await, true, "one is kept");
    for what in ["credential", "securestring"] {
        let what = json!({ "What": { "kind": "text", "value": what } });
        let id = page.start("Test-HostPrompt", what.clone()).await.unwrap();
        page.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
        let batch = page.event("run", |batch| !batch["prompt"].is_null()).await;
        let form = &batch["prompt"]["form"];
        let fields = form["fields"].as_array().unwrap();
        assert!(
            fields.iter().any(|field| ["secret", "credential"].contains(&field["input"].as_str().unwrap())),
            "{form}"
        );
        for field in fields {
            // There is no place for anything that would be filled in.
            let mut parts: Vec<_> = field.as_object().unwrap().keys().collect();
            parts.sort();
            assert_eq!(parts, ["help", "input", "label", "mandatory", "name"], "{what}");
        }
        assert!(!batch.to_string().contains(PASSWORD), "{what}");
        page.ask("run_ack", json!({ "runId": id, "batch": batch["batch"] })).await;
        let call = &batch["prompt"]["call"];
        let refuse = json!({ "runId": id, "call": call, "answer": { "kind": "refuse" } });
        page.ask("prompt_answer", refuse).await;
        page.follow(&id).await;
    }
    assert!(page.heard.iter().all(|heard| !heard.contains(PASSWORD)));
}
