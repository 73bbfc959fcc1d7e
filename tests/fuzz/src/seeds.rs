//! First inputs, made of what a real engine sent (`tests/fixtures/golden`) and of what our own two sides say to each other.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use psrp::{Destination, Fragmenter, Message, MessageType};
use serde_json::Value as Json;
use spnego::{
    ClientOptions, Credentials, FileTime, NtlmClient, NtlmServer, Randomness, Secret, ServerAnswer, ServerOptions,
};
use uuid::Uuid;
use wsman::{Enumeration, InputStream, Operation, RequestIds, ShellContext, SignalCode};

/// Longer recordings are left out, in bytes.
const LONGEST: usize = 4096;
/// So many recordings of one kind are enough.
const ENOUGH: usize = 60;

/// The seeds of a target.
#[must_use]
pub fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "clixml" => recorded("values.jsonl.gz", "wire"),
        "records" => recorded("errors.jsonl.gz", "wire"),
        "format" => with_first(100, recorded("values.jsonl.gz", "wire").into_iter().chain(recorded("errors.jsonl.gz", "wire"))),
        "xml" => recorded("values.jsonl.gz", "wire").into_iter().chain(requests()).collect(),
        "fragments" => with_first(64, fragments().into_iter()),
        "client_pool" => scripts(&fragments()),
        "server_pool" => scripts(&fragments()),
        "soap_request" => requests(),
        "soap_response" => answers(),
        "multipart" => requests().iter().map(|request| wsman::multipart::frame(request, |_| [7; 16])).collect(),
        "ntlm_challenge" => tokens(true),
        "spnego_token" => tokens(false),
        "http_answer" => http(),
        "pasted_text" => [
            "Privileged endpoints: 192.0.2.224, 192.0.2.225 and azs-ercs01.azurestack.example",
            "PS> Enter-PSSession -ComputerName 192.0.2.224 -ConfigurationName PrivilegedEndpoint -Credential AzureStack\\CloudAdmin",
            "{\"EmergencyConsoleIPAddresses\": [\"192.0.2.224\", \"2001:db8::1\", \"::ffff:192.0.2.1\"]}",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
        "stamp_file" => stamps(),
        "journal" => vec![journal()],
        "kept_files" => vec![
            br#"{"version":1,"pins":[{"stamp":"s","address":"192.0.2.1:5985","names":{"computer":"C","domain":"D","dns_computer":"c.d"},"since":1}]}"#.to_vec(),
            br#"{"version":1,"roots":[{"place":"portal.example","der":"MAA=","sha256":"00","since":1}]}"#.to_vec(),
        ],
        "client" => sessions(),
        _ => Vec::new(),
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn text_of(name: &str) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(fixtures().join("golden").join(name)).expect("golden data");
    GzDecoder::new(file).read_to_string(&mut text).expect("text");
    text
}

/// Every so many recordings of a file, so that all kinds are among them.
fn recorded(name: &str, field: &str) -> Vec<Vec<u8>> {
    let text = text_of(name);
    let rows: Vec<_> = text
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<Json>(line).ok()?[field].as_str().map(|wire| wire.as_bytes().to_vec())
        })
        .filter(|wire| wire.len() <= LONGEST)
        .collect();
    let step = rows.len().div_ceil(ENOUGH).max(1);
    rows.into_iter().step_by(step).collect()
}

fn with_first(first: u8, inputs: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    inputs.map(|input| [&[first][..], &input].concat()).collect()
}

/// The messages of some recorded sessions, in fragments.
fn fragments() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for name in ["04-script", "06-streams", "13-read-host", "20-stop", "26-metadata", "36-empty"] {
        let session: Json = serde_json::from_str(&text_of(&format!("sessions/{name}.json.gz"))).expect("JSON");
        let mut fragmenter = Fragmenter::default();
        for message in
            session["lines"].as_array().into_iter().flatten().flat_map(|line| line["messages"].as_array()).flatten()
        {
            let kind = message["type"].as_str().and_then(|text| u32::from_str_radix(text, 16).ok()).unwrap_or(0);
            let id =
                |field: &str| message[field].as_str().and_then(|text| Uuid::parse_str(text).ok()).unwrap_or_default();
            let to_client = message["destination"] == "client";
            let message = Message {
                destination: if to_client { Destination::Client } else { Destination::Server },
                kind: MessageType::from_number(kind),
                pool: id("rpid"),
                pipeline: id("pid"),
                data: message["xml"].as_str().unwrap_or_default().as_bytes(),
            };
            all.push(fragmenter.fragment(&message.encode(), 1024).concat());
        }
    }
    all.retain(|bytes| bytes.len() <= LONGEST);
    let step = all.len().div_ceil(ENOUGH).max(1);
    all.into_iter().step_by(step).collect()
}

