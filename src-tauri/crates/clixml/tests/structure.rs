//! References, limits and shapes; names follow the conformance cases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use clixml::{Content, DecodeError, Object, Property, PsString, Value, decode, encode, encode_to_string, type_names};
use proptest::prelude::*;

fn read(text: &str) -> Result<Value, DecodeError> {
    decode(text.as_bytes())
}

#[test]
fn s21_whatever_a_value_says_it_is_it_stays_text_and_numbers() {
    // What PowerShell itself would make living objects of, or run.
    let script = "Remove-Item -Recurse C:\\; $(calc.exe)";
    assert_eq!(
        read(&format!("<SBK>{script}</SBK>")).unwrap(),
        Value::ScriptBlock(PsString::from(script)),
        "a script block is its text"
    );
    for name in [
        "System.Management.Automation.PSCustomObject",
        "System.Diagnostics.Process",
        "System.IO.FileInfo",
        "System.Management.Automation.ScriptBlock",
        "Deserialized.System.Management.Automation.PSCredential",
    ] {
        let text = format!(
            r#"<Obj RefId="0"><TN RefId="0"><T>{name}</T><T>System.Object</T></TN><MS><S N="Path">/etc/passwd</S><SBK N="Run">{script}</SBK></MS></Obj>"#
        );
        let value = read(&text).unwrap();
        let Value::Object(object) = &value else { panic!("{name} is an object like every other: {value:?}") };
        assert_eq!(
            object.type_names.as_deref().map(|names| names[0].to_string_lossy().into_owned()).as_deref(),
            Some(name)
        );
        assert_eq!(value.get("Path"), Some(&Value::String(PsString::from("/etc/passwd"))), "not what the path names");
        assert_eq!(value.get("Run"), Some(&Value::ScriptBlock(PsString::from(script))));
        assert_eq!(encode_to_string(&value), text, "and nothing was done to it");
    }
}

