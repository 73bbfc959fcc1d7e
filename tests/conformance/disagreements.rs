//! Section 15 of the protocol notes: where libraries disagree. What is decided by other cases has its test there; the README has
//! the whole list. The peer is foreign code in all of them.

use clixml::{Object, Value};
use psrp::{Argument, Command, SecretText};
use serde_json::{Value as Json, json};
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::session::Session;

/// A session that does everything: commands, a large one, a secret, a stop, a question, closing.
async fn busy_session(peer: &Peer) {
    let mut session = Session::open(peer).await;
    session.run(Command::new("Test-Echo").parameter("Value", "x".repeat(600_000).as_str())).await.assert_completed();
    session
        .run(Command::new("Test-SecureEcho").parameter("Secret", SecretText::new("s3cret")))
        .await
        .assert_completed();
    let id = session.handle.invoke(Command::new("Test-HostPrompt").parameter("What", "readline").into()).await.unwrap();
    let (pipeline, call) = session.question().await;
    session.handle.answer(pipeline, call.id, psrp::host::HostAnswer::Value("typed".into())).await.unwrap();
    session.follow(id).await.assert_completed();
    let id = session.handle.invoke(Command::new("Test-Sleep").parameter("Seconds", 600).into()).await.unwrap();
    peer.wait_until("it runs", |peer| peer.executions("Test-Sleep") == 1);
    session.handle.stop(id).await.unwrap();
    session.follow(id).await;
    peer.wait_until("all are ended", |peer| peer.commands().is_empty());
    session.close().await;
    peer.assert_clean();
}

fn all_the_same<'a>(values: impl Iterator<Item = &'a Json>) -> Option<&'a Json> {
    let mut values = values;
    let first = values.next()?;
    assert!(values.all(|value| value == first), "one and the same everywhere");
    Some(first)
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_ids_resource_and_streams_of_a_whole_session() {
    let peer = Peer::start(&["--log-level", "full"]);
    busy_session(&peer).await;
    let requests = peer.log("request");
    let actions: Vec<&str> = requests.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    for action in ["Create", "Command", "Send", "Receive", "Signal", "Delete"] {
        assert!(actions.contains(&action), "{action} was seen");
    }
    // Session id: the same for the whole shell, or the shell could not be disconnected.
    let session = all_the_same(requests.iter().map(|entry| &entry["session_id"])).unwrap();
    assert!(session.as_str().is_some_and(|id| id.starts_with("uuid:")), "{session}");
    // Resource URI: that of the configuration, on every operation.
    let resource = all_the_same(requests.iter().map(|entry| &entry["resource_uri"])).unwrap();
    assert_eq!(resource, "http://schemas.microsoft.com/powershell/PrivilegedEndpoint");
    // Culture, on every request.
    assert_eq!(all_the_same(requests.iter().map(|entry| &entry["locale"])).unwrap(), "en-US");
    assert_eq!(all_the_same(requests.iter().map(|entry| &entry["data_locale"])).unwrap(), "en-US");
    // Shell and command ids: upper case, and of the pool and its pipelines.
    let shell = all_the_same(
        requests.iter().filter(|entry| entry["action"] != "Create").map(|entry| &entry["selectors"]["ShellId"]),
    );
    let shell = shell.unwrap().as_str().unwrap();
    assert_eq!(shell, shell.to_uppercase());
    for message in peer.log("psrp_in") {
        assert_eq!(message["rpid"], shell, "the pool's id is the shell's: {message}");
    }
    for (command, pipeline) in peer.log("command").iter().zip(peer.log("pipeline")) {
        assert_eq!(command["command"], pipeline["pid"], "the command's id is the pipeline's");
    }
    // Object ids: one counter for the pool, from 1, each object a new one.
    let mut objects: Vec<u64> = peer.log("fragment_in").iter().map(|entry| entry["oid"].as_u64().unwrap()).collect();
    objects.dedup();
    let wanted: Vec<u64> = (1..).take(objects.len()).collect();
    assert_eq!(objects, wanted);
    // Answers to questions go on the stream made for them.
    let answers: Vec<_> = peer.log("fragment_in").into_iter().filter(|entry| entry["stream"] == "pr").collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // Closing is a Delete: no message of PSRP says it, and no type is sent that does not exist.
    let kinds: Vec<String> =
        peer.log("psrp_in").iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect();
    let known = ["SessionCapability", "InitRunspacePool", "PublicKey", "CreatePipeline", "PipelineHostResponse"];
    assert!(kinds.iter().all(|kind| known.contains(&kind.as_str())), "{kinds:?}");
    assert_eq!(actions.last(), Some(&"Delete"));
    assert_eq!((peer.log("delete").len(), peer.log("psrp_decode_error").len()), (1, 0));
    // Compression is not asked for.
    assert!(requests.iter().all(|entry| !entry["xml"].as_str().unwrap().contains("Compression")));
}

