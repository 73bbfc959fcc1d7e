//! Section D: opening, losing and closing a runspace pool, and the shell under it.

use std::time::Duration;

use psrp::{Command, Event, Origin, PipelineState};
use serde_json::{Value, json};
use tests::peer::Peer;
use tests::pepctl::{Outcome, Pepctl};
use tests::session::Session;
use winrm::{LossReason, OpenError, OpenOptions, SessionEvent, SessionState};

const QUOTA: u32 = 2_150_859_173;

fn echo(peer: &Peer) -> Outcome {
    Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Echo", &["Value=7"])
}

/// Whether some output was fetched and more was asked for.
fn has_output(peer: &Peer) -> bool {
    let outputs = peer.log("psrp_out").iter().filter(|entry| entry["message"] == "PipelineOutput").count();
    let receives = peer.requests("Receive").iter().filter(|entry| entry["target"] == "command").count();
    outputs > 2 && receives > 3
}

/// The records of a run that beat before it was cut off: some, without a hole.
#[track_caller]
fn beats(outcome: &Outcome) {
    let beats: Vec<u32> = outcome.texts("output").iter().map(|text| text.parse().expect("a beat")).collect();
    let wanted: Vec<u32> = (1..).take(beats.len()).collect();
    assert!(!beats.is_empty() && beats == wanted, "what had come is kept: {beats:?}");
}

#[test]
fn d1_a_pool_opens_in_one_answer_and_in_many() {
    for settings in [
        vec!["stream_mode=\"joined\""],
        vec!["max_streams=1"],
        vec!["stream_mode=\"split\"", "split_bytes=1"],
        vec!["fragment_size=1"],
    ] {
        let mut arguments = Vec::new();
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        let peer = Peer::start(&arguments);
        let outcome = echo(&peer);
        assert_eq!(outcome.assert_code(0).texts("output"), ["7"], "{settings:?}");
        assert!(outcome.says("opened") && outcome.says("private data"), "{settings:?}: {outcome:#?}");
        peer.assert_clean();
    }
}

#[test]
fn d2_what_we_offer_is_2_3_and_no_other_version() {
    let peer = Peer::start(&["--log-level", "full"]);
    let outcome = echo(&peer);
    outcome.assert_code(0);
    let capability = peer.log("session_capability");
    assert_eq!(capability.len(), 1);
    assert_eq!((&capability[0]["protocol"], &capability[0]["ps_version"]), (&json!("2.3"), &json!("2.0")));
    assert_eq!(capability[0]["serialization"], "1.1.0.1");
    assert_eq!(peer.log("create")[0]["options"]["protocolversion"]["value"], "2.3");
    let opened = outcome.stream("state").find(|line| line["text"] == "opened").unwrap();
    assert_eq!(opened["protocol"], "2.3");
}

#[test]
fn d4_a_configuration_that_is_not_there_is_explained() {
    let peer = Peer::start(&["--configuration", "Something.Else"]);
    let outcome = echo(&peer);
    outcome.assert_code(6);
    assert!(outcome.why().contains("unknown-resource (code 2150858811)"), "{}", outcome.why());
    assert!(outcome.why().contains("session configuration"), "what that means: {}", outcome.why());
    assert_eq!((peer.requests("Create").len(), peer.log("create").len(), peer.passwords()), (1, 0, 1), "no retry");
    let other = Pepctl::new(&peer.endpoint())
        .args(&["--configuration", "Something.Else"])
        .run_cmdlet("Test-Echo", &["Value=7"]);
    assert_eq!(other.assert_code(0).texts("output"), ["7"], "the name goes to the endpoint as it was given");
}

#[test]
fn d5_an_account_without_the_right_is_explained_and_not_tried_again() {
    let peer = Peer::start(&["--denied-user", tests::peer::USER]);
    let outcome = echo(&peer);
    outcome.assert_code(4);
    assert!(outcome.why().contains("access-denied (code 5)") && outcome.why().contains("account"), "{}", outcome.why());
    assert_eq!((peer.requests("Create").len(), peer.log("create").len()), (1, 0), "no retry");
    assert_eq!((peer.sign_ins(), peer.passwords()), (1, 1));
}

