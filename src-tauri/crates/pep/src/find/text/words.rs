//! Words of a text, and what each of them is.

use std::net::IpAddr;

use super::super::series;
use crate::address;

/// Whether an address may be written with this port, and still mean an endpoint.
fn is_winrm(port: &str) -> bool {
    matches!(port, "5985" | "5986")
}

/// Words that may stand beside a label or between addresses without a meaning of their own.
pub(super) const FILLERS: &[&str] = &[
    "ip",
    "ips",
    "ipv4",
    "ipv6",
    "address",
    "addresses",
    "endpoint",
    "endpoints",
    "console",
    "vm",
    "vms",
    "server",
    "servers",
    "id",
    "and",
    "or",
    "the",
    "copy",
    "to",
    "clipboard",
    "copied",
    "und",
    "oder",
    "et",
    "ou",
    "y",
    "e",
    "o",
    "en",
    "og",
    "och",
    "\u{438}",
];

/// Words: everything between blanks and what separates values.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, ',' | ';' | '|' | '"' | '\'' | '{' | '}' | '(' | ')' | '<' | '>' | '=' | '`' | '*' | '@')
    };
    text.split(separates)
        .map(|word| word.trim_end_matches(['.', ':']).trim_start_matches(':'))
        // The end of a list; what belongs to an address of IPv6 has a beginning.
        .map(|word| if word.contains('[') { word } else { word.trim_end_matches(']') })
        .filter(|word| !word.is_empty())
}

/// The IP address of a word, without port, brackets, length of a prefix, and what is around it in the address of the service. A network
/// is none.
pub(super) fn host_of(word: &str) -> Option<&str> {
    let (word, service) = match word.split_once("://") {
        Some((scheme, rest)) if scheme.to_ascii_lowercase().starts_with("http") => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let port = authority.rsplit_once(':').is_some_and(|(_, port)| is_winrm(port));
            (authority, port || path.eq_ignore_ascii_case("wsman"))
        }
        Some(_) => return None,
        None => (word, true),
    };
    if !service {
        return None;
    }
    let inner = word.strip_prefix('[').map(|rest| rest.split_once(']').map_or(rest, |(host, _)| host));
    let host = inner.unwrap_or(word);
    let host = match host.split_once('/') {
        Some((address, length)) => {
            // "10.0.0.0/24" is a network; "10.0.0.7/24" is a machine in it.
            let length: u32 = length.parse().ok()?;
            Some(address).filter(|_| is_machine(address, length))?
        }
        None => host,
    };
    let host = match host.split_once(':') {
        // "Console:10.0.0.4": a label that is not known stands before it.
        Some((label, rest)) if host.parse::<IpAddr>().is_err() && label.contains(char::is_alphabetic) => {
            rest.split_once(':').map_or(Some(rest), |(host, port)| Some(host).filter(|_| is_winrm(port)))?
        }
        // More than one colon is IPv6; a port after one is WinRM's or nothing that is wanted.
        Some((before, port)) if !port.contains(':') => Some(before).filter(|_| is_winrm(port))?,
        _ => host,
    };
    // "::" and the like are more often typing than addresses, 255 is where masks begin, and an address of one link leads nowhere else.
    let link = host.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("fe80"));
    (host.len() > 3 && !is_mask(host) && !link && host.parse::<IpAddr>().is_ok()).then_some(host)
}

/// Whether a word is the mask of a network.
pub(super) fn is_mask(word: &str) -> bool {
    word.starts_with("255.")
}

/// Whether an address with the length of its network's prefix is one of a machine, not of the network.
fn is_machine(address: &str, length: u32) -> bool {
    let (whole, zeros) = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => (32_u32, v4.to_bits().trailing_zeros()),
        Ok(IpAddr::V6(v6)) => (128, v6.to_bits().trailing_zeros()),
        Err(_) => return false,
    };
    // In a network of two both are machines. RFC 3021
    whole.checked_sub(length).is_some_and(|own| own <= 1 || zeros < own)
}

pub(super) fn addresses(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter_map(host_of)
}

/// Whether a word says nothing of its own: a filler, a number, or a name of an instance.
pub(super) fn is_filler(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    FILLERS.contains(&lower.as_str())
        || lower.contains("ercs")
        || !word.chars().any(char::is_alphabetic)
        || series::network(word).is_some()
}

pub(super) fn is_host(word: &str) -> bool {
    word.parse::<IpAddr>().is_ok() || (word.is_ascii() && word.contains('.') && address::is_name(word))
}

pub(super) fn guid(text: &str) -> Option<&str> {
    words(text).find(|word| word.len() == 36 && uuid::Uuid::try_parse(word).is_ok())
}

/// `1.YYMM.x.y`
pub(super) fn is_version(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.len() <= 5 && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 4 && parts.iter().all(digits) && parts.get(1).is_some_and(|part| part.len() == 4)
}

/// A region's name is one short word; words of the portal that stand after "Region" are none.
pub(super) fn is_region(word: &str) -> bool {
    let others = ["management", "properties", "name", "names", "health", "overview", "is", "of", "the", "and"];
    word.len() <= 40
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !others.contains(&word.to_ascii_lowercase().as_str())
}
