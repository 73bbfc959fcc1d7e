//! The roots of the operating system, and the roots that a person trusted for a stamp.
//!
//! Nothing switches the check off. A refusal is kept with what was shown, so that the right root can be named.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::refused::refused;
use crate::{CertificateFault, Root, Untrusted};

/// The refusals of this client, by host.
pub type Refusals = Arc<Mutex<HashMap<String, Untrusted>>>;

/// A TLS configuration for many hosts, and the place where refusals are found.
///
/// # Errors
/// When a root cannot be used.
pub fn config(roots: &[Root]) -> Result<(ClientConfig, Refusals), CertificateFault> {
    let refusals = Refusals::default();
    let watching = Watching::new(roots, refusals.clone())?;
    let config = ClientConfig::builder_with_provider(watching.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| CertificateFault::Other(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(watching))
        .with_no_client_auth();
    Ok((config, refusals))
}

/// The verifier of the platform; it keeps what it refused.
#[derive(Debug)]
pub(crate) struct Watching {
    inner: Option<Verifier>,
    roots: Vec<Root>,
    provider: Arc<CryptoProvider>,
    refusals: Refusals,
}

impl Watching {
    pub(crate) fn new(roots: &[Root], refusals: Refusals) -> Result<Self, CertificateFault> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let extra = roots.iter().map(|root| root.der.clone());
        let inner = match Verifier::new_with_extra_roots(extra, provider.clone()) {
            Ok(inner) => Some(inner),
            // A computer without any roots trusts nobody; it can still be told whom to trust.
            Err(error) if roots.is_empty() => {
                tracing::warn!(%error, "The certificates of the operating system cannot be read");
                None
            }
            Err(error) => return Err(CertificateFault::Other(format!("the root cannot be used: {error}"))),
        };
        Ok(Self { inner, roots: roots.to_vec(), provider, refusals })
    }
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
