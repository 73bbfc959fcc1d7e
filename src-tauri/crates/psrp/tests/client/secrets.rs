//! The key exchange and what it protects.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clixml::{SecureString, Value};
use psrp::host::HostAnswer;
use psrp::keys::{KeySource, PrivateKey, RsaKeySource, encrypted_key_blob, wrap_session_key};
use psrp::{
    Argument, CallId, Command, Event, KeyError, MessageType, Misbehaviour, Origin, PeerError, PipelineState,
    PoolOptions, PoolState, SecretText, SessionKey,
};

use crate::peer::{Did, Peer, host_call, pipeline};

const KEY: [u8; 32] = [0x5A; 32];

fn with_secret() -> Command {
    Command::new("Set-Secret").parameter("Password", SecretText::new("geheim"))
}

/// The public key that the client sent, and only that.
fn public_key(peer: &mut Peer) -> Vec<u8> {
    let did = peer.did();
    let [Did::Sent(None, _, MessageType::PublicKey, content)] = did.as_slice() else { panic!("{did:?}") };
    STANDARD.decode(content.get("PublicKey").unwrap().as_str().unwrap()).unwrap()
}

fn encrypted(public: &[u8], key: [u8; 32]) -> String {
    let blob = encrypted_key_blob(&wrap_session_key(public, &SessionKey::new(key)).unwrap());
    key_xml(&blob)
}

fn key_xml(blob: &[u8]) -> String {
    format!(r#"<Obj RefId="0"><MS><S N="EncryptedSessionKey">{}</S></MS></Obj>"#, STANDARD.encode(blob))
}

fn exchange(peer: &mut Peer) {
    let public = public_key(peer);
    assert_eq!(public.len(), 276);
    assert!(peer.pool.is_exchanging_key());
    peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&public, KEY)).unwrap();
    assert!(!peer.pool.is_exchanging_key());
}

#[test]
fn e1_a_pipeline_with_a_secret_waits_for_the_key_and_others_run_on() {
    let mut peer = Peer::opened();
    peer.pool.invoke(with_secret().into(), pipeline(1)).unwrap();
    let public = public_key(&mut peer);
    peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(2)).unwrap();
    peer.pool.invoke(with_secret().into(), pipeline(3)).unwrap();
    assert!(matches!(peer.did().as_slice(), [Did::Command(id, ..)] if *id == pipeline(2)));
    peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&public, KEY)).unwrap();
    let did = peer.did();
    let [Did::Command(first, _, content), Did::Command(third, ..)] = did.as_slice() else { panic!("{did:?}") };
    assert_eq!((*first, *third), (pipeline(1), pipeline(3)), "one exchange for both");
    let text = format!("{content:?}");
    assert!(!text.contains("geheim"), "{text}");
    assert_eq!(peer.events(), [Event::KeyReady]);
}

#[test]
fn e2_secrets_and_credentials_of_every_kind_are_read_back() {
    let key = SessionKey::new(KEY);
    let long = "p".repeat(10_000);
    for text in ["", "x", "8 chars.", "P@ssé🔑word", "12345678", long.as_str()] {
        for user in [r"DOMAIN\user", "user@domain.example"] {
            let argument = Argument::Credential { user: user.into(), password: SecretText::new(text) };
            let value = argument.to_value(Some(&key)).unwrap();
            assert_eq!(value.get("UserName").unwrap().as_str(), Some(user));
            let Some(Value::SecureString(secret)) = value.get("Password") else { panic!() };
            assert!(!secret.0.is_empty(), "an empty text is one block");
            assert_eq!(key.decrypt(secret).unwrap().expose().as_str(), text);
        }
        assert!(Argument::Secret(SecretText::new(text)).to_value(None).is_err(), "never without a key");
    }
}

#[test]
fn e3_a_secret_that_comes_before_the_exchange_is_kept_and_read_afterwards() {
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("Get-Secret").into(), pipeline(1)).unwrap();
    peer.did();
    let secret = SessionKey::new(KEY).encrypt(&SecretText::new("from there")).unwrap();
    let xml = format!("<SS>{}</SS>", STANDARD.encode(&secret.0));
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, &xml).unwrap();
    let events = peer.events();
    let [Event::Record { value: Value::SecureString(got), .. }] = events.as_slice() else { panic!("{events:?}") };
    assert!(peer.pool.decrypt(got).is_err());
    peer.pool.request_key();
    peer.pool.request_key();
    exchange(&mut peer);
    assert_eq!(peer.pool.decrypt(got).unwrap().expose().as_str(), "from there");
}

