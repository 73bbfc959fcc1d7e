//! From the command line to an open session.

use std::sync::{Arc, Mutex, PoisonError};

use psrp::client::PoolOptions;
use psrp::host::HostInfo;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;
use winrm::{
    Connector, Credentials, EventStream, Intents, NoIntents, OpenOptions, SessionHandle, SignIn, SocketConnector, Stage,
};
use zeroize::Zeroizing;

use crate::args::ConnectionArguments;
use crate::exit::Failure;
use crate::identity::{Trust, identity_json};
use crate::ids::{self, Ids};

/// Where to.
pub(crate) fn connector(arguments: &ConnectionArguments) -> Result<Arc<SocketConnector>, Failure> {
    let endpoint = arguments.endpoint.as_deref().ok_or_else(|| Failure::usage("--endpoint is missing"))?;
    let (host, port) = endpoint_of(endpoint).ok_or_else(|| Failure::usage("--endpoint is HOST or HOST:PORT"))?;
    // An answer of the size that is asked for fits, and what the framing adds.
    let largest = usize::try_from(arguments.max_envelope).unwrap_or(usize::MAX).saturating_add(64 * 1024);
    Ok(Arc::new(SocketConnector::new(host, port).max_body(largest.max(SocketConnector::MAX_BODY))))
}

/// `host`, `host:port`, `[address]`, `[address]:port`, or a bare IPv6 address.
pub(crate) fn endpoint_of(text: &str) -> Option<(String, u16)> {
    const PORT: u16 = 5985;
    let text = text.trim();
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        match rest.strip_prefix(':') {
            Some(port) => (host, port.parse().ok()?),
            None if rest.is_empty() => (host, PORT),
            None => return None,
        }
    } else {
        match text.split_once(':') {
            Some((_, rest)) if rest.contains(':') => (text, PORT),
            Some((host, port)) => (host, port.parse().ok()?),
            None => (text, PORT),
        }
    };
    (!host.is_empty() && !host.contains(['/', '@', ' ']) && port != 0).then(|| (host.to_owned(), port))
}

/// Opens a session. `tell` hears how far that is.
pub(crate) async fn open(
    arguments: &ConnectionArguments,
    mut tell: impl FnMut(&str, &[(&str, Json)]),
) -> Result<(SessionHandle, EventStream), Failure> {
    let connector = connector(arguments)?;
    let user = arguments.user.as_deref().ok_or_else(|| Failure::usage("--user is missing"))?;
    let password = std::env::var(&arguments.password_env).map(Zeroizing::new).map_err(|_| {
        Failure::usage(format!("the environment variable {} does not hold the password", arguments.password_env))
    })?;
    let endpoint = connector.authority();
    let trust = Arc::new(Mutex::new(Trust::load(arguments.pins.as_deref(), arguments.trust_first_use)?));
    let gate = {
        let (trust, endpoint) = (Arc::clone(&trust), endpoint.clone());
        move |identity: &winrm::ServerIdentity| {
            trust.lock().unwrap_or_else(PoisonError::into_inner).check(&endpoint, identity)
        }
    };
    let (stages, mut heard) = mpsc::unbounded_channel();
    let console = HostInfo::console(i32::from(arguments.width));
    let mut pool_options = PoolOptions { host: console, ..PoolOptions::default() };
    if arguments.text {
        // What the endpoint formats itself uses all of the width: PowerShell leaves the last column of a buffer free.
        pool_options.host.buffer.width += 1;
    }
    let options = OpenOptions {
        pool_options,
        configuration: arguments.configuration.clone(),
        name: "pepctl".to_owned(),
        max_envelope: arguments.max_envelope,
        server_envelope: arguments.server_envelope,
        on_stage: Some(Arc::new(move |stage| {
            // Nobody hears it when opening has been given up.
            let _ = stages.send(stage);
        })),
        ..OpenOptions::default()
    };
    let sign_in = SignIn::new(Credentials::new(user, password.into()), gate);
    let earlier = match arguments.connect {
        Some(pool) => Some(ids::earlier(arguments.ids.as_deref(), pool)?),
        None => None,
    };
    let intents: Arc<dyn Intents> = match &arguments.ids {
        Some(path) => Arc::new(Ids::append(path)?),
        None => Arc::new(NoIntents),
    };
    let opening = async {
        match earlier {
            Some(earlier) => winrm::connect(connector, sign_in, options, earlier, intents).await,
            None => winrm::open(connector, sign_in, options, intents).await,
        }
    };
    let mut opening = std::pin::pin!(opening);
    let mut hear = |stage| match stage {
        Stage::Connecting => {
            tell("connecting", &[("endpoint", endpoint.as_str().into())]);
            Ok(())
        }
        Stage::SignedIn(identity) => {
            tell("signed in", &[("identity", identity_json(&identity))]);
            Ok(())
        }
        Stage::Proved(identity) => {
            tell("proved", &[]);
            trust.lock().unwrap_or_else(PoisonError::into_inner).keep(&endpoint, &identity)
        }
        Stage::Opened => Ok(()),
    };
    loop {
        tokio::select! {
            biased;
            Some(stage) = heard.recv() => hear(stage)?,
            opened = &mut opening => {
                while let Ok(stage) = heard.try_recv() {
                    hear(stage)?;
                }
                return Ok(opened?);
            }
        }
    }
}

/// Who the endpoint says it is.
pub(crate) async fn inspect(arguments: &ConnectionArguments) -> Result<Json, Failure> {
    let connector = connector(arguments)?;
    let identity = winrm::inspect(connector.as_ref()).await?;
    Ok(
        json!({ "state": "completed", "identity": identity_json(&identity), "unix_time": identity.timestamp.unix_seconds() }),
    )
}

/// Whether WinRM listens.
pub(crate) async fn probe(arguments: &ConnectionArguments) -> Result<Json, Failure> {
    let connector = connector(arguments)?;
    match winrm::probe(connector.as_ref()).await {
        Ok(probe) => Ok(json!({
            "state": "completed",
            "connect_ms": probe.connect.as_secs_f64() * 1e3,
            "round_trip_ms": probe.round_trip.as_secs_f64() * 1e3,
            "date": probe.date,
            "server": probe.server,
            "schemes": probe.schemes,
        })),
        Err(error) => Err(Failure::new(crate::exit::Code::NotReached, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::endpoint_of;

    #[test]
    fn endpoints_in_all_their_forms() {
        for (text, wanted) in [
            ("10.0.0.1", Some(("10.0.0.1", 5985))),
            ("erc:80", Some(("erc", 80))),
            ("::1", Some(("::1", 5985))),
            ("[::1]:5986", Some(("::1", 5986))),
            ("a:", None),
            ("a:70000", None),
            ("http://a", None),
            ("", None),
        ] {
            assert_eq!(endpoint_of(text), wanted.map(|(host, port)| (host.to_owned(), port)), "{text}");
        }
    }
}
