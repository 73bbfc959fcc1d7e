//! Documents one below and one above each limit, and documents that nobody should accept.

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

#[test]
fn depth_is_limited() {
    assert!(read(&nested(64), Limits::SOAP).is_ok());
    assert!(matches!(read(&nested(65), Limits::SOAP), Err(ErrorKind::TooMuch { limit: 64, .. })));
}

#[test]
fn nodes_are_limited() {
    let limits = Limits { nodes: 100, ..Limits::SOAP };
    let siblings = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
    assert!(read(&siblings(98), limits).is_ok());
    assert!(read(&siblings(100), limits).is_err());
}

#[test]
fn attributes_of_one_element_are_limited() {
    let element = |count: usize| {
        let all: String = (0..count).map(|n| format!(" n{n}=''")).collect();
        format!("<a{all}/>")
    };
    assert!(read(&element(256), Limits::SOAP).is_ok());
    assert!(matches!(read(&element(257), Limits::SOAP), Err(ErrorKind::TooMuch { limit: 256, .. })));
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
