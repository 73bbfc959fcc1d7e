//! Stamps: what is known about one, and how it is read from a stamp information file.

use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::address::{self, Address, Origin};
use crate::fault::code;
use crate::{Fault, json};

/// The largest file that is looked at, in bytes (P-09).
const LARGEST: usize = 4 << 20;
/// The deepest nesting of it (P-09).
const DEEPEST: usize = 32;
/// The longest text of an object that is looked at, in characters.
const LONGEST: usize = 1_000;
/// The most items of a list of an object that are looked at.
const MOST_ITEMS: usize = 64;
/// The property with the addresses.
const ADDRESSES: &str = "EmergencyConsoleIPAddresses";

/// What is done where an endpoint was given by a name, but Kerberos is not possible with it (S-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub enum FallBack {
    /// A person is asked.
    #[default]
    Ask,
    /// NTLM is used, and that is shown.
    Allow,
    /// There is no session.
    Never,
}

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
    /// The administrator Resource Manager that was asked.
    pub resource_manager: String,
    /// The ids that it had before it was bound to its deployment; records name it so.
    pub former_ids: Vec<String>,
    /// What is done where Kerberos is not possible.
    pub fall_back: FallBack,
}

/// What was read: the stamp, and the fields with their values for the person to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStamp {
    /// The stamp.
    pub stamp: Stamp,
    /// The fields that were used.
    pub fields: Vec<(String, String)>,
}

/// Why a file is none of a stamp, as a word: what is no JSON, or other JSON, may tell addresses all the same.
pub(crate) mod not_a_stamp {
    pub(crate) const SYNTAX: &str = "syntax";
    pub(crate) const OTHER: &str = "other";
    /// It ends in the middle.
    pub(crate) const EARLY: &str = "early";
    /// It is too large, too deep, or says the same thing twice.
    pub(crate) const REFUSED: &str = "refused";
    pub(crate) const SEVERAL: &str = "several";
}

fn not_a_stamp(reason: &'static str, detail: impl std::fmt::Display) -> Fault {
    Fault::new(code::NOT_A_STAMP_FILE).with("reason", reason).detail(detail)
}

/// Reads a stamp information file, whatever its name: judged by content; UTF-8, UTF-16 or UTF-32, with or without a mark.
///
/// # Errors
/// When it is something else, too large, or holds no usable address.
pub fn read_file(bytes: &[u8]) -> Result<ReadStamp, Fault> {
    if bytes.len() > LARGEST {
        return Err(not_a_stamp(not_a_stamp::REFUSED, "the file is larger than 4 MiB"));
    }
    let text =
        decode(bytes).ok_or_else(|| not_a_stamp(not_a_stamp::REFUSED, "the file is neither UTF-8 nor UTF-16"))?;
    // Editors and copying leave zeros behind the end.
    let text = text.trim_end_matches('\0');
    let value = json::strict(text, DEEPEST).map_err(|error| match error.classify() {
        Category::Eof if text.contains(['{', '[']) => {
            not_a_stamp(not_a_stamp::EARLY, format!("it ends in the middle; copy it again as a whole ({error})"))
        }
        Category::Eof | Category::Syntax | Category::Io => {
            not_a_stamp(not_a_stamp::SYNTAX, format!("it is no JSON: {error}"))
        }
        Category::Data => not_a_stamp(not_a_stamp::REFUSED, error),
    })?;
    of_value(&value)
}