#[test]
fn d6_no_room_for_another_session_names_its_cause_and_harms_no_other() {
    let peer = Peer::start(&["--log-level", "full", "--set", "max_shells=1"]);
    let endpoint = peer.endpoint();
    let first =
        std::thread::spawn(move || Pepctl::new(&endpoint).run_cmdlet("Test-Sleep", &["Seconds=600", "Beat=0.05"]));
    peer.wait_until("the first one runs", has_output);
    let outcome = echo(&peer);
    outcome.assert_code(6);
    assert!(outcome.why().contains(&format!("quota (code {QUOTA})")), "the cause: {}", outcome.why());
    assert!(outcome.why().contains("left open"), "and what to do: {}", outcome.why());
    assert_eq!(outcome.lines.last().unwrap()["error"], "protocol", "this is not about the password");
    assert_eq!((peer.requests("Create").len(), peer.log("create").len()), (2, 1), "one try of the second call");
    let refused: Vec<_> = peer.log("fault").into_iter().filter(|entry| entry["code"] == QUOTA).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(peer.state()["shells"].as_array().unwrap().len(), 1, "the first one is still there");
    assert!(!first.is_finished());
    peer.control(json!({ "break_shell": "*" }));
    beats(&first.join().unwrap());
    // With its own shell gone there is room again.
    peer.wait_until("the first shell is gone", |peer| peer.state()["shells"] == json!([]));
    echo(&peer).assert_code(0);
}

#[test]
fn d7_a_lost_answer_to_create_is_adopted_by_its_id() {
    for how in ["reset_after", "drop_after"] {
        let peer = Peer::start(&["--log-level", "full"]);
        peer.rule(json!({ "do": how, "action": "Create" }));
        let outcome = echo(&peer);
        assert_eq!(outcome.assert_code(0).texts("output"), ["7"], "{how}");
        let created = peer.log("create");
        assert_eq!((created.len(), peer.requests("Create").len()), (1, 1), "{how}: found, not made again");
        let asked = peer.requests("Receive");
        assert_eq!(asked[0]["selectors"]["ShellId"], created[0]["shell"], "{how}: asked for by the id that is ours");
        assert_eq!(
            (peer.log("delete").len(), &peer.state()["shells"]),
            (1, &json!([])),
            "{how}: and closed in the end"
        );
        peer.assert_clean();
    }
}

#[test]
fn d7_a_create_that_never_arrived_is_made_once_more_under_the_same_id() {
    let peer = Peer::start(&["--log-level", "full"]);
    peer.rule(json!({ "do": "reset", "action": "Create" }));
    assert_eq!(echo(&peer).assert_code(0).texts("output"), ["7"]);
    let ids: Vec<_> = peer.requests("Create").iter().map(shell_id).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "a slow one could not become a second shell: {ids:?}");
    assert_eq!(peer.log("create").len(), 1);
    peer.assert_clean();
}

#[test]
fn d7_a_create_that_cannot_be_found_out_about_is_reported_with_its_id() {
    // Nothing is answered after the sign-in, whatever is sent and over whichever connection.
    let peer = Peer::start(&["--log-level", "full"]);
    peer.rule(json!({ "do": "reset_after", "action": "*", "times": 0 }));
    let outcome = echo(&peer);
    outcome.assert_code(6);
    let made = peer.log("create");
    assert_eq!(made.len(), 1, "never a second shell");
    let id = made[0]["shell"].as_str().unwrap();
    assert!(outcome.why().to_uppercase().contains(id), "{} is named: {}", id, outcome.why());
    assert_eq!(peer.requests("Command").len(), 0);
}

