//! Signing in by name together with what else there is: HTTPS with a key that nobody vouches for, and sessions that were left.

use serde_json::{Value, json};
use tests::kdc::Kdc;
use tests::page::{Page, only};
use tests::peer::Peer;

use crate::kerberos::{asked, leave, named, open};
use crate::left::{created, end_of, until_line};
use crate::quit::next_start;

/// A peer on the port for HTTPS, with a key of its own each time.
fn over_tls(kdc: &Kdc) -> Peer {
    Peer::start(&["--tls", "--cbt", "--keytab", &kdc.keytab(), "--bind", "127.0.0.1", "--port", "5986"])
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_s11_a_proved_name_behind_an_unknown_key_is_asked_about_before_a_ticket_is_sent() {
    let name = "by_name::s10_s11_a_proved_name_behind_an_unknown_key_is_asked_about_before_a_ticket_is_sent";
    let Some(kdc) = Kdc::for_this_test(name, &[]) else { return };
    let first = over_tls(&kdc);
    let mut page = Page::open();
    let (stamp, address) = page.stamp(&named(&first)).await;
    assert_eq!((&address["host"], &address["port"]), (&json!("localhost"), &json!(5986)));
    let decide = |decision: Value| json!({ "stampId": stamp, "address": address, "decision": decision });

    // The key is a person's decision; the name is not, it will be proved.
    let question = open(&mut page, &first, json!({})).await;
    assert_eq!((&question["kind"], &question["question"]["way"]), (&json!("identity"), &json!("byName")), "{question}");
    let certificate = &question["question"]["certificate"];
    assert_eq!((&certificate["key"], &certificate["vouched"]), (&json!(first.tls_key()), &json!(false)));
    assert_eq!(question["question"]["changed"], false);
    assert_eq!(
        (asked(&kdc), first.log("token").len()),
        (0, 0),
        "neither the domain nor the endpoint was asked anything"
    );
    page.ask("session_trust", decide(json!({ "kind": "trust" }))).await;
    for round in 1..=2 {
        let opened = open(&mut page, &first, json!({})).await;
        assert_eq!((&opened["kind"], &opened["session"]["way"]), (&json!("open"), &json!("byName")), "{opened}");
        let echoed = page.run("Test-Echo", json!({ "Value": { "kind": "text", "value": "7" } })).await;
        assert_eq!(echoed["outcome"], "completed", "{echoed}");
        leave(&mut page).await;
        assert_eq!(
            (asked(&kdc), first.passwords()),
            (round, 0),
            "the password went to the domain only, once each time"
        );
    }
    let kept: Value = serde_json::from_slice(&std::fs::read(page.folder.path().join("pins.json")).unwrap()).unwrap();
    assert_eq!((&kept["pins"][0]["key"], &kept["pins"][0]["by_name"]), (&json!(first.tls_key()), &json!(true)));
    first.assert_clean();

    // The same name, proved as before, behind another key.
    let before = first.tls_key().to_owned();
    drop(first);
    let second = over_tls(&kdc);
    let tickets = kdc.log("TGS_REQ").len();
    let changed = open(&mut page, &second, json!({})).await;
    assert_eq!((&changed["kind"], &changed["question"]["changed"]), (&json!("identity"), &json!(true)), "{changed}");
    let certificate = &changed["question"]["certificate"];
    assert_eq!((&certificate["key"], &certificate["keyBefore"]), (&json!(second.tls_key()), &json!(before)));
    assert_eq!((second.log("token").len(), kdc.log("TGS_REQ").len()), (0, tickets), "no ticket was got or sent");
    let refused = page.call("session_trust", decide(json!({ "kind": "trust" }))).await.unwrap_err();
    assert_eq!(refused["code"], "PEP-3101", "{refused}");
    page.ask("session_trust", decide(json!({ "kind": "replace", "typedComputer": "localhost" }))).await;
    assert_eq!(open(&mut page, &second, json!({})).await["kind"], "open");
    leave(&mut page).await;
    let replaced = page.decisions();
    let replaced = only(&replaced, "identity_replaced");
    assert_eq!((&replaced["key_before"], &replaced["key"]), (&json!(before), &json!(second.tls_key())));
    second.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_session_that_was_left_is_taken_over_by_name() {
    let Some(kdc) = Kdc::for_this_test("by_name::r11_a_session_that_was_left_is_taken_over_by_name", &[]) else {
        return;
    };
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let mut page = Page::open();
    assert_eq!(open(&mut page, &peer, json!({})).await["kind"], "open");
    let parameters =
        json!({ "Seconds": { "kind": "number", "value": 600 }, "Beat": { "kind": "text", "value": "0.1" } });
    let id = page.start("Test-Sleep", parameters).await.unwrap();
    page.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    until_line(&mut page, &id, 3).await;
    page.ask("app_quit", json!({ "choice": "keepRunning" })).await;
    let (mut next, snapshot) = next_start(page).await;
    let left = &snapshot["unfinished"][0];
    assert_eq!((&left["endpoint"], &left["resumable"]), (&json!(named(&peer)), &json!(true)), "{snapshot}");

    // A password that the domain refuses takes nothing over, and the session stays on the list.
    let record = json!({ "recordId": left["recordId"], "password": "Not-The-Password" });
    let refused = open(&mut next, &peer, record).await;
    assert_eq!((&refused["kind"], &refused["fault"]["code"]), (&json!("failed"), &json!("PEP-4111")), "{refused}");
    assert_eq!(next.ask("app_snapshot", json!({})).await["unfinished"][0]["recordId"], left["recordId"]);

    let opened = open(&mut next, &peer, json!({ "recordId": left["recordId"] })).await;
    let session = &opened["session"];
    assert_eq!((&opened["kind"], &session["activeRun"]), (&json!("open"), &id), "{opened}");
    assert_eq!((&session["way"], &session["fellBack"], &session["runs"]), (&json!("byName"), &Value::Null, &json!(1)));
    next.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    let lines = until_line(&mut next, &id, 12).await;
    assert_eq!(lines, (1..=lines.len()).map(|number| number.to_string()).collect::<Vec<_>>(), "without a hole");
    next.ask("run_stop", json!({ "runId": id })).await;
    assert_eq!(end_of(&mut next, &id).await["outcome"], "stopped");
    assert_eq!((created(&peer), peer.passwords(), peer.state()["shells"].as_array().unwrap().len()), (1, 0, 1));
    assert_eq!(next.close(r"\\192.0.2.9\transcripts").await["kind"], "closed");
    assert_eq!(next.ask("app_snapshot", json!({})).await["unfinished"], json!([]));
}
