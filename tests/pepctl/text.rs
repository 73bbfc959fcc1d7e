//! `--text`: what a PowerShell console would show, compared with what PowerShell's own formatter writes.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::{engine, folders};

/// A line between the runs of a session.
const MARK: &str = "== next ==";

fn peer(configuration: &str) -> Option<Peer> {
    let engine = engine::folder()?;
    Some(Peer::with_engine(&engine.join("pep-engine"), &folders::root().join("tests/engine").join(configuration), &[]))
}

#[test]
fn odd_objects_are_shown_letter_by_letter_as_the_engine_shows_them() {
    let Some(peer) = peer("shapes.pssc") else { return };
    let names = Pepctl::new(&peer.endpoint()).run_cmdlet("Get-ShapeName", &[]).texts("output");
    assert!(names.len() > 50, "{names:?}");
    for width in ["120", "63"] {
        let show = |command: &str| {
            let mut call = Pepctl::new(&peer.endpoint()).args(&["--text", "--width", width]);
            for name in &names {
                call = call.line(json!({ "command": command, "parameters": { "Name": name } }));
                call = call.line(json!({ "command": "Get-Shape", "parameters": { "Name": "mark" } }));
            }
            let (code, shown, errors) = call.finish_text();
            assert_eq!(code, 0, "{errors}");
            shown.split(&format!("{MARK}\n")).map(str::to_owned).collect::<Vec<_>>()
        };
        let (ours, theirs) = (show("Get-Shape"), show("Show-Shape"));
        assert_eq!((ours.len(), theirs.len()), (names.len() + 1, names.len() + 1));
        for (name, (ours, theirs)) in names.iter().zip(ours.iter().zip(&theirs)) {
            assert_eq!(ours, theirs, "{name} at {width}");
        }
    }
    peer.assert_clean();
}

/// Names of shapes, and cases that bring their own code.
fn shapes(peer: &Peer) -> Vec<String> {
    let mut names = Pepctl::new(&peer.endpoint()).run_cmdlet("Get-ShapeName", &[]).texts("output");
    assert!(names.len() > 600, "{}", names.len());
    let cases = std::fs::read_to_string(folders::root().join("tests/engine/cases.txt")).expect("the cases");
    names.extend(cases.split("\n## ").skip(1).map(|case| case.trim_end().to_owned()));
    names
}

/// What the engine makes of each of these, as Out-String does.
fn judged(peer: &Peer, names: &[String], width: usize) -> Vec<String> {
    let mut call = Pepctl::new(&peer.endpoint());
    for name in names {
        call = call.line(json!({ "command": "Show-Shape", "parameters": { "Name": name, "Width": width } }));
    }
    let outcome = call.finish();
    outcome.assert_code(0);
    let texts = outcome.texts("output");
    assert_eq!(texts.len(), names.len(), "one text for each");
    texts
}

#[test]
fn objects_and_errors_of_many_kinds_are_shown_letter_by_letter_as_out_string_shows_them() {
    let Some(peer) = peer("texts.pssc") else { return };
    let names = shapes(&peer);
    for width in [120, 47] {
        let mut call = Pepctl::new(&peer.endpoint()).args(&["--text", "--width", &width.to_string()]);
        for name in &names {
            call = call.line(json!({ "command": "Get-Shape", "parameters": { "Name": name } }));
            call = call.line(json!({ "command": "Get-Shape", "parameters": { "Name": "mark" } }));
        }
        let (_, shown, errors) = call.finish_text();
        let ours: Vec<&str> = shown.split(&format!("{MARK}\n")).collect();
        assert_eq!(ours.len(), names.len() + 1, "{errors}");
        for ((name, ours), theirs) in names.iter().zip(&ours).zip(&judged(&peer, &names, width)) {
            assert_eq!(ours, theirs, "{name} at {width}");
        }
    }
    peer.assert_clean();
}

#[test]
fn dates_of_a_known_zone_are_on_the_clock_of_this_computer() {
    let Some(peer) = peer("texts.pssc") else { return };
    let shown = |zone: &str| {
        let call = Pepctl::new(&peer.endpoint()).env("TZ", zone);
        let call = call.args(&["--text", "run", "Get-Shape", "--param", "Name=\"dates-list\""]);
        let (code, shown, errors) = call.finish_text();
        assert_eq!(code, 0, "{errors}");
        let line = |name: &str| shown.lines().find(|line| line.starts_with(name)).map(str::to_owned).expect("a line");
        (line("U : "), line("L : "), line("N : "))
    };
    let (here, there) = (shown("UTC0"), shown("THERE-5:30"));
    assert_eq!((&here.0, &here.2), (&there.0, &there.2), "UTC, and what is of no known zone, stay as they are");
    assert_ne!(here.1, there.1);
}

