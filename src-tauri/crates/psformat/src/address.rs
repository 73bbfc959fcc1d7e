//! The parts of an address as .NET's `Uri` has them.

use clixml::{Object, Value};

const NAMES: [&str; 22] = [
    "AbsolutePath",
    "AbsoluteUri",
    "LocalPath",
    "Authority",
    "HostNameType",
    "IsDefaultPort",
    "IsFile",
    "IsLoopback",
    "PathAndQuery",
    "Segments",
    "IsUnc",
    "Host",
    "Port",
    "Query",
    "Fragment",
    "Scheme",
    "OriginalString",
    "DnsSafeHost",
    "IdnHost",
    "IsAbsoluteUri",
    "UserEscaped",
    "UserInfo",
];

/// Name and value of each part, in the order of .NET.
pub(crate) fn properties(text: &str) -> [(&'static str, Value); NAMES.len()] {
    match scheme(text) {
        Some((scheme, rest)) => absolute(text, scheme, rest),
        None => relative(text),
    }
}

/// What stands before the colon, and what behind. A single letter is a drive of Windows.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let fits = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    fits.then_some((scheme, rest))
}

/// A relative address knows little of itself.
fn relative(text: &str) -> [(&'static str, Value); NAMES.len()] {
    NAMES.map(|name| match name {
        "OriginalString" => (name, text.into()),
        "IsAbsoluteUri" | "UserEscaped" => (name, false.into()),
        _ => (name, Value::Null),
    })
}

fn absolute(text: &str, scheme: &str, rest: &str) -> [(&'static str, Value); NAMES.len()] {
    let (rest, fragment) =
        rest.split_once('#').map_or((rest, String::new()), |(rest, part)| (rest, format!("#{part}")));
    let (rest, query) = rest.split_once('?').map_or((rest, String::new()), |(rest, part)| (rest, format!("?{part}")));
    let (fragment, query) = (escaped(&fragment), escaped(&query));
    let hierarchical = rest.strip_prefix("//");
    // The account of a mail address stands where others have their user.
    let mail = scheme == "mailto";
    let (authority, path) = match hierarchical {
        Some(rest) => rest.split_once('/').map_or((rest, "/".to_owned()), |(host, path)| (host, format!("/{path}"))),
        None if mail => (rest, String::new()),
        None => ("", rest.to_owned()),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let known = known_port(scheme);
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, port.parse().unwrap_or(known))
        }
        _ => (host, known),
    };
    let (file, plain) = (scheme == "file", host.trim_start_matches('[').trim_end_matches(']'));
    let unc = file && !host.is_empty();
    // A drive is no folder below the root.
    let drive = file && matches!(path.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    let shown = escaped(if drive { path.get(1..).unwrap_or_default() } else { &path });
    let local = unescaped(&shown);
    let local = match (unc, drive) {
        (true, _) => format!("\\\\{host}{}", local.replace('/', "\\")),
        (_, true) => local.replace('/', "\\"),
        _ => local,
    };
    let with_port = if port == known { host.to_owned() } else { format!("{host}:{port}") };
    let at = if user.is_empty() { String::new() } else { format!("{user}@") };
    let slashes = if hierarchical.is_some() { "//" } else { "" };
    let whole = format!("{scheme}:{slashes}{at}{with_port}{}{query}{fragment}", escaped(&path));
    let kind = if hierarchical.is_none() && !mail {
        "Unknown"
    } else if host.is_empty() {
        "Basic"
    } else if host.starts_with('[') {
        "IPv6"
    } else if host.parse::<std::net::Ipv4Addr>().is_ok() {
        "IPv4"
    } else {
        "Dns"
    };
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || (hierarchical.is_some() && host.is_empty());
    let path_and_query = format!("{shown}{query}");
    let mut segments = Vec::new();
    let inside = match escaped(&path) {
        path if path.starts_with('/') => {
            segments.push(Value::from("/"));
            path.get(1..).unwrap_or_default().to_owned()
        }
        path => path,
    };
    segments.extend(inside.split_inclusive('/').map(Value::from));
    NAMES.map(|name| {
        let value = match name {
            "AbsolutePath" => shown.as_str().into(),
            "AbsoluteUri" => whole.as_str().into(),
            "LocalPath" => local.as_str().into(),
            "Authority" => with_port.as_str().into(),
            "HostNameType" => kind.into(),
            "IsDefaultPort" => (port == known).into(),
            "IsFile" => file.into(),
            "IsLoopback" => loopback.into(),
            "PathAndQuery" => path_and_query.as_str().into(),
            "Segments" => Object::list(segments.clone()).into(),
            "IsUnc" => unc.into(),
            "Host" => host.into(),
            "Port" => port.into(),
            "Query" => query.as_str().into(),
            "Fragment" => fragment.as_str().into(),
            "Scheme" => scheme.into(),
            "OriginalString" => text.into(),
            "DnsSafeHost" => plain.into(),
            "IdnHost" => idna::domain_to_ascii(plain).unwrap_or_else(|_| plain.to_owned()).into(),
            "IsAbsoluteUri" => true.into(),
            "UserInfo" => user.into(),
            _ => false.into(),
        };
        (name, value)
    })
}

fn known_port(scheme: &str) -> i32 {
    match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "ftp" => 21,
        "telnet" => 23,
        "mailto" => 25,
        "gopher" => 70,
        "nntp" => 119,
        "ldap" => 389,
        "net.tcp" => 808,
        _ => -1,
    }
}

/// Escaped where a Uri may not hold the character itself.
fn escaped(text: &str) -> String {
    let mut result = String::new();
    for character in text.chars() {
        if character.is_ascii_graphic() && !matches!(character, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}') {
            result.push(character);
        } else {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                result.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    result
}

/// Without escapes, where they are characters.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
