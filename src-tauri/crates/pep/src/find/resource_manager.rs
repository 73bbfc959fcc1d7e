//! What the administrator Resource Manager tells (pep-facts A.4).

use arm::{Location, Metadata};

use super::portal::learn;
use super::{Confidence, Fact, Found, Origin, Source};
use crate::Fault;
use crate::address::{self, Origin as From};
use crate::fault::code;

/// The candidates of all regions, and what else was told.
#[must_use]
pub fn of_locations(metadata: &Metadata, locations: &[Location]) -> Found {
    const SOURCE: Source = Source::ResourceManager;
    let mut found = Found::default();
    let names = [Some(metadata.endpoint.as_str()), metadata.portal.as_ref().map(|portal| portal.as_str())];
    for place in names.into_iter().flatten().filter_map(arm::Place::of) {
        if place.site != arm::Site::Domain {
            learn(&place, &mut found, SOURCE);
        }
    }
    for location in locations {
        let from = format!("fabricLocations/{}", location.region);
        for text in &location.pep_addresses {
            match address::parse(text, From::File) {
                Ok(address) => found.add(address, Confidence::Known, Origin::new(SOURCE, &from)),
                Err(fault) => found.problem(SOURCE, fault),
            }
        }
        if location.pep_addresses.is_empty() {
            found.problem(SOURCE, Fault::new(code::NO_USABLE_ADDRESS).detail(format!("{from} tells no addresses")));
        }
        let mut told = |fact, value: Option<&str>| found.learn(fact, value.unwrap_or_default(), SOURCE);
        told(Fact::Region, Some(&location.region));
        told(Fact::DeploymentId, location.deployment_id.as_deref());
        told(Fact::CloudId, location.cloud_id.as_deref());
        told(Fact::TimeServer, location.time_server.as_deref());
        for server in &location.dns_servers {
            told(Fact::DnsServer, Some(server));
        }
        let running = location.exclusive_operation_running.map(|running| if running { "true" } else { "false" });
        told(Fact::ExclusiveOperationRunning, running);
        told(Fact::ExclusiveOperation, location.exclusive_operation.as_deref());
        for (fact, time) in [
            (Fact::StartUpBegan, &location.start_up.0),
            (Fact::StartUpEnded, &location.start_up.1),
            (Fact::ShutDownBegan, &location.shut_down.0),
            (Fact::ShutDownEnded, &location.shut_down.1),
        ] {
            told(fact, time.as_deref());
        }
    }
    found
}
