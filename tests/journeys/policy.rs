//! What whoever looks after a computer forbids or requires (S-32), as the page is told it, and that nothing gets around it.

use std::sync::Arc;

use serde_json::{Value, json};
use tests::page::{ACCOUNT, Page, only};
use tests::peer::{PASSWORD, Peer};

/// The app on a computer with this policy.
fn with(policy: &str) -> Page {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("policy.json"), policy).unwrap();
    Page::on(folder, Arc::new(record::Disk))
}

async fn told(page: &mut Page) -> Value {
    page.ask("app_snapshot", json!({})).await["policy"].clone()
}

/// Asserts that a connection is refused with this code, before anything is sent, and that the decision is recorded.
async fn refused(page: &mut Page, peer: &Peer, endpoint: &str, code: &str) {
    let (stamp, address) = page.stamp(endpoint).await;
    let at = json!({ "stampId": stamp, "address": address });
    let inspected = page.ask("session_inspect", at.clone()).await;
    assert_eq!((&inspected["kind"], &inspected["fault"]["code"]), (&json!("failed"), &json!(code)), "{inspected}");
    let ways = page.call("sign_in_ways", at).await.unwrap_err();
    assert_eq!((&ways["code"], &ways["blame"]), (&json!(code), &json!("policy")));
    let result = page.connect(endpoint, PASSWORD).await;
    assert_eq!((&result["kind"], &result["fault"]["code"]), (&json!("failed"), &json!(code)), "{result}");
    assert_eq!(only(&page.decisions(), "not_connected")["fault"], code);
    assert_eq!(peer.log("token").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_row_24_ntlm_is_not_used_where_kerberos_is_required() {
    let peer = Peer::start(&[]);
    let mut page = with(r#"{"version": 1, "requireKerberos": true}"#);
    assert_eq!(told(&mut page).await["requireKerberos"], true);
    refused(&mut page, &peer, &peer.endpoint(), "PEP-1202").await;
    // By its name neither a choice nor a setting of the stamp leads to NTLM.
    let (stamp, address) = page.stamp(&peer.endpoint().replace("127.0.0.1", "localhost")).await;
    page.ask("stamp_fall_back", json!({ "stampId": stamp, "fallBack": "allow" })).await;
    let mut sign_in = json!({ "stampId": stamp, "address": address, "account": "CloudAdmin@NOWHERE.INVALID", "password": PASSWORD,
        "remember": false, "way": "ntlm" });
    let result = page.ask("session_open", json!({ "signIn": sign_in })).await;
    assert_eq!(result["fault"]["code"], "PEP-1202", "{result}");
    sign_in["way"] = Value::Null;
    let result = page.ask("session_open", json!({ "signIn": sign_in })).await;
    assert_eq!((&result["kind"], &result["fault"]["code"]), (&json!("failed"), &json!("PEP-4105")), "{result}");
    assert_eq!(peer.log("token").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_a_port_without_https_is_not_used_where_https_is_required() {
    let peer = Peer::start(&[]);
    let mut page = with(r#"{"version": 1, "requireHttps": true}"#);
    refused(&mut page, &peer, &peer.endpoint(), "PEP-1201").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_passwords_are_neither_kept_nor_used_where_that_is_forbidden() {
    let peer = Peer::start(&[]);
    let mut page = with(r#"{"version": 1, "storePasswords": false}"#);
    let opened = page.connect_as(&peer.endpoint(), ACCOUNT, PASSWORD, true).await;
    assert_eq!((&opened["kind"], &opened["notKept"]["code"]), (&json!("open"), &json!("PEP-1203")), "{opened}");
    assert!(page.secrets.0.lock().unwrap().is_empty());
    page.ask("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    // One that was kept before the policy came.
    let (stamp, address) = page.stamp(&peer.endpoint()).await;
    let entry = app::host::entry_name(stamp.as_str().unwrap(), ACCOUNT);
    page.secrets.0.lock().unwrap().insert(entry, PASSWORD.to_owned());
    assert_eq!(page.ask("secret_has", json!({ "stampId": stamp, "account": ACCOUNT })).await, false);
    let before = peer.passwords();
    let sign_in =
        json!({ "stampId": stamp, "address": address, "account": ACCOUNT, "password": null, "remember": false });
    let result = page.ask("session_open", json!({ "signIn": sign_in })).await;
    assert_eq!(result["fault"]["code"], "PEP-4301", "{result}");
    assert_eq!(peer.passwords(), before);
    // Forgetting the stamp removes it all the same.
    let forgotten = page.ask("stamp_forget", json!({ "stampId": stamp, "records": false })).await;
    assert_eq!(forgotten["passwords"], 1, "{forgotten}");
    assert!(page.secrets.0.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_there_is_no_practice_where_that_is_forbidden() {
    let mut page = with(r#"{"version": 1, "practice": false}"#);
    assert_eq!(page.ask("app_snapshot", json!({})).await["stamps"], json!([]));
    let address = json!({ "host": "192.0.2.224", "port": 5985, "label": "ERCS01" });
    let at = json!({ "stampId": "practice", "address": address });
    assert_eq!(page.call("session_inspect", at).await.unwrap_err()["code"], "PEP-1204");
    let probe = json!({ "stampId": "practice", "addresses": [address] });
    assert_eq!(page.call("endpoint_probe", probe).await.unwrap_err()["code"], "PEP-1204");
    let mut usual = Page::open();
    assert_eq!(usual.ask("app_snapshot", json!({})).await["stamps"][0]["id"], "practice");
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_a_policy_that_is_not_understood_is_the_strictest_one_and_says_so() {
    let peer = Peer::start(&[]);
    let mut page = with(r#"{"version": 1, "requireSmartCard": true}"#);
    let policy = told(&mut page).await;
    let rules = ["storePasswords", "requireHttps", "requireKerberos", "practice"].map(|rule| policy[rule].clone());
    assert_eq!(rules, [json!(false), json!(true), json!(true), json!(false)], "{policy}");
    assert!(policy["damaged"].as_str().unwrap().contains("requireSmartCard"), "{policy}");
    assert!(policy["file"].as_str().unwrap().ends_with("policy.json"), "{policy}");
    refused(&mut page, &peer, &peer.endpoint(), "PEP-1201").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_a_weaker_sign_in_is_the_systems_question_too_and_a_stronger_one_is_not() {
    let mut page = Page::open();
    let (stamp, _) = page.stamp("azs-ercs01.azs.example").await;
    let of = |snapshot: &Value| {
        snapshot["stamps"].as_array().unwrap().iter().find(|one| one["id"] == stamp).unwrap()["fallBack"].clone()
    };
    let asked = |page: &Page| page.surroundings.lock().unwrap().asked.len();
    let mut questions = 0;
    for (wanted, looser) in [
        ("never", false),
        ("ask", true),
        ("never", false),
        ("allow", true),
        ("ask", false),
        ("allow", true),
        ("allow", false),
    ] {
        let choose = json!({ "stampId": stamp, "fallBack": wanted });
        if looser {
            let before = of(&page.ask("app_snapshot", json!({})).await);
            page.surroundings.lock().unwrap().says_no = true;
            assert_eq!(of(&page.ask("stamp_fall_back", choose.clone()).await), before, "a No leaves it as it was");
            page.surroundings.lock().unwrap().says_no = false;
            questions += 1;
        }
        assert_eq!(of(&page.ask("stamp_fall_back", choose).await), wanted);
        questions += usize::from(looser);
        assert_eq!(asked(&page), questions, "{wanted}");
    }
    assert!(page.surroundings.lock().unwrap().asked.iter().all(|asked| asked.contains("NTLM")));
    let noted = page.decisions().iter().filter(|line| line.kind == "fall_back").count();
    assert_eq!(noted, 6, "what was refused or changed nothing is no decision");
    // Nor by keeping the stamp again, or another one, as one that allows it.
    page.ask("stamp_fall_back", json!({ "stampId": stamp, "fallBack": "never" })).await;
    for (typed, wanted) in [("azs-ercs01.azs.example", "never"), ("azs-ercs09.other.example", "ask")] {
        let read = page.ask("stamp_import", json!({ "import": { "kind": "typed", "text": typed } })).await;
        let mut found = read["found"]["stamp"].clone();
        found["fallBack"] = "allow".into();
        let kept = page.ask("stamp_keep", json!({ "stamp": found, "forgetFormer": false })).await;
        assert_eq!(kept["stamp"]["fallBack"], wanted, "{kept}");
    }
}
