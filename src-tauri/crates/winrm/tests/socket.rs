//! The exchange over a real socket, on a fake clock: how long silence may last, and how large an answer may be (P-01).
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use winrm::{Connector, ExchangeError, SocketConnector};

const SECOND: Duration = Duration::from_secs(1);

/// A server that says this, each piece after its pause, and then waits for the other side to go.
async fn ask(limit: Option<usize>, pieces: Vec<(Duration, Vec<u8>)>) -> Result<Response<Bytes>, ExchangeError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        for (pause, piece) in pieces {
            sleep(pause).await;
            if stream.write_all(&piece).await.is_err() {
                return;
            }
        }
        let _ = stream.read(&mut [0; 16]).await;
    });
    let connector = SocketConnector::new("127.0.0.1", port);
    let connector = match limit {
        Some(limit) => connector.max_body(limit),
        None => connector,
    };
    let mut exchange = connector.connect().await.unwrap();
    let request = Request::post("/wsman").header("Host", "x").header("Content-Length", "0").body(Bytes::new()).unwrap();
    let answer = exchange.send(request).await;
    drop(exchange);
    server.abort();
    answer
}

/// The same text in pieces of two bytes, each after this pause.
fn drip(text: &[u8], pause: Duration) -> Vec<(Duration, Vec<u8>)> {
    text.chunks(2).map(|piece| (pause, piece.to_vec())).collect()
}

fn with_length(body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    text.extend_from_slice(body);
    text
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.chunks(size) {
        text.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        text.extend_from_slice(piece);
        text.extend(b"\r\n");
    }
    text.extend(b"0\r\n\r\n");
    text
}

fn at_once(text: Vec<u8>) -> Vec<(Duration, Vec<u8>)> {
    vec![(Duration::ZERO, text)]
}

fn unacceptable(answer: Result<Response<Bytes>, ExchangeError>) -> String {
    match answer {
        Err(ExchangeError::Unacceptable(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn b7_a_slow_line_is_not_cut_off_as_long_as_bytes_come() {
    let body = b"a line that drips for longer than any limit on the whole of it would allow".repeat(3);
    for text in [with_length(&body), chunked(&body, 10)] {
        let begin = Instant::now();
        let answer = ask(None, drip(&text, 29 * SECOND)).await.unwrap();
        assert_eq!(answer.into_body(), body);
        assert!(begin.elapsed() > 3_000 * SECOND, "{:?}", begin.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn b7_silence_between_two_bytes_ends_after_thirty_seconds() {
    let text = with_length(b"answer");
    for at in [1, 20, text.len() - 3] {
        let pieces = |pause| vec![(Duration::ZERO, text[..at].to_vec()), (pause, text[at..].to_vec())];
        assert!(ask(None, pieces(29 * SECOND)).await.is_ok(), "at {at}");
        let begin = Instant::now();
        let silent = ask(None, pieces(70 * SECOND)).await;
        assert_eq!(silent.err(), Some(ExchangeError::Silent(30 * SECOND)), "at {at}");
        assert!(begin.elapsed() <= 81 * SECOND, "at {at}: {:?}", begin.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn b7_the_first_byte_may_take_the_operation_timeout_and_thirty_seconds() {
    assert!(ask(None, vec![(49 * SECOND, with_length(b"late"))]).await.is_ok());
    let silent = ask(None, vec![(51 * SECOND, with_length(b"too late"))]).await;
    assert_eq!(silent.err(), Some(ExchangeError::Silent(50 * SECOND)));
}

#[tokio::test]
async fn p01_the_size_of_a_body_is_limited_one_below_and_one_above() {
    for (size, accepted) in [(0, true), (999, true), (1_000, true), (1_001, false), (5_000, false)] {
        let body = vec![b'x'; size];
        for (form, text) in
            [("length", with_length(&body)), ("chunks", chunked(&body, 100)), ("one chunk", chunked(&body, 9_999))]
        {
            let answer = ask(Some(1_000), at_once(text)).await;
            if accepted {
                assert_eq!(answer.unwrap().into_body(), body, "{size} by {form}");
            } else {
                assert_eq!(unacceptable(answer), "a body of more than 1000 bytes", "{size} by {form}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p01_an_announced_size_beyond_the_limit_is_refused_before_anything_is_read() {
    for length in [SocketConnector::MAX_BODY + 1, 1 << 40, usize::MAX / 2] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        let begin = Instant::now();
        let what = unacceptable(ask(None, at_once(head)).await);
        assert!(what.contains("16777216"), "{what}");
        assert!(begin.elapsed() < SECOND, "nothing is waited for");
    }
}

#[tokio::test]
async fn p01_the_number_of_headers_is_limited_one_below_and_one_above() {
    // One of them is the length.
    for (count, accepted) in [(63, true), (64, true), (65, false), (1_000, false)] {
        let more: String = (1..count).map(|number| format!("X-{number}: y\r\n")).collect();
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{more}\r\nok").into_bytes();
        let answer = ask(None, at_once(text)).await;
        assert_eq!(answer.is_ok(), accepted, "{count} headers: {answer:?}");
        if !accepted {
            unacceptable(answer);
        }
    }
}

#[tokio::test]
async fn p01_the_size_of_the_head_is_limited() {
    const LIMIT: usize = 32 * 1024;
    for (size, accepted) in [(LIMIT, true), (LIMIT + 1, false), (LIMIT * 4, false), (LIMIT * 100, false)] {
        let (before, after) = ("Content-Length: 2\r\nX-Long: ", "\r\n");
        let long = "y".repeat(size - before.len() - after.len());
        let head = format!("HTTP/1.1 200 OK\r\n{before}{long}{after}\r\n").into_bytes();
        // The body comes apart, so that only the head counts.
        let answer = ask(None, vec![(Duration::ZERO, head), (Duration::from_millis(50), b"ok".to_vec())]).await;
        assert_eq!(answer.is_ok(), accepted, "{size} bytes");
        if !accepted {
            unacceptable(answer);
        }
    }
}

#[tokio::test]
async fn p01_compressed_bodies_and_what_is_no_http_are_refused() {
    for encoding in ["gzip", "deflate", "xpress", "br"] {
        let text = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 2\r\n\r\nok");
        assert!(unacceptable(ask(None, at_once(text.into_bytes())).await).contains("compressed"), "{encoding}");
    }
    for text in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\x16\x03\x01\x02\x00",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\n spaces: y\r\n\r\n",
    ] {
        let answer = ask(None, at_once(text.as_bytes().to_vec())).await;
        assert!(matches!(answer, Err(ExchangeError::Unacceptable(_))), "{text:?}: {answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn b9_a_body_that_ends_too_early_is_a_lost_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        for text in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            b"HTTP/1.1 2",
            b"",
        ] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4_096]).await;
            stream.write_all(text).await.unwrap();
        }
    });
    for at in 0..4 {
        let mut exchange = SocketConnector::new("127.0.0.1", port).connect().await.unwrap();
        let request =
            Request::post("/wsman").header("Host", "x").header("Content-Length", "0").body(Bytes::new()).unwrap();
        let answer = exchange.send(request).await;
        assert!(matches!(answer, Err(ExchangeError::Lost(_))), "{at}: {answer:?}");
    }
}
