//! Kerberos by name against MIT's KDC and library on the other side (A12, S-11).

use serde_json::{Value, json};
use tests::kdc::Kdc;
use tests::peer::{PASSWORD, Peer, USER};
use tests::pepctl::{Outcome, Pepctl};

const ACCOUNT: &str = "cloudadmin@PEP.TEST";

fn call(kdc: &Kdc, endpoint: &str, auth: &str) -> Pepctl {
    Pepctl::as_user(endpoint, ACCOUNT)
        .args(&["--auth", auth])
        .env("KRB5_CONFIG", &kdc.settings().to_string_lossy())
        .env("KRB5CCNAME", "FILE:/nonexistent/tickets")
}

/// The peer by its name.
fn named(peer: &Peer) -> String {
    peer.endpoint().replace("127.0.0.1", "localhost")
}

fn state<'a>(outcome: &'a Outcome, text: &str) -> Option<&'a Value> {
    outcome.stream("state").find(|line| line["text"] == text)
}

#[test]
fn s11_kerberos_by_name_mutual_with_aes() {
    for enctypes in [
        "aes256-cts-hmac-sha1-96",
        "aes128-cts-hmac-sha1-96",
        "aes256-cts-hmac-sha384-192",
        "aes128-cts-hmac-sha256-128",
    ] {
        let kdc = Kdc::start(&["--enctypes", enctypes]);
        let peer = Peer::start(&["--keytab", &kdc.keytab()]);
        let outcome = call(&kdc, &named(&peer), "kerberos").run_cmdlet("Test-Flood", &["Count=200", "Size=3000"]);
        outcome.assert_code(0);
        assert_eq!(outcome.stream("output").count(), 200, "{enctypes}");
        assert_eq!(state(&outcome, "signed in").unwrap()["mechanism"], "kerberos");
        for one in peer.log("auth_ok") {
            assert_eq!((&one["mech"], &one["user"], &one["legs"]), (&json!("kerberos"), &json!(ACCOUNT), &json!(1)));
        }
        // One question with the password, however many connections there are.
        assert_eq!(kdc.log("ISSUE").iter().filter(|line| line.contains("AS_REQ")).count(), 1);
        peer.assert_clean();
    }
}

#[test]
fn s10_s11_kerberos_is_bound_to_the_channel() {
    let kdc = Kdc::start(&[]);
    let peer = Peer::start(&["--tls", "--cbt", "--tls-hash", "sha384", "--keytab", &kdc.keytab()]);
    call(&kdc, &named(&peer), "kerberos").run_cmdlet("Test-Echo", &["Value=7"]).assert_code(0);
    assert!(peer.log("auth_ok").iter().all(|one| one["mech"] == "kerberos"));
    peer.assert_clean();
}

#[test]
fn s12_a_password_that_the_kdc_refuses_is_tried_once_and_never_with_ntlm() {
    let kdc = Kdc::start(&[]);
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    let refused = call(&kdc, &named(&peer), "negotiate").env("PEP_TEST_PASSWORD", "wrong").run_cmdlet("Test-Echo", &[]);
    refused.assert_code(4);
    assert_eq!(kdc.log("PREAUTH_FAILED").len(), 1, "{:?}", kdc.log("AS_REQ"));
    assert_eq!(peer.sign_ins(), 0, "and not with NTLM");
}

#[test]
fn s11_a_kdc_that_has_rc4_only_is_refused() {
    let kdc = Kdc::start(&["--enctypes", "arcfour-hmac"]);
    let peer = Peer::start(&["--keytab", &kdc.keytab()]);
    for auth in ["kerberos", "negotiate"] {
        let refused = call(&kdc, &named(&peer), auth).run_cmdlet("Test-Echo", &[]);
        refused.assert_code(4);
        let text = refused.lines.last().unwrap()["text"].as_str().unwrap().to_owned();
        assert!(text.contains("Kerberos without AES is refused"), "{text}");
    }
    assert_eq!(kdc.log("ISSUE"), Vec::<String>::new(), "no ticket was given");
    assert_eq!(peer.sign_ins(), 0);
}

