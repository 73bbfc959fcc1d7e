//! Section G: values there and back through a foreign serializer.

use std::collections::HashMap;

use clixml::{DateTime, Decimal, Object, PsString, TimeSpan, Uuid, Value, Version};
use psrp::Command;
use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::session::{Run, Session};

/// The UTF-16 units of a text of the driver's output, as the peer writes them.
pub(crate) fn units_in_hex(value: &serde_json::Value) -> String {
    let units: Vec<u16> = match value {
        serde_json::Value::String(text) => text.encode_utf16().collect(),
        other => other["units"].as_array().expect("units").iter().map(|unit| unit.as_u64().unwrap() as u16).collect(),
    };
    hex(&units)
}

fn hex(units: &[u16]) -> String {
    units.iter().flat_map(|unit| unit.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
}

/// The same XML with its numbers of references counted from 0 and its empty elements in one form: what depends on the message
/// around it, and on the peer's XML writer.
pub(crate) fn canonical(xml: &str) -> String {
    let mut out = String::new();
    let mut numbers: HashMap<(bool, String), usize> = HashMap::new();
    let mut counts = [0, 0];
    let mut pieces = xml.split('<').skip(1).map(str::to_owned).peekable();
    while let Some(mut piece) = pieces.next() {
        if let Some((head, rest)) = piece.clone().split_once("RefId=\"") {
            let (number, rest) = rest.split_once('"').unwrap();
            let of_types = head.starts_with("TN");
            let fresh = *numbers.entry((of_types, number.to_owned())).or_insert_with(|| {
                counts[usize::from(of_types)] += 1;
                counts[usize::from(of_types)] - 1
            });
            piece = format!("{head}RefId=\"{fresh}\"{rest}");
        }
        let name = piece.split([' ', '>', '/']).next().unwrap_or_default().to_owned();
        if piece.ends_with('>') && pieces.peek().is_some_and(|next| next.starts_with(&format!("/{name}>"))) {
            let end = pieces.next().unwrap();
            let after = end.split_once('>').unwrap().1;
            piece = format!("{} />{after}", piece.trim_end_matches('>'));
        }
        out.push('<');
        out.push_str(&piece.replace("\"/>", "\" />"));
    }
    out
}

#[test]
fn what_the_comparison_leaves_out() {
    assert_eq!(canonical("<S></S>"), canonical("<S />"));
    assert_eq!(
        canonical(r#"<Obj RefId="7"><TN RefId="4"><T>x</T></TN><Ref RefId="7" /></Obj>"#),
        r#"<Obj RefId="0"><TN RefId="0"><T>x</T></TN><Ref RefId="0" /></Obj>"#
    );
    for (one, other) in
        [("<S>a</S>", "<S>b</S>"), ("<S></S>", "<Nil />"), ("<I32>1</I32>", "<I64>1</I64>"), ("<S> </S>", "<S />")]
    {
        assert_ne!(canonical(one), canonical(other));
    }
}

/// Sends a value through a peer that gives its XML back as it came, and compares what the peer had, what came back, and
/// what we write for it.
struct Echo {
    peer: Peer,
    session: Session,
}

impl Echo {
    async fn start() -> Self {
        let peer = Peer::start(&["--log-level", "full"]);
        let session = Session::open(&peer).await;
        Self { peer, session }
    }

    async fn run(&mut self, value: &Value) -> (Run, String) {
        let run = self.session.run(Command::new("Test-Echo").parameter("Value", value.clone()).switch("Raw")).await;
        let sent = self.peer.log("psrp_out");
        let xml = sent.iter().rfind(|entry| entry["message"] == "PipelineOutput").expect("it came back")["xml"].clone();
        (run, xml.as_str().unwrap().to_owned())
    }

    async fn there_and_back(&mut self, value: &Value) {
        let (run, at_the_peer) = self.run(value).await;
        let written = clixml::encode_to_string(value);
        assert_eq!(canonical(&at_the_peer), canonical(&written), "as the peer had it");
        run.assert_completed();
        let [back] = run.output()[..] else { panic!("{written}: {run:?}") };
        assert_eq!(clixml::encode_to_string(back), written, "byte for byte");
    }

    async fn end(self) {
        self.session.close().await;
        self.peer.assert_clean();
    }
}

fn text(units: &[u16]) -> Value {
    Value::String(PsString::from_units(units.iter().copied()))
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_every_row_of_the_table_comes_back_as_it_went() {
    let mut echo = Echo::start().await;
    let version = |text| Value::Version(Version::parse(text).unwrap());
    let decimal = |text| Value::Decimal(Decimal::parse(text).unwrap());
    let guid = |text| Value::Guid(Uuid::try_parse(text).unwrap());
    let string = |text: &str| PsString::from(text);
    let values = [
        Value::Null,
        Value::Bool(true),
        Value::Bool(false),
        "".into(),
        "text <&> \"q\" 'a' ]]>".into(),
        Value::Char(0),
        Value::Char(0xD83D),
        Value::Char(u16::MAX),
        Value::U8(u8::MIN),
        Value::U8(u8::MAX),
        Value::I8(i8::MIN),
        Value::I8(i8::MAX),
        Value::U16(u16::MIN),
        Value::U16(u16::MAX),
        Value::I16(i16::MIN),
        Value::I16(i16::MAX),
        Value::U32(u32::MIN),
        Value::U32(u32::MAX),
        Value::I32(i32::MIN),
        Value::I32(i32::MAX),
        Value::U64(u64::MIN),
        Value::U64(u64::MAX),
        Value::I64(i64::MIN),
        Value::I64(i64::MAX),
        Value::Single(f32::MIN),
        Value::Single(f32::MAX),
        Value::Double(f64::MIN),
        Value::Double(f64::MAX),
        decimal("79228162514264337593543950335"),
        decimal("-79228162514264337593543950335"),
        decimal("0.0000000000000000000000000001"),
        decimal("1.500"),
        Value::Bytes(vec![]),
        Value::Bytes((0..=255).collect()),
        guid("00000000-0000-0000-0000-000000000000"),
        guid("ffffffff-ffff-ffff-ffff-ffffffffffff"),
        Value::Uri(string("https://example.com/a?b=c&d=%20")),
        Value::Uri(string("relative/path")),
        version("0.0"),
        version("2147483647.2147483647.2147483647.2147483647"),
        version("5.1.17763"),
        Value::Xml(string("<a b=\"c\">d<!-- e --></a>")),
        Value::ScriptBlock(string("{ Get-Date; \"x\" }\r\n")),
        Object::array(vec![1.into(), "two".into(), Value::Null]).into(),
        Object::list(vec![Object::list(vec![]).into()]).into(),
        Object::dictionary(vec![("a".into(), 1.into()), (2.into(), Value::Null), ("A".into(), false.into())]).into(),
        Object::with_extended([("Name", "n".into()), ("a b.c", 7.into())]).into(),
    ];
    for value in &values {
        echo.there_and_back(value).await;
    }
    echo.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_every_value_of_a_foreign_writer_is_read_and_given_back_as_it_was() {
    let mut echo = Echo::start().await;
    let run = echo.session.run(Command::new("Test-Types")).await;
    let values: Vec<Value> = run.output().into_iter().cloned().collect();
    assert!(values.len() >= 40, "{}", values.len());
    assert!(run.assert_completed().events.iter().all(|event| !matches!(event, psrp::Event::Unreadable { .. })));
    for value in values {
        // A secret that came from there is of no use as text.
        if !format!("{value:?}").contains("SecureString") {
            echo.there_and_back(&value).await;
        }
    }
    echo.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g2_numbers_at_the_edges_keep_their_bits() {
    let mut echo = Echo::start().await;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 1E308, 5E-324, -5E-324, f64::EPSILON, 0.1] {
        echo.there_and_back(&Value::Double(number)).await;
        let (run, _) = echo.run(&Value::Double(number)).await;
        let Value::Double(back) = run.output()[0] else { panic!("{run:?}") };
        assert!(back.to_bits() == number.to_bits() || (back.is_nan() && number.is_nan()), "{number}");
    }
    for number in [f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE, 1E-45, 0.1] {
        let (run, _) = echo.run(&Value::Single(number)).await;
        let Value::Single(back) = run.output()[0] else { panic!("{run:?}") };
        assert!(back.to_bits() == number.to_bits() || (back.is_nan() && number.is_nan()), "{number}");
    }
    echo.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_g4_moments_and_spans_keep_kind_and_ticks() {
    let mut echo = Echo::start().await;
    for moment in [
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59.9999999Z",
        "2024-05-06T07:08:09.1234567",
        "2024-05-06T07:08:09.1234567Z",
        "2024-05-06T07:08:09.1234567+14:00",
        "2024-05-06T07:08:09-14:00",
        "2024-02-29T12:00:00.0000001+05:30",
    ] {
        let value = Value::DateTime(DateTime::parse(moment).unwrap());
        let (run, xml) = echo.run(&value).await;
        assert_eq!(run.output(), [&value], "the same kind and ticks: {moment}");
        assert_eq!(xml, format!("<DT>{moment}</DT>"));
    }
    for (ticks, written) in [
        (100_000_000, "PT10S"),
        (-1, "-PT0.0000001S"),
        (0, "PT0S"),
        (i64::MAX, "P10675199DT2H48M5.4775807S"),
        (i64::MIN, "-P10675199DT2H48M5.4775808S"),
        (864_000_000_000, "P1D"),
    ] {
        let value = Value::TimeSpan(TimeSpan::from_ticks(ticks));
        let (run, xml) = echo.run(&value).await;
        assert_eq!((run.output(), xml), (vec![&value], format!("<TS>{written}</TS>")));
    }
    echo.end().await;
}

/// The texts of case G5 and G6: whatever UTF-16 there is, and texts that look like an escape.
fn hard_texts() -> Vec<Value> {
    let mut texts: Vec<Vec<u16>> = vec![
        vec![0xD800],
        vec![0xDBFF],
        vec![0xDC00],
        vec![0xDFFF],
        vec![0xD83D, 0xDE00],
        vec![0xDE00, 0xD83D],
        vec![0x61, 0xD800, 0x62],
        vec![0xFFFE],
        vec![0xFFFF],
        vec![0xFEFF, 0x61],
        vec![0],
        vec![9, 10, 13, 13, 10],
        vec![0x7F, 0x85, 0x9F, 0xA0],
        vec![0x20, 0x20],
    ];
    for text in [
        "_x0041_",
        "_X0041_",
        "_x41_",
        "_x005F_x0041_",
        "_x005f_x0041_",
        "_",
        "__x",
        "_x",
        "a_xFFFF_b",
        "_xD800_",
        "_x0041",
        "_xZZZZ_",
    ] {
        texts.push(text.encode_utf16().collect());
    }
    texts.iter().map(|units| text(units)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn g5_g6_every_text_keeps_its_units_there_and_back() {
    let mut echo = Echo::start().await;
    for value in hard_texts() {
        let (run, xml) = echo.run(&value).await;
        assert_eq!(run.assert_completed().output(), [&value], "{xml}");
        let units: Vec<u16> = value.as_ps_string().unwrap().units().collect();
        // What the peer's own decoder made of it, without its raw form.
        let plain = echo.session.run(Command::new("Test-Echo").parameter("Value", value.clone())).await;
        assert_eq!(plain.assert_completed().output(), [&value], "{}", hex(&units));
        for forbidden in 0..0x20_u8 {
            assert!(!xml.bytes().any(|byte| byte == forbidden), "no control character is written bare: {xml:?}");
        }
    }
    echo.end().await;
}

#[test]
fn g5_lone_surrogates_and_control_characters_are_read_from_a_foreign_writer() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Unicode", &[]);
    outcome.assert_code(0);
    let got: Vec<String> = outcome.stream("output").map(|line| units_in_hex(&line["value"])).collect();
    assert_eq!(json!(got), peer.state()["unicode_samples"]);
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn g5_lone_surrogates_and_control_characters_are_read_by_a_foreign_reader() {
    let peer = Peer::start(&[]);
    let mut session = Session::open(&peer).await;
    let samples = peer.state()["unicode_samples"].clone();
    let texts = samples.as_array().unwrap().iter().map(|sample| {
        let digits = sample.as_str().unwrap().as_bytes();
        let byte = |at: usize| u16::from_str_radix(std::str::from_utf8(&digits[at..at + 2]).unwrap(), 16).unwrap();
        let units: Vec<u16> = (0..digits.len()).step_by(4).map(|at| byte(at) | byte(at + 2) << 8).collect();
        text(&units)
    });
    let list: Value = Object::array(texts.collect()).into();
    let run = session.run(Command::new("Test-Unicode").parameter("Check", list)).await;
    assert_eq!(run.assert_completed().output(), [&Value::Bool(true)], "the peer compared all of them");
    let wrong: Value = Object::array(vec!["plain".into()]).into();
    let run = session.run(Command::new("Test-Unicode").parameter("Check", wrong)).await;
    assert_eq!(run.output(), [&Value::Bool(false)], "it can tell");
    session.close().await;
    peer.assert_clean();
}

#[test]
fn g8_an_object_that_is_too_deep_is_unreadable_and_the_run_goes_on() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Test-BigObject", "parameters": { "Depth": 40, "Size": 10 } }))
        .line(json!({ "command": "Test-BigObject", "parameters": { "Depth": 60, "Size": 10 } }))
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": "after" } }))
        .finish();
    assert!(outcome.stream("output").next().unwrap().to_string().contains("Leaf"), "forty levels are read");
    let unreadable: Vec<_> = outcome.stream("unreadable").collect();
    assert_eq!(unreadable.len(), 1, "{outcome:#?}");
    assert_eq!(unreadable[0]["run"], 2, "sixty are not");
    assert_eq!(outcome.texts("output").last().unwrap(), "after");
    let last = outcome.assert_code(6).lines.last().unwrap();
    assert_eq!(last["runs"], json!(["completed", "completed", "completed"]));
    assert_eq!(last["text"], "a record could not be read");
    peer.assert_clean();
}

#[test]
fn g14_errors_with_any_amount_of_invocation_info_are_shown_alike() {
    let shown: Vec<(String, String)> = ["none", "flat", "full"]
        .iter()
        .map(|amount| {
            let peer = Peer::start(&["--set", &format!("invocation_info=\"{amount}\"")]);
            let call = || Pepctl::new(&peer.endpoint());
            let outcome = call().run_cmdlet("Test-Streams", &["Text=\"x\""]);
            let line = outcome.assert_code(0).stream("error").next().expect("an error").clone();
            assert_eq!(line["text"], "details x", "{amount}");
            let (code, text, _) =
                call().args(&["--text", "run", "Test-Streams", "--param", "Text=\"x\""]).finish_text();
            assert_eq!(code, 0, "{amount}: {text}");
            peer.assert_clean();
            (line["value"].to_string(), text)
        })
        .collect();
    for (value, text) in &shown {
        assert!(value.contains("TestError,Test-Streams"), "{value}");
        assert!(text.contains("details x"), "{text}");
        assert!(text.contains("+ CategoryInfo          : InvalidOperation"), "{text}");
        assert!(text.contains("+ FullyQualifiedErrorId : TestError,Test-Streams"), "{text}");
    }
    assert!(!shown[0].0.contains("InvocationInfo_BoundParameters"), "{}", shown[0].0);
    assert!(
        shown[1].0.contains("InvocationInfo_BoundParameters") && shown[2].0.contains("InvocationInfo_BoundParameters")
    );
}