#[test]
fn s15_the_console_is_described_in_full() {
    let peer = Peer::start(&[]);
    Pepctl::new(&peer.endpoint()).args(&["--width", "97"]).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    let host = &peer.log("init_runspacepool")[0]["host"];
    for name in ["IsHostNull", "IsHostUINull", "IsHostRawUINull", "UseRunspaceHost"] {
        assert_eq!(host[name], false, "else nothing is asked: {name} of {host}");
    }
    let data = host["HostDefaultData"].to_string();
    for part in ["97", "ConsoleColor", "Coordinates", "Size"] {
        assert!(data.contains(part), "{part} in {data}");
    }
    let init = &peer.log("init_runspacepool")[0];
    assert_eq!((&init["min"], &init["max"]), (&json!(1), &json!(1)), "{init}");
}

#[test]
fn s15_the_response_is_ntlmv2_without_an_lm_response_for_the_host_as_dialled() {
    for skew in [0, 5 * 3_600 + 1_800] {
        let peer = Peer::start(&["--set", &format!("clock_skew={skew}")]);
        Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
        for sign_in in peer.log("auth_ok") {
            let ntlm = &sign_in["ntlm"];
            assert_eq!((&ntlm["v2"], &ntlm["lm_zero"]), (&json!(true), &json!(true)), "{ntlm}");
            assert_eq!((&ntlm["mic"], &ntlm["key_exchange"]), (&json!(true), &json!(true)), "{ntlm}");
            assert_eq!((&ntlm["target_name"], &ntlm["av_flags"]), (&json!("HTTP/127.0.0.1"), &json!(2)), "{ntlm}");
            assert_eq!(ntlm["channel_bindings"], "00".repeat(16), "no TLS: {ntlm}");
        }
        assert_eq!(peer.log("unencrypted_refused").len(), 0, "nothing was ever sent in clear");
        peer.assert_clean();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_a_receive_is_always_pending_also_when_nothing_runs() {
    let peer = Peer::start(&["--log-level", "full", "--set", "operation_timeout_cap=0.1"]);
    let mut session = Session::open(&peer).await;
    session.run(Command::new("Test-Echo").parameter("Value", 1)).await.assert_completed();
    peer.wait_until("nothing runs", |peer| peer.commands().is_empty());
    let shell = |peer: &Peer| peer.requests("Receive").iter().filter(|entry| entry["target"] == "shell").count();
    let before = shell(&peer);
    peer.wait_until("the pool is asked again and again", |peer| shell(peer) > before + 20);
    // One after the other, never two at once: the next one follows the answer.
    let times: Vec<f64> = peer
        .requests("Receive")
        .iter()
        .filter(|entry| entry["target"] == "shell")
        .map(|entry| entry["t"].as_f64().unwrap())
        .collect();
    let last = &times[times.len() - 20..];
    assert!(last.windows(2).all(|pair| pair[1] - pair[0] > 0.09), "{last:?}");
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_secrets_of_every_length_are_read_with_a_vector_of_zeros_and_our_key_blob() {
    // The peer's library decrypts with 16 zero bytes and wraps its key for the blob that we sent; anything else is no text.
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    for length in 0..20 {
        let text = "é".repeat(length);
        let run = session.run(Command::new("Test-SecureEcho").parameter("Secret", SecretText::new(&text))).await;
        assert_eq!(run.assert_completed().texts(), [text]);
    }
    let credential = Argument::Credential { user: "u".into(), password: SecretText::new("p") };
    let list = Object::array(vec![Value::Null, "".into()]);
    let run = session.run(Command::new("Test-SecureEcho").parameter("Credential", credential)).await;
    assert_eq!(run.assert_completed().output()[0].get("Password"), Some(&"p".into()));
    session.run(Command::new("Test-Echo").parameter("Value", list)).await.assert_completed();
    assert_eq!(peer.log("public_key")[0]["bytes"], 276, "the blob of a key of 2048 bits");
    session.close().await;
    peer.assert_clean();
}
