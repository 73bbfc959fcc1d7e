//! Connections on which answers are changed, lost or made up.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use practice::{Connection, PracticePep};
use psrp::{Destination, Fragmenter, Message, MessageType};
use spnego::{ClientOptions, Credentials, MessageSecurity, NtlmClient, Randomness};
use uuid::Uuid;
use winrm::{BoxFuture, ConnectError, Connector, Exchange, ExchangeError};
use wsman::multipart;
use wsman::server::{
    Answer, OutputData, Request as Asked, RequestBody, ServerFault, decode_request, encode_fault, encode_response,
};

use super::Script;
use super::open_security::HEADER;

/// What an endpoint says in messages that get further than noise does.
const CONTENTS: [&str; 10] = [
    "",
    "<Nil/>",
    "<S>text</S>",
    r#"<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="RunspaceState">3</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="PipelineState">5</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><S N="EncryptedSessionKey">AQIAABBmAAAApAAA</S></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">1</I64><I32 N="mi">11</I32><Obj N="mp" RefId="1"><LST/></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">2</I64><I32 N="mi">26</I32><Obj N="mp" RefId="1"><LST><S>c</S></LST></Obj></MS></Obj>"#,
];
/// Codes of faults that mean something to a client
const CODES: [u32; 12] = [
    5,
    87,
    995,
    2_150_858_793,
    2_150_858_843,
    2_150_859_204,
    2_150_859_230,
    2_150_858_790,
    2_150_858_803,
    2_150_859_173,
    2_150_858_810,
    1,
];

/// Makes the connections.
pub(crate) struct Crossing {
    pep: PracticePep,
    script: Script,
    sealed: bool,
    fragmenter: Arc<Mutex<Fragmenter>>,
}

struct Line {
    script: Script,
    sealed: bool,
    connection: Connection,
    password: spnego::Secret,
    /// Our own sign-in, behind the client's that proves nothing
    security: Option<Box<dyn MessageSecurity>>,
    fragmenter: Arc<Mutex<Fragmenter>>,
    last: Vec<u8>,
}

impl Crossing {
    pub(crate) fn new(pep: PracticePep, script: Script, sealed: bool) -> Self {
        Self { pep, script, sealed, fragmenter: Arc::default() }
    }
}

impl Connector for Crossing {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Exchange>, ConnectError>> {
        Box::pin(async {
            if self.script.byte() > 0xf0 {
                return Err(ConnectError::Refused);
            }
            let line = Line {
                script: self.script.clone(),
                sealed: self.sealed,
                connection: self.pep.connection(),
                password: self.pep.password(),
                security: None,
                fragmenter: Arc::clone(&self.fragmenter),
                last: Vec::new(),
            };
            Ok(Box::new(line) as Box<dyn Exchange>)
        })
    }

    fn host(&self) -> &'static str {
        "practice"
    }

    fn port(&self) -> u16 {
        5985
    }
}

