//! Base64 of streams.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Malformed;

/// Decodes base64 that may hold white space, straight from the text into one buffer.
pub(crate) fn decode(text: &str, what: &'static str) -> Result<Vec<u8>, Malformed> {
    let mut data = Vec::new();
    // Most servers put none in, so it is looked for only where the plain way fails.
    if STANDARD.decode_vec(text, &mut data).is_ok() {
        return Ok(data);
    }
    data.clear();
    // Groups of four may be cut by the white space: what is left of one run goes in front of the next.
    data.reserve(text.len().div_ceil(4).saturating_mul(3));
    let mut group = String::with_capacity(4);
    let mut ended = false;
    for run in text.split_ascii_whitespace() {
        let mut run = run;
        while !group.is_empty() && group.len() < 4 {
            let mut characters = run.chars();
            let Some(next) = characters.next() else { break };
            group.push(next);
            run = characters.as_str();
        }
        if group.len() >= 4 {
            quads(&group, &mut data, &mut ended, what)?;
            group.clear();
        }
        let left = run.as_bytes().as_chunks::<4>().1.len();
        let (whole, left) = run.split_at_checked(run.len().saturating_sub(left)).ok_or(Malformed::Invalid(what))?;
        quads(whole, &mut data, &mut ended, what)?;
        group.push_str(left);
    }
    if group.is_empty() { Ok(data) } else { Err(Malformed::Invalid(what)) }
}

/// Decodes whole groups; none may come behind padding.
fn quads(text: &str, data: &mut Vec<u8>, ended: &mut bool, what: &'static str) -> Result<(), Malformed> {
    if text.is_empty() {
        return Ok(());
    }
    if std::mem::replace(ended, text.ends_with('=')) {
        return Err(Malformed::Invalid(what));
    }
    STANDARD.decode_vec(text, data).map_err(|_| Malformed::Invalid(what))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_is_passed_over() {
        for text in ["YWJjZA==", " YWJjZA== ", "YW\r\nJjZA\t==", "Y W J j Z A = =", "YWJj\nZA==", "YWJjZA=\n="] {
            assert_eq!(decode(text, "x").unwrap(), b"abcd", "{text:?}");
        }
        assert_eq!(decode("", "x").unwrap(), b"");
        assert_eq!(decode(" \r\n ", "x").unwrap(), b"");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "YWJjZA",
            "YWJjZA=",
            "YWJjZA==YWJj",
            "YWJjZA== YWJj",
            "YW-_",
            "Y",
            "Y W J",
            "====",
            "YWJj ====",
            "\u{e4}YWJj",
            "Y \u{e4}WJ",
        ] {
            assert_eq!(decode(text, "x"), Err(Malformed::Invalid("x")), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_data_cut_anywhere_survives(
            data in proptest::collection::vec(any::<u8>(), 0..300),
            cuts in proptest::collection::vec(0..401_usize, 0..20),
        ) {
            let mut text = STANDARD.encode(&data);
            for cut in cuts {
                if cut <= text.len() {
                    text.insert(cut, '\n');
                }
            }
            prop_assert_eq!(decode(&text, "x").unwrap(), data);
        }

        #[test]
        fn any_text_is_judged(text in "[A-Za-z0-9+/= \n\u{e4}]{0,40}") {
            let _ = decode(&text, "x");
        }
    }
}