fn of_value(value: &Value) -> Result<ReadStamp, Fault> {
    let other = |what: &str| not_a_stamp(not_a_stamp::OTHER, what);
    match value {
        // PowerShell 5.1 wraps some lists in an object with their count.
        Value::Object(object) if field(object, ADDRESSES).is_none() => {
            let inner = match field(object, "value") {
                Some(list @ Value::Array(_)) => Some(list),
                _ => object.values().find(|inner| inner.as_object().is_some_and(|it| field(it, ADDRESSES).is_some())),
            };
            inner.map_or_else(|| of_fields(object), of_value)
        }
        Value::Object(object) => of_fields(object),
        Value::Array(items) => {
            let mut read =
                items.iter().map(|item| item.as_object().ok_or_else(|| other("it is a list")).and_then(of_fields));
            let first = read.next().unwrap_or_else(|| Err(other("it is an empty list")))?;
            // Asked at each instance, the stamp says the same of itself.
            for next in read {
                let (first, next) = (&first.stamp, next?.stamp);
                if first.id != next.id || first.addresses != next.addresses {
                    let what = format!("it holds {} stamps; choose a file of one", items.len());
                    return Err(not_a_stamp(not_a_stamp::SEVERAL, what));
                }
            }
            Ok(first)
        }
        _ => Err(other("it is no object")),
    }
}

/// Reads what `Get-AzureStackStampInformation` returned in a session: the same fields as those of the file (pep-facts A.3).
///
/// # Errors
/// When it is something else, or holds no usable address.
pub fn of_object(value: &clixml::Value) -> Result<ReadStamp, Fault> {
    let object = value.as_object().ok_or_else(|| not_a_stamp(not_a_stamp::OTHER, "it is no object"))?;
    let text = |value: &clixml::Value| {
        value.base().as_str().map(|text| Value::from(text.chars().take(LONGEST).collect::<String>()))
    };
    let mut fields = Map::new();
    for property in object.properties() {
        let value = match property.value.items() {
            Some(items) => Some(Value::Array(items.iter().take(MOST_ITEMS).filter_map(text).collect())),
            None => text(&property.value),
        };
        if let Some(value) = value {
            fields.entry(property.name.to_string_lossy()).or_insert(value);
        }
    }
    of_fields(&fields)
}

/// Whether this is the worksheet of a deployment, which has its parts at some depth.
fn is_worksheet(object: &Map<String, Value>) -> bool {
    const PARTS: [&str; 3] = ["DeploymentData", "InputData", "PhysicalMachines"];
    let inside = |value: &Value| match value {
        Value::Object(object) => is_worksheet(object),
        Value::Array(items) => items.iter().filter_map(Value::as_object).any(is_worksheet),
        _ => false,
    };
    PARTS.iter().any(|name| field(object, name).is_some()) || object.values().any(inside)
}

fn of_fields(object: &Map<String, Value>) -> Result<ReadStamp, Fault> {
    if let Some(name) = twice(object) {
        return Err(not_a_stamp(not_a_stamp::REFUSED, format!("{name} stands there twice")));
    }
    let Some(addresses) = field(object, ADDRESSES) else {
        return Err(if field(object, "NamingPrefix").is_some() || is_worksheet(object) {
            Fault::new(code::DEPLOYMENT_DATA_FILE)
        } else {
            not_a_stamp(not_a_stamp::OTHER, format!("it has no {ADDRESSES}"))
        });
    };
    let listed = listed(addresses)?;
    let addresses = address::parse_all(&listed, Origin::File)?;
    let mut fields = vec![(ADDRESSES.to_owned(), listed)];
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
    // The content of a file may be pasted as well.
    if text.trim_start().starts_with(['{', '[']) && !text.trim_start().starts_with("[:") {
        return read_file(text.as_bytes()).map(|read| read.stamp);
    }
    let addresses = address::parse_all(text, Origin::Typed)?;
    let name = addresses.first().map(|address| address.host.clone()).unwrap_or_default();
    let mut stamp = Stamp { addresses, name, ..Stamp::default() };
    stamp.id = stamp.own_id();
    Ok(stamp)
}

impl Stamp {
    /// The id: the deployment's, else the addresses. Two stamps may share names and domains, never this.
    #[must_use]
    pub fn own_id(&self) -> String {
        if self.deployment_id.is_empty() {
            self.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        } else {
            self.deployment_id.to_lowercase()
        }
    }

    /// Whether this is its id, or was.
    #[must_use]
    pub fn has_id(&self, id: &str) -> bool {
        self.id == id || self.former_ids.iter().any(|former| former == id)
    }

