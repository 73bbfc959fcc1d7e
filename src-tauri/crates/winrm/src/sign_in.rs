//! Negotiate on one connection. [MS-SPNG], [MS-NTHT]

use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode};
use spnego::{
    ClientContext, Credentials, Error, MessageSecurity, NamedContext, NamedError, NamedMechanism, NtlmClient,
    Randomness, ServerIdentity, Target,
};

use crate::{Asked, Connector, Exchange, RandomSource, SignInError, Stats, random};

/// Decides whether the password may be used with this server (S-06).
pub trait IdentityGate: Send + Sync {
    /// Looks at who the server says it is, before anything made of the password leaves this machine.
    ///
    /// # Errors
    /// The reason for a refusal.
    fn check(&self, identity: &ServerIdentity) -> Result<(), String>;
}

impl<F: Fn(&ServerIdentity) -> Result<(), String> + Send + Sync> IdentityGate for F {
    fn check(&self, identity: &ServerIdentity) -> Result<(), String> {
        self(identity)
    }
}

/// Makes a context of a sign-in for a service and the channel to it.
pub(crate) type Mechanism = dyn Fn(&Target<'_>) -> Box<dyn ClientContext> + Send + Sync;

/// With what to sign in: an account through NTLMv2, unless another way is added.
pub struct SignIn {
    /// Account and password; wiped with this
    pub(crate) credentials: Credentials,
    pub(crate) gate: Box<dyn IdentityGate>,
    pub(crate) mechanism: Box<Mechanism>,
    pub(crate) by_name: Option<ByName>,
    /// In a lock, because what is here is shared by all lanes.
    pub(crate) asked: Mutex<Option<Asked>>,
}

/// Hears whether a sign-in by name was possible.
type Tell = dyn Fn(Option<&NamedError>) + Send + Sync;

/// A sign-in by name, and what a person has decided for when it is not possible (S-11).
pub struct ByName {
    mechanism: Arc<dyn NamedMechanism>,
    /// Another mechanism may be used where the endpoint cannot be reached by name.
    or_another: bool,
    /// Hears of it once: `None` when the endpoint was proved by its name, else why it was not possible.
    tell: Box<Tell>,
    /// Decides whether it may be the one of this name in its realm
    gate: Option<Box<dyn IdentityGate>>,
    decided: OnceLock<bool>,
}

/// An error about clocks, with what both show (A12).
pub(crate) fn with_clocks(error: SignInError, theirs: Option<&str>) -> SignInError {
    match error {
        SignInError::Named(NamedError::ClockSkew(what)) => {
            let ours = httpdate::fmt_http_date(SystemTime::now());
            let theirs = theirs.unwrap_or("nothing");
            let both = format!("{what}; this computer's clock shows {ours}, the endpoint's {theirs}");
            NamedError::ClockSkew(both).into()
        }
        other => other,
    }
}

impl ByName {
    /// By this mechanism; `or_another` allows to fall back, and `tell` hears whether that happened.
    pub fn new(
        mechanism: Arc<dyn NamedMechanism>,
        or_another: bool,
        tell: impl Fn(Option<&NamedError>) + Send + Sync + 'static,
    ) -> Self {
        Self { mechanism, or_another, tell: Box::new(tell), gate: None, decided: OnceLock::new() }
    }

    /// With a gate: the same name in another realm is another computer. It is asked before the ticket is sent.
    #[must_use]
    pub fn guarded(self, gate: impl IdentityGate + 'static) -> Self {
        Self { gate: Some(Box::new(gate)), ..self }
    }

    fn check(&self, identity: &ServerIdentity) -> Result<(), SignInError> {
        let Some(gate) = &self.gate else { return Ok(()) };
        gate.check(identity).map_err(|reason| SignInError::Identity { identity: Box::new(identity.clone()), reason })
    }

    /// A sign-in that has begun; `None` when another mechanism is to be used. What was decided for the first connection counts for
    /// all others.
    async fn begin(&self, host: &str, end_point: Option<&[u8]>) -> Result<Option<Box<dyn NamedContext>>, NamedError> {
        if self.decided.get() == Some(&false) {
            return Ok(None);
        }
        let mechanism = Arc::clone(&self.mechanism);
        let (host, end_point) = (host.to_owned(), end_point.map(<[u8]>::to_vec));
        let begun = tokio::task::spawn_blocking(move || mechanism.begin(&host, end_point.as_deref())).await;
        match begun.unwrap_or_else(|error| Err(NamedError::Other(error.to_string()))) {
            Ok(context) => Ok(Some(context)),
            Err(error) if self.or_another && self.decided.get().is_none() && error.allows_another_way() => {
                if self.decided.set(false).is_ok() {
                    (self.tell)(Some(&error));
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn proved(&self) {
        if self.decided.set(true).is_ok() {
            (self.tell)(None);
        }
    }
}

impl SignIn {
    /// With this account through NTLMv2.
    pub fn new(credentials: Credentials, gate: impl IdentityGate + 'static) -> Self {
        Self { credentials, gate: Box::new(gate), mechanism: Box::new(ntlm), by_name: None, asked: Mutex::default() }
    }

    /// First by a mechanism that proves the endpoint by its name; none leaves it as it is.
    #[must_use]
    pub fn by_name(self, by_name: Option<ByName>) -> Self {
        Self { by_name, ..self }
    }

    /// The first lane goes on where the endpoint was just asked who it is ([`ask`](crate::ask)).
    #[must_use]
    pub fn going_on(self, asked: Option<Asked>) -> Self {
        Self { asked: Mutex::new(asked), ..self }
    }

    /// Another mechanism than NTLMv2, which makes a context for each lane.
    #[must_use]
    pub fn through(self, mechanism: impl Fn(&Target<'_>) -> Box<dyn ClientContext> + Send + Sync + 'static) -> Self {
        Self { mechanism: Box::new(mechanism), ..self }
    }
}

/// The name of the service at an endpoint, as dialled (S-05).
pub(crate) fn service(connector: &dyn Connector) -> String {
    format!("HTTP/{}", connector.host())
}

/// The NTLM context for a service.
pub(crate) fn ntlm(target: &Target<'_>) -> Box<dyn ClientContext> {
    Box::new(NtlmClient::for_target(target))
}

/// The head of an answer during the sign-in; its body has no trust and is not looked at.
struct Leg {
    status: StatusCode,
    /// Negotiate is offered, with this token.
    negotiate: Option<Option<Vec<u8>>>,
    offered: Vec<String>,
}

/// A request without a body (the envelope never travels unsealed), and its answer.
pub(crate) async fn post(
    exchange: &mut dyn Exchange,
    authority: &str,
    token: Option<&[u8]>,
) -> Result<Response<Bytes>, SignInError> {
    let mut request = Request::post("/wsman")
        .header(HOST, authority)
        .header(CONTENT_TYPE, "application/soap+xml;charset=UTF-8")
        .header(CONTENT_LENGTH, "0");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Negotiate {}", STANDARD.encode(token)));
    }
    let request = request
        .body(Bytes::new())
        .map_err(|error| crate::ExchangeError::Unacceptable(format!("the address: {error}")))?;
    Ok(exchange.send(request).await?)
}

/// One such request of a sign-in.
async fn leg(
    exchange: &mut dyn Exchange,
    authority: &str,
    token: Option<&[u8]>,
) -> Result<(Leg, Response<Bytes>), SignInError> {
    let answer = post(exchange, authority, token).await?;
    let status = answer.status();
    if status.is_redirection() {
        return Err(SignInError::Redirect(status.as_u16()));
    }
    let (negotiate, offered) = schemes(answer.headers())?;
    Ok((Leg { status, negotiate, offered }, answer))
}

/// Asks without a token: nothing is sent to a server that does not offer Negotiate (S-01). Answers what its clock shows. The connection
/// is done with then: Windows closes it, with a word or without.
pub(crate) async fn discover(
    exchange: &mut dyn Exchange,
    authority: &str,
    stats: &Stats,
) -> Result<Option<String>, SignInError> {
    stats.sign_in_request();
    let (leg, answer) = leg(exchange, authority, None).await?;
    let date = answer.headers().get(DATE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match leg {
        Leg { status: StatusCode::UNAUTHORIZED, negotiate: Some(_), .. } => Ok(date),
        Leg { status: StatusCode::UNAUTHORIZED, offered, .. } => Err(SignInError::NoNegotiate { offered }),
        Leg { status, .. } => Err(SignInError::Status(status.as_u16())),
    }
}

/// The first leg: who is there? Nothing derived from the password is sent.
pub(crate) async fn first_leg(
    exchange: &mut dyn Exchange,
    authority: &str,
    context: &mut dyn ClientContext,
    stats: &Stats,
) -> Result<ServerIdentity, SignInError> {
    let token = context.negotiate().map_err(SignInError::Challenge)?;
    stats.sign_in_request();
    let (leg, _) = leg(exchange, authority, Some(&token)).await?;
    match leg {
        Leg { status: StatusCode::UNAUTHORIZED, negotiate: Some(Some(token)), .. } => {
            context.challenge(&token).map_err(SignInError::Challenge)
        }
        Leg { status: StatusCode::UNAUTHORIZED, negotiate: Some(None), .. } => {
            Err(SignInError::Challenge(Error::Rejected))
        }
        Leg { status: StatusCode::UNAUTHORIZED, offered, .. } => Err(SignInError::NoNegotiate { offered }),
        Leg { status, .. } => Err(SignInError::Status(status.as_u16())),
    }
}

/// Signs a connection in. It must be a fresh one.
pub(crate) async fn sign_in(
    exchange: &mut dyn Exchange,
    authority: &str,
    service: &str,
    with: &SignIn,
    stats: &Stats,
    random: &dyn RandomSource,
) -> Result<(Box<dyn MessageSecurity>, ServerIdentity), SignInError> {
    let end_point = exchange.certificate().map(|certificate| certificate.end_point.clone());
    let end_point = end_point.as_deref();
    if let Some(by_name) = &with.by_name {
        let host = service.strip_prefix("HTTP/").unwrap_or(service);
        if let Some(context) = by_name.begin(host, end_point).await? {
            let identity = ServerIdentity::by_name(host, context.realm());
            by_name.check(&identity)?;
            let security = named(exchange, authority, context, stats).await?;
            by_name.proved();
            return Ok((security, identity));
        }
    }
    let mut context = (with.mechanism)(&Target { service, end_point });
    let identity = first_leg(exchange, authority, context.as_mut(), stats).await?;
    let security = second_leg(exchange, authority, context.as_mut(), &identity, with, stats, random).await?;
    Ok((security, identity))
}

/// The second leg: the one try of the password, if this is who it may be.
pub(crate) async fn second_leg(
    exchange: &mut dyn Exchange,
    authority: &str,
    context: &mut dyn ClientContext,
    identity: &ServerIdentity,
    with: &SignIn,
    stats: &Stats,
    random: &dyn RandomSource,
) -> Result<Box<dyn MessageSecurity>, SignInError> {
    with.gate
        .check(identity)
        .map_err(|reason| SignInError::Identity { identity: Box::new(identity.clone()), reason })?;
    let random = Randomness { client_challenge: random::bytes(random)?, session_key: random::bytes(random)? };
    let token = context.authenticate(&with.credentials, random).map_err(SignInError::Challenge)?;
    stats.sign_in_request();
    stats.password_sent();
    let (leg, _) = leg(exchange, authority, Some(&token)).await?;
    let token = leg.negotiate.flatten();
    match leg.status {
        StatusCode::OK => context.finish(token.as_deref()).map_err(SignInError::NotProved),
        // With a token the exchange is not over, although we have nothing more to say.
        StatusCode::UNAUTHORIZED => match token.map(|token| context.finish(Some(&token)).err()) {
            Some(Some(error)) if error != Error::Rejected => Err(SignInError::NotProved(error)),
            _ => Err(SignInError::Rejected),
        },
        status => Err(SignInError::Status(status.as_u16())),
    }
}

/// One leg: a ticket for the endpoint, and its proof that it is the one of that name. The gate of the other mechanism is not asked: what
/// it would decide about are names that an endpoint gives itself.
async fn named(
    exchange: &mut dyn Exchange,
    authority: &str,
    context: Box<dyn NamedContext>,
    stats: &Stats,
) -> Result<Box<dyn MessageSecurity>, SignInError> {
    stats.sign_in_request();
    let (leg, _) = leg(exchange, authority, Some(context.token())).await?;
    let token = leg.negotiate.flatten();
    match leg.status {
        StatusCode::OK => context.finish(token.as_deref()).map_err(SignInError::NotProved),
        StatusCode::UNAUTHORIZED => match token.map(|token| context.finish(Some(&token)).err()) {
            Some(Some(error)) if error != Error::Rejected => Err(SignInError::NotProved(error)),
            _ => Err(SignInError::TicketRefused),
        },
        status => Err(SignInError::Status(status.as_u16())),
    }
}

/// Reads all `WWW-Authenticate` headers: whether Negotiate is there with which token, and the names of all schemes.
#[allow(clippy::type_complexity, reason = "used once")]
pub(crate) fn schemes(headers: &HeaderMap) -> Result<(Option<Option<Vec<u8>>>, Vec<String>), SignInError> {
    let mut negotiate = None;
    let mut offered = Vec::new();
    for value in headers.get_all(WWW_AUTHENTICATE) {
        let Ok(value) = value.to_str() else { continue };
        for item in split_list(value) {
            let (name, rest) = item.split_once(char::is_whitespace).unwrap_or((item, ""));
            // A parameter of the scheme before, such as `charset="UTF-8"`.
            if name.contains('=') || name.is_empty() {
                continue;
            }
            offered.push(name.to_owned());
            if !name.eq_ignore_ascii_case("Negotiate") || matches!(negotiate, Some(Some(_))) {
                continue;
            }
            let token = match rest.trim() {
                "" => None,
                text => Some(
                    STANDARD.decode(text).map_err(|_| SignInError::Challenge(Error::Malformed("base64 of a token")))?,
                ),
            };
            negotiate = Some(token);
        }
    }
    Ok((negotiate, offered))
}

/// The items of a comma list; commas inside quotes do not count.
fn split_list(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |letter: char| {
        if letter == '"' {
            quoted = !quoted;
        }
        letter == ',' && !quoted
    })
    .map(str::trim)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&'static str]) -> (Option<Option<Vec<u8>>>, Vec<String>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        schemes(&headers).ok().unwrap_or_default()
    }

    #[test]
    fn a6_negotiate_is_found_in_any_form_of_the_header() {
        for values in [
            &["Negotiate"][..],
            &["Basic realm=\"a, Negotiate\"", "negotiate"],
            &["Kerberos, NEGOTIATE , Basic realm=\"x\", charset=\"UTF-8\""],
        ] {
            assert_eq!(read(values).0, Some(None), "{values:?}");
        }
        assert_eq!(read(&["Basic realm=\"Negotiate, x\", charset=\"UTF-8\""]), (None, vec!["Basic".to_owned()]));
        assert_eq!(read(&["Basic realm=\"x\"", "Negotiate AQID, Kerberos"]).0, Some(Some(vec![1, 2, 3])));
    }

    #[test]
    fn a7_a_token_in_bad_base64_is_an_error() {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate !!"));
        assert!(matches!(schemes(&headers), Err(SignInError::Challenge(_))));
    }
}