/// Scripts of the pool machines: a step that receives these bytes, after steps that get somewhere.
fn scripts(fragments: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let prelude = [0, 7, 0, 0, 2, 4, 24, 15, 0, 0, 8, 0, 1, 12, 0, 1, 3, 9, 36];
    let received = fragments.iter().filter_map(|bytes| {
        let length = u8::try_from(bytes.len()).ok()?;
        Some([&prelude[..], &[0, length, 0], bytes].concat())
    });
    received.chain([prelude.to_vec()]).collect()
}

fn requests() -> Vec<Vec<u8>> {
    let (shell, command) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let context = ShellContext::new("http://192.0.2.1:5985/wsman".to_owned(), "PrivilegedEndpoint", Uuid::from_u128(3));
    let ids = RequestIds::new(Uuid::from_u128(4), Uuid::from_u128(5));
    let operations = [
        Operation::Create { shell_id: shell, name: Some("n"), creation_xml: b"<creationXml/>", idle_timeout: None },
        Operation::Command { shell_id: shell, command_id: command, text: "", arguments: b"first" },
        Operation::Send { shell_id: shell, command_id: Some(command), stream: InputStream::Pr, data: b"data" },
        Operation::Receive { shell_id: shell, command_id: Some(command) },
        Operation::Receive { shell_id: shell, command_id: None },
        Operation::Signal { shell_id: shell, command_id: command, code: SignalCode::Stop },
        Operation::Disconnect { shell_id: shell, idle_timeout: None, buffer_mode: None },
        Operation::Reconnect { shell_id: shell, command_id: None },
        Operation::Connect { shell_id: shell, connect_xml: b"<connectXml/>" },
        Operation::Enumerate(Enumeration::Commands { shell_id: shell }),
        Operation::Delete { shell_id: shell },
    ];
    let timeout = std::time::Duration::from_secs(20);
    operations.iter().map(|operation| wsman::encode_request(&context, operation, &ids, timeout)).collect()
}

/// Answers to those requests, each with the number of its operation before it.
fn answers() -> Vec<Vec<u8>> {
    use wsman::server::{Answer, OutputData, RequestBody, ServerFault, decode_request, encode_fault, encode_response};
    let mut all = Vec::new();
    for request in requests() {
        let asked = decode_request(&request).expect("our own request");
        let (data, done) = ([OutputData { command_id: None, data: b"data" }], wsman::CommandStateKind::Done);
        let info = wsman::ShellInfo { shell_id: "1".to_owned(), ..wsman::ShellInfo::default() };
        let answer = match &asked.body {
            RequestBody::Create { .. } => Answer::Created(&info),
            RequestBody::Command { .. } => Answer::Command { command_id: "2" },
            RequestBody::Receive { .. } => Answer::Received { streams: &data, state: Some(("2", &done)) },
            RequestBody::Connect { .. } => Answer::Connected { response_xml: Some(b"<connectResponseXml/>") },
            RequestBody::Enumerate { .. } => Answer::Commands(&[]),
            _ => Answer::Acknowledged,
        };
        // The id that the target gives to its requests.
        let mut headers = asked.headers;
        headers.message_id = Some(format!("uuid:{}", Uuid::from_u128(1)));
        let kinds = 0..u8::try_from(wsman::OperationKind::ALL.len()).unwrap_or(0);
        let written = encode_response(&headers, Uuid::from_u128(9), &answer);
        all.extend(kinds.filter(|kind| fits(*kind, &asked.body)).map(|kind| [&[kind][..], &written].concat()));
        let fault = encode_fault(Some(&headers), Uuid::from_u128(9), "m", &ServerFault::timed_out());
        all.push([&[0][..], &fault].concat());
    }
    all
}

