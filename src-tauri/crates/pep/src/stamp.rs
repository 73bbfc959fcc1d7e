//! Stamps: what is known about one, and how it is read from a stamp information file.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Fault;
use crate::address::{self, Address, Origin};
use crate::fault::code;

/// The largest file that is looked at, in bytes (P-09).
const LARGEST: usize = 4 << 20;

/// A stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Stamp {
    /// Its id on this computer: the deployment's where known.
    pub id: String,
    /// The name that the person gave it.
    pub name: String,
    /// The region.
    pub region: String,
    /// The short name of the internal domain.
    pub netbios_domain: String,
    /// The full name of the internal domain.
    pub dns_domain: String,
    /// The external suffix with the region.
    pub external_domain: String,
    /// The Cloud ID.
    pub cloud_id: String,
    /// The deployment's id.
    pub deployment_id: String,
    /// The version.
    pub version: String,
    /// The instances.
    pub addresses: Vec<Address>,
    /// Whether it was read from a file.
    pub from_file: bool,
    /// When it was used last, in seconds since 1970.
    pub last_used: Option<i64>,
    /// The accounts whose passwords were put into the key ring.
    pub accounts: Vec<String>,
}

/// What was read: the stamp, and the fields with their values for the person to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStamp {
    /// The stamp.
    pub stamp: Stamp,
    /// The fields that were used.
    pub fields: Vec<(String, String)>,
}

/// Reads a stamp information file, whatever its name: judged by content; UTF-8 or UTF-16, with or without a mark.
///
/// # Errors
/// When it is something else, too large, or holds no usable address.
pub fn read_file(bytes: &[u8]) -> Result<ReadStamp, Fault> {
    let not_a_stamp = || Fault::new(code::NOT_A_STAMP_FILE);
    if bytes.len() > LARGEST {
        return Err(not_a_stamp().detail("the file is larger than 4 MiB"));
    }
    let text = decode(bytes).ok_or_else(|| not_a_stamp().detail("the file is neither UTF-8 nor UTF-16"))?;
    // serde_json refuses depths over 128 by itself; 32 is what any real file stays far below.
    let value: Value = serde_json::from_str(&text).map_err(|error| not_a_stamp().detail(error))?;
    if depth(&value) > 32 {
        return Err(not_a_stamp().detail("the file is nested too deeply"));
    }
    let object = match &value {
        Value::Object(object) => object,
        // Saved from a session as a list of one.
        Value::Array(items) => items.first().and_then(Value::as_object).ok_or_else(not_a_stamp)?,
        _ => return Err(not_a_stamp()),
    };
    let Some(addresses) = field(object, "EmergencyConsoleIPAddresses") else {
        let worksheet = ["DeploymentData", "InputData", "NamingPrefix", "PhysicalMachines"];
        let is_worksheet = worksheet.iter().any(|name| field(object, name).is_some());
        return Err(Fault::new(if is_worksheet { code::DEPLOYMENT_DATA_FILE } else { code::NOT_A_STAMP_FILE }));
    };
    let listed = match addresses {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    };
    let addresses = address::parse_all(&listed, Origin::File)?;
    let mut fields = vec![("EmergencyConsoleIPAddresses".to_owned(), listed)];
    let mut text = |names: &[&str]| {
        let found = names.iter().find_map(|name| Some((*name, field(object, name)?.as_str()?)));
        found.map(|(name, value)| {
            fields.push((name.to_owned(), value.to_owned()));
            value.to_owned()
        })
    };
    let region = text(&["RegionName"]).unwrap_or_default();
    let deployment_id = text(&["DeploymentID"]).unwrap_or_default();
    let mut stamp = Stamp {
        netbios_domain: text(&["DomainNetBIOSName"]).unwrap_or_default(),
        dns_domain: text(&["DomainFQDN"]).unwrap_or_default(),
        external_domain: text(&["ExternalDomainFQDN"]).unwrap_or_default(),
        cloud_id: text(&["CloudID"]).unwrap_or_default(),
        version: text(&["StampVersion"]).unwrap_or_default(),
        from_file: true,
        addresses,
        region,
        deployment_id,
        ..Stamp::default()
    };
    stamp.id = stamp.own_id();
    stamp.name = if stamp.region.is_empty() { "Stamp".to_owned() } else { stamp.region.clone() };
    Ok(ReadStamp { stamp, fields })
}

