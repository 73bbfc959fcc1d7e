//! Whether a fault that the page is told fills the sentences that the page has for it.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

/// The values that the sentences of each code name.
static NAMED: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let path = crate::folders::root().join("ui/src/words/faults.en.json");
    let words: HashMap<String, Value> =
        serde_json::from_slice(&std::fs::read(path).expect("the words are there")).expect("the words are JSON");
    words.into_iter().map(|(code, entry)| (code, named(&entry.to_string()))).collect()
});

fn named(sentences: &str) -> Vec<String> {
    let parts = sentences.split('{').skip(1).filter_map(|part| part.split_once('}'));
    parts
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphabetic()))
        .map(str::to_owned)
        .collect()
}

/// Fails where a fault anywhere in this lacks a value that its words name: a person would read a sentence with a hole.
pub fn assert_whole(told: &Value) {
    match told {
        Value::Array(items) => items.iter().for_each(assert_whole),
        Value::Object(fields) => {
            if let (Some(code), Some(values)) = (fields.get("code").and_then(Value::as_str), fields.get("values"))
                && code.starts_with("PEP-")
            {
                let wanted = NAMED.get(code).unwrap_or_else(|| panic!("{code} has no words"));
                // Where the endpoint says nothing the page says so.
                for name in wanted.iter().filter(|name| *name != "message") {
                    assert!(values.get(name).is_some_and(|value| value != ""), "{code} does not tell {name}: {told}");
                }
            }
            fields.values().for_each(assert_whole);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sentence_with_a_hole_is_found() {
        let fault = |values| json!({ "deep": [{ "code": "PEP-2110", "values": values }] });
        assert_whole(&fault(json!({ "host": "h", "port": "5985", "status": "407" })));
        assert!(std::panic::catch_unwind(|| assert_whole(&fault(json!({ "host": "h" })))).is_err());
    }
}
