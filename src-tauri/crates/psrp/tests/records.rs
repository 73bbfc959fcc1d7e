//! Records that a real engine wrote, read by meaning, and ours beside them. See
//! `tests/fixtures/golden/README-values.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use clixml::{DateTime, Limits, Object, Value};
use flate2::read::GzDecoder;
use psrp::PipelineState;
use psrp::records::{
    ErrorInfo, ErrorRecord, InformationRecord, ProgressRecord, category_name, information_record, informational_record,
    message_of, progress_record,
};
use serde_json::Value as Json;

fn rows() -> Vec<Json> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/golden/errors.jsonl.gz");
    let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

fn errors() -> impl Iterator<Item = Json> {
    rows().into_iter().filter(|row| !row["stream"].is_string())
}

fn row(name: &str) -> Json {
    rows().into_iter().find(|row| row["name"] == name).unwrap()
}

fn value(row: &Json, field: &str) -> Option<Value> {
    let xml = row[field].as_str()?;
    let value = clixml::decode_with(xml.as_bytes(), &Limits::default());
    Some(value.unwrap_or_else(|error| panic!("{}: {error}", row["name"])))
}

fn object(value: &Value) -> &Object {
    value.as_object().unwrap()
}

#[test]
fn every_error_of_the_engine_has_its_id_category_and_message() {
    let mut read = 0;
    for row in errors() {
        for field in ["wire", "wire_extended"] {
            let Some(value) = value(&row, field) else { continue };
            let record = ErrorRecord::from_value(&value);
            let name = format!("{} {field}", row["name"]);
            let category = &row["category"];
            assert_eq!(Some(record.id.as_str()), row["fqid"].as_str(), "{name}");
            assert_eq!(Some(i64::from(record.category)), category["number"].as_i64(), "{name}");
            assert_eq!(category_name(record.category), category["category"].as_str(), "{name}");
            assert_eq!(Some(record.category_message.as_str()), category["message"].as_str(), "{name}");
            let message = row["error_details"].as_str().or(row["message"].as_str());
            assert_eq!(Some(record.message.as_str()), message, "{name}");
            assert_eq!(record.recommended_action, row["recommended_action"].as_str().unwrap_or_default(), "{name}");
            read += 1;
        }
        if let Some(state) = value(&row, "state_wire") {
            let error = state.get("ExceptionAsErrorRecord").unwrap();
            assert_eq!(Some(ErrorRecord::from_value(error).id.as_str()), row["fqid"].as_str(), "{}", row["name"]);
            assert_eq!(state.get("PipelineState").and_then(Value::as_i32), Some(PipelineState::Failed.number()));
        }
    }
    assert!(read > 320, "{read} records");
}

#[test]
fn warnings_verbose_and_debug_texts_have_their_message() {
    let mut read = 0;
    for row in rows() {
        if !matches!(row["stream"].as_str(), Some("warning" | "verbose" | "debug")) {
            continue;
        }
        for field in ["wire", "wire_extended"] {
            let Some(value) = value(&row, field) else { continue };
            assert_eq!(format!("{}\n", message_of(&value)), row["text_back"].as_str().unwrap(), "{}", row["name"]);
            read += 1;
        }
    }
    assert!(read >= 17, "{read}");
    assert_eq!(message_of(&"an old server".into()), "an old server");
}

#[test]
fn information_has_its_text_tags_and_colours() {
    for row in rows().iter().filter(|row| row["stream"] == "information") {
        let record = InformationRecord::from_value(&value(row, "wire").unwrap());
        let name = row["name"].as_str().unwrap();
        // A nested list is shown as its items; the engine shows its type.
        if name != "stream-information-object" {
            assert_eq!(format!("{}\n", record.text), row["text_back"].as_str().unwrap(), "{name}");
        }
        assert_eq!(record.for_screen, name.starts_with("stream-host"), "{name}");
        assert_eq!(record.source, if record.for_screen { "Write-Host" } else { "Write-Information" }, "{name}");
    }
    let tagged = InformationRecord::from_value(&value(&row("stream-information-tags"), "wire").unwrap());
    assert_eq!(tagged.tags, ["a", "b"]);
    let coloured = InformationRecord::from_value(&value(&row("stream-host-color"), "wire").unwrap());
    assert_eq!((coloured.foreground, coloured.background, coloured.no_new_line), (Some(12), Some(1), true));
    let plain = InformationRecord::from_value(&value(&row("stream-host"), "wire").unwrap());
    assert_eq!((plain.foreground, plain.background, plain.no_new_line), (None, None, false));
}

