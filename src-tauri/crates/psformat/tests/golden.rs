//! Text that a real PowerShell engine made of objects and errors that had come over the wire
//! (`tests/fixtures/golden`). Where ours differs, the row is listed by name, with the reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use clixml::{Property, Value, decode};
use flate2::read::GzDecoder;
use psformat::{Formatter, Options, normal_view};
use serde_json::Value as Json;

fn rows(name: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/golden").join(name);
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The marks that a client adds to what came from another computer.
fn noted(value: Value) -> Value {
    let notes = [
        Property::new("PSComputerName", "server01.example.com"),
        Property::new(
            "RunspaceId",
            Value::Guid(clixml::Uuid::try_parse("8e2b4c1a-0d3f-4a5b-9c6d-7e8f90a1b2c3").unwrap()),
        ),
        Property::new("PSShowComputerName", true),
    ];
    let mut object = match value {
        Value::Object(object) => (*object).clone(),
        primitive => clixml::Object { content: clixml::Content::Primitive(primitive), ..clixml::Object::default() },
    };
    object.extended.extend(notes);
    object.into()
}

#[track_caller]
fn assert_known(mut different: Vec<String>, known: &[(&str, &str)]) {
    different.sort();
    let mut expected: Vec<String> = known.iter().map(|(row, _)| (*row).to_owned()).collect();
    expected.sort();
    assert_eq!(different, expected);
}

#[test]
fn the_default_format_is_the_engines() {
    let (mut all, mut different) = (0, Vec::new());
    for row in rows("formats.jsonl.gz") {
        all += 1;
        let limit = match row["preference"].as_str() {
            Some(text) => usize::try_from(text.rsplit('=').next().unwrap().parse::<i64>().unwrap()).ok(),
            None => Some(4),
        };
        let width = usize::try_from(row["width"].as_u64().unwrap()).unwrap();
        let mut formatter = Formatter::new(Options { width, items: limit, concise: true });
        let mut lines = Vec::new();
        for wire in row["wire"].as_array().unwrap() {
            let value = decode(wire.as_str().unwrap().as_bytes()).unwrap();
            let value = if row["client_notes"] == Json::Bool(true) { noted(value) } else { value };
            formatter.push(&value, Duration::ZERO, &mut lines);
        }
        formatter.finish(&mut lines);
        let ours: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let theirs = row["text"].as_str().unwrap();
        if ours != theirs {
            println!("== {}\n{theirs}\n-- ours\n{ours}", row["name"]);
            different.push(row["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(all, 219);
    let windows = "the engine on Linux has no columns for files of Windows, which are what an endpoint lists";
    assert_known(
        different,
        &[("fileinfo-windows-w80", windows), ("fileinfo-windows-w120", windows), ("directoryinfo-windows", windows)],
    );
}

#[test]
fn odd_objects_are_shown_as_the_engines_console_shows_them() {
    let (mut all, mut different) = (0, Vec::new());
    for row in rows("shapes.jsonl.gz") {
        all += 1;
        let width = usize::try_from(row["width"].as_u64().unwrap()).unwrap();
        let mut formatter = Formatter::new(Options { width, ..Options::default() });
        let mut lines = Vec::new();
        for clixml in row["clixml"].as_array().unwrap() {
            formatter.push(&decode(clixml.as_str().unwrap().as_bytes()).unwrap(), Duration::ZERO, &mut lines);
        }
        formatter.finish(&mut lines);
        let ours: String = lines.iter().map(|line| format!("{}\n", psformat::plain(line))).collect();
        let theirs = row["text"].as_str().unwrap();
        if ours != theirs {
            println!("== {} {width}\n{theirs}\n-- ours\n{ours}", row["name"]);
            different.push(format!("{} {width}", row["name"].as_str().unwrap()));
        }
    }
    assert!(all > 150, "{all}");
    assert_known(different, &[]);
}

#[test]
fn objects_and_errors_of_many_kinds_are_shown_as_the_engine_shows_them() {
    let (mut all, mut different) = (0, Vec::new());
    for row in rows("texts.jsonl.gz") {
        for (width, theirs) in row["texts"].as_object().unwrap() {
            all += 1;
            let mut formatter = Formatter::new(Options { width: width.parse().unwrap(), ..Options::default() });
            let mut lines = Vec::new();
            for record in row["wire"].as_array().unwrap() {
                let (stream, record) = record.as_str().unwrap().split_once(' ').unwrap();
                match stream {
                    "text" => lines.push(record.to_owned()),
                    "error" => {
                        let record = decode(record.as_bytes()).unwrap();
                        formatter.push_text(&normal_view(&record, Some("127.0.0.1")), Duration::ZERO, &mut lines);
                    }
                    _ => formatter.push(&decode(record.as_bytes()).unwrap(), Duration::ZERO, &mut lines),
                }
            }
            formatter.finish(&mut lines);
            let ours: String = lines.iter().map(|line| format!("{}\n", psformat::plain(line))).collect();
            let theirs = theirs.as_str().unwrap();
            if ours != theirs {
                println!("== {} {width}\n{theirs}\n-- ours\n{ours}", row["name"]);
                different.push(format!("{} {width}", row["name"].as_str().unwrap()));
            }
        }
    }
    assert!(all > 1600, "{all}");
    assert_known(different, &[]);
}

#[test]
fn every_value_alone_is_shown_as_the_engine_shows_it() {
    let (mut all, mut different) = (0, Vec::new());
    for row in rows("values.jsonl.gz") {
        let (Some(wire), Some(theirs)) = (row["wire"].as_str(), row["out_string_back"].as_str()) else { continue };
        all += 1;
        let value = decode(wire.as_bytes()).unwrap();
        let mut formatter = Formatter::new(Options { concise: true, ..Options::default() });
        let mut lines = Vec::new();
        // The value went through a pipeline, which takes a list apart once more.
        match value.items() {
            Some(items) => items.iter().for_each(|item| formatter.push(item, Duration::ZERO, &mut lines)),
            None => formatter.push(&value, Duration::ZERO, &mut lines),
        }
        formatter.finish(&mut lines);
        let ours: String = lines.iter().map(|line| format!("{line}\n")).collect();
        if ours != theirs {
            println!("== {} {}\n{theirs}\n-- ours\n{ours}", row["name"], row["expression"]);
            different.push(row["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(all, 700);
    let order = "a hash table has no order of its own; ours is the one that came";
    assert_known(
        different,
        &[
            ("dictionary-int-object", order),
            ("dictionary-string-int", order),
            ("parameters-dictionary", order),
            ("sorteddictionary", order),
            ("sortedlist", order),
        ],
    );
}

#[test]
fn g14_errors_in_normal_view_are_the_engines() {
    let (mut all, mut different) = (0, Vec::new());
    for row in rows("errors.jsonl.gz") {
        for (wire, view) in [("wire", "normal_view_back"), ("wire_extended", "normal_view_back_extended")] {
            let (Some(wire), Some(theirs)) = (row[wire].as_str(), row[view].as_str()) else { continue };
            all += 1;
            let record = decode(wire.as_bytes()).unwrap();
            let ours = format!("{}\n", normal_view(&record, Some("server01.example.com")));
            if ours != theirs {
                println!("== {} {view}\n{theirs}\n-- ours\n{ours}", row["name"]);
                different.push(format!("{} {view}", row["name"].as_str().unwrap()));
            }
        }
    }
    assert_eq!(all, 326);
    assert_known(different, &[]);
}
