//! Messages written by hand, so that the crate's own writers are not their own judges.

#![allow(dead_code, reason = "each test file takes what it needs")]

use spnego::*;

pub(crate) const SECOND: u64 = 10_000_000;
pub(crate) const NOW: u64 = 13_300_000_000 * SECOND;
/// What a challenge must have, and NTLM itself.
pub(crate) const FLAGS: u32 = 0x0000_0001 | 0x10 | 0x20 | 0x200 | 0x0008_0000 | 0x0080_0000 | 0x2000_0000 | 0x4000_0000;
pub(crate) const NTLM: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
pub(crate) const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub(crate) fn client(raw_ntlm: bool) -> NtlmClient {
    bound(raw_ntlm, None)
}

pub(crate) fn bound(raw_ntlm: bool, channel_bindings: Option<[u8; 16]>) -> NtlmClient {
    NtlmClient::new(ClientOptions { target_name: "HTTP/192.0.2.1".into(), channel_bindings, raw_ntlm })
}

pub(crate) fn server() -> NtlmServer {
    NtlmServer::new(ServerOptions {
        netbios_computer: "CW-ERCS01".into(),
        netbios_domain: "CONTOSO".into(),
        dns_computer: "cw-ercs01.contoso.example".into(),
        dns_domain: "contoso.example".into(),
        withheld_flags: 0,
    })
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new(r"CONTOSO\CloudAdmin", secret("pass"))
}

pub(crate) fn random(seed: u8) -> Randomness {
    Randomness { client_challenge: [seed; 8], session_key: [!seed; 16] }
}

/// The server's step with the right password.
pub(crate) fn accept(server: &mut NtlmServer, token: &[u8]) -> Result<ServerAnswer, Error> {
    server.accept(token, [3; 8], FileTime(NOW), |_, _| Some(secret("pass")))
}

pub(crate) fn challenge_of(server: &mut NtlmServer, token: &[u8]) -> Vec<u8> {
    match accept(server, token).unwrap() {
        ServerAnswer::Challenge(token) => token,
        ServerAnswer::Accepted(..) => panic!("a challenge comes first"),
    }
}

pub(crate) fn accepted_by(server: &mut NtlmServer, token: &[u8]) -> (Box<Accepted>, Option<Vec<u8>>) {
    match accept(server, token).unwrap() {
        ServerAnswer::Accepted(accepted, last) => (accepted, last),
        ServerAnswer::Challenge(_) => panic!("the client is accepted"),
    }
}

/// Pairs with their end mark.
pub(crate) fn pairs(list: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (id, value) in list {
        bytes.extend(id.to_le_bytes());
        bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend(*value);
    }
    bytes.extend([0; 4]);
    bytes
}

/// A bare CHALLENGE message with these flags and this target information, as [MS-NLMP] section 2.2.1.2 draws it.
pub(crate) fn challenge(flags: u32, information: &[u8]) -> Vec<u8> {
    let length = u16::try_from(information.len()).unwrap().to_le_bytes();
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    message.extend([0, 0, 0, 0, 56, 0, 0, 0]);
    message.extend(flags.to_le_bytes());
    message.extend([0x11; 8]);
    message.extend([0; 8]);
    message.extend(length);
    message.extend(length);
    message.extend([56, 0, 0, 0]);
    message.extend([10, 0, 0, 0, 0, 0, 0, 15]);
    message.extend(information);
    message
}

/// A good challenge of a server that says it is `CW-ERCS01` of `CONTOSO`.
pub(crate) fn good_challenge() -> Vec<u8> {
    challenge(FLAGS, &pairs(&[(2, &utf16("CONTOSO")), (1, &utf16("CW-ERCS01")), (7, &NOW.to_le_bytes())]))
}

/// One DER element.
pub(crate) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u32::try_from(content.len()).unwrap() {
        length @ 0..=0x7f => bytes.push(length as u8),
        length @ 0..=0xffff => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
        length => bytes.extend([0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]),
    }
    bytes.extend(content);
    bytes
}

/// A NegTokenResp of these fields, each already an element.
pub(crate) fn response(fields: &[Vec<u8>]) -> Vec<u8> {
    der(0xa1, &der(0x30, &fields.concat()))
}

pub(crate) fn state(value: u8) -> Vec<u8> {
    der(0xa0, &[0x0a, 1, value])
}

pub(crate) fn mechanism(oid: &[u8]) -> Vec<u8> {
    der(0xa1, &der(6, oid))
}

pub(crate) fn token(bytes: &[u8]) -> Vec<u8> {
    der(0xa2, &der(4, bytes))
}

pub(crate) fn mic(bytes: &[u8]) -> Vec<u8> {
    der(0xa3, &der(4, bytes))
}
