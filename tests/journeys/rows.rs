//! The rows F1 to F31 of the known troubles that no other file here provokes (`README.md` has the table): a fault of the way, of the
//! sign-in or of opening, as the page is told it, and its words.

use serde_json::{Value, json};
use tests::page::{ACCOUNT, Page};
use tests::peer::{PASSWORD, Peer};

/// Connects to the peer with the right password; asserts the code, who must act and what helps, and that one record or line of
/// decisions holds it. Answers the fault.
async fn refused(page: &mut Page, peer: &Peer, code: &str, blame: &str, next: &str) -> Value {
    let result = page.connect(&peer.endpoint(), PASSWORD).await;
    let fault = result["fault"].clone();
    assert_eq!((&result["kind"], &fault["code"]), (&json!("failed"), &json!(code)), "{result}");
    assert_eq!((&fault["blame"], &fault["next"]), (&json!(blame), &json!(next)), "{result}");
    assert_eq!(page.session().await, Value::Null);
    let told = match page.records().len() {
        0 => page.decisions(),
        _ => page.record(),
    };
    assert_eq!(told.iter().filter(|line| line.data["fault"] == code).count(), 1, "{told:#?}");
    fault
}

/// What stands instead of one step of the sign-in.
fn instead(target: &str, rule: &Value) -> Value {
    json!({ "do": rule["do"], "action": "SignIn", "target": target, "times": 0, "arg": rule["arg"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn row_1_a_port_that_stays_silent() {
    let peer = Peer::start(&[]);
    peer.rule(instead("ask", &json!({ "do": "hang" })));
    let mut page = Page::open();
    let fault = refused(&mut page, &peer, "PEP-2111", "endpoint", "chooseOther").await;
    let detail = fault["detail"].to_string();
    let seconds = fault["values"]["seconds"].as_str().unwrap();
    assert!(detail.contains(&format!("{seconds} s")), "the sentence tells the time that was waited: {fault}");
    assert_eq!(peer.passwords(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_6_a_service_that_is_not_ready() {
    let peer = Peer::start(&[]);
    peer.rule(instead("ask", &json!({ "do": "status", "arg": 503 })));
    refused(&mut Page::open(), &peer, "PEP-2109", "endpoint", "retry").await;
    assert_eq!(peer.passwords(), 0);
    // The same said by a fault, once signed in: nothing is made twice.
    for number in [1_115_u32, 2_150_858_770] {
        let peer = Peer::start(&[]);
        peer.rule(json!({ "do": "fault", "action": "Create", "times": 0, "arg": number }));
        refused(&mut Page::open(), &peer, "PEP-2109", "endpoint", "retry").await;
        assert_eq!((peer.requests("Create").len(), peer.passwords()), (1, 1), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_7_a_proxy_that_answers() {
    for status in [407, 502, 504] {
        let peer = Peer::start(&[]);
        peer.rule(instead(
            "ask",
            &json!({ "do": "status", "arg": { "status": status, "body": "<html>proxy</html>" } }),
        ));
        let fault = refused(&mut Page::open(), &peer, "PEP-2110", "network", "askSupport").await;
        assert_eq!(fault["values"]["status"], status.to_string());
        assert!(!fault.to_string().contains("html"), "an unprotected text is not shown");
        assert_eq!(peer.passwords(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_15_an_account_that_may_not_use_it() {
    let peer = Peer::start(&["--denied-user", r"AZURESTACK\cloudadmin", "--denied-user", ACCOUNT]);
    refused(&mut Page::open(), &peer, "PEP-5102", "endpoint", "fixInput").await;
    assert_eq!((peer.log("auth_ok").len(), peer.log("auth_fail").len()), (1, 0), "the password was right");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_17_no_password_is_asked_for_and_nothing_sent() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    page.ask("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    let before = peer.passwords();
    let (stamp, address) = page.stamp(&peer.endpoint()).await;
    let sign_in =
        json!({ "stampId": stamp, "address": address, "account": ACCOUNT, "password": null, "remember": false });
    let told = page.call("session_open", json!({ "signIn": sign_in })).await;
    let fault = told.map_or_else(|fault| fault, |result| result["fault"].clone());
    assert_eq!((&fault["code"], &fault["blame"]), (&json!("PEP-4301"), &json!("input")), "{fault}");
    assert_eq!(peer.passwords(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_22_25_a_right_password_that_is_refused_is_tried_once() {
    // NTLM over HTTP does not say why: a locked or expired account and a missing binding are all the same 401.
    let peer = Peer::start(&[]);
    peer.rule(instead("authenticate", &json!({ "do": "status", "arg": 401 })));
    refused(&mut Page::open(), &peer, "PEP-4103", "input", "fixInput").await;
    assert_eq!(peer.passwords(), 1, "one third message in all");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_26_credssp_and_basic_get_no_password() {
    let peer = Peer::start(&["--auth", "Basic,CredSSP"]);
    let fault = refused(&mut Page::open(), &peer, "PEP-2106", "endpoint", "askSupport").await;
    let offered = fault["values"]["offered"].as_str().unwrap();
    assert!(offered.contains("Basic") && offered.contains("CredSSP"), "{offered}");
    assert_eq!((peer.log("token").len(), peer.passwords()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_30_an_instance_that_cannot_start_a_session() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "fault", "action": "Create", "times": 0,
        "arg": { "code": 0x8033_8104_u32, "subcode": "w:InternalError" } }));
    refused(&mut Page::open(), &peer, "PEP-5105", "endpoint", "chooseOther").await;
    assert_eq!((peer.requests("Create").len(), peer.passwords()), (1, 1), "no second try");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_31_too_many_sessions() {
    let peer = Peer::start(&["--set", "max_shells=1"]);
    let mut first = Page::open();
    assert_eq!(first.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    refused(&mut Page::open(), &peer, "PEP-5103", "endpoint", "retry").await;
    assert_eq!(first.session().await["state"]["kind"], "ready", "the other one goes on");
}

#[test]
fn the_words_of_the_rows_name_cause_and_way_out() {
    let path = tests::folders::root().join("ui/src/words/faults.en.json");
    let words: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (row, code, says) in [
        ("1", "PEP-2104", &["firewall", "another instance", "network team"][..]),
        ("1", "PEP-2111", &["firewall", "another instance", "network team"]),
        ("2", "PEP-2103", &["nothing listens", "another machine"]),
        ("3", "PEP-2101", &["DNS", "address instead of the name", "Region management"]),
        ("4", "PEP-2102", &["route", "VPN"]),
        ("5", "PEP-2105", &["not as a management service", "portal"]),
        ("6", "PEP-2109", &["updated", "another instance"]),
        ("7", "PEP-2110", &["never through a proxy", "direct way"]),
        ("9", "PEP-1102", &["DeploymentData.json", "AzureStackStampInformation.json"]),
        ("15", "PEP-5102", &["password was right", "CloudAdmin"]),
        ("16", "PEP-4103", &["internal domain", "will not be sent again"]),
        ("17", "PEP-4301", &["Type the password"]),
        ("19 and 20", "PEP-4105", &["name", "Allow NTLM"]),
        ("21", "PEP-4103", &["locked", "scripts"]),
        ("22", "PEP-4103", &["expired", "must change", "another cloud administrator"]),
        ("23", "PEP-4104", &["clock", "five minutes"]),
        ("27 and 29", "PEP-5101", &["not a privileged endpoint", "another Windows machine"]),
        ("30", "PEP-5105", &["another instance"]),
        ("31", "PEP-5103", &["scripts", "transcripts", "another instance"]),
    ] {
        let entry = &words[code];
        for part in ["title", "what", "likely"] {
            assert!(entry[part].as_str().is_some_and(|text| !text.is_empty()), "row {row}: {code} {part}");
        }
        for text in says {
            assert!(entry.to_string().to_lowercase().contains(&text.to_lowercase()), "row {row}: {code} says: {text}");
        }
    }
}
