//! Certificates that were refused, and what could be done about it.

use rustls::CertificateError;
use rustls::pki_types::CertificateDer;

use crate::Root;

/// The most certificates of a server that are looked at.
const LONGEST_CHAIN: usize = 16;

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
            (CertificateFault::NotYetValid, _) => {
                "; check the clock of this computer, trust does not help; if the clock is right, ask who issued the certificate".to_owned()
            }
            _ => "; the stamp's certificates have to be renewed, trust does not help".to_owned(),
        }
    }
}

pub(crate) fn refused(
    host: String,
    error: &rustls::Error,
    leaf: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
) -> Untrusted {
    let fault = fault_of(error, leaf);
    let leaf = Root::read(leaf).ok();
    let issuer = leaf.as_ref().map(|leaf| leaf.issuer.clone()).unwrap_or_default();
    let offer = leaf.filter(|_| fault == CertificateFault::UnknownIssuer).and_then(|leaf| {
        let others: Vec<Root> = others.iter().take(LONGEST_CHAIN).filter_map(|der| Root::read(der).ok()).collect();
        top(leaf, &others)
    });
    Untrusted { host, fault, issuer, offer }
}

/// What a verifier has against a server's certificate.
pub(crate) fn fault_of(error: &rustls::Error, leaf: &CertificateDer<'_>) -> CertificateFault {
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
    match fault {
        // One that signed itself as an authority is refused for that before anybody asks who signed it.
        CertificateFault::Other(_) if Root::read(leaf).is_ok_and(|leaf| leaf.is_root()) => {
            CertificateFault::UnknownIssuer
        }
        other => other,
    }
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
}
