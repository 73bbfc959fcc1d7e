//! `find`: where the privileged endpoints may be.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arm::{
    AccessToken, Arm, ArmError, BrowserSignIn, DeviceSignIn, Http, IdentityProvider, Metadata, Place, Root,
    SignInError, SignInOptions, TransportError, Untrusted,
};
use pep::Fault;
use pep::fault::code;
use pep::find::{Candidate, Fact, Found, Looked, Seen, Source, Stage, SystemResolver, Target};
use serde_json::{Value as Json, json};

use crate::args::{FindArguments, SignInWay};
use crate::exit::{Code, Failure};
use crate::print;

/// How long a name may take.
const RESOLVE_LIMIT: Duration = Duration::from_secs(5);
/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 4 << 20;

/// Asks all sources, and looks at the candidates when that is wanted.
pub(crate) async fn find(arguments: &FindArguments) -> Result<Json, Failure> {
    let mut found = local(arguments)?;
    found.merge(by_name(arguments).await);
    let mut refused = None;
    if let Some(endpoint) = &arguments.arm_endpoint {
        let roots = match &arguments.arm_ca {
            Some(path) => {
                Root::read_all(&read(path)?).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?
            }
            None => Vec::new(),
        };
        match resource_manager(arguments, endpoint, &roots, found.value(Fact::Region)).await {
            Ok(told) => found.merge(told),
            Err(Asked::Usage(failure)) => return Err(failure),
            Err(Asked::Fault(fault, certificate)) => {
                found.problem(Source::ResourceManager, fault);
                refused = certificate;
            }
        }
    }
    tell(&found, refused.as_deref());
    // Names that nobody knows are shown, and lead nowhere.
    if !found.candidates.iter().any(Candidate::may_dial) {
        return Err(nothing(&found));
    }
    let mut last = json!({ "state": "completed", "candidates": found.candidates.len() });
    if arguments.probe {
        let healthy = look(&found.candidates).await;
        if healthy == 0 {
            return Err(Failure::new(Code::NotReached, "none of the candidates is a healthy endpoint"));
        }
        if let Some(last) = last.as_object_mut() {
            last.insert("healthy".to_owned(), healthy.into());
        }
    }
    Ok(last)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    if std::fs::metadata(path).map_err(failed)?.len() > LARGEST_FILE {
        return Err(Failure::usage(format!("{}: the file is larger than 4 MiB", path.display())));
    }
    std::fs::read(path).map_err(failed)
}

/// The sources that need no network.
fn local(arguments: &FindArguments) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut take = |source, told: Result<Found, Fault>| match told {
        Ok(told) => found.merge(told),
        Err(fault) => found.problem(source, fault),
    };
    if let Some(path) = &arguments.stamp_file {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        take(Source::StampFile, pep::find::of_file(&read(path)?, &name));
    }
    if let Some(path) = &arguments.text_file {
        let text = pep::stamp::decode(&read(path)?)
            .ok_or_else(|| Failure::usage(format!("{}: it is neither UTF-8 nor UTF-16", path.display())))?;
        take(Source::PastedText, Ok(pep::find::of_text(&text)));
    }
    for address in &arguments.addresses {
        take(Source::Typed, pep::find::of_typed(address));
    }
    Ok(found)
}

/// The sources that resolve names.
async fn by_name(arguments: &FindArguments) -> Found {
    let mut found = Found::default();
    let resolver = Arc::new(SystemResolver);
    let (prefix, domain) = (arguments.prefix.as_deref(), arguments.domain.as_deref());
    let names = match (prefix, domain) {
        (Some(prefix), domain) => Some((Source::Prefix, pep::find::of_prefix(prefix, domain))),
        (None, Some(domain)) => Some((Source::Domain, pep::find::of_domain(domain))),
        (None, None) => None,
    };
    match names {
        Some((source, Ok(names))) => {
            found.merge(pep::find::look_up(names, source, resolver.clone(), RESOLVE_LIMIT).await);
        }
        Some((source, Err(fault))) => found.problem(source, fault),
        None => {}
    }
    if let Some(portal) = &arguments.portal {
        match pep::find::of_portal(portal, resolver, RESOLVE_LIMIT).await {
            Ok(told) => found.merge(told),
            Err(fault) => found.problem(Source::Portal, fault),
        }
    }
    found
}

/// Why the Resource Manager did not tell.
enum Asked {
    Usage(Failure),
    Fault(Fault, Option<Box<Untrusted>>),
}

impl From<ArmError> for Asked {
    fn from(error: ArmError) -> Self {
        let certificate = match &error {
            ArmError::Transport(error) => untrusted(error),
            _ => None,
        };
        Self::Fault(Fault::of_arm(&error), certificate)
    }
}

impl From<SignInError> for Asked {
    fn from(error: SignInError) -> Self {
        let certificate = match &error {
            SignInError::Transport(error) => untrusted(error),
            _ => None,
        };
        Self::Fault(Fault::of_arm_sign_in(&error), certificate)
    }
}

fn untrusted(error: &TransportError) -> Option<Box<Untrusted>> {
    match error {
        TransportError::Certificate(untrusted) => Some(untrusted.clone()),
        _ => None,
    }
}

