//! The text forms of ids and addresses that .NET reads.

use uuid::Uuid;

/// Reads a Guid in each of .NET's forms: digits with or without dashes, in braces or parentheses, or as numbers in C's
/// spelling.
pub(crate) fn parse_guid(text: &str) -> Option<Uuid> {
    let text = text.trim();
    if text.starts_with("{0x") || text.starts_with("{0X") {
        return numbers(text);
    }
    let inside = [('{', '}'), ('(', ')')].into_iter().find_map(|(open, close)| {
        let inside = text.strip_prefix(open)?.strip_suffix(close)?;
        // Only the form with dashes stands in brackets.
        inside.contains('-').then_some(inside)
    });
    let text = inside.unwrap_or(text);
    let plain = text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if plain { Uuid::try_parse(text).ok() } else { None }
}

/// `{0x…,0x…,0x…,{0x…,…}}`: one number of 32 bits, two of 16, eight of 8.
fn numbers(text: &str) -> Option<Uuid> {
    let text: String = text.split_ascii_whitespace().collect();
    let (first, last) = text.strip_prefix('{')?.strip_suffix("}}")?.split_once(",{")?;
    let number = |text: &str| {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let mut parts = first.split(',');
    let long = number(parts.next()?)?;
    let words = [number(parts.next()?)?, number(parts.next()?)?];
    let words = [u16::try_from(words[0]).ok()?, u16::try_from(words[1]).ok()?];
    let bytes: Vec<u8> = last.split(',').map(|text| u8::try_from(number(text)?).ok()).collect::<Option<_>>()?;
    let bytes: [u8; 8] = bytes.try_into().ok()?;
    parts.next().is_none().then(|| Uuid::from_fields(long, words[0], words[1], &bytes))
}

/// Whether .NET's `Uri` takes a text, absolute or relative. It refuses very little: a well-known scheme without a host,
/// and the bracket of an IPv6 address that is never closed.
pub(crate) fn uri_is_valid(text: &str) -> bool {
    let text = text.trim();
    let Some((scheme, rest)) = text.split_once("://") else { return true };
    let known = ["http", "https", "ftp", "ws", "wss"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    !(known && (authority.is_empty() || (authority.contains('[') && !authority.contains(']'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_every_form() {
        let id = Uuid::try_parse("8e2b4c1a-0d3f-4a5b-9c6d-7e8f90a1b2c3").ok();
        for text in [
            "8e2b4c1a-0d3f-4a5b-9c6d-7e8f90a1b2c3",
            " {8E2B4C1A-0D3F-4A5B-9C6D-7E8F90A1B2C3} ",
            "(8e2b4c1a-0d3f-4a5b-9c6d-7e8f90a1b2c3)",
            "8e2b4c1a0d3f4a5b9c6d7e8f90a1b2c3",
            "{0x8e2b4c1a,0x0d3f,0x4a5b,{0x9c,0x6d,0x7e,0x8f,0x90,0xa1,0xb2,0xc3}}",
        ] {
            assert_eq!(parse_guid(text), id, "{text}");
        }
        for text in
            ["", "{8e2b4c1a0d3f4a5b9c6d7e8f90a1b2c3}", "urn:uuid:8e2b4c1a-0d3f-4a5b-9c6d-7e8f90a1b2c3", "{0x1}}"]
        {
            assert_eq!(parse_guid(text), None, "{text}");
        }
    }
}