/// Writes the file that psformat's tests compare with, for when `texts.pssc` or `cases.txt` has changed.
#[test]
#[ignore = "writes tests/fixtures/golden/texts.jsonl.gz"]
fn record_what_the_engine_shows() {
    let Some(peer) = peer("texts.pssc") else { return };
    let names = shapes(&peer);
    let mut call = Pepctl::new(&peer.endpoint());
    for name in &names {
        call = call.line(json!({ "command": "Export-Shape", "parameters": { "Name": name } }));
    }
    let outcome = call.finish();
    outcome.assert_code(0);
    let wire = |run: usize| -> Vec<&Json> {
        outcome.stream("output").filter(|line| line["run"] == run).map(|line| &line["text"]).collect()
    };
    let file = std::fs::File::create(folders::root().join("tests/fixtures/golden/texts.jsonl.gz")).expect("a file");
    let mut file = GzEncoder::new(file, Compression::best());
    let (wide, narrow) = (judged(&peer, &names, 120), judged(&peer, &names, 40));
    for (run, (name, texts)) in names.iter().zip(wide.iter().zip(&narrow)).enumerate() {
        let row =
            json!({ "name": name.lines().next(), "wire": wire(run + 1), "texts": { "120": texts.0, "40": texts.1 } });
        writeln!(file, "{row}").expect("the file is written");
    }
    file.finish().expect("the file is written");
}

#[test]
fn streams_are_shown_as_in_a_console_and_our_words_are_not() {
    let Some(peer) = peer("pep.pssc") else { return };
    let (code, shown, errors) = Pepctl::new(&peer.endpoint()).args(&["--text", "run", "Test-Streams"]).finish_text();
    assert_eq!(code, 0, "{errors}");
    let wanted = "output\n\
                  Write-Error : error\n\
                  At line:4 char:36\n\
                  + … t 'output'; Write-Error 'error' -ErrorId Kind -Category InvalidData - …\n\
                  +               ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n\
                  + CategoryInfo          : InvalidData: (7:Int32) [Write-Error], WriteErrorException\n\
                  + FullyQualifiedErrorId : Kind,PepEngine.WriteErrorCmdlet\n\
                  + PSComputerName        : 127.0.0.1\n\
                  WARNING: warning\nVERBOSE: verbose\nDEBUG: debug\ninformation\nhost\nui line\n\
                  coloursWARNING: ui warning\nend\n";
    assert_eq!(shown, wanted);
    assert!(errors.contains("pepctl"), "{errors}");
}

#[test]
fn a_text_that_nobody_is_to_see_does_not_double_the_one_on_the_screen() {
    let Some(peer) = peer("pep.pssc") else { return };
    let (code, shown, errors) = Pepctl::new(&peer.endpoint()).args(&["--text", "run", "Test-Twice"]).finish_text();
    assert_eq!((code, shown.as_str()), (0, "twice\nafter\nafter\n"), "{errors}");
}

#[test]
fn a_record_that_cannot_be_read_is_told_beside_all_the_others() {
    let peer = Peer::start(&[]);
    let echo = |text: &str| json!({ "command": "Test-Echo", "parameters": { "Value": text } });
    let call = Pepctl::new(&peer.endpoint()).args(&["--text"]).line(echo("before"));
    let call = call.line(json!({ "command": "Test-BigObject", "parameters": { "Depth": 60, "Size": 10 } }));
    let (code, shown, errors) = call.line(echo("after")).finish_text();
    assert_eq!((code, shown.as_str()), (6, "before\nafter\n"), "{errors}");
    assert!(errors.contains("pepctl: unreadable: "), "{errors}");
    assert!(errors.ends_with("pepctl: failed: a record could not be read\n"), "{errors}");
}

#[test]
fn an_error_that_ends_the_run_is_shown_and_the_code_tells() {
    let Some(peer) = peer("pep.pssc") else { return };
    let call = Pepctl::new(&peer.endpoint()).args(&["--text", "run", "Get-Nothing"]);
    let (code, shown, errors) = call.finish_text();
    assert_eq!(code, 1, "{errors}");
    let wanted = "The term 'Get-Nothing' is not recognized as a name of a cmdlet, function, script file, or executable program.\n\
         Check the spelling of the name, or if a path was included, verify that the path is correct and try again.\n\
         + CategoryInfo          : ObjectNotFound: (Get-Nothing:String) [], CommandNotFoundException\n\
         + FullyQualifiedErrorId : CommandNotFoundException\n\
         + PSComputerName        : 127.0.0.1\n";
    assert_eq!(shown, wanted);
}
