//! What the server refuses from clients that are weaker than ours, and from whoever stands in between.

use super::*;
use crate::ntlm::authenticate::{self, Parts};
use crate::ntlm::keys::{Key, response, temp};
use crate::{ClientOptions, Credentials, NtlmClient, Randomness};

const EXPORTED: [u8; 16] = [0x77; 16];
const NOW: FileTime = FileTime(7);

fn server() -> NtlmServer {
    NtlmServer::new(ServerOptions {
        netbios_computer: "S".into(),
        netbios_domain: "D".into(),
        dns_computer: "s.d".into(),
        dns_domain: "d".into(),
        withheld_flags: 0,
    })
}

fn accept(server: &mut NtlmServer, token: &[u8]) -> Result<ServerAnswer, Error> {
    server.accept(token, [3; 8], NOW, |_, _| Some(Secret::from("pass".to_owned())))
}

/// A client that can be told to leave things out.
struct Forger {
    flags: u32,
    pairs: Pairs,
    nt: Option<Vec<u8>>,
    version: u8,
}

impl Forger {
    fn new() -> Self {
        let mut pairs = Pairs::default();
        pairs.set(pairs::FLAGS, pairs::MIC_PRESENT.to_le_bytes().to_vec());
        pairs.set(pairs::TARGET_NAME, utf16("HTTP/host"));
        pairs.set(pairs::CHANNEL_BINDINGS, vec![5; 16]);
        Self { flags: flags::OURS, pairs, nt: None, version: 1 }
    }

    fn without(mut self, id: u16) -> Self {
        self.pairs.0.retain(|(known, _)| *known != id);
        self
    }

    /// The AUTHENTICATE message for a challenge, right in everything that was not left out.
    fn message(&self, negotiate: &[u8], challenge: &[u8]) -> Vec<u8> {
        let server_challenge = Challenge::parse(challenge).unwrap().server_challenge;
        let key = ntowf_v2("u", "D", "pass");
        let mut temp = temp(7, [1; 8], &self.pairs.to_bytes().unwrap());
        temp[0] = self.version;
        let answer = response(&key, server_challenge, &temp);
        let exported = Key::new(EXPORTED);
        let session_key = rc4_once(&answer.base, &exported);
        let nt = self.nt.as_deref().unwrap_or(&answer.nt);
        let parts = Parts { domain: "D", user: "u", nt, session_key: session_key.as_slice(), flags: self.flags };
        authenticate::write(&parts, &exported, negotiate, challenge).unwrap()
    }

    fn sign_in(&self, mut server: NtlmServer) -> Result<ServerAnswer, Error> {
        let negotiate = ntlm::negotiate();
        let Ok(ServerAnswer::Challenge(challenge)) = accept(&mut server, &negotiate) else { panic!("a challenge") };
        accept(&mut server, &self.message(&negotiate, &challenge))
    }
}

#[test]
fn a_client_that_leaves_nothing_out_is_accepted() {
    let Ok(ServerAnswer::Accepted(accepted, None)) = Forger::new().sign_in(server()) else { panic!("accepted") };
    assert_eq!(
        (accepted.domain.as_str(), accepted.user.as_str(), accepted.target_name.as_str()),
        ("D", "u", "HTTP/host")
    );
}

#[test]
fn every_required_flag_that_the_client_leaves_out_is_refused() {
    for (flag, name) in flags::REQUIRED {
        let forger = Forger { flags: flags::OURS & !flag, ..Forger::new() };
        assert_eq!(forger.sign_in(server()).err(), Some(Error::Unsafe(name)));
    }
}

#[test]
fn a_message_without_a_mic_is_refused() {
    let refused = Some(Error::NotProved("the message has no MIC"));
    assert_eq!(Forger::new().without(pairs::FLAGS).sign_in(server()).err(), refused);
    let mut forger = Forger::new();
    forger.pairs.set(pairs::FLAGS, vec![1, 0, 0, 0]);
    assert_eq!(forger.sign_in(server()).err(), refused);
}

