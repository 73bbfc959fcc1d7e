//! Who is there, without a password: the first leg of a sign-in.

use spnego::{ServerIdentity, Target};
use trust::ServerCertificate;

use crate::exchange::connect_to_ask;
use crate::sign_in::{discover, first_leg, ntlm};
use crate::{ConnectError, Connector, SignInError, Stats};

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
    let stats = Stats::default();
    let authority = connector.authority();
    let (mut exchange, refused) = connect_to_ask(connector).await?;
    let certificate = exchange.certificate().cloned();
    discover(exchange.as_mut(), &authority, &stats).await?;
    let service = format!("HTTP/{}", connector.host());
    let mut context = ntlm(&Target { service: &service, end_point: None });
    let identity = first_leg(exchange.as_mut(), &authority, context.as_mut(), &stats).await?;
    Ok(Inspection { identity, certificate, refused })
}
