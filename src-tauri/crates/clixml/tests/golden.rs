//! What a real PowerShell engine wrote, and what it reads (`tests/fixtures/golden`). Where we differ, the row is listed
//! by name, with the reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::Read;
use std::path::Path;

use clixml::{PsString, Value, decode, encode_to_string};
use flate2::read::GzDecoder;
use serde_json::Value as Json;

fn rows(name: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/golden").join(name);
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn units(hex: &str) -> Vec<u16> {
    let digit = |c: char| u16::try_from(c.to_digit(16).unwrap()).unwrap();
    let digits: Vec<u16> = hex.chars().map(digit).collect();
    digits.chunks(4).map(|d| (d[0] << 4 | d[1]) | (d[2] << 4 | d[3]) << 8).collect()
}

/// Fails with both sides when the rows that differ are not exactly those that are known.
#[track_caller]
fn assert_known(mut different: Vec<String>, known: &[(&str, &str)]) {
    different.sort();
    let mut expected: Vec<String> = known.iter().map(|(row, _)| (*row).to_owned()).collect();
    expected.sort();
    assert_eq!(different, expected);
}

#[test]
fn every_value_is_read_and_written_as_the_engine_wrote_it() {
    let (mut all, mut different) = (0, Vec::new());
    for row in rows("values.jsonl.gz") {
        let Some(wire) = row["wire"].as_str() else { continue };
        let value = decode(wire.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}: {wire}", row["name"]));
        let written = encode_to_string(&value);
        let again = decode(written.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}: {written}", row["name"]));
        assert_eq!(encode_to_string(&again), written, "{}", row["name"]);
        all += 1;
        if written != wire {
            different.push(row["name"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(all, 702);
    assert_known(
        different,
        &[
            ("ienumerator", "an empty set of properties, which says nothing, is left out"),
            ("string-ufffe", "a reference that XML forbids; ours is the escape that the engine reads"),
            ("string-uffff", "the same"),
        ],
    );
}

#[test]
fn g5_g6_every_string_is_read_and_written_as_the_engine_does() {
    let mut tolerated = Vec::new();
    for row in rows("strings.jsonl.gz") {
        let encoded = row["encoded"].as_str().unwrap();
        let element = format!("<S>{encoded}</S>");
        if row["decode_only"] == Json::Bool(true) {
            let decoded = decode(element.as_bytes()).ok();
            let wanted = row["back_utf16"].as_str().map(|hex| Value::String(PsString::from_units(units(hex))));
            if decoded != wanted {
                tolerated.push(encoded.escape_unicode().to_string());
            }
            continue;
        }
        let value = Value::String(PsString::from_units(units(row["utf16"].as_str().unwrap())));
        assert_eq!(decode(element.as_bytes()), Ok(value.clone()), "{element}");
        // The engine writes two non-characters as references that XML forbids; ours are the escapes that it reads.
        let wanted = element.replace("&#xFFFE;", "_xFFFE_").replace("&#xFFFF;", "_xFFFF_");
        assert_eq!(encode_to_string(&value), wanted);
    }
    let name = |text: &str| text.escape_unicode().to_string();
    let known = [
        ("a<?pi x?>b", "a processing instruction is refused (conformance case G12)"),
        ("a]]>b", "no harm in keeping it as text"),
        ("\u{1}", "servers that do not escape: the text is kept instead of losing the record"),
        ("\0", "the same"),
        ("\u{fffe}", "the same"),
        ("\u{ffff}", "the same"),
    ];
    let known: Vec<(String, &str)> = known.iter().map(|(text, why)| (name(text), *why)).collect();
    assert_known(tolerated, &known.iter().map(|(text, why)| (text.as_str(), *why)).collect::<Vec<_>>());
}

#[test]
fn g1_g2_every_number_is_read_and_written_as_the_engine_does() {
    let mut different = Vec::new();
    for row in rows("numbers.jsonl.gz") {
        let kind = row["kind"].as_str().unwrap();
        let Some(text) = row["text"].as_str() else { continue };
        let element = match kind {
            "double" => "Db",
            "single" => "Sg",
            "decimal" => "D",
            "timespan" => "TS",
            "datetime" => "DT",
            _ => continue,
        };
        let wire = format!("<{element}>{text}</{element}>");
        let value = decode(wire.as_bytes()).unwrap_or_else(|error| panic!("{wire}: {error}"));
        let written = encode_to_string(&value);
        if written != wire {
            different.push(format!("{wire} {written}"));
        }
    }
    assert_known(different, &[]);
}

#[test]
fn texts_that_the_engine_refuses_are_refused_and_those_that_it_reads_are_read_as_the_same() {
    let (mut all, mut different) = (0, Vec::new());
    for row in rows("numbers.jsonl.gz") {
        let (Some(element), Some(ok)) = (row["element"].as_str(), row["ok"].as_bool()) else { continue };
        all += 1;
        let text = row["text"].as_str().unwrap();
        let mut wire = format!("<{element}>").into_bytes();
        safe_xml::escape_text(text, &mut wire);
        wire.extend_from_slice(format!("</{element}>").as_bytes());
        let written = decode(&wire).ok().map(|value| encode_to_string(&value));
        let wanted = if ok { row["written"].as_str() } else { None };
        if written.as_deref() != wanted {
            different.push(format!("{element} {text:?}"));
        }
    }
    assert_eq!(all, 267);
    // The engine turns an offset into its own zone; ours is the one that was sent. Uris are kept as they were sent.
    let (zone, address) = ("the offset is kept", "the text is kept");
    assert_known(
        different,
        &[
            (r#"DT "0001-01-01T00:00:00+14:00""#, zone),
            (r#"DT "0001-01-01T00:00:00-14:00""#, zone),
            (r#"DT "2024-05-06+02:00""#, zone),
            (r#"DT "2024-05-06T07:08:09+02:00""#, zone),
            (r#"DT "2024-05-06T07:08:09+14:00""#, zone),
            (r#"DT "2024-05-06T07:08:09+14:01""#, zone),
            (r#"DT "2024-05-06T07:08:09+15:00""#, zone),
            (r#"DT "2024-05-06T07:08:09-05:30""#, zone),
            (r#"DT "2024-05-06T07:08:09-14:00""#, zone),
            (r#"DT "2024-05-06T07:08:09.1234567+02:00""#, zone),
            (r#"DT "9999-12-31T23:59:59.9999999+14:00""#, zone),
            (r#"DT "9999-12-31T23:59:59.9999999-14:00""#, zone),
            (r#"URI "  http://example.com ""#, address),
            (r#"URI "C:\\data\\x.txt""#, address),
            (r#"URI "\\\\server\\share""#, address),
            (r#"URI "http://example.com""#, address),
            (r#"URI "http://example.com/%zz""#, address),
        ],
    );
}
