//! Tables, lists and the like that a real engine has formatted itself, and what the same engine makes of the packets that
//! came over the wire (`tests/fixtures/golden/formatted.jsonl.gz`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use clixml::decode;
use flate2::read::GzDecoder;
use psformat::{Formatter, Options, normal_view};
use serde_json::Value as Json;

fn rows() -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/golden/formatted.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn shown(wire: &[Json], width: usize) -> String {
    let mut formatter = Formatter::new(Options { width, ..Options::default() });
    let (mut lines, mut now) = (Vec::new(), Duration::ZERO);
    for record in wire {
        let (stream, record) = record.as_str().unwrap().split_once(' ').unwrap();
        let read = || decode(record.as_bytes()).unwrap();
        match stream {
            "wait" => now += Duration::from_millis(record.parse().unwrap()),
            "text" => lines.push(record.to_owned()),
            "output" => formatter.push(&read(), now, &mut lines),
            _ => {
                let record = read();
                // The one that ended the run came with its state.
                let record = record.get("ExceptionAsErrorRecord").unwrap_or(&record);
                formatter.push_text(&normal_view(record, Some("127.0.0.1")), now, &mut lines);
            }
        }
    }
    formatter.finish(&mut lines);
    lines.iter().map(|line| format!("{}\n", psformat::plain(line))).collect()
}

#[test]
fn what_the_endpoint_has_formatted_is_shown_as_the_engine_shows_it() {
    let (mut all, mut different) = (0, Vec::new());
    for row in rows() {
        for (width, theirs) in row["texts"].as_object().unwrap() {
            all += 1;
            let ours = shown(row["wire"].as_array().unwrap(), width.parse().unwrap());
            let theirs = theirs.as_str().unwrap();
            if ours != theirs {
                println!("== {} {width}\n{theirs}\n-- ours\n{ours}", row["name"]);
                different.push(format!("{} {width}", row["name"].as_str().unwrap()));
            }
        }
    }
    different.sort();
    assert!(all > 300, "{all}");
    assert_eq!(different, Vec::<String>::new());
}
