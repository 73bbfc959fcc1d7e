//! Documents of the largest accepted size whose reading must not grow with the square of anything.

use std::time::{Duration, Instant};

use safe_xml::{Error, Event, Limits, Reader};

fn read(input: &str) -> (Result<(), Error>, Duration) {
    let begin = Instant::now();
    let outcome = Reader::new(input.as_bytes(), Limits::SOAP).and_then(|mut reader| {
        loop {
            if matches!(reader.next()?, Event::Eof) {
                return Ok(());
            }
        }
    });
    (outcome, begin.elapsed())
}

/// Far above what it takes, far below what a square would take.
const SOON: Duration = Duration::from_secs(4);

#[test]
fn a_long_namespace_name_is_not_copied_for_each_element() {
    let document = format!("<a xmlns='{}'>{}</a>", "n".repeat(7 << 20), "<b/>".repeat(40_000));
    let (outcome, time) = read(&document);
    assert!(outcome.is_err() && time < SOON, "{outcome:?} {time:?}");
}

#[test]
fn many_declared_prefixes_do_not_slow_every_element() {
    let mut document = String::from("<q:a xmlns:q='urn:q'>");
    for depth in 0..60 {
        let declared: String = (0..250).map(|n| format!(" xmlns:p{depth}_{n}='u'")).collect();
        document += &format!("<a{declared}>");
    }
    document += &"<q:b/>".repeat(40_000);
    document += &"</a>".repeat(60);
    document += "</q:a>";
    let (outcome, time) = read(&document);
    println!("{outcome:?} {time:?}");
    assert!(time < SOON, "{outcome:?} {time:?}");
}

#[test]
fn elements_with_the_most_attributes_are_read_soon() {
    let attributes: String = (0..250).map(|n| format!(" n{n}=''")).collect();
    let document = format!("<a>{}</a>", format!("<b{attributes}/>").repeat(75));
    let (outcome, time) = read(&document);
    assert!(outcome.is_ok() && time < SOON, "{outcome:?} {time:?}");
}
