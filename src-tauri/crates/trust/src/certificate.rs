//! What there is to know about a server's certificate: for a person, and for the binding of a sign-in to the channel.

use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use x509_cert::Certificate;
use x509_cert::der::asn1::{ContextSpecific, ObjectIdentifier};
use x509_cert::der::{Decode as _, Encode as _, SliceReader, TagNumber};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::KeyPin;

/// The certificate that a server showed in a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerCertificate {
    /// Its public key: what a person compares, and what is pinned.
    pub key: KeyPin,
    /// Whom it is of, as it says.
    pub subject: String,
    /// Who signed it, as it says.
    pub issuer: String,
    /// Until when it is valid, as text.
    pub valid_until: String,
    /// The channel binding of this certificate, `tls-server-end-point:` and its hash. RFC 5929 section 4
    pub end_point: Vec<u8>,
}

impl ServerCertificate {
    /// Reads it.
    ///
    /// # Errors
    /// When it is no certificate.
    pub fn read(der: &CertificateDer<'_>) -> Result<Self, rustls::Error> {
        let key = KeyPin::of(der)?;
        let bad = |_| rustls::Error::InvalidCertificate(rustls::CertificateError::BadEncoding);
        let parsed = Certificate::from_der(der).map_err(bad)?;
        let tbs = parsed.tbs_certificate();
        let mut end_point = b"tls-server-end-point:".to_vec();
        end_point.extend(hash_of(parsed.signature_algorithm()).digest(der));
        Ok(Self {
            key,
            subject: tbs.subject().to_string(),
            issuer: tbs.issuer().to_string(),
            valid_until: tbs.validity().not_after.to_string(),
            end_point,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha224 => Sha224::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

/// The hash of a signature; SHA-256 in place of MD5 and SHA-1 (RFC 5929 section 4.1). Algorithms without a hash of their own, for
/// which the binding is not defined, count as SHA-256 too: a binding that the server does not accept is safe, none is not.
fn hash_of(signature: &AlgorithmIdentifierOwned) -> Hash {
    const PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
    if signature.oid == PSS {
        return pss_hash(signature).unwrap_or(Hash::Sha256);
    }
    match signature.oid.to_string().as_str() {
        // RSA, ECDSA
        "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" => Hash::Sha224,
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Hash::Sha384,
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Hash::Sha512,
        _ => Hash::Sha256,
    }
}

/// RSASSA-PSS names its hash in its parameters. RFC 4055 section 3.1
fn pss_hash(signature: &AlgorithmIdentifierOwned) -> Option<Hash> {
    let parameters = signature.parameters.as_ref()?.to_der().ok()?;
    let inside = x509_cert::der::asn1::AnyRef::from_der(&parameters).ok()?;
    let mut reader = SliceReader::new(inside.value()).ok()?;
    let hash = ContextSpecific::<AlgorithmIdentifierOwned>::decode_explicit(&mut reader, TagNumber(0)).ok()??;
    Some(match hash.value.oid.to_string().as_str() {
        "2.16.840.1.101.3.4.2.4" => Hash::Sha224,
        "2.16.840.1.101.3.4.2.2" => Hash::Sha384,
        "2.16.840.1.101.3.4.2.3" => Hash::Sha512,
        _ => Hash::Sha256,
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};

    use super::*;

    fn made(algorithm: &'static SignatureAlgorithm) -> CertificateDer<'static> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().der().clone()
    }

    /// What a certificate's hash must be, by its length.
    fn length(der: &CertificateDer<'_>) -> usize {
        let end_point = ServerCertificate::read(der).unwrap().end_point;
        end_point.strip_prefix(b"tls-server-end-point:").unwrap().len()
    }

    #[test]
    fn a20_the_end_point_is_hashed_as_the_signature_says() {
        for (algorithm, wanted) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, 32),
            (&rcgen::PKCS_ECDSA_P384_SHA384, 48),
            (&rcgen::PKCS_RSA_SHA512, 64),
            (&rcgen::PKCS_ED25519, 32),
        ] {
            assert_eq!(length(&made(algorithm)), wanted, "{algorithm:?}");
        }
        let der = made(&rcgen::PKCS_ECDSA_P384_SHA384);
        let end_point = ServerCertificate::read(&der).unwrap().end_point;
        assert_eq!(end_point, [b"tls-server-end-point:".to_vec(), Sha384::digest(&der).to_vec()].concat());
    }

    #[test]
    fn weak_hashes_are_replaced_and_pss_tells_its_own() {
        let named = |oid: &str, parameters: Option<&[u8]>| {
            let parameters = parameters.map(|der| x509_cert::der::Any::from_der(der).unwrap());
            hash_of(&AlgorithmIdentifierOwned { oid: ObjectIdentifier::new(oid).unwrap(), parameters })
        };
        for weak in ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"] {
            assert_eq!(named(weak, None), Hash::Sha256);
        }
        const PSS: &str = "1.2.840.113549.1.1.10";
        let sha384 = b"\x30\x0f\xa0\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02";
        assert_eq!(named(PSS, Some(sha384)), Hash::Sha384);
        // Without parameters it means SHA-1.
        assert_eq!(named(PSS, Some(b"\x30\x00")), Hash::Sha256);
        assert_eq!(named(PSS, None), Hash::Sha256);
    }

    #[test]
    fn a_new_certificate_of_the_same_key_has_the_same_pin() {
        let key = KeyPair::generate().unwrap();
        let made = |name: &str| {
            let made = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
            ServerCertificate::read(made.der()).unwrap()
        };
        let (one, other) = (made("a"), made("b"));
        assert_eq!(one.key, other.key);
        assert_ne!(one.end_point, other.end_point);
        assert!(ServerCertificate::read(&CertificateDer::from(vec![0x30, 0])).is_err());
    }
}
