//! From the command line to an open session.

use std::sync::{Arc, Mutex, PoisonError};

use kerberos::Kerberos;
use pep::address::{PORT, TLS_PORT};
use pep::policy::Policy;
use psrp::client::PoolOptions;
use psrp::host::HostInfo;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;
use winrm::{
    Asked, ByName, Connector, Credentials, EventStream, Intents, NamedError, NoIntents, OpenOptions, Secret,
    SessionHandle, SignIn, SocketConnector, Stage, Stats,
};
use zeroize::Zeroizing;

use crate::args::{Auth, ConnectionArguments};
use crate::exit::Failure;
use crate::identity::{Trust, identity_json};
use crate::ids::{self, Ids};

/// What the policy of this computer has against a sign-in; it binds this program as it binds the window (S-32).
fn forbidden(policy: &Policy, auth: Auth, host: &str, tls: bool) -> Option<String> {
    let rule = if policy.require_https && !tls {
        "HTTPS"
    } else if auth != Auth::Kerberos && policy.forbids_ntlm(host) {
        "Kerberos (--auth kerberos)"
    } else {
        return None;
    };
    let file = policy.files.first().map(|file| file.display().to_string()).unwrap_or_default();
    let damage = policy.damaged.as_ref().map(|why| format!("; it cannot be read, so the strictest one holds: {why}"));
    Some(format!("the policy of this computer requires {rule} ({file}{})", damage.unwrap_or_default()))
}

/// Where an endpoint is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// Over TLS
    pub(crate) https: bool,
}

/// Where to. Over TLS it believes whoever the operating system vouches for.
pub(crate) fn connector(arguments: &ConnectionArguments) -> Result<SocketConnector, Failure> {
    let endpoint = arguments.endpoint.as_deref().ok_or_else(|| Failure::usage("--endpoint is missing"))?;
    let endpoint = endpoint_of(endpoint).ok_or_else(|| Failure::usage("--endpoint is [https://]HOST[:PORT]"))?;
    let https = endpoint.https || arguments.https || endpoint.port == Some(TLS_PORT);
    let port = endpoint.port.unwrap_or(if https { TLS_PORT } else { PORT });
    // An answer of the size that is asked for fits, and what the framing adds.
    let largest = usize::try_from(arguments.max_envelope).unwrap_or(usize::MAX).saturating_add(64 * 1024);
    let connector = SocketConnector::new(endpoint.host, port).max_body(largest.max(SocketConnector::MAX_BODY));
    Ok(if https { connector.over_tls(winrm::Trust::System) } else { connector })
}

/// This connector, over TLS bound to the key that is pinned, or that is trusted on this first use; and the connection on which the
/// endpoint was asked for its key, where the sign-in can go on there.
async fn trusted(
    connector: SocketConnector,
    auth: Auth,
    trust: &Trust,
) -> Result<(Arc<SocketConnector>, Option<Asked>), Failure> {
    if !connector.is_tls() {
        return Ok((Arc::new(connector), None));
    }
    let endpoint = connector.authority();
    let (key, asked) = if trust.knows(&endpoint) {
        (trust.key(&endpoint), None)
    } else {
        let (certificate, refused, asked) = match auth {
            Auth::Ntlm => {
                let (inspection, asked) = winrm::ask(&connector, false).await?;
                (inspection.certificate, inspection.refused, Some(asked))
            }
            // Who is asked by name need not say its names.
            Auth::Kerberos | Auth::Negotiate => {
                let (certificate, refused) = winrm::certificate(&connector).await?;
                (certificate, refused, None)
            }
        };
        let refused = refused.map(|error| error.to_string());
        trust.check_certificate(&endpoint, refused.as_deref())?;
        (refused.and(certificate).map(|certificate| certificate.key), asked)
    };
    let connector = match key {
        Some(key) => connector.over_tls(winrm::Trust::Key(key)),
        None => connector,
    };
    Ok((Arc::new(connector), asked))
}

