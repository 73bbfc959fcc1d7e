//! A certificate authority of its own, and TLS in front of the server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What the server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Its certificate and the root.
    Whole,
    /// Its certificate only.
    LeafOnly,
    /// One certificate that signed itself and says that it is an authority, as quick tools make them.
    SelfSigned,
    /// The same of another host.
    SelfSignedOther,
    /// A certificate that has expired.
    Expired,
    /// A certificate whose time has not come.
    NotYetValid,
    /// The certificate of another host.
    OtherHost,
}

/// The root and the server's certificate.
pub struct Certificates {
    root: rcgen::Certificate,
    root_pem: String,
    leaf: rcgen::Certificate,
    key: KeyPair,
    chain: Chain,
}

impl Certificates {
    /// Makes them.
    pub fn new(chain: Chain) -> Self {
        let root_key = KeyPair::generate().expect("a key");
        let names_of_root = match chain {
            Chain::SelfSigned => names(),
            Chain::SelfSignedOther => vec!["other.example".to_owned()],
            _ => Vec::new(),
        };
        let mut params = CertificateParams::new(names_of_root).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Contoso Test Root");
        let root = params.self_signed(&root_key).expect("a root");
        if matches!(chain, Chain::SelfSigned | Chain::SelfSignedOther) {
            return Self { root_pem: root.pem(), leaf: root.clone(), root, key: root_key, chain };
        }
        let issuer = Issuer::new(params, root_key);
        let names = if chain == Chain::OtherHost { vec!["other.example".to_owned()] } else { names() };
        let mut params = CertificateParams::new(names).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "the server");
        if chain == Chain::Expired {
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        }
        if chain == Chain::NotYetValid {
            params.not_before = rcgen::date_time_ymd(4000, 1, 1);
            params.not_after = rcgen::date_time_ymd(4001, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let leaf = params.signed_by(&key, &issuer).expect("a certificate");
        Self { root_pem: root.pem(), root, leaf, key, chain }
    }

    /// The root in PEM.
    pub fn root(&self) -> &str {
        &self.root_pem
    }

    /// The configuration of the server.
    pub fn server(&self) -> Arc<ServerConfig> {
        let mut chain = vec![self.leaf.der().clone()];
        if !matches!(self.chain, Chain::LeafOnly | Chain::SelfSigned | Chain::SelfSignedOther) {
            chain.push(self.root.der().clone());
        }
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("the certificate fits the key");
        Arc::new(config)
    }

    /// The configuration of a client that trusts this root only.
    pub fn client(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).expect("a root");
        ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

fn names() -> Vec<String> {
    ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec()
}

/// TLS connections whose handshake is done; one that stalls does not hold up the others.
pub(super) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    pub(super) fn new(listener: TcpListener, config: Arc<ServerConfig>) -> Self {
        let (done, ready) = mpsc::channel(16);
        let address = listener.local_addr().expect("it is bound");
        let acceptor = TlsAcceptor::from(config);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let (acceptor, done) = (acceptor.clone(), done.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = done.send((stream, peer)).await;
                    }
                });
            }
        });
        Self { ready, address }
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}