/// The id in the body of a Create.
fn shell_id(entry: &Value) -> String {
    let xml = entry["xml"].as_str().expect("a full log");
    let (_, rest) = xml.split_once("ShellId=\"").expect("a shell id");
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn d8_an_idle_time_that_is_refused_is_stepped_down_and_what_was_granted_is_told() {
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "fault", "action": "Create", "arg": 2_150_859_250_u32, "times": 2 }));
    let outcome = echo(&peer);
    assert_eq!(outcome.assert_code(0).texts("output"), ["7"]);
    assert_eq!(outcome.interruptions(), ["the idle time was reduced"; 2]);
    let steps: Vec<_> = outcome.stream("interruption").map(|line| line["reason"].to_string()).collect();
    assert!(steps[0].contains("14400") && steps[1].contains("7200"), "4 hours, then 2: {steps:?}");
    assert_eq!(peer.log("create")[0]["idle_timeout"], "PT7200.000S");
    assert_eq!((peer.log("create").len(), peer.state()["shells"].clone()), (1, json!([])));
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d20_a_hundred_pipelines_leave_no_command_behind() {
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    for number in 0..100 {
        let run = session.run(Command::new("Test-Echo").parameter("Value", number)).await;
        assert_eq!(run.assert_completed().texts(), [number.to_string()]);
    }
    peer.wait_until("no command is left in the endpoint's table", |peer| peer.commands().is_empty());
    assert_eq!((peer.log("command").len(), peer.log("signal").len()), (100, 100), "each was ended once");
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d25_events_of_the_pool_are_shown_and_do_no_harm() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-UserEvent" }))
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": "after" } }))
        .finish();
    assert_eq!(outcome.assert_code(0).texts("output"), ["raised", "after"]);
    let events: Vec<_> = outcome.stream("event").collect();
    assert_eq!(events.len(), 1, "{outcome:#?}");
    assert!(events[0]["value"].to_string().contains("Peer.Event"), "{}", events[0]);
    peer.assert_clean();
}

#[test]
fn d26_the_server_breaks_the_pool_in_the_middle() {
    let peer = Peer::start(&["--log-level", "full"]);
    let endpoint = peer.endpoint();
    let running = std::thread::spawn(move || {
        Pepctl::new(&endpoint)
            .line(json!({ "command": "Test-Sleep", "parameters": { "Seconds": 600, "Beat": 0.05 } }))
            .line(json!({ "command": "Test-Echo", "parameters": { "Value": "never" } }))
            .finish()
    });
    peer.wait_until("it runs", has_output);
    peer.control(json!({ "break_shell": "*" }));
    let outcome = running.join().unwrap();
    assert_eq!((outcome.code, outcome.state()), (6, "failed"), "{outcome:#?}");
    let broken = outcome.stream("state").find(|line| line["text"].as_str().unwrap().starts_with("pool broken"));
    assert!(
        broken.is_some_and(|line| line["text"].as_str().unwrap().contains("the runspace pool is broken.")),
        "{outcome:#?}"
    );
    assert_eq!(outcome.lines.last().unwrap()["endpoint_says"], "The runspace pool is broken.", "{outcome:#?}");
    beats(&outcome);
    let ends: Vec<_> = outcome.lines.iter().filter(|line| line["run_state"].is_string()).collect();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!((&ends[0]["run_state"], &ends[0]["origin"]), (&json!("failed"), &json!("pool_ended")));
    assert_eq!(peer.executions("Test-Echo"), 0, "nothing is begun in a pool that ended");
    assert_eq!(peer.log("create").len(), 1, "and no other session is opened");
}

