//! Values that are small on the wire and large, deep or slow for whoever reads them carelessly.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;

use clixml::{DecodeError, Limits, Value, decode, decode_with};

/// A list of objects of which each refers to the one before it, `links` times: nesting 2, depth `count`.
fn chain(count: usize, links: usize) -> String {
    let mut text = String::from(r#"<Obj RefId="0"><LST><Obj RefId="1"><LST><I32>1</I32></LST></Obj>"#);
    for id in 2..=count {
        let link = format!(r#"<Ref RefId="{}" />"#, id - 1);
        write!(text, r#"<Obj RefId="{id}"><LST>{}</LST></Obj>"#, link.repeat(links)).unwrap();
    }
    text + "</LST></Obj>"
}

#[test]
fn g8_a_chain_of_references_is_as_deep_as_nested_objects() {
    // Whoever walks, writes or drops the value goes down as many levels: the stack would end.
    assert!(decode(chain(100, 1).as_bytes()).is_ok());
    assert!(matches!(decode(chain(1_000, 1).as_bytes()), Err(DecodeError::TooDeep(_))));
    assert!(matches!(decode(chain(90_000, 1).as_bytes()), Err(DecodeError::TooDeep(_))));
}

/// Objects of which each refers to the one before it, from inside so many member sets.
fn chain_of_sets(count: usize, sets: usize) -> String {
    let (open, close) = (r#"<MS N="a">"#.repeat(sets), "</MS>".repeat(sets));
    let mut text = String::from(r#"<Obj RefId="0"><LST><Obj RefId="1"><I32>1</I32></Obj>"#);
    for id in 2..=count {
        write!(text, r#"<Obj RefId="{id}"><MS>{open}<Ref N="a" RefId="{}"/>{close}</MS></Obj>"#, id - 1).unwrap();
    }
    text + "</LST></Obj>"
}

#[test]
fn g8_member_sets_inside_each_other_are_levels_too() {
    assert!(decode(chain_of_sets(2, 140).as_bytes()).is_ok());
    // Some 27,000 levels for whoever writes or drops it.
    for (count, sets) in [(3, 140), (190, 140), (40, 5)] {
        assert!(
            matches!(decode(chain_of_sets(count, sets).as_bytes()), Err(DecodeError::TooDeep(_))),
            "{count} {sets}"
        );
    }
}

#[test]
fn a_chain_at_the_limit_is_shown_written_and_dropped() {
    let most = (1..1_000).take_while(|count| decode(chain(*count, 1).as_bytes()).is_ok()).last().unwrap();
    let value = decode(chain(most, 1).as_bytes()).unwrap();
    let last = value.items().unwrap().last().unwrap().clone();
    drop(value);
    assert_eq!(last.to_display(), "1");
    assert_eq!(last.clone(), last);
    assert!(!clixml::encode_to_string(&last).is_empty());
    assert!(format!("{last:?}").len() > most);
}

#[test]
fn g8_references_that_double_at_each_level_are_refused() {
    // 2^40 leaves for whoever follows the references.
    assert!(matches!(decode(chain(40, 2).as_bytes()), Err(DecodeError::TooLarge(_))));
    let value = decode(chain(12, 2).as_bytes()).unwrap();
    assert_eq!(value.items().unwrap().last().unwrap().to_display().len(), 2 * 2_048 - 1);
}

#[test]
fn g8_a_million_references_to_one_object_are_read() {
    let mut text = String::from(r#"<Obj RefId="0"><LST><Obj RefId="1"><S>x</S></Obj>"#);
    text.push_str(&r#"<Ref RefId="1" />"#.repeat(1_000_000));
    text.push_str("</LST></Obj>");
    let value = decode(text.as_bytes()).unwrap();
    assert_eq!(value.items().unwrap().len(), 1_000_001);
    assert_eq!(value.to_display().len(), 2_000_001);
}

/// An object with a text of so many bytes, and so many references to it.
fn referred(text: &str, references: usize) -> String {
    let references = r#"<Ref RefId="1" />"#.repeat(references);
    format!(r#"<Obj RefId="0"><LST><Obj RefId="1"><S>{text}</S></Obj>{references}</LST></Obj>"#)
}

#[test]
fn a_long_text_that_is_referred_to_often_is_shown_in_part() {
    let shown = decode(referred(&"y".repeat(1 << 20), 200).as_bytes()).unwrap().to_display();
    assert!(shown.len() < 18 << 20, "{}", shown.len());
    assert!(shown.ends_with('…'));
}

#[test]
fn p06_texts_count_again_wherever_they_are_referred_to() {
    // 256 MiB in all, whatever holds the text.
    let long = "y".repeat(1 << 20);
    assert!(decode(referred(&long, 255).as_bytes()).is_ok());
    assert_eq!(decode(referred(&long, 256).as_bytes()), Err(DecodeError::TooLong(256 << 20)));
    for inside in [
        format!("<BA>{}</BA>", "AAAA".repeat(350_000)),
        format!("<ToString>{long}</ToString>"),
        format!("<TN><T>{long}</T></TN>"),
        format!(r#"<MS><Nil N="{long}"/></MS>"#),
        format!("<Props><Ü>{long}</Ü></Props>"),
        format!("<LST><Obj><SBK>{long}</SBK></Obj></LST>"),
    ] {
        let references = r#"<Ref RefId="1"/>"#;
        let text = |count: usize| {
            format!(r#"<Obj><LST><Obj RefId="1">{inside}</Obj>{}</LST></Obj>"#, references.repeat(count))
        };
        assert!(decode(text(200).as_bytes()).is_ok(), "{:.40}", inside);
        assert_eq!(decode(text(300).as_bytes()), Err(DecodeError::TooLong(256 << 20)), "{:.40}", inside);
    }
}

#[test]
fn p06_type_names_count_for_every_object_that_has_them() {
    // Whoever looks through the names of all objects looks at each of them as often.
    let names = "<T>n</T>".repeat(1_000);
    let text = |objects: usize| {
        let others = r#"<Obj><TNRef RefId="0"/></Obj>"#.repeat(objects);
        format!(r#"<Obj><LST><Obj><TN RefId="0">{names}</TN></Obj>{others}</LST></Obj>"#)
    };
    assert!(decode(text(3_590).as_bytes()).is_ok());
    assert_eq!(decode(text(3_600).as_bytes()), Err(DecodeError::TooLarge(3_600_000)));
    let long = format!("<T>{}</T>", "n".repeat(1 << 20));
    let text = text(300).replace(&names, &long);
    assert_eq!(decode(text.as_bytes()), Err(DecodeError::TooLong(256 << 20)));
}

#[test]
fn p06_p23_names_that_are_referred_to_again_and_again_are_refused_where_they_are_too_many() {
    // Half a million references to half a million names are minutes, unless the first that is too much is refused.
    let (names, long) = ("<T/>".repeat(1_000), format!("<T>{}</T>", "n".repeat(1 << 20)));
    let text = |names: &str, references: usize| {
        format!(r#"<Obj><TN RefId="0">{names}</TN>{}</Obj>"#, r#"<TNRef RefId="0"/>"#.repeat(references))
    };
    assert!(decode(text(&names, 3_598).as_bytes()).is_ok());
    // What comes after it is not looked at.
    for (names, references, error) in
        [(names, 3_600, DecodeError::TooLarge(3_600_000)), (long, 256, DecodeError::TooLong(256 << 20))]
    {
        let text = text(&names, references).replace("</Obj>", "<no XML");
        assert_eq!(decode(text.as_bytes()), Err(error));
    }
}

#[test]
fn objects_without_an_id_count_as_objects() {
    let limits = Limits { references: 100, ..Limits::DEFAULT };
    let many = |count: usize| format!("<Obj><LST>{}</LST></Obj>", "<Obj/>".repeat(count));
    assert!(decode_with(many(99).as_bytes(), &limits).is_ok());
    assert_eq!(decode_with(many(100).as_bytes(), &limits), Err(DecodeError::TooMany(100)));
}

#[test]
fn a_value_inside_itself_is_shown() {
    let value = decode(br#"<Obj RefId="0"><MS><Ref N="me" RefId="0" /></MS></Obj>"#).unwrap();
    assert_eq!(value.get("me"), Some(&Value::Enclosing(0)));
    assert_eq!(value.to_display(), "@{me=}");
}
