//! Our codec beside psrpcore's, on what a real engine sent and on generated values (conformance case G15): both read the same, and
//! what psrpcore writes of it we read as the same. A thousand values with the other tests; `cargo xtask differential [N]` takes more
//! (100,000).
//!
//! Where the two differ, the row is listed by name with the reason. Who is right was looked up in what the engine says
//! (`tests/fixtures/golden`): what it wrote, and what came of it when it read that again.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod generate;
mod tree;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use clixml::{decode, encode_to_string};
use flate2::read::GzDecoder;
use generate::Generator;
use serde_json::{Value as Json, json};
use tests::folders;
use tree::{differs, tree};

/// What psrpcore reads, and what it writes of that.
fn foreign(wires: &[String]) -> Vec<Json> {
    let mut child = Command::new(folders::python())
        .arg(folders::root().join("tests/differential/decode.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = child.stdin.take().expect("its input is piped");
    let lines: String = wires.iter().map(|wire| format!("{}\n", json!(wire))).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let trees = output.lines().map(|line| serde_json::from_str(&line.expect("UTF-8")).expect("JSON")).collect();
    writer.join().expect("the writer ends").expect("Python reads all");
    assert!(child.wait().expect("Python ends").success());
    trees
}

/// What the two see differently in a value: nothing, or how.
fn difference(wire: &str, theirs: &Json) -> Option<String> {
    let ours = tree(&decode(wire.as_bytes()).expect("ours"));
    if let Some(how) = differs(&ours, &theirs["tree"], false, "") {
        return Some(format!("read {how}\n  {wire}"));
    }
    let Some(written) = theirs["wire"].as_str() else {
        return Some(format!("not written: {}\n  {wire}", theirs["error"]));
    };
    match decode(written.as_bytes()) {
        Ok(again) => {
            let how = differs(&tree(&again), &theirs["tree"], true, "")?;
            Some(format!("written {how}\n  {wire}\n  {written}"))
        }
        Err(error) => Some(format!("written, and not read by us: {error}\n  {written}")),
    }
}

#[test]
fn g15_generated_values_are_read_and_written_alike() {
    let count: usize = std::env::var("PEP_DIFFERENTIAL").ok().map_or(1_000, |text| text.parse().expect("a number"));
    let mut generator = Generator(2_026);
    let (mut different, mut done) = (Vec::new(), 0);
    // In parts, so that memory does not grow with the number.
    while done < count {
        let part = (count - done).min(5_000);
        let wires: Vec<String> = (0..part).map(|_| encode_to_string(&generator.value(4, &mut Vec::new()))).collect();
        let answers = foreign(&wires);
        assert_eq!(answers.len(), wires.len());
        different.extend(wires.iter().zip(&answers).filter_map(|(wire, theirs)| difference(wire, theirs)));
        done += part;
    }
    println!("{count} generated values, {} differ", different.len());
    assert!(different.is_empty(), "{}", different.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n"));
}

const EMPTY_TEXT: &str = "psrpcore writes no text where the text is empty; the engine writes an empty one";
const NON_CHARACTER: &str = "Python's XML reader refuses the reference that the engine writes";
const MEMBER_SET: &str = "psrpcore has no member sets";
const ENDLESS: &str = "a value inside itself has no tree";
const OWN_CLASS: &str = "psrpcore has a class for it with properties in an order of its own";
const OWN_RECORD: &str = "psrpcore has a class for it and leaves out the text that the engine wrote";
const BOOLEAN: &str = "Python's Boolean can hold no properties";

/// What psrpcore sees in its own way, in the order of the file, and why. In all of it the engine is with us.
const KNOWN: [(&str, &str); 29] = [
    ("string-null-typed", EMPTY_TEXT),
    ("string-ufffe", NON_CHARACTER),
    ("string-uffff", NON_CHARACTER),
    ("psobject-memberset", MEMBER_SET),
    ("psobject-defaultdisplaypropertyset", MEMBER_SET),
    ("self-reference", ENDLESS),
    ("self-reference-array", ENDLESS),
    ("self-reference-hashtable", ENDLESS),
    ("mutual-reference", ENDLESS),
    ("self-reference-depth-3", ENDLESS),
    ("pstypename-odd", "psrpcore leaves the escapes in type names; the engine reads them"),
    ("dotnet-tostring-null", EMPTY_TEXT),
    ("extended-bool", BOOLEAN),
    ("dbnull", EMPTY_TEXT),
    ("exception-simple", OWN_CLASS),
    ("exception-aggregate", OWN_CLASS),
    ("exception-data", OWN_CLASS),
    ("errorrecord-new", OWN_RECORD),
    ("errorrecord-details", OWN_RECORD),
    ("errorrecord-in-property", OWN_RECORD),
    ("exception-in-property", OWN_CLASS),
    ("warningrecord", OWN_RECORD),
    ("warningrecord-id", OWN_RECORD),
    ("verboserecord", OWN_RECORD),
    ("debugrecord", OWN_RECORD),
    ("cultureinfo-invariant", EMPTY_TEXT),
    ("assemblyname", EMPTY_TEXT),
    ("invoke-command-notes", BOOLEAN),
    ("keyinfo", "psrpcore has a class for it with types of its own"),
];

#[test]
fn g15_recorded_values_are_read_and_written_alike() {
    let file = std::fs::File::open(folders::root().join("tests/fixtures/golden/values.jsonl.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let rows: Vec<(String, String)> = text
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap())
        .filter_map(|row| Some((row["name"].as_str()?.to_owned(), row["wire"].as_str()?.to_owned())))
        .collect();
    let wires: Vec<String> = rows.iter().map(|(_, wire)| wire.clone()).collect();
    let mut different = Vec::new();
    for ((name, wire), theirs) in rows.iter().zip(foreign(&wires)) {
        if let Some(how) = difference(wire, &theirs) {
            println!("{name}: {how:.700}");
            different.push(name.as_str());
        }
    }
    println!("{} of {} differ: {different:?}", different.len(), rows.len());
    assert_eq!(rows.len(), 702);
    let known: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
    assert_eq!(different, known);
}
