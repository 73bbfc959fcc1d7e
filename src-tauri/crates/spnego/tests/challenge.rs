//! What a client makes of a CHALLENGE message, and that nothing made of the password follows a bad one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::*;
use spnego::*;

/// Gives a bare message to a client; after a refusal there must be no way to an AUTHENTICATE message.
fn read(message: &[u8]) -> Result<ServerIdentity, Error> {
    let mut client = client(true);
    client.negotiate().unwrap();
    let result = client.challenge(message);
    assert_eq!(client.authenticate(&credentials(), random(1)).is_ok(), result.is_ok());
    result
}

fn with(information: &[u8]) -> Result<ServerIdentity, Error> {
    read(&challenge(FLAGS, information))
}

const TARGET: Error = Error::Malformed("target information");
const MESSAGE: Error = Error::Malformed("CHALLENGE message");

#[test]
fn a7_every_truncated_challenge_is_refused() {
    let message = good_challenge();
    assert!(read(&message).is_ok());
    for length in 0..message.len() {
        assert!(matches!(read(&message[..length]), Err(Error::Malformed(_))), "{length}");
    }
    let wrapped = response(&[state(1), mechanism(NTLM), token(&message)]);
    for length in 0..wrapped.len() {
        let mut client = client(false);
        client.negotiate().unwrap();
        assert!(client.challenge(&wrapped[..length]).is_err(), "{length}");
        assert_eq!(client.authenticate(&credentials(), random(1)).err(), Some(Error::OutOfOrder));
    }
}

#[test]
fn a7_pairs_that_overrun_repeat_or_do_not_end_are_refused() {
    let time = NOW.to_le_bytes();
    let good = pairs(&[(7, &time)]);
    let mut overrun = good.clone();
    overrun[2] = 200;
    assert_eq!(with(&overrun), Err(TARGET));
    assert_eq!(with(&good[..good.len() - 4]), Err(TARGET), "no end mark");
    assert_eq!(with(&good[..good.len() - 1]), Err(TARGET), "half an end mark");
    assert_eq!(with(&[]), Err(TARGET));
    assert_eq!(with(&pairs(&[(7, &time), (1, b"A\0"), (1, b"A\0")])), Err(TARGET), "an id twice");
    let mut end_with_length = good.clone();
    *end_with_length.last_mut().unwrap() = 1;
    assert_eq!(with(&end_with_length), Err(TARGET));
}

#[test]
fn a7_numbers_of_another_width_are_refused() {
    let time = NOW.to_le_bytes();
    assert_eq!(with(&pairs(&[(7, &time[..7])])), Err(TARGET));
    assert_eq!(with(&pairs(&[(7, &[0; 9])])), Err(TARGET));
    assert_eq!(with(&pairs(&[(7, &time), (6, &[0; 3])])), Err(TARGET));
    assert_eq!(with(&pairs(&[(7, &time), (10, &[0; 15])])), Err(TARGET));
}

#[test]
fn a7_sixty_four_kibibytes_of_pairs_are_refused_before_the_password_is_used() {
    let time = NOW.to_le_bytes();
    let filled = |size: usize| pairs(&[(7, &time), (0x100, &vec![0; size])]);
    // The most that still fits into a response: 16 + 28 + 4 bytes around, 12 + 8 + 4 of our own, what we add to it.
    let ours = 8 + 4 + utf16("HTTP/192.0.2.1").len() + 20;
    let most = 65_535 - 48 - ours - filled(0).len();
    assert!(with(&filled(most)).is_ok());
    assert_eq!(with(&filled(most + 1)), Err(TARGET));
    let full = filled(65_535 - filled(0).len());
    assert_eq!(with(&full), Err(MESSAGE), "the message is longer than 64 KiB");
}

