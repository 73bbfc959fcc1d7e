//! `find`: where the privileged endpoints may be.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arm::{
    AccessToken, Arm, ArmError, BrowserSignIn, DeviceSignIn, Http, IdentityProvider, Metadata, Place, Root,
    SignInError, SignInOptions, TransportError, Untrusted,
};
use pep::Fault;
use pep::address::Address;
use pep::fault::code;
use pep::find::{Candidate, Fact, Found, Looked, Seen, Source, Stage, SystemResolver, Target};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::args::{FindArguments, SignInWay};
use crate::exit::{Code, Failure};
use crate::print;

/// How long a name may take.
const RESOLVE_LIMIT: Duration = Duration::from_secs(5);
/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 4 << 20;

/// What one source gave, when it came.
#[derive(Default)]
struct Told {
    found: Found,
    certificate: Option<Box<Untrusted>>,
    /// What of it could not be used at all: a mistake in the arguments, which loses nothing of the other sources
    misuse: Vec<(Source, Failure)>,
}

impl Told {
    fn of(found: Found) -> Self {
        Self { found, ..Self::default() }
    }

    fn take(&mut self, source: Source, told: Result<Found, Fault>) {
        match told {
            Ok(told) => self.found.merge(told),
            Err(fault) => self.found.problem(source, fault),
        }
    }
}

/// Asks all sources at once, and looks at the candidates when that is wanted. What a source gives is told when it comes: nobody waits
/// for a sign-in or a slow name to hear of an address that is typed.
pub(crate) async fn find(arguments: &FindArguments) -> Result<Json, Failure> {
    let mut telling = Telling::new(arguments.probe);
    telling.take(local(arguments));
    let region = telling.found.value(Fact::Region).map(str::to_owned);
    // The portal's address tells the region without being resolved.
    let region = region.or_else(|| arguments.portal.as_deref().and_then(Place::of).map(|place| place.region));
    let (told, mut heard) = mpsc::channel(3);
    let sources = async {
        let tell = |source| async { drop(told.send(source).await) };
        tokio::join!(
            async { tell(Told::of(by_rule(arguments).await)).await },
            async { tell(Told::of(by_portal(arguments).await)).await },
            async { tell(by_resource_manager(arguments, region.as_deref()).await).await },
        );
    };
    let mut sources = std::pin::pin!(sources);
    let mut waiting = true;
    loop {
        tokio::select! {
            biased;
            Some(told) = heard.recv() => telling.take(told),
            Some(seen) = telling.seen.recv() => telling.saw(seen),
            () = &mut sources, if waiting => waiting = false,
            else => {}
        }
        if !waiting && heard.is_empty() && telling.looking == 0 {
            break;
        }
    }
    telling.end()
}

/// Tells what was found and seen, each as soon as it is known.
struct Telling {
    found: Found,
    misuse: Option<Failure>,
    /// The lines that were printed, by the address of the candidate
    candidates: HashMap<Address, Json>,
    learnt: usize,
    problems: usize,
    /// Whether candidates are looked at
    probe: bool,
    looked_at: HashSet<Address>,
    looking: usize,
    healthy: usize,
    see: mpsc::UnboundedSender<Looked>,
    seen: mpsc::UnboundedReceiver<Looked>,
}

impl Telling {
    fn new(probe: bool) -> Self {
        let (see, seen) = mpsc::unbounded_channel();
        Self {
            found: Found::default(),
            misuse: None,
            candidates: HashMap::new(),
            learnt: 0,
            problems: 0,
            probe,
            looked_at: HashSet::new(),
            looking: 0,
            healthy: 0,
            see,
            seen,
        }
    }

