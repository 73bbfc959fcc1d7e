//! HTTPS on the port for it: whom it believes, and the binding of the sign-in to the channel (A20, S-10).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;
use spnego::{NtlmClient, Target};
use tests::peer::{PASSWORD, Peer, USER};
use tests::pepctl::Pepctl;
use winrm::{Connector, Credentials, NoIntents, OpenError, OpenOptions, SignIn, SignInError, SocketConnector, Trust};

fn pinned(peer: &Peer, pins: &Path) -> Pepctl {
    Pepctl::new(&peer.endpoint()).args(&["--pins", &pins.to_string_lossy()])
}

#[test]
fn a20_https_with_a_sha384_certificate_and_required_binding() {
    for hash in ["sha256", "sha384", "sha512"] {
        for version in ["1.2", "1.3"] {
            let peer = Peer::start(&["--tls", "--tls-hash", hash, "--tls-max", version, "--cbt"]);
            let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=300", "Size=2000"]);
            outcome.assert_code(0);
            assert_eq!(outcome.stream("output").count(), 300);
            let signed_in = peer.log("auth_ok");
            assert!(!signed_in.is_empty() && peer.log("auth_fail").is_empty());
            for one in &signed_in {
                let binding = one["ntlm"]["channel_bindings"].as_str().expect("the pair is there");
                assert_ne!(binding, "0".repeat(32), "{one}");
            }
            // All envelopes are sealed as they are without TLS.
            assert!(peer.log("unencrypted_refused").is_empty());
            assert!(peer.log("request").iter().all(|request| request["sealed"] != false));
            peer.assert_clean();
        }
    }
}

/// Signs in over TLS with a binding of our choice.
async fn bound(peer: &Peer, binding: Option<&'static [u8]>) -> Result<(), OpenError> {
    let key = peer.tls_key().parse().unwrap();
    let connector = Arc::new(SocketConnector::new("127.0.0.1", peer.port()).over_tls(Trust::Key(key)));
    let credentials = Credentials::new(USER, PASSWORD.to_owned().into());
    let sign_in = SignIn::new(credentials, |_: &_| Ok(())).through(move |target| {
        Box::new(NtlmClient::for_target(&Target { service: target.service, end_point: binding }))
    });
    let opened = winrm::open(connector, sign_in, OpenOptions::default(), Arc::new(NoIntents)).await;
    let (handle, _events) = opened?;
    let _ = handle.close().await;
    Ok(())
}

#[tokio::test]
async fn a20_a_missing_or_wrong_binding_is_refused_by_the_peer() {
    let peer = Peer::start(&["--tls", "--cbt"]);
    for (tried, binding) in [None, Some(b"tls-server-end-point:of somebody else".as_slice())].into_iter().enumerate() {
        let refused = bound(&peer, binding).await;
        assert!(matches!(refused, Err(OpenError::SignIn(SignInError::Rejected))), "{refused:?}");
        assert_eq!(peer.sign_ins(), tried + 1);
    }
    let failed = peer.log("auth_fail");
    let texts: Vec<&str> = failed.iter().filter_map(|entry| entry["error"].as_str()).collect();
    assert!(texts[0].contains("binding is missing") && texts[1].contains("BadBinding"), "{texts:?}");
    assert!(peer.log("auth_ok").is_empty());
}

#[test]
fn the_sign_in_goes_on_where_the_endpoint_was_asked_for_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start(&["--tls"]);
    pinned(&peer, &folder.path().join("pins.json")).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    let tokens = peer.log("token");
    let of = |authenticate: bool| tokens.iter().find(|token| token["authenticate"] == authenticate).unwrap();
    assert_eq!(of(false)["conn"], of(true)["conn"], "{tokens:?}");
    peer.assert_clean();
}

#[test]
fn s10_a_self_signed_certificate_is_trusted_on_first_use_with_its_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    let pins = folder.path().join("pins.json");
    let peer = Peer::start(&["--tls"]);
    // Nothing that was not trusted is accepted, and the fingerprint is said.
    let mut call = std::process::Command::new(tests::pepctl::program());
    call.args(["--endpoint", &peer.endpoint(), "--user", USER, "--password-env", "PEP_TEST_PASSWORD"]);
    let refused = call.env("PEP_TEST_PASSWORD", PASSWORD).args(["run", "Test-Echo"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&refused.stdout).contains(peer.tls_key()), "{refused:?}");
    assert_eq!(peer.sign_ins(), 0);
    // Asking who is there needs no decision.
    let asked = Pepctl::new(&peer.endpoint()).args(&["inspect"]).finish();
    let certificate = &asked.assert_code(0).lines[0]["certificate"];
    assert_eq!(certificate["key"], peer.tls_key());
    assert!(certificate["refused"].as_str().is_some_and(|why| why.contains("nobody whom this computer trusts")));

    pinned(&peer, &pins).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    let kept: Value = serde_json::from_slice(&std::fs::read(&pins).unwrap()).unwrap();
    assert_eq!(kept["pins"][0]["key"], peer.tls_key());
    pinned(&peer, &pins).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    peer.assert_clean();
}

