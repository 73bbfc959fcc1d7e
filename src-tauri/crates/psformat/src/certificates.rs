//! Certificates and the names in them, which are living objects again once they have come over the wire. Of a certificate
//! its bytes came and its text, of a name its bytes alone.

use clixml::{Object, Value};
use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{BmpString, Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::name::RdnSequence;

use crate::live::{Properties, named};

const OID: &str = "System.Security.Cryptography.Oid";
const NAME: &str = "System.Security.Cryptography.X509Certificates.X500DistinguishedName";
const KEY: &str = "System.Security.Cryptography.X509Certificates.PublicKey";

/// What a certificate says of itself in its text: sections from the subject to the thumbprint. They are read from the end,
/// because a name may hold anything. The rest is in its bytes; where it lies in the memory of this computer is nowhere.
pub(crate) fn certificate(object: &Object) -> Option<Properties> {
    let text = object.to_string.as_ref()?.to_string_lossy().replace("\r\n", "\n");
    let (rest, thumbprint) = text.rsplit_once("[Thumbprint]\n")?;
    let (rest, not_after) = rest.rsplit_once("[Not After]\n")?;
    let (rest, not_before) = rest.rsplit_once("[Not Before]\n")?;
    let (rest, serial) = rest.rsplit_once("[Serial Number]\n")?;
    let (rest, issuer) = rest.rsplit_once("[Issuer]\n")?;
    let subject = rest.strip_prefix("[Subject]\n")?;
    let own = |text: &str| Value::from(text.trim());
    let memory = |length: usize| Value::from(format!("System.ReadOnlyMemory<Byte>[{length}]"));
    let bytes = raw(object)?;
    let read = Certificate::from_der(bytes).ok();
    let content = read.as_ref().map(Certificate::tbs_certificate);
    let extensions = content.and_then(|content| content.extensions()).map_or(0, Vec::len);
    let version = content.map_or(3, |content| i32::from(content.version() as u8).saturating_add(1));
    Some(named([
        ("Archived", false.into()),
        ("Extensions", Object::list(vec![OID.into(); extensions]).into()),
        ("FriendlyName", "".into()),
        ("HasPrivateKey", false.into()),
        ("PrivateKey", Value::Null),
        ("IssuerName", NAME.into()),
        ("NotAfter", own(not_after)),
        ("NotBefore", own(not_before)),
        ("PublicKey", KEY.into()),
        ("RawData", Value::Bytes(bytes.to_vec())),
        ("RawDataMemory", memory(bytes.len())),
        ("SerialNumber", own(serial)),
        ("SignatureAlgorithm", OID.into()),
        ("SubjectName", NAME.into()),
        ("Thumbprint", own(thumbprint)),
        ("Version", version.into()),
        ("Handle", Value::Null),
        ("Issuer", own(issuer)),
        ("Subject", own(subject)),
        ("SerialNumberBytes", memory(serial.trim().len() / 2)),
        ("EnhancedKeyUsageList", Value::Null),
        ("DnsNameList", Value::Null),
        ("SendAsTrustedIssuer", Value::Null),
    ]))
}

/// The properties of a name.
pub(crate) fn name(object: &Object) -> Option<Properties> {
    let bytes = raw(object)?;
    let name = text(&RdnSequence::from_der(bytes).ok()?);
    Some(named([("Name", name.into()), ("Oid", OID.into()), ("RawData", Value::Bytes(bytes.to_vec()))]))
}

/// No certificate is as large as this; what is remains a bag of bytes.
const LARGEST: usize = 64 << 10;

fn raw(object: &Object) -> Option<&[u8]> {
    match object.get("RawData")?.base() {
        Value::Bytes(bytes) => Some(bytes.as_slice()).filter(|bytes| bytes.len() <= LARGEST),
        _ => None,
    }
}

/// `CN=example, O=Org`: the last part first, as .NET writes it.
fn text(name: &RdnSequence) -> String {
    let parts: Vec<&x509_cert::name::RelativeDistinguishedName> = name.iter().collect();
    let part =
        |part: &x509_cert::name::RelativeDistinguishedName| part.iter().map(attribute).collect::<Vec<_>>().join(" + ");
    parts.into_iter().rev().map(part).collect::<Vec<_>>().join(", ")
}

fn attribute(attribute: &AttributeTypeAndValue) -> String {
    let oid = attribute.oid.to_string();
    let known = match oid.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "S",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "T",
        "2.5.4.13" => "Description",
        "2.5.4.17" => "PostalCode",
        "2.5.4.41" => "name",
        "2.5.4.42" => "G",
        "2.5.4.43" => "I",
        "2.5.4.46" => "dnQualifier",
        "2.5.4.97" => "organizationIdentifier",
        "0.9.2342.19200300.100.1.1" => "userId",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "E",
        _ => "",
    };
    let label = if known.is_empty() { format!("OID.{oid}") } else { known.to_owned() };
    let value = &attribute.value;
    let shown = match value.tag() {
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().ok().map(|text| text.as_str().to_owned()),
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.as_str().to_owned()),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok().map(|text| text.as_str().to_owned()),
        Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>().ok().map(|text| text.as_str().to_owned()),
        Tag::BmpString => value.decode_as::<BmpString>().ok().map(|text| text.to_string()),
        _ => None,
    };
    format!("{label}={}", quoted(shown.unwrap_or_default()))
}

