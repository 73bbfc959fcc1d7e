//! Section G: values there and back through a foreign serializer.

use serde_json::json;
use tests::peer::Peer;
use tests::pepctl::Pepctl;

#[test]
fn g1_every_type_comes_back_as_it_went() {
    let peer = Peer::start(&[]);
    let values = [
        json!(null),
        json!(true),
        json!(""),
        json!(i64::MAX),
        json!({ "$type": "Byte", "value": 255 }),
        json!({ "$type": "SByte", "value": -128 }),
        json!({ "$type": "Int16", "value": -32768 }),
        json!({ "$type": "UInt16", "value": 65535 }),
        json!({ "$type": "UInt32", "value": 4_294_967_295_u32 }),
        json!({ "$type": "Double", "value": "NaN" }),
        json!({ "$type": "Double", "value": "-INF" }),
        json!({ "$type": "Decimal", "value": "79228162514264337593543950335" }),
        json!({ "$type": "DateTime", "value": "2024-05-06T07:08:09.1234567+02:00" }),
        json!({ "$type": "Guid", "value": "792e5b37-4505-47ef-b7d2-8711bb7affa8" }),
        json!({ "$type": "Version", "value": "1.2301.2.58" }),
        json!({ "$type": "Bytes", "value": "AAH/" }),
    ];
    let mut call = Pepctl::new(&peer.endpoint());
    for value in &values {
        call = call.line(json!({ "command": "Test-Echo", "parameters": { "Value": value, "Raw": { "$type": "Switch", "value": true } } }));
    }
    let outcome = call.finish();
    outcome.assert_code(0);
    let back: Vec<_> = outcome.stream("output").map(|line| line["value"].clone()).collect();
    assert_eq!(back.len(), values.len(), "{outcome:#?}");
    for (sent, got) in values.iter().zip(&back) {
        let (plain, again) = (got.get("value").unwrap_or(got), sent.get("value").unwrap_or(sent));
        let same = plain.to_string().trim_matches('"') == again.to_string().trim_matches('"');
        assert!(same, "sent {sent}, got {got}");
    }
    peer.assert_clean();
}

#[test]
fn g5_lone_surrogates_and_control_characters_keep_their_units() {
    let peer = Peer::start(&[]);
    let outcome = Pepctl::new(&peer.endpoint()).run_cmdlet("Test-Unicode", &[]);
    outcome.assert_code(0);
    let state = peer.state();
    let samples = state["unicode_samples"].as_array().expect("samples");
    let got: Vec<String> = outcome
        .stream("output")
        .map(|line| {
            let units: Vec<u16> = match &line["value"] {
                serde_json::Value::String(text) => text.encode_utf16().collect(),
                other => {
                    other["units"].as_array().expect("units").iter().map(|unit| unit.as_u64().unwrap() as u16).collect()
                }
            };
            units.iter().flat_map(|unit| unit.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
        })
        .collect();
    let wanted: Vec<String> = samples.iter().map(|sample| sample.as_str().expect("hex").to_lowercase()).collect();
    assert_eq!(got, wanted);
    peer.assert_clean();
}
