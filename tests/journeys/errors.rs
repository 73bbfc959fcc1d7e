//! What can go wrong, as the page is told it: code, who must act, the state, and that the record holds it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::page::{ACCOUNT, Page, only};
use tests::peer::{PASSWORD, Peer};

/// Asserts code and blame of a failed attempt to connect, that nothing is open, and that a record holds the code.
async fn not_connected(page: &mut Page, result: &Value, code: &str, blame: &str) {
    assert_eq!((&result["kind"], &result["fault"]["code"]), (&json!("failed"), &json!(code)), "{result}");
    assert_eq!(result["fault"]["blame"], blame, "{result}");
    assert!(!result["fault"]["detail"].as_array().unwrap().is_empty(), "support gets something to read");
    assert_eq!(page.session().await, Value::Null);
    match page.records().len() {
        0 => assert_eq!(only(&page.decisions(), "not_connected")["fault"], code),
        _ => assert_eq!(only(&page.record(), "not_opened")["fault"], code),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_nothing_answers_at() {
    let mut page = Page::open();
    let result = page.connect("nobody.invalid", PASSWORD).await;
    not_connected(&mut page, &result, "PEP-2101", "network").await;
    // A network for documents: no route or silence, where the way there does not answer in its place.
    let mut page = Page::open();
    let result = page.connect("192.0.2.1", PASSWORD).await;
    let code = result["fault"]["code"].as_str().unwrap_or_default().to_owned();
    assert!(["PEP-2102", "PEP-2103", "PEP-2104"].contains(&code.as_str()), "{result}");
    not_connected(&mut page, &result, &code, "network").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut page = Page::open();
    let result = page.connect(&endpoint, PASSWORD).await;
    not_connected(&mut page, &result, "PEP-2103", "network").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_winrm() {
    for answer in ["HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found", "SSH-2.0-OpenSSH_9.2\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut request = [0; 4_096];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        let mut page = Page::open();
        let result = page.connect(&endpoint, PASSWORD).await;
        not_connected(&mut page, &result, "PEP-2105", "network").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_winrm_server_that_is_no_pep() {
    let peer = Peer::start(&["--configuration", "Microsoft.PowerShell"]);
    let mut page = Page::open();
    let result = page.connect(&peer.endpoint(), PASSWORD).await;
    not_connected(&mut page, &result, "PEP-5101", "endpoint").await;
    assert_eq!(peer.sign_ins(), 1);
    assert_eq!(peer.state()["shells"], json!([]), "nothing is left there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_tried_exactly_once() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    let result = page.connect(&peer.endpoint(), "Not-The-Password").await;
    not_connected(&mut page, &result, "PEP-4103", "input").await;
    assert_eq!(peer.sign_ins(), 1, "one third message in all");
    assert!(!page.folder.path().join("pins.json").exists(), "S-07: it has proved nothing");
    let result = page.connect(&peer.endpoint(), PASSWORD).await;
    assert_eq!(result["kind"], "open", "{result}");
}

/// Takes the flag SEAL out of every NTLM challenge that passes from the server to the client.
fn proxy_without_sealing(to: String) -> String {
    fn weaken(bytes: &mut [u8]) {
        let mark = b"Negotiate ";
        let Some(at) = bytes.windows(mark.len()).position(|window| window == mark) else { return };
        let start = at + mark.len();
        let length = bytes[start..].iter().position(|byte| *byte == b'\r').unwrap_or(0);
        let Ok(mut token) = STANDARD.decode(&bytes[start..start + length]) else { return };
        let Some(challenge) = token.windows(12).position(|window| window == b"NTLMSSP\0\x02\0\0\0") else { return };
        token[challenge + 20] &= !0x20;
        bytes[start..start + length].copy_from_slice(STANDARD.encode(token).as_bytes());
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(mut client), Ok(mut server)) = (client, TcpStream::connect(&to)) else { return };
            let (mut requests, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut requests, &mut server));
            std::thread::spawn(move || {
                let mut bytes = vec![0; 64 * 1_024];
                while let Ok(length @ 1..) = answers.read(&mut bytes) {
                    weaken(&mut bytes[..length]);
                    if client.write_all(&bytes[..length]).is_err() {
                        return;
                    }
                }
            });
        }
    });
    endpoint
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_does_not_offer_sealing_gets_no_password() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    let result = page.connect(&proxy_without_sealing(peer.endpoint()), PASSWORD).await;
    not_connected(&mut page, &result, "PEP-4201", "endpoint").await;
    assert_eq!(peer.sign_ins(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_clear_ends_the_session_unread() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    peer.rule(json!({ "do": "unencrypted", "action": "Receive", "target": "command", "times": 0 }));
    let result = page.run("Test-Echo", json!({ "Value": { "kind": "text", "value": "7" } })).await;
    assert_eq!((&result["outcome"], &result["fault"]["code"]), (&json!("unknown"), &json!("PEP-4202")), "{result}");
    let session = page.session().await;
    assert_eq!((&session["state"]["kind"], &session["state"]["fault"]["blame"]), (&json!("lost"), &json!("network")));
    assert_eq!(only(&page.record(), "run_end")["outcome"], "unknown");
}

/// A page that trusted this endpoint, and the computer's name: what was trusted is made another computer, as if this one had taken its
/// place.
async fn with_another_pin(peer: &Peer) -> (Page, String) {
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    page.ask("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    let pins = page.folder.path().join("pins.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&pins).unwrap()).unwrap();
    let computer = kept["pins"][0]["names"]["computer"].as_str().unwrap().to_owned();
    kept["pins"][0]["names"]["computer"] = "AZS-ERCS99".into();
    std::fs::write(&pins, kept.to_string()).unwrap();
    (page, computer)
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_a_changed_identity_stops_before_the_password_and_is_recorded() {
    let peer = Peer::start(&[]);
    let (mut page, computer) = with_another_pin(&peer).await;
    let before = peer.sign_ins();
    let result = page.connect(&peer.endpoint(), PASSWORD).await;
    assert_eq!((&result["kind"], &result["question"]["changed"]), (&json!("identity"), &json!(true)), "{result}");
    assert_eq!(result["question"]["before"]["computer"], "AZS-ERCS99");
    let (stamp, address) = page.stamp(&peer.endpoint()).await;
    let decide = |decision: Value| json!({ "stampId": stamp, "address": address, "decision": decision });
    let fault = page.call("session_trust", decide(json!({ "kind": "trust" }))).await.unwrap_err();
    assert_eq!((&fault["code"], &fault["blame"]), (&json!("PEP-3101"), &json!("network")));
    let wrong = decide(json!({ "kind": "replace", "typedComputer": "AZS-ERCS99" }));
    assert_eq!(page.call("session_trust", wrong).await.unwrap_err()["code"], "PEP-3104");
    assert_eq!(peer.sign_ins(), before, "the password was not used");
    page.ask("session_trust", decide(json!({ "kind": "replace", "typedComputer": computer.to_lowercase() }))).await;
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let decisions = page.decisions();
    let changed = only(&decisions, "identity_changed");
    assert_eq!((&changed["before"]["computer"], &changed["now"]["computer"]), (&json!("AZS-ERCS99"), &json!(computer)));
    assert_eq!(only(&decisions, "identity_replaced")["now"]["computer"], computer);
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_each_of_the_three_instances_of_a_stamp_is_remembered() {
    let peers = [Peer::start(&[]), Peer::start(&[]), Peer::start(&[])];
    let mut page = Page::open();
    let typed = peers.each_ref().map(Peer::endpoint).join(", ");
    let (stamp, _) = page.stamp(&typed).await;
    for round in ["first", "again"] {
        for peer in &peers {
            let endpoint = peer.endpoint();
            let (host, port) = endpoint.rsplit_once(':').unwrap();
            let address = json!({ "host": host, "port": port.parse::<u16>().unwrap(), "label": "" });
            let at = json!({ "stampId": stamp, "address": address });
            let seen = page.ask("session_inspect", at.clone()).await;
            if round == "first" {
                assert_eq!(
                    (&seen["kind"], &seen["question"]["changed"]),
                    (&json!("identity"), &json!(false)),
                    "{seen}"
                );
                let trust = json!({ "stampId": stamp, "address": address, "decision": { "kind": "trust" } });
                page.ask("session_trust", trust).await;
                let sign_in = json!({ "stampId": stamp, "address": address, "account": ACCOUNT, "password": PASSWORD,
                    "remember": false });
                assert_eq!(page.ask("session_open", json!({ "signIn": sign_in })).await["kind"], "open");
                page.ask("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
            } else {
                assert_eq!(seen["kind"], "cancelled", "nobody is asked a second time: {seen}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_page_script_alone_replaces_no_computer() {
    let peer = Peer::start(&[]);
    let (mut page, computer) = with_another_pin(&peer).await;
    let pins = page.folder.path().join("pins.json");
    let kept = std::fs::read_to_string(&pins).unwrap();
    page.surroundings.lock().unwrap().says_no = true;
    let (stamp, address) = page.stamp(&peer.endpoint()).await;
    let replace = json!({ "stampId": stamp, "address": address,
        "decision": { "kind": "replace", "typedComputer": computer } });
    assert_eq!(page.call("session_trust", replace).await.unwrap_err()["code"], "PEP-3101");
    assert_eq!(page.surroundings.lock().unwrap().asked.len(), 1, "the operating system asked");
    let before = peer.sign_ins();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["question"]["changed"], true);
    assert_eq!((peer.sign_ins(), std::fs::read_to_string(&pins).unwrap()), (before, kept));
}

#[tokio::test(flavor = "multi_thread")]
async fn f45_damaged_pins_ask_again() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    page.ask("session_close", json!({ "close": { "kind": "leaveTranscripts" } })).await;
    std::fs::write(page.folder.path().join("pins.json"), "{\"version\":1,\"pins\":[{").unwrap();
    let (stamp, address) = page.stamp(&peer.endpoint()).await;
    let asked = page.ask("session_inspect", json!({ "stampId": stamp, "address": address })).await;
    assert_eq!((&asked["kind"], &asked["question"]["changed"]), (&json!("identity"), &json!(false)), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_and_parameters_that_are_refused() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    for (cmdlet, code, blame) in [("Get-Nothing", "PEP-7101", "endpoint"), ("Test-AzureStack", "PEP-7102", "input")] {
        let result = page.run(cmdlet, json!({ "NoSuchParameter": { "kind": "number", "value": 1 } })).await;
        assert_eq!((&result["outcome"], &result["fault"]["code"]), (&json!("failed"), &json!(code)), "{result}");
        assert_eq!(result["fault"]["blame"], blame);
        assert_eq!(page.session().await["state"]["kind"], "ready", "the session goes on");
    }
    let lines = page.record();
    let ends: Vec<_> = lines.iter().filter(|line| line.kind == "run_end").map(|line| &line.data["fault"]).collect();
    assert_eq!(ends, ["PEP-7101", "PEP-7102"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_refuses_leaves_the_session_open_and_another_one_closes_it() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    for (share, code, blame) in [
        (r"\\192.0.2.9\denied", "PEP-8101", "endpoint"),
        (r"\\192.0.2.9\nowhere", "PEP-8102", "input"),
        (r"\\192.0.2.9\locked", "PEP-8103", "input"),
    ] {
        let result = page.close(share).await;
        assert_eq!((&result["kind"], &result["fault"]["code"]), (&json!("failed"), &json!(code)), "{result}");
        assert_eq!((&result["fault"]["blame"], &result["fault"]["values"]["share"]), (&json!(blame), &json!(share)));
        assert_eq!(page.session().await["state"]["kind"], "ready");
    }
    assert_eq!(peer.state()["shells"].as_array().unwrap().len(), 1);
    let result = page.close(r"\\192.0.2.9\transcripts").await;
    assert_eq!((&result["kind"], &result["summary"]["transcripts"]), (&json!("closed"), &json!(true)), "{result}");
    let lines = page.record();
    let refused: Vec<_> =
        lines.iter().filter(|line| line.kind == "not_closed").map(|line| &line.data["fault"]).collect();
    assert_eq!(refused, ["PEP-8101", "PEP-8102", "PEP-8103"]);
    assert_eq!(only(&lines, "closed")["transcripts"], true);
    assert_eq!(result["summary"]["headHash"], lines.last().unwrap().hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_is_tried_again_and_nothing_is_lost() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let number = |value: u64| json!({ "kind": "number", "value": value });
    peer.rule(json!({ "do": "reset", "action": "Receive", "target": "command", "nth": 3 }));
    let id = page.start("Test-Flood", json!({ "Count": number(20_000), "Size": number(200) })).await.unwrap();
    let (result, _) = page.follow(&id).await;
    assert_eq!(result["outcome"], "completed", "{result}");
    assert_eq!(page.session().await["state"]["kind"], "ready");
    let outputs = page.record().into_iter().filter(|line| line.kind == "output").count();
    assert_eq!(outputs, 20_000, "every line once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_is_tried_again_and_nothing_is_invented() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let id = page.start("Test-Sleep", json!({ "Seconds": { "kind": "number", "value": 600 } })).await.unwrap();
    drop(peer);
    let told = page.event("session", |session| session["state"]["kind"] == "retrying").await;
    assert!(told["state"]["giveUpInS"].as_u64().unwrap() <= 240);
    assert_eq!(told["activeRun"], id, "nobody says that it ended");
    let lines = page.record();
    assert!(lines.iter().any(|line| line.kind == "connection" && line.data["retrying"].is_string()), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.kind == "run_end"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_vanished_ends_its_run_with_an_unknown_outcome() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let id = page.start("Test-Sleep", json!({ "Seconds": { "kind": "number", "value": 600 } })).await.unwrap();
    while peer.log("invoke").iter().all(|entry| entry["name"] != "Test-Sleep") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    peer.control(json!({ "kill_shell": "*" }));
    let (result, _) = page.follow(&id).await;
    assert_eq!(result["outcome"], "unknown", "{result}");
    // The command is gone first and the session a moment later, or the other way round: two answers are under way.
    assert!(["PEP-7301", "PEP-5104"].contains(&result["fault"]["code"].as_str().unwrap()), "{result}");
    let mut session = page.session().await;
    while session["state"]["kind"] != "lost" {
        page.event("session", |_| true).await;
        session = page.session().await;
    }
    assert_eq!((&session["state"]["fault"]["code"], &session["activeRun"]), (&json!("PEP-5104"), &Value::Null));
    assert_eq!(session["state"]["fault"]["blame"], "endpoint", "{session}");
    let lines = page.record();
    assert_eq!(only(&lines, "run_end")["outcome"], "unknown");
    assert!(lines.iter().any(|line| line.kind == "connection" && line.data["lost"].is_array()));
    assert!(lines.iter().all(|line| line.kind != "end"), "it is left open, for the next start");
}

#[tokio::test(flavor = "multi_thread")]
async fn b17_b18_a_refused_command_failed_with_its_own_code_and_the_endpoints_words() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let says = "\u{5272}\u{308a}\u{5f53}\u{3066}\u{202e}";
    for (number, code) in [(2_150_859_173_u32, "PEP-5103"), (5, "PEP-5102"), (424_242, "PEP-5199")] {
        peer.rule(json!({ "do": "fault", "action": "Command",
            "arg": { "code": number, "text": says, "subcode": "w:SomethingNew" } }));
        let result = page.run("Test-Echo", json!({ "Value": { "kind": "text", "value": "7" } })).await;
        assert_eq!((&result["outcome"], &result["fault"]["code"]), (&json!("failed"), &json!(code)), "{result}");
        let detail = result["fault"]["detail"].to_string();
        let shown = "The endpoint says: \u{5272}\u{308a}\u{5f53}\u{3066}\u{fffd}";
        assert!(detail.contains(&number.to_string()) && detail.contains(shown), "{detail}");
        assert_eq!(page.session().await["state"]["kind"], "ready", "the session goes on");
    }
    assert_eq!(peer.executions("Test-Echo"), 0);
    let ends = page.record().into_iter().filter(|line| line.kind == "run_end").count();
    assert_eq!(ends, 3, "each ends once in the record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_lost_on_its_way_ends_once_and_is_not_sent_again() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    peer.rule(json!({ "do": "drop", "action": "Command" }));
    let result = page.run("Test-Echo", json!({ "Value": { "kind": "text", "value": "7" } })).await;
    assert_eq!((&result["outcome"], &result["fault"]["code"]), (&json!("unknown"), &json!("PEP-7301")), "{result}");
    let result = page.run("Test-Echo", json!({ "Value": { "kind": "text", "value": "8" } })).await;
    assert_eq!(result["outcome"], "completed", "{result}");
    assert_eq!(peer.executions("Test-Echo"), 1);
    let lines = page.record();
    let ends: Vec<_> = lines.iter().filter(|line| line.kind == "run_end").map(|line| &line.data["outcome"]).collect();
    assert_eq!(ends, ["unknown", "completed"]);
}