/// `host`, `host:port`, `[address]`, `[address]:port`, or a bare IPv6 address; with `https://` in front over TLS.
pub(crate) fn endpoint_of(text: &str) -> Option<Endpoint> {
    let text = text.trim();
    let (text, https) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (rest, true),
        Some(_) => return None,
        None => (text, false),
    };
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port.parse().ok()?)),
            None if rest.is_empty() => (host, None),
            None => return None,
        }
    } else {
        match text.split_once(':') {
            Some((_, rest)) if rest.contains(':') => (text, None),
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        }
    };
    let good = !host.is_empty() && !host.contains(['/', '@', ' ']) && port != Some(0);
    good.then(|| Endpoint { host: host.to_owned(), port, https })
}

/// Whether an account has a name: nobody is signed in without one, and a try is not to be wasted.
fn names_somebody(user: &str) -> bool {
    let name = user.rsplit_once('\\').map_or(user, |(_, name)| name);
    !name.split('@').next().unwrap_or_default().trim().is_empty()
}

/// A session, its events, and where its ids and questions are written down.
pub(crate) type Opened = (SessionHandle, EventStream, Option<Arc<Ids>>);

/// Opens a session. `tell` hears how far that is, and `stats` counts.
pub(crate) async fn open(
    arguments: &ConnectionArguments,
    stats: &Stats,
    mut tell: impl FnMut(&str, &[(&str, Json)]),
) -> Result<Opened, Failure> {
    let user = arguments.user.as_deref().ok_or_else(|| Failure::usage("--user is missing"))?;
    if !names_somebody(user) {
        return Err(Failure::usage("--user is DOMAIN\\name or name@domain"));
    }
    let password = match std::env::var(&arguments.password_env) {
        // Nobody has an empty one, and a try is not to be wasted.
        Ok(password) if password.is_empty() && arguments.auth != Auth::Kerberos => {
            let what = format!("the environment variable {} holds an empty password", arguments.password_env);
            return Err(Failure::usage(what));
        }
        Ok(password) => Secret::from(Zeroizing::new(password)),
        // With Kerberos tickets may be there already.
        Err(_) if arguments.auth == Auth::Kerberos => Secret::from(String::new()),
        Err(_) => {
            let what = format!("the environment variable {} does not hold the password", arguments.password_env);
            return Err(Failure::usage(what));
        }
    };
    let policy = Policy::of_this_computer(&pep::policy::places());
    let connector = connector(arguments)?;
    if let Some(rule) = forbidden(&policy, arguments.auth, connector.host(), connector.is_tls()) {
        return Err(Failure::usage(rule));
    }
    let trust = Trust::load(arguments.pins.as_deref(), arguments.trust_first_use)?;
    let (connector, asked) = trusted(connector, arguments.auth, &trust).await?;
    let endpoint = connector.authority();
    let key = connector.pinned();
    let trust = Arc::new(Mutex::new(trust));
    let gate = {
        let (trust, endpoint, account) = (Arc::clone(&trust), endpoint.clone(), user.to_owned());
        move |identity: &winrm::ServerIdentity| {
            trust.lock().unwrap_or_else(PoisonError::into_inner).check(&endpoint, identity, &account)
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
        stats: stats.clone(),
        ..OpenOptions::default()
    };
    let (told, mut used) = mpsc::unbounded_channel();
    let by_name = (arguments.auth != Auth::Ntlm).then(|| {
        let mechanism = Arc::new(Kerberos::new(Credentials::new(user, password.duplicate())));
        ByName::new(mechanism, arguments.auth == Auth::Negotiate, move |why| {
            // An address is no name: that is no news.
            let quiet = matches!(why, Some(NamedError::ByAddress));
            if !quiet {
                let _ = told.send(why.map(ToString::to_string));
            }
        })
    });
    let sign_in = SignIn::new(Credentials::new(user, password), gate).by_name(by_name).going_on(asked);
    let earlier = match arguments.connect {
        Some(pool) => Some(ids::earlier(arguments.ids.as_deref(), pool)?),
        None => None,
    };
    let ids = arguments.ids.as_deref().map(Ids::append).transpose()?.map(Arc::new);
    let intents: Arc<dyn Intents> = match &ids {
        Some(ids) => Arc::clone(ids) as Arc<dyn Intents>,
        None => Arc::new(NoIntents),
    };
    let opening = async {
        match earlier {
            Some(earlier) => winrm::connect(connector, sign_in, options, earlier, intents).await,
            None => winrm::open(connector, sign_in, options, intents).await,
        }
    };
    let mut opening = std::pin::pin!(opening);
    let mut proved_by_name = false;
    let mut hear = |stage| match stage {
        Stage::Connecting => {
            let key = key.map(|key| ("key", key.to_string().into()));
            tell("connecting", &Vec::from_iter([("endpoint", endpoint.as_str().into())].into_iter().chain(key)));
            Ok(())
        }
        Stage::SignedIn(identity) => {
            let mechanism = match used.try_recv() {
                Ok(None) => {
                    proved_by_name = true;
                    "kerberos"
                }
                Ok(Some(why)) => {
                    tell("fell back to NTLM", &[("reason", why.into())]);
                    "ntlm"
                }
                Err(_) => "ntlm",
            };
            tell("signed in", &[("identity", identity_json(&identity)), ("mechanism", mechanism.into())]);
            Ok(())
        }
        Stage::Proved(identity) => {
            tell("proved", &[]);
            // Kerberos has proved the name; a pin is for names that an endpoint gives itself.
            if proved_by_name && key.is_none() {
                return Ok(());
            }
            trust.lock().unwrap_or_else(PoisonError::into_inner).keep(&endpoint, &identity, key)
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
                let opened = opened.map_err(|error| {
                    let sent = pep::fault::may_have_counted(&error, stats.counts().passwords_sent);
                    Failure::from(error).adding(sent)
                });
                return opened.map(|(handle, events)| (handle, events, ids));
            }
        }
    }
}