impl Exchange for Line {
    fn send(&mut self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, ExchangeError>> {
        Box::pin(async move {
            if request.body().is_empty() {
                return self.sign_in(request).await;
            }
            match self.script.byte() {
                0x80 => Err(ExchangeError::NotSent),
                0x81 => Err(lost()),
                0x82 => {
                    self.carry_out(request).await;
                    Err(lost())
                }
                0x83 => Ok(plain(StatusCode::UNAUTHORIZED)),
                0x84 => Ok(plain(StatusCode::SERVICE_UNAVAILABLE)),
                0x85..=0x87 => Ok(self.noise()),
                0x88..=0x8f => {
                    tokio::time::sleep(Duration::from_secs(u64::from(self.script.byte()))).await;
                    Ok(self.carry_out(request).await)
                }
                // What is sealed can be changed, but not made up.
                0x90.. if self.sealed => {
                    let (head, body) = self.carry_out(request).await.into_parts();
                    Ok(Response::from_parts(head, self.changed(body.into()).into()))
                }
                0x90..=0xaf => {
                    let envelope = self.envelope(request).await;
                    Ok(framed(&self.changed(envelope)))
                }
                0xb0..=0xb7 => {
                    let (head, body) = framed(&self.envelope(request).await).into_parts();
                    Ok(Response::from_parts(head, self.changed(body.into()).into()))
                }
                0xb8..=0xbb => {
                    let length = self.script.number() % 2048;
                    Ok(framed(&self.script.bytes(length)))
                }
                0xbc..=0xbf => Ok(framed(&self.last.clone())),
                0xc0..=0xff => Ok(self.made_up(&request)),
                _ => Ok(self.carry_out(request).await),
            }
        })
    }
}

impl Line {
    /// A leg of a sign-in.
    async fn sign_in(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, ExchangeError> {
        if self.connection.is_closed() {
            return Err(ExchangeError::NotSent);
        }
        let what = self.script.byte();
        let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first = token.is_empty() || token == format!("Negotiate {}", STANDARD.encode(b"one"));
        let answer = match (self.sealed, first) {
            (true, _) => self.connection.exchange(request).await,
            (false, true) => {
                let mut answer = plain(StatusCode::UNAUTHORIZED);
                answer.headers_mut().insert(WWW_AUTHENTICATE, http::HeaderValue::from_static("Negotiate AQID"));
                answer
            }
            (false, false) => plain(StatusCode::OK),
        };
        match what {
            0xe0..=0xe3 => Err(lost()),
            0xe4..=0xe7 => Ok(self.noise()),
            0xe8..=0xff => {
                let (mut head, body) = answer.into_parts();
                if let Some(value) = head.headers.get(WWW_AUTHENTICATE).cloned()
                    && let Some(token) = value.to_str().ok().and_then(|text| text.strip_prefix("Negotiate "))
                    && let Ok(token) = STANDARD.decode(token)
                    && let Ok(value) = format!("Negotiate {}", STANDARD.encode(self.changed(token))).parse()
                {
                    head.headers.insert(WWW_AUTHENTICATE, value);
                }
                Ok(Response::from_parts(head, body))
            }
            _ => Ok(answer),
        }
    }

    /// Any answer of HTTP.
    fn noise(&self) -> Response<Bytes> {
        let status = StatusCode::from_u16(100 + u16::from(self.script.byte()) * 2).unwrap_or(StatusCode::OK);
        let length = usize::from(self.script.byte());
        let mut answer = Response::new(Bytes::from(self.script.bytes(length)));
        *answer.status_mut() = status;
        let types = ["text/html", multipart::CONTENT_TYPE, "application/soap+xml;charset=UTF-8"];
        let kind = http::HeaderValue::from_static(types[usize::from(self.script.byte()) % types.len()]);
        answer.headers_mut().insert(CONTENT_TYPE, kind);
        answer
    }

    /// The right answer.
    async fn carry_out(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        if self.sealed {
            return self.connection.exchange(request).await;
        }
        framed(&self.envelope(request).await)
    }

    /// The envelope of the right answer.
    async fn envelope(&mut self, request: Request<Bytes>) -> Vec<u8> {
        let mut body = Vec::from(request.into_body());
        let asked = multipart::parse(&mut body).expect("our own client frames well").data.to_vec();
        let mut security = match self.security.take() {
            Some(security) => security,
            None => self.own_sign_in().await,
        };
        let sealed = multipart::frame(&asked, |data| -> [u8; HEADER] {
            security.seal(data).try_into().expect("a signature of NTLM")
        });
        let answer = self.connection.exchange(post(None, sealed)).await;
        let mut body = Vec::from(answer.into_body());
        let plain = multipart::parse(&mut body).expect("practice seals its answers");
        security.unseal(plain.signature, plain.data).expect("practice seals well");
        self.last = plain.data.to_vec();
        self.security = Some(security);
        self.last.clone()
    }

    async fn own_sign_in(&mut self) -> Box<dyn MessageSecurity> {
        let options = ClientOptions { target_name: "HTTP/practice".into(), channel_bindings: None, raw_ntlm: false };
        let mut client = NtlmClient::new(options);
        let mut token = client.negotiate().expect("the first step");
        let credentials = Credentials::new(PracticePep::ACCOUNT, self.password.duplicate());
        for _ in 0..2 {
            let answer = self.connection.exchange(post(Some(&token), Vec::new())).await;
            let value = answer.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
            let value = value.and_then(|text| text.strip_prefix("Negotiate ")).unwrap_or_default().to_owned();
            let theirs = STANDARD.decode(value).expect("base64");
            if answer.status() == StatusCode::OK {
                return Box::new(client.finish(Some(&theirs)).expect("practice proves itself"));
            }
            client.challenge(&theirs).expect("a good challenge");
            let random = Randomness { client_challenge: [1; 8], session_key: [2; 16] };
            token = client.authenticate(&credentials, random).expect("it can be answered");
        }
        panic!("practice lets its own account in");
    }

    /// Bytes that are changed as the script says.
    fn changed(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..self.script.byte() % 4 + 1 {
            if bytes.is_empty() {
                break;
            }
            let place = self.script.number() % bytes.len();
            match self.script.byte() {
                0..=0x7f => bytes[place] = self.script.byte(),
                0x80..=0x9f => bytes.truncate(place),
                0xa0..=0xbf => {
                    let end = bytes.len().min(place + usize::from(self.script.byte()));
                    bytes.drain(place..end);
                }
                _ => {
                    let length = usize::from(self.script.byte());
                    bytes.splice(place..place, self.script.bytes(length));
                }
            }
        }
        bytes
    }

    /// A well-formed answer that says something else.
    fn made_up(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut body = Vec::from(request.body().clone());
        let plain = multipart::parse(&mut body).expect("our own client frames well").data.to_vec();
        let asked = decode_request(&plain).expect("our own client writes well");
        let what = self.script.byte();
        if what & 1 == 0 {
            let code = match self.script.byte() {
                at @ 0..=0xef => CODES[usize::from(at) % CODES.len()],
                _ => u32::try_from(self.script.number()).unwrap_or(0),
            };
            let fault = ServerFault::new(code, "made up");
            return framed(&encode_fault(Some(&asked.headers), Uuid::nil(), "m", &fault));
        }
        let RequestBody::Receive { command_id, .. } = &asked.body else {
            return framed(&encode_response(&asked.headers, Uuid::nil(), &Answer::Acknowledged));
        };
        let pieces: Vec<Vec<u8>> = (0..what >> 6).map(|_| self.piece(&asked, command_id.as_deref())).collect();
        let streams: Vec<_> =
            pieces.iter().map(|data| OutputData { command_id: command_id.as_deref(), data }).collect();
        let done = wsman::CommandStateKind::Done;
        let state = command_id.as_deref().filter(|_| what & 2 != 0).map(|id| (id, &done));
        framed(&encode_response(&asked.headers, Uuid::nil(), &Answer::Received { streams: &streams, state }))
    }

    /// A fragment: a message that means something, or any bytes.
    fn piece(&self, asked: &Asked, command: Option<&str>) -> Vec<u8> {
        let (what, which) = (self.script.byte(), self.script.byte());
        if what & 0x80 != 0 {
            return self.script.bytes(usize::from(which));
        }
        let id = |text: Option<&str>| text.and_then(|text| Uuid::try_parse(text).ok()).unwrap_or_default();
        let message = Message {
            destination: Destination::Client,
            kind: MessageType::ALL[usize::from(what) % MessageType::ALL.len()],
            pool: id(asked.headers.shell_id()),
            pipeline: id(command),
            data: CONTENTS[usize::from(which) % CONTENTS.len()].as_bytes(),
        };
        let mut fragmenter = self.fragmenter.lock().expect("nobody panics with it");
        // Objects of the endpoint have been here already; ids are never taken twice.
        if fragmenter.next_object() < 1 << 32 {
            *fragmenter = Fragmenter::starting_at(1 << 32);
        }
        fragmenter.fragment(&message.encode(), 4096).concat()
    }
}

fn lost() -> ExchangeError {
    ExchangeError::Lost("as the script says".to_owned())
}

fn plain(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

fn framed(envelope: &[u8]) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(multipart::frame(envelope, |_| [0; HEADER])));
    answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(multipart::CONTENT_TYPE));
    answer
}

fn post(token: Option<&[u8]>, body: Vec<u8>) -> Request<Bytes> {
    let mut request =
        Request::post("/wsman").header(HOST, "practice:5985").header(CONTENT_TYPE, multipart::CONTENT_TYPE);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Negotiate {}", STANDARD.encode(token)));
    }
    request.body(Bytes::from(body)).expect("a request")
}
