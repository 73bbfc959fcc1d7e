//! An endpoint on the port for HTTPS, whose key a person decides about (S-10).

use serde_json::{Value, json};
use tests::page::{Page, only};
use tests::peer::{PASSWORD, Peer};

/// A peer on port 5986, at an address of loopback that only this process uses.
fn peer(last: u8) -> Peer {
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = format!("127.{}.{low}.{last}", 64 | (high & 63));
    Peer::start(&["--tls", "--cbt", "--bind", &address, "--port", "5986"])
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_a_key_is_shown_trusted_kept_and_its_change_noticed() {
    let first = peer(1);
    let endpoint = first.endpoint();
    let mut page = Page::open();
    let (stamp, address) = page.stamp(&endpoint).await;
    assert_eq!(address["port"], 5986);

    // Looking at it needs no decision, and the page is told that it can be used.
    page.ask("endpoint_probe", json!({ "stampId": stamp, "addresses": [address] })).await;
    let probed = page.event("probe", |probe| probe["done"] == true).await;
    assert_eq!((&probed["usable"], &probed["fault"]), (&json!(true), &Value::Null), "{probed}");

    let at = json!({ "stampId": stamp, "address": address });
    let asked = page.ask("session_inspect", at.clone()).await;
    let certificate = &asked["question"]["certificate"];
    assert_eq!((&certificate["key"], &certificate["vouched"]), (&json!(first.tls_key()), &json!(false)), "{asked}");
    let decide = |decision: Value| json!({ "stampId": stamp, "address": address, "decision": decision });

    // Another one takes the address while the person looks at the fingerprint: it is not trusted by the answer.
    drop(first);
    let second = peer(1);
    assert_eq!(second.endpoint(), endpoint);
    let fault = page.call("session_trust", decide(json!({ "kind": "trust" }))).await.unwrap_err();
    assert_eq!(fault["code"], "PEP-3101", "{fault}");

    let opened = page.connect(&endpoint, PASSWORD).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    let echoed = page.run("Test-Echo", json!({ "Value": { "kind": "text", "value": "7" } })).await;
    assert_eq!(echoed["outcome"], "completed", "{echoed}");
    page.ask("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    let header = std::fs::read_to_string(&page.records()[0]).unwrap().lines().next().unwrap().to_owned();
    assert!(header.contains(second.tls_key()), "the record tells which key it was: {header}");
    let kept: Value = serde_json::from_slice(&std::fs::read(page.folder.path().join("pins.json")).unwrap()).unwrap();
    assert_eq!(kept["pins"][0]["key"], second.tls_key());

    // The same names with another key: stopped before the password, and asked about with both keys.
    let before = second.tls_key().to_owned();
    drop(second);
    let third = peer(1);
    let asked = page.connect(&endpoint, PASSWORD).await;
    assert_eq!((&asked["kind"], &asked["question"]["changed"]), (&json!("identity"), &json!(true)), "{asked}");
    let certificate = &asked["question"]["certificate"];
    assert_eq!((&certificate["key"], &certificate["keyBefore"]), (&json!(third.tls_key()), &json!(before)));
    assert_eq!(third.sign_ins(), 0);
    let computer = asked["question"]["now"]["computer"].clone();
    let replace = decide(json!({ "kind": "replace", "typedComputer": computer }));
    page.ask("session_trust", replace).await;
    assert_eq!(page.connect(&endpoint, PASSWORD).await["kind"], "open");
    let decisions = page.decisions();
    assert_eq!(only(&decisions, "identity_changed")["key_before"], before);
    let replaced = only(&decisions, "identity_replaced");
    assert_eq!((&replaced["key_before"], &replaced["key"]), (&json!(before), &json!(third.tls_key())));
    third.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_a_port_for_https_that_does_not_speak_it_is_named() {
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = format!("127.{}.{low}.2", 64 | (high & 63));
    let plain = Peer::start(&["--bind", &address, "--port", "5986"]);
    let mut page = Page::open();
    let result = page.connect(&plain.endpoint(), PASSWORD).await;
    assert_eq!((&result["kind"], &result["fault"]["code"]), (&json!("failed"), &json!("PEP-3305")), "{result}");
    assert_eq!(plain.sign_ins(), 0);
}