#[test]
fn s11_falling_back_is_visible_and_a_choice() {
    let kdc = Kdc::start(&["--service", "HTTP/elsewhere"]);
    let peer = Peer::start(&[]);
    // The KDC does not know the endpoint: a password that it has accepted may be used with NTLM, where that is allowed.
    let refused = call(&kdc, &named(&peer), "kerberos").run_cmdlet("Test-Echo", &[]);
    refused.assert_code(4);
    assert_eq!(peer.sign_ins(), 0);
    let fell_back = call(&kdc, &named(&peer), "negotiate").run_cmdlet("Test-Echo", &["Value=7"]);
    // The peer's NTLM knows the account by another domain, so the sign-in itself is refused: once.
    fell_back.assert_code(4);
    assert_eq!(peer.sign_ins(), 1);

    // No KDC, and the endpoint's address: NTLM from the start.
    let nobody = tempfile::tempdir().unwrap();
    let settings = nobody.path().join("krb5.conf");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = format!(
        "[libdefaults]\ndefault_realm = PEP.TEST\ndns_lookup_kdc = false\n[realms]\nPEP.TEST = {{\nkdc = {closed}\n}}\n"
    );
    std::fs::write(&settings, text).unwrap();
    let without = |endpoint: &str, auth: &str| {
        Pepctl::as_user(endpoint, USER)
            .args(&["--auth", auth])
            .env("KRB5_CONFIG", &settings.to_string_lossy())
            .run_cmdlet("Test-Echo", &["Value=7"])
    };
    let peer = Peer::start(&[]);
    let by_name = without(&named(&peer), "negotiate");
    by_name.assert_code(0);
    let told = state(&by_name, "fell back to NTLM").expect("it is said");
    assert!(told["reason"].as_str().unwrap().contains("no key distribution centre"), "{told}");
    assert_eq!(state(&by_name, "signed in").unwrap()["mechanism"], "ntlm");
    without(&named(&peer), "kerberos").assert_code(3);
    let by_address = without(&peer.endpoint(), "negotiate");
    by_address.assert_code(0);
    assert!(state(&by_address, "fell back to NTLM").is_none(), "an address is no name: that is no news");
    without(&peer.endpoint(), "kerberos").assert_code(4);
    without(&named(&peer), "ntlm").assert_code(0);
    peer.assert_clean();
}

#[test]
fn s11_a_server_without_the_key_of_its_name_is_refused() {
    let (kdc, other) = (Kdc::start(&[]), Kdc::start(&[]));
    // The impostor has a key of that name, but of another realm of the same name.
    let peer = Peer::start(&["--keytab", &other.keytab()]);
    call(&kdc, &named(&peer), "negotiate").run_cmdlet("Test-Echo", &[]).assert_code(4);
    assert!(peer.log("auth_ok").is_empty() && peer.log("create").is_empty());
}

#[test]
fn s15_a_message_that_was_changed_ends_a_session_of_kerberos() {
    let kdc = Kdc::start(&[]);
    for damage in ["corrupt_signature", "corrupt_body", "unencrypted"] {
        let peer = Peer::start(&["--keytab", &kdc.keytab()]);
        peer.rule(json!({ "do": damage, "action": "Receive", "target": "command" }));
        let outcome = call(&kdc, &named(&peer), "kerberos").run_cmdlet("Test-Echo", &["Value=7"]);
        outcome.assert_code(6);
        assert_eq!(outcome.stream("output").count(), 0, "{damage}");
    }
}

#[test]
fn a12_clocks_that_differ_are_named_after_one_try() {
    let (kdc, asked) = tests::kdc::of_another_time();
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("krb5.conf");
    let text = format!(
        "[libdefaults]\ndefault_realm = PEP.TEST\ndns_lookup_kdc = false\nudp_preference_limit = 1\n[realms]\nPEP.TEST = {{\nkdc = {kdc}\n}}\n"
    );
    std::fs::write(&settings, text).unwrap();
    let peer = Peer::start(&["--set", "clock_skew=36000"]);
    let refused = Pepctl::as_user(&named(&peer), ACCOUNT)
        .args(&["--auth", "negotiate"])
        .env("KRB5_CONFIG", &settings.to_string_lossy())
        .env("PEP_TEST_PASSWORD", PASSWORD)
        .run_cmdlet("Test-Echo", &[]);
    refused.assert_code(4);
    let text = refused.lines.last().unwrap()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("the clocks of this computer and of the domain differ by too much"), "{text}");
    let (ours, theirs) =
        text.split_once("this computer's clock shows ").unwrap().1.split_once(", the endpoint's ").unwrap();
    let apart = |clock: &str| httpdate::parse_http_date(clock).unwrap();
    let hours = apart(theirs).duration_since(apart(ours)).unwrap().as_secs_f64() / 3600.0;
    assert!((9.9..10.1).contains(&hours), "both clocks are shown: {text}");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1, "one question");
    assert_eq!(peer.sign_ins(), 0, "and no other way");
}
