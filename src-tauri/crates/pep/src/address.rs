//! Addresses that a person types or pastes.

use std::net::IpAddr;

use winrm::{KeyPin, SocketConnector, Trust};

use crate::Fault;
use crate::fault::code;

/// WinRM's port without TLS.
pub const PORT: u16 = 5985;
/// WinRM's port with TLS.
pub const TLS_PORT: u16 = 5986;
/// The most addresses of one stamp.
const MOST: usize = 16;

/// An address or name with its port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// The address or name as it is dialled.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Whether it is reached over TLS: WinRM has a port of its own for that.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.port == TLS_PORT
    }
}

/// Makes connections to an address, over TLS where its port says so. `key` is the one that a person trusted there; without one the
/// operating system has to vouch for the certificate (S-10).
#[must_use]
pub fn connector(address: &Address, key: Option<KeyPin>) -> SocketConnector {
    let connector = SocketConnector::new(address.host.clone(), address.port);
    if address.is_tls() { connector.over_tls(key.map_or(Trust::System, Trust::Key)) } else { connector }
}

/// Where addresses come from: a person may type what a file may not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Typed or pasted: loopback and an explicit port are allowed.
    Typed,
    /// Out of a file.
    File,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Reads addresses out of text: separated by commas, semicolons, blanks or lines.
///
/// # Errors
/// When there is none, too many, or one that cannot be a privileged endpoint.
pub fn parse_all(text: &str, origin: Origin) -> Result<Vec<Address>, Fault> {
    let mut found: Vec<Address> = Vec::new();
    for part in
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'')).filter(|part| !part.is_empty())
    {
        let address = parse(part, origin)?;
        if !found.contains(&address) {
            found.push(address);
        }
        if found.len() > MOST {
            return Err(refuse(code::NO_USABLE_ADDRESS, part, "tooMany", "there are more than 16 addresses"));
        }
    }
    if found.is_empty() {
        return Err(refuse(code::NO_USABLE_ADDRESS, "", "none", "there is no address"));
    }
    Ok(found)
}

/// Reads one address or name, with or without a port. A pasted `http://HOST:PORT/wsman` or `https://HOST:5986/wsman` is read too.
///
/// # Errors
/// When it cannot be a privileged endpoint: a code, the reason as a word key, and a sentence for support.
pub fn parse(text: &str, origin: Origin) -> Result<Address, Fault> {
    let bad = |reason, what| refuse(code::NO_USABLE_ADDRESS, text, reason, what);
    let malformed = || bad("malformed", "it is neither an address nor a name");
    let portal = || refuse(code::PORTAL_ADDRESS, text, "portal", "it leads to a web page");
    let trimmed = text.trim().trim_end_matches('.');
    let plain = match trimmed.split_once("://") {
        None => trimmed,
        Some((scheme, rest)) if origin == Origin::Typed && scheme.eq_ignore_ascii_case("http") => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            if is_portal(host) || !matches!(path.to_lowercase().as_str(), "" | "wsman" | "wsman/") {
                return Err(portal());
            }
            host
        }
        Some((scheme, rest)) if origin == Origin::Typed && scheme.eq_ignore_ascii_case("https") => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            // Other ports of HTTPS are those of web pages.
            let of_winrm = host.strip_suffix(":5986").is_some_and(|host| !is_portal(host));
            if !of_winrm || !matches!(path.to_lowercase().as_str(), "" | "wsman" | "wsman/") {
                return Err(portal());
            }
            host
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") => {
            return Err(portal());
        }
        Some(_) => return Err(malformed()),
    };
    let (host, port) = match plain.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or_else(malformed)?;
            match rest.strip_prefix(':') {
                None if !rest.is_empty() => return Err(malformed()),
                port => (host, port),
            }
        }
        // More than one colon is an IPv6 address without a port.
        None if plain.matches(':').count() > 1 => (plain, None),
        None => plain.split_once(':').map_or((plain, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        None => PORT,
        Some(port) if origin == Origin::Typed => {
            port.parse().ok().filter(|port| *port > 0).ok_or_else(|| bad("port", "its port is no port"))?
        }
        Some(_) => return Err(bad("port", "a file holds no ports")),
    };
    if is_portal(host) {
        return Err(portal());
    }
    match host.parse::<IpAddr>() {
        Ok(address) => check(address, origin, text)?,
        Err(_) if !is_name(host) => return Err(malformed()),
        Err(_) if origin == Origin::File => return Err(bad("name", "a file holds addresses, not names")),
        Err(_) => {}
    }
    Ok(Address { host: host.to_owned(), port })
}

fn refuse(number: u16, text: &str, reason: &str, what: &str) -> Fault {
    Fault::new(number).with("address", shown(text)).with("reason", reason).detail(what)
}

/// The beginning of what was given as an address, for a sentence about it, without the name and password that may stand in a URL: those
/// are shown nowhere.
#[must_use]
pub fn shown(text: &str) -> String {
    let text = text.trim();
    let (scheme, rest) = match text.find("://") {
        Some(at) => text.split_at(at.saturating_add(3)),
        None => ("", text),
    };
    // Whatever stands before the last of them may be part of a password.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    scheme.chars().take(8).chain(rest.chars()).take(80).collect()
}

/// Names of the stamp's portals and of their services; a person who looks for the endpoint has them at hand.
fn is_portal(host: &str) -> bool {
    let first = host.split('.').next().unwrap_or_default().to_lowercase();
    host.contains('.') && matches!(first.as_str(), "adminportal" | "portal" | "adminmanagement" | "management")
}

