//! Tickets for the practice PEP, which knows no Kerberos: a sign-in by name takes one leg, and the way to the endpoint makes a sign-in
//! of it that the endpoint knows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response};
use practice::Connection;
use spnego::{Error, MessageSecurity, NamedContext, NamedError, NamedMechanism, NtlmClient, Randomness, Target};
use tokio::time::Instant;
use winrm::{ByName, Credentials, Secret, SignIn};

/// The tickets of a process.
pub(crate) struct Tickets {
    password: Secret,
    /// Until when they are valid
    until: Mutex<Option<Instant>>,
    /// Sign-ins that were asked for
    asked: AtomicUsize,
    /// What the endpoint and this process agreed on, by the number of the ticket
    agreed: Mutex<BTreeMap<usize, Box<dyn MessageSecurity>>>,
}

struct Begun {
    tickets: Arc<Tickets>,
    number: usize,
    token: Vec<u8>,
}

struct Mechanism(Arc<Tickets>);

impl Tickets {
    pub(crate) fn new(password: Secret) -> Arc<Self> {
        Arc::new(Self { password, until: Mutex::default(), asked: AtomicUsize::new(0), agreed: Mutex::default() })
    }

    /// They expire now, at another moment, or never.
    pub(crate) fn valid_until(&self, until: Option<Instant>) {
        *self.until.lock().unwrap() = until;
    }

    /// How many sign-ins were asked for
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }

    pub(crate) fn sign_in(self: &Arc<Self>) -> SignIn {
        let credentials = Credentials::new(practice::PracticePep::ACCOUNT, Secret::from(String::new()));
        SignIn::new(credentials, |_: &_| Ok(())).by_name(Some(ByName::new(
            Arc::new(Mechanism(Arc::clone(self))),
            false,
            |_| {},
        )))
    }

    /// The number of the ticket that a request shows.
    pub(crate) fn shown(headers: &HeaderMap) -> Option<usize> {
        let token = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Negotiate ")?;
        String::from_utf8(STANDARD.decode(token).ok()?).ok()?.strip_prefix("ticket ")?.parse().ok()
    }

    /// Signs the connection in that a ticket came over.
    pub(crate) async fn accept(&self, number: usize, connection: &mut Connection) -> Response<Bytes> {
        let mut context = NtlmClient::for_target(&Target { service: "HTTP/practice", end_point: None });
        let first = leg(connection, &context.negotiate().unwrap()).await;
        context.challenge(&first.unwrap()).unwrap();
        let random = Randomness { client_challenge: [number as u8; 8], session_key: [!number as u8; 16] };
        let credentials = Credentials::new(practice::PracticePep::ACCOUNT, self.password.duplicate());
        let last = leg(connection, &context.authenticate(&credentials, random).unwrap()).await;
        self.agreed.lock().unwrap().insert(number, Box::new(context.finish(last.as_deref()).unwrap()));
        Response::builder()
            .header(WWW_AUTHENTICATE, format!("Negotiate {}", STANDARD.encode("proof")))
            .body(Bytes::new())
            .unwrap()
    }
}

/// One leg, and the token of its answer.
async fn leg(connection: &mut Connection, token: &[u8]) -> Option<Vec<u8>> {
    let request = Request::post("/wsman")
        .header(HOST, "practice")
        .header(AUTHORIZATION, format!("Negotiate {}", STANDARD.encode(token)))
        .body(Bytes::new())
        .unwrap();
    let answer = connection.exchange(request).await;
    let token = answer.headers().get(WWW_AUTHENTICATE)?.to_str().ok()?.strip_prefix("Negotiate ")?.to_owned();
    Some(STANDARD.decode(token).unwrap())
}

impl NamedMechanism for Mechanism {
    fn begin(&self, _host: &str, _end_point: Option<&[u8]>) -> Result<Box<dyn NamedContext>, NamedError> {
        let number = self.0.asked.fetch_add(1, SeqCst);
        if self.0.until.lock().unwrap().is_some_and(|until| until <= Instant::now()) {
            return Err(NamedError::Expired("Ticket expired".to_owned()));
        }
        let token = format!("ticket {number}").into_bytes();
        Ok(Box::new(Begun { tickets: Arc::clone(&self.0), number, token }))
    }
}

impl NamedContext for Begun {
    fn token(&self) -> &[u8] {
        &self.token
    }

    fn realm(&self) -> &'static str {
        "PRACTICE.TEST"
    }

    fn finish(self: Box<Self>, token: Option<&[u8]>) -> Result<Box<dyn MessageSecurity>, Error> {
        assert_eq!(token, Some(&b"proof"[..]));
        Ok(self.tickets.agreed.lock().unwrap().remove(&self.number).unwrap())
    }
}
