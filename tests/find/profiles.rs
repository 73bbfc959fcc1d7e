//! Stamps that a person keeps: bound to their deployment, deployed anew, named, handed on.

use app::host::entry_name;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pep::identity::Names;
use pep::pins::{Pin, Pins};
use serde_json::{Value, json};
use tests::page::{Page, only};
use tests::practice_server::PracticeServer;

const ACCOUNT: &str = r"azurestack\CloudAdmin";

fn file(deployment: &str) -> Value {
    let text = format!(
        r#"{{ "DeploymentID": "{deployment}", "RegionName": "east", "DomainNetBIOSName": "azurestack",
            "EmergencyConsoleIPAddresses": ["192.0.2.224", "192.0.2.225"] }}"#
    );
    json!({ "import": { "kind": "content", "fileName": "x.json", "base64": STANDARD.encode(text) } })
}

async fn keep(page: &mut Page, read: &Value, forget_former: bool) -> Value {
    page.ask("stamp_keep", json!({ "stamp": read["found"]["stamp"], "forgetFormer": forget_former })).await
}

/// What is kept of a stamp: a password in the key ring and a trusted computer.
fn trust(page: &Page, stamp: &str) {
    page.secrets.0.lock().unwrap().insert(entry_name(stamp, ACCOUNT), "canary-password".to_owned());
    let names = Names { computer: "CW-ERCS01".into(), domain: "AZURESTACK".into(), ..Names::default() };
    let pin =
        Pin { stamp: stamp.to_owned(), address: "192.0.2.224:5985".into(), names, by_name: false, key: None, since: 1 };
    Pins::load(&page.folder.path().join("pins.json")).keep(pin).unwrap();
}

