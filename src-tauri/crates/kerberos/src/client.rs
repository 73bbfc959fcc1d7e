//! An account that signs in by name.

use std::fmt;
use std::net::IpAddr;
#[cfg(any(target_os = "linux", windows))]
use std::sync::{Mutex, PoisonError};

use spnego::{Credentials, NamedContext, NamedError, NamedMechanism};
#[cfg(any(target_os = "linux", windows))]
use spnego::{Error, MessageSecurity, Negotiation};

#[cfg(any(target_os = "linux", windows))]
use crate::channel::Channel;
#[cfg(any(target_os = "linux", windows))]
use crate::system::{Context, Tickets};

/// Kerberos for one account. Its tickets are got when the first connection signs in, once, and serve all further ones.
pub struct Kerberos {
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "there is no library to give it to"))]
    credentials: Credentials,
    #[cfg(any(target_os = "linux", windows))]
    tickets: Mutex<Option<Result<Tickets, NamedError>>>,
}

/// An account, and the realm that answers for it; empty where that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) user: String,
    pub(crate) realm: String,
}

impl fmt::Display for Principal {
    /// As Kerberos writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.replace('\\', "\\\\").replace('/', "\\/").replace('@', "\\@");
        if self.realm.is_empty() { f.write_str(&user) } else { write!(f, "{user}@{}", self.realm) }
    }
}

impl Kerberos {
    /// Whose tickets there are on this computer, `name@REALM`; whether they are still valid is seen when they are used.
    #[must_use]
    pub fn present() -> Option<String> {
        #[cfg(any(target_os = "linux", windows))]
        {
            Tickets::present().ok().map(|tickets| tickets.account.clone())
        }
        #[cfg(not(any(target_os = "linux", windows)))]
        {
            None
        }
    }

    /// With this account; an empty password means the tickets that are there.
    #[must_use]
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            #[cfg(any(target_os = "linux", windows))]
            tickets: Mutex::new(None),
        }
    }
}

#[cfg(not(any(target_os = "linux", windows)))]
impl NamedMechanism for Kerberos {
    fn begin(&self, host: &str, _end_point: Option<&[u8]>) -> Result<Box<dyn NamedContext>, NamedError> {
        if host.parse::<IpAddr>().is_ok() {
            return Err(NamedError::ByAddress);
        }
        Err(NamedError::Unavailable("it is not built for this system yet".to_owned()))
    }
}

#[cfg(any(target_os = "linux", windows))]
impl NamedMechanism for Kerberos {
    fn begin(&self, host: &str, end_point: Option<&[u8]>) -> Result<Box<dyn NamedContext>, NamedError> {
        if host.parse::<IpAddr>().is_ok() {
            return Err(NamedError::ByAddress);
        }
        let mut kept = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        // A refusal is kept as well: the password is tried once (S-12).
        let tickets = match kept.get_or_insert_with(|| tickets(&self.credentials, host)) {
            Ok(tickets) => tickets,
            Err(error) => return Err(error.clone()),
        };
        let realm = tickets.account.rsplit_once('@').map_or("", |(_, realm)| realm).to_owned();
        let service = if realm.is_empty() { format!("HTTP/{host}") } else { format!("HTTP/{host}@{realm}") };
        match tickets.begin(&service, end_point) {
            Ok((context, token)) => {
                let negotiation = Negotiation::default();
                let token = negotiation.begin(&token);
                Ok(Box::new(Begun { token, realm, negotiation, context }))
            }
            Err(failed) => {
                let error = failed.named();
                // Windows tries the password with the first ticket only.
                if matches!(error, NamedError::Rejected(_) | NamedError::Locked(_) | NamedError::PasswordExpired(_)) {
                    *kept = Some(Err(error.clone()));
                }
                Err(error)
            }
        }
    }
}

#[cfg(any(target_os = "linux", windows))]
fn tickets(credentials: &Credentials, host: &str) -> Result<Tickets, NamedError> {
    let got = if credentials.password.is_empty() {
        Tickets::present()
    } else {
        Tickets::with_password(&principal(credentials, host), credentials.password.expose())
    };
    got.map_err(|failed| failed.named())
}

/// The account as Kerberos knows it. A domain's short name says nothing there: the endpoint's own domain counts, else the domain of
/// this computer's settings.
#[cfg_attr(target_os = "macos", allow(dead_code, reason = "there is no library to give it to"))]
fn principal(credentials: &Credentials, host: &str) -> Principal {
    if let (true, Some((name, domain))) = (credentials.domain.is_empty(), credentials.user.rsplit_once('@')) {
        return Principal { user: name.to_owned(), realm: domain.to_uppercase() };
    }
    let of_host = host.split_once('.').map_or("", |(_, domain)| domain);
    let domain = if credentials.domain.contains('.') { &credentials.domain } else { of_host };
    Principal { user: credentials.user.clone(), realm: domain.trim_end_matches('.').to_uppercase() }
}

#[cfg(any(target_os = "linux", windows))]
struct Begun {
    token: Vec<u8>,
    realm: String,
    negotiation: Negotiation,
    context: Context,
}

#[cfg(any(target_os = "linux", windows))]
impl NamedContext for Begun {
    fn token(&self) -> &[u8] {
        &self.token
    }

    fn realm(&self) -> &str {
        &self.realm
    }

    fn finish(mut self: Box<Self>, token: Option<&[u8]>) -> Result<Box<dyn MessageSecurity>, Error> {
        let reply = self.negotiation.read(token.ok_or(Error::NotProved("its last token is missing"))?)?;
        self.context.finish(reply.token).map_err(|code| {
            tracing::info!(code, "the server's proof is wrong");
            Error::NotProved("it does not have the key of that name")
        })?;
        if !self.context.is_aes() {
            return Err(Error::Unsafe("AES"));
        }
        if reply.mic.is_some_and(|mic| !self.context.verify(self.negotiation.mechanisms(), mic)) {
            return Err(Error::NotProved("its signature over the mechanisms is wrong"));
        }
        let header = self.context.header_length().ok_or(Error::Unsafe("sealing without padding"))?;
        Ok(Box::new(Channel::new(self.context, header)))
    }
}

#[cfg(test)]
mod tests {
    use spnego::Secret;

    use super::*;

    #[test]
    fn accounts_as_kerberos_writes_them() {
        let of = |account: &str, host: &str| {
            principal(&Credentials::new(account, Secret::from(String::new())), host).to_string()
        };
        assert_eq!(of("cloudadmin@azurestack.local", "azs-ercs01"), "cloudadmin@AZURESTACK.LOCAL");
        assert_eq!(of(r"AZURESTACK\cloudadmin", "azs-ercs01.azurestack.local"), "cloudadmin@AZURESTACK.LOCAL");
        assert_eq!(of(r"azurestack.local\cloudadmin", "azs-ercs01"), "cloudadmin@AZURESTACK.LOCAL");
        assert_eq!(of(r"AZURESTACK\cloudadmin", "azs-ercs01"), "cloudadmin");
        assert_eq!(of(r"A\b/c", "h"), r"b\/c");
    }

    #[test]
    fn s11_an_address_is_never_asked_for_a_ticket() {
        let kerberos = Kerberos::new(Credentials::new("a@b.c", Secret::from("p".to_owned())));
        for host in ["10.0.0.1", "::1"] {
            assert!(matches!(kerberos.begin(host, None), Err(NamedError::ByAddress)));
        }
    }
}