/// In quotation marks, where a text could be taken for something else.
fn quoted(text: String) -> String {
    const BLANKS: [char; 6] = [' ', '\t', '\n', '\u{b}', '\u{c}', '\r'];
    let plain = !text.is_empty()
        && !text.starts_with(BLANKS)
        && !text.ends_with(BLANKS)
        && !text.contains([',', '+', '=', '"', '\n', '<', '>', '#', ';']);
    if plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name of one part, with a text of this kind.
    fn shown(tag: u8, text: &[u8]) -> Option<String> {
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
        let framed = |tag: u8, bytes: &[u8]| [&[tag, length(bytes)], bytes].concat();
        let attribute = [framed(6, &[0x55, 4, 3]), framed(tag, text)].concat();
        let name = framed(0x30, &framed(0x31, &framed(0x30, &attribute)));
        named_by(name)
    }

    fn named_by(raw: Vec<u8>) -> Option<String> {
        let object = Object::with_extended([("RawData", Value::Bytes(raw))]);
        let properties = name(&object)?;
        properties.iter().find(|(name, _)| name == "Name").map(|(_, value)| crate::object::text(value))
    }

    #[test]
    fn texts_of_each_kind_are_read_and_quoted_where_they_must_be() {
        assert_eq!(shown(12, "ümläut".as_bytes()).as_deref(), Some("CN=ümläut"));
        assert_eq!(shown(19, b"plain text").as_deref(), Some("CN=plain text"));
        assert_eq!(shown(22, b"a@b").as_deref(), Some("CN=a@b"));
        assert_eq!(shown(30, &[0x65, 0xe5, 0x67, 0x2c]).as_deref(), Some("CN=日本"));
        assert_eq!(shown(12, b"one, two").as_deref(), Some("CN=\"one, two\""));
        assert_eq!(shown(12, b"say \"x\"").as_deref(), Some("CN=\"say \"\"x\"\"\""));
        assert_eq!(shown(12, b" blank").as_deref(), Some("CN=\" blank\""));
        assert_eq!(shown(12, b"").as_deref(), Some("CN=\"\""));
    }

    #[test]
    fn what_is_no_name_has_none() {
        assert_eq!(named_by(vec![0x30, 5, 1]), None);
        assert_eq!(named_by(vec![0x30; 100]), None);
        assert_eq!(named_by(vec![0; LARGEST + 1]), None);
        assert_eq!(certificate(&Object::with_extended([("RawData", Value::Bytes(vec![1]))])), None);
    }
}
