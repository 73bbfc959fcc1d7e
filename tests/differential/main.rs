//! Our decoder beside psrpcore's, on what a real engine sent and on generated values (conformance case G15). A thousand
//! values; `PEP_DIFFERENTIAL=100000` sets another number.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use clixml::{Content, Object, Property, PsString, Value, decode, encode_to_string, type_names};
use flate2::read::GzDecoder;
use serde_json::{Value as Json, json};
use tests::folders;

fn hex(text: &PsString) -> String {
    text.units().map(|unit| format!("{unit:04x}")).collect()
}

/// The same tree as `decode.py` writes.
fn tree(value: &Value) -> Json {
    let number = |kind: &str, text: String| json!([kind, text]);
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(["B", value.to_string()]),
        Value::Char(value) => number("C", value.to_string()),
        Value::U8(value) => number("By", value.to_string()),
        Value::I8(value) => number("SB", value.to_string()),
        Value::U16(value) => number("U16", value.to_string()),
        Value::I16(value) => number("I16", value.to_string()),
        Value::U32(value) => number("U32", value.to_string()),
        Value::I32(value) => number("I32", value.to_string()),
        Value::U64(value) => number("U64", value.to_string()),
        Value::I64(value) => number("I64", value.to_string()),
        Value::Single(value) if value.is_nan() => json!(["Sg", "nan"]),
        Value::Single(value) => json!(["Sg", format!("{:08x}", value.to_bits())]),
        Value::Double(value) if value.is_nan() => json!(["Db", "nan"]),
        Value::Double(value) => json!(["Db", format!("{:016x}", value.to_bits())]),
        Value::Decimal(value) => number("D", value.to_string()),
        Value::TimeSpan(value) => number("TS", value.ticks.to_string()),
        Value::Guid(value) => number("G", value.hyphenated().to_string()),
        Value::Version(value) => number("Version", value.to_string()),
        Value::Bytes(value) => json!(["BA", value.iter().map(|b| format!("{b:02x}")).collect::<String>()]),
        Value::String(text) => json!(["S", hex(text)]),
        Value::ScriptBlock(text) => json!(["SBK", hex(text)]),
        Value::Uri(text) => json!(["URI", hex(text)]),
        Value::Xml(text) => json!(["XD", hex(text)]),
        Value::Object(object) => object_tree(object),
        other => json!({ "not compared": format!("{other:?}") }),
    }
}

fn object_tree(object: &Object) -> Json {
    let list = |kind: &str, items: &[Value]| json!([kind, items.iter().map(tree).collect::<Vec<_>>()]);
    let plain = match &object.content {
        Content::None => json!(["bag"]),
        Content::Primitive(inside) => tree(inside),
        Content::List(items) | Content::Enumerable(items) => list("LST", items),
        Content::Stack(items) => list("STK", items),
        Content::Queue(items) => list("QUE", items),
        Content::Dictionary(entries) => {
            json!(["DCT", entries.iter().map(|(key, value)| json!([tree(key), tree(value)])).collect::<Vec<_>>()])
        }
    };
    let properties = |all: &[Property]| -> Json {
        all.iter().map(|property| json!([hex(&property.name), tree(&property.value)])).collect::<Vec<_>>().into()
    };
    if object.adapted.is_empty() && object.extended.is_empty() {
        return plain;
    }
    json!({ "value": plain, "adapted": properties(&object.adapted), "extended": properties(&object.extended) })
}