#[test]
fn an_older_response_is_refused() {
    let malformed = Some(Error::Malformed("NTLMv2 response"));
    for length in [0, 15, 16, 24, 43] {
        let forger = Forger { nt: Some(vec![1; length]), ..Forger::new() };
        assert_eq!(forger.sign_in(server()).err(), malformed, "{length} bytes");
    }
    assert_eq!(Forger { version: 2, ..Forger::new() }.sign_in(server()).err(), malformed);
}

#[test]
fn the_service_must_be_named_and_must_be_ours_if_told() {
    let unnamed = Forger::new().without(pairs::TARGET_NAME).sign_in(server());
    assert_eq!(unnamed.err(), Some(Error::NotProved("the service is not named")));
    assert!(Forger::new().sign_in(server().require_target_name("http/HOST")).is_ok());
    let other = Forger::new().sign_in(server().require_target_name("HTTP/other"));
    assert_eq!(other.err(), Some(Error::NotProved("another service is named")));
}

#[test]
fn the_channel_must_be_ours_if_told() {
    assert!(Forger::new().sign_in(server().require_channel_bindings([5; 16])).is_ok());
    let refused = Some(Error::NotProved("the channel binding is missing or wrong"));
    assert_eq!(Forger::new().sign_in(server().require_channel_bindings([6; 16])).err(), refused);
    let absent = Forger::new().without(pairs::CHANNEL_BINDINGS);
    assert_eq!(absent.sign_in(server().require_channel_bindings([5; 16])).err(), refused);
    let mut zeros = Forger::new();
    zeros.pairs.set(pairs::CHANNEL_BINDINGS, vec![0; 16]);
    assert_eq!(zeros.sign_in(server().require_channel_bindings([5; 16])).err(), refused);
}

#[test]
fn an_unknown_account_and_a_wrong_password_look_alike() {
    for known in [None, Some("other")] {
        let (mut server, negotiate) = (server(), ntlm::negotiate());
        let Ok(ServerAnswer::Challenge(challenge)) = accept(&mut server, &negotiate) else { panic!("a challenge") };
        let message = Forger::new().message(&negotiate, &challenge);
        let answer = server.accept(&message, [0; 8], NOW, |_, _| known.map(|text| Secret::from(text.to_owned())));
        assert_eq!(answer.err(), Some(Error::LogonFailure));
        assert_eq!(accept(&mut server, &message).err(), Some(Error::OutOfOrder), "one try");
    }
}

#[test]
fn flags_that_were_changed_on_the_way_are_noticed_by_the_mic() {
    let negotiate = ntlm::negotiate();
    let mut weakened = negotiate.clone();
    weakened[12..16].copy_from_slice(&(flags::OURS & !flags::BITS_56).to_le_bytes());
    let mut server = server();
    let Ok(ServerAnswer::Challenge(challenge)) = accept(&mut server, &weakened) else { panic!("a challenge") };
    let message = Forger::new().message(&negotiate, &challenge);
    assert_eq!(accept(&mut server, &message).err(), Some(Error::NotProved("the MIC is wrong")));
}

#[test]
fn every_flipped_bit_in_a_message_is_noticed() {
    let (mut first, negotiate) = (server(), ntlm::negotiate());
    let Ok(ServerAnswer::Challenge(challenge)) = accept(&mut first, &negotiate) else { panic!("a challenge") };
    let message = Forger::new().message(&negotiate, &challenge);
    for bit in 0..message.len() * 8 {
        let mut damaged = message.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let mut server = server();
        accept(&mut server, &negotiate).unwrap();
        assert!(accept(&mut server, &damaged).is_err(), "AUTHENTICATE bit {bit}");
    }
    // The challenge as the client gets it, changed on the way.
    for bit in 0..challenge.len() * 8 {
        let mut damaged = challenge.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let options = ClientOptions { target_name: "HTTP/host".into(), channel_bindings: None, raw_ntlm: true };
        let mut client = NtlmClient::new(options);
        let mut server = server();
        accept(&mut server, &client.negotiate().unwrap()).unwrap();
        let Ok(_) = client.challenge(&damaged) else { continue };
        let account = Credentials::new(r"D\u", Secret::from("pass".to_owned()));
        let random = Randomness { client_challenge: [1; 8], session_key: [2; 16] };
        let message = client.authenticate(&account, random).unwrap();
        assert!(accept(&mut server, &message).is_err(), "CHALLENGE bit {bit}");
    }
}