#[test]
fn e4_a_request_for_our_key_is_answered_once() {
    let mut peer = Peer::opened();
    peer.say(None, MessageType::PublicKeyRequest, "<S></S>").unwrap();
    exchange(&mut peer);
    peer.events();
    peer.say(None, MessageType::PublicKeyRequest, "<S></S>").unwrap();
    assert_eq!(peer.did(), []);
    assert_eq!(peer.events(), [Event::Ignored { pipeline: None, kind: MessageType::PublicKeyRequest }]);
    assert_eq!(peer.pool.state(), PoolState::Opened);
    peer.pool.invoke(with_secret().into(), pipeline(1)).unwrap();
    assert!(matches!(peer.did().as_slice(), [Did::Command(..)]), "the key of the first exchange is used");
}

#[test]
fn e4_the_answer_to_a_request_goes_before_what_waits() {
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(1)).unwrap();
    peer.say(None, MessageType::PublicKeyRequest, "<S></S>").unwrap();
    let did = peer.did();
    assert!(matches!(did.as_slice(), [Did::Sent(None, _, MessageType::PublicKey, _), Did::Command(..)]), "{did:?}");
}

#[test]
fn e5_an_encrypted_key_that_is_wrong_in_any_way_ends_the_pool_with_the_same_error() {
    let refused = |make: &dyn Fn(&[u8]) -> String| {
        let mut peer = Peer::opened();
        peer.pool.request_key();
        let public = public_key(&mut peer);
        let read = peer.say(None, MessageType::EncryptedSessionKey, &make(&public));
        assert_eq!(peer.pool.state(), PoolState::Broken);
        read
    };
    let wrong: Result<(), PeerError> = Err(Misbehaviour::KeyExchange.into());
    assert_eq!(refused(&|_| key_xml(&[1; 268])), wrong, "wrong header");
    assert_eq!(refused(&|_| key_xml(&encrypted_key_blob(&[7; 256])[..260])), wrong, "wrong length");
    assert_eq!(refused(&|_| key_xml(&encrypted_key_blob(&[7; 256]))), wrong, "wrong padding");
    assert_eq!(refused(&|_| "<S>?</S>".to_owned()), wrong, "no blob");
    assert_eq!(refused(&|_| "<S>?".to_owned()), wrong, "no value");
    for length in [0, 1, 16, 24, 31, 33, 64, 245] {
        let key = vec![0x5A; length];
        assert_eq!(
            refused(&|public| key_xml(&encrypted_key_blob(&wrap(public, &key)))),
            wrong,
            "a key of {length} bytes"
        );
    }

    // Unasked
    let mut peer = Peer::opened();
    assert_eq!(peer.say(None, MessageType::EncryptedSessionKey, &key_xml(&[1; 268])), wrong);
    assert_eq!(peer.pool.state(), PoolState::Broken);
    // Twice
    let mut peer = Peer::opened();
    peer.pool.request_key();
    let public = public_key(&mut peer);
    let xml = encrypted(&public, KEY);
    peer.say(None, MessageType::EncryptedSessionKey, &xml).unwrap();
    assert_eq!(peer.say(None, MessageType::EncryptedSessionKey, &xml), wrong);
    assert_eq!(peer.pool.state(), PoolState::Broken);
    assert!(!peer.pool.has_key(), "nothing is encrypted with it any more");
}

