//! Who is there, without a password: the first leg of a sign-in.

use std::time::Duration;

use spnego::{ClientContext, ServerIdentity, Target};
use tokio::time::Instant;
use trust::ServerCertificate;

use crate::exchange::connect_to_ask;
use crate::sign_in::{Mechanism, discover, first_leg, ntlm, service};
use crate::{ConnectError, Connector, Counts, Exchange, SignInError, Stats};

/// A sign-in goes on where the endpoint was asked only if it comes this soon: nobody has closed an idle connection by then.
const SOON: Duration = Duration::from_secs(5);

/// Who an endpoint says it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Its names. They are mere text until it has proved itself in a sign-in.
    pub identity: ServerIdentity,
    /// Its certificate, whose key it holds; `None` without TLS.
    pub certificate: Option<ServerCertificate>,
    /// Why a sign-in would not accept this certificate.
    pub refused: Option<ConnectError>,
}

/// The connection on which an endpoint has said who it is, for a sign-in with NTLM that follows at once: it goes on there with the
/// second leg, so that nothing is asked twice.
pub struct Asked {
    pub(crate) exchange: Box<dyn Exchange>,
    pub(crate) context: Box<dyn ClientContext>,
    pub(crate) identity: ServerIdentity,
    /// A sign-in would accept the certificate.
    pub(crate) accepted: bool,
    /// What was counted for it before there was a session
    pub(crate) before: Counts,
    since: Instant,
}

impl Asked {
    /// Asks over this connection; nothing derived from the password is sent.
    pub(crate) async fn over(
        mut exchange: Box<dyn Exchange>,
        connector: &dyn Connector,
        mechanism: &Mechanism,
        stats: &Stats,
    ) -> Result<Self, SignInError> {
        let service = service(connector);
        let end_point = exchange.certificate().map(|certificate| certificate.end_point.as_slice());
        let mut context = mechanism(&Target { service: &service, end_point });
        let identity = first_leg(exchange.as_mut(), &connector.authority(), context.as_mut(), stats).await?;
        Ok(Self { exchange, context, identity, accepted: true, before: Counts::default(), since: Instant::now() })
    }

    /// Nobody has closed the idle connection yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.since.elapsed() <= SOON
    }
}

/// The certificate that an endpoint shows, and why it would not be accepted, for a sign-in that proves the rest by its name; nothing
/// without TLS.
///
/// # Errors
/// When there is no connection.
pub async fn certificate(
    connector: &dyn Connector,
) -> Result<(Option<ServerCertificate>, Option<ConnectError>), ConnectError> {
    if !connector.is_tls() {
        return Ok((None, None));
    }
    let (exchange, refused) = connect_to_ask(connector).await?;
    Ok((exchange.certificate().cloned(), refused))
}

/// Asks an endpoint who it says it is, for the page that asks whether to trust it. Nothing derived from a password exists.
///
/// # Errors
/// As for a sign-in; never [`SignInError::Rejected`].
pub async fn inspect(connector: &dyn Connector) -> Result<Inspection, SignInError> {
    ask(connector, false).await.map(|(inspection, _)| inspection)
}

/// As [`inspect`], with the connection for a sign-in that may follow. That the endpoint offers Negotiate is `known` when a
/// [`probe`](crate::probe()) of it has said so; else it is asked before any token is shown (S-01).
///
/// # Errors
/// As [`inspect`].
pub async fn ask(connector: &dyn Connector, known: bool) -> Result<(Inspection, Asked), SignInError> {
    let stats = Stats::default();
    let fresh = async || -> Result<_, SignInError> {
        let connected = connect_to_ask(connector).await?;
        stats.connected();
        Ok(connected)
    };
    if !known {
        let (mut exchange, _) = fresh().await?;
        discover(exchange.as_mut(), &connector.authority(), &stats).await?;
    }
    let (exchange, refused) = fresh().await?;
    let asked = Asked::over(exchange, connector, &ntlm, &stats).await?;
    let certificate = asked.exchange.certificate().cloned();
    let inspection = Inspection { identity: asked.identity.clone(), certificate, refused };
    let accepted = inspection.refused.is_none();
    Ok((inspection, Asked { before: stats.counts(), accepted, ..asked }))
}