    /// The name under which roots for its web services are kept: the host of its administrator Resource Manager.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let url = if self.resource_manager.is_empty() {
            arm::Place::of_external_domain(&self.external_domain)?.resource_manager()
        } else {
            self.resource_manager.clone()
        };
        arm::Place::resource_manager_of(&url).ok()?.host_str().map(str::to_owned)
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

/// A name that an object has twice; PowerShell's names have no case.
fn twice(object: &Map<String, Value>) -> Option<&str> {
    let mut names: Vec<(String, &str)> = object.keys().map(|name| (name.to_lowercase(), name.as_str())).collect();
    names.sort_unstable();
    let repeated = names.iter().zip(names.iter().skip(1)).find(|(before, after)| before.0 == after.0);
    repeated.map(|(_, (_, name))| *name)
}

/// The addresses as text: a list, a single one, a list that PowerShell 5.1 wrapped in an object with its count, or addresses that .NET has
/// written as objects.
fn listed(value: &Value) -> Result<String, Fault> {
    let bad = || Fault::new(code::NO_USABLE_ADDRESS).with("reason", "notText").detail("an address is no text");
    match value {
        // A list that was made a text has its braces, and the length of the network's prefix may stand behind an address.
        Value::String(text) => {
            let words = text.split(|c: char| c.is_whitespace() || "{}[]()\"',;".contains(c));
            let bare = |word: &str| match word.split_once('/') {
                Some((address, length)) if length.parse().is_ok_and(|length: u8| length <= 128) => address.to_owned(),
                _ => word.to_owned(),
            };
            Ok(words.filter(|word| !word.is_empty()).map(bare).collect::<Vec<_>>().join(" "))
        }
        Value::Array(items) => {
            let texts: Result<Vec<String>, Fault> = items.iter().filter(|item| !item.is_null()).map(listed).collect();
            Ok(texts?.join(" "))
        }
        Value::Object(members) => match field(members, "value").or_else(|| field(members, "IPAddressToString")) {
            Some(inner @ (Value::Array(_) | Value::String(_))) => listed(inner),
            _ => Err(bad()),
        },
        _ => Err(bad()),
    }
}

/// The text of a file: UTF-8, UTF-16 or UTF-32, with or without a mark, or what a code page has in common with ASCII.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], big: bool| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> =
            pairs.iter().map(|pair| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) }).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
    };
    let utf32 = |bytes: &[u8], big: bool| {
        let (fours, rest) = bytes.as_chunks::<4>();
        let code = |four: &[u8; 4]| if big { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) };
        let text: Option<String> = fours.iter().map(|four| char::from_u32(code(four))).collect();
        text.filter(|_| rest.is_empty())
    };
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => utf32(rest, false),
        [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, true),
        [_, 0, 0, 0, ..] => utf32(bytes, false),
        [0xff, 0xfe, rest @ ..] => utf16(rest, false),
        [0xfe, 0xff, rest @ ..] => utf16(rest, true),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        // The first character of JSON is ASCII: a zero byte beside it tells the order.
        [_, 0, ..] => utf16(bytes, false),
        [0, _, ..] => utf16(bytes, true),
        _ => String::from_utf8(bytes.to_vec()).ok().or_else(|| of_code_page(bytes)),
    }
}