async fn resource_manager(
    arguments: &FindArguments,
    endpoint: &str,
    roots: &[Root],
    region: Option<&str>,
) -> Result<Found, Asked> {
    let given = match &arguments.arm_token_env {
        Some(name) => {
            let token = std::env::var(name).map_err(|_| {
                Asked::Usage(Failure::usage(format!("the environment variable {name} does not hold the token")))
            })?;
            Some(AccessToken::new(token))
        }
        None => None,
    };
    let http = Http::new(roots)?;
    let metadata = Metadata::read(&http, &Place::resource_manager_of(endpoint)?).await?;
    let token = match given {
        Some(token) => token,
        None => sign_in(&http, &metadata, arguments.arm_sign_in).await?,
    };
    let locations = Arm::new(&http, &metadata, token).region(region).find().await?;
    Ok(pep::find::of_locations(&metadata, &locations))
}

async fn sign_in(http: &Http, metadata: &Metadata, way: Option<SignInWay>) -> Result<AccessToken, SignInError> {
    let options = SignInOptions::default();
    let provider = IdentityProvider::of(metadata, &options)?;
    let tell = |open: &str, code: Option<&str>| print(&json!({ "sign_in": { "open": open, "user_code": code } }));
    if way == Some(SignInWay::Device) {
        let waiting = DeviceSignIn::begin(http, provider, options).await?;
        tell(waiting.url().as_str(), Some(waiting.user_code()));
        waiting.finish().await
    } else {
        let waiting = BrowserSignIn::begin(http, provider, options).await?;
        tell(waiting.url().as_str(), None);
        waiting.finish().await
    }
}

fn tell(found: &Found, certificate: Option<&Untrusted>) {
    for Candidate { address, confidence, origins } in &found.candidates {
        let sources: Vec<Json> =
            origins.iter().map(|origin| json!({ "source": origin.source.name(), "from": origin.from })).collect();
        print(&json!({ "candidate": { "address": address.to_string(), "host": address.host, "port": address.port,
            "confidence": confidence.name(), "sources": sources } }));
    }
    for learnt in &found.learnt {
        print(
            &json!({ "learnt": { "fact": learnt.fact.name(), "value": learnt.value, "source": learnt.source.name() } }),
        );
    }
    for fact in found.contradictions() {
        let values: Vec<Json> = found
            .learnt
            .iter()
            .filter(|learnt| learnt.fact == fact)
            .map(|learnt| json!({ "value": learnt.value, "source": learnt.source.name() }))
            .collect();
        print(&json!({ "contradiction": { "fact": fact.name(), "values": values } }));
    }
    for problem in &found.problems {
        let fault = &problem.fault;
        print(&json!({ "problem": { "source": problem.source.name(), "code": fault.text(), "values": fault.values,
            "text": fault.detail.join("; ") } }));
    }
    if let Some(untrusted) = certificate {
        let offer = untrusted.offer.as_ref().map(|root| {
            json!({ "subject": root.subject, "issuer": root.issuer, "valid_until": root.valid_until,
                "sha256": root.fingerprint(), "is_root": root.is_root() })
        });
        print(&json!({ "certificate": { "host": untrusted.host, "issuer": untrusted.issuer,
            "fault": untrusted.fault.to_string(), "offer": offer } }));
    }
}

/// Why there is no candidate: what a person can do most about comes first.
fn nothing(found: &Found) -> Failure {
    let kind = |number: u16| match number {
        code::CERTIFICATE_ISSUER | code::CERTIFICATE_WRONG => Code::NotTrusted,
        4400..=4499 => Code::SignInRefused,
        2000..=2999 => Code::NotReached,
        _ => Code::Usage,
    };
    let worst = found.problems.iter().max_by_key(|problem| kind(problem.fault.code));
    match worst {
        Some(problem) => {
            let fault = &problem.fault;
            let why = if fault.detail.is_empty() { fault.text() } else { fault.detail.join("; ") };
            Failure::new(kind(fault.code), format!("no candidate was found: {why}"))
        }
        None => Failure::usage("no candidate was found: there is no address in what was given"),
    }
}

/// Looks at the candidates that may be dialled, and tells what was seen as it is seen.
async fn look(candidates: &[Candidate]) -> usize {
    let (dialled, unknown): (Vec<_>, Vec<_>) = candidates.iter().partition(|candidate| candidate.may_dial());
    let targets = dialled.into_iter().map(|candidate| Target::of(candidate.address.clone()));
    let mut seen = pep::find::look_at_all(targets.collect());
    let mut healthy = 0;
    for candidate in unknown {
        print(&probe_json(&Looked::not_resolved(candidate.address.clone())));
    }
    while let Some(seen) = seen.recv().await {
        // A line is a whole answer; the stages on the way are for people who watch.
        if let Seen::Done(looked) = seen {
            healthy += usize::from(looked.is_healthy());
            print(&probe_json(&looked));
        }
    }
    healthy
}

fn probe_json(looked: &Looked) -> Json {
    let stages: serde_json::Map<String, Json> = Stage::ALL
        .into_iter()
        .map(|stage| {
            let state = match looked.failed {
                Some(failed) if stage == failed => "failed",
                Some(failed) if stage > failed => "not_reached",
                _ => "passed",
            };
            (stage.name().to_owned(), state.into())
        })
        .collect();
    let ms = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1e3);
    let fault = looked.fault.as_ref();
    json!({ "probe": {
        "address": looked.address.to_string(),
        "healthy": looked.is_healthy(),
        "stages": stages,
        "connect_ms": ms(looked.connect),
        "round_trip_ms": ms(looked.round_trip),
        "clock_ahead_s": looked.clock_ahead_s,
        "server": looked.server,
        "schemes": looked.schemes,
        "code": fault.map(Fault::text),
        "text": fault.map(|fault| fault.detail.join("; ")),
    } })
}