    fn take(&mut self, told: Told) {
        self.found.merge(told.found);
        for candidate in &self.found.candidates {
            let line = candidate_json(candidate);
            if self.candidates.get(&candidate.address) != Some(&line) {
                print(&line);
                self.candidates.insert(candidate.address.clone(), line);
            }
        }
        for learnt in self.found.learnt.iter().skip(self.learnt) {
            print(
                &json!({ "learnt": { "fact": learnt.fact.name(), "value": learnt.value, "source": learnt.source.name() } }),
            );
        }
        self.learnt = self.found.learnt.len();
        for problem in self.found.problems.iter().skip(self.problems) {
            let fault = &problem.fault;
            print(&json!({ "problem": { "source": problem.source.name(), "code": fault.text(), "values": fault.values,
                "text": fault.detail.join("; ") } }));
        }
        self.problems = self.found.problems.len();
        for (source, failure) in told.misuse {
            print(&json!({ "problem": { "source": source.name(), "code": null, "values": {}, "text": failure.text } }));
            self.misuse.get_or_insert(failure);
        }
        if let Some(untrusted) = told.certificate {
            print(&certificate_json(&untrusted));
        }
        if self.probe {
            self.look();
        }
    }

    /// Looks at the candidates that may be dialled and are new.
    fn look(&mut self) {
        let new = |candidate: &&Candidate| candidate.may_dial() && !self.looked_at.contains(&candidate.address);
        let new: Vec<Address> =
            self.found.candidates.iter().filter(new).map(|candidate| candidate.address.clone()).collect();
        self.looked_at.extend(new.iter().cloned());
        self.looking += new.len();
        let mut seen = pep::find::look_at_all(new.into_iter().map(Target::of).collect());
        let see = self.see.clone();
        tokio::spawn(async move {
            while let Some(seen) = seen.recv().await {
                // A line is a whole answer; the stages on the way are for people who watch.
                if let Seen::Done(looked) = seen {
                    let _ = see.send(*looked);
                }
            }
        });
    }

    fn saw(&mut self, looked: Looked) {
        self.looking = self.looking.saturating_sub(1);
        self.healthy += usize::from(looked.is_healthy());
        print(&probe_json(&looked));
    }

