//! The SPNEGO envelope on both legs. [MS-SPNG], RFC 4178

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::*;
use spnego::*;

fn first_leg(answer: &[u8]) -> Result<ServerIdentity, Error> {
    let mut client = client(false);
    client.negotiate().unwrap();
    client.challenge(answer)
}

/// A client that waits for its last token, and the server's real one.
fn before_the_last() -> (NtlmClient, Vec<u8>, Vec<u8>) {
    let (mut client, mut server) = (client(false), server());
    let token = challenge_of(&mut server, &client.negotiate().unwrap());
    client.challenge(&token).unwrap();
    let sent = client.authenticate(&credentials(), random(1)).unwrap();
    let last = accepted_by(&mut server, &sent).1.unwrap();
    (client, last, sent)
}

/// Makes a token of the server's last one and of our own.
type Tamper = fn(&[u8], &[u8]) -> Vec<u8>;

/// The signature of a token that ends with it.
fn signature(token: &[u8]) -> &[u8] {
    &token[token.len() - 16..]
}

#[test]
fn the_first_token_offers_ntlm_alone() {
    let token = client(false).negotiate().unwrap();
    let bare = client(true).negotiate().unwrap();
    assert!(bare.starts_with(b"NTLMSSP\0\x01\0\0\0"));
    let list = der(0x30, &der(6, NTLM));
    let init = der(0x30, &[der(0xa0, &list), der(0xa2, &der(4, &bare))].concat());
    assert_eq!(token, der(0x60, &[der(6, &[0x2b, 6, 1, 5, 5, 2]), der(0xa0, &init)].concat()));
}

#[test]
fn the_second_token_carries_the_message_and_our_signature() {
    let (_, last, sent) = before_the_last();
    let message_length = sent.len() - 16 - 4 - 4 - 4 - 4 - 4;
    assert!(sent.ends_with(&mic(signature(&sent))));
    assert!(message_length > 88);
    assert_eq!(&signature(&sent)[12..], [0; 4], "number 0");
    assert_eq!(last, response(&[state(0), mic(signature(&last))]));
    assert_eq!(last.len(), 2 + 2 + 5 + 4 + 16, "29 bytes, as a Windows server sends");
}

#[test]
fn p04_a_token_has_at_most_64_kib() {
    // The rest is a signature that nobody looks at in this step.
    let of_size = |size: usize| {
        let message = good_challenge();
        let answer = |length: usize| response(&[state(1), mechanism(NTLM), token(&message), mic(&vec![0; length])]);
        let around = answer(60_000).len() - 60_000;
        let answer = answer(size - around);
        assert_eq!(answer.len(), size);
        answer
    };
    assert!(first_leg(&of_size(65_535)).is_ok());
    assert!(first_leg(&of_size(65_536)).is_ok());
    assert_eq!(first_leg(&of_size(65_537)).err(), Some(Error::Malformed("SPNEGO token")));
}

#[test]
fn the_first_answer_may_ask_for_a_signature_or_leave_the_mechanism_out() {
    let message = good_challenge();
    for answer in [
        response(&[state(1), mechanism(NTLM), token(&message)]),
        response(&[state(3), mechanism(NTLM), token(&message)]),
        response(&[state(1), token(&message)]),
        response(&[token(&message)]),
        response(&[state(1), mechanism(NTLM), token(&message), der(0xa4, &[5, 0])]),
    ] {
        assert!(first_leg(&answer).is_ok(), "{answer:02x?}");
    }
}

#[test]
fn a_refusal_or_another_mechanism_in_the_first_answer_is_an_error() {
    let message = good_challenge();
    assert_eq!(first_leg(&response(&[state(2)])), Err(Error::Rejected));
    assert_eq!(first_leg(&response(&[state(2), mechanism(NTLM), token(&message)])), Err(Error::Rejected));
    assert_eq!(first_leg(&response(&[state(1), mechanism(KERBEROS), token(&message)])), Err(Error::Rejected));
    let malformed = Err(Error::Malformed("SPNEGO token"));
    assert_eq!(first_leg(&response(&[state(1), mechanism(NTLM)])), malformed, "no message");
    assert_eq!(first_leg(&response(&[state(0), mechanism(NTLM), token(&message)])), malformed, "complete already");
}

