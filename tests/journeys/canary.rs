//! S-39: marked secrets go through a whole journey, and are then looked for everywhere.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md4::Digest as _;
use serde_json::json;
use tests::kdc::Kdc;
use tests::page::{ACCOUNT, Page};
use tests::peer::{Peer, USER};

use crate::kerberos;

const PASSWORD: &str = "Canary-SignIn-7f3a9c!";
const SECRET: &str = "Canary-Secret-52be11 ü";
const CREDENTIAL: &str = "Canary-Credential-0d94e7";
const SHARE: &str = "Canary-Share-c81f60";

/// All that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The forms in which a secret would be found.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    // In base64 a text looks differently at each of three places.
    let shifted = |by: usize| {
        let text = STANDARD.encode([&vec![b'.'; by][..], secret].concat());
        text.into_bytes()[4..text_end(secret.len() + by)].to_vec()
    };
    vec![
        ("as it is", secret.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("hex in capitals", hex.to_uppercase().into_bytes()),
        ("base64", shifted(0)),
        ("base64, shifted by one", shifted(1)),
        ("base64, shifted by two", shifted(2)),
    ]
}

/// Characters of base64 that depend on nothing behind so many bytes.
fn text_end(bytes: usize) -> usize {
    bytes / 3 * 4
}

fn hunted() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for (name, text) in [("sign-in", PASSWORD), ("secret", SECRET), ("credential", CREDENTIAL), ("share", SHARE)] {
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        all.extend(forms(text.as_bytes()).into_iter().map(|(form, bytes)| (format!("{name} {form}"), bytes)));
        all.extend(forms(&wide).into_iter().map(|(form, bytes)| (format!("{name} UTF-16 {form}"), bytes)));
    }
    let wide: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hash = md4::Md4::digest(&wide);
    all.extend(forms(&hash).into_iter().map(|(form, bytes)| (format!("NT hash {form}"), bytes)));
    all
}

fn found(place: &str, bytes: &[u8]) -> Vec<String> {
    let hits = hunted().into_iter().filter(|(_, wanted)| bytes.windows(wanted.len()).any(|window| window == wanted));
    hits.map(|(name, _)| format!("{name} in {place}")).collect()
}

fn in_folder(folder: &Path, hits: &mut Vec<String>) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += in_folder(&path, hits);
        } else {
            files += 1;
            hits.extend(found(&path.display().to_string(), &std::fs::read(&path).unwrap()));
            hits.extend(found("a file's name", path.as_os_str().as_encoded_bytes()));
        }
    }
    files
}

#[test]
fn the_hunt_finds_what_is_there() {
    let text = STANDARD.encode(format!("xy{SECRET}z"));
    assert_eq!(found("here", text.as_bytes()).len(), 1, "{:?}", found("here", text.as_bytes()));
    assert!(!found("here", PASSWORD.as_bytes()).is_empty());
    let wide: Vec<u8> = CREDENTIAL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(!found("here", &wide).is_empty());
}

/// From now on all of this process that is logged.
fn captured() -> Log {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn s39_no_secret_is_left_anywhere() {
    let log = captured();
    let peer = Peer::start(&["--user", USER, "--password", PASSWORD, "--log-level", "full"]);
    let mut page = Page::open();
    // A password that is refused is one too.
    let refused = page.connect(&peer.endpoint(), SECRET).await;
    assert_eq!(refused["fault"]["code"], "PEP-4103", "{refused}");
    let opened = page.connect_as(&peer.endpoint(), ACCOUNT, PASSWORD, true).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    use_and_hunt(page, &peer, &log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s39_no_secret_is_left_anywhere_by_name() {
    // The account's keys are made of the password by the library; what is ours are the password and the sealed channel.
    let name = "canary::s39_no_secret_is_left_anywhere_by_name";
    let Some(kdc) = Kdc::for_this_test(name, &["--user", &format!("canary={PASSWORD}")]) else { return };
    let log = captured();
    let peer = Peer::start(&["--keytab", &kdc.keytab(), "--log-level", "full"]);
    let mut page = Page::open();
    let who = |password: &str| json!({ "account": "canary@PEP.TEST", "password": password, "remember": true });
    let refused = kerberos::open(&mut page, &peer, who(SECRET)).await;
    assert_eq!(refused["fault"]["code"], "PEP-4111", "{refused}");
    let opened = kerberos::open(&mut page, &peer, who(PASSWORD)).await;
    assert_eq!((&opened["kind"], &opened["session"]["way"]), (&json!("open"), &json!("byName")), "{opened}");
    assert_eq!(peer.passwords(), 0);
    use_and_hunt(page, &peer, &log).await;
}

/// The rest of a journey with secrets, and the hunt.
async fn use_and_hunt(mut page: Page, peer: &Peer, log: &Log) {
    page.run("Test-AzureStack", json!({})).await;
    // The peer answers with the plain texts, so only what goes there is looked at: echoes are what an endpoint says.
    let given = json!({
        "Secret": { "kind": "secret", "password": SECRET },
        "Credential": { "kind": "credential", "account": r"FILES\reader", "password": CREDENTIAL },
        "NoSuchParameter": { "kind": "switch", "on": true },
    });
    let preview =
        page.ask("run_preview", json!({ "run": { "cmdlet": "Test-SecureEcho", "parameters": given.clone() } })).await;
    assert!(preview["text"].as_str().unwrap().contains("asked, not shown"));
    let result = page.run("Test-SecureEcho", given).await;
    assert_eq!(result["fault"]["code"], "PEP-7102", "the secrets arrived and nothing was echoed: {result}");
    for share in [r"\\192.0.2.9\denied", r"\\192.0.2.9\transcripts"] {
        let close = json!({ "kind": "withTranscripts", "share": share, "account": r"FILES\writer", "password": SHARE });
        page.ask("session_close", json!({ "close": close })).await;
    }
    assert!(!page.app.has_open_session());
    page.ask("app_snapshot", json!({})).await;

    // The hunt is worth something only where the secrets really went through.
    let arrived = peer.log("invoke").iter().map(ToString::to_string).collect::<String>();
    assert!(arrived.contains(SHARE), "the peer decrypted the password of the share");
    assert_eq!(page.secrets.0.lock().unwrap().values().next().map(String::as_str), Some(PASSWORD), "kept as asked");

    let mut hits = Vec::new();
    let files = in_folder(page.folder.path(), &mut hits);
    assert!(files >= 4, "records, decisions, pins and stamps were looked at");
    hits.extend(found("the log", &log.0.lock().unwrap()));
    assert!(log.0.lock().unwrap().len() > 1_000, "the log was captured");
    for message in &page.heard {
        hits.extend(found("a message to the page", message.as_bytes()));
    }
    assert_eq!(hits, Vec::<String>::new());
}
