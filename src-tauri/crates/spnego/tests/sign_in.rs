//! Both sides against each other; names follow the conformance cases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use spnego::*;

const NOW: FileTime = FileTime(133_000_000_000_000_000);

fn server(withheld_flags: u32) -> NtlmServer {
    NtlmServer::new(ServerOptions {
        netbios_computer: "CW-ERCS01".into(),
        netbios_domain: "CONTOSO".into(),
        dns_computer: "cw-ercs01.contoso.example".into(),
        dns_domain: "contoso.example".into(),
        withheld_flags,
    })
}

fn client(raw_ntlm: bool) -> NtlmClient {
    NtlmClient::new(ClientOptions { target_name: "HTTP/192.0.2.1".into(), channel_bindings: None, raw_ntlm })
}

fn password(_: &str, _: &str) -> Option<Secret> {
    Some(Secret::from("päss😀".to_owned()))
}

fn credentials(password: &str) -> Credentials {
    Credentials::new(r"CONTOSO\CloudAdmin", Secret::from(password.to_owned()))
}

fn random() -> Randomness {
    Randomness { client_challenge: [0xaa; 8], session_key: [0x55; 16] }
}

fn challenge(server: &mut NtlmServer, client: &mut NtlmClient) -> Vec<u8> {
    match server.accept(&client.negotiate().unwrap(), [3; 8], NOW, password).unwrap() {
        ServerAnswer::Challenge(token) => token,
        ServerAnswer::Accepted(..) => panic!("a challenge comes first"),
    }
}

fn sign_in(raw: bool) -> (SealedChannel, SealedChannel) {
    let (mut client, mut server) = (client(raw), server(0));
    let token = challenge(&mut server, &mut client);
    let identity = client.challenge(&token).unwrap();
    assert_eq!((identity.netbios_domain.as_str(), identity.timestamp), ("CONTOSO", NOW));
    let token = client.authenticate(&credentials("päss😀"), random()).unwrap();
    let ServerAnswer::Accepted(accepted, last) = server.accept(&token, [0; 8], NOW, password).unwrap() else {
        panic!("the client is accepted")
    };
    (client.finish(last.as_deref()).unwrap(), accepted.channel)
}

/// The sequence number that a signature carries.
fn number(signature: [u8; SIGNATURE_LENGTH]) -> u32 {
    u32::from_le_bytes(signature[12..].try_into().unwrap())
}

#[test]
fn a1_after_spnego_the_first_sealed_message_has_number_one_in_both_directions() {
    let (mut ours, mut theirs) = sign_in(false);
    let mut text = b"to the server".to_vec();
    let signature = ours.seal(&mut text);
    assert_eq!(number(signature), 1);
    theirs.unseal(&signature, &mut text).unwrap();
    assert_eq!(text, b"to the server");
    let mut text = b"to the client".to_vec();
    let signature = theirs.seal(&mut text);
    assert_eq!(number(signature), 1);
    ours.unseal(&signature, &mut text).unwrap();
    assert_eq!(text, b"to the client");
}

#[test]
fn a2_after_bare_ntlm_the_first_sealed_message_has_number_zero() {
    let (mut ours, mut theirs) = sign_in(true);
    let mut text = b"x".to_vec();
    let signature = ours.seal(&mut text);
    assert_eq!(number(signature), 0);
    theirs.unseal(&signature, &mut text).unwrap();
}

#[test]
fn a4_a_wrong_password_is_refused() {
    let (mut client, mut server) = (client(false), server(0));
    let token = challenge(&mut server, &mut client);
    client.challenge(&token).unwrap();
    let token = client.authenticate(&credentials("wrong"), random()).unwrap();
    assert_eq!(server.accept(&token, [0; 8], NOW, password).err(), Some(Error::LogonFailure));
    assert!(client.challenge(&token).is_err(), "a context cannot be used twice");
}

#[test]
fn a8_every_subset_of_the_required_flags_stops_before_the_password_is_used() {
    let required: [u32; 7] = [0x1, 0x0080_0000, 0x10, 0x20, 0x0008_0000, 0x2000_0000, 0x4000_0000];
    for subset in 1..128_u32 {
        let withheld =
            required.iter().enumerate().filter(|(bit, _)| subset >> bit & 1 == 1).fold(0, |all, (_, flag)| all | flag);
        let (mut client, mut server) = (client(false), server(withheld));
        let token = challenge(&mut server, &mut client);
        assert!(matches!(client.challenge(&token), Err(Error::Unsafe(_))), "{withheld:#x}");
        assert_eq!(client.authenticate(&credentials("x"), random()).err(), Some(Error::OutOfOrder));
    }
}

#[test]
fn a10_a_sign_in_that_was_recorded_and_is_played_back_proves_nothing() {
    for raw in [false, true] {
        // What an eavesdropper has: the challenge, the last token and the first sealed answer.
        let (mut first, mut honest) = (client(raw), server(0));
        let old_challenge = challenge(&mut honest, &mut first);
        first.challenge(&old_challenge).unwrap();
        let token = first.authenticate(&credentials("päss😀"), random()).unwrap();
        let ServerAnswer::Accepted(mut accepted, old_last) = honest.accept(&token, [0; 8], NOW, password).unwrap()
        else {
            panic!("accepted")
        };
        let mut old_answer = b"the first answer".to_vec();
        let old_signature = accepted.channel.seal(&mut old_answer);

        let mut second = client(raw);
        second.negotiate().unwrap();
        second.challenge(&old_challenge).unwrap();
        let fresh = Randomness { client_challenge: [9; 8], session_key: [8; 16] };
        second.authenticate(&credentials("päss😀"), fresh).unwrap();
        match second.finish(old_last.as_deref()) {
            Err(error) => assert!(!raw && matches!(error, Error::NotProved(_))),
            Ok(mut channel) => {
                assert!(raw, "without the envelope the first sealed answer is the proof");
                assert_eq!(channel.unseal(&old_signature, &mut old_answer), Err(SealError::BadSignature));
            }
        }
        // The recorded second token is of no use at the server either: its challenge is another one.
        let mut other = server(0);
        other.accept(&client(raw).negotiate().unwrap(), [4; 8], NOW, password).unwrap();
        assert_eq!(other.accept(&token, [0; 8], NOW, password).err(), Some(Error::LogonFailure));
    }
}

