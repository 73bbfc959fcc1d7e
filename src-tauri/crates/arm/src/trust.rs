//! Whose certificates count: those of the operating system, and the roots that a person trusted for a stamp.
//!
//! Nothing switches the check off. A refusal is kept with what was shown, so that the right root can be named.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// The largest file of roots, in bytes.
const LARGEST_FILE: usize = 256 * 1024;
/// The most certificates of a server that are looked at.
const LONGEST_CHAIN: usize = 16;

/// A certificate that is, or could be, trusted as a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    der: CertificateDer<'static>,
    /// Whom it is of.
    pub subject: String,
    /// Who signed it; the same for a real root.
    pub issuer: String,
    /// Until when it is valid, as text.
    pub valid_until: String,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Nobody whom this computer trusts has signed it.
    #[error("nobody whom this computer trusts has signed it")]
    UnknownIssuer,
    /// Its time is over.
    #[error("it has expired, or the clock of this computer is wrong")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet, or the clock of this computer is wrong")]
    NotYetValid,
    /// It is of another host.
    #[error("it is of another host")]
    WrongName,
    /// It was revoked.
    #[error("it was revoked")]
    Revoked,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// A certificate that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the certificate of {host} is not accepted: {fault}{}", self.advice())]
pub struct Untrusted {
    /// Whose it should be.
    pub host: String,
    /// What is wrong with it.
    pub fault: CertificateFault,
    /// Who signed it, as it says.
    pub issuer: String,
    /// What could be trusted for this stamp to accept it. None where trust would not help, or where the server does not show
    /// more than its own certificate: then the root has to come from whoever runs the certificate authority.
    pub offer: Option<Root>,
}

impl Untrusted {
    fn advice(&self) -> String {
        match (&self.fault, &self.offer) {
            (CertificateFault::UnknownIssuer, Some(root)) => format!(
                "; if the stamp's owner confirms the SHA-256 fingerprint {} of \"{}\", trust this root for this stamp",
                root.fingerprint(),
                root.subject
            ),
            (CertificateFault::UnknownIssuer, None) => {
                format!(
                    "; it was signed by \"{}\": get this root from whoever runs it, and trust it for this stamp",
                    self.issuer
                )
            }
            (CertificateFault::WrongName, _) => "; use the name that is in the certificate".to_owned(),
            _ => "; the stamp's certificates have to be renewed, trust does not help".to_owned(),
        }
    }
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

