//! Any bytes as the envelope of every leg, on both sides.

use spnego::{
    ClientOptions, Credentials, FileTime, NtlmClient, NtlmServer, Randomness, Secret, ServerAnswer, ServerOptions,
};

const NOW: FileTime = FileTime(133_000_000_000_000_000);

fn secret(_: &str, _: &str) -> Option<Secret> {
    Some(Secret::from("pass".to_owned()))
}

fn client() -> NtlmClient {
    NtlmClient::new(ClientOptions { target_name: "HTTP/x".into(), channel_bindings: None, raw_ntlm: false })
}

fn server() -> NtlmServer {
    NtlmServer::new(ServerOptions {
        netbios_computer: "C".into(),
        netbios_domain: "D".into(),
        dns_computer: "c.d".into(),
        dns_domain: "d".into(),
        withheld_flags: 0,
    })
}

/// The challenge of a server for the token of a client.
fn challenge(server: &mut NtlmServer, token: &[u8]) -> Vec<u8> {
    match server.accept(token, [3; 8], NOW, secret) {
        Ok(ServerAnswer::Challenge(token)) => token,
        _ => unreachable!("a challenge comes first"),
    }
}

fn answer(client: &mut NtlmClient) -> Vec<u8> {
    let credentials = Credentials::new(r"D\u", Secret::from("pass".to_owned()));
    let random = Randomness { client_challenge: [1; 8], session_key: [2; 16] };
    client.authenticate(&credentials, random).expect("a challenge that was read can be answered")
}

/// One input.
pub fn run(data: &[u8]) {
    // As the first token; what the server asks for then.
    let mut first = server();
    if first.accept(data, [3; 8], NOW, secret).is_ok() {
        let _ = first.accept(data, [0; 8], NOW, secret);
    }

    // As the challenge.
    let mut reader = client();
    let token = reader.negotiate().expect("the first step");
    if reader.challenge(data).is_ok() {
        answer(&mut reader);
    }

    // As the client's last token, and as the server's. Nobody guesses a signature.
    let (mut ours, mut theirs) = (client(), server());
    let offered = challenge(&mut theirs, &token);
    assert!(theirs.accept(data, [0; 8], NOW, secret).is_err());
    ours.negotiate().expect("the first step");
    ours.challenge(&offered).expect("a good challenge");
    answer(&mut ours);
    assert!(ours.finish(Some(data)).is_err());
}
