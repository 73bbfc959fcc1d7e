//! What the worst accepted values cost, by counting what is allocated: P-06 and P-23.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::alloc::System;
use std::sync::Mutex;
use std::time::Instant;

use cap::Cap;
use clixml::{DecodeError, Limits, Value, decode, decode_with};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// One test at a time: they share the counters.
static ALONE: Mutex<()> = Mutex::new(());

/// What a value may take while it is read (P-23).
const MOST: usize = 256 << 20;

/// Reads a value with no more memory than that; the bytes that it holds, and all that were ever allocated for it.
/// Whoever needs more ends the process.
fn cost(text: &str) -> (usize, usize, Result<Value, DecodeError>) {
    let (before, total) = (HEAP.allocated(), HEAP.total_allocated());
    HEAP.set_limit(before + MOST).unwrap();
    let value = decode(text.as_bytes());
    HEAP.set_limit(usize::MAX).unwrap();
    (HEAP.allocated() - before, HEAP.total_allocated() - total, value)
}

const NODES: usize = Limits::DEFAULT.nodes;

/// Values that take the most memory or time for each node, `count` nodes large.
fn shapes(count: usize) -> Vec<(&'static str, String)> {
    let list = |inside: String| format!("<Obj><LST>{inside}</LST></Obj>");
    let half = count / 2;
    vec![
        ("nulls", list("<Nil/>".repeat(count))),
        ("empty texts", list("<S/>".repeat(count))),
        ("short texts", list("<S>abcdefghijklmnop</S>".repeat(count * 2 / 3))),
        ("escapes", list("<S>_xD800_</S>".repeat(count * 2 / 3))),
        ("references", list(format!("<Obj RefId=\"1\"/>{}", r#"<Ref RefId="1"/>"#.repeat(count)))),
        ("properties", format!("<Obj><MS>{}</MS></Obj>", r#"<Nil N="n"/>"#.repeat(count))),
        ("named by references", format!("<Obj><MS>{}</MS></Obj>", r#"<Nil N="&amp;_x0041_"/>"#.repeat(count))),
        ("member sets", list("<MS><Nil N=\"n\"/></MS>".repeat(half))),
        (
            "entries",
            format!("<Obj><DCT>{}</DCT></Obj>", "<En><B N=\"Key\">1</B><Nil N=\"Value\"/></En>".repeat(count * 2 / 7)),
        ),
        ("type names", format!("<Obj>{}</Obj>", "<TN><T/></TN>".repeat(half))),
        (
            "type names with ids",
            format!("<Obj>{}</Obj>", (0..half).map(|id| format!(r#"<TN RefId="{id}"><T/></TN>"#)).collect::<String>()),
        ),
        ("bytes", list("<BA>AAAA</BA>".repeat(count * 2 / 3))),
        ("references in one text", format!("<S>{}</S>", "&#65;".repeat(count * 2))),
    ]
}

#[test]
fn p06_p23_the_worst_values_at_the_limit_take_less_than_256_mib_and_two_seconds() {
    let _alone = ALONE.lock();
    for (name, text) in shapes(NODES - 10) {
        let begin = Instant::now();
        let (held, all, value) = cost(&text);
        let time = begin.elapsed();
        println!("{name}: holds {} of {} MiB, text {} MiB, {time:?}", held >> 20, all >> 20, text.len() >> 20);
        assert!(value.is_ok(), "{name}: {value:?}");
        // Optimised it is a tenth of this; the promise is about the released program.
        assert!(cfg!(debug_assertions) || time.as_secs_f64() < 2.0, "{name}: {time:?}");
    }
}

#[test]
fn p23_twice_the_size_never_costs_more_than_two_and_a_half_times() {
    let _alone = ALONE.lock();
    for ((name, small), (_, large)) in shapes(40_000).into_iter().zip(shapes(80_000)) {
        let (small, large) = (cost(&small).1, cost(&large).1);
        assert!(large * 2 <= small * 5 + 4_096, "{name}: {small} bytes, then {large}");
    }
}

#[test]
fn one_text_takes_hardly_more_than_its_own_size() {
    let _alone = ALONE.lock();
    let size = 16 << 20;
    for text in ["x".repeat(size), "_x0041_".repeat(size / 7), "_xD800_".repeat(size / 7), "é".repeat(size / 2)] {
        let (_, total, value) = cost(&format!("<S>{text}</S>"));
        assert!(value.is_ok() && total < size * 5 / 2, "{}", total >> 20);
    }
}

#[test]
fn p06_limits_hold_one_below_and_not_one_above() {
    let _alone = ALONE.lock();
    let limits = Limits { depth: 5, references: 10, nodes: 100 };
    let read = |text: String| decode_with(text.as_bytes(), &limits).map(drop);
    let nested = |depth: usize| "<Obj><LST>".repeat(depth) + &"</LST></Obj>".repeat(depth);
    assert_eq!(read(nested(5)), Ok(()));
    assert_eq!(read(nested(6)), Err(DecodeError::TooDeep(5)));
    let objects = |count: usize| format!("<Obj><LST>{}</LST></Obj>", "<Obj/>".repeat(count - 1));
    assert_eq!(read(objects(10)), Ok(()));
    assert_eq!(read(objects(11)), Err(DecodeError::TooMany(10)));
    let records = |count: usize| format!("<Obj><LST>{}</LST></Obj>", "<PR/>".repeat(count - 1));
    assert_eq!(read(records(10)), Ok(()));
    assert_eq!(read(records(11)), Err(DecodeError::TooMany(10)));
    // The object and its list are nodes too.
    let nodes = |count: usize| format!("<Obj><LST>{}</LST></Obj>", "<Nil/>".repeat(count - 2));
    assert_eq!(read(nodes(100)), Ok(()));
    assert!(matches!(read(nodes(101)), Err(DecodeError::Xml(_))));
    // Values along the references: the object itself does not count.
    let shared = |count: usize| {
        let items = "<Nil/>".repeat(20);
        let references = r#"<Ref RefId="1"/>"#.repeat(count);
        format!(r#"<Obj><LST><Obj RefId="1"><LST>{items}</LST></Obj>{references}</LST></Obj>"#)
    };
    assert_eq!(read(shared(13)), Ok(()));
    assert_eq!(read(shared(14)), Err(DecodeError::TooLarge(300)));
}

#[test]
fn p06_what_is_read_from_an_endpoint_has_these_limits() {
    let _alone = ALONE.lock();
    let read = |text: String| decode(text.as_bytes()).map(drop);
    let nested = |depth: usize| "<Obj><LST>".repeat(depth) + &"</LST></Obj>".repeat(depth);
    assert_eq!((read(nested(48)), read(nested(49))), (Ok(()), Err(DecodeError::TooDeep(48))));
    let objects = |count: usize| format!("<Obj><LST>{}</LST></Obj>", "<Obj/>".repeat(count - 1));
    assert_eq!((read(objects(100_000)), read(objects(100_001))), (Ok(()), Err(DecodeError::TooMany(100_000))));
    let nodes = |count: usize| format!("<Obj><LST>{}</LST></Obj>", "<Nil/>".repeat(count - 2));
    assert_eq!(read(nodes(1_200_000)), Ok(()));
    assert!(matches!(read(nodes(1_200_001)), Err(DecodeError::Xml(_))));
    // Along references four times as deep: each object refers to the one before it, inside one list.
    let chain = |depth: usize| {
        let first = r#"<Obj RefId="1"><LST/></Obj>"#.to_owned();
        let rest: String =
            (2..depth).map(|id| format!(r#"<Obj RefId="{id}"><LST><Ref RefId="{}"/></LST></Obj>"#, id - 1)).collect();
        format!("<Obj><LST>{first}{rest}</LST></Obj>")
    };
    assert_eq!((read(chain(192)), read(chain(193))), (Ok(()), Err(DecodeError::TooDeep(192))));
    // More values that are none: the message is not what it claims to be.
    let wrong = |count: usize| format!("<Obj><LST>{}</LST></Obj>", "<I32>x</I32>".repeat(count));
    assert_eq!(read(wrong(1_000)), Ok(()));
    assert!(matches!(read(wrong(1_001)), Err(DecodeError::BadText { element: "I32", .. })));
}