/// Any bytes under the public key of a client, big-endian.
fn wrap(public: &[u8], key: &[u8]) -> [u8; 256] {
    let modulus: Vec<u8> = public[20..].iter().rev().copied().collect();
    let mut der = vec![0x30, 0x82, 0x01, 0x0A, 0x02, 0x82, 0x01, 0x01, 0x00];
    der.extend(modulus);
    der.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
    let mut spki =
        vec![0x30, 0x82, 0x01, 0x22, 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
    spki.extend([0x05, 0x00, 0x03, 0x82, 0x01, 0x0F, 0x00]);
    spki.extend(der);
    let to = aws_lc_rs::rsa::PublicEncryptingKey::from_der(&spki).unwrap();
    let mut out = [0; 256];
    aws_lc_rs::rsa::Pkcs1PublicEncryptingKey::new(to).unwrap().encrypt(key, &mut out).unwrap();
    out
}

/// Counts the keys that are made, what they are asked to decrypt, and how many are still there.
#[derive(Default)]
struct Counted {
    made: AtomicUsize,
    asked: AtomicUsize,
    left: AtomicUsize,
}

struct CountedSource(Arc<Counted>);

struct CountedKey(Box<dyn PrivateKey>, Arc<Counted>);

impl KeySource for CountedSource {
    fn private_key(&mut self) -> Result<Box<dyn PrivateKey>, KeyError> {
        self.0.made.fetch_add(1, SeqCst);
        self.0.left.fetch_add(1, SeqCst);
        Ok(Box::new(CountedKey(RsaKeySource.private_key()?, Arc::clone(&self.0))))
    }
}

impl PrivateKey for CountedKey {
    fn modulus(&self) -> Result<[u8; 256], KeyError> {
        self.0.modulus()
    }

    fn session_key(&self, ciphertext: &[u8; 256]) -> Result<SessionKey, KeyError> {
        self.1.asked.fetch_add(1, SeqCst);
        self.0.session_key(ciphertext)
    }
}

impl Drop for CountedKey {
    fn drop(&mut self) {
        self.1.left.fetch_sub(1, SeqCst);
    }
}

fn counted() -> (Peer, Arc<Counted>) {
    let count = Arc::new(Counted::default());
    let mut peer = Peer::with(PoolOptions::default(), Box::new(CountedSource(Arc::clone(&count))));
    peer.open();
    (peer, count)
}

impl Counted {
    /// Keys made, ciphertexts decrypted, keys left
    fn counts(&self) -> (usize, usize, usize) {
        (self.made.load(SeqCst), self.asked.load(SeqCst), self.left.load(SeqCst))
    }
}

#[test]
fn s16_the_private_key_is_fresh_used_once_and_gone() {
    let (mut peer, count) = counted();
    assert_eq!(count.counts(), (0, 0, 0), "no key before it is needed");
    peer.pool.request_key();
    let first = public_key(&mut peer);
    assert_eq!((first.len(), count.counts()), (276, (1, 0, 1)), "RSA of 2048 bits");
    peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&first, KEY)).unwrap();
    assert_eq!(count.counts(), (1, 1, 0), "used once, then destroyed");
    // Whoever asks again gets no second use of it, and no second key.
    for _ in 0..3 {
        peer.say(None, MessageType::PublicKeyRequest, "<S></S>").unwrap();
        peer.pool.request_key();
    }
    assert_eq!((peer.did(), count.counts()), (vec![], (1, 1, 0)));
    assert!(peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&first, KEY)).is_err());
    assert_eq!(count.counts(), (1, 1, 0), "a second key is not even decrypted");

    let (mut other, _) = counted();
    other.pool.request_key();
    assert_ne!(public_key(&mut other), first, "another pool has another one");
}

#[test]
fn s16_a_key_that_nobody_asked_for_is_not_decrypted_and_failures_look_alike() {
    let (mut peer, count) = counted();
    let unasked = peer.say(None, MessageType::EncryptedSessionKey, &key_xml(&encrypted_key_blob(&[7; 256])));
    assert_eq!(count.counts(), (0, 0, 0));
    let (mut peer, count) = counted();
    peer.pool.request_key();
    public_key(&mut peer);
    let wrong = peer.say(None, MessageType::EncryptedSessionKey, &key_xml(&encrypted_key_blob(&[7; 256])));
    assert_eq!(count.counts(), (1, 1, 0), "used once, although it failed, and gone");
    assert_eq!(unasked, wrong);
    assert_eq!(wrong.unwrap_err().to_string(), PeerError::from(Misbehaviour::KeyExchange).to_string());
    // Given up: the key goes as well.
    let (mut peer, count) = counted();
    peer.pool.request_key();
    public_key(&mut peer);
    peer.pool.key_exchange_timed_out();
    assert_eq!(count.counts(), (1, 0, 0));
}