#[test]
fn progress_has_its_numbers_and_unknown_ones_are_none() {
    let read = |name: &str| ProgressRecord::from_value(&value(&row(name), "wire").unwrap());
    let full = ProgressRecord {
        activity: "Copying".into(),
        activity_id: 2,
        parent_id: Some(1),
        status: "file 1".into(),
        operation: "a.txt".into(),
        percent: Some(50),
        seconds_remaining: Some(30),
        completed: false,
    };
    assert_eq!(read("stream-progress-full"), full);
    let minimal = read("stream-progress-minimal");
    assert_eq!((minimal.parent_id, minimal.percent, minimal.seconds_remaining), (None, None, None));
    assert_eq!((minimal.operation.as_str(), minimal.completed), ("", false));
    assert!(read("stream-progress-completed").completed);
}

/// Names of the extended properties of a record of ours, all of which the engine's has too and in the same order.
fn keeps_the_order(ours: &Value, theirs: &Value) {
    let names = |value: &Value| -> Vec<String> {
        object(value).extended.iter().map(|property| property.name.to_string_lossy().into_owned()).collect()
    };
    let (ours, theirs) = (names(ours), names(theirs));
    let mut rest = theirs.iter();
    for name in &ours {
        assert!(rest.any(|other| other == name), "{name} of {ours:?} in {theirs:?}");
    }
}

fn same_types(ours: &Value, theirs: &Value) {
    assert_eq!(object(ours).type_names, object(theirs).type_names);
}

#[test]
fn the_servers_error_records_are_shaped_like_the_engines() {
    let state = value(&row("nolanguage-script"), "state_wire").unwrap();
    let refused = state.get("ExceptionAsErrorRecord").unwrap().clone();
    let script = refused.get("TargetObject").unwrap().to_display();
    for (ours, theirs) in [
        (ErrorInfo::scripts_not_allowed(&script).to_value(), refused),
        (ErrorInfo::command_not_found("Get-NoSuchThing").to_value(), value(&row("command-not-found"), "wire").unwrap()),
        (
            ErrorInfo::parameter_binding("Get-Date", "no", "NamedParameterNotFound").to_value(),
            value(&row("parameter-not-found"), "wire").unwrap(),
        ),
    ] {
        keeps_the_order(&ours, &theirs);
        same_types(&ours, &theirs);
        let exception = |value: &Value| object(value.get("Exception").unwrap()).type_names.clone();
        assert_eq!(exception(&ours), exception(&theirs));
        let (ours, theirs) = (ErrorRecord::from_value(&ours), ErrorRecord::from_value(&theirs));
        assert_eq!(
            (ours.category, ours.category_message, ours.exception),
            (theirs.category, theirs.category_message, theirs.exception)
        );
        // The parameter's error names the class of a cmdlet, ours the name of a command.
        assert_eq!(ours.id.split(',').next(), theirs.id.split(',').next());
    }
}

#[test]
fn the_servers_other_records_are_shaped_like_the_engines() {
    let time = DateTime::parse("2024-05-06T07:08:09.1234567Z").unwrap();
    let record = |for_screen, color| information_record("hi", for_screen, color, time, "SERVER01", "operator");
    for (ours, name) in [
        (informational_record("WarningRecord", "careful"), "stream-warning"),
        (informational_record("VerboseRecord", "detail"), "stream-verbose"),
        (informational_record("DebugRecord", "dbg"), "stream-debug"),
        (record(false, None), "stream-information"),
        (record(true, None), "stream-host"),
        (record(true, Some(12)), "stream-host-color"),
        (progress_record("Copying", "file 1", 10, false), "stream-progress"),
        (progress_record("Copying", "Processing", -1, true), "stream-progress-completed"),
    ] {
        let theirs = value(&row(name), "wire").unwrap();
        keeps_the_order(&ours, &theirs);
        same_types(&ours, &theirs);
        assert_eq!(object(&ours).to_string, object(&theirs).to_string, "{name}");
        match name.strip_prefix("stream-").unwrap() {
            "warning" | "verbose" | "debug" => assert_eq!(ours, theirs),
            "progress" | "progress-completed" => {
                assert_eq!(ProgressRecord::from_value(&ours), ProgressRecord::from_value(&theirs));
            }
            _ => {
                let (ours, theirs) = (InformationRecord::from_value(&ours), InformationRecord::from_value(&theirs));
                assert_eq!((ours.source, ours.tags, ours.foreground), (theirs.source, theirs.tags, theirs.foreground));
            }
        }
    }
}
