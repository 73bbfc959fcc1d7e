//! Who is there, without a password: the first leg of a sign-in.

use spnego::ServerIdentity;

use crate::sign_in::{discover, first_leg, ntlm};
use crate::{Connector, SignInError, Stats};

/// Asks an endpoint who it says it is, for the page that asks whether to trust it. Nothing derived from a password exists.
///
/// # Errors
/// As for a sign-in; never [`SignInError::Rejected`].
pub async fn inspect(connector: &dyn Connector) -> Result<ServerIdentity, SignInError> {
    let stats = Stats::default();
    let authority = connector.authority();
    let mut exchange = connector.connect().await?;
    discover(exchange.as_mut(), &authority, &stats).await?;
    let mut context = ntlm(&format!("HTTP/{}", connector.host()));
    first_leg(exchange.as_mut(), &authority, context.as_mut(), &stats).await
}
