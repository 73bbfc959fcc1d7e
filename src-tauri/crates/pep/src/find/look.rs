//! Looking at candidates without a sign-in: all at once, each stage told as it is passed, each answer as soon as it is there.
//!
//! An instance costs one request on one connection: one round trip beyond the handshake of TCP. A name is one look-up more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arm::{Place, Site};
use tokio::sync::mpsc;
use winrm::{
    Answered, BoxFuture, ConnectError, Connector, Exchange, ExchangeError, KeyPin, ProbeError, SocketConnector,
};

use super::clock::ahead;
use crate::Fault;
use crate::address::{self, Address};
use crate::fault::code;

/// The port of a portal.
const PORTAL_PORT: u16 = 443;
/// How long a connection may take.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long the connection to a portal may take, after the endpoint's has failed.
const PORTAL_LIMIT: Duration = Duration::from_secs(2);

/// What has to be there, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The name has an address.
    Name,
    /// There is a way to it.
    Route,
    /// The port answers.
    Port,
    /// What answers is WinRM.
    WinRm,
    /// It offers Negotiate.
    Negotiate,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Name, Self::Route, Self::Port, Self::WinRm, Self::Negotiate];

    /// A word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Route => "route",
            Self::Port => "port",
            Self::WinRm => "winrm",
            Self::Negotiate => "negotiate",
        }
    }
}

/// What was seen of one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// Which.
    pub address: Address,
    /// The stage that failed.
    pub failed: Option<Stage>,
    /// Why.
    pub fault: Option<Fault>,
    /// The time that all of it took.
    pub took: Duration,
    /// The time until the connection was there.
    pub connect: Option<Duration>,
    /// The time of one request and its answer.
    pub round_trip: Option<Duration>,
    /// How far its clock is ahead of ours, in seconds; the header counts whole seconds.
    pub clock_ahead_s: Option<i64>,
    /// What serves there, as it says.
    pub server: Option<String>,
    /// The sign-in schemes that it offers.
    pub schemes: Vec<String>,
}

/// What is told while instances are looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A stage of this one is passed, and all before it.
    Passed(Address, Stage),
    /// This one is over.
    Done(Box<Looked>),
}

/// Where to look, and where else when that fails.
pub struct Target {
    /// The address.
    pub address: Address,
    /// Makes connections to it.
    pub connector: Arc<dyn Connector>,
    /// Makes connections to the port of a portal on the same machine. It is used only when nothing listens at the endpoint's, to tell
    /// a portal's address from one that is not reached; nothing is sent over it.
    pub portal: Option<Arc<dyn Connector>>,
}

impl Target {
    /// An address in the network.
    #[must_use]
    pub fn of(address: Address) -> Self {
        let connector = address::connector(&address, None).connect_limit(CONNECT_LIMIT);
        let portal = SocketConnector::new(address.host.clone(), PORTAL_PORT).connect_limit(PORTAL_LIMIT);
        let portal: Option<Arc<dyn Connector>> = (address.port != PORTAL_PORT).then(|| Arc::new(portal) as _);
        Self { address, connector: Arc::new(connector), portal }
    }
}

/// Looks at all of them at once. What was seen comes as it is seen: who waits for the first healthy one need not wait for the others.
/// They end when the receiver is dropped.
#[must_use]
pub fn look_at_all(targets: Vec<Target>) -> mpsc::Receiver<Seen> {
    let (seen, receiver) = mpsc::channel(targets.len().saturating_mul(Stage::ALL.len()).max(1));
    for target in targets {
        let seen = seen.clone();
        tokio::spawn(async move {
            let (passed, address) = (seen.clone(), target.address.clone());
            // There is room for every stage of every target.
            let on_passed = move |stage| drop(passed.try_send(Seen::Passed(address.clone(), stage)));
            tokio::select! {
                looked = look(target, on_passed) => {
                    // Nobody waits any more: that is no failure.
                    let _ = seen.send(Seen::Done(Box::new(looked))).await;
                }
                () = seen.closed() => {}
            }
        });
    }
    receiver
}

/// Tells when the connection is there.
struct Watched<'a, F> {
    connector: &'a dyn Connector,
    on_passed: &'a F,
}