/// Who the endpoint says it is.
pub(crate) async fn inspect(arguments: &ConnectionArguments) -> Result<Json, Failure> {
    let inspection = winrm::inspect(&connector(arguments)?).await?;
    let identity = &inspection.identity;
    let mut told = json!({ "state": "completed", "identity": identity_json(identity), "unix_time": identity.timestamp.unix_seconds() });
    if let Some(certificate) = &inspection.certificate {
        told["certificate"] = json!({
            "key": certificate.key,
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "valid_until": certificate.valid_until,
            "refused": inspection.refused.as_ref().map(ToString::to_string),
        });
    }
    Ok(told)
}

/// Whether WinRM listens.
pub(crate) async fn probe(arguments: &ConnectionArguments) -> Result<Json, Failure> {
    match winrm::probe(&connector(arguments)?).await {
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
    use super::{Auth, Endpoint, Policy, endpoint_of, forbidden, names_somebody};

    #[test]
    fn an_account_has_a_name() {
        for user in ["D\\u", "u@d", "u", "D\\u@d"] {
            assert!(names_somebody(user), "{user}");
        }
        for user in ["", " ", "\\", "D\\", "@d", "D\\@d"] {
            assert!(!names_somebody(user), "{user}");
        }
    }

    #[test]
    fn s32_the_policy_of_the_computer_binds_this_program_too() {
        let free = Policy::default();
        let https = Policy { require_https: true, ..Policy::default() };
        let kerberos = Policy { require_kerberos: true, ..Policy::default() };
        for (policy, auth, tls, refused) in [
            (&free, Auth::Ntlm, false, false),
            (&https, Auth::Kerberos, false, true),
            (&https, Auth::Ntlm, true, false),
            (&kerberos, Auth::Ntlm, true, true),
            // It may fall back.
            (&kerberos, Auth::Negotiate, true, true),
            (&kerberos, Auth::Kerberos, false, false),
        ] {
            assert_eq!(forbidden(policy, auth, "azs-ercs01", tls).is_some(), refused, "{policy:?} {auth:?} {tls}");
        }
    }

    #[test]
    fn endpoints_in_all_their_forms() {
        for (text, wanted) in [
            ("10.0.0.1", Some(("10.0.0.1", None, false))),
            ("erc:80", Some(("erc", Some(80), false))),
            ("::1", Some(("::1", None, false))),
            ("[::1]:5986", Some(("::1", Some(5986), false))),
            ("https://erc", Some(("erc", None, true))),
            ("HTTPS://[::1]:443", Some(("::1", Some(443), true))),
            ("https://erc/wsman", None),
            ("a:", None),
            ("a:70000", None),
            ("http://a", None),
            ("", None),
        ] {
            let wanted = wanted.map(|(host, port, https)| Endpoint { host: host.to_owned(), port, https });
            assert_eq!(endpoint_of(text), wanted, "{text}");
        }
    }
}