/// Text of one of Windows' code pages, as Set-Content and Notepad of old write it. What is not ASCII is marked as not known: nothing in the
/// text says which page it was.
fn of_code_page(bytes: &[u8]) -> Option<String> {
    let text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x20..=0x7e | 0x80..);
    bytes.iter().all(text).then(|| String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{ "deploymentid": "3C2F0A5E", "RegionName": "east", "DomainNetBIOSName": "azurestack", "CloudId": "7d9f",
        "EmergencyConsoleIPAddresses": ["192.0.2.224", "192.0.2.225", "192.0.2.226"], "PSComputerName": "x", "RunspaceId": "y" }"#;

    #[test]
    fn a_file_of_a_code_page_is_read_and_what_is_no_text_is_not() {
        let named = FILE.replace("east", "M\u{fc}nchen");
        let bytes: Vec<u8> = named.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let read = read_file(&bytes).unwrap();
        assert_eq!((read.stamp.addresses.len(), read.stamp.region.as_str()), (3, "M\u{fffd}nchen"));
        assert_eq!(decode(b"\x89PNG\x1a\xff"), None);
    }

    #[test]
    fn what_a_session_returns_is_read_like_the_file() {
        use clixml::{Object, Property, Value};
        let text = |name: &str, value: &str| Property::new(name, Value::from(value));
        let addresses = Object::list(vec![Value::from("192.0.2.224"), Value::from("192.0.2.225")]);
        let mut object = Object {
            adapted: vec![text("DeploymentID", "A1"), text("DomainNetBIOSName", "azs"), text("PSComputerName", "x")],
            ..Object::default()
        };
        assert_eq!(of_object(&object.clone().into()).unwrap_err().code, code::NOT_A_STAMP_FILE);
        object.adapted.push(Property::new("EmergencyConsoleIPAddresses", Value::from(addresses)));
        let stamp = of_object(&object.into()).unwrap().stamp;
        assert_eq!((stamp.id.as_str(), stamp.netbios_domain.as_str(), stamp.addresses.len()), ("a1", "azs", 2));
        assert!(of_object(&Value::from("text")).is_err());
    }

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
            marked(&[0xff, 0xfe, 0, 0], FILE.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
            marked(&[0, 0, 0xfe, 0xff], FILE.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()),
            FILE.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
        ] {
            let read = read_file(&bytes).unwrap();
            assert_eq!((read.stamp.region.as_str(), read.stamp.addresses.len()), ("east", 3));
            assert_eq!(read.stamp.account().as_deref(), Some(r"azurestack\CloudAdmin"));
            assert_eq!(read.stamp.id, "3c2f0a5e");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let two = format!("[{FILE}, {}]", FILE.replace("3C2F0A5E", "another"));
        for (text, reason) in [
            (two.as_str(), not_a_stamp::SEVERAL),
            (FILE.get(..200).unwrap(), not_a_stamp::EARLY),
            (
                r#"{"EmergencyConsoleIPAddresses": "10.0.0.1", "EmergencyConsoleIPAddresses": "10.0.0.2"}"#,
                not_a_stamp::REFUSED,
            ),
            ("DeploymentID : 1", not_a_stamp::SYNTAX),
            ("", not_a_stamp::SYNTAX),
            ("[]", not_a_stamp::OTHER),
            ("7", not_a_stamp::OTHER),
            (r#"{"pepIpAddresses": []}"#, not_a_stamp::OTHER),
        ] {
            let fault = read_file(text.as_bytes()).unwrap_err();
            assert_eq!((fault.code, fault.values["reason"].as_str()), (code::NOT_A_STAMP_FILE, reason), "{text}");
        }
    }

    #[test]
    fn other_files_are_named() {
        for (text, number) in [
            (r#"{"DeploymentData": {}}"#, code::DEPLOYMENT_DATA_FILE),
            (r#"{"Version": "1", "ScaleUnits": [{"Name": "s", "DeploymentData": {}}]}"#, code::DEPLOYMENT_DATA_FILE),
            (r#"{"value": [{"properties": {"namingPrefix": "CW"}}]}"#, code::NOT_A_STAMP_FILE),
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
    fn p9_addresses_in_every_shape_that_powershell_writes() {
        for (addresses, count) in [
            (r#""192.0.2.1""#, 1),
            (r#""192.0.2.1, 192.0.2.2""#, 2),
            (r#"["192.0.2.1"]"#, 1),
            (r#"{"value": ["192.0.2.1", "192.0.2.2"], "Count": 2}"#, 2),
            (r#""{192.0.2.1, 192.0.2.2}""#, 2),
            (r#""[\"192.0.2.1\", \"192.0.2.2\"]""#, 2),
            (r#"[["192.0.2.1", "192.0.2.2"]]"#, 2),
            (r#"[{"IPAddressToString": "192.0.2.1", "Address": 16908480}]"#, 1),
            (r#"[{"value": "192.0.2.1"}, null, ""]"#, 1),
            (r#"["192.0.2.1/27", "192.0.2.2/27"]"#, 2),
        ] {
            let text = format!(r#"{{"emergencyconsoleipaddresses": {addresses}, "Unknown": [1, {{}}]}}"#);
            assert_eq!(read_file(text.as_bytes()).unwrap().stamp.addresses.len(), count, "{text}");
        }
        for text in [
            format!("[{FILE}]"),
            // Asked at each instance
            format!("[{FILE}, {}]", FILE.replace(r#""x""#, r#""y""#)),
            format!(r#"{{"value": [{FILE}], "Count": 1}}"#),
            format!(r#"{{"StampInformation": {FILE}}}"#),
            format!("{FILE}\0\0\0"),
        ] {
            assert_eq!(read_file(text.as_bytes()).unwrap().stamp.addresses.len(), 3, "{text}");
        }
        let read = read_file(format!("[{FILE}]").as_bytes()).unwrap();
        assert!(read.fields.iter().all(|(name, _)| !name.starts_with("PS") && name != "RunspaceId"));
        assert_eq!(from_text(FILE).unwrap().addresses.len(), 3, "pasted content is a file too");
    }

    #[test]
    fn p9_f64_what_a_file_may_not_hold_is_refused_with_its_reason() {
        for (addresses, number, reason) in [
            (r#"["8.8.8.8"]"#, code::PUBLIC_ADDRESS, "public"),
            (r#"["2606:4700::1111"]"#, code::PUBLIC_ADDRESS, "public"),
            (r#"["224.0.0.1"]"#, code::NO_USABLE_ADDRESS, "multicast"),
            (r#"["ff02::1"]"#, code::NO_USABLE_ADDRESS, "multicast"),
            (r#"["255.255.255.255"]"#, code::NO_USABLE_ADDRESS, "broadcast"),
            (r#"["0.0.0.0"]"#, code::NO_USABLE_ADDRESS, "unspecified"),
            (r#"["127.0.0.1"]"#, code::NO_USABLE_ADDRESS, "loopback"),
            (r#"["::1"]"#, code::NO_USABLE_ADDRESS, "loopback"),
            (r#"["::ffff:10.0.0.1"]"#, code::NO_USABLE_ADDRESS, "mapped"),
            (r#"["10.0.0.1:5986"]"#, code::NO_USABLE_ADDRESS, "port"),
            (r#"["evil.example"]"#, code::NO_USABLE_ADDRESS, "name"),
            (r#"[1, "10.0.0.1"]"#, code::NO_USABLE_ADDRESS, "notText"),
            ("[]", code::NO_USABLE_ADDRESS, "none"),
            ("null", code::NO_USABLE_ADDRESS, "notText"),
        ] {
            let fault = read_file(format!(r#"{{"EmergencyConsoleIPAddresses": {addresses}}}"#).as_bytes()).unwrap_err();
            assert_eq!((fault.code, fault.values["reason"].as_str()), (number, reason), "{addresses}");
        }
        let many: Vec<String> = (0..17).map(|last| format!("\"10.0.0.{last}\"")).collect();
        let text = format!(r#"{{"EmergencyConsoleIPAddresses": [{}]}}"#, many.join(","));
        assert_eq!(read_file(text.as_bytes()).unwrap_err().values["reason"], "tooMany");
    }

    #[test]
    fn p9_limits_and_names_that_stand_there_twice() {
        let address = r#""EmergencyConsoleIPAddresses": "10.0.0.1""#;
        for text in [
            format!(r#"{{{address}, {address}}}"#),
            format!(r#"{{{address}, "emergencyConsoleIPAddresses": "10.0.0.2"}}"#),
            format!(r#"{{{address}, "x": {{"a": 1, "a": 2}}}}"#),
            format!(r#"{{{address}, "x": {}{}}}"#, "[".repeat(40), "]".repeat(40)),
            format!("[{{{address}}}, {{{}}}]", address.replace("10.0.0.1", "10.0.0.2")),
            format!("{{{address}}} trailing"),
            format!("{{{address}, \"x\": \"{}\"}}", "y".repeat(LARGEST)),
        ] {
            assert_eq!(read_file(text.as_bytes()).unwrap_err().code, code::NOT_A_STAMP_FILE, "{:.80}", text);
        }
        assert!(read_file(format!(r#"{{{address}, "x": {}{}}}"#, "[".repeat(31), "]".repeat(31)).as_bytes()).is_ok());
    }

    #[test]
    fn p09_a_file_is_limited_one_below_and_one_above() {
        let address = r#""EmergencyConsoleIPAddresses": "10.0.0.1""#;
        let of_size = |size: usize| {
            let text = |length: usize| format!("{{{address}, \"x\": \"{}\"}}", "y".repeat(length));
            text(size - text(0).len())
        };
        for (size, accepted) in [(LARGEST - 1, true), (LARGEST, true), (LARGEST + 1, false)] {
            let text = of_size(size);
            assert_eq!((text.len(), read_file(text.as_bytes()).is_ok()), (size, accepted));
        }
        // The object itself is a level.
        for (depth, accepted) in [(31, true), (32, false), (100_000, false)] {
            let text = format!(r#"{{{address}, "x": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            assert_eq!(read_file(text.as_bytes()).is_ok(), accepted, "{depth}");
        }
        for (count, accepted) in [(16, true), (17, false), (10_000, false)] {
            let all: Vec<String> = (0..count).map(|at: u32| format!("\"10.0.{}.{}\"", at >> 8, at & 255)).collect();
            let text = format!(r#"{{"EmergencyConsoleIPAddresses": [{}]}}"#, all.join(","));
            assert_eq!(read_file(text.as_bytes()).map(|read| read.stamp.addresses.len()).ok(), accepted.then_some(16));
        }
    }

    #[test]
    fn p09_texts_and_lists_of_a_session_are_limited() {
        use clixml::{Object, Property, Value};
        let read = |region: usize, addresses: usize| {
            let list = Object::list(vec![Value::from("10.0.0.1"); addresses]);
            let region = Property::new("RegionName", "é".repeat(region).as_str());
            let adapted = vec![region, Property::new(ADDRESSES, Value::from(list))];
            of_object(&Object { adapted, ..Object::default() }.into())
        };
        for (length, kept) in [(999, 999), (1_000, 1_000), (1_001, 1_000)] {
            assert_eq!(read(length, 1).unwrap().stamp.region.chars().count(), kept, "{length}");
        }
        // One address counts once however often it is there, so that only the items are limited.
        let listed = |count: usize| read(1, count).map(|read| read.fields[0].1.split(' ').count());
        assert_eq!([63, 64, 65, 1_000].map(|count| listed(count).unwrap()), [63, 64, 64, 64]);
    }

    proptest::proptest! {
        /// P-09: no bytes do any harm, and what is read can be dialled.
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let _ = read_file(&bytes);
        }

        /// A file in any encoding gives the same stamp.
        #[test]
        fn any_encoding(region in "\\PC{0,12}", hosts in proptest::collection::hash_set(1_u8..255, 1..4)) {
            let hosts: Vec<String> = hosts.iter().map(|last| format!("10.1.2.{last}")).collect();
            let text = serde_json::json!({ "RegionName": region, "EmergencyConsoleIPAddresses": hosts }).to_string();
            let wanted = read_file(text.as_bytes()).unwrap();
            proptest::prop_assert_eq!(&wanted.stamp.region, &region);
            let units = |big: bool| -> Vec<u8> {
                text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
            };
            let marked = [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat();
            let forms = [marked, units(false), units(true), [&[0xff, 0xfe][..], &units(false)].concat(), [&[0xfe, 0xff][..], &units(true)].concat()];
            for form in forms {
                proptest::prop_assert_eq!(&read_file(&form).unwrap(), &wanted);
            }
            let dialled: Vec<String> = wanted.stamp.addresses.iter().map(|address| address.host.clone()).collect();
            proptest::prop_assert_eq!(dialled, hosts);
        }
    }
}