/// Whether the operation of this number is the one of the request.
fn fits(kind: u8, body: &wsman::server::RequestBody) -> bool {
    let asked = wsman::server::Request { headers: wsman::server::Headers::default(), body: body.clone() };
    wsman::OperationKind::ALL.get(usize::from(kind)) == Some(&asked.kind())
}

/// The tokens of a sign-in, bare or in their envelopes.
fn tokens(raw: bool) -> Vec<Vec<u8>> {
    let secret = |_: &str, _: &str| Some(Secret::from("pass".to_owned()));
    let mut client =
        NtlmClient::new(ClientOptions { target_name: "HTTP/192.0.2.1".into(), channel_bindings: None, raw_ntlm: raw });
    let mut server = NtlmServer::new(ServerOptions {
        netbios_computer: "C".into(),
        netbios_domain: "D".into(),
        dns_computer: "c.d".into(),
        dns_domain: "d".into(),
        withheld_flags: 0,
    });
    let mut all = vec![client.negotiate().expect("the first step")];
    let now = FileTime::from_unix(1_700_000_000, 0);
    // Not the numbers that the targets use: what is right there shall not be known.
    if let Ok(ServerAnswer::Challenge(challenge)) = server.accept(&all[0], [4; 8], now, secret) {
        client.challenge(&challenge).expect("a good challenge");
        let random = Randomness { client_challenge: [5; 8], session_key: [6; 16] };
        let last = client.authenticate(&Credentials::new(r"D\u", Secret::from("pass".to_owned())), random);
        let last = last.expect("it can be answered");
        if let Ok(ServerAnswer::Accepted(_, Some(token))) = server.accept(&last, [3; 8], now, secret) {
            all.push(token);
        }
        all.extend([challenge, last]);
    }
    all
}

fn http() -> Vec<Vec<u8>> {
    let answers = [
        "HTTP/1.1 401 \r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/html\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
        "HTTP/1.1 500 Error\r\nContent-Encoding: gzip\r\nContent-Length: 99999999999\r\n\r\n",
    ];
    let all = answers.iter().chain(answers.get(1));
    all.enumerate()
        .map(|(at, text)| [&[31 | if at & 1 == 0 { 0x80 } else { 0x40 }][..], text.repeat(2).as_bytes()].concat())
        .collect()
}

fn stamps() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = std::fs::read_dir(fixtures().join("stamps"))
        .expect("golden stamps")
        .filter_map(|file| std::fs::read(file.ok()?.path()).ok())
        .filter(|bytes| bytes.len() <= LONGEST)
        .collect();
    all.push(br#"{"DeploymentID":"x","RegionName":"local","DomainNetBIOSName":"AzureStack","DomainFQDN":"azurestack.local","ExternalDomainFQDN":"azurestack.external","EmergencyConsoleIPAddresses":["192.0.2.224","192.0.2.225","192.0.2.226"],"Timezone":"UTC"}"#.to_vec());
    all
}

/// A record with a few lines.
fn journal() -> Vec<u8> {
    struct Still;
    impl record::Clock for Still {
        fn utc_ms(&self) -> i64 {
            1_700_000_000_000
        }
        fn mono_ms(&self) -> u64 {
            1
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.jsonl");
    let journal =
        record::Journal::create(&path, serde_json::json!({ "app": "x" }), Box::new(Still)).expect("a journal");
    for line in 0..4 {
        journal.append("output", serde_json::json!({ "text": format!("line {line}") })).expect("it is written");
    }
    journal.close().expect("it is written");
    std::fs::read(path).expect("it is there")
}

/// Sessions that go well, and such in which one thing happens after so many quiet steps.
fn sessions() -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new(), vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 15, 1, 15, 4, 15]];
    for what in [0x80, 0x81, 0x82, 0x84, 0x90, 0xb0, 0xb8, 0xbc, 0xc0] {
        for quiet in [5, 7, 9, 12] {
            all.push([vec![0; quiet], vec![what, 1, 200, 0, 3, 65, 1, 67, 3, 5, 15, 0, 15]].concat());
        }
    }
    all.push(vec![7; 40]);
    all
}