#[test]
fn a13_a_missing_or_wrong_proof_of_the_server_ends_the_sign_in() {
    for damage in 0..2 {
        let (mut client, mut server) = (client(false), server(0));
        let token = challenge(&mut server, &mut client);
        client.challenge(&token).unwrap();
        let token = client.authenticate(&credentials("päss😀"), random()).unwrap();
        let ServerAnswer::Accepted(_, Some(mut last)) = server.accept(&token, [0; 8], NOW, password).unwrap() else {
            panic!("accepted with a token")
        };
        if damage == 0 {
            assert!(matches!(client.finish(None), Err(Error::NotProved(_))));
        } else {
            *last.last_mut().unwrap() ^= 1;
            assert!(matches!(client.finish(Some(&last)), Err(Error::NotProved(_))));
        }
    }
}

#[test]
fn b2_a_flipped_bit_in_signature_or_body_ends_the_channel() {
    for bit in 0..(16 + 5) * 8 {
        let (mut ours, mut theirs) = sign_in(false);
        let mut text = b"hello".to_vec();
        let mut signature = theirs.seal(&mut text);
        if bit < 128 {
            signature[bit / 8] ^= 1 << (bit % 8)
        } else {
            text[(bit - 128) / 8] ^= 1 << (bit % 8)
        }
        assert_eq!(ours.unseal(&signature, &mut text), Err(SealError::BadSignature), "bit {bit}");
        assert_eq!(text, [0; 5], "what cannot be trusted is not there to be looked at");
        // The channel is of no use any more, in either direction.
        let mut good = b"next".to_vec();
        let good_signature = theirs.seal(&mut good);
        assert_eq!(ours.unseal(&good_signature, &mut good), Err(SealError::Ended));
        let mut text = b"request".to_vec();
        assert_eq!(ours.seal(&mut text), [0; SIGNATURE_LENGTH]);
        assert_eq!(text, [0; 7]);
    }
}

#[test]
fn b2_a_signature_of_another_length_ends_the_channel() {
    for length in [0, 8, 15, 17, 32] {
        let (mut ours, mut theirs) = sign_in(false);
        let mut text = b"hello".to_vec();
        let mut signature = theirs.seal(&mut text).to_vec();
        signature.resize(length, 0);
        assert_eq!(ours.unseal(&signature, &mut text), Err(SealError::BadSignature), "{length}");
    }
}

#[test]
fn b6_a_replayed_message_fails_its_number() {
    let (mut ours, mut theirs) = sign_in(false);
    let mut text = b"hello".to_vec();
    let signature = theirs.seal(&mut text);
    let mut replay = text.clone();
    ours.unseal(&signature, &mut text).unwrap();
    assert_eq!(ours.unseal(&signature, &mut replay), Err(SealError::BadSignature));
}

#[test]
fn b6_a_message_left_out_or_sent_back_fails() {
    let (mut ours, mut theirs) = sign_in(false);
    let (mut lost, mut next) = (b"lost".to_vec(), b"next".to_vec());
    theirs.seal(&mut lost);
    let signature = theirs.seal(&mut next);
    assert_eq!(ours.unseal(&signature, &mut next), Err(SealError::BadSignature));

    let (mut ours, _) = sign_in(false);
    let mut own = b"own".to_vec();
    let signature = ours.seal(&mut own);
    assert_eq!(ours.unseal(&signature, &mut own), Err(SealError::BadSignature));
}

#[test]
fn accounts_are_split_at_the_backslash_only() {
    for (account, domain, user) in
        [(r"A\b", "A", "b"), ("b@a.example", "", "b@a.example"), ("b", "", "b"), (r" A\b c ", "A", "b c")]
    {
        assert_eq!(Credentials::parse_account(account), (domain.to_owned(), user.to_owned()));
    }
}

proptest! {
    #[test]
    fn a7_arbitrary_tokens_never_panic_and_are_refused(token in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut client = client(false);
        client.negotiate().unwrap();
        prop_assert!(client.challenge(&token).is_err());
        prop_assert!(server(0).accept(&token, [0; 8], NOW, password).is_err());
    }

    #[test]
    fn a7_damaged_challenges_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let (mut first, mut server) = (client(false), server(0));
        let mut token = challenge(&mut server, &mut first);
        let at = at.index(token.len());
        token[at] = byte;
        token.truncate(cut.index(token.len() + 1));
        let _ = first.challenge(&token);
    }

    #[test]
    fn whatever_is_sealed_is_unsealed(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 0..5)) {
        let (mut ours, mut theirs) = sign_in(false);
        for message in messages {
            let mut text = message.clone();
            let signature = ours.seal(&mut text);
            theirs.unseal(&signature, &mut text).unwrap();
            prop_assert_eq!(text, message);
        }
    }
}