#[test]
fn s10_a_changed_key_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let pins = folder.path().join("pins.json");
    let peer = Peer::start(&["--tls"]);
    let port = peer.port().to_string();
    let (address, before) = (peer.endpoint(), peer.tls_key().to_owned());
    pinned(&peer, &pins).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    drop(peer);
    // Another one takes the address, with the same names and another key.
    let other = Peer::start(&["--tls", "--port", &port]);
    assert_eq!(other.endpoint(), address);
    let refused = pinned(&other, &pins).run_cmdlet("Test-Echo", &["Value=7"]);
    refused.assert_code(5);
    let text = refused.lines.last().unwrap()["text"].as_str().unwrap().to_owned();
    assert!(text.contains(&before) && text.contains(other.tls_key()), "{text}");
    assert_eq!(other.sign_ins(), 0);
    assert_eq!(other.state()["stats"]["requests"], 0, "not even a request");
}

/// A root, and a certificate of it for this name, as files.
fn authority(folder: &Path, name: &str) -> [String; 3] {
    let root_key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.distinguished_name.push(DnType::CommonName, "Contoso Test Root");
    let root_pem = root.self_signed(&root_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    [("root", root_pem), ("cert", leaf.pem()), ("key", key.serialize_pem())].map(|(file, text)| {
        let path = folder.join(format!("{name}-{file}.pem"));
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    })
}

#[test]
#[cfg(target_os = "linux")]
fn s10_who_the_operating_system_vouches_for_needs_no_pinned_key() {
    let folder = tempfile::tempdir().unwrap();
    let pins = folder.path().join("pins.json");
    let call = |peer: &Peer, root: &str| pinned(peer, &pins).env("SSL_CERT_FILE", root);
    let key_kept = || {
        let kept: Value = serde_json::from_slice(&std::fs::read(&pins).unwrap()).unwrap();
        kept["pins"].as_array().unwrap().last().unwrap().get("key").cloned()
    };
    let [root, certificate, key] = authority(folder.path(), "127.0.0.1");
    let peer = Peer::start(&["--tls", "--cbt", "--tls-cert", &certificate, "--tls-key", &key]);
    call(&peer, &root).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    assert_eq!(key_kept(), None, "the names only");
    // A renewed certificate with another key is good as well, as long as it is vouched for.
    let port = peer.port().to_string();
    drop(peer);
    let [other_root, certificate, key] = authority(folder.path(), "localhost");
    let wrong_name = Peer::start(&["--tls", "--port", &port, "--tls-cert", &certificate, "--tls-key", &key]);
    let refused = call(&wrong_name, &other_root).run_cmdlet("Test-Echo", &["Value=7"]);
    refused.assert_code(5);
    assert!(refused.lines.last().unwrap()["text"].as_str().unwrap().contains("it is of another host"), "{refused:#?}");
    assert_eq!(wrong_name.sign_ins(), 0, "a pin without a key is no trust in any key");
    drop(wrong_name);
    let [root, certificate, key] = authority(folder.path(), "127.0.0.1");
    let renewed = Peer::start(&["--tls", "--port", &port, "--tls-cert", &certificate, "--tls-key", &key]);
    call(&renewed, &root).run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
}

#[tokio::test]
async fn s10_versions_before_1_2_and_servers_without_tls_are_refused() {
    let old = Peer::start(&["--tls", "--tls-max", "1.1"]);
    let plain = Peer::start(&[]);
    for peer in [&old, &plain] {
        let connector = SocketConnector::new("127.0.0.1", peer.port()).over_tls(Trust::System);
        let connector = connector.connect_limit(Duration::from_secs(4));
        let refused = winrm::inspect(&connector).await;
        assert!(
            matches!(&refused, Err(SignInError::Connect(winrm::ConnectError::Tls(_)))),
            "{refused:?} at {}",
            connector.authority()
        );
    }
    Pepctl::new(&format!("https://127.0.0.1:{}", plain.port())).run_cmdlet("Test-Echo", &[]).assert_code(3);
    assert_eq!(plain.sign_ins() + old.sign_ins(), 0);
}

#[test]
fn s10_a_tls_port_is_looked_at_without_a_decision() {
    let peer = Peer::start(&["--tls"]);
    let probed = Pepctl::new(&peer.endpoint()).args(&["probe"]).finish();
    probed.assert_code(0);
    assert_eq!(probed.lines[0]["schemes"], serde_json::json!(["Negotiate"]));
}
