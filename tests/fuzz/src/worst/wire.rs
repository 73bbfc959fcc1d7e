//! What an endpoint sends, down to the fragments.

use std::fmt::Write as _;

use psrp::{Defragmenter, Received};
use safe_xml::{Event, Limits, Reader};
use spnego::{ClientOptions, NtlmClient};
use uuid::Uuid;
use wsman::server::{RequestErrorKind, decode_request};
use wsman::{OperationKind, decode_response, multipart};

use super::Worst;

const fn xml(name: &'static str, input: fn(usize) -> Vec<u8>, most: usize) -> Worst {
    Worst { reader: "safe-xml", name, input, read: read_xml, size: most / 3, most }
}

pub(super) const XML: &[Worst] = &[
    xml("empty elements", |count| format!("<a>{}</a>", "<b/>".repeat(count)).into_bytes(), 49_000),
    xml("prefixes", |count| prefixes(&"<q:b/>".repeat(count)), 49_000),
    xml("attributes", attributes, 75),
    xml("long namespace", |count| inside(&format!("xmlns='{}'", "n".repeat(1_024)), "<b/>", count), 49_000),
    xml("references", |count| inside("", "&#65;", count), 90_000),
    xml("comments", |count| inside("", "<!---->", count), 90_000),
    xml("line ends", |count| inside("", "\r\n", count), 4 << 20),
    xml("one text", |count| inside("", "é", count), 4 << 20),
    xml("one name", |count| format!("<{0}></{0}>", "n".repeat(count)).into_bytes(), 4 << 20),
    xml("one attribute", |count| format!("<a n='{}'/>", "&#65;".repeat(count)).into_bytes(), 1 << 20),
];

