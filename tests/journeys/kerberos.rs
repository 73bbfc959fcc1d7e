//! Signing in by name: Kerberos where it is possible, NTLM where a person allows it, and never a second try of a password (S-11, S-12).

use serde_json::{Value, json};
use tests::kdc::{self, Kdc};
use tests::page::{Page, only};
use tests::peer::{PASSWORD, Peer};

/// The account of the KDC. As the peer's NTLM knows it too, nothing but the way decides.
pub(crate) const ACCOUNT: &str = "cloudadmin@PEP.TEST";
const NTLM_TOO: [&str; 4] = ["--user", r"PEP.TEST\cloudadmin", "--password", PASSWORD];

/// The peer by its name.
pub(crate) fn named(peer: &Peer) -> String {
    peer.endpoint().replace("127.0.0.1", "localhost")
}

pub(crate) async fn open(page: &mut Page, peer: &Peer, more: Value) -> Value {
    let (stamp, address) = page.stamp(&named(peer)).await;
    let mut sign_in =
        json!({ "stampId": stamp, "address": address, "account": ACCOUNT, "password": PASSWORD, "remember": false });
    for (name, value) in more.as_object().unwrap() {
        sign_in[name] = value.clone();
    }
    page.ask("session_open", json!({ "signIn": sign_in })).await
}

pub(crate) async fn leave(page: &mut Page) {
    page.ask("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
}

pub(crate) fn code<'a>(result: &'a Value, kind: &str) -> &'a str {
    assert_eq!(result["kind"], kind, "{result}");
    result["fault"]["code"].as_str().unwrap()
}

