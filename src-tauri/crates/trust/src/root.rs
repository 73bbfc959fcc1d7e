//! Certificates that are trusted as roots.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::CertificateFault;

/// The largest file of roots, in bytes.
const LARGEST_FILE: usize = 256 * 1024;

/// A certificate that is, or could be, trusted as a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    pub(crate) der: CertificateDer<'static>,
    /// Whom it is of.
    pub subject: String,
    /// Who signed it; the same for a real root.
    pub issuer: String,
    /// Until when it is valid, as text.
    pub valid_until: String,
}

impl Root {
    /// Reads certificates: one in DER, or any number in PEM.
    ///
    /// # Errors
    /// When there is none, or one cannot be read.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, CertificateFault> {
        let bad = |what: &str| CertificateFault::Other(format!("this is no certificate: {what}"));
        if bytes.len() > LARGEST_FILE {
            return Err(bad("the file is too large"));
        }
        let found = if bytes.first() == Some(&0x30) {
            vec![Self::read(&CertificateDer::from(bytes.to_vec()))]
        } else {
            CertificateDer::pem_slice_iter(bytes)
                .map(|der| der.map_err(|error| bad(&error.to_string())).and_then(|der| Self::read(&der)))
                .collect()
        };
        let found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
        if found.is_empty() { Err(bad("it is neither DER nor PEM")) } else { Ok(found) }
    }

    pub(crate) fn read(der: &CertificateDer<'_>) -> Result<Self, CertificateFault> {
        let parsed = Certificate::from_der(der.as_ref())
            .map_err(|error| CertificateFault::Other(format!("this is no certificate: {error}")))?;
        let tbs = parsed.tbs_certificate();
        Ok(Self {
            der: der.clone().into_owned(),
            subject: tbs.subject().to_string(),
            issuer: tbs.issuer().to_string(),
            valid_until: tbs.validity().not_after.to_string(),
        })
    }

    /// Whether it signed itself, as a root does.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.subject == self.issuer
    }

    /// The SHA-256 of the certificate, as pairs of digits: what a person compares.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let pairs: Vec<String> = Sha256::digest(&self.der).iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }

    /// The certificate, to be kept with a stamp.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        for bytes in
            [&b""[..], b"0", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x80\x00"]
        {
            assert!(Root::read_all(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn p09_a_file_of_roots_is_limited_one_below_and_one_above() {
        let of_size = |size: usize| match Root::read_all(&vec![b'x'; size]) {
            Err(CertificateFault::Other(what)) => what,
            other => panic!("{other:?}"),
        };
        assert!(of_size(LARGEST_FILE).contains("neither"), "it was looked at");
        assert!(of_size(LARGEST_FILE + 1).contains("too large"));
    }
}