/// A stamp of addresses that were typed or pasted.
///
/// # Errors
/// When there is no usable address among them.
pub fn from_text(text: &str) -> Result<Stamp, Fault> {
    let addresses = address::parse_all(text, Origin::Typed)?;
    let name = addresses.first().map(|address| address.host.clone()).unwrap_or_default();
    let mut stamp = Stamp { addresses, name, ..Stamp::default() };
    stamp.id = stamp.own_id();
    Ok(stamp)
}

impl Stamp {
    /// The id: the deployment's, else the addresses. Two stamps may share names and domains, never this.
    #[must_use]
    fn own_id(&self) -> String {
        if self.deployment_id.is_empty() {
            self.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        } else {
            self.deployment_id.to_lowercase()
        }
    }

    /// The account that the stamp's documents name.
    #[must_use]
    pub fn account(&self) -> Option<String> {
        (!self.netbios_domain.is_empty()).then(|| format!(r"{}\CloudAdmin", self.netbios_domain))
    }

    /// A short name for the instance at this place.
    #[must_use]
    pub fn label(&self, at: usize) -> String {
        if self.addresses.len() == 3 { format!("ERCS{:02}", at + 1) } else { format!("Instance {}", at + 1) }
    }
}

fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    inner.unwrap_or(0) + 1
}

/// The text of a file: UTF-8 or UTF-16, with or without a mark.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], big: bool| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> =
            pairs.iter().map(|pair| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) }).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, false),
        [0xfe, 0xff, rest @ ..] => utf16(rest, true),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        // The first character of JSON is ASCII: a zero byte beside it tells the order.
        [_, 0, ..] => utf16(bytes, false),
        [0, _, ..] => utf16(bytes, true),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{ "deploymentid": "3C2F0A5E", "RegionName": "east", "DomainNetBIOSName": "azurestack", "CloudId": "7d9f",
        "EmergencyConsoleIPAddresses": ["192.0.2.224", "192.0.2.225", "192.0.2.226"], "PSComputerName": "x", "RunspaceId": "y" }"#;

    #[test]
    fn a_file_is_judged_by_content_in_every_encoding() {
        let utf16 = |big: bool| -> Vec<u8> {
            FILE.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let marked = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
        for bytes in [
            FILE.as_bytes().to_vec(),
            marked(&[0xef, 0xbb, 0xbf], FILE.as_bytes().to_vec()),
            marked(&[0xff, 0xfe], utf16(false)),
            marked(&[0xfe, 0xff], utf16(true)),
            utf16(false),
        ] {
            let read = read_file(&bytes).unwrap();
            assert_eq!((read.stamp.region.as_str(), read.stamp.addresses.len()), ("east", 3));
            assert_eq!(read.stamp.account().as_deref(), Some(r"azurestack\CloudAdmin"));
            assert_eq!(read.stamp.id, "3c2f0a5e");
        }
    }

    #[test]
    fn other_files_are_named() {
        for (text, number) in [
            (r#"{"DeploymentData": {}}"#, code::DEPLOYMENT_DATA_FILE),
            (r#"{"a": 1}"#, code::NOT_A_STAMP_FILE),
            ("not json", code::NOT_A_STAMP_FILE),
            (r#"{"EmergencyConsoleIPAddresses": ["8.8.8.8"]}"#, code::PUBLIC_ADDRESS),
            (r#"{"EmergencyConsoleIPAddresses": []}"#, code::NO_USABLE_ADDRESS),
            (r#"{"EmergencyConsoleIPAddresses": ["127.0.0.1"]}"#, code::NO_USABLE_ADDRESS),
        ] {
            assert_eq!(read_file(text.as_bytes()).unwrap_err().code, number, "{text}");
        }
    }

    #[test]
    fn a_single_address_may_be_a_text() {
        let read = read_file(br#"{"EmergencyConsoleIPAddresses": "192.0.2.1"}"#).unwrap();
        assert_eq!(read.stamp.addresses.len(), 1);
    }
}
