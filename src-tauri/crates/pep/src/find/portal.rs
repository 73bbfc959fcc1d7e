//! What the address of a portal tells, and what can be guessed from it (pep-facts A.1, A.5).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use arm::Place;

use super::names::{Resolver, look_up};
use super::{Confidence, Fact, Found, Origin, Source};
use crate::Fault;
use crate::address::{Address, PORT, shown};
use crate::fault::code;

/// The last parts that instances were seen with; scripts guess them, and nothing promises them.
const LAST_PARTS: std::ops::RangeInclusive<u8> = 224..=227;

/// Reads the address of a portal.
///
/// # Errors
/// When the text is no address of a stamp.
pub fn portal_of(text: &str) -> Result<Place, Fault> {
    if let Some(host) = Place::public_cloud_of(text) {
        let fault = Fault::new(code::PUBLIC_CLOUD).with("address", host.as_str());
        return Err(fault.detail(format!("{host} belongs to a public cloud, not to a stamp")));
    }
    Place::of(text).ok_or_else(|| {
        let shown = shown(text);
        let why = "it is no address of a stamp's portal: that is https://adminportal.<region>.<domain>";
        let fault = Fault::new(code::NOT_A_PORTAL).with("address", shown.as_str()).detail(format!("{shown}: {why}"));
        // Nobody knows whether the first part is the region.
        match Place::of_external_domain(text).filter(|place| place.suffix.matches('.').count() == 1) {
            Some(place) => {
                fault.detail(format!("if {} is the region, type {}", place.region, place.admin_portal_host()))
            }
            None => fault,
        }
    })
}

/// Reads the address of a portal, resolves it, and guesses. The portal itself is no candidate.
///
/// # Errors
/// When the text is no address of a stamp.
pub async fn of_portal(text: &str, resolver: Arc<dyn Resolver>, limit: Duration) -> Result<Found, Fault> {
    let place = portal_of(text)?;
    let mut found = Found::default();
    learn(&place, &mut found, Source::Portal);
    let host = place.admin_portal_host();
    let portal = look_up(vec![host.clone()], Source::Portal, resolver, limit).await;
    let addresses: Vec<IpAddr> = portal.candidates.iter().filter_map(|one| one.address.host.parse().ok()).collect();
    for address in &addresses {
        if let IpAddr::V4(ip) = address {
            guess(*ip, &host, &mut found);
        }
    }
    if !addresses.is_empty() && !addresses.iter().any(IpAddr::is_ipv4) {
        let why =
            format!("{host} has IPv6 addresses only, from which none is guessed: ask {}", place.resource_manager());
        found.problem(Source::Portal, Fault::new(code::NO_USABLE_ADDRESS).with("address", host.as_str()).detail(why));
    }
    for problem in portal.problems {
        found.problem(problem.source, problem.fault);
    }
    Ok(found)
}

/// The names that follow from a place.
pub(super) fn learn(place: &Place, found: &mut Found, source: Source) {
    found.learn(Fact::Region, &place.region, source);
    found.learn(Fact::ExternalDomain, &place.suffix, source);
    found.learn(Fact::AdminPortal, &place.admin_portal(), source);
    found.learn(Fact::ResourceManager, &place.resource_manager(), source);
}