    /// What only all sources together tell, and how it ends.
    fn end(self) -> Result<Json, Failure> {
        let found = self.found;
        for fact in found.contradictions() {
            let values: Vec<Json> = found
                .learnt
                .iter()
                .filter(|learnt| learnt.fact == fact)
                .map(|learnt| json!({ "value": learnt.value, "source": learnt.source.name() }))
                .collect();
            print(&json!({ "contradiction": { "fact": fact.name(), "values": values } }));
        }
        // Names that nobody knows are shown, and lead nowhere.
        if !found.candidates.iter().any(Candidate::may_dial) {
            return Err(self.misuse.unwrap_or_else(|| nothing(&found)));
        }
        let mut last = json!({ "state": "completed", "candidates": found.candidates.len() });
        if self.probe {
            for candidate in found.candidates.iter().filter(|candidate| !candidate.may_dial()) {
                print(&probe_json(&Looked::not_resolved(candidate.address.clone())));
            }
            if self.healthy == 0 {
                return Err(Failure::new(Code::NotReached, "none of the candidates is a healthy endpoint"));
            }
            if let Some(last) = last.as_object_mut() {
                last.insert("healthy".to_owned(), self.healthy.into());
            }
        }
        Ok(last)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    if std::fs::metadata(path).map_err(failed)?.len() > LARGEST_FILE {
        return Err(Failure::usage(format!("{}: the file is larger than 4 MiB", path.display())));
    }
    std::fs::read(path).map_err(failed)
}

/// The sources that need no network.
fn local(arguments: &FindArguments) -> Told {
    let mut told = Told::default();
    if let Some(path) = &arguments.stamp_file {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match read(path) {
            Ok(bytes) => told.take(Source::StampFile, pep::find::of_file(&bytes, &name)),
            Err(failure) => told.misuse.push((Source::StampFile, failure)),
        }
    }
    if let Some(path) = &arguments.text_file {
        let text = read(path).and_then(|bytes| {
            let text = pep::stamp::decode(&bytes);
            text.ok_or_else(|| Failure::usage(format!("{}: it is neither UTF-8 nor UTF-16", path.display())))
        });
        match text {
            Ok(text) => told.take(Source::PastedText, Ok(pep::find::of_text(&text))),
            Err(failure) => told.misuse.push((Source::PastedText, failure)),
        }
    }
    for address in &arguments.addresses {
        told.take(Source::Typed, pep::find::of_typed(address));
    }
    told
}

/// The names that instances have by rule.
async fn by_rule(arguments: &FindArguments) -> Found {
    let mut found = Found::default();
    let (prefix, domain) = (arguments.prefix.as_deref(), arguments.domain.as_deref());
    let names = match (prefix, domain) {
        (Some(prefix), domain) => Some((Source::Prefix, pep::find::of_prefix(prefix, domain))),
        (None, Some(domain)) => Some((Source::Domain, pep::find::of_domain(domain))),
        (None, None) => None,
    };
    match names {
        Some((source, Ok(names))) => {
            found.merge(pep::find::look_up(names, source, Arc::new(SystemResolver), RESOLVE_LIMIT).await);
        }
        Some((source, Err(fault))) => found.problem(source, fault),
        None => {}
    }
    found
}

/// What follows from the portal's address.
async fn by_portal(arguments: &FindArguments) -> Found {
    let mut found = Found::default();
    if let Some(portal) = &arguments.portal {
        match pep::find::of_portal(portal, Arc::new(SystemResolver), RESOLVE_LIMIT).await {
            Ok(told) => found.merge(told),
            Err(fault) => found.problem(Source::Portal, fault),
        }
    }
    found
}

/// What the Resource Manager tells.
async fn by_resource_manager(arguments: &FindArguments, region: Option<&str>) -> Told {
    let Some(endpoint) = &arguments.arm_endpoint else { return Told::default() };
    let mut told = Told::default();
    let roots = arguments.arm_ca.as_ref().map_or(Ok(Vec::new()), |path| {
        Root::read_all(&read(path)?).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    });
    let roots = match roots {
        Ok(roots) => roots,
        Err(failure) => {
            told.misuse.push((Source::ResourceManager, failure));
            return told;
        }
    };
    match resource_manager(arguments, endpoint, &roots, region).await {
        Ok(found) => told.found = found,
        Err(Asked::Usage(failure)) => told.misuse.push((Source::ResourceManager, failure)),
        Err(Asked::Fault(fault, certificate)) => {
            told.found.problem(Source::ResourceManager, fault);
            told.certificate = certificate;
        }
    }
    told
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
            let token = std::env::var(name).map(Zeroizing::new).unwrap_or_default();
            // As it stands in the head of a request, or in JSON.
            let bare = token.trim().trim_matches('"');
            let bare = bare
                .get(..7)
                .filter(|scheme| scheme.eq_ignore_ascii_case("bearer "))
                .map_or(bare, |scheme| bare.get(scheme.len()..).unwrap_or_default().trim_start());
            if bare.is_empty() {
                let what = format!("the environment variable {name} does not hold the token");
                return Err(Asked::Usage(Failure::usage(what)));
            }
            Some(AccessToken::new(bare.to_owned()))
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

fn candidate_json(candidate: &Candidate) -> Json {
    let Candidate { address, confidence, origins } = candidate;
    let sources: Vec<Json> =
        origins.iter().map(|origin| json!({ "source": origin.source.name(), "from": origin.from })).collect();
    json!({ "candidate": { "address": address.to_string(), "host": address.host, "port": address.port,
        "confidence": confidence.name(), "sources": sources } })
}

fn certificate_json(untrusted: &Untrusted) -> Json {
    let offer = untrusted.offer.as_ref().map(|root| {
        json!({ "subject": root.subject, "issuer": root.issuer, "valid_until": root.valid_until,
            "sha256": root.fingerprint(), "is_root": root.is_root() })
    });
    json!({ "certificate": { "host": untrusted.host, "issuer": untrusted.issuer,
        "fault": untrusted.fault.to_string(), "offer": offer } })
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