/// How often the KDC was asked with a password.
pub(crate) fn asked(kdc: &Kdc) -> usize {
    kdc.log("AS_REQ").iter().filter(|line| line.contains("ISSUE") || line.contains("PREAUTH_FAILED")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_a_name_that_is_proved_needs_no_decision_and_is_kept() {
    let name = "kerberos::s11_a_name_that_is_proved_needs_no_decision_and_is_kept";
    let Some(kdc) = Kdc::for_this_test(name, &[]) else { return };
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let mut page = Page::open();
    let (stamp, address) = page.stamp(&named(&peer)).await;
    let at = json!({ "stampId": stamp, "address": address });
    let ways = page.ask("sign_in_ways", at.clone()).await;
    let usual = json!({ "usual": "byName", "fallBack": "ask", "tickets": null, "provedSince": null });
    assert_eq!(ways, usual);
    assert_eq!(page.ask("session_inspect", at.clone()).await["kind"], "cancelled", "there is nothing to decide");
    let opened = open(&mut page, &peer, json!({})).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    assert_eq!((&opened["session"]["way"], &opened["session"]["fellBack"]), (&json!("byName"), &Value::Null));
    let stage = page.event("connect-stage", |stage| stage["stage"] == "verify" && stage["state"] == "done").await;
    assert_eq!((&stage["way"], &stage["fellBack"]), (&json!("byName"), &json!(false)));
    assert_eq!((&stage["names"]["dnsComputer"], &stage["names"]["domain"]), (&json!("localhost"), &json!("pep.test")));
    let echoed = page.run("Test-Echo", json!({ "Value": { "kind": "text", "value": "7" } })).await;
    assert_eq!(echoed["outcome"], "completed", "{echoed}");
    leave(&mut page).await;
    assert_eq!((asked(&kdc), peer.passwords()), (1, 0), "the password was asked about once, and not at the endpoint");
    let header = std::fs::read_to_string(&page.records()[0]).unwrap().lines().next().unwrap().to_owned();
    assert!(header.contains(r#""sign_in":"kerberos""#), "{header}");

    let ways = page.ask("sign_in_ways", at).await;
    assert!(ways["provedSince"].is_i64(), "the name is kept: {ways}");
    assert_eq!(open(&mut page, &peer, json!({})).await["kind"], "open");
    leave(&mut page).await;
    let again = page.ask("sign_in_ways", json!({ "stampId": stamp, "address": address })).await;
    assert_eq!(again["provedSince"], ways["provedSince"], "since the first time");
    assert!(!page.folder.path().join("records/decisions.jsonl").exists(), "nobody had to decide anything");
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_a_name_in_another_realm_is_another_computer() {
    let name = "kerberos::s11_a_name_in_another_realm_is_another_computer";
    let Some(kdc) = Kdc::for_this_test(name, &[]) else { return };
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let mut page = Page::open();
    assert_eq!(open(&mut page, &peer, json!({})).await["kind"], "open");
    leave(&mut page).await;
    let pins = page.folder.path().join("pins.json");
    let text = std::fs::read_to_string(&pins).unwrap();
    assert!(text.contains("pep.test"), "{text}");
    std::fs::write(&pins, text.replace("pep.test", "former.test")).unwrap();
    let before = peer.log("auth_ok").len();

    let changed = open(&mut page, &peer, json!({})).await;
    let question = &changed["question"];
    assert_eq!((&changed["kind"], &question["changed"]), (&json!("identity"), &json!(true)), "{changed}");
    assert_eq!(
        (&question["before"]["domain"], &question["now"]["domain"]),
        (&json!("former.test"), &json!("pep.test"))
    );
    assert_eq!(question["way"], "byName");
    assert_eq!(peer.log("auth_ok").len(), before, "no ticket was sent");

    let (stamp, address) = page.stamp(&named(&peer)).await;
    let decide = |decision: Value| json!({ "stampId": stamp, "address": address, "decision": decision });
    let refused = page.call("session_trust", decide(json!({ "kind": "trust" }))).await.unwrap_err();
    assert_eq!(refused["code"], "PEP-3101");
    page.ask("session_trust", decide(json!({ "kind": "replace", "typedComputer": "localhost" }))).await;
    assert_eq!(open(&mut page, &peer, json!({})).await["kind"], "open");
    leave(&mut page).await;
    assert_eq!(open(&mut page, &peer, json!({})).await["kind"], "open", "it was kept");
    assert_eq!(only(&page.decisions(), "identity_replaced")["by_name"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_20_a_name_that_the_domain_does_not_know_and_what_a_person_decides() {
    let name = "kerberos::row_20_a_name_that_the_domain_does_not_know_and_what_a_person_decides";
    let Some(kdc) = Kdc::for_this_test(name, &["--service", "HTTP/elsewhere"]) else { return };
    let peer = Peer::start(&NTLM_TOO);
    let mut page = Page::open();
    let (stamp, address) = page.stamp(&named(&peer)).await;

    // Asked first: nothing is sent to the endpoint.
    let result = open(&mut page, &peer, json!({})).await;
    assert_eq!(code(&result, "fallBack"), "PEP-4105");
    assert_eq!(result["fault"]["values"]["reason"], "unknownService");
    assert_eq!((asked(&kdc), peer.log("token").len()), (1, 0));

    // NTLM this time: who it says it is has to be decided about, with the reason beside.
    let at = json!({ "stampId": stamp, "address": address, "way": "ntlm" });
    let inspected = page.ask("session_inspect", at).await;
    let question = &inspected["question"];
    assert_eq!((&question["way"], &question["fellBack"]["code"]), (&json!("ntlm"), &json!("PEP-4105")), "{inspected}");
    page.ask("session_trust", json!({ "stampId": stamp, "address": address, "decision": { "kind": "trust" } })).await;
    let opened = open(&mut page, &peer, json!({ "way": "ntlm" })).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    let session = &opened["session"];
    assert_eq!((&session["way"], &session["fellBack"]["values"]["reason"]), (&json!("ntlm"), &json!("unknownService")));
    let stage = page.event("connect-stage", |stage| stage["stage"] == "signIn" && stage["way"] == "ntlm").await;
    assert_eq!(stage["fellBack"], true);
    leave(&mut page).await;
    assert_eq!(asked(&kdc), 1, "the KDC is not asked for NTLM");
    assert_eq!(code(&open(&mut page, &peer, json!({})).await, "fallBack"), "PEP-4105", "asked again the next time");

    // Always for this stamp.
    let choose = |fall_back: &str| json!({ "stampId": stamp, "fallBack": fall_back });
    let snapshot = page.ask("stamp_fall_back", choose("allow")).await;
    let known = snapshot["stamps"].as_array().unwrap().iter().find(|one| one["id"] == stamp).unwrap();
    assert_eq!(known["fallBack"], "allow");
    let opened = open(&mut page, &peer, json!({})).await;
    assert_eq!((&opened["kind"], &opened["session"]["way"]), (&json!("open"), &json!("ntlm")), "{opened}");
    assert_eq!(opened["session"]["fellBack"]["code"], "PEP-4105");
    leave(&mut page).await;

    // Never.
    let before = peer.log("token").len();
    page.ask("stamp_fall_back", choose("never")).await;
    assert_eq!(code(&open(&mut page, &peer, json!({})).await, "failed"), "PEP-4105");
    assert_eq!(code(&open(&mut page, &peer, json!({ "way": "ntlm" })).await, "failed"), "PEP-4105");
    assert_eq!(peer.log("token").len(), before);
    // The setting is kept with the stamp, and both changes are in the record of decisions.
    let again = Page::on(page.folder.clone(), std::sync::Arc::new(record::Disk)).ask("app_snapshot", json!({})).await;
    let known = again["stamps"].as_array().unwrap().iter().find(|one| one["id"] == stamp).unwrap();
    assert_eq!(known["fallBack"], "never");
    let changes: Vec<_> =
        page.decisions().iter().filter(|line| line.kind == "fall_back").map(|line| line.data["now"].clone()).collect();
    assert_eq!(changes, [json!("allow"), json!("never")]);
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn row_19_no_key_distribution_centre() {
    let Some(kdc) = Kdc::for_this_test("kerberos::row_19_no_key_distribution_centre", &[]) else { return };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    kdc.point_to(closed);
    let peer = Peer::start(&NTLM_TOO);
    let mut page = Page::open();
    let result = open(&mut page, &peer, json!({})).await;
    assert_eq!(code(&result, "fallBack"), "PEP-4105");
    assert_eq!(result["fault"]["values"]["reason"], "noKdc");
    assert_eq!((asked(&kdc), peer.log("token").len()), (0, 0), "the password went nowhere");
    // By its address there is nothing to fall back from.
    let (_, address) = page.stamp(&peer.endpoint()).await;
    assert_eq!(address["host"], "127.0.0.1");
    let opened = page.connect_as(&peer.endpoint(), ACCOUNT, PASSWORD, false).await;
    assert_eq!((&opened["kind"], &opened["session"]["fellBack"]), (&json!("open"), &Value::Null), "{opened}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_row_16_a_refused_password_is_tried_once_and_never_with_ntlm() {
    let name = "kerberos::s12_row_16_a_refused_password_is_tried_once_and_never_with_ntlm";
    let Some(kdc) = Kdc::for_this_test(name, &[]) else { return };
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let mut page = Page::open();
    let (stamp, _) = page.stamp(&named(&peer)).await;
    page.ask("stamp_fall_back", json!({ "stampId": stamp, "fallBack": "allow" })).await;
    // A password of the key ring that is refused is forgotten.
    let kept = app::host::entry_name(stamp.as_str().unwrap(), ACCOUNT);
    page.secrets.0.lock().unwrap().insert(kept, "an old one".to_owned());
    assert_eq!(code(&open(&mut page, &peer, json!({ "password": null })).await, "failed"), "PEP-4111");
    assert_eq!((kdc.log("PREAUTH_FAILED").len(), peer.log("token").len()), (1, 0), "{:?}", kdc.log("AS_REQ"));
    assert!(page.secrets.0.lock().unwrap().is_empty());
    assert_eq!(code(&open(&mut page, &peer, json!({ "password": null })).await, "failed"), "PEP-4301");
    assert_eq!(kdc.log("PREAUTH_FAILED").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_22_a_locked_account_and_an_expired_password_are_told_apart() {
    let name = "kerberos::row_21_22_a_locked_account_and_an_expired_password_are_told_apart";
    let users = ["locked", "old"].map(|name| format!("{name}={PASSWORD}"));
    let arguments = ["--user", &users[0], "--user", &users[1], "--locked", "locked", "--expired", "old"];
    let Some(kdc) = Kdc::for_this_test(name, &arguments) else { return };
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    for (account, number) in [("locked@PEP.TEST", "PEP-4107"), ("old@PEP.TEST", "PEP-4108")] {
        let mut page = Page::open();
        let (stamp, _) = page.stamp(&named(&peer)).await;
        page.ask("stamp_fall_back", json!({ "stampId": stamp, "fallBack": "allow" })).await;
        let result = open(&mut page, &peer, json!({ "account": account })).await;
        assert_eq!(code(&result, "failed"), number, "{result}");
        assert_eq!(only(&page.record(), "not_opened")["fault"], number);
    }
    assert_eq!((asked(&kdc), peer.log("token").len()), (0, 0), "{:?}", kdc.log("AS_REQ"));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_18_a_name_that_belongs_to_another_service() {
    let Some(kdc) = Kdc::for_this_test("kerberos::row_18_a_name_that_belongs_to_another_service", &[]) else { return };
    // What answers has a key of this name, but not the one that the domain gives tickets for.
    let other = Kdc::start(&[]);
    let peer = Peer::start(&["--keytab", &other.keytab()]);
    let mut page = Page::open();
    let (stamp, _) = page.stamp(&named(&peer)).await;
    page.ask("stamp_fall_back", json!({ "stampId": stamp, "fallBack": "allow" })).await;
    let result = open(&mut page, &peer, json!({})).await;
    assert_eq!(code(&result, "failed"), "PEP-4110", "{result}");
    assert_eq!((asked(&kdc), peer.passwords(), peer.requests("Create").len()), (1, 0, 0), "no other way by itself");
    assert_eq!(page.ask("app_snapshot", json!({})).await["session"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_23_clocks_that_differ() {
    let Some(kdc) = Kdc::for_this_test("kerberos::row_23_clocks_that_differ", &[]) else { return };
    let (skewed, questions) = kdc::of_another_time();
    kdc.point_to(skewed);
    let peer = Peer::start(&["--keytab", &kdc.keytab(), "--set", "clock_skew=36000"]);
    let mut page = Page::open();
    let (stamp, _) = page.stamp(&named(&peer)).await;
    page.ask("stamp_fall_back", json!({ "stampId": stamp, "fallBack": "allow" })).await;
    let result = open(&mut page, &peer, json!({})).await;
    assert_eq!(code(&result, "failed"), "PEP-4104", "{result}");
    assert!(
        result["fault"]["detail"].to_string().contains("this computer's clock shows"),
        "both clocks are told: {result}"
    );
    assert_eq!(only(&page.record(), "not_opened")["fault"], "PEP-4104");
    assert_eq!((questions.load(std::sync::atomic::Ordering::SeqCst), peer.passwords()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_tickets_that_are_there_need_no_password() {
    let Some(kdc) = Kdc::for_this_test("kerberos::s11_tickets_that_are_there_need_no_password", &[]) else { return };
    kdc.get_tickets(ACCOUNT, PASSWORD);
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let mut page = Page::open();
    let (stamp, address) = page.stamp(&named(&peer)).await;
    let ways = page.ask("sign_in_ways", json!({ "stampId": stamp, "address": address })).await;
    assert_eq!(ways["tickets"], ACCOUNT);
    let opened = open(&mut page, &peer, json!({ "tickets": true, "password": null, "remember": true })).await;
    assert_eq!((&opened["kind"], &opened["notKept"]), (&json!("open"), &Value::Null), "{opened}");
    assert_eq!(opened["session"]["way"], "byName");
    assert!(page.secrets.0.lock().unwrap().is_empty(), "there is no password to be kept");
    assert_eq!(peer.passwords(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_expired_meanwhile_end_a_session_with_their_own_words() {
    let name = "kerberos::tickets_that_expired_meanwhile_end_a_session_with_their_own_words";
    let Some(kdc) = Kdc::for_this_test(name, &["--clockskew", "0"]) else { return };
    kdc.get_tickets(ACCOUNT, PASSWORD);
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let mut page = Page::open();
    let opened = open(&mut page, &peer, json!({ "tickets": true, "password": null })).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    kdc.get_brief_tickets("1s", ACCOUNT, PASSWORD);
    kdc.wait_until_they_expire();
    let before = peer.log("auth_ok").len();
    peer.control(json!({ "drop_connections": true }));
    let lost = page.event("session", |session| session["state"]["kind"] == "lost").await;
    let fault = &lost["state"]["fault"];
    assert_eq!((&fault["code"], &fault["next"]), (&json!("PEP-4109"), &json!("reconnect")), "{fault}");
    assert_eq!((peer.log("auth_ok").len(), peer.passwords()), (before, 0), "no other way is tried by itself");
    let ended = page.record();
    let told: Vec<_> = ended.iter().filter(|line| line.data["fault"] == "PEP-4109").collect();
    assert_eq!(told.len(), 1, "{ended:#?}");

    // A new session: its password is asked for, the old tickets serve for nothing, and the typed password does.
    leave(&mut page).await;
    let again = open(&mut page, &peer, json!({ "tickets": true, "password": null })).await;
    assert_eq!(code(&again, "failed"), "PEP-4109");
    assert_eq!(code(&open(&mut page, &peer, json!({ "password": null })).await, "failed"), "PEP-4301");
    assert_eq!(open(&mut page, &peer, json!({})).await["kind"], "open");
    leave(&mut page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_over_the_connections_that_it_has_and_takes_new_tickets() {
    let name = "kerberos::a_session_goes_on_over_the_connections_that_it_has_and_takes_new_tickets";
    let Some(kdc) = Kdc::for_this_test(name, &["--clockskew", "0"]) else { return };
    kdc.get_tickets(ACCOUNT, PASSWORD);
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let mut page = Page::open();
    let opened = open(&mut page, &peer, json!({ "tickets": true, "password": null })).await;
    assert_eq!((&opened["kind"], &opened["session"]["fewerConnections"]), (&json!("open"), &Value::Null), "{opened}");
    let echo = || json!({ "Value": { "kind": "text", "value": "7" } });
    assert_eq!(page.run("Test-Echo", echo()).await["outcome"], "completed");
    kdc.get_brief_tickets("1s", ACCOUNT, PASSWORD);
    kdc.wait_until_they_expire();
    let before = peer.log("auth_ok").len();

    // A connection is lost, and those that are left have to do.
    peer.rule(json!({ "do": "reset", "action": "Receive", "target": "shell" }));
    let told = page.event("session", |session| session["fewerConnections"].is_object()).await;
    assert_eq!(told["fewerConnections"]["code"], "PEP-4113", "{told}");
    assert_eq!(told["state"]["kind"], "ready", "{told}");
    for _ in 0..3 {
        assert_eq!(page.run("Test-Echo", echo()).await["outcome"], "completed");
    }
    let flood = json!({ "Count": { "kind": "number", "value": 1000 }, "Size": { "kind": "number", "value": 2000 } });
    let flooded = page.run("Test-Flood", flood).await;
    assert_eq!((&flooded["outcome"], &flooded["lines"]), (&json!("completed"), &json!(1000)), "{flooded}");
    assert_eq!((peer.log("auth_ok").len(), peer.passwords()), (before, 0), "nobody signed in");

    // New ones are taken without a word.
    kdc.get_tickets(ACCOUNT, PASSWORD);
    page.event("session", |session| session["fewerConnections"].is_null()).await;
    assert!(peer.log("auth_ok").len() > before);
    let record = page.record();
    let told: Vec<_> = record.iter().filter(|line| line.kind == "connection").map(|line| &line.data).collect();
    assert_eq!(told[0]["fault"], "PEP-4113", "{told:?}");
    assert_eq!(told.last().unwrap()["connections_again"], true, "{told:?}");
    leave(&mut page).await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_outlives_its_tickets() {
    let Some(kdc) = Kdc::for_this_test("kerberos::a_connection_outlives_its_tickets", &[]) else { return };
    // Long enough for opening and one command on a machine with other work.
    kdc.get_brief_tickets("15s", ACCOUNT, PASSWORD);
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let mut page = Page::open();
    let opened = open(&mut page, &peer, json!({ "tickets": true, "password": null })).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    // A command has connections of its own, and the next one takes them again.
    let echo = || json!({ "Value": { "kind": "text", "value": "7" } });
    assert_eq!(page.run("Test-Echo", echo()).await["outcome"], "completed");
    kdc.wait_until_they_expire();
    let connections = peer.log("auth_ok").len();
    let echoed = page.run("Test-Echo", echo()).await;
    assert_eq!(echoed["outcome"], "completed", "{echoed}");
    leave(&mut page).await;
    assert_eq!(peer.log("auth_ok").len(), connections, "over the connections that were there");
    peer.assert_clean();
}