#[test]
fn g7_references_point_backwards_or_to_an_enclosing_object() {
    let shared =
        read(r#"<Obj RefId="0"><LST><Obj RefId="1"><MS><I32 N="a">1</I32></MS></Obj><Ref RefId="1" /></LST></Obj>"#)
            .unwrap();
    let items = shared.items().unwrap();
    let (Value::Object(first), Value::Object(second)) = (&items[0], &items[1]) else { panic!("two objects") };
    assert!(Arc::ptr_eq(first, second), "sharing is identity");

    let own = r#"<Obj RefId="0"><MS><Ref N="me" RefId="0" /></MS></Obj>"#;
    let value = read(own).unwrap();
    assert_eq!(value.get("me"), Some(&Value::Enclosing(0)));
    assert_eq!(encode_to_string(&value), own);

    for bad in [
        r#"<Obj RefId="0"><LST><Ref RefId="7" /></LST></Obj>"#,
        r#"<Obj RefId="0"><TNRef RefId="0" /></Obj>"#,
        r#"<Obj RefId="0"><LST><Obj RefId="0" /></LST></Obj>"#,
        r#"<Obj RefId="0"><LST><Obj RefId="1" /><Obj RefId="1" /></LST></Obj>"#,
        r#"<Obj RefId="0"><LST><Ref RefId="1" /><Obj RefId="1" /></LST></Obj>"#,
        r#"<Obj RefId="0"><LST><Obj RefId="1"><TN RefId="0"><T>x</T></TN></Obj><Obj RefId="2"><TNRef RefId="1" /></Obj></LST></Obj>"#,
        r#"<Obj RefId="x" />"#,
    ] {
        assert!(matches!(read(bad), Err(DecodeError::BadReference { .. })), "{bad}");
    }
}

#[test]
fn g8_many_references_to_one_object_are_cheap_and_depth_is_limited() {
    let count = 200_000;
    let mut text = String::from(r#"<Obj RefId="0"><LST><Obj RefId="1"><S>x</S></Obj>"#);
    text.push_str(&r#"<Ref RefId="1" />"#.repeat(count));
    text.push_str("</LST></Obj>");
    assert_eq!(read(&text).unwrap().items().unwrap().len(), count + 1);

    let nested = |depth: usize| {
        let open: String = (0..depth).map(|id| format!(r#"<Obj RefId="{id}"><LST>"#)).collect();
        open + &"</LST></Obj>".repeat(depth)
    };
    assert!(read(&nested(48)).is_ok());
    assert!(matches!(read(&nested(49)), Err(DecodeError::TooDeep(48))));
    assert!(read(&nested(10_000)).is_err());
}

#[test]
fn g9_adapted_and_extended_properties_of_one_name_are_kept_apart() {
    let text = r#"<Obj RefId="0"><Props><S N="a">adapted</S></Props><MS><S N="a">extended</S><I32 N="b. c_x0020_d">1</I32></MS></Obj>"#;
    let value = read(text).unwrap();
    assert_eq!(value.get("A").and_then(Value::as_str), Some("extended"));
    assert_eq!(value.as_object().unwrap().adapted[0].value, Value::from("adapted"));
    assert_eq!(value.get("b. c d").and_then(Value::as_i64), Some(1));
}

#[test]
fn g10_dictionaries_keep_order_nil_values_and_keys_that_differ_in_case() {
    let text = concat!(
        r#"<Obj RefId="0"><DCT><En><S N="Key">a</S><Nil N="Value" /></En>"#,
        r#"<En><S N="Key">A</S><I32 N="Value">1</I32></En><En><I32 N="Key">3</I32><S N="Value">x</S></En></DCT></Obj>"#
    );
    let value = read(text).unwrap();
    assert_eq!(value.entries().unwrap().len(), 3);
    assert_eq!(encode_to_string(&value), text);
    assert!(read(r#"<Obj RefId="0"><DCT><En><Nil N="Key" /><S N="Value">x</S></En></DCT></Obj>"#).is_err());
    assert!(read(r#"<Obj RefId="0"><DCT><En><S N="Key">a</S></En></DCT></Obj>"#).is_err());
}

#[test]
fn g12_unknown_elements_are_named_comments_skipped_instructions_refused() {
    assert!(matches!(read("<Nope />"), Err(DecodeError::UnknownElement { name, .. }) if name == "Nope"));
    assert_eq!(read("<S>a<!-- c -->b</S>").unwrap(), Value::from("ab"));
    assert!(read("<S>a<?x?>b</S>").is_err());
    let record = read(
        r#"<Obj RefId="0"><MS><PR N="p"><AV>copy</AV><AI>1</AI><Nil /><PI>-1</PI><PC>5</PC><T>Processing</T><SR>-1</SR><SD>go</SD></PR></MS></Obj>"#,
    );
    assert!(matches!(record.unwrap().get("p"), Some(Value::Progress(record)) if record.percent == 5));
    // What is inside an object as a whole is shown, and what is unknown there costs that value only.
    let value = read(r#"<Obj RefId="0"><MS><Nope N="a">x</Nope><S N="b">y</S></MS></Obj>"#).unwrap();
    assert!(matches!(value.get("a"), Some(Value::Unreadable(found)) if &*found.element == "Nope"));
    assert_eq!(value.get("b").and_then(Value::as_str), Some("y"));
    for place in ["<?x?><S>a</S>", "<Obj RefId=\"0\"><?x?><LST/></Obj>", "<Obj RefId=\"0\"><LST><?x?></LST></Obj>"] {
        assert!(read(place).is_err(), "{place}");
    }
    for place in ["<!-- c --><S>a</S>", "<S><!-- c -->a</S>", "<S>a</S><!-- c -->"] {
        assert_eq!(read(place).unwrap(), Value::from("a"), "{place}");
    }
}

#[test]
fn e9_a_value_that_is_none_is_unreadable_and_the_rest_is_read() {
    let text = concat!(
        r#"<Obj RefId="0"><MS><S N="before">a</S><SS N="secret">no base64!</SS><I32 N="number">x</I32>"#,
        r#"<I32 N="inside"><Obj RefId="9"><S>deep</S></Obj></I32><Nope N="unknown" a="1">t&amp;<b/></Nope>"#,
        r#"<Obj N="types" RefId="1"><TN><X/></TN><S>s</S></Obj>"#,
        r#"<Obj N="list" RefId="2"><LST><B>maybe</B><I32>1</I32></LST></Obj><S N="after">z</S></MS></Obj>"#,
    );
    let value = read(text).unwrap();
    let unreadable = |name: &str| match value.get(name) {
        Some(Value::Unreadable(found)) => (found.element.to_string(), found.source.to_string()),
        other => panic!("{name}: {other:?}"),
    };
    let pair = |element: &str, source: &str| (element.to_owned(), source.to_owned());
    // What a SecureString should be may be the secret itself.
    assert_eq!(unreadable("secret"), pair("SS", ""));
    assert_eq!(unreadable("number"), pair("I32", "x"));
    assert_eq!(unreadable("inside"), pair("I32", r#"<Obj RefId="9"><S>deep</S></Obj>"#));
    assert_eq!(unreadable("unknown"), pair("Nope", "t&amp;<b/>"));
    assert_eq!(unreadable("types"), pair("Obj", "<TN><X/></TN><S>s</S>"));
    let items = value.get("list").and_then(Value::items).unwrap();
    assert!(matches!(items, [Value::Unreadable(_), Value::I32(1)]), "{items:?}");
    assert_eq!((value.get("before"), value.get("after")), (Some(&"a".into()), Some(&"z".into())));
    // In the record it is kept as it was.
    assert_eq!(decode(encode_to_string(&value).as_bytes()), Ok(value));
}

#[test]
fn a_message_that_is_no_value_at_all_is_refused() {
    for text in ["<SS>no base64!</SS>", "<I32>x</I32>", "<Nope/>", r#"<Obj RefId="0"><TN><X/></TN></Obj>"#] {
        assert!(read(text).is_err(), "{text}");
    }
    let many = |count: usize| format!("<Obj><LST>{}</LST></Obj>", "<I32>x</I32>".repeat(count));
    assert!(read(&many(1_000)).is_ok());
    assert!(matches!(read(&many(1_001)), Err(DecodeError::BadText { element: "I32", .. })));
}

#[test]
fn g11_stacks_queues_and_enumerables_keep_their_order() {
    for (tag, items) in [("STK", "2 1"), ("QUE", "1 2"), ("IE", "1 2")] {
        let values: String = items.split(' ').map(|item| format!("<I32>{item}</I32>")).collect();
        let text = format!(r#"<Obj RefId="0"><{tag}><Obj RefId="1"><{tag}>{values}</{tag}></Obj></{tag}></Obj>"#);
        let value = read(&text).unwrap();
        assert_eq!((value.to_display().as_str(), encode_to_string(&value)), (items, text));
    }
}

#[test]
fn s15_the_two_non_characters_are_read_in_both_forms_and_written_as_escapes() {
    for unit in [0xFFFE_u16, 0xFFFF] {
        let value = Value::String(PsString::from_units([0x61, unit]));
        for form in [format!("_x{unit:04X}_"), format!("_x{unit:04x}_"), format!("&#x{unit:X};"), format!("&#{unit};")]
        {
            assert_eq!(read(&format!("<S>a{form}</S>")).as_ref(), Ok(&value), "{form}");
        }
        assert_eq!(encode_to_string(&value), format!("<S>a_x{unit:04X}_</S>"), "strict XML has no other form");
        // Inside lists, names and types as well.
        let list: Value = Object::list(vec![value.clone()]).into();
        assert!(!encode_to_string(&list).contains("&#"));
        assert_eq!(read(&encode_to_string(&list)), Ok(list));
    }
}

#[test]
fn s15_what_an_object_is_comes_before_what_it_holds_and_is_read_in_any_order() {
    let value = read(r#"<Obj RefId="0"><TN RefId="0"><T>A</T></TN><ToString>t</ToString><I32>1</I32><Props><S N="p">x</S></Props><MS><S N="m">y</S></MS></Obj>"#).unwrap();
    let parts = ["<TN ", "<ToString>", "<I32>", "<Props>", "<MS>"];
    let text = encode_to_string(&value);
    let places: Vec<_> = parts.iter().map(|part| text.find(part).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    for order in [
        r#"<Obj RefId="0"><I32>1</I32><MS><S N="m">y</S></MS><Props><S N="p">x</S></Props><ToString>t</ToString><TN RefId="0"><T>A</T></TN></Obj>"#,
        r#"<Obj RefId="0"><MS><S N="m">y</S></MS><I32>1</I32><TN RefId="0"><T>A</T></TN><Props><S N="p">x</S></Props><ToString>t</ToString></Obj>"#,
    ] {
        assert_eq!(read(order).as_ref(), Ok(&value), "{order}");
    }
}

#[test]
fn s15_properties_are_found_in_any_case() {
    let value = read(r#"<Obj RefId="0"><MS><I64 N="CI">1</I64></MS></Obj>"#).unwrap();
    for name in ["ci", "CI", "Ci"] {
        assert_eq!(value.get(name), Some(&Value::I64(1)));
    }
}

#[test]
fn g13_a_number_with_notes_and_an_enum_keep_value_and_text() {
    let value = read(r#"<Obj RefId="0"><TN RefId="0"><T>System.DayOfWeek</T><T>System.Enum</T></TN><ToString>Monday</ToString><I32>1</I32></Obj>"#).unwrap();
    assert_eq!((value.as_i64(), value.to_display().as_str()), (Some(1), "Monday"));
    let value = read(r#"<Obj RefId="0"><I64>5</I64><MS><S N="note">n</S></MS></Obj>"#).unwrap();
    assert_eq!((value.as_i64(), value.get("note").and_then(Value::as_str)), (Some(5), Some("n")));
    // A primitive with a type name and notes, an enum of Int64, and one of flags
    for (text, number, shown) in [
        (
            r#"<Obj RefId="0"><TN RefId="0"><T>Deserialized.System.Int32</T></TN><I32>7</I32><MS><S N="note">n</S></MS></Obj>"#,
            7,
            "7",
        ),
        (
            r#"<Obj RefId="0"><TN RefId="0"><T>Contoso.Big</T><T>System.Enum</T></TN><ToString>Huge</ToString><I64>9223372036854775807</I64></Obj>"#,
            i64::MAX,
            "Huge",
        ),
        (
            r#"<Obj RefId="0"><TN RefId="0"><T>System.IO.FileAttributes</T><T>System.Enum</T></TN><ToString>ReadOnly, Hidden</ToString><I32>3</I32></Obj>"#,
            3,
            "ReadOnly, Hidden",
        ),
        (
            r#"<Obj RefId="0"><TN RefId="0"><T>Contoso.Small</T><T>System.Enum</T></TN><ToString>One</ToString><By>1</By></Obj>"#,
            1,
            "One",
        ),
    ] {
        let value = read(text).unwrap();
        assert_eq!((value.as_i64(), value.to_display().as_str()), (Some(number), shown), "{text}");
        assert_eq!(encode_to_string(&value), text);
    }
}

#[test]
fn order_of_parts_marks_and_wrappers_do_not_matter() {
    let one = read("\u{feff}<Obj RefId=\"0\"><I32>1</I32><TN RefId=\"0\"><T>T</T></TN></Obj>").unwrap();
    assert_eq!(one.as_object().unwrap().type_name().unwrap(), &"T");
    let wrapped =
        r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><I32>1</I32></Objs>"#;
    assert_eq!(read(wrapped).unwrap(), Value::I32(1));
    assert_eq!(read("").unwrap(), Value::Null);
    assert_eq!(read("<I32>1</I32><I32>2</I32>"), Err(DecodeError::NotOne));
}

fn string() -> impl Strategy<Value = PsString> {
    prop_oneof![
        any::<String>().prop_map(PsString::from),
        proptest::collection::vec(any::<u16>(), 0..12).prop_map(PsString::from_units),
        "[_xX0-9A-F]{0,12}".prop_map(PsString::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        string().prop_map(Value::String),
        any::<u16>().prop_map(Value::Char),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|ticks| Value::TimeSpan(clixml::TimeSpan { ticks })),
        (0..3_155_378_975_999_999_999_i64, -840..=840_i16).prop_map(|(ticks, zone)| Value::DateTime(
            clixml::DateTime::from_ticks(ticks, clixml::Zone::Offset(zone)).unwrap()
        )),
        any::<u64>().prop_map(Value::U64),
        any::<i32>().prop_map(Value::I32),
        any::<f64>().prop_filter("not-a-number is not equal to itself", |f| !f.is_nan()).prop_map(Value::Double),
        any::<f32>().prop_filter("not-a-number is not equal to itself", |f| !f.is_nan()).prop_map(Value::Single),
        (any::<bool>(), 0..1_u128 << 96, 0..=28_u8).prop_map(|(sign, digits, scale)| Value::Decimal(
            clixml::Decimal::from_parts(sign, digits, scale).unwrap()
        )),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
        string().prop_map(Value::ScriptBlock),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let properties = |inner: BoxedStrategy<Value>| {
            proptest::collection::vec((string(), inner), 0..4)
                .prop_map(|all| all.into_iter().map(|(name, value)| Property { name, value }).collect::<Vec<_>>())
        };
        let (adapted, extended) = (properties(inner.clone().boxed()), properties(inner.clone().boxed()));
        let content = prop_oneof![
            Just(Content::None),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Content::List),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Content::Queue),
            proptest::collection::vec((string().prop_map(Value::String), inner), 0..4).prop_map(Content::Dictionary),
        ];
        (any::<bool>(), proptest::option::of(string()), content, adapted, extended).prop_map(
            |(typed, to_string, content, adapted, extended)| {
                let type_names = typed.then(|| type_names(["A", "B"]));
                Object { type_names, to_string, content, adapted, extended }.into()
            },
        )
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_as_the_same(value in value()) {
        let mut bytes = Vec::new();
        encode(&value, &mut bytes);
        prop_assert_eq!(decode(&bytes), Ok(value));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[<>/a-zA-Z0-9_ =\"&;#x]{0,80}") {
        let _ = read(&text);
    }

    #[test]
    fn damaged_values_never_panic(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = Vec::new();
        encode(&value, &mut bytes);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode(&bytes);
    }
}
