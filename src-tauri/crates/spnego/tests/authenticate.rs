//! The AUTHENTICATE message as it goes over the wire. [MS-NLMP] section 2.2.1.3

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::*;
use spnego::*;

fn message(client: &mut NtlmClient, challenge: &[u8], credentials: &Credentials) -> Vec<u8> {
    client.negotiate().unwrap();
    client.challenge(challenge).unwrap();
    client.authenticate(credentials, random(0xaa)).unwrap()
}

/// The payload of the field at this place.
fn field(message: &[u8], at: usize) -> &[u8] {
    let length = usize::from(u16::from_le_bytes(message[at..at + 2].try_into().unwrap()));
    let offset = u32::from_le_bytes(message[at + 4..at + 8].try_into().unwrap()) as usize;
    assert!(offset >= 88, "the payload starts after the MIC");
    &message[offset..offset + length]
}

/// The pairs of a response: from byte 44, up to the end mark, with four zeros after it.
fn response_pairs(response: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut rest = &response[44..];
    let mut list = Vec::new();
    loop {
        let id = u16::from_le_bytes(rest[..2].try_into().unwrap());
        let length = usize::from(u16::from_le_bytes(rest[2..4].try_into().unwrap()));
        let value = &rest[4..4 + length];
        rest = &rest[4 + length..];
        if id == 0 {
            assert_eq!((length, rest), (0, [0; 4].as_slice()));
            return list;
        }
        list.push((id, value.to_vec()));
    }
}

#[test]
fn the_response_is_ntlmv2_with_the_servers_time_and_no_lm_response() {
    let message = message(&mut client(true), &good_challenge(), &credentials());
    assert_eq!(&message[..12], b"NTLMSSP\0\x03\0\0\0");
    assert_eq!(field(&message, 12), [0; 24], "LM (S-04)");
    let nt = field(&message, 20);
    assert_eq!(&nt[16..24], [1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(&nt[24..32], NOW.to_le_bytes());
    assert_eq!(&nt[32..44], [&[0xaa; 8][..], &[0; 4]].concat());
    assert_eq!(field(&message, 28), utf16("CONTOSO"));
    assert_eq!(field(&message, 36), utf16("CloudAdmin"));
    assert_eq!(field(&message, 44), b"", "our own name is nobody's business");
    assert_eq!(field(&message, 52).len(), 16);
    assert_ne!(field(&message, 52), [!0xaa; 16], "the session key is encrypted");
    let flags = u32::from_le_bytes(message[60..64].try_into().unwrap());
    assert_eq!(flags, FLAGS, "nothing that was not offered");
    assert_ne!(&message[72..88], [0; 16], "the MIC");
}

#[test]
fn the_response_names_the_service_the_mic_and_the_channel() {
    let mut sent = message(&mut client(true), &good_challenge(), &credentials());
    let list = response_pairs(field(&sent, 20));
    let ids: Vec<u16> = list.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [2, 1, 7, 6, 9, 10], "the server's own, in its order, then ours");
    assert_eq!(list[3].1, 2_u32.to_le_bytes());
    assert_eq!(list[4].1, utf16("HTTP/192.0.2.1"), "S-05");
    assert_eq!(list[5].1, [0; 16], "no TLS");

    // With pairs of the same ids from the server: its flags stay, its other claims are replaced.
    let claims = pairs(&[(9, b"x\0"), (6, &[1, 0, 0, 0]), (10, &[9; 16]), (7, &NOW.to_le_bytes())]);
    sent = message(&mut bound(true, Some([5; 16])), &challenge(FLAGS, &claims), &credentials());
    let list = response_pairs(field(&sent, 20));
    assert_eq!(list.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [9, 6, 10, 7]);
    assert_eq!(list[0].1, utf16("HTTP/192.0.2.1"));
    assert_eq!(list[1].1, 3_u32.to_le_bytes());
    assert_eq!(list[2].1, [5; 16], "S-10");
}

#[test]
fn a_principal_name_travels_as_the_user_without_a_domain() {
    let account = Credentials::new("cloudadmin@contoso.example", secret("pass"));
    let message = message(&mut client(true), &good_challenge(), &account);
    assert_eq!(field(&message, 28), b"");
    assert_eq!(field(&message, 36), utf16("cloudadmin@contoso.example"));
}

#[test]
fn account_names_too_long_for_a_field_are_refused() {
    for account in ["u".repeat(40_000), format!("{}\\u", "d".repeat(40_000))] {
        let mut client = client(true);
        client.negotiate().unwrap();
        client.challenge(&good_challenge()).unwrap();
        let account = Credentials::new(&account, secret("pass"));
        assert!(matches!(client.authenticate(&account, random(1)), Err(Error::Malformed(_))));
        assert!(client.finish(None).is_err());
    }
}

#[test]
fn an_empty_password_signs_in_where_it_is_the_password() {
    for (given, right) in [("", true), ("x", false)] {
        let (mut client, mut server) = (client(false), server());
        let token = challenge_of(&mut server, &client.negotiate().unwrap());
        client.challenge(&token).unwrap();
        let token = client.authenticate(&Credentials::new(r"C\u", secret(given)), random(1)).unwrap();
        let answer = server.accept(&token, [0; 8], FileTime(NOW), |_, _| Some(secret("")));
        assert_eq!(answer.is_ok(), right);
    }
}

#[test]
fn two_sign_ins_to_the_same_challenge_share_no_bytes_that_matter() {
    let mut responses = Vec::new();
    for seed in [1, 2] {
        let mut client = client(true);
        client.negotiate().unwrap();
        client.challenge(&good_challenge()).unwrap();
        let sent = client.authenticate(&credentials(), random(seed)).unwrap();
        responses.push((field(&sent, 20)[..16].to_vec(), field(&sent, 52).to_vec(), sent[72..88].to_vec()));
    }
    let (first, second) = (&responses[0], &responses[1]);
    assert!(first.0 != second.0 && first.1 != second.1 && first.2 != second.2);
}
