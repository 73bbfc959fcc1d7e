//! Documents one below and one above each limit, and documents that nobody should accept.
#![allow(clippy::panic, reason = "tests")]

use proptest::prelude::*;
use safe_xml::{ErrorKind, Event, Limits, Reader, escape_attribute, escape_text};

fn read(input: &str, limits: Limits) -> Result<usize, ErrorKind> {
    let mut reader = Reader::new(input.as_bytes(), limits).map_err(|error| error.kind)?;
    let mut events = 0;
    loop {
        match reader.next().map_err(|error| error.kind)? {
            Event::Eof => return Ok(events),
            _ => events += 1,
        }
    }
}

fn nested(depth: usize) -> String {
    "<a>".repeat(depth) + &"</a>".repeat(depth)
}

/// What there is too much of.
fn refused(input: &str, limits: Limits) -> (&'static str, usize) {
    match read(input, limits) {
        Err(ErrorKind::TooMuch { what, limit }) => (what, limit),
        other => panic!("{other:?}"),
    }
}

#[test]
fn p03_depth_is_limited() {
    assert!(read(&nested(64), Limits::SOAP).is_ok());
    assert_eq!(refused(&nested(65), Limits::SOAP), ("levels of elements", 64));
}

#[test]
fn p03_nodes_are_limited() {
    // An element is one node, its start and its end; a text or a comment is half of one.
    let siblings = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
    let texts = |count: usize| format!("<a>{}</a>", "x<!---->".repeat(count / 2));
    for (nodes, limits) in [(100, Limits { nodes: 100, ..Limits::SOAP }), (50_000, Limits::SOAP)] {
        assert!(read(&siblings(nodes - 1), limits).is_ok());
        assert_eq!(refused(&siblings(nodes), limits), ("nodes", nodes * 2));
        assert!(read(&texts(nodes * 2 - 2), limits).is_ok());
        assert_eq!(refused(&texts(nodes * 2), limits), ("nodes", nodes * 2));
    }
}

#[test]
fn p03_attributes_of_one_element_are_limited() {
    let element = |count: usize| {
        let all: String = (0..count).map(|n| format!(" n{n}=''")).collect();
        format!("<a{all}/>")
    };
    assert!(read(&element(256), Limits::SOAP).is_ok());
    assert_eq!(refused(&element(257), Limits::SOAP), ("attributes of one element", 256));
    assert_eq!(refused(&element(100_000), Limits::SOAP), ("attributes of one element", 256));
}

#[test]
fn p03_attributes_of_all_elements_are_limited() {
    let of = |count: usize| (0..count).map(|n| format!(" n{n}=''")).collect::<String>();
    let elements = |more: usize| format!("<a>{}<c{}/></a>", format!("<b{}/>", of(200)).repeat(99), of(200 + more));
    assert!(read(&elements(0), Limits::SOAP).is_ok());
    assert_eq!(refused(&elements(1), Limits::SOAP), ("attributes", 20_000));
}

#[test]
fn p03_the_name_of_a_namespace_is_limited() {
    let element = |length: usize| format!("<a xmlns='{}'/>", "n".repeat(length));
    assert!(read(&element(1_024), Limits::SOAP).is_ok());
    assert_eq!(refused(&element(1_025), Limits::SOAP), ("bytes in the name of a namespace", 1_024));
    assert_eq!(refused(&element(7 << 20), Limits::SOAP), ("bytes in the name of a namespace", 1_024));
}

#[test]
fn p03_namespaces_that_hold_at_once_are_limited() {
    // Every element looks through them for its own.
    let declared = |count: usize| (0..count).map(|n| format!(" xmlns:p{n}='u'")).collect::<String>();
    let inside = |count: usize| format!("<a{}><b{}/></a>", declared(64), declared(count));
    let beside = format!("<a>{}</a>", format!("<b{}/>", declared(100)).repeat(100));
    assert!(read(&inside(64), Limits::SOAP).is_ok());
    assert!(read(&beside, Limits::SOAP).is_ok(), "those of elements that have ended do not count");
    assert!(matches!(read(&inside(65), Limits::SOAP), Err(ErrorKind::Malformed(_))));
}

#[test]
fn b12_document_types_instructions_and_entities_are_refused() {
    let bomb = r#"<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><l>&b;</l>"#;
    assert!(matches!(read(bomb, Limits::SOAP), Err(ErrorKind::Forbidden(_))));
    assert!(matches!(read("<?evil x?><a/>", Limits::SOAP), Err(ErrorKind::Forbidden(_))));
    assert!(matches!(read("<a>&b;</a>", Limits::SOAP), Err(ErrorKind::UnknownEntity)));
    assert!(read("<a>", Limits::SOAP).is_err());
    assert!(read("<a></b>", Limits::SOAP).is_err());
    assert!(read("plain text <", Limits::SOAP).is_err());
}

#[test]
fn b13_prefixes_marks_and_comments_do_not_matter() {
    let input =
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><q:e xmlns:q='urn:x'><!-- c --><f xmlns='urn:y'/></q:e>";
    let mut reader = Reader::new(input.as_bytes(), Limits::SOAP).unwrap();
    assert!(reader.next_element().unwrap().unwrap().is("urn:x", "e"));
    assert!(reader.next_element().unwrap().unwrap().is("urn:y", "f"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(mut reader) = Reader::new(&bytes, Limits::SOAP) {
            while let Ok(event) = reader.next() {
                if matches!(event, Event::Eof) { break }
            }
        }
    }

    #[test]
    fn what_is_escaped_comes_back(text in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]*") {
        let mut document = b"<a n=\"".to_vec();
        escape_attribute(&text, &mut document);
        document.extend_from_slice(b"\">");
        escape_text(&text, &mut document);
        document.extend_from_slice(b"</a>");
        let mut reader = Reader::new(&document, Limits::SOAP).unwrap();
        let Event::Start(start) = reader.next().unwrap() else { panic!("a start") };
        prop_assert_eq!(start.attribute("n").unwrap().unwrap(), text.as_str());
        prop_assert_eq!(reader.text().unwrap(), text);
    }
}