/// `30 .. 06 ..` Kerberos, `06 ..` NTLM.
fn two_mechanisms() -> Vec<u8> {
    let mut list = vec![0x30, 23, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 6, 10];
    list.extend(der::NTLM_OID);
    list
}

#[test]
fn ntlm_as_second_choice_costs_one_more_leg_and_proves_the_whole_list() {
    for honest in [true, false] {
        let (mut server, list, negotiate) = (server(), two_mechanisms(), ntlm::negotiate());
        let first = der::write_init(&list, b"a ticket");
        let Ok(ServerAnswer::Challenge(token)) = accept(&mut server, &first) else { panic!("an answer") };
        let answer = der::read_response(&token).unwrap();
        assert_eq!((answer.state, answer.mechanism), (Some(State::RequestMic), Some(der::NTLM_OID)));
        assert!(answer.token.is_none() && answer.mic.is_none());

        let next = der::write_response(&Response { token: Some(&negotiate), ..Response::default() });
        let Ok(ServerAnswer::Challenge(token)) = accept(&mut server, &next) else { panic!("a challenge") };
        let challenge = der::read_response(&token).unwrap().token.unwrap().to_vec();
        let message = Forger::new().message(&negotiate, &challenge);
        let mut channel = SealedChannel::new(&Key::new(EXPORTED), Side::Client);
        // Somebody in between took Kerberos out of the list that the client sent.
        let mic = channel.sign_mechanisms(if honest { &list } else { &list[..13] });
        let last = Response { token: Some(&message), mic: Some(&mic), ..Response::default() };
        match accept(&mut server, &der::write_response(&last)) {
            Ok(ServerAnswer::Accepted(mut accepted, Some(token))) => {
                assert!(honest);
                let answer = der::read_response(&token).unwrap();
                assert_eq!(answer.state, Some(State::Completed));
                assert!(channel.verify_mechanisms(&list, answer.mic.unwrap()));
                let mut text = b"text".to_vec();
                let signature = accepted.channel.seal(&mut text);
                assert_eq!(channel.unseal(&signature, &mut text), Ok(()));
            }
            Err(error) => {
                assert!(!honest);
                assert_eq!(error, Error::NotProved("the signature over the mechanisms is wrong"));
            }
            Ok(_) => panic!("one or the other"),
        }
    }
}

#[test]
fn a_client_without_ntlm_or_without_a_signature_over_the_list_is_refused() {
    let mut kerberos = two_mechanisms();
    kerberos.truncate(13);
    kerberos[1] = 11;
    assert_eq!(accept(&mut server(), &der::write_init(&kerberos, b"x")).err(), Some(Error::Rejected));

    let (mut server, negotiate) = (server(), ntlm::negotiate());
    let first = der::write_init(&der::mechanisms(), &negotiate);
    let Ok(ServerAnswer::Challenge(token)) = accept(&mut server, &first) else { panic!("a challenge") };
    let challenge = der::read_response(&token).unwrap().token.unwrap().to_vec();
    let message = Forger::new().message(&negotiate, &challenge);
    let last = der::write_response(&Response { token: Some(&message), ..Response::default() });
    let refused = Error::NotProved("the signature over the mechanisms is missing");
    assert_eq!(accept(&mut server, &last).err(), Some(refused));
}
