//! Who may sign in to the practice PEP.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use practice::{PracticeOptions, PracticePep, Scenario};
use spnego::{ClientOptions, Credentials, NtlmClient, Randomness};

fn request(host: &str, token: &[u8]) -> Request<Bytes> {
    let authorization = format!("Negotiate {}", STANDARD.encode(token));
    let request = Request::post("/wsman").header("Host", host).header("Authorization", authorization);
    request.body(Bytes::new()).unwrap()
}

fn token(response: &Response<Bytes>) -> Vec<u8> {
    let header = response.headers()["WWW-Authenticate"].to_str().unwrap();
    STANDARD.decode(header.strip_prefix("Negotiate ").unwrap()).unwrap()
}

async fn sign_in(host: &str, service: &str) -> StatusCode {
    let scenario = Scenario::built_in("healthy").unwrap();
    let pep = PracticePep::new(PracticeOptions { scenario, speed: 1000.0, instance: 1 });
    let mut connection = pep.connection();
    let mut client =
        NtlmClient::new(ClientOptions { target_name: service.to_owned(), channel_bindings: None, raw_ntlm: false });
    let negotiate = client.negotiate().unwrap();
    let challenge = connection.exchange(request(host, &negotiate)).await;
    client.challenge(&token(&challenge)).unwrap();
    let random = Randomness { client_challenge: [1; 8], session_key: [2; 16] };
    let credentials = Credentials::new(PracticePep::ACCOUNT, pep.password());
    let answer = client.authenticate(&credentials, random).unwrap();
    connection.exchange(request(host, &answer)).await.status()
}

#[tokio::test]
async fn s05_a_response_that_was_made_for_another_service_is_refused() {
    for (host, service, status) in [
        ("10.0.0.1:5985", "HTTP/10.0.0.1", StatusCode::OK),
        ("ercs01.azs.local", "http/ERCS01.azs.local", StatusCode::OK),
        ("[fd00::1]:5985", "HTTP/fd00::1", StatusCode::OK),
        ("10.0.0.1:5985", "WSMAN/10.0.0.1", StatusCode::OK),
        ("10.0.0.1:5985", "HTTP/10.0.0.2", StatusCode::UNAUTHORIZED),
        ("10.0.0.1:5985", "CIFS/10.0.0.1", StatusCode::UNAUTHORIZED),
        ("10.0.0.1:5985", "10.0.0.1", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(sign_in(host, service).await, status, "{service} at {host}");
    }
}