#[test]
fn s16a_a_server_of_2_4_gets_neither_a_secret_nor_anything_else() {
    let mut peer = Peer::new();
    peer.did();
    peer.pool.invoke(with_secret().into(), pipeline(1)).unwrap();
    let read = peer.say(None, MessageType::SessionCapability, &crate::peer::capability("2.4"));
    assert!(matches!(read, Err(PeerError::Version(_))), "{read:?}");
    assert_eq!(peer.did(), []);
    // Text where a secret should be is none, with and without a key.
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("Get-Secret").into(), pipeline(1)).unwrap();
    peer.did();
    let clear = STANDARD.encode("geheim".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    peer.say(Some(pipeline(1)), MessageType::PipelineOutput, &format!("<SS>{clear}</SS>")).unwrap();
    let events = peer.events();
    let [Event::Record { value: Value::SecureString(secret), .. }] = events.as_slice() else { panic!("{events:?}") };
    assert!(peer.pool.decrypt(secret).is_err());
    peer.pool.request_key();
    exchange(&mut peer);
    assert!(peer.pool.decrypt(secret).is_err(), "never taken as protected");
}

#[test]
fn e6_a_pipeline_stopped_while_it_waits_for_the_key_leaves_no_trace() {
    let mut peer = Peer::opened();
    peer.pool.invoke(with_secret().into(), pipeline(1)).unwrap();
    let public = public_key(&mut peer);
    peer.pool.stop(pipeline(1));
    peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&public, KEY)).unwrap();
    assert_eq!(peer.did(), []);
    assert!(peer.events().contains(&Event::PipelineState {
        pipeline: pipeline(1),
        state: PipelineState::Stopped,
        error: None,
        origin: Origin::NeverSent
    }));
    peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(2)).unwrap();
    assert_eq!(peer.did().len(), 1);
}

#[test]
fn an_exchange_that_takes_too_long_fails_what_waits_and_leaves_the_pool_usable() {
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(2)).unwrap();
    peer.did();
    peer.pool.invoke(with_secret().into(), pipeline(1)).unwrap();
    peer.say(Some(pipeline(2)), MessageType::PipelineHostCall, &host_call(1, 12, "")).unwrap();
    peer.pool.answer(Some(pipeline(2)), CallId(1), HostAnswer::Value(SecretText::new("geheim").into())).unwrap();
    let public = public_key(&mut peer);
    peer.pool.key_exchange_timed_out();
    let events = peer.events();
    assert!(events.contains(&Event::KeyFailed));
    assert!(
        matches!(events.last(), Some(Event::PipelineState { origin: Origin::KeyExchangeFailed, .. })),
        "{events:?}"
    );
    let did = peer.did();
    let [Did::Sent(Some(_), _, MessageType::PipelineHostResponse, answer)] = did.as_slice() else { panic!("{did:?}") };
    assert!(answer.get("me").is_some(), "the cmdlet gets an error instead of the secret");
    // The answer came after all.
    peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&public, KEY)).unwrap();
    assert_eq!(peer.pool.state(), PoolState::Opened);
    assert!(!peer.pool.has_key());
}

#[test]
fn an_answer_with_a_secret_waits_for_the_key_and_travels_encrypted() {
    let mut peer = Peer::opened();
    peer.pool.invoke(Command::new("Read-Secret").into(), pipeline(1)).unwrap();
    peer.did();
    peer.say(Some(pipeline(1)), MessageType::PipelineHostCall, &host_call(1, 23, "")).unwrap();
    let fields = vec![("Password".into(), SecretText::new("geheim").into()), ("Name".into(), "n".into())];
    peer.pool.answer(Some(pipeline(1)), CallId(1), HostAnswer::Fields(fields)).unwrap();
    exchange(&mut peer);
    let did = peer.did();
    let [Did::Sent(Some(_), _, MessageType::PipelineHostResponse, answer)] = did.as_slice() else { panic!("{did:?}") };
    let entries = answer.get("mr").unwrap().entries().unwrap();
    let Value::SecureString(secret) = &entries[0].1 else { panic!("{entries:?}") };
    assert_eq!(peer.pool.decrypt(secret).unwrap().expose().as_str(), "geheim");
}

