//! The check of a TLS handshake: who decides about the certificate differs, that the server holds its key is checked in one way.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

/// What a server shows of itself.
pub(crate) struct Shown<'a> {
    pub(crate) end_entity: &'a CertificateDer<'a>,
    pub(crate) intermediates: &'a [CertificateDer<'a>],
    /// The host that was asked for
    pub(crate) host: &'a ServerName<'a>,
    pub(crate) ocsp_response: &'a [u8],
    pub(crate) now: UnixTime,
}

/// Whether a server is believed that shows this certificate.
pub(crate) trait Decision: Debug + Send + Sync {
    fn decide(&self, shown: &Shown<'_>) -> Result<(), rustls::Error>;
}

/// The cryptography of all connections.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A client of TLS 1.2 and 1.3 that believes whom this decides for.
pub(crate) fn client(decision: impl Decision + 'static) -> Result<ClientConfig, rustls::Error> {
    let provider = provider();
    let handshake = Handshake { decision, provider: Arc::clone(&provider) };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(handshake))
        .with_no_client_auth())
}

#[derive(Debug)]
struct Handshake<D> {
    decision: D,
    provider: Arc<CryptoProvider>,
}

impl<D: Decision> ServerCertVerifier for Handshake<D> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.decision.decide(&Shown { end_entity, intermediates, host, ocsp_response, now })?;
        Ok(ServerCertVerified::assertion())
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
