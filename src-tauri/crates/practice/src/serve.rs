//! Real HTTP on loopback, for foreign clients.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use crate::PracticePep;

/// The largest body of a request, in bytes: an envelope and its frame.
const LARGEST_BODY: usize = 2 << 20;

/// Serves a practice PEP on a listener, for ever. Only clients on this computer are answered (S-24).
///
/// # Errors
/// When the listener fails.
pub async fn serve(pep: PracticePep, listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (stream, from) = listener.accept().await?;
        if is_local(from) {
            tokio::spawn(connection(pep.clone(), stream));
        }
    }
}

fn is_local(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

async fn connection(pep: PracticePep, stream: TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "A practice connection keeps its delay");
    }
    let connection = Arc::new(Mutex::new(pep.connection()));
    let service = service_fn(move |request: http::Request<Incoming>| {
        let connection = Arc::clone(&connection);
        async move {
            let (head, body) = request.into_parts();
            let response = match Limited::new(body, LARGEST_BODY).collect().await {
                Ok(body) => connection.lock().await.exchange(http::Request::from_parts(head, body.to_bytes())).await,
                Err(_) => {
                    let mut response = http::Response::new(Bytes::new());
                    *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
                    response
                }
            };
            Ok::<_, Infallible>(response.map(Full::new))
        }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "A practice connection ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s24_only_this_computer_is_answered() {
        for (address, local) in [
            ("127.0.0.1:1", true),
            ("127.8.9.10:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("10.0.0.7:1", false),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("[fe80::1]:1", false),
            ("[::ffff:192.0.2.7]:1", false),
        ] {
            assert_eq!(address.parse().map(is_local), Ok(local), "{address}");
        }
    }
}
