//! Any bytes as a bare CHALLENGE message, as its target information, and as an AUTHENTICATE message.

use spnego::{
    ClientOptions, Credentials, Error, FileTime, NtlmClient, NtlmServer, Randomness, Secret, ServerAnswer,
    ServerOptions,
};

/// What a challenge must have.
const FLAGS: u32 = 0x0000_0031 | 0x0088_0000 | 0x6000_0000;

fn secret(_: &str, _: &str) -> Option<Secret> {
    Some(Secret::from("pass".to_owned()))
}

/// A challenge that is read is either answered in full or refused before the password is used.
fn challenge(message: &[u8]) {
    let options = ClientOptions { target_name: "HTTP/192.0.2.1".into(), channel_bindings: None, raw_ntlm: true };
    let mut client = NtlmClient::new(options);
    client.negotiate().expect("the first step");
    let read = client.challenge(message);
    let random = Randomness { client_challenge: [1; 8], session_key: [2; 16] };
    let credentials = Credentials::new(r"CONTOSO\CloudAdmin", Secret::from("pass".to_owned()));
    let answer = client.authenticate(&credentials, random);
    match read {
        Ok(_) => {
            let answer = answer.expect("what was read can be answered");
            let response = u16::from_le_bytes([answer[20], answer[21]]);
            assert_eq!(answer.len(), 88 + 24 + usize::from(response) + 14 + 20 + 16);
            assert!(client.finish(None).is_ok());
        }
        Err(_) => assert_eq!(answer, Err(Error::OutOfOrder)),
    }
}

/// One input.
pub fn run(data: &[u8]) {
    challenge(data);

    let information = &data[..data.len().min(0xffff)];
    let length = u16::try_from(information.len()).expect("cut above").to_le_bytes();
    let mut message = b"NTLMSSP\0\x02\0\0\0\0\0\0\0\x38\0\0\0".to_vec();
    message.extend(FLAGS.to_le_bytes());
    message.extend([7; 16]);
    message.extend([length, length].concat());
    message.extend([56, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 15]);
    message.extend(information);
    challenge(&message);

    let mut server = NtlmServer::new(ServerOptions {
        netbios_computer: "CW-ERCS01".into(),
        netbios_domain: "CONTOSO".into(),
        dns_computer: "cw-ercs01.contoso.example".into(),
        dns_domain: "contoso.example".into(),
        withheld_flags: 0,
    });
    let mut negotiate = b"NTLMSSP\0\x01\0\0\0".to_vec();
    negotiate.extend(FLAGS.to_le_bytes());
    let now = FileTime::from_unix(1_700_000_000, 0);
    assert!(matches!(server.accept(&negotiate, [3; 8], now, secret), Ok(ServerAnswer::Challenge(_))));
    assert!(server.accept(data, [0; 8], now, secret).is_err(), "a MIC is not guessed");
}
