//! An account that signs in by name.

use std::net::IpAddr;
#[cfg(target_os = "linux")]
use std::sync::{Mutex, PoisonError};

use spnego::{Credentials, NamedContext, NamedError, NamedMechanism};
#[cfg(target_os = "linux")]
use spnego::{Error, MessageSecurity, Negotiation};

#[cfg(target_os = "linux")]
use crate::channel::Channel;
#[cfg(target_os = "linux")]
use crate::ffi::{Context, Failed, Tickets};

/// Kerberos for one account. Its tickets are got when the first connection signs in, once, and serve all further ones.
pub struct Kerberos {
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there is no library to give it to"))]
    credentials: Credentials,
    #[cfg(target_os = "linux")]
    tickets: Mutex<Option<Result<Tickets, NamedError>>>,
}

impl Kerberos {
    /// Whose tickets there are on this computer, `name@REALM`; whether they are still valid is seen when they are used.
    #[must_use]
    pub fn present() -> Option<String> {
        #[cfg(target_os = "linux")]
        {
            Tickets::present().ok().map(|tickets| tickets.account.clone())
        }
        #[cfg(not(target_os = "linux"))]
        {
            None
        }
    }

    /// With this account; an empty password means the tickets that are there.
    #[must_use]
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            #[cfg(target_os = "linux")]
            tickets: Mutex::new(None),
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl NamedMechanism for Kerberos {
    fn begin(&self, host: &str, _end_point: Option<&[u8]>) -> Result<Box<dyn NamedContext>, NamedError> {
        if host.parse::<IpAddr>().is_ok() {
            return Err(NamedError::ByAddress);
        }
        Err(NamedError::Unavailable("it is not built for this system yet".to_owned()))
    }
}

#[cfg(target_os = "linux")]
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
        let realm = tickets.account.rsplit_once('@').map_or("", |(_, realm)| realm);
        let (context, token) =
            tickets.begin(&format!("HTTP/{host}@{realm}"), end_point).map_err(|failed| named(&failed))?;
        let negotiation = Negotiation::default();
        let token = negotiation.begin(&token);
        Ok(Box::new(Begun { token, realm: realm.to_owned(), negotiation, context }))
    }
}

#[cfg(target_os = "linux")]
fn tickets(credentials: &Credentials, host: &str) -> Result<Tickets, NamedError> {
    let got = if credentials.password.is_empty() {
        Tickets::present()
    } else {
        Tickets::with_password(&principal(credentials, host), credentials.password.expose())
    };
    got.map_err(|failed| named(&failed))
}

/// The account as Kerberos writes it. A domain's short name says nothing there: the endpoint's own domain counts, else the domain of
/// this computer's settings.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there is no library to give it to"))]
fn principal(credentials: &Credentials, host: &str) -> String {
    let escaped = |name: &str| name.replace('\\', "\\\\").replace('/', "\\/").replace('@', "\\@");
    if let (true, Some((name, domain))) = (credentials.domain.is_empty(), credentials.user.rsplit_once('@')) {
        return format!("{}@{}", escaped(name), domain.to_uppercase());
    }
    let of_host = host.split_once('.').map_or("", |(_, domain)| domain);
    let domain = if credentials.domain.contains('.') { &credentials.domain } else { of_host };
    let realm = domain.trim_end_matches('.').to_uppercase();
    let name = escaped(&credentials.user);
    if realm.is_empty() { name } else { format!("{name}@{realm}") }
}

/// Kerberos' codes as far as they are told apart. RFC 4120 section 7.5.9, and MIT's own
#[cfg(target_os = "linux")]
fn named(failed: &Failed) -> NamedError {
    /// The code of the KDC's error 0.
    const BASE: i32 = -1_765_328_384;
    let text = failed.text.clone();
    if failed.no_library {
        return NamedError::Unavailable(text);
    }
    match failed.code.wrapping_sub(BASE) {
        // The service is unknown to the KDC.
        7 => NamedError::UnknownService(text),
        // Unknown, forbidden by a policy, wrong password; MIT's names for the last.
        6 | 12 | 24 | 31 | 210 => NamedError::Rejected(text),
        18 => NamedError::Locked(text),
        23 => NamedError::PasswordExpired(text),
        // Too old: the KDC's word for it, and the library's.
        32 => NamedError::Expired(text),
        37 => NamedError::ClockSkew(text),
        // No common encryption: the KDC's word, and the library's.
        14 | 150 | 237 => NamedError::Weak(text),
        // No KDC, no such realm, no realm in the settings, no tickets.
        141 | 154 | 156 | 195 | 217 | 220 | 224 => NamedError::NoKdc(text),
        _ => NamedError::Other(text),
    }
}

#[cfg(target_os = "linux")]
struct Begun {
    token: Vec<u8>,
    realm: String,
    negotiation: Negotiation,
    context: Context,
}

#[cfg(target_os = "linux")]
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
        let of = |account: &str, host: &str| principal(&Credentials::new(account, Secret::from(String::new())), host);
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
