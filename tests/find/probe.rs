//! Small servers that are, or are not, an endpoint.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pep::address::Address;
use pep::fault::code;
use pep::find::{Looked, Seen, Stage, Target, look_at_all};
use tests::arm_server::{ArmServer, Behaviour};
use winrm::SocketConnector;

const WINRM: &str = "HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Kerberos\r\n\
    Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// A server that gives every request the same bytes, and counts.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: &'static [u8], delay: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, kept) = (connections.clone(), requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                counted.fetch_add(1, Ordering::SeqCst);
                let kept = kept.clone();
                std::thread::spawn(move || serve(stream, answer, delay, &kept));
            }
        });
        Self { port, connections, requests }
    }

    fn target(&self) -> Target {
        target(self.port, None)
    }
}

fn serve(mut stream: TcpStream, answer: &[u8], delay: Duration, kept: &Mutex<Vec<String>>) {
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            return;
        }
        kept.lock().unwrap().push(String::from_utf8_lossy(&buffer[..count]).into_owned());
        std::thread::sleep(delay);
        if stream.write_all(answer).is_err() || answer.windows(17).any(|part| part == b"Connection: close") {
            return;
        }
    }
}

/// The endpoint's port, and the port where a portal would be; none is a port where nothing listens.
fn target(port: u16, portal: Option<u16>) -> Target {
    let connector = |port| Arc::new(SocketConnector::new("127.0.0.1", port).connect_limit(Duration::from_secs(2)));
    Target {
        address: Address { host: "127.0.0.1".into(), port },
        connector: connector(port),
        portal: portal.map(|port| connector(port) as _),
    }
}

fn closed_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

async fn look(target: Target) -> Looked {
    pep::find::look(target, |_| {}).await
}

#[track_caller]
fn check(looked: &Looked, stage: Stage, number: u16) {
    let fault = looked.fault.as_ref().unwrap_or_else(|| panic!("it is healthy: {looked:?}"));
    assert_eq!((looked.failed, fault.code), (Some(stage), number), "{looked:?}");
    assert_eq!((looked.is_healthy(), looked.passed().last() < Some(stage)), (false, true));
}

#[tokio::test]
async fn a_healthy_instance_costs_one_connection_and_one_request() {
    let delay = Duration::from_secs(1);
    let server = Server::start(WINRM.as_bytes(), delay);
    let started = Instant::now();
    let looked = look(server.target()).await;
    let took = started.elapsed();
    assert!(looked.is_healthy(), "{looked:?}");
    assert_eq!(looked.passed().collect::<Vec<_>>(), Stage::ALL);
    assert_eq!(looked.schemes, ["Negotiate", "Kerberos"]);
    assert_eq!(looked.server.as_deref(), Some("Microsoft-HTTPAPI/2.0"));
    assert!(looked.clock_ahead_s.unwrap() < -900_000_000, "{looked:?}");
    assert!(looked.round_trip.unwrap() >= delay && looked.connect.unwrap() < delay, "{looked:?}");
    assert!(took < delay * 2, "one round trip beyond the handshake, and it took {took:?}");
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    let requests = server.requests.lock().unwrap();
    assert_eq!(requests.len(), 1, "{requests:?}");
    let lower = requests[0].to_lowercase();
    assert!(lower.starts_with("post /wsman http/1.1\r\n") && !lower.contains("authorization"), "{lower}");
}

