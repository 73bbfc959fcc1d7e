//! The same client against PowerShell's own engine behind the peer's front, where the engine is at hand.

use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;
use tests::{engine, folders};

fn peer() -> Option<Peer> {
    let engine = engine::folder()?;
    Some(Peer::with_engine(&engine.join("pep-engine"), &folders::root().join("tests/engine/pep.pssc"), &[]))
}

#[test]
fn a_whole_session_with_a_health_check() {
    let Some(peer) = peer() else { return };
    let outcome = Pepctl::new(&peer.endpoint())
        .line(json!({ "command": "Get-Command" }))
        .line(json!({ "command": "Test-AzureStack" }))
        .line(json!({ "command": "Test-Echo", "parameters": { "Value": "grüße 😀" } }))
        .finish();
    outcome.assert_code(0);
    let texts = outcome.texts("output");
    assert!(texts.iter().any(|text| text.contains("Test-AzureStack")), "{texts:#?}");
    assert!(texts.iter().any(|text| text == "grüße 😀"), "{texts:#?}");
    peer.assert_clean();
}

#[test]
fn d12_and_d13_refusals_are_the_engines_own() {
    let Some(peer) = peer() else { return };
    for (line, word) in [
        (json!({ "script": "Get-Date; 1" }), "ScriptsNotAllowed"),
        (json!({ "command": "Get-Nothing" }), "CommandNotFoundException"),
    ] {
        let outcome = Pepctl::new(&peer.endpoint()).line(line).finish();
        outcome.assert_code(1);
        assert!(outcome.lines.iter().any(|line| line.to_string().contains(word)), "{word}: {outcome:#?}");
    }
    peer.assert_clean();
}

#[test]
fn e2_passwords_are_decrypted_by_the_engine() {
    let Some(peer) = peer() else { return };
    let outcome = Pepctl::new(&peer.endpoint()).env("OLD", "old password").env("NEW", "a new one 😀").line(json!({
        "command": "Set-CloudAdminUserPassword",
        "parameters": {
            "UserName": "cloudadmin",
            "CurrentPassword": { "$type": "SecureString", "env": "OLD" },
            "NewPassword": { "$type": "SecureString", "env": "NEW" },
        },
    }));
    let outcome = outcome.finish();
    outcome.assert_code(0);
    let value = &outcome.stream("output").next().expect("an object")["value"];
    let shown = value.to_string();
    assert!(shown.contains("\"CurrentLength\":12"), "{shown}");
    assert!(shown.contains("\"NewLength\":12"), "{shown}");
    peer.assert_clean();
}

#[test]
fn twenty_thousand_objects_arrive_in_order() {
    let Some(peer) = peer() else { return };
    let outcome =
        Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Flood", &["Count=20000", "Size=50", "Kind=\"Object\""]);
    outcome.assert_code(0);
    assert_eq!(outcome.stream("output").count(), 20_000);
    peer.assert_clean();
}

#[test]
fn d15_errors_that_do_not_end_the_run() {
    let Some(peer) = peer() else { return };
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Failure", &["Kind=\"NonTerminating\""]);
    outcome.assert_code(0);
    assert_eq!(outcome.texts("output").first().map(String::as_str), Some("before"));
    assert_eq!(outcome.stream("error").count(), 3);
    peer.assert_clean();
}
