//! The roots of the operating system, and the roots that a person trusted for a stamp.
//!
//! Nothing switches the check off. A refusal is kept with what was shown, so that the right root can be named.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig};
use rustls_platform_verifier::Verifier;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::handshake::{Decision, Shown, client, provider};
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
    let config = client(watching).map_err(|error| CertificateFault::Other(error.to_string()))?;
    Ok((config, refusals))
}

/// Decides as the platform does; it keeps what it refused.
#[derive(Debug)]
pub(crate) struct Watching {
    inner: Option<Verifier>,
    roots: Vec<Root>,
    refusals: Refusals,
}

impl Watching {
    pub(crate) fn new(roots: &[Root], refusals: Refusals) -> Result<Self, CertificateFault> {
        let extra = roots.iter().map(|root| root.der.clone());
        let inner = match Verifier::new_with_extra_roots(extra, provider()) {
            Ok(inner) => Some(inner),
            // A computer without any roots trusts nobody; it can still be told whom to trust.
            Err(error) if roots.is_empty() => {
                tracing::warn!(%error, "The certificates of the operating system cannot be read");
                None
            }
            Err(error) => return Err(CertificateFault::Other(format!("the root cannot be used: {error}"))),
        };
        Ok(Self { inner, roots: roots.to_vec(), refusals })
    }
}

impl Decision for Watching {
    fn decide(&self, shown: &Shown<'_>) -> Result<(), rustls::Error> {
        let &Shown { end_entity, intermediates, host, ocsp_response, now } = shown;
        let checked = match &self.inner {
            Some(inner) => inner.verify_server_cert(end_entity, intermediates, host, ocsp_response, now).map(drop),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        // A server may show the very certificate that a person trusted: it signed itself, and says that it is an authority. Only its
        // name and its time are left to be checked.
        let checked =
            match checked {
                Err(rustls::Error::InvalidCertificate(
                    CertificateError::Other(_) | CertificateError::UnknownIssuer,
                )) if self.roots.iter().any(|root| root.der == *end_entity) => itself(end_entity, host, now),
                other => other,
            };
        if let Err(error) = &checked {
            let host = host.to_str().into_owned();
            let refused = refused(host.clone(), error, end_entity, intermediates);
            self.refusals.lock().unwrap_or_else(PoisonError::into_inner).insert(host, refused);
        }
        checked
    }
}

/// Whether a certificate that is trusted itself is of this host, and of this time.
fn itself(leaf: &CertificateDer<'_>, host: &ServerName<'_>, now: UnixTime) -> Result<(), rustls::Error> {
    verify_server_name(&ParsedCertificate::try_from(leaf)?, host)?;
    let parsed = Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.tbs_certificate().validity();
    let now = now.as_secs();
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if validity.not_after.to_unix_duration().as_secs() < now {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}
