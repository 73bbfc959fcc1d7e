//! Looking at candidates without a sign-in: all at once, each answer as soon as it is there.
//!
//! An instance costs one request on one connection: one round trip beyond the handshake of TCP. A name is one look-up more.

use std::sync::Arc;
use std::time::Duration;

use arm::{Place, Site};
use tokio::sync::mpsc;
use winrm::{ConnectError, Connector, ExchangeError, ProbeError, SocketConnector};

use crate::Fault;
use crate::address::Address;
use crate::fault::code;
use crate::probe::clock_ahead;

/// The port of a portal.
const PORTAL_PORT: u16 = 443;
/// How long a connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
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
        let connector = SocketConnector::new(address.host.clone(), address.port).connect_limit(CONNECT_LIMIT);
        let portal = SocketConnector::new(address.host.clone(), PORTAL_PORT).connect_limit(PORTAL_LIMIT);
        let portal: Option<Arc<dyn Connector>> = (address.port != PORTAL_PORT).then(|| Arc::new(portal) as _);
        Self { address, connector: Arc::new(connector), portal }
    }
}

/// Looks at all of them at once. What was seen comes as it is seen: who waits for the first healthy one need not wait for the others.
/// They end when the receiver is dropped.
#[must_use]
pub fn look_at_all(targets: Vec<Target>) -> mpsc::Receiver<Looked> {
    let (seen, receiver) = mpsc::channel(targets.len().max(1));
    for target in targets {
        let seen = seen.clone();
        tokio::spawn(async move {
            tokio::select! {
                looked = look(target) => {
                    // Nobody waits any more: that is no failure.
                    let _ = seen.send(looked).await;
                }
                () = seen.closed() => {}
            }
        });
    }
    receiver
}

/// Looks at one.
pub async fn look(target: Target) -> Looked {
    let Target { address, connector, portal } = target;
    let mut looked = Looked::new(address);
    // The name of a portal says what it is: nothing has to be dialled.
    if Place::of(&looked.address.host).is_some_and(|place| place.site != Site::Domain) {
        let fault = Fault::new(code::PORTAL_ADDRESS).detail("the name is one of the stamp's web sites");
        return failed(looked, Stage::WinRm, fault);
    }
    match winrm::probe(connector.as_ref()).await {
        Ok(probe) => {
            looked.connect = Some(probe.connect);
            looked.round_trip = Some(probe.round_trip);
            looked.clock_ahead_s = probe.date.as_deref().and_then(clock_ahead);
            looked.server = probe.server;
            looked.schemes = probe.schemes;
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
    let fault = fault.with("host", looked.address.host.as_str()).with("port", looked.address.port.to_string());
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
