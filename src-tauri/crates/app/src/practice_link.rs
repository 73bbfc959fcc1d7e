//! The practice PEP behind the one seam: an exchange without a socket.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use contract::{Practice, PracticeScenario};
use pep::address::Address;
use pep::stamp::Stamp;
use practice::{Connection, PracticeOptions, PracticePep, Scenario, ScenarioError};
use winrm::{BoxFuture, ConnectError, Connector, Exchange, ExchangeError};

/// The id of the practice stamp.
pub(crate) const STAMP: &str = "practice";

/// How fast practice time runs when nothing else is said.
const SPEED: f64 = 60.0;

/// The practice stamp of this start.
pub(crate) struct PracticeLink {
    state: Mutex<State>,
}

struct State {
    pep: PracticePep,
    scenario: String,
    speed: f64,
}

/// Dials the practice PEP.
struct PracticeConnector {
    pep: PracticePep,
    host: String,
}

/// The third instance rests, so that there is something to see.
const RESTS: &str = "192.0.2.226";
/// What is told of it, as after the wait that it spares.
const RESTS_FOR: Duration = pep::find::CONNECT_LIMIT;

struct PracticeExchange(Connection);

impl Exchange for PracticeExchange {
    fn send(&mut self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>> {
        Box::pin(async {
            if self.0.is_closed() { Err(ExchangeError::NotSent) } else { Ok(self.0.exchange(request).await) }
        })
    }
}

impl Connector for PracticeConnector {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Exchange>, ConnectError>> {
        let connected = if self.host == RESTS {
            Err(ConnectError::TimedOut(RESTS_FOR))
        } else {
            let exchange: Box<dyn Exchange> = Box::new(PracticeExchange(self.pep.connection()));
            Ok(exchange)
        };
        Box::pin(std::future::ready(connected))
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn port(&self) -> u16 {
        pep::address::PORT
    }
}

impl PracticeLink {
    pub(crate) fn new() -> Self {
        let speed = std::env::var("PEP_PRACTICE_SPEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SPEED);
        let name = "failing-group";
        Self { state: Mutex::new(State { pep: start(name, speed), scenario: name.to_owned(), speed }) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The practice stamp: three addresses of the documentation network, of which the first answers.
    pub(crate) fn stamp() -> Stamp {
        let address = |last: u8| Address { host: format!("192.0.2.{last}"), port: pep::address::PORT };
        Stamp {
            id: STAMP.to_owned(),
            name: "Practice".to_owned(),
            region: "practice".to_owned(),
            netbios_domain: "PRACTICE".to_owned(),
            dns_domain: "practice.internal".to_owned(),
            external_domain: "practice.cloud.example".to_owned(),
            version: "1.2206.2.77".to_owned(),
            addresses: vec![address(224), address(225), address(226)],
            ..Stamp::default()
        }
    }

    pub(crate) fn connector(&self, address: &Address) -> Arc<dyn Connector> {
        Arc::new(PracticeConnector { pep: self.lock().pep.clone(), host: address.host.clone() })
    }

    pub(crate) fn describe(&self) -> Practice {
        let state = self.lock();
        let scenarios = Scenario::names().filter_map(|name| {
            let scenario = Scenario::built_in(name).ok()?;
            Some(PracticeScenario { name: name.to_owned(), title: scenario.title, what: scenario.what })
        });
        Practice {
            account: PracticePep::ACCOUNT.to_owned(),
            password: state.pep.password().expose().to_owned(),
            scenarios: scenarios.collect(),
            scenario: state.scenario.clone(),
            speed: state.speed,
        }
    }

    pub(crate) fn set(&self, name: &str, speed: f64) -> Result<(), ScenarioError> {
        let scenario = Scenario::built_in(name)?;
        let mut state = self.lock();
        // Another speed is another endpoint; another scenario is the same one in another mood.
        if (state.speed - speed).abs() > f64::EPSILON {
            state.pep = start(name, speed);
            state.speed = speed;
        } else {
            state.pep.set_scenario(scenario);
        }
        name.clone_into(&mut state.scenario);
        Ok(())
    }
}

fn start(name: &str, speed: f64) -> PracticePep {
    let scenario = Scenario::built_in(name).unwrap_or_default();
    PracticePep::new(PracticeOptions { scenario, speed, instance: 1 })
}
