//! Any bytes as an XML document.

use safe_xml::{Event, Limits, Reader};

/// One input.
pub fn run(data: &[u8]) {
    for reader in [Reader::new(data, Limits::SOAP), Reader::without_namespaces(data, Limits::SOAP)] {
        let Ok(mut reader) = reader else { return };
        while let Ok(event) = reader.next() {
            match event {
                Event::Eof => break,
                Event::Start(start) => {
                    let _ = (start.name(), start.namespace(), start.attribute("RefId"), start.raw_attribute("N"));
                }
                Event::Text(_) | Event::End => {}
            }
            assert!(reader.depth() <= Limits::SOAP.depth);
        }
    }
    // The ways to read an element whole.
    let Ok(mut reader) = Reader::new(data, Limits::SOAP) else { return };
    while let Ok(Some(start)) = reader.next_element() {
        let _ = match start.name().len() % 3 {
            0 => reader.text().map(drop),
            1 => reader.pieces(drop),
            _ => reader.skip(),
        };
    }
}
