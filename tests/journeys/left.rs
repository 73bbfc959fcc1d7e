//! Taking over a session that was left at the endpoint (R-11).

use serde_json::{Value, json};
use tests::page::{Page, only};
use tests::peer::{PASSWORD, Peer};

use crate::quit::next_start;

/// A session with a command that gives a line ten times a second, and so many lines of it in the app.
async fn open_with_output(peer: &Peer, lines: u64) -> (Page, Value) {
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let parameters =
        json!({ "Seconds": { "kind": "number", "value": 600 }, "Beat": { "kind": "text", "value": "0.1" } });
    let id = page.start("Test-Sleep", parameters).await.unwrap();
    page.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    until_line(&mut page, &id, lines).await;
    (page, id)
}

/// Waits for this line of a run; answers the texts that were heard.
pub(crate) async fn until_line(page: &mut Page, id: &Value, last: u64) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        let wanted = id.clone();
        let batch = page.event("run", move |batch| batch["runId"] == wanted).await;
        page.ask("run_ack", json!({ "runId": id, "batch": batch["batch"] })).await;
        let items = batch["items"].as_array().unwrap();
        heard.extend(items.iter().map(|item| item["text"].as_str().unwrap().to_owned()));
        if items.iter().any(|item| item["seq"].as_u64().unwrap() >= last) {
            return heard;
        }
    }
}

/// Waits for the end of a run that is attached already.
pub(crate) async fn end_of(page: &mut Page, id: &Value) -> Value {
    loop {
        let wanted = id.clone();
        let batch = page.event("run", move |batch| batch["runId"] == wanted).await;
        page.ask("run_ack", json!({ "runId": id, "batch": batch["batch"] })).await;
        if batch["state"]["kind"] == "ended" {
            return batch["state"]["result"].clone();
        }
    }
}