#[tokio::test]
async fn the_first_healthy_one_is_there_while_others_are_awaited() {
    let healthy = Server::start(WINRM.as_bytes(), Duration::ZERO);
    let mute = Server::start(b"", Duration::ZERO);
    let targets = vec![mute.target(), target(closed_port(), None), healthy.target(), mute.target()];
    let started = Instant::now();
    let mut seen = look_at_all(targets);
    let mut usable = None;
    while usable.is_none() {
        if let Seen::Done(looked) = seen.recv().await.expect("one of them is healthy") {
            usable = looked.is_healthy().then_some(looked);
        }
    }
    assert!(started.elapsed() < Duration::from_secs(5), "the mute ones need ten");
    assert_eq!(usable.unwrap().address.port, healthy.port);
    drop(seen);
    assert_eq!(healthy.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn each_failure_has_its_name() {
    let page =
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 4\r\n\r\n<html";
    let answers: [(&'static [u8], Stage, u16); 9] = [
        (page, Stage::WinRm, code::NOT_WINRM),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", Stage::WinRm, code::NOT_WINRM),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Stage::WinRm, code::PROXY),
        (b"HTTP/1.1 403 Forbidden\r\nVia: 1.1 gate.contoso.example (squid/5.7)\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Stage::WinRm, code::PROXY),
        (b"HTTP/1.1 504 Gateway Time-out\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Stage::WinRm, code::PROXY),
        (b"HTTP/1.1 511 Network Authentication Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", Stage::WinRm, code::PROXY),
        (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Stage::WinRm, code::REDIRECT),
        (b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", Stage::WinRm, code::NOT_READY),
        (b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Stage::Negotiate, code::NO_NEGOTIATE),
    ];
    for (answer, stage, number) in answers {
        let server = Server::start(answer, Duration::ZERO);
        let looked = look(server.target()).await;
        check(&looked, stage, number);
        assert_eq!(server.connections.load(Ordering::SeqCst), 1, "nothing is tried twice");
    }
    check(&look(target(closed_port(), None)).await, Stage::Port, code::PORT_CLOSED);
    // The system lets no connection out to everybody: it says that there is no way.
    let everybody = Target {
        address: Address { host: "255.255.255.255".into(), port: 5985 },
        connector: Arc::new(SocketConnector::new("255.255.255.255", 5985).connect_limit(Duration::from_secs(2))),
        portal: None,
    };
    check(&look(everybody).await, Stage::Route, code::NO_ROUTE);
    let name = "no-such-host.invalid";
    let unknown = Target {
        address: Address { host: name.into(), port: 5985 },
        connector: Arc::new(SocketConnector::new(name, 5985).connect_limit(Duration::from_secs(2))),
        portal: None,
    };
    // A resolver that does not answer has not told an address, either.
    check(&look(unknown).await, Stage::Name, code::NAME_UNKNOWN);
}

fn text(looked: &Looked) -> String {
    looked.fault.as_ref().unwrap().detail.join("; ")
}

#[tokio::test]
async fn what_is_no_web_service_is_told_in_its_own_words() {
    for (answer, said) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\nConnection: close"[..], "\"SSH-2.0-OpenSSH_9.2\""),
        (b"220 mail.contoso.example ESMTP\r\nConnection: close", "\"220 mail.contoso.example ESMTP\""),
        (b"<html>hello</html>Connection: close", "\"<html>hello</html>"),
        // An answer of RDP, and chance
        (b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x02\x0f\x08\x00\x02\x00\x00\x00", "nothing that can be read"),
        (b"\x9f\x1b\x7f\xc3\x28\xa0\xff\x00", "nothing that can be read"),
    ] {
        let server = Server::start(answer, Duration::ZERO);
        let looked = look(server.target()).await;
        check(&looked, Stage::WinRm, code::NOT_WINRM);
        assert!(text(&looked).contains(said), "{}", text(&looked));
    }
    // One that speaks first, and waits.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            stream.write_all(b"SSH-2.0-first\r\n").unwrap();
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let looked = look(target(port, None)).await;
    check(&looked, Stage::WinRm, code::NOT_WINRM);
    assert!(text(&looked).contains("SSH-2.0-first"), "{}", text(&looked));
}

#[tokio::test]
async fn a_port_that_expects_tls_is_told_by_its_records_and_by_what_web_servers_say() {
    for answer in [
        &b"\x15\x03\x01\x00\x02\x02\x46"[..],
        b"\x16\x03\x03\x00\x05hello",
        b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 65\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>     ",
        b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nReason: You're speaking plain HTTP to an SSL-enabled server port.",
    ] {
        let server = Server::start(answer, Duration::ZERO);
        check(&look(server.target()).await, Stage::WinRm, code::TLS_PORT);
    }
    let other = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 5\r\n\r\nother";
    check(&look(Server::start(other, Duration::ZERO).target()).await, Stage::WinRm, code::NOT_WINRM);
    // Some only hang up: that is no proof.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let looked = look(target(port, None)).await;
    check(&looked, Stage::WinRm, code::NOT_WINRM);
    let said = text(&looked);
    assert!(said.contains("closed the connection without an answer") && said.contains("TLS"), "{said}");
}

const SEEN: &str =
    "Server: other/1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

#[tokio::test]
async fn what_an_answer_told_is_kept_although_it_is_none_of_an_endpoint() {
    for (head, number, schemes, said) in [
        (
            "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"x\"\r\n",
            code::NO_NEGOTIATE,
            &["Basic"][..],
            "it offers Basic",
        ),
        ("HTTP/1.1 401 x\r\n", code::NO_NEGOTIATE, &[], "it offers nothing"),
        ("HTTP/1.1 503 x\r\n", code::NOT_READY, &[], "not ready"),
        (
            "HTTP/1.1 302 x\r\nLocation: https://u:secret@else.contoso.example:8443/a?b\r\n",
            code::REDIRECT,
            &[],
            "it redirects to else.contoso.example (HTTP 302)",
        ),
        ("HTTP/1.1 301 x\r\nLocation: /other\r\n", code::REDIRECT, &[], "it redirects elsewhere (HTTP 301)"),
        (
            "HTTP/1.1 401 x\r\nWWW-Authenticate: Negotiate\r\nX-Powered-By: ASP.NET\r\n",
            code::NOT_WINRM,
            &["Negotiate"],
            "the web server other/1, not WinRM",
        ),
    ] {
        let answer: &'static str = format!("{head}{SEEN}").leak();
        let looked = look(Server::start(answer.as_bytes(), Duration::ZERO).target()).await;
        assert_eq!(looked.fault.as_ref().map(|fault| fault.code), Some(number), "{looked:?}");
        assert_eq!(
            (looked.server.as_deref(), &looked.schemes[..]),
            (Some("other/1"), &schemes.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()[..])
        );
        assert!(looked.clock_ahead_s.unwrap() < -900_000_000, "{looked:?}");
        assert!(text(&looked).contains(said) && !text(&looked).contains("secret"), "{}", text(&looked));
    }
}

#[tokio::test]
async fn a_web_server_of_windows_is_no_endpoint() {
    for scheme in ["Negotiate", "Basic realm=\"x\""] {
        let answer: &'static str = format!("HTTP/1.1 401 Unauthorized\r\nServer: Microsoft-IIS/10.0\r\nWWW-Authenticate: {scheme}\r\nWWW-Authenticate: NTLM\r\n\
            Connection: close\r\nContent-Length: 0\r\n\r\n").leak();
        let looked = look(Server::start(answer.as_bytes(), Duration::ZERO).target()).await;
        check(&looked, Stage::WinRm, code::NOT_WINRM);
        assert!(text(&looked).contains("Microsoft-IIS/10.0"), "{}", text(&looked));
    }
}

#[tokio::test]
async fn an_answer_that_began_is_not_called_no_answer() {
    let begun = Server::start(b"HTTP/1.1 401 \r\nWWW-Auth", Duration::ZERO);
    let mute = Server::start(b"", Duration::ZERO);
    let mut seen = look_at_all(vec![begun.target(), mute.target()]);
    let mut done = 0;
    while let Some(seen) = seen.recv().await {
        let Seen::Done(looked) = seen else { continue };
        done += 1;
        if looked.address.port == begun.port {
            check(&looked, Stage::WinRm, code::SILENT_PORT);
            assert!(text(&looked).contains("an answer began and did not end within 10 s"), "{}", text(&looked));
        } else {
            check(&looked, Stage::WinRm, code::SILENT_PORT);
            assert!(text(&looked).contains("nothing came"), "{}", text(&looked));
        }
    }
    assert_eq!(done, 2);
}

#[tokio::test]
async fn a_tls_port_is_recognised() {
    let server = ArmServer::start(Behaviour::default());
    let port: u16 = server.url().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    check(&look(target(port, None)).await, Stage::WinRm, code::TLS_PORT);
}

#[tokio::test]
async fn the_address_of_a_portal_is_recognised() {
    // By its name, without any packet.
    let named = Target::of(Address { host: "adminportal.east.cloud.contoso.example".into(), port: 5985 });
    check(&look(named).await, Stage::Name, code::PORTAL_ADDRESS);
    // By what answers beside the closed port; nothing is sent there.
    let portal = Server::start(b"", Duration::ZERO);
    let looked = look(target(closed_port(), Some(portal.port))).await;
    check(&looked, Stage::Port, code::PORTAL_ADDRESS);
    assert_eq!(portal.requests.lock().unwrap().len(), 0);
    // A closed port without a portal is a closed port.
    check(&look(target(closed_port(), Some(closed_port()))).await, Stage::Port, code::PORT_CLOSED);
    // A healthy instance is not asked for a portal.
    let (healthy, portal) = (Server::start(WINRM.as_bytes(), Duration::ZERO), Server::start(b"", Duration::ZERO));
    assert!(look(target(healthy.port, Some(portal.port))).await.is_healthy());
    assert_eq!(portal.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn stages_are_told_as_they_are_passed() {
    let mute = Server::start(b"", Duration::ZERO);
    let mut seen = look_at_all(vec![mute.target(), target(closed_port(), None)]);
    let (mut of_mute, mut of_closed) = (Vec::new(), Vec::new());
    while of_mute.len() < 2 || of_closed.len() < 3 {
        match seen.recv().await.expect("both are looked at") {
            Seen::Passed(address, stage) if address.port == mute.port => of_mute.push(Some(stage)),
            Seen::Passed(_, stage) => of_closed.push(Some(stage)),
            Seen::Done(looked) => {
                check(&looked, Stage::Port, code::PORT_CLOSED);
                of_closed.push(None);
            }
        }
    }
    // Of the mute one more is not known yet.
    assert_eq!(of_mute, [Some(Stage::Name), Some(Stage::Port)]);
    assert_eq!(of_closed, [Some(Stage::Name), Some(Stage::Route), None]);
}

/// From the page's question to the page's answer: the app adds no round trip to those of the endpoint.
#[tokio::test]
async fn the_page_sees_the_first_healthy_instance_after_one_round_trip() {
    let delay = Duration::from_secs(1);
    let healthy = Server::start(WINRM.as_bytes(), delay);
    let mute = Server::start(b"", Duration::ZERO);
    let mut page = tests::page::Page::open();
    let address = |port: u16| serde_json::json!({ "host": "127.0.0.1", "port": port, "label": "x" });
    let started = Instant::now();
    let addresses = [address(mute.port), address(healthy.port), address(healthy.port)];
    page.ask("endpoint_probe", serde_json::json!({ "stampId": "mine", "addresses": addresses })).await;
    let usable = page.event("probe", |update| update["usable"] == true).await;
    let took = started.elapsed();
    assert!(took >= delay && took < delay * 2, "the handshake and one round trip, and it took {took:?}");
    assert_eq!(usable["port"], healthy.port);
    let counts = (healthy.connections.load(Ordering::SeqCst), healthy.requests.lock().unwrap().len());
    assert_eq!(counts, (1, 1), "one connection, one request, though it was asked for twice");
    // Nobody waits for the mute one any more.
    page.ask("endpoint_probe_cancel", serde_json::json!({})).await;
    let given_up = page.event("probe", |update| update["port"] == mute.port && update["done"] == true).await;
    assert_eq!((&given_up["usable"], &given_up["fault"]), (&false.into(), &serde_json::Value::Null));
}
