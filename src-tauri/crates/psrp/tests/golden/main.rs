//! The recorded sessions of a real client and a real server, played to our client: it does what the recorded client was
//! told to do and gets what the recorded server sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod keys;
mod rebuild;
mod replay;
mod server;
mod session;

use std::collections::BTreeMap;

use clixml::{Limits, Value};
use psrp::records::ErrorRecord;
use psrp::{Event, Origin, PeerError, PipelineState, RecordStream, SecretText};
use replay::Replay;

/// Sessions of versions that we do not accept.
const REFUSED: [&str; 5] = [
    "01-bad-version",
    "01-v24-open-close",
    "14-v24-read-secure",
    "15-v24-secure-parameters",
    "15b-v24-server-sends-first",
];

/// Sessions with a host call that PowerShell's own client cannot do.
const CLIENT_FAILED: [&str; 3] = ["17-choice", "29-host-calls", "65-exit-clear"];

#[test]
fn every_session_gives_the_recorded_states_and_records() {
    let mut pipelines = 0;
    for session in session::all() {
        if REFUSED.contains(&session.name.as_str()) {
            continue;
        }
        let replay = Replay::play(session);
        let name = &session.name;
        for event in &replay.events {
            match event {
                Event::Unreadable { kind, reason, text, .. } => {
                    panic!("{name}: {kind:?} unreadable: {reason}: {text:.200}")
                }
                Event::Ignored { kind, .. } => panic!("{name}: {kind:?} was ignored"),
                Event::Gap { .. } | Event::KeyFailed => panic!("{name}: {event:?}"),
                _ => {}
            }
        }
        for result in session.results() {
            let Some(id) = result["pipeline_id"].as_str() else { continue };
            let Some(summary) = replay.summary(id) else { continue };
            let label = format!("{name}: {}", result["label"]);
            pipelines += 1;
            assert_eq!(summary.ends, 1, "{label}: exactly one final state");
            let wanted = result["state"].as_str().unwrap();
            let state = match wanted {
                "Completed" => PipelineState::Completed,
                "Failed" => PipelineState::Failed,
                "Stopped" => PipelineState::Stopped,
                other => panic!("{label}: {other}"),
            };
            if summary.origin == Origin::Endpoint {
                // These ended well; the recorded client failed them over a host call that it could not do.
                if !(state == PipelineState::Failed && CLIENT_FAILED.contains(&name.as_str())) {
                    assert_eq!(summary.state, state, "{label}");
                }
                assert_eq!(summary.terminated, 1, "{label}: terminated once");
            }
            for (stream, count) in result["stream_counts"].as_object().unwrap() {
                let got = summary.records.get(stream_of(stream).unwrap_or(&RecordStream::Output)).copied().unwrap_or(0);
                assert_eq!(Some(got), count.as_u64(), "{label}: {stream}");
            }
            let reason = &result["reason"]["error"]["fully_qualified_error_id"];
            if let (Some(reason), Some(error)) = (reason.as_str(), &summary.error) {
                assert_eq!(ErrorRecord::from_value(error).id, reason, "{label}");
            }
        }
    }
    assert!(pipelines > 340, "{pipelines} pipelines were compared");
}

#[test]
fn our_requests_are_those_of_the_recorded_client() {
    let mut compared = BTreeMap::<&str, u32>::new();
    for session in session::all() {
        if REFUSED.contains(&session.name.as_str()) {
            continue;
        }
        for (kind, ours, theirs) in Replay::play(session).requests {
            *compared.entry(kind.name()).or_default() += 1;
            assert_eq!(rebuild::without_builds(&ours), theirs, "{}: {kind:?}", session.name);
        }
    }
    assert!(compared["CREATE_PIPELINE"] > 380, "{compared:?}");
    for kind in ["GET_COMMAND_METADATA", "PUBLIC_KEY", "PIPELINE_INPUT", "PIPELINE_HOST_RESPONSE", "INIT_RUNSPACEPOOL"]
    {
        assert!(compared[kind] > 0, "{kind}");
    }
}

#[test]
fn sessions_of_version_2_4_and_above_are_refused_before_anything_else_is_sent() {
    for session in session::all().iter().filter(|session| REFUSED.contains(&session.name.as_str())) {
        let mut replay = Replay::new(session);
        assert!(replay.next_actions().len() == 1, "only the shell is asked for");
        let first = session.lines().find(|line| !line.to_server && line.packet == "Data").unwrap();
        let refused = replay.pool.receive(None, &first.data).unwrap_err();
        assert!(matches!(refused, PeerError::Version(version) if version.minor == 4), "{}: {refused}", session.name);
        assert_eq!(replay.pool.state(), psrp::PoolState::Broken);
        assert_eq!(replay.pool.poll_action(), None);
    }
}

#[test]
fn every_secret_of_the_sessions_is_read_and_written_with_the_recorded_key() {
    let mut read = 0;
    for session in session::all() {
        if REFUSED.contains(&session.name.as_str()) {
            continue;
        }
        let replay = Replay::play(session);
        for secret in session.json["secure_strings"].as_array().into_iter().flatten() {
            let xml = format!("<SS>{}</SS>", secret["base64"].as_str().unwrap());
            let Ok(Value::SecureString(ciphertext)) = clixml::decode_with(xml.as_bytes(), &Limits::default()) else {
                panic!("{xml}")
            };
            let text = replay.pool.decrypt(&ciphertext).unwrap();
            let wanted = secret["clear_text"].as_str().unwrap();
            assert_eq!(text.expose().as_str(), wanted, "{}", session.name);
            // The initialisation vector is zero, so that the same text gives the same bytes.
            let argument = psrp::Argument::Secret(SecretText::new(wanted));
            assert_eq!(argument.to_value(replay.pool.session_key()).unwrap(), Value::SecureString(ciphertext));
            read += 1;
        }
    }
    assert!(read > 30, "{read} secrets");
}

/// Golden finding 20: what a host shows was a record before, apart from what has no record at all.
#[test]
fn screen_calls_that_repeat_a_record_are_marked() {
    let (mut repeated, mut alone) = (0, BTreeMap::<String, Vec<String>>::new());
    for session in session::all() {
        if REFUSED.contains(&session.name.as_str()) {
            continue;
        }
        for event in &Replay::play(session).events {
            let Event::HostCall { call, repeats, .. } = event else { continue };
            match (repeats, call.method.number()) {
                (Some(_), _) => repeated += 1,
                (None, 13..=22) => {
                    alone
                        .entry(call.method.name().unwrap_or_default().to_owned())
                        .or_default()
                        .push(session.name.clone());
                }
                _ => {}
            }
        }
    }
    assert!(repeated > 100, "{repeated}");
    for (method, sessions) in alone {
        println!("{method}: {sessions:?}");
    }
}

fn stream_of(name: &str) -> Option<&'static RecordStream> {
    Some(match name {
        "error" => &RecordStream::Error,
        "warning" => &RecordStream::Warning,
        "verbose" => &RecordStream::Verbose,
        "debug" => &RecordStream::Debug,
        "information" => &RecordStream::Information,
        "progress" => &RecordStream::Progress,
        _ => return None,
    })
}