#[test]
fn d27_a_shell_that_vanished_is_said_to_be_gone_and_nothing_is_run_again() {
    for (nth, beat) in [(2, "0.05"), (6, "0.05")] {
        let peer = Peer::start(&["--log-level", "full"]);
        peer.rule(json!({ "do": "kill_shell", "action": "Receive", "target": "command", "nth": nth }));
        let outcome = Pepctl::new(&peer.endpoint())
            .line(json!({ "command": "Test-Sleep", "parameters": { "Seconds": 600, "Beat": beat.parse::<f64>().unwrap() } }))
            .line(json!({ "command": "Test-Echo", "parameters": { "Value": "never" } }))
            .finish();
        assert_eq!((outcome.code, outcome.state()), (6, "failed"), "{outcome:#?}");
        assert_eq!(outcome.why(), "the endpoint no longer knows the session", "{outcome:#?}");
        beats(&outcome);
        // The command is gone first, the session a moment later.
        let ends: Vec<_> = outcome.lines.iter().filter(|line| line["run_state"].is_string()).collect();
        assert_eq!(ends.iter().filter(|line| line["run"] == 1).count(), 1, "{ends:?}");
        assert!(ends.iter().all(|line| line["run_state"] != "completed" && line["origin"] != "endpoint"), "{ends:?}");
        assert_eq!((peer.executions("Test-Sleep"), peer.executions("Test-Echo")), (1, 0), "nothing is run again");
        assert_eq!(peer.requests("Create").len(), 1, "no other session is opened");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d27_a_shell_that_vanished_while_nothing_runs_is_noticed_by_the_waiting_receive() {
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    session.run(Command::new("Test-Echo").parameter("Value", 1)).await.assert_completed();
    peer.control(json!({ "kill_shell": "*" }));
    let lost = loop {
        match session.events.next().await {
            Some(SessionEvent::State(SessionState::Lost(reason))) => break reason,
            Some(_) => {}
            None => panic!("the session says why it ends"),
        }
    };
    assert_eq!(lost, LossReason::ShellGone);
    assert!(session.handle.invoke(Command::new("Test-Echo").into()).await.is_err());
    assert_eq!((peer.executions("Test-Echo"), peer.log("create").len()), (1, 1));
}

#[test]
fn d28_a_delete_that_is_answered_not_found_or_not_at_all_has_closed() {
    let peer = Peer::start(&[]);
    for (rule, requests, carried_out) in [
        (json!({ "do": "fault", "action": "Delete", "arg": 2_150_858_843_u32 }), 1, 0),
        (json!({ "do": "kill_shell", "action": "Delete" }), 1, 0),
        (json!({ "do": "drop_after", "action": "Delete" }), 2, 1),
        (json!({ "do": "reset_after", "action": "Delete" }), 2, 1),
        (json!({ "do": "drop", "action": "Delete" }), 2, 1),
    ] {
        peer.begin(json!({ "rules": [rule] }));
        let outcome = echo(&peer);
        assert_eq!(outcome.assert_code(0).state(), "completed", "{rule}");
        assert!(outcome.says("closed"), "{rule}: {outcome:#?}");
        assert!(!outcome.says("close failed") && !outcome.says("lost"), "{rule}: {outcome:#?}");
        assert!(outcome.lines.last().unwrap()["not_closed"].is_null(), "{rule}: {outcome:#?}");
        assert_eq!((peer.requests("Delete").len(), peer.log("delete").len()), (requests, carried_out), "{rule}");
        peer.assert_clean();
    }
}

#[test]
fn an_operation_that_the_endpoint_had_no_time_for_is_asked_for_again() {
    const TIMED_OUT: u32 = 2_150_858_793;
    let peer = Peer::start(&[]);
    for (action, times, creations, deletions) in [("Create", 3, 4, 1), ("Delete", 1, 1, 2)] {
        peer.begin(json!({ "rules": [{ "do": "fault", "action": action, "arg": TIMED_OUT, "times": times }] }));
        let outcome = echo(&peer);
        assert_eq!(outcome.assert_code(0).texts("output"), ["7"], "{action}");
        assert!(outcome.says("closed") && !outcome.says("close failed"), "{action}: {outcome:#?}");
        assert_eq!((peer.requests("Create").len(), peer.requests("Delete").len()), (creations, deletions), "{action}");
        assert_eq!(peer.state()["shells"], json!([]), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_a_shell_that_was_disconnected_are_connected_one_by_one() {
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    let id = session.handle.invoke(Command::new("Test-Sleep").parameter("Seconds", 2).into()).await.unwrap();
    peer.wait_until("it runs", |peer| peer.executions("Test-Sleep") == 1);
    session.handle.disconnect(None).await.unwrap();
    session.handle.reconnect().await.unwrap();
    session.follow(id).await.assert_completed();
    let back: Vec<_> = peer.log("shell_reconnected").iter().map(|entry| entry["command"].is_string()).collect();
    assert_eq!(back, [false, true], "the shell, then its command");
    session.close().await;
    peer.assert_clean();
}

#[test]
fn d28_a_delete_that_is_refused_or_never_answered_has_not_closed() {
    for rule in [
        json!({ "do": "fault", "action": "Delete", "arg": 1_359_u32, "times": 0 }),
        json!({ "do": "reset", "action": "Delete", "times": 0 }),
    ] {
        let peer = Peer::start(&[]);
        peer.rule(rule.clone());
        let outcome = echo(&peer);
        assert!(!outcome.says("closed") && outcome.says("close failed"), "{rule}: {outcome:#?}");
        assert!(outcome.lines.last().unwrap()["not_closed"].is_string(), "{rule}: {outcome:#?}");
        assert!(peer.requests("Delete").len() <= 2, "{rule}: no endless tries");
        assert_eq!(peer.state()["shells"].as_array().unwrap().len(), 1, "{rule}: it is still there, as was said");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d19_with_one_runspace_the_second_pipeline_waits() {
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    let begin = std::time::Instant::now();
    let first = session.handle.invoke(Command::new("Test-Sleep").parameter("Seconds", 1).into()).await.unwrap();
    let second = session.handle.invoke(Command::new("Test-Echo").parameter("Value", "second").into()).await.unwrap();
    let run = session.follow(second).await;
    assert_eq!(run.assert_completed().texts(), ["second"]);
    assert!(begin.elapsed() > Duration::from_millis(950), "it waited for the first one");
    // The first one had ended before anything of the second came.
    let first_ended = session.others.iter().any(|event| {
        matches!(event, SessionEvent::Pool(Event::PipelineState { pipeline, state: PipelineState::Completed, origin: Origin::Endpoint, .. }) if *pipeline == first)
    });
    assert!(first_ended, "{:?}", session.others);
    let ends: Vec<_> = peer.log("pipeline_end").iter().map(|entry| entry["command"].to_string()).collect();
    assert!(ends[0].contains(&first.to_string().to_uppercase()), "{ends:?}");
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d21_the_output_of_two_pipelines_and_the_pool_goes_to_its_owner() {
    let peer = Peer::start(&["--set", "fragment_size=500"]);
    let mut options = OpenOptions::default();
    options.pool_options.max_runspaces = 2;
    let mut session = Session::open_with(&peer, options).await.unwrap();
    let numbers = |of: &str| (0..150).map(|number| format!("{of}{number} {}", "x".repeat(2_000))).collect::<Vec<_>>();
    let mut ids = Vec::new();
    for of in ["a", "b"] {
        let pipeline = psrp::Pipeline::new(vec![Command::new("Test-Echo")]).with_input();
        ids.push((of, session.handle.invoke(pipeline).await.unwrap()));
    }
    // The inputs take turns, so the outputs do as well.
    for number in 0..150 {
        for (of, id) in &ids {
            session.handle.input(*id, numbers(of)[number].as_str().into()).await.unwrap();
        }
    }
    let events = session.handle.invoke(Command::new("Test-UserEvent").into()).await.unwrap();
    for (_, id) in &ids {
        session.handle.end_input(*id).await.unwrap();
    }
    let mut output = [Vec::new(), Vec::new(), Vec::new()];
    let (mut ended, mut user_events) = (0, 0);
    while ended < 3 {
        match session.next().await {
            SessionEvent::Pool(Event::Record { pipeline, value, .. }) => {
                let owner = ids.iter().position(|(_, id)| *id == pipeline).unwrap_or(2);
                assert!(owner < 2 || pipeline == events);
                output[owner].push(value.to_display());
            }
            SessionEvent::Pool(Event::PipelineState { state, .. }) if state.is_final() => {
                assert_eq!(state, PipelineState::Completed);
                ended += 1;
            }
            SessionEvent::Pool(Event::UserEvent(_)) => user_events += 1,
            SessionEvent::Interruption(interruption) => panic!("{interruption:?}"),
            _ => {}
        }
    }
    assert_eq!(output, [numbers("a"), numbers("b"), vec!["raised".to_owned()]]);
    assert_eq!(user_events, 1, "of the pool, once");
    session.close().await;
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn d21_fragments_of_two_objects_that_mix_in_one_stream_are_refused() {
    // Section 8.1: they never do. Whoever put them together would make records that nobody wrote.
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Interleave", &["Count=2", "Size=200000"]);
    outcome.assert_code(6);
    assert!(outcome.texts("output").is_empty());
    assert_eq!(peer.state()["shells"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_a_pool_that_ends_while_it_opens_says_why() {
    // The shell is made, and gone before it is open.
    let peer = Peer::start(&[]);
    peer.rule(json!({ "do": "kill_shell", "action": "Receive", "target": "shell" }));
    let error = Session::open_with(&peer, OpenOptions::default()).await.err();
    assert_eq!(error, Some(OpenError::Lost(LossReason::ShellGone)));
    assert_eq!((peer.log("create").len(), peer.requests("Create").len()), (1, 1), "and no other is made");
}
