//! What a person brings along, and what the app kept.

use super::Worst;

const fn pasted(name: &'static str, input: fn(usize) -> Vec<u8>, most: usize) -> Worst {
    let read = |input: &[u8]| {
        let text = std::str::from_utf8(input).expect("text");
        pep::find::of_text(text) == pep::find::of_text("") || !text.is_empty()
    };
    Worst { reader: "pasted text", name, input, read, size: most / 8, most }
}

pub(super) const BROUGHT: &[Worst] = &[
    pasted("lines", |count| "x\n".repeat(count).into_bytes(), 500_000),
    pasted("labels", |count| "Region\n".repeat(count).into_bytes(), 140_000),
    pasted("labels and lines in turn", |count| "Region\nTime server\nx\n".repeat(count).into_bytes(), 40_000),
    pasted("cells", |count| "Region\t".repeat(count).into_bytes(), 140_000),
    pasted("addresses of DNS servers", |count| format!("DNS servers: {}\nx: {0}", numbers(count)).into_bytes(), 40_000),
    pasted("addresses", |count| numbers(count).into_bytes(), 80_000),
    pasted("addresses outside", |count| "8.8.8.8 ".repeat(count).into_bytes(), 120_000),
    pasted("one word", |count| "a.".repeat(count).into_bytes(), 500_000),
    Worst {
        reader: "stamp file",
        name: "names",
        input: |count| {
            let names: String = (0..count).map(|number| format!("\"n{number}\": 1, ")).collect();
            format!("{{{names}\"EmergencyConsoleIPAddresses\": \"10.0.0.1\"}}").into_bytes()
        },
        read: |input| pep::stamp::read_file(input).is_ok(),
        size: 30_000,
        most: 250_000,
    },
    Worst {
        reader: "stamp file",
        name: "UTF-16",
        input: |count| {
            let text = format!("{{\"x\": \"{}\", \"EmergencyConsoleIPAddresses\": \"10.0.0.1\"}}", "y".repeat(count));
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        },
        read: |input| pep::stamp::read_file(input).is_ok(),
        size: 500_000,
        most: 2_000_000,
    },
    Worst {
        reader: "record",
        name: "lines that are none",
        input: |count| b"{\"seq\":1}\n".repeat(count),
        read: |input| record::check_bytes(input).1.is_some(),
        size: 100_000,
        most: 1 << 20,
    },
    Worst {
        reader: "record",
        name: "one line",
        input: |count| vec![b'['; count],
        read: |input| record::check_bytes(input).0 == 0,
        size: 1 << 20,
        most: 16 << 20,
    },
];

/// Addresses of a private network, each another one.
fn numbers(count: usize) -> String {
    (0..count).map(|number| format!("10.{}.{}.{} ", number >> 16 & 255, number >> 8 & 255, number & 255)).collect()
}