#[test]
fn e9_a_secret_of_eight_bytes_or_with_bad_padding_is_unreadable_and_the_rest_is_shown() {
    let mut peer = Peer::opened();
    peer.pool.request_key();
    exchange(&mut peer);
    peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(1)).unwrap();
    peer.did();
    peer.events();
    for xml in ["<SS>AAAAAAAAAAA=</SS>", "<SS>AAAAAAAAAAAAAAAAAAAAAA==</SS>", "<SS>!</SS>", "<S>rest</S>"] {
        peer.say(Some(pipeline(1)), MessageType::PipelineOutput, xml).unwrap();
    }
    let events = peer.events();
    let [
        Event::Record { value: Value::SecureString(short), .. },
        Event::Record { value: Value::SecureString(padding), .. },
        Event::Unreadable { .. },
        Event::Record { value: rest, .. },
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert!(peer.pool.decrypt(short).is_err());
    assert!(peer.pool.decrypt(padding).is_err());
    assert!(peer.pool.decrypt(&SecureString(Vec::new())).is_err());
    assert_eq!(rest.as_str(), Some("rest"));
}

#[test]
fn s15_the_ciphertext_is_aes_256_in_cbc_with_a_vector_of_zeros() {
    // Made with another implementation: `openssl enc -aes-256-cbc -K 5a… -iv 0…`
    let key = SessionKey::new(KEY);
    for (text, hex) in [
        ("", "a5e13121ac8600e9a684af7288161070"),
        ("geheim", "71bd46c78143ebf71fcb0b738f6ed8c0"),
        ("8 chars.", "35a92fa772058de9c4fc357bf11a2509a9447499381e5ac4ad9f183fe7c98348"),
        ("12345678x", "cda63415ee5bf5ca915f6fa62c8c8c521562791e18d655b3efdc617810d2b8f7"),
    ] {
        let secret = key.encrypt(&SecretText::new(text)).unwrap();
        assert_eq!(secret.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), hex);
    }
}

#[test]
fn e8_a_key_that_was_for_the_client_before_is_none_of_ours() {
    let mut before = Peer::opened();
    before.pool.request_key();
    let old = public_key(&mut before);
    let mut peer = Peer::new();
    peer.pool = psrp::ClientPool::connect(PoolOptions::default(), crate::peer::POOL, Box::new(RsaKeySource));
    peer.open();
    peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&old, [1; 32])).unwrap();
    assert!(matches!(peer.events().as_slice(), [Event::Ignored { .. }]));
    peer.pool.request_key();
    let public = public_key(&mut peer);
    peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&old, [1; 32])).unwrap();
    assert!(peer.pool.is_exchanging_key(), "ours is still awaited");
    peer.say(None, MessageType::EncryptedSessionKey, &encrypted(&public, KEY)).unwrap();
    assert!(peer.pool.has_key());
}

#[test]
fn a_secret_that_a_script_at_the_start_asks_for_does_not_wait_for_the_end_of_that_script() {
    let mut peer = Peer::new();
    peer.did();
    peer.say(None, MessageType::SessionCapability, &crate::peer::capability("2.3")).unwrap();
    peer.pool.request_key();
    exchange(&mut peer);
}

#[test]
fn what_may_be_a_secret_in_clear_is_not_told_of_a_message_that_cannot_be_read() {
    for (content, told) in
        [("<SS>in clear</SS>", false), ("<p:SS xmlns:p=\"x\">in clear</p:SS>", false), ("<Sx>text</Sx>", true)]
    {
        let mut peer = Peer::opened();
        peer.pool.invoke(Command::new("Get-Thing").into(), pipeline(1)).unwrap();
        peer.did();
        peer.say(Some(pipeline(1)), MessageType::PipelineOutput, &format!("<Obj><LST>{content}</LST>")).unwrap();
        let events = peer.events();
        let text = events.iter().find_map(|event| match event {
            Event::Unreadable { text, .. } => Some(text.as_str()),
            _ => None,
        });
        assert_eq!(text.map(|text| !text.is_empty()), Some(told), "{content}: {events:?}");
    }
}