fn guess(portal: Ipv4Addr, host: &str, found: &mut Found) {
    let [a, b, c, own] = portal.octets();
    for last in LAST_PARTS.filter(|last| *last != own) {
        let address = Address { host: Ipv4Addr::new(a, b, c, last).to_string(), port: PORT };
        found.add(address, Confidence::Guess, Origin::new(Source::Portal, host));
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::tests::Book;
    use super::*;

    #[tokio::test]
    async fn the_portal_tells_names_and_allows_guesses() {
        let book = Arc::new(Book(vec![("adminportal.east.a.example", "10.1.2.226")]));
        let found = of_portal("https://portal.east.a.example/#x", book, Duration::from_secs(1)).await.unwrap();
        assert_eq!(found.value(Fact::ExternalDomain), Some("east.a.example"));
        assert_eq!(found.value(Fact::AdminPortal), Some("https://adminportal.east.a.example/"));
        let hosts: Vec<_> = found.candidates.iter().map(|candidate| candidate.address.host.as_str()).collect();
        assert_eq!(hosts, ["10.1.2.224", "10.1.2.225", "10.1.2.227"], "not the portal itself");
        assert!(found.candidates.iter().all(|one| one.confidence == Confidence::Guess));
    }

    #[tokio::test]
    async fn a_portal_on_a_public_address_gives_no_guess() {
        let book = Arc::new(Book(vec![("adminportal.east.a.example", "203.1.2.3")]));
        let found = of_portal("adminportal.east.a.example", book.clone(), Duration::from_secs(1)).await.unwrap();
        assert_eq!((found.candidates.len(), found.problems[0].fault.code), (0, code::PUBLIC_ADDRESS));
        let unknown =
            of_portal("https://adminportal.west.a.example", book.clone(), Duration::from_secs(1)).await.unwrap();
        assert_eq!((unknown.value(Fact::Region), unknown.problems[0].fault.code), (Some("west"), code::NAME_UNKNOWN));
    }

    #[tokio::test]
    async fn a_portal_with_ipv6_only_leads_to_the_resource_manager() {
        let book = Arc::new(Book(vec![("adminportal.east.a.example", "fd00::226")]));
        let found = of_portal("east.a.example", book, Duration::from_secs(1)).await.unwrap();
        assert_eq!(found.value(Fact::ResourceManager), Some("https://adminmanagement.east.a.example/"));
        assert_eq!((found.candidates.len(), found.problems[0].fault.code), (0, code::NO_USABLE_ADDRESS));
        assert!(found.problems[0].fault.detail[0].contains("https://adminmanagement.east.a.example/"));
    }

    #[tokio::test]
    async fn a_domain_of_one_label_is_possible_and_told_where_it_is_not_clear() {
        let book = Arc::new(Book(vec![("adminportal.east.corp", "10.1.2.5")]));
        for text in ["https://adminportal.east.corp/#blade", "adminmanagement.east.corp"] {
            let found = of_portal(text, book.clone(), Duration::from_secs(1)).await.unwrap();
            let facts = [Fact::Region, Fact::ExternalDomain, Fact::ResourceManager].map(|fact| found.value(fact));
            assert_eq!(facts, [Some("east"), Some("east.corp"), Some("https://adminmanagement.east.corp/")], "{text}");
            assert_eq!(found.candidates.len(), 4);
        }
        let fault = of_portal("east.corp", book, Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(fault.code, code::NOT_A_PORTAL);
        assert_eq!(fault.detail.last().unwrap(), "if east is the region, type adminportal.east.corp");
    }

    #[tokio::test]
    async fn what_is_no_portal_of_a_stamp_tells_nothing() {
        for (text, number) in [
            ("10.0.0.1", code::NOT_A_PORTAL),
            ("contoso.example", code::NOT_A_PORTAL),
            ("portal.contoso.example", code::NOT_A_PORTAL),
            ("east", code::NOT_A_PORTAL),
            ("https://www.google.com", code::NOT_A_PORTAL),
            ("https://systemgallery.adminhosting.east.a.example/", code::NOT_A_PORTAL),
            ("https://adminvault.east.a.example", code::NOT_A_PORTAL),
            ("https://portal.azure.com/#home", code::PUBLIC_CLOUD),
            ("login.microsoftonline.com", code::PUBLIC_CLOUD),
        ] {
            let book = Arc::new(Book(Vec::new()));
            assert_eq!(of_portal(text, book, Duration::from_secs(1)).await.unwrap_err().code, number, "{text}");
        }
    }
}