fn read_xml(input: &[u8]) -> bool {
    let Ok(mut reader) = Reader::new(input, Limits::SOAP) else { return false };
    loop {
        match reader.next() {
            Ok(Event::Eof) => return true,
            Ok(Event::Start(start)) => drop(start.attribute("n").map(|value| value.map(|value| value.len()))),
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

fn inside(attribute: &str, piece: &str, count: usize) -> Vec<u8> {
    format!("<a {attribute}>{}</a>", piece.repeat(count)).into_bytes()
}

/// As many declarations as may hold at once, in 60 levels around this content.
fn prefixes(content: &str) -> Vec<u8> {
    let mut text = String::from("<q:a xmlns:q='urn:q'>");
    for depth in 0..60 {
        let _ = write!(text, "<a xmlns:p{depth}='u' xmlns:r{depth}='u'>");
    }
    (text + content + &"</a>".repeat(60) + "</q:a>").into_bytes()
}

fn attributes(count: usize) -> Vec<u8> {
    let all: String = (0..250).map(|number| format!(" n{number}=''")).collect();
    inside("", &format!("<b{all}/>"), count)
}

const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";

const fn soap(name: &'static str, input: fn(usize) -> Vec<u8>, most: usize) -> Worst {
    Worst { reader: "wsman", name, input, read: received, size: most / 3, most }
}

pub(super) const SOAP: &[Worst] = &[
    soap("many pieces", |count| answer(&"<r:Stream Name='stdout'>AAAA</r:Stream>".repeat(count)), 19_000),
    soap("one piece", |count| answer(&format!("<r:Stream Name='stdout'>{}</r:Stream>", "AAAA".repeat(count))), 2 << 20),
    soap(
        "one piece with blanks",
        |count| answer(&format!("<r:Stream Name='stdout'>{}</r:Stream>", "A A\nA\tA ".repeat(count))),
        1 << 20,
    ),
    soap("unknown elements", |count| answer(&"<r:What/>".repeat(count)), 45_000),
    Worst { read: fault, ..soap("fault", |count| a_fault(&"<q/>text &amp; ".repeat(count)), 15_000) },
    Worst {
        read: request,
        ..soap("options", |count| a_request(&"<w:Option Name='n'>v</w:Option>".repeat(count)), 9_000)
    },
    Worst {
        read: request,
        ..soap("headers to be understood", |count| a_request(&"<w:What e:mustUnderstand='1'/>".repeat(count)), 9_000)
    },
];

fn envelope(header: &str, body: &str) -> Vec<u8> {
    format!(
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' xmlns:r='{SHELL}' \
         xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing' \
         xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'>\
         <e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>"
    )
    .into_bytes()
}

fn answer(streams: &str) -> Vec<u8> {
    let header = format!(
        "<a:Action>{}Response</a:Action><a:RelatesTo>uuid:{}</a:RelatesTo>",
        OperationKind::Receive.action(),
        Uuid::from_u128(1)
    );
    envelope(&header, &format!("<r:ReceiveResponse>{streams}</r:ReceiveResponse>"))
}

fn received(input: &[u8]) -> bool {
    decode_response(OperationKind::Receive, Uuid::from_u128(1), input).is_ok()
}

fn a_fault(text: &str) -> Vec<u8> {
    envelope("", &format!("<e:Fault><e:Reason><e:Text>{text}</e:Text></e:Reason></e:Fault>"))
}

fn fault(input: &[u8]) -> bool {
    matches!(
        decode_response(OperationKind::Receive, Uuid::from_u128(1), input),
        Err(wsman::ResponseError::Fault(fault)) if !fault.reason.is_empty()
    )
}

fn a_request(options: &str) -> Vec<u8> {
    let header = format!(
        "<a:Action>{}</a:Action><a:MessageID>uuid:{}</a:MessageID><w:OptionSet>{options}</w:OptionSet>{options}",
        OperationKind::Delete.action(),
        Uuid::from_u128(1)
    );
    envelope(&header, "")
}

/// Whether it was well-formed, whatever a server says to what is in it.
fn request(input: &[u8]) -> bool {
    match decode_request(input) {
        Ok(_) => true,
        Err(error) => !matches!(error.cause, RequestErrorKind::Malformed(_)),
    }
}

pub(super) const SEALED: &[Worst] = &[
    Worst { reader: "multipart", name: "one body", input: sealed, read: unsealed, size: 4 << 20, most: 16 << 20 },
    Worst {
        reader: "multipart",
        name: "tails",
        input: |count| sealed_text(&multipart::TAIL.repeat(count)),
        read: unsealed,
        size: 100_000,
        most: 600_000,
    },
    Worst {
        reader: "multipart",
        name: "no end of the headers",
        input: |count| "--Encrypted Boundary\r\n\tContent-Type: ".repeat(count).into_bytes(),
        read: |input| !unsealed(input),
        size: 200_000,
        most: 400_000,
    },
    Worst {
        reader: "multipart",
        name: "content type",
        input: |count| format!("multipart/encrypted{}", ";a=b".repeat(count)).into_bytes(),
        read: |input| multipart::check_content_type(&String::from_utf8_lossy(input)).is_err(),
        size: 100_000,
        most: 1 << 20,
    },
];

fn sealed(count: usize) -> Vec<u8> {
    multipart::frame(&vec![0; count], |_| [0; 16])
}

fn sealed_text(text: &str) -> Vec<u8> {
    multipart::frame(text.as_bytes(), |_| [0; 16])
}

fn unsealed(input: &[u8]) -> bool {
    multipart::parse(&mut input.to_vec()).is_ok()
}

const fn token(name: &'static str, input: fn(usize) -> Vec<u8>, accepted: fn(&[u8]) -> bool, most: usize) -> Worst {
    Worst { reader: "spnego", name, input, read: accepted, size: most / 3, most }
}

pub(super) const TOKENS: &[Worst] = &[
    token("pairs", |count| challenge(&pairs(count, 0)), challenged, 60),
    token("pairs beyond the limit", |count| challenge(&pairs(count, 0)), |input| !challenged(input), 16_000),
    token("long pairs", |count| challenge(&pairs(50, count)), challenged, 1_200),
    token("empty fields", |count| der(0xa1, &der(0x30, &[0xa0, 0].repeat(count))), |input| !wrapped(input), 30_000),
    token("layers", layers, |input| !wrapped(input), 10_000),
];

fn pairs(count: usize, length: usize) -> Vec<u8> {
    let mut bytes = vec![7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    for id in 0..count.saturating_sub(1) {
        bytes.extend(u16::try_from(0x100 + id).unwrap_or(u16::MAX).to_le_bytes());
        bytes.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
        bytes.extend(vec![0; length]);
    }
    bytes.extend([0; 4]);
    bytes
}

fn challenge(information: &[u8]) -> Vec<u8> {
    let length = u16::try_from(information.len()).expect("within a field").to_le_bytes();
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    message.extend([0, 0, 0, 0, 56, 0, 0, 0]);
    message.extend(0xe289_8235_u32.to_le_bytes());
    message.extend([0x11; 8]);
    message.extend([0; 8]);
    message.extend([length, length].concat());
    message.extend([56, 0, 0, 0]);
    message.extend([10, 0, 0, 0, 0, 0, 0, 15]);
    message.extend(information);
    message
}

fn client(raw_ntlm: bool) -> NtlmClient {
    let options = ClientOptions { target_name: "HTTP/192.0.2.1".to_owned(), channel_bindings: None, raw_ntlm };
    let mut client = NtlmClient::new(options);
    client.negotiate().expect("the first step");
    client
}

fn challenged(input: &[u8]) -> bool {
    client(true).challenge(input).is_ok()
}

fn wrapped(input: &[u8]) -> bool {
    client(false).challenge(input).is_ok()
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a token").to_be_bytes();
    [&[tag, 0x84], length.as_slice(), content].concat()
}

/// Elements inside each other: written from the outside, so that making them is no square either.
fn layers(count: usize) -> Vec<u8> {
    let heads = (0..count).flat_map(|at| {
        let inside = u32::try_from((count - at - 1) * 6).expect("a token").to_be_bytes();
        [&[0xa1, 0x84][..], &inside].concat()
    });
    heads.collect()
}

const fn fragments(name: &'static str, input: fn(usize) -> Vec<u8>, read: fn(&[u8]) -> bool, most: usize) -> Worst {
    Worst { reader: "psrp", name, input, read, size: most / 4, most }
}

pub(super) const FRAGMENTS: &[Worst] = &[
    fragments("bytes of one object", |count| one_object(count, 1), joined, 500_000),
    fragments("one large object", |count| one_object(count, 32_000), joined, 6_000),
    fragments("empty fragments", |count| one_object(count, 0), joined, 500_000),
    fragments("small objects", |count| (1..=count).flat_map(|id| piece(id, 0, 3, &[7])).collect(), joined, 500_000),
    fragments(
        "repeated fragments",
        |count| [piece(9, 0, 3, &[7]), piece(1, 0, 3, &[7]).repeat(count)].concat(),
        joined,
        500_000,
    ),
    fragments("announced and not sent", |count| piece(1, 0, 1, &[]).repeat(count), |input| !joined(input), 500_000),
    fragments("byte by byte", |count| one_object(count, 100), |input| join(input.chunks(1)), 20_000),
];

fn piece(object: usize, fragment: usize, flags: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = u64::try_from(object).unwrap_or(0).to_be_bytes().to_vec();
    bytes.extend(u64::try_from(fragment).unwrap_or(0).to_be_bytes());
    bytes.push(flags);
    bytes.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    bytes.extend(data);
    bytes
}

fn one_object(count: usize, each: usize) -> Vec<u8> {
    let data = vec![7; each];
    let flags = |at: usize| u8::from(at == 0) | u8::from(at + 1 == count) << 1;
    (0..count).flat_map(|at| piece(1, at, flags(at), &data)).collect()
}

fn joined(input: &[u8]) -> bool {
    join(std::iter::once(input))
}

fn join<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut joiner = Defragmenter::default();
    let mut objects = 0_usize;
    for mut piece in pieces {
        loop {
            match joiner.next(&mut piece) {
                Ok(Some(Received::Object { .. })) => objects += 1,
                Ok(Some(Received::Hole { .. })) | Err(_) => return false,
                Ok(None) => break,
            }
        }
    }
    objects > 0
}
