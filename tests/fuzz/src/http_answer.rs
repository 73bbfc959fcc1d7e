//! P-01: any bytes as what an endpoint writes on its connection.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use winrm::{Exchange, ExchangeError, Patience};

/// The limit of one body in bytes: small, so that inputs reach it.
const MAX_BODY: usize = 4096;

/// One input.
pub fn run(data: &[u8]) {
    let Some((&first, bytes)) = data.split_first() else { return };
    runtime().block_on(async {
        let (ours, theirs) = tokio::io::duplex(64);
        let server = tokio::spawn(write(theirs, bytes.to_vec(), first));
        let mut exchange = winrm::exchange_over(ours, MAX_BODY).await.expect("a fresh connection");
        let mut over = None;
        // The second and third request may meet what was left over of the answer before.
        for _ in 0..3 {
            let day = Duration::from_secs(24 * 3600);
            let answer = tokio::time::timeout(day, send(exchange.as_mut())).await.expect("silence has an end");
            match answer {
                Ok(answer) => {
                    assert!(over.is_none(), "a connection that was over went on");
                    assert!(answer.body().len() <= MAX_BODY);
                    assert!(answer.headers().len() <= 64);
                    assert!(!answer.headers().contains_key("content-encoding"));
                }
                Err(error) => over = Some(error),
            }
        }
        let refused = matches!(over, Some(ExchangeError::Unacceptable(_)));
        assert!(!refused || bytes.len() > 4, "nothing was refused that was not there");
        server.abort();
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
}

/// The endpoint: reads nothing of interest, and writes its bytes in pieces, with pauses.
async fn write(stream: tokio::io::DuplexStream, bytes: Vec<u8>, how: u8) {
    let (mut from, mut to) = tokio::io::split(stream);
    let reading = async {
        let mut room = [0; 256];
        while from.read(&mut room).await.is_ok_and(|count| count > 0) {}
    };
    let writing = async {
        for piece in bytes.chunks(usize::from(how & 0x3f) + 1) {
            if how & 0x40 != 0 {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
            if to.write_all(piece).await.is_err() {
                return;
            }
        }
        // Then it is silent, or hangs up.
        if how & 0x80 != 0 {
            let _ = to.shutdown().await;
        }
    };
    tokio::join!(reading, writing);
}

async fn send(exchange: &mut dyn Exchange) -> Result<http::Response<Bytes>, ExchangeError> {
    let mut request = http::Request::post("/wsman")
        .header("host", "192.0.2.1:5985")
        .header("content-length", "4")
        .body(Bytes::from_static(b"body"))
        .expect("a request");
    request.extensions_mut().insert(Patience::default());
    exchange.send(request).await
}
