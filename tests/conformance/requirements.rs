//! Requirements of sign-in and secrets that need a foreign server, or that hold for all code: by number, with the AUTHENTICATE
//! messages counted by the server. Those that need chosen bytes are in `winrm/tests/session/requirements.rs`.

use std::fmt::{Debug, Display};
use std::path::Path;

use psrp::{Command, SecretText};
use serde_json::json;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::session::Session;

#[test]
fn s04_s05_the_message_is_signed_and_names_the_service_as_dialled() {
    let peer = Peer::start(&[]);
    for host in ["127.0.0.1", "localhost"] {
        peer.begin(json!({}));
        let endpoint = format!("{host}:{}", peer.port());
        Pepctl::new(&endpoint).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
        let sign_ins = peer.log("auth_ok");
        for sign_in in &sign_ins {
            let ntlm = &sign_in["ntlm"];
            assert_eq!((&ntlm["target_name"], &ntlm["mic"]), (&json!(format!("HTTP/{host}")), &json!(true)), "{ntlm}");
            assert_eq!((&ntlm["v2"], &ntlm["lm_zero"]), (&json!(true), &json!(true)), "{ntlm}");
        }
        assert_eq!(
            (peer.passwords(), peer.log("auth_fail").len()),
            (sign_ins.len(), 0),
            "{host}: one for each connection"
        );
    }
    peer.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_every_pool_has_a_key_of_its_own_and_asks_for_it_once() {
    let peer = Peer::start(&[]);
    for pool in 1..=3 {
        let mut session = Session::open(&peer).await;
        for text in ["a", "b"] {
            let run = session.run(Command::new("Test-SecureEcho").parameter("Secret", SecretText::new(text))).await;
            assert_eq!(run.assert_completed().texts(), [text]);
        }
        session.close().await;
        assert_eq!(peer.log("public_key").len(), pool, "one for each pool");
    }
    assert_eq!((peer.passwords(), peer.log("auth_fail").len()), (peer.log("auth_ok").len(), 0));
    peer.assert_clean();
}

#[test]
fn s17_rsa_is_constant_in_time_and_there_is_one_implementation_of_the_protocol() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let has = |name: &str| lock.contains(&format!("name = \"{name}\"\n"));
    assert!(has("aws-lc-rs") && has("spnego"), "the names are found");
    // `deny.toml` says the same to `cargo xtask test supply`.
    let rules = std::fs::read_to_string(root.join("deny.toml")).unwrap();
    for banned in ["rsa", "sspi", "openssl"] {
        assert!(!has(banned), "{banned} is built in");
        assert!(rules.contains(&format!("crate = \"{banned}\"")), "{banned} is not ruled out");
    }
}

/// Nothing that holds a secret can be printed, copied or written down; if one could, this would not compile.
#[test]
fn s30_secrets_cannot_be_printed_copied_or_written_down() {
    macro_rules! secret {
        ($($type:ty),+ $(,)?) => {
            $(assert_not_impl_any!($type: Debug, Display, Clone, Copy, serde::Serialize, ToString, PartialEq);)+
        };
    }
    secret!(
        spnego::Secret,
        spnego::Credentials,
        spnego::Randomness,
        spnego::SealedChannel,
        spnego::NtlmClient,
        winrm::SignIn,
        SecretText,
        psrp::SessionKey,
        psrp::Argument,
        Command,
        psrp::Pipeline,
        psrp::host::HostAnswer,
        arm::AccessToken,
        arm::Arm,
        contract::PasswordEntry,
    );
    // Each of these could be told by the same means.
    assert_impl_all!(spnego::ServerIdentity: Debug, Clone, PartialEq);
    assert_impl_all!(String: Debug, Display, Clone, serde::Serialize, ToString);
}
