//! TLS to one endpoint: whom it believes, and what the server showed.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::handshake::{Decision, Shown, client};
use crate::key::OneKey;
use crate::refused::fault_of;
use crate::system::{Refusals, Watching};
use crate::{CertificateFault, KeyPin, ServerCertificate};

/// A protected connection.
pub type TlsStream = tokio_rustls::client::TlsStream<TcpStream>;

/// Why a handshake ended without a connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The operating system does not vouch for the certificate, and no key is trusted.
    #[error("the certificate is not accepted: {fault}; its key is {}", .certificate.key)]
    Untrusted {
        /// What was shown
        certificate: Box<ServerCertificate>,
        /// What is wrong with it
        fault: CertificateFault,
    },
    /// Another key than the one that is trusted.
    #[error("the key of the certificate is {}, but {pinned} is trusted", .certificate.key)]
    OtherKey {
        /// What was shown
        certificate: Box<ServerCertificate>,
        /// Which key is trusted
        pinned: KeyPin,
    },
    /// The other side does not speak TLS as it has to be.
    #[error("there is no protected connection: {0}")]
    Handshake(String),
}

/// Whom a connection believes. There is no third choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Whoever the operating system vouches for
    System,
    /// The holder of this key, and nobody else
    Key(KeyPin),
}

/// Makes protected connections.
#[derive(Debug, Clone)]
pub struct Tls {
    decision: Arc<dyn Decision>,
    pinned: Option<KeyPin>,
}

impl Tls {
    /// To whom is believed.
    ///
    /// # Errors
    /// When the certificates of the operating system cannot be used.
    pub fn new(trust: Trust) -> Result<Self, TlsError> {
        match trust {
            Trust::System => {
                let watching = Watching::new(&[], Refusals::default());
                let watching = watching.map_err(|fault| TlsError::Handshake(fault.to_string()))?;
                Ok(Self { decision: Arc::new(watching), pinned: None })
            }
            Trust::Key(pin) => Ok(Self { decision: Arc::new(OneKey(pin)), pinned: Some(pin) }),
        }
    }

    /// Makes a connection protected, with TLS 1.2 or 1.3.
    ///
    /// # Errors
    /// When the server is not accepted, or does not speak TLS.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> Result<(TlsStream, ServerCertificate), TlsError> {
        let failed = |error: &dyn std::fmt::Display| TlsError::Handshake(error.to_string());
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))?;
        let noted = Arc::new(Mutex::new(None));
        let noting = Noting { inner: Arc::clone(&self.decision), noted: Arc::clone(&noted) };
        let mut config = client(noting).map_err(|error| failed(&error))?;
        // A resumed connection would not show its certificate.
        config.resumption = Resumption::disabled();
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let noted = noted.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (connected, noted) {
            (Ok(stream), Some(Noted { certificate, fault: None })) => Ok((stream, certificate)),
            (_, Some(Noted { certificate, fault: Some(fault) })) => Err(match self.pinned {
                Some(pinned) => TlsError::OtherKey { certificate: Box::new(certificate), pinned },
                None => TlsError::Untrusted { certificate: Box::new(certificate), fault },
            }),
            (Ok(_), None) => Err(failed(&"the server showed no certificate")),
            (Err(error), _) => Err(failed(&error)),
        }
    }
}

/// What a server showed, and what is wrong with it.
#[derive(Debug)]
struct Noted {
    certificate: ServerCertificate,
    fault: Option<CertificateFault>,
}

/// Decides as another one does, and notes what was shown.
#[derive(Debug)]
struct Noting {
    inner: Arc<dyn Decision>,
    noted: Arc<Mutex<Option<Noted>>>,
}

impl Decision for Noting {
    fn decide(&self, shown: &Shown<'_>) -> Result<(), rustls::Error> {
        let certificate = ServerCertificate::read(shown.end_entity)?;
        let checked = self.inner.decide(shown);
        let fault = checked.as_ref().err().map(|error| fault_of(error, shown.end_entity));
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Noted { certificate, fault });
        checked
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::version::{TLS12, TLS13};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A server with this certificate of this key; the key that signs handshakes may be another one.
    async fn server(
        key: &KeyPair,
        signs: &KeyPair,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> (TcpStream, KeyPin) {
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(key).unwrap();
        let der = certificate.der().clone();
        let pin = KeyPin::of(&der).unwrap();
        let provider = crate::handshake::provider();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signs.serialize_der()));
        let signing = provider.key_provider.load_private_key(private).unwrap();
        let certified = rustls::sign::CertifiedKey::new(vec![der], signing);
        let resolver = Arc::new(rustls::sign::SingleCertAndKey::from(certified));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
        });
        (TcpStream::connect(address).await.unwrap(), pin)
    }

    #[tokio::test]
    async fn s10_who_is_not_vouched_for_is_refused_with_the_key_that_was_shown() {
        let key = KeyPair::generate().unwrap();
        let (stream, pin) = server(&key, &key, &TLS13).await;
        match Tls::new(Trust::System).unwrap().connect("localhost", stream).await {
            Err(TlsError::Untrusted { certificate, fault }) => {
                assert_eq!(certificate.key, pin);
                assert_eq!(fault, CertificateFault::UnknownIssuer);
            }
            other => panic!("{:?}", other.map(|(_, certificate)| certificate)),
        }
    }

    #[tokio::test]
    async fn s10_the_holder_of_the_pinned_key_is_accepted_and_nobody_else() {
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        for version in [&TLS12, &TLS13] {
            let (stream, pin) = server(&key, &key, version).await;
            // The name in the certificate does not count, the key does.
            let (_, certificate) = Tls::new(Trust::Key(pin)).unwrap().connect("192.0.2.1", stream).await.unwrap();
            assert_eq!(certificate.key, pin);
            let (stream, now) = server(&other, &other, version).await;
            let refused = Tls::new(Trust::Key(pin)).unwrap().connect("localhost", stream).await.map(|_| ());
            assert!(
                matches!(&refused, Err(TlsError::OtherKey { certificate, pinned }) if certificate.key == now && *pinned == pin),
                "{refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn s10_a_copied_certificate_without_its_key_is_refused() {
        let (key, thief) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        for version in [&TLS12, &TLS13] {
            let (stream, pin) = server(&key, &thief, version).await;
            let refused = Tls::new(Trust::Key(pin)).unwrap().connect("localhost", stream).await.map(|_| ());
            assert!(matches!(refused, Err(TlsError::Handshake(_))), "{refused:?}");
        }
    }
}
