//! Escaping for what we write.

/// Appends text for element content.
pub fn escape_text(text: &str, to: &mut Vec<u8>) {
    escape(text, false, to);
}

/// Appends text for an attribute value in double quotes.
pub fn escape_attribute(text: &str, to: &mut Vec<u8>) {
    escape(text, true, to);
}

fn escape(text: &str, attribute: bool, to: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((plain, after)) =
        rest.find(|c| special(c, attribute).is_some()).and_then(|at| rest.split_at_checked(at))
    {
        to.extend_from_slice(plain.as_bytes());
        let mut characters = after.chars();
        if let Some(replacement) = characters.next().and_then(|c| special(c, attribute)) {
            to.extend_from_slice(replacement.as_bytes());
        }
        rest = characters.as_str();
    }
    to.extend_from_slice(rest.as_bytes());
}

/// What stands for a character that may not stand for itself. A raw CR would be read as LF.
fn special(character: char, attribute: bool) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#xD;"),
        '"' if attribute => Some("&quot;"),
        '\n' if attribute => Some("&#xA;"),
        '\t' if attribute => Some("&#x9;"),
        _ => None,
    }
}