#[test]
fn p04_more_pairs_than_there_are_kinds_are_refused() {
    let time = NOW.to_le_bytes();
    let filled = |count: u16| {
        let others = (0..count - 1).map(|id| (0x100 + id, &[][..]));
        pairs(&others.chain([(7, time.as_slice())]).collect::<Vec<_>>())
    };
    assert!(with(&filled(64)).is_ok());
    assert_eq!(with(&filled(65)), Err(TARGET));
    assert_eq!(with(&filled(16_000)), Err(TARGET));
}

#[test]
fn a7_fields_outside_the_message_or_inside_its_fixed_part_are_refused() {
    let good = good_challenge();
    let length = u32::try_from(good.len()).unwrap();
    for (at, what) in [(44, "target information"), (16, "target name")] {
        for offset in [0, 8, 47, length, length - 1, u32::MAX, u32::MAX - 1] {
            let mut message = good.clone();
            if at == 16 {
                message[12] = 2;
            }
            message[at..at + 4].copy_from_slice(&offset.to_le_bytes());
            assert_eq!(read(&message), Err(MESSAGE), "{what} at {offset}");
        }
    }
}

#[test]
fn a7_another_message_or_signature_is_refused() {
    for (at, value) in [(0, b'n'), (7, 1), (8, 1), (8, 3), (11, 1)] {
        let mut message = good_challenge();
        message[at] = value;
        assert_eq!(read(&message), Err(MESSAGE));
    }
}

#[test]
fn a8_a_challenge_without_its_time_is_refused() {
    assert_eq!(with(&pairs(&[(1, &utf16("A"))])), Err(Error::Unsafe("its time")));
    assert_eq!(with(&pairs(&[])), Err(Error::Unsafe("its time")));
}

#[test]
fn a8_each_required_flag_is_named_when_it_is_missing() {
    for (flag, name) in [
        (0x1, "Unicode"),
        (0x10, "signing"),
        (0x20, "sealing"),
        (0x0008_0000, "extended session security"),
        (0x0080_0000, "target information"),
        (0x2000_0000, "128-bit keys"),
        (0x4000_0000, "key exchange"),
    ] {
        let message = challenge(FLAGS & !flag, &pairs(&[(7, &NOW.to_le_bytes())]));
        assert_eq!(read(&message), Err(Error::Unsafe(name)));
    }
}

#[test]
fn a9_the_names_a_server_claims_are_seen_before_the_password_is_used() {
    let names = ["EVIL01", "EVIL", "evil01.example", "evil.example", "forest.example"];
    let texts: Vec<_> = names.iter().map(|name| utf16(name)).collect();
    let time = NOW.to_le_bytes();
    let list: Vec<(u16, &[u8])> = (1..).zip(texts.iter().map(Vec::as_slice)).chain([(7, time.as_slice())]).collect();
    let identity = with(&pairs(&list)).unwrap();
    let ServerIdentity { netbios_computer, netbios_domain, dns_computer, dns_domain, dns_tree, timestamp } = identity;
    assert_eq!([netbios_computer, netbios_domain, dns_computer, dns_domain, dns_tree], names);
    assert_eq!(timestamp, FileTime(NOW));
}

#[test]
fn names_that_are_no_text_are_refused() {
    let time = NOW.to_le_bytes();
    assert_eq!(with(&pairs(&[(7, &time), (1, b"A")])), Err(TARGET), "half a character");
    assert_eq!(with(&pairs(&[(7, &time), (2, &[0, 0xd8])])), Err(TARGET), "half a surrogate pair");
}

#[test]
fn the_envelope_of_the_challenge_is_the_envelope_we_began_with() {
    let wrapped = response(&[state(1), mechanism(NTLM), token(&good_challenge())]);
    assert!(read(&wrapped).is_err(), "bare NTLM goes on bare");
    let mut client = client(false);
    client.negotiate().unwrap();
    assert!(client.challenge(&good_challenge()).is_err(), "without the envelope its last proof would be missing");
    assert_eq!(client.authenticate(&credentials(), random(1)).err(), Some(Error::OutOfOrder));
}