    fn read(der: &CertificateDer<'_>) -> Result<Self, CertificateFault> {
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

/// The refusals of this client, by host.
pub(crate) type Refusals = Arc<Mutex<HashMap<String, Untrusted>>>;

/// A TLS configuration and the place where refusals are found.
///
/// # Errors
/// When a root cannot be used.
pub(crate) fn config(roots: &[Root]) -> Result<(ClientConfig, Refusals), CertificateFault> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let refusals = Refusals::default();
    let inner = match Verifier::new_with_extra_roots(roots.iter().map(|root| root.der.clone()), provider.clone()) {
        Ok(inner) => Some(inner),
        // A computer without any roots trusts nobody; it can still be told whom to trust.
        Err(error) if roots.is_empty() => {
            tracing::warn!(%error, "The certificates of the operating system cannot be read");
            None
        }
        Err(error) => return Err(CertificateFault::Other(format!("the root cannot be used: {error}"))),
    };
    let watching = Watching { inner, roots: roots.to_vec(), provider: provider.clone(), refusals: refusals.clone() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| CertificateFault::Other(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(watching))
        .with_no_client_auth();
    Ok((config, refusals))
}

/// The verifier of the platform; it keeps what it refused.
#[derive(Debug)]
struct Watching {
    inner: Option<Verifier>,
    roots: Vec<Root>,
    provider: Arc<CryptoProvider>,
    refusals: Refusals,
}

impl ServerCertVerifier for Watching {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let checked = match &self.inner {
            Some(inner) => inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        // A server may show the very certificate that a person trusted: it signed itself, and says that it is an authority. Only its
        // name and its time are left to be checked.
        let checked =
            match checked {
                Err(rustls::Error::InvalidCertificate(
                    CertificateError::Other(_) | CertificateError::UnknownIssuer,
                )) if self.roots.iter().any(|root| root.der == *end_entity) => itself(end_entity, server_name, now),
                other => other,
            };
        if let Err(error) = &checked {
            let host = server_name.to_str().into_owned();
            let refused = refused(host.clone(), error, end_entity, intermediates);
            self.refusals.lock().unwrap_or_else(PoisonError::into_inner).insert(host, refused);
        }
        checked
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a certificate that is trusted itself is of this host, and of this time.
fn itself(
    leaf: &CertificateDer<'_>,
    server_name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, rustls::Error> {
    verify_server_name(&ParsedCertificate::try_from(leaf)?, server_name)?;
    let parsed = Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.tbs_certificate().validity();
    let now = now.as_secs();
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if validity.not_after.to_unix_duration().as_secs() < now {
        return Err(CertificateError::Expired.into());
    }
    Ok(ServerCertVerified::assertion())
}

fn refused(host: String, error: &rustls::Error, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Untrusted {
    let fault = match error {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer => CertificateFault::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                CertificateFault::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                CertificateFault::WrongName
            }
            CertificateError::Revoked => CertificateFault::Revoked,
            other => CertificateFault::Other(other.to_string()),
        },
        other => CertificateFault::Other(other.to_string()),
    };
    let leaf = Root::read(leaf).ok();
    // One that signed itself as an authority is refused for that before anybody asks who signed it.
    let fault = match fault {
        CertificateFault::Other(_) if leaf.as_ref().is_some_and(Root::is_root) => CertificateFault::UnknownIssuer,
        other => other,
    };
    let issuer = leaf.as_ref().map(|leaf| leaf.issuer.clone()).unwrap_or_default();
    let offer = leaf.filter(|_| fault == CertificateFault::UnknownIssuer).and_then(|leaf| {
        let others: Vec<Root> = others.iter().take(LONGEST_CHAIN).filter_map(|der| Root::read(der).ok()).collect();
        top(leaf, &others)
    });
    Untrusted { host, fault, issuer, offer }
}

/// The last certificate of a chain that begins with the server's; servers do not always keep them in order.
fn top(leaf: Root, others: &[Root]) -> Option<Root> {
    let mut at = leaf.clone();
    for _ in 0..others.len() {
        if at.is_root() {
            break;
        }
        match others.iter().find(|other| other.subject == at.issuer) {
            Some(next) => at = next.clone(),
            None => break,
        }
    }
    (at.is_root() || at != leaf).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(subject: &str, issuer: &str) -> Root {
        Root {
            der: CertificateDer::from(subject.as_bytes().to_vec()),
            subject: subject.into(),
            issuer: issuer.into(),
            valid_until: String::new(),
        }
    }

    #[test]
    fn the_top_of_a_chain_is_offered_whatever_its_order() {
        let others = [root("R", "R"), root("B", "R"), root("A", "B")];
        assert_eq!(top(root("L", "A"), &others).unwrap().subject, "R");
        assert_eq!(top(root("L", "A"), &others[2..]).unwrap().subject, "A");
        assert_eq!(top(root("L", "A"), &[]), None, "the server's own certificate is no root");
        assert_eq!(top(root("S", "S"), &[]).unwrap().subject, "S");
        assert!(top(root("L", "A"), &[root("A", "B"), root("B", "A")]).is_some(), "a circle ends");
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for bytes in
            [&b""[..], b"0", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x80\x00"]
        {
            assert!(Root::read_all(bytes).is_err(), "{bytes:?}");
        }
        assert!(Root::read_all(&vec![b'x'; LARGEST_FILE + 1]).is_err());
    }
}