#[test]
fn a7_bad_der_is_refused() {
    let message = good_challenge();
    let good = response(&[state(1), token(&message)]);
    let malformed = Err(Error::Malformed("SPNEGO token"));
    let bad = [
        response(&[token(&message), state(1)]),
        response(&[state(1), token(&message), token(&message)]),
        response(&[state(1), state(1), token(&message)]),
        response(&[state(4), token(&message)]),
        response(&[der(0xa0, &[0x0a, 2, 0, 1]), token(&message)]),
        response(&[der(0xa0, &[2, 1, 1]), token(&message)]),
        response(&[state(1), der(0xa2, &der(0x24, &der(4, &message)))]),
        response(&[state(1), der(0x82, &message)]),
        response(&[state(1), der(0xa2, &[der(4, &message), vec![5, 0]].concat())]),
        [good.clone(), vec![0]].concat(),
        [vec![0xa1, 0x80], good[4..].to_vec(), vec![0, 0]].concat(),
        vec![0xa1, 0x88, 0, 0, 0, 0, 0, 0, 0, 2, 0x30, 0],
        vec![0xa1, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30, 0],
        der(0x60, &good),
        vec![],
    ];
    assert!(first_leg(&good).is_ok());
    for token in bad {
        assert_eq!(first_leg(&token), malformed, "{token:02x?}");
    }
    let (state, token) = (state(1), token(&message));
    let filler = 65_535 - 4 - 4 - state.len() - token.len();
    let long = |size: usize| response(&[state.clone(), token.clone(), der(0xa4, &vec![0; size])]);
    assert!(first_leg(&long(filler - 3)).is_ok());
    assert_eq!(long(filler - 2).len(), 65_537);
    assert_eq!(first_leg(&long(filler - 2)), malformed, "longer than 64 KiB");
}

#[test]
fn the_last_answer_may_leave_its_state_out_but_never_the_signature() {
    let (mut client, last, _) = before_the_last();
    assert!(client.finish(Some(&response(&[mic(signature(&last))]))).is_ok());
    let (mut client, last, _) = before_the_last();
    assert!(client.finish(Some(&response(&[state(0), mechanism(NTLM), mic(signature(&last))]))).is_ok());
}

#[test]
fn a13_a_last_answer_without_the_servers_own_signature_ends_the_sign_in() {
    let tampered: [Tamper; 8] = [
        |_, _| response(&[state(0)]),
        |_, _| response(&[state(0), mic(&[])]),
        |_, _| response(&[state(0), mic(&[0; 16])]),
        |last, _| response(&[state(0), mic(&signature(last)[..15])]),
        |last, _| response(&[state(1), mic(signature(last))]),
        |last, _| response(&[state(3), mic(signature(last))]),
        |last, _| response(&[state(0), mechanism(KERBEROS), mic(signature(last))]),
        // Our own signature, sent back.
        |_, sent| response(&[state(0), mic(signature(sent))]),
    ];
    for (number, make) in tampered.iter().enumerate() {
        let (mut client, last, sent) = before_the_last();
        assert!(matches!(client.finish(Some(&make(&last, &sent))), Err(Error::NotProved(_))), "{number}");
        assert_eq!(client.finish(Some(&last)).err(), Some(Error::OutOfOrder), "there is no second try");
    }
    let (mut client, ..) = before_the_last();
    assert_eq!(client.finish(Some(&response(&[state(2)]))).err(), Some(Error::Rejected));
}

#[test]
fn a13_every_flipped_bit_of_the_last_answer_is_noticed() {
    let bits = before_the_last().1.len() * 8;
    for bit in 0..bits {
        let (mut client, mut last, _) = before_the_last();
        last[bit / 8] ^= 1 << (bit % 8);
        assert!(client.finish(Some(&last)).is_err(), "bit {bit}");
    }
}
