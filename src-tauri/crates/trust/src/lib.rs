#![doc = include_str!("../README.md")]

mod certificate;
mod handshake;
mod key;
mod refused;
mod root;
mod system;
mod tls;

pub use certificate::ServerCertificate;
pub use key::{BadKeyPin, KeyPin};
pub use refused::{CertificateFault, Untrusted};
pub use root::Root;
pub use system::{Refusals, config};
pub use tls::{Tls, TlsError, TlsStream, Trust};
