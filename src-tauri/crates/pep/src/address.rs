//! Addresses that a person types or pastes.

use std::net::IpAddr;

use crate::Fault;
use crate::fault::code;

/// WinRM's port without TLS.
pub const PORT: u16 = 5985;
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
    }
    if found.is_empty() || found.len() > MOST {
        return Err(Fault::new(code::NO_USABLE_ADDRESS).with("count", found.len().to_string()));
    }
    Ok(found)
}

/// Reads one address or name, with or without a port.
///
/// # Errors
/// When it cannot be a privileged endpoint.
pub fn parse(text: &str, origin: Origin) -> Result<Address, Fault> {
    let bad = || Fault::new(code::NO_USABLE_ADDRESS).with("address", text.chars().take(80).collect::<String>());
    let text = text.trim().trim_end_matches('.');
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or_else(bad)?;
            (host, rest.strip_prefix(':'))
        }
        // More than one colon is an IPv6 address without a port.
        None if text.matches(':').count() > 1 => (text, None),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        None => PORT,
        Some(port) if origin == Origin::Typed => port.parse().ok().filter(|port| *port > 0).ok_or_else(bad)?,
        Some(_) => return Err(bad()),
    };
    if let Ok(address) = host.parse::<IpAddr>() {
        check(address.to_canonical(), origin, text)?;
    } else if !is_name(host) {
        return Err(bad());
    }
    Ok(Address { host: host.to_owned(), port })
}

fn check(address: IpAddr, origin: Origin, text: &str) -> Result<(), Fault> {
    let forbidden = match address {
        IpAddr::V4(v4) => v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast(),
    };
    let fault = |number| Err(Fault::new(number).with("address", text.chars().take(80).collect::<String>()));
    if forbidden || (origin == Origin::File && address.is_loopback()) {
        return fault(code::NO_USABLE_ADDRESS);
    }
    if is_inside(address) { Ok(()) } else { fault(code::PUBLIC_ADDRESS) }
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
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
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
    }

    #[test]
    fn what_cannot_be_an_endpoint_is_refused() {
        for (text, number) in [
            ("8.8.8.8", code::PUBLIC_ADDRESS),
            ("224.0.0.1", code::NO_USABLE_ADDRESS),
            ("0.0.0.0", code::NO_USABLE_ADDRESS),
            ("10.0.0", code::NO_USABLE_ADDRESS),
            ("10.0.0.1:0", code::NO_USABLE_ADDRESS),
            ("https://adminportal.east.contoso.example", code::NO_USABLE_ADDRESS),
            ("::ffff:8.8.8.8", code::PUBLIC_ADDRESS),
            ("", code::NO_USABLE_ADDRESS),
        ] {
            assert_eq!(parse(text, Origin::Typed).unwrap_err().code, number, "{text}");
        }
        assert_eq!(parse("127.0.0.1", Origin::File).unwrap_err().code, code::NO_USABLE_ADDRESS);
        assert!(parse_all("", Origin::Typed).is_err());
    }
}
