//! API versions: how an answer says that it does not know one, and which it offers instead.

use serde_json::Value;

use crate::http::{Answer, json};

/// The versions that are offered, where an answer refuses the one that was asked for.
pub(crate) fn offered(answer: &Answer) -> Option<Vec<String>> {
    let (code, message) = error_of(&answer.body)?;
    let refused = [
        "InvalidApiVersionParameter",
        "NoRegisteredProviderFound",
        "InvalidResourceType",
        "MissingApiVersionParameter",
    ];
    (answer.status.is_client_error() && refused.contains(&code.as_str())).then(|| listed(&message))
}

/// `error.code` and `error.message` of an answer.
pub(crate) fn error_of(body: &[u8]) -> Option<(String, String)> {
    let value: Value = json(body).ok()?;
    let error = value.get("error").or_else(|| value.get("odata.error")).unwrap_or(&value);
    let code = error.get("code")?.as_str()?.to_owned();
    let message = error.get("message").map(|message| {
        message.as_str().or_else(|| message.get("value")?.as_str()).unwrap_or_default().chars().take(4096).collect()
    });
    Some((code, message.unwrap_or_default()))
}

/// The versions of a sentence like "The api-version '…' is invalid. The supported versions are '…, …'."
fn listed(message: &str) -> Vec<String> {
    let lower = message.to_ascii_lowercase();
    let from = lower.find("supported").unwrap_or(0);
    let text = lower.get(from..).unwrap_or_default();
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| is_version(word))
        .take(64)
        .map(str::to_owned)
        .collect()
}

fn is_version(word: &str) -> bool {
    let date = word.get(..10).unwrap_or_default();
    date.char_indices().all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() })
        && date.len() == 10
        && (word.len() == 10 || word.as_bytes().get(10) == Some(&b'-'))
}

/// The newest one, previews last; dates sort as texts.
pub(crate) fn best(offered: &[String]) -> Option<&String> {
    let released = offered.iter().filter(|version| version.len() == 10).max();
    released.or_else(|| offered.iter().max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_out_of_the_refusal() {
        let message = "The api-version '2016-05-01' is invalid. The supported versions are '2019-10-01,2016-06-01, 2015-11-01-privatepreview'.";
        let versions = listed(message);
        assert_eq!(versions, ["2019-10-01", "2016-06-01", "2015-11-01-privatepreview"]);
        assert_eq!(best(&versions).unwrap(), "2019-10-01");
        assert_eq!(best(&["2015-01-01-preview".to_owned()]).unwrap(), "2015-01-01-preview");
        assert!(best(&listed("nothing here, supported: x")).is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in ".{0,200}") {
            let _ = error_of(&body);
            let _ = listed(&text);
            let json = serde_json::json!({ "error": { "code": text, "message": text } }).to_string();
            proptest::prop_assert_eq!(error_of(json.as_bytes()).unwrap().0, text);
        }
    }
}