/// What psrpcore reads.
fn foreign(wires: &[String]) -> Vec<Json> {
    let mut child = Command::new(folders::python())
        .arg(folders::root().join("tests/differential/decode.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = child.stdin.take().expect("its input is piped");
    let lines: String = wires.iter().map(|wire| format!("{}\n", json!(wire))).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let trees = output.lines().map(|line| serde_json::from_str(&line.expect("UTF-8")).expect("JSON")).collect();
    writer.join().expect("the writer ends").expect("Python reads all");
    assert!(child.wait().expect("Python ends").success());
    trees
}

/// Values from a seed: what fails can be made again.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        // SplitMix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn text(&mut self) -> PsString {
        let units = (0..self.below(9)).map(|_| match self.below(8) {
            0 => u16::try_from(0xd800 + self.below(0x800)).unwrap(),
            1 => u16::try_from(self.below(0x20)).unwrap(),
            2 => u16::try_from(0xfff0 + self.below(0x10)).unwrap(),
            3 => [u16::from(b'_'), u16::from(b'x'), u16::from(b'<'), u16::from(b'&')]
                [usize::try_from(self.below(4)).unwrap()],
            4 => u16::try_from(self.below(0x1_0000)).unwrap(),
            _ => u16::try_from(0x20 + self.below(0x5f)).unwrap(),
        });
        PsString::from_units(units.collect::<Vec<_>>())
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "any bits will do")]
    fn primitive(&mut self) -> Value {
        let bits = self.next();
        match self.below(18) {
            0 => Value::Null,
            1 => Value::Bool(bits & 1 == 1),
            2 => Value::Char(bits as u16),
            3 => Value::U8(bits as u8),
            4 => Value::I8(bits as i8),
            5 => Value::U16(bits as u16),
            6 => Value::I16(bits as i16),
            7 => Value::U32(bits as u32),
            8 => Value::I32(bits as i32),
            9 => Value::U64(bits),
            10 => Value::I64(bits as i64),
            11 => Value::Double(f64::from_bits(bits)),
            12 => Value::Single(f32::from_bits(bits as u32)),
            13 => {
                let digits = u128::from(bits) << self.below(33);
                clixml::Decimal::from_parts(bits & 1 == 1, digits, self.below(29) as u8)
                    .map_or(Value::Null, Value::Decimal)
            }
            14 => Value::TimeSpan(clixml::TimeSpan::from_ticks(bits as i64 >> self.below(40))),
            15 => Value::Guid(clixml::Uuid::from_u64_pair(bits, self.next())),
            16 => Value::Bytes(bits.to_le_bytes().into_iter().take(self.below(9) as usize).collect()),
            _ => Value::String(self.text()),
        }
    }

    fn value(&mut self, depth: u32, made: &mut Vec<Value>) -> Value {
        if depth == 0 || self.below(3) == 0 {
            return self.primitive();
        }
        if !made.is_empty() && self.below(8) == 0 {
            // An object that was there before: it travels as a reference.
            let at = usize::try_from(self.below(made.len() as u64)).unwrap();
            return made[at].clone();
        }
        let count = self.below(4);
        let mut items = |own: &mut Self| (0..count).map(|_| own.value(depth - 1, made)).collect::<Vec<_>>();
        let content = match self.below(6) {
            0 => Content::List(items(self)),
            1 => Content::Stack(items(self)),
            2 => Content::Queue(items(self)),
            3 => {
                let values = items(self);
                Content::Dictionary(
                    values.into_iter().enumerate().map(|(at, value)| (format!("k{at}").into(), value)).collect(),
                )
            }
            4 => Content::Enumerable(items(self)),
            _ => Content::None,
        };
        let mut properties = |own: &mut Self, letter: char| -> Vec<Property> {
            let names = (0..own.below(3)).map(|at| format!("{letter}{at}_x0041_"));
            names.collect::<Vec<_>>().into_iter().map(|name| Property::new(name, own.value(depth - 1, made))).collect()
        };
        let (adapted, extended) = (properties(self, 'a'), properties(self, 'e'));
        let typed = self.below(2) == 0;
        let object = Object {
            type_names: typed.then(|| type_names(["Generated.Thing", "System.Object"])),
            to_string: None,
            content,
            adapted,
            extended,
        };
        let value = Value::from(object);
        made.push(value.clone());
        value
    }
}

#[test]
fn g15_generated_values_are_read_alike() {
    let count = std::env::var("PEP_DIFFERENTIAL").ok().map_or(1_000, |text| text.parse().expect("a number"));
    let mut generator = Generator(2_026);
    let wires: Vec<String> = (0..count).map(|_| encode_to_string(&generator.value(4, &mut Vec::new()))).collect();
    let trees = foreign(&wires);
    assert_eq!(trees.len(), wires.len());
    for (wire, theirs) in wires.iter().zip(&trees) {
        assert_eq!(&tree(&decode(wire.as_bytes()).expect("ours")), theirs, "{wire}");
    }
}

/// What psrpcore reads in its own way, in the order of the file.
const KNOWN: [&[&str]; 5] = [
    // Classes that it knows are made anew from what it looks for; the rest is not in its tree.
    &["enum-consolecolor", "enum-errorcategory"],
    // Its XML reader refuses the references that the engine writes.
    &["string-ufffe", "string-uffff"],
    // A Boolean cannot hold notes there.
    &["extended-bool"],
    // Classes that it knows, as above
    &[
        "exception-simple",
        "exception-aggregate",
        "exception-data",
        "errorrecord-new",
        "errorrecord-details",
        "errorrecord-in-property",
        "exception-in-property",
        "warningrecord",
        "warningrecord-id",
        "verboserecord",
        "debugrecord",
    ],
    // A Boolean with a note inside
    &["invoke-command-notes"],
];

#[test]
fn g15_recorded_values_are_read_alike() {
    let file = std::fs::File::open(folders::root().join("tests/fixtures/golden/values.jsonl.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let rows: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Dates are clipped to microseconds and secrets decrypted there; a progress record and a value inside itself have
    // no common tree.
    let apart = ["<DT", "<SS", "<PR", "self-reference"];
    let compared: Vec<(String, String)> = rows
        .iter()
        .filter_map(|row| Some((row["name"].as_str()?.to_owned(), row["wire"].as_str()?.to_owned())))
        .filter(|(name, wire)| !apart.iter().any(|mark| wire.contains(mark) || name.contains(mark)))
        .collect();
    let wires: Vec<String> = compared.iter().map(|(_, wire)| wire.clone()).collect();
    let mut different = Vec::new();
    for ((name, wire), theirs) in compared.iter().zip(foreign(&wires)) {
        let ours = tree(&decode(wire.as_bytes()).unwrap());
        if ours != theirs && !ours.to_string().contains("not compared") {
            println!("{name}: {wire:.300}\n  {ours}\n  {theirs}");
            different.push(name.as_str());
        }
    }
    println!("{} of {} differ: {different:?}", different.len(), compared.len());
    assert!(compared.len() > 600);
    assert_eq!(different, KNOWN.concat());
}