pub(crate) fn created(peer: &Peer) -> usize {
    peer.log("invoke").iter().filter(|entry| entry["name"] == "Test-Sleep").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_session_left_running_is_taken_over_with_its_run() {
    let peer = Peer::start(&[]);
    let (mut page, id) = open_with_output(&peer, 3).await;
    let first = page.session().await;
    page.ask("app_quit", json!({ "choice": "keepRunning" })).await;
    let (mut next, snapshot) = next_start(page).await;
    let left = &snapshot["unfinished"][0];
    assert_eq!((&left["leftRunning"], &left["resumable"]), (&json!(true), &json!(true)), "{snapshot}");
    let opened = next.take_over(&peer.endpoint(), &left["recordId"]).await;
    assert_eq!(opened["kind"], "open", "{opened}");
    let session = &opened["session"];
    assert_eq!((&session["activeRun"], &session["commands"]), (&id, &first["commands"]));
    assert_eq!((&session["opened"], &session["runs"]), (&first["opened"], &json!(1)));
    // What came before is shown, and what comes now, without a hole.
    next.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    let lines = until_line(&mut next, &id, 12).await;
    let counted: Vec<String> = (1..=lines.len()).map(|number| number.to_string()).collect();
    assert_eq!(lines, counted);
    next.ask("run_stop", json!({ "runId": id })).await;
    let result = end_of(&mut next, &id).await;
    assert_eq!(result["outcome"], "stopped", "{result}");
    assert_eq!((created(&peer), peer.state()["shells"].as_array().unwrap().len()), (1, 1));
    // It is a session as any other.
    assert_eq!(
        next.run("Test-Echo", json!({ "Value": { "kind": "text", "value": "7" } })).await["outcome"],
        "completed"
    );
    assert_eq!(next.ask("app_snapshot", json!({})).await["unfinished"], json!([]));
    let closed = next.close(r"\\192.0.2.9\transcripts").await;
    let ran = closed["summary"]["commands"].as_array().unwrap();
    assert_eq!(ran.len(), 2, "{closed}");
    assert_eq!(ran[0]["outcome"], "stopped");
    let records = next.records();
    assert_eq!(records.len(), 2);
    let old = left["recordId"].as_str().unwrap();
    for path in records {
        let (lines, _) = record::read(&path).unwrap();
        if path.file_stem().unwrap() == old {
            assert_eq!(lines.last().unwrap().kind, "continued");
        } else {
            assert_eq!(lines[0].data["session"]["continues"], old);
            let of = |kind: &str| lines.iter().filter(|line| line.kind == kind).collect::<Vec<_>>();
            assert_eq!((of("run").len(), of("run_end").len()), (2, 3), "{lines:#?}");
            assert_eq!(only(&lines, "commands")["names"], first["commands"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_session_is_taken_over_again_and_again() {
    let peer = Peer::start(&[]);
    let (mut page, id) = open_with_output(&peer, 3).await;
    for round in 1..=3_u64 {
        page.ask("app_quit", json!({ "choice": "keepRunning" })).await;
        let (mut next, snapshot) = next_start(page).await;
        let left = snapshot["unfinished"].as_array().unwrap();
        assert_eq!(left.len(), 1, "{snapshot}");
        let opened = next.take_over(&peer.endpoint(), &left[0]["recordId"]).await;
        assert_eq!((&opened["kind"], &opened["session"]["activeRun"]), (&json!("open"), &id), "{round}: {opened}");
        next.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
        let lines = until_line(&mut next, &id, 3 + 5 * round).await;
        assert_eq!(lines, (1..=lines.len()).map(|number| number.to_string()).collect::<Vec<_>>());
        page = next;
    }
    assert_eq!(created(&peer), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_session_that_is_gone_is_said_to_be_gone_and_stays_on_the_list() {
    let peer = Peer::start(&[]);
    let (mut page, _) = open_with_output(&peer, 1).await;
    page.ask("app_quit", json!({ "choice": "keepRunning" })).await;
    let (mut next, snapshot) = next_start(page).await;
    let left = &snapshot["unfinished"][0]["recordId"];
    peer.rule(json!({ "do": "fault", "action": "Connect", "times": 0, "arg": 2_150_858_843_u32 }));
    let failed = next.take_over(&peer.endpoint(), left).await;
    assert_eq!((&failed["kind"], &failed["fault"]["code"]), (&json!("failed"), &json!("PEP-5104")), "{failed}");
    let again = next.ask("app_snapshot", json!({})).await;
    assert_eq!(again["unfinished"].as_array().unwrap().len(), 1, "{again}");
    assert_eq!(&again["unfinished"][0]["recordId"], left);
    let fault = next.take_over(&peer.endpoint(), &json!("../pins")).await;
    assert_eq!(fault["fault"]["code"], "PEP-1004", "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_session_whose_connection_was_lost_is_taken_over_in_the_same_window() {
    let peer = Peer::start(&[]);
    let (mut page, id) = open_with_output(&peer, 3).await;
    let spec = |kind: &str| json!({ "close": { "kind": kind } });
    let refused = page.ask("session_close", spec("letGo")).await;
    assert_eq!(refused["kind"], "failed", "it is not lost: {refused}");
    peer.rule(json!({ "do": "unencrypted", "action": "Receive", "target": "command", "times": 1 }));
    let result = end_of(&mut page, &id).await;
    assert_eq!(result["outcome"], "unknown", "{result}");
    let gone = page.ask("session_close", spec("letGo")).await;
    assert_eq!(gone["kind"], "letGo", "{gone}");
    assert_eq!(page.session().await, Value::Null);
    let opened = page.take_over(&peer.endpoint(), &gone["left"]["recordId"]).await;
    assert_eq!((&opened["kind"], &opened["session"]["activeRun"]), (&json!("open"), &id), "{opened}");
    page.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    page.ask("run_stop", json!({ "runId": id })).await;
    assert_eq!(end_of(&mut page, &id).await["outcome"], "stopped");
    assert_eq!((created(&peer), page.records().len()), (1, 2));
    assert_eq!(page.ask("app_snapshot", json!({})).await["unfinished"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_question_that_was_open_is_shown_again_and_its_answer_counts() {
    let peer = Peer::start(&[]);
    let mut page = Page::open();
    assert_eq!(page.connect(&peer.endpoint(), PASSWORD).await["kind"], "open");
    let what = json!({ "What": { "kind": "list", "values": ["choice", "readline"] } });
    let id = page.start("Test-HostPrompt", what).await.unwrap();
    page.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    let answer = json!({ "kind": "chosen", "choices": [1] });
    let call = question(&mut page, &id).await["call"].clone();
    page.ask("prompt_answer", json!({ "runId": id, "call": call, "answer": answer })).await;
    let open = question(&mut page, &id).await;
    page.ask("app_quit", json!({ "choice": "keepRunning" })).await;
    let (mut next, snapshot) = next_start(page).await;
    let opened = next.take_over(&peer.endpoint(), &snapshot["unfinished"][0]["recordId"]).await;
    assert_eq!((&opened["kind"], &opened["session"]["activeRun"]), (&json!("open"), &id), "{opened}");
    next.ask("run_attach", json!({ "runId": id, "after": 0 })).await;
    assert_eq!(question(&mut next, &id).await, open, "the one that was answered is not asked again");
    let answer = json!({ "kind": "fields", "values": { "": { "kind": "text", "value": "late" } } });
    next.ask("prompt_answer", json!({ "runId": id, "call": open["call"], "answer": answer })).await;
    assert_eq!(end_of(&mut next, &id).await["outcome"], "completed");
    let results: Vec<_> = peer.log("host_response").iter().map(|entry| entry["result"]["value"].clone()).collect();
    assert_eq!(results, [json!(1), json!("late")], "{results:?}");
    assert_eq!(peer.log("create").len(), 1);
    peer.assert_clean();
}

/// Waits for a question of a run that is attached already.
async fn question(page: &mut Page, id: &Value) -> Value {
    loop {
        let wanted = id.clone();
        let batch = page.event("run", move |batch| batch["runId"] == wanted).await;
        page.ask("run_ack", json!({ "runId": id, "batch": batch["batch"] })).await;
        if !batch["prompt"].is_null() {
            return batch["prompt"].clone();
        }
    }
}
