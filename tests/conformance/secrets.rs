//! Section E: keys and secrets.

use std::sync::Arc;
use std::time::Duration;

use clixml::Value;
use psrp::{Argument, Command, Event, Origin, PipelineState, SecretText};
use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::session::{self, Session};
use winrm::{Earlier, NoIntents, OpenOptions, SessionEvent};

/// Where the first entry of this kind stands in the log.
fn seq(peer: &Peer, kind: &str) -> u64 {
    peer.log(kind).first().unwrap_or_else(|| panic!("no {kind}"))["seq"].as_u64().unwrap()
}

fn with_secret(text: &str) -> Command {
    Command::new("Test-SecureEcho").parameter("Secret", SecretText::new(text))
}

#[test]
fn e1_a_secret_is_the_first_thing_after_opening() {
    let peer = Peer::start(&["--log-level", "full"]);
    let secret = "s3cret ünd 😀";
    let outcome = Pepctl::new(&peer.endpoint())
        .env("PEP_TEST_SECRET", secret)
        .run_cmdlet("Test-SecureEcho", &["Secret={\"$type\":\"SecureString\",\"env\":\"PEP_TEST_SECRET\"}"]);
    outcome.assert_code(0);
    let invoked = peer.log("invoke");
    assert_eq!(invoked[0]["params"]["Secret"]["plaintext"], secret, "the peer decrypted it");
    assert_eq!(peer.log("public_key").len(), 1);
    assert!(seq(&peer, "public_key") < seq(&peer, "command"), "the exchange first, then the pipeline");
    // Before it was decrypted it was not there in any form.
    for entry in peer.log("psrp_in").iter().chain(&peer.log("request")) {
        assert!(!entry["xml"].as_str().unwrap().contains("s3cret"), "in clear: {entry}");
    }
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_credentials_of_every_kind_are_decrypted_by_the_peer() {
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    let long = "p".repeat(10_000);
    for user in [r"CONTOSO\writer", "writer@contoso.example", "", "ünï😀"] {
        for password in ["", "x", "8 chars.", "12345678", "pä😀\u{10FFFF}", long.as_str()] {
            let credential = Argument::Credential { user: user.into(), password: SecretText::new(password) };
            let run = session.run(Command::new("Test-SecureEcho").parameter("Credential", credential)).await;
            run.assert_completed();
            let given = &peer.log("invoke").last().unwrap()["params"]["Credential"].clone();
            assert_eq!((&given["UserName"], &given["Password"]["plaintext"]), (&json!(user), &json!(password)));
        }
    }
    assert_eq!(peer.log("public_key").len(), 1, "one key for the life of the pool");
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn e3_a_secret_that_comes_before_any_exchange_is_kept_and_read_later() {
    // The peer's key is there before we asked for it, as a Windows server's is.
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    let run = session.run(Command::new("Test-Types")).await;
    let secret = run.assert_completed().output().into_iter().find_map(|value| match value {
        Value::SecureString(secret) => Some(secret.clone()),
        _ => None,
    });
    let Some(secret) = secret else { return nothing_came(&run.texts()) };
    assert!(session.handle.decrypt(secret.clone()).await.unwrap().is_none(), "not without a key");
    session.handle.request_key().await.unwrap();
    loop {
        match session.next().await {
            SessionEvent::Pool(Event::KeyReady) => break,
            SessionEvent::Pool(Event::KeyFailed) => panic!("the exchange failed"),
            _ => {}
        }
    }
    let text = session.handle.decrypt(secret).await.unwrap().expect("it can be read now");
    assert_eq!(text.expose().as_str(), "secret é 🔑");
    session.close().await;
    peer.assert_clean();
}

#[track_caller]
fn nothing_came(texts: &[String]) {
    panic!("no secret among {texts:?}");
}

#[test]
fn e3_a_secret_of_the_endpoint_is_shown_masked() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Types", &[]);
    outcome.assert_code(0);
    let secret = outcome.stream("output").find(|line| line["value"]["$type"] == "SecureString").expect("a secret");
    assert!(secret["text"].as_str().unwrap().contains("SecureString"), "{secret}");
    assert!(!format!("{outcome:?}").contains("secret \u{e9}"), "never its text");
}

#[tokio::test(flavor = "multi_thread")]
async fn e4_a_server_that_asks_for_our_key_gets_it_once() {
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    for number in 0..2 {
        let id = session
            .handle
            .invoke(Command::new("Test-HostPrompt").parameter("What", "info").switch("RequestKey").into());
        let id = id.await.unwrap();
        let run = session.follow(id).await;
        run.assert_completed();
        // The second request is refused: the key that there is stays in use.
        assert_eq!(peer.log("public_key").len(), 1, "request {number}");
        let run = session.run(with_secret("s3cret")).await;
        assert_eq!(run.assert_completed().texts(), ["s3cret"]);
    }
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn e6_a_pipeline_that_is_stopped_while_the_exchange_waits_leaves_no_trace() {
    let peer = Peer::start(&["--log-level", "full"]);
    let mut session = Session::open(&peer).await;
    peer.rule(json!({ "do": "delay", "action": "Send", "arg": 1.0 }));
    let id = session.handle.invoke(with_secret("s3cret").into()).await.unwrap();
    peer.wait_until("our key is on its way", |peer| peer.requests("Send").len() == 1);
    session.handle.stop(id).await.unwrap();
    let run = session.follow(id).await;
    assert_eq!((run.state, run.origin), (PipelineState::Stopped, Origin::NeverSent));
    let run = session.run(Command::new("Test-Echo").parameter("Value", "after")).await;
    assert_eq!(run.assert_completed().texts(), ["after"], "the pool is usable");
    // And with the key that came meanwhile.
    let run = session.run(with_secret("another")).await;
    assert_eq!(run.assert_completed().texts(), ["another"]);
    assert_eq!((peer.log("public_key").len(), peer.log("command").len()), (1, 2), "nothing of it was sent");
    let of_it = id.to_string().to_uppercase();
    assert!(peer.log("signal").iter().all(|entry| entry["command"] != json!(of_it)), "and no Signal");
    session.close().await;
    peer.assert_clean();
}

#[tokio::test]
async fn e7_keys_are_exchanged_while_a_flood_runs_and_both_finish() {
    const COUNT: usize = 20_000;
    let peer = Peer::start(&[]);
    let mut options = OpenOptions::default();
    options.pool_options.max_runspaces = 2;
    let Session { handle, mut events, .. } = Session::open_with(&peer, options).await.unwrap();
    // 20 MB at most as fast as 10 MB a second, so that there is something to run into.
    let flood = Command::new("Test-Flood").parameter("Count", 20_000).parameter("Size", 1_024).parameter("Rate", 10);
    let flood = handle.invoke(flood.into()).await.unwrap();
    let (mut secret, mut records, mut echoed, mut ends) = (None, 0, Vec::new(), Vec::new());
    while ends.len() < 2 {
        match events.next().await.expect("the session goes on") {
            SessionEvent::Pool(Event::Record { pipeline, value, .. }) if pipeline != flood => {
                echoed.push(value.to_display());
            }
            SessionEvent::Pool(Event::Record { .. }) => {
                records += 1;
                if secret.is_none() {
                    secret = Some(handle.invoke(with_secret("s3cret \u{fc}nd").into()).await.unwrap());
                }
            }
            SessionEvent::Pool(Event::PipelineState { pipeline, state, .. }) if state.is_final() => {
                ends.push((pipeline, state));
            }
            SessionEvent::Interruption(interruption) => panic!("{interruption:?}"),
            _ => {}
        }
    }
    assert_eq!(ends, [(secret.unwrap(), PipelineState::Completed), (flood, PipelineState::Completed)]);
    assert_eq!(records, COUNT, "all of the flood");
    assert_eq!(echoed, ["s3cret \u{fc}nd"], "decrypted over there");
    assert_eq!(peer.log("public_key").len(), 1);
    handle.close().await.unwrap();
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn e8_after_a_disconnection_and_a_connection_a_secret_needs_a_key_of_its_own() {
    let peer = Peer::start(&[]);
    let mut first = Session::open(&peer).await;
    let run = first.run(with_secret("before")).await;
    assert_eq!(run.assert_completed().texts(), ["before"]);
    first.handle.disconnect(None).await.unwrap();
    let earlier =
        Earlier { pool: first.handle.pool(), session: None, pipelines: vec![], next_object: 1, questions: vec![] };
    let connector = session::connector(&peer);
    let opened = winrm::connect(connector, session::sign_in(), OpenOptions::default(), earlier, Arc::new(NoIntents));
    let (handle, events) = tokio::time::timeout(Duration::from_secs(60), opened).await.unwrap().unwrap();
    let mut second = Session { handle, events, others: Vec::new() };
    let run = second.run(with_secret("afterwards")).await;
    assert_eq!(run.assert_completed().texts(), ["afterwards"]);
    assert_eq!((peer.log("public_key").len(), peer.log("create").len()), (2, 1), "a new exchange in the same shell");
    second.close().await;
    assert_eq!(peer.state()["shells"], json!([]));
    peer.assert_clean();
}