impl<F: Fn(Stage) + Send + Sync> Connector for Watched<'_, F> {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Exchange>, ConnectError>> {
        Box::pin(async {
            let connected = self.connector.connect().await;
            match &connected {
                Ok(_) => (self.on_passed)(Stage::Port),
                // A refusal came from there: the way is known.
                Err(ConnectError::Refused) => (self.on_passed)(Stage::Route),
                // So is whose certificate nobody vouches for: it is asked all the same.
                Err(error) if error.is_identity() => (self.on_passed)(Stage::Port),
                Err(_) => {}
            }
            connected
        })
    }

    fn host(&self) -> &str {
        self.connector.host()
    }

    fn port(&self) -> u16 {
        self.connector.port()
    }

    fn is_tls(&self) -> bool {
        self.connector.is_tls()
    }

    fn bound_to(&self, key: KeyPin) -> Option<Box<dyn Connector>> {
        self.connector.bound_to(key)
    }
}

/// Looks at one, telling each stage that is passed before the last.
pub async fn look(target: Target, on_passed: impl Fn(Stage) + Send + Sync) -> Looked {
    let began = Instant::now();
    let mut looked = look_on(target, &on_passed).await;
    looked.took = began.elapsed();
    looked
}

async fn look_on(target: Target, on_passed: &(impl Fn(Stage) + Send + Sync)) -> Looked {
    let Target { address, connector, portal } = target;
    let mut looked = Looked::new(address);
    // The name of a portal says what it is: nothing has to be dialled.
    if Place::of(&looked.address.host).is_some_and(|place| place.site != Site::Domain) {
        let fault = Fault::new(code::PORTAL_ADDRESS).detail("the name is one of the stamp's web sites");
        return failed(looked, Stage::Name, fault);
    }
    if let Err(error) = connector.resolve().await {
        let error = ProbeError::Connect(error);
        return failed(looked, stage(&error), Fault::of_probe(&error));
    }
    on_passed(Stage::Name);
    let mut answered = Answered::default();
    let probed = winrm::probe_into(&Watched { connector: connector.as_ref(), on_passed }, &mut answered).await;
    looked.clock_ahead_s = answered.date.as_deref().and_then(ahead);
    looked.server = answered.server;
    looked.schemes = answered.schemes;
    match probed {
        Ok(probe) => {
            looked.connect = Some(probe.connect);
            looked.round_trip = Some(probe.round_trip);
            looked
        }
        Err(error) => {
            let stage = stage(&error);
            let fault = Fault::of_probe(&error);
            let silent = matches!(error, ProbeError::Connect(ConnectError::Refused | ConnectError::TimedOut(_)));
            if let Some(portal) = portal.filter(|_| silent)
                && portal.connect().await.is_ok()
            {
                let fault = Fault::new(code::PORTAL_ADDRESS).detail(error);
                return failed(looked, stage, fault.detail(format!("port {} answers there", portal.port())));
            }
            failed(looked, stage, fault)
        }
    }
}

fn failed(mut looked: Looked, stage: Stage, fault: Fault) -> Looked {
    let host = looked.address.host.as_str();
    let fault = fault.with("host", host).with("address", host).with("port", looked.address.port.to_string());
    looked.failed = Some(stage);
    looked.fault = Some(fault);
    looked
}

fn stage(error: &ProbeError) -> Stage {
    match error {
        ProbeError::Connect(ConnectError::Unresolved(_)) => Stage::Name,
        ProbeError::Connect(ConnectError::Unreachable(_) | ConnectError::Other(_)) => Stage::Route,
        ProbeError::Connect(ConnectError::Refused | ConnectError::TimedOut(_))
        | ProbeError::NotHttp(ExchangeError::NotSent) => Stage::Port,
        ProbeError::NoNegotiate { .. } => Stage::Negotiate,
        _ => Stage::WinRm,
    }
}

impl Looked {
    fn new(address: Address) -> Self {
        Self {
            address,
            failed: None,
            fault: None,
            took: Duration::ZERO,
            connect: None,
            round_trip: None,
            clock_ahead_s: None,
            server: None,
            schemes: Vec::new(),
        }
    }

    /// Of a guess whose name has no address: it is not dialled.
    #[must_use]
    pub fn not_resolved(address: Address) -> Self {
        failed(Self::new(address), Stage::Name, Fault::new(code::NAME_UNKNOWN))
    }

    /// Of an address that cannot be one of an endpoint: it is not dialled.
    #[must_use]
    pub fn refused(address: Address, fault: Fault) -> Self {
        failed(Self::new(address), Stage::Name, fault)
    }

    /// Whether a person may sign in there.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.fault.is_none()
    }

    /// The stages that were passed.
    pub fn passed(&self) -> impl Iterator<Item = Stage> + '_ {
        Stage::ALL.into_iter().take_while(|stage| self.failed.is_none_or(|failed| *stage < failed))
    }
}
