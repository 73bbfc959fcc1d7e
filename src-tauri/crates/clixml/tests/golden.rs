//! What a real PowerShell engine wrote, and what it reads (`tests/fixtures/golden`).

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

/// Equality in which every not-a-number equals every other.
fn same(a: &Value, b: &Value) -> bool {
    encode_to_string(a) == encode_to_string(b)
}

#[test]
fn every_value_is_read_and_what_we_write_of_it_reads_as_the_same() {
    let (mut all, mut equal) = (0, 0);
    for row in rows("values.jsonl.gz") {
        let Some(wire) = row["wire"].as_str() else { continue };
        // A lone half of a surrogate pair in the recorder's own JSON stands as U+FFFD; those rows carry the units.
        let value = decode(wire.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}: {wire}", row["name"]));
        let written = encode_to_string(&value);
        let again = decode(written.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}: {written}", row["name"]));
        assert!(same(&value, &again), "{}", row["name"]);
        all += 1;
        if written == wire {
            equal += 1;
        }
    }
    println!("{equal} of {all} byte-equal");
    assert!(all > 650, "{all} values");
    assert!(equal + 4 >= all, "only {equal} of {all} are written as PowerShell writes them");
}

#[test]
fn g5_g6_every_string_is_read_and_written_as_the_engine_does() {
    for row in rows("strings.jsonl.gz") {
        let encoded = row["encoded"].as_str().unwrap();
        let element = format!("<S>{encoded}</S>");
        if row["decode_only"] == Json::Bool(true) {
            let decoded = decode(element.as_bytes());
            // A processing instruction is refused (conformance case G12), the engine drops it.
            if encoded.contains("<?") {
                assert!(decoded.is_err(), "{element}");
                continue;
            }
            match row["back_utf16"].as_str() {
                Some(hex) => {
                    let wanted = Value::String(PsString::from_units(units(hex)));
                    assert_eq!(decoded.as_ref(), Ok(&wanted), "{element}");
                }
                // More tolerant than the engine: raw control characters, non-characters and `]]>` are kept as text.
                None => assert!(
                    decoded.is_err()
                        || encoded.contains("]]>")
                        || encoded.contains(|c: char| c.is_control() || c >= '\u{fffe}'),
                    "{element} is refused by the engine, here {decoded:?}"
                ),
            }
            continue;
        }
        let value = Value::String(PsString::from_units(units(row["utf16"].as_str().unwrap())));
        assert_eq!(decode(element.as_bytes()), Ok(value.clone()), "{element}");
        // The engine writes two non-characters as references that XML forbids; ours are the escapes that it reads.
        let wanted = element.replace("&#xFFFE;", "_xFFFE_").replace("&#xFFFF;", "_xFFFF_");
        assert_eq!(encode_to_string(&value), wanted);
    }
}

#[test]
fn g1_g2_every_number_is_read_and_written_as_the_engine_does() {
    let mut differ = Vec::new();
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
            differ.push(format!("{wire} {written}"));
        }
    }
    // Two shortest spellings exist for some doubles; both read as the same bits.
    assert!(differ.len() <= 5, "{} differ: {differ:#?}", differ.len());
}

#[test]
fn texts_that_the_engine_refuses_are_refused_and_those_that_it_reads_are_read() {
    let mut differ = Vec::new();
    for row in rows("numbers.jsonl.gz") {
        let (Some(element), Some(ok)) = (row["element"].as_str(), row["ok"].as_bool()) else { continue };
        let text = row["text"].as_str().unwrap();
        let mut wire = Vec::new();
        wire.extend_from_slice(format!("<{element}>").as_bytes());
        safe_xml::escape_text(text, &mut wire);
        wire.extend_from_slice(format!("</{element}>").as_bytes());
        if decode(&wire).is_ok() != ok {
            differ.push(format!(
                "{} (engine: {})",
                String::from_utf8_lossy(&wire),
                if ok { "reads" } else { "refuses" }
            ));
        }
    }
    println!("{differ:#?}");
    // Deliberate: old and partial forms of dates and ids that .NET reads are nothing that a server writes, and a
    // relative or odd Uri stays text. `-NaN`, partial dates, ids in braces, a non-canonical base64: refused; a plus sign: read.
    assert!(differ.len() <= 12, "{}: {differ:#?}", differ.len());
}