fn check(address: IpAddr, origin: Origin, text: &str) -> Result<(), Fault> {
    let bad = |reason, what| Err(refuse(code::NO_USABLE_ADDRESS, text, reason, what));
    let mapped = address.to_canonical() != address;
    let address = address.to_canonical();
    if mapped && origin == Origin::File {
        return bad("mapped", "it is an IPv4 address in the clothes of IPv6");
    }
    if address.is_unspecified() {
        return bad("unspecified", "it is the address of no computer");
    }
    if address.is_multicast() {
        return bad("multicast", "it is a multicast address");
    }
    match address {
        IpAddr::V4(v4) if v4.is_broadcast() => return bad("broadcast", "it is the broadcast address"),
        // The whole network 0.0.0.0/8 means this network only.
        IpAddr::V4(v4) if v4.octets()[0] == 0 => return bad("unspecified", "it is the address of no computer"),
        _ => {}
    }
    if origin == Origin::File && address.is_loopback() {
        return bad("loopback", "it is this computer");
    }
    if is_inside(address) {
        Ok(())
    } else {
        Err(refuse(code::PUBLIC_ADDRESS, text, "public", "it is a public address"))
    }
}

/// Whether it is an address of networks that are not public. Give it in canonical form.
#[must_use]
pub fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_link_local()
                || v4.is_loopback()
                || v4.is_documentation()
                || matches!(v4.octets(), [100, 64..=127, ..])
        }
        IpAddr::V6(v6) => {
            let documentation = matches!(v6.segments(), [0x2001, 0xdb8, ..]);
            v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || documentation
        }
    }
}

/// Whether it has the form of a name.
pub(crate) fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    // Digits and dots alone are a mistyped address.
    !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(label)
        && !host.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_any_layout_are_read() {
        let found = parse_all("10.0.0.1, 10.0.0.2;\n azs-ERCS03 \"10.0.0.1\"", Origin::Typed).unwrap();
        let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.1:5985", "10.0.0.2:5985", "azs-ERCS03:5985"]);
        assert_eq!(parse("127.0.0.1:25985", Origin::Typed).unwrap().port, 25985);
        assert_eq!(parse("[::1]:5986", Origin::Typed).unwrap().host, "::1");
        assert_eq!(parse("fd00::1", Origin::Typed).unwrap().port, 5985);
        assert_eq!(parse("http://10.0.0.1:5985/wsman", Origin::Typed).unwrap().to_string(), "10.0.0.1:5985");
        assert_eq!(parse("portal", Origin::Typed).unwrap().host, "portal", "a machine may be called so");
        for text in ["https://10.0.0.1:5986/wsman", "HTTPS://10.0.0.1:5986", "10.0.0.1:5986"] {
            let address = parse(text, Origin::Typed).unwrap();
            assert!(address.is_tls() && address.to_string() == "10.0.0.1:5986", "{text}");
        }
        assert!(!parse("10.0.0.1", Origin::Typed).unwrap().is_tls());
    }

    #[test]
    fn what_cannot_be_an_endpoint_is_refused() {
        for (text, number) in [
            ("8.8.8.8", code::PUBLIC_ADDRESS),
            ("224.0.0.1", code::NO_USABLE_ADDRESS),
            ("0.0.0.0", code::NO_USABLE_ADDRESS),
            ("10.0.0", code::NO_USABLE_ADDRESS),
            ("10.0.0.1:0", code::NO_USABLE_ADDRESS),
            ("0.1.2.3", code::NO_USABLE_ADDRESS),
            ("[::1]x", code::NO_USABLE_ADDRESS),
            ("ftp://10.0.0.1", code::NO_USABLE_ADDRESS),
            ("https://adminportal.east.contoso.example/#home", code::PORTAL_ADDRESS),
            ("http://portal.east.contoso.example", code::PORTAL_ADDRESS),
            ("adminportal.east.contoso.example", code::PORTAL_ADDRESS),
            ("adminmanagement.east.contoso.example:443", code::PORTAL_ADDRESS),
            ("http://10.0.0.1/index.html", code::PORTAL_ADDRESS),
            ("https://10.0.0.1", code::PORTAL_ADDRESS),
            ("https://10.0.0.1:5986/index.html", code::PORTAL_ADDRESS),
            ("https://portal.east.contoso.example:5986", code::PORTAL_ADDRESS),
            ("::ffff:8.8.8.8", code::PUBLIC_ADDRESS),
            ("", code::NO_USABLE_ADDRESS),
        ] {
            assert_eq!(parse(text, Origin::Typed).unwrap_err().code, number, "{text}");
        }
        assert_eq!(parse("127.0.0.1", Origin::File).unwrap_err().code, code::NO_USABLE_ADDRESS);
        assert!(parse_all("", Origin::Typed).is_err());
    }

    proptest::proptest! {
        /// What is accepted is written so that it is read again as the same.
        #[test]
        fn any_text(text in "\\PC{0,60}") {
            for origin in [Origin::Typed, Origin::File] {
                if let Ok(address) = parse(&text, origin) {
                    proptest::prop_assert_eq!(parse(&address.to_string(), Origin::Typed).unwrap(), address);
                }
                let _ = parse_all(&text, origin);
            }
        }

        /// Every address is either inside or refused, in a file as well as typed.
        #[test]
        fn any_address(octets in proptest::prelude::any::<[u8; 4]>()) {
            let v4 = std::net::Ipv4Addr::from(octets);
            let inside = v4.is_private() || v4.is_link_local() || v4.is_documentation() || matches!(octets, [100, 64..=127, ..]);
            proptest::prop_assert_eq!(parse(&v4.to_string(), Origin::File).is_ok(), inside);
            proptest::prop_assert_eq!(parse(&v4.to_string(), Origin::Typed).is_ok(), inside || v4.is_loopback());
            let mapped = v4.to_ipv6_mapped().to_string();
            proptest::prop_assert!(parse(&mapped, Origin::File).is_err());
        }
    }
}