fn trusted(page: &Page, stamp: &str) -> (bool, bool) {
    let pins = Pins::load(&page.folder.path().join("pins.json"));
    let password = page.secrets.0.lock().unwrap().contains_key(&entry_name(stamp, ACCOUNT));
    (pins.find(stamp, "192.0.2.224:5985").is_some(), password)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stamp_of_addresses_is_bound_to_its_deployment_and_takes_its_trust_along() {
    let mut page = Page::open();
    let (former, _) = page.stamp("192.0.2.224").await;
    let former = former.as_str().unwrap().to_owned();
    trust(&page, &former);
    let read = page.ask("stamp_import", file("AAAA")).await;
    assert_eq!(read["found"]["relation"]["kind"], "bound", "{read}");
    let kept = keep(&mut page, &read, false).await;
    assert_eq!((&kept["stamp"]["id"], &kept["relation"]["kind"]), (&json!("aaaa"), &json!("bound")), "{kept}");
    assert_eq!((trusted(&page, "aaaa"), trusted(&page, &former)), ((true, true), (false, false)));
    assert_eq!(kept["snapshot"]["stamps"].as_array().unwrap().len(), 2, "practice and this one: {kept}");
    assert_eq!(only(&page.decisions(), "stamp_bound")["stamp"], "aaaa");
    // Its old name still means it, in records for example.
    let has = page.ask("secret_has", json!({ "stampId": former, "account": ACCOUNT })).await;
    assert_eq!(has, true);
    let again = page.ask("stamp_import", file("aaaa")).await;
    assert_eq!(again["found"]["relation"]["kind"], "same", "{again}");
    // Both names are forgotten with it.
    let forgotten = page.ask("stamp_forget", json!({ "stampId": former, "records": false })).await;
    assert_eq!((&forgotten["passwords"], &forgotten["computers"]), (&json!(1), &json!(1)), "{forgotten}");
    assert_eq!(trusted(&page, "aaaa"), (false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stamp_that_was_deployed_anew_is_noticed_and_gets_no_trust_of_the_former() {
    for forget in [false, true] {
        let mut page = Page::open();
        let read = page.ask("stamp_import", file("AAAA")).await;
        assert_eq!(read["found"]["relation"]["kind"], "new", "{read}");
        keep(&mut page, &read, false).await;
        trust(&page, "aaaa");
        let read = page.ask("stamp_import", file("BBBB")).await;
        assert_eq!(read["found"]["relation"], json!({ "kind": "redeployed", "stampId": "aaaa", "name": "east" }));
        let kept = keep(&mut page, &read, forget).await;
        assert_eq!(kept["stamp"]["id"], "bbbb", "{kept}");
        assert_eq!(trusted(&page, "bbbb"), (false, false), "nothing of the former is used with it");
        assert_eq!(trusted(&page, "aaaa"), (!forget, !forget));
        let stamps = kept["snapshot"]["stamps"].as_array().unwrap().len();
        assert_eq!(stamps, if forget { 2 } else { 3 }, "{kept}");
        assert_eq!(only(&page.decisions(), "stamp_redeployed")["forget"], forget);
        // Its addresses alone do not say which deployment is meant.
        let typed = page.ask("stamp_import", json!({ "import": { "kind": "typed", "text": "192.0.2.225" } })).await;
        assert_eq!(typed["found"]["relation"]["kind"], "unsure", "{typed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stamp_is_named_and_handed_on_without_secrets() {
    let mut page = Page::open();
    let read = page.ask("stamp_import", file("AAAA")).await;
    keep(&mut page, &read, false).await;
    trust(&page, "aaaa");
    let named = page.ask("stamp_rename", json!({ "stampId": "aaaa", "name": " East\u{202e} one " })).await;
    assert_eq!(named["stamps"][1]["name"], "East one", "{named}");
    assert!(page.call("stamp_rename", json!({ "stampId": "aaaa", "name": "\u{200b}" })).await.is_err());
    assert_eq!(page.ask("stamp_export", json!({ "stampId": "aaaa" })).await, Value::Null, "the dialog was dismissed");
    let path = page.folder.path().join("export.json");
    page.surroundings.lock().unwrap().file = Some(path.clone());
    page.ask("stamp_export", json!({ "stampId": "aaaa" })).await;
    let text = std::fs::read_to_string(&path).unwrap();
    for secret in ["canary", "CloudAdmin", "CW-ERCS01", "East one"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let read = page.ask("stamp_import", json!({ "import": { "kind": "choose" } })).await;
    assert_eq!(read["found"]["relation"]["kind"], "same", "it is the same stamp: {read}");
    page.surroundings.lock().unwrap().file = Some("/nowhere/at/all.json".into());
    let fault = page.call("stamp_export", json!({ "stampId": "aaaa" })).await.unwrap_err();
    assert_eq!(fault["code"], "PEP-1006", "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_session_tells_of_its_stamp_is_kept_and_another_deployment_is_noticed() {
    let practice = PracticeServer::start("healthy");
    let mut page = Page::open();
    let account = practice::PracticePep::ACCOUNT;
    let opened = page.connect_as(&practice.endpoint(), account, &practice.password(), true).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    let former = opened["session"]["stampId"].as_str().unwrap().to_owned();
    let result = page.run("Get-AzureStackStampInformation", json!({})).await;
    assert_eq!(result["stamp"]["kind"], "bound", "{result}");
    let snapshot = page.ask("app_snapshot", json!({})).await;
    let stamp = snapshot["stamps"][1].clone();
    assert_eq!((&stamp["region"], &stamp["netbiosDomain"]), (&json!("practice"), &json!("PRACTICE")), "{stamp}");
    let hosts: Vec<_> =
        stamp["addresses"].as_array().unwrap().iter().map(|one| one["host"].as_str().unwrap()).collect();
    assert_eq!(hosts, ["127.0.0.1", "192.0.2.224", "192.0.2.225", "192.0.2.226"], "the way that led there stays first");
    assert_eq!(page.run("Get-AzureStackStampInformation", json!({})).await["stamp"]["kind"], "same");
    let busy = page.call("stamp_forget", json!({ "stampId": stamp["id"], "records": false })).await.unwrap_err();
    assert_eq!(busy["code"], "PEP-7201", "its session is open, under the former id");
    assert_eq!(page.close(r"\\192.0.2.9\transcripts").await["kind"], "closed");
    // Trust and password came along: nobody is asked again, and the kept password opens.
    let place = &stamp["addresses"][0];
    let sign_in = json!({ "signIn": { "stampId": stamp["id"], "address": place, "account": account, "password": null, "remember": false } });
    let again = page.ask("session_open", sign_in).await;
    assert_eq!(again["kind"], "open", "{again}");
    assert_eq!(page.close(r"\\192.0.2.9\transcripts").await["kind"], "closed");
    assert_ne!(stamp["id"], former.as_str());

    // A stamp that is known by another deployment id: told, and nothing of it is kept.
    let mut page = Page::open();
    let read = page.ask("stamp_import", json!({ "import": { "kind": "typed", "text": practice.endpoint() } })).await;
    let mut other = read["found"]["stamp"].clone();
    other["deploymentId"] = "another".into();
    let kept = page.ask("stamp_keep", json!({ "stamp": other, "forgetFormer": false })).await;
    let place = kept["stamp"]["addresses"][0].clone();
    let trust = json!({ "stampId": "another", "address": place, "decision": { "kind": "trust" } });
    page.ask("session_trust", trust).await;
    let sign_in = json!({ "signIn": { "stampId": "another", "address": place, "account": account, "password": practice.password(), "remember": false } });
    assert_eq!(page.ask("session_open", sign_in).await["kind"], "open");
    let result = page.run("Get-AzureStackStampInformation", json!({})).await;
    assert_eq!(result["stamp"]["kind"], "redeployed", "{result}");
    let snapshot = page.ask("app_snapshot", json!({})).await;
    assert_eq!((&snapshot["stamps"][1]["region"], &snapshot["stamps"][1]["id"]), (&json!(""), &json!("another")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_session_tells_of_its_stamp_is_kept_when_nobody_follows_the_run() {
    let practice = PracticeServer::start("healthy");
    let account = practice::PracticePep::ACCOUNT;
    for followed_first in [false, true] {
        let mut page = Page::open();
        let opened = page.connect_as(&practice.endpoint(), account, &practice.password(), false).await;
        assert_eq!(opened["kind"], "open", "{opened}");
        let id = page.start("Get-AzureStackStampInformation", json!({})).await.unwrap();
        if followed_first {
            // A page that has left the run takes note of nothing more.
            page.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
        }
        page.event("session", |session| session["runs"] == 1 && session["activeRun"].is_null()).await;
        let stamps = page.ask("app_snapshot", json!({})).await["stamps"].clone();
        assert_eq!(
            (&stamps[1]["region"], &stamps[1]["netbiosDomain"]),
            (&json!("practice"), &json!("PRACTICE")),
            "{stamps}"
        );
        let (result, _) = page.follow(&id).await;
        assert_eq!(result["stamp"]["kind"], "bound", "who looks later is told the same: {result}");
        assert_eq!(page.close(r"\\192.0.2.9\transcripts").await["kind"], "closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_answers_by_itself() {
    let mut page = Page::open();
    let portal = "Region\neast\nPrivileged endpoint IP addresses\n192.0.2.224, 192.0.2.225\nDNS\n192.0.2.9\n";
    for (import, kind, candidates) in [
        (json!({ "kind": "text", "text": portal }), "read", 2),
        (json!({ "kind": "typed", "text": "192.0.2.224" }), "read", 1),
        (json!({ "kind": "names", "prefix": "", "domain": "nowhere.invalid" }), "read", 3),
        (json!({ "kind": "portal", "address": "https://portal.east.nowhere.invalid" }), "read", 0),
        (json!({ "kind": "choose" }), "nothing", 0),
    ] {
        let read = page.ask("stamp_import", json!({ "import": import })).await;
        assert_eq!(read["kind"], kind, "{import}: {read}");
        let count = read["found"]["candidates"].as_array().map_or(0, Vec::len);
        assert_eq!(count, candidates, "{import}: {read}");
    }
    for (import, code) in [
        (json!({ "kind": "text", "text": "nothing in here" }), "PEP-1103"),
        (json!({ "kind": "text", "text": "{\"DeploymentData\":{}}" }), "PEP-1102"),
        (json!({ "kind": "typed", "text": "https://adminportal.east.a.example/" }), "PEP-1105"),
        (json!({ "kind": "typed", "text": "8.8.8.8" }), "PEP-1104"),
        (json!({ "kind": "names", "prefix": "a b", "domain": "" }), "PEP-1103"),
        (json!({ "kind": "portal", "address": "10.0.0.1" }), "PEP-1108"),
        (json!({ "kind": "portal", "address": "https://portal.azure.com/#home" }), "PEP-1107"),
    ] {
        let read = page.ask("stamp_import", json!({ "import": import })).await;
        assert_eq!((&read["kind"], &read["fault"]["code"]), (&json!("refused"), &json!(code)), "{import}: {read}");
    }
    // The portal itself is opened, whatever of the stamp was typed; what is no address of a stamp is not.
    page.ask("portal_open", json!({ "address": "https://portal.east.a.example/#blade" })).await;
    assert_eq!(page.surroundings.lock().unwrap().opened, ["https://adminportal.east.a.example/"]);
    assert!(page.call("portal_open", json!({ "address": "file:///etc/passwd" })).await.is_err());
}
