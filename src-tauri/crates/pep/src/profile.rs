//! The stamps that a person keeps: which of them is meant, which was deployed anew, their names, and how they are handed on.
//!
//! A stamp is its deployment: addresses, domains and account names may be the same at two of them (pep-facts A.7). One that is known by
//! its addresses only is bound to a deployment as soon as that is learnt.

use serde_json::{Map, Value, json};

use crate::Fault;
use crate::address::PORT;
use crate::fault::code;
use crate::stamp::Stamp;

/// The most addresses of a stamp (P-09).
const MOST_ADDRESSES: usize = 16;
/// The longest name, in characters.
const LONGEST_NAME: usize = 80;

/// What a stamp that was just read is to those that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// None of them.
    New,
    /// This one.
    Same {
        /// Its id
        id: String,
        /// What it tells differently now
        changed: Vec<&'static str>,
    },
    /// This one, which was known by its addresses only; it can be bound to its deployment.
    Bound {
        /// Its id so far; pins and passwords are kept under it
        id: String,
    },
    /// At the place of this one, but another deployment: it was deployed anew, or is another stamp with the same addresses. What is
    /// kept for the former must not be used with it.
    Redeployed {
        /// The id of the former
        id: String,
    },
    /// Addresses of this one, without saying of which deployment.
    Unsure {
        /// Its id
        id: String,
    },
}

/// Tells which of the stamps that are kept is meant.
#[must_use]
pub fn relate(kept: &[Stamp], now: &Stamp) -> Relation {
    let same_deployment = |one: &&Stamp| is_same(&one.deployment_id, &now.deployment_id);
    if let Some(known) = kept.iter().find(same_deployment) {
        return Relation::Same { id: known.id.clone(), changed: changed(known, now) };
    }
    let here: Vec<&Stamp> = kept.iter().filter(|one| is_at_the_place(one, now)).collect();
    if now.deployment_id.is_empty() {
        return match here.iter().find(|one| one.id == now.id).or(here.first()) {
            Some(known) if known.id == now.id => Relation::Same { id: known.id.clone(), changed: changed(known, now) },
            Some(known) => Relation::Unsure { id: known.id.clone() },
            None => Relation::New,
        };
    }
    match here.iter().find(|one| one.deployment_id.is_empty()) {
        Some(known) => Relation::Bound { id: known.id.clone() },
        None => here.first().map_or(Relation::New, |known| Relation::Redeployed { id: known.id.clone() }),
    }
}

fn is_same(one: &str, other: &str) -> bool {
    !one.is_empty() && one.eq_ignore_ascii_case(other)
}

fn is_at_the_place(one: &Stamp, other: &Stamp) -> bool {
    is_same(&one.external_domain, &other.external_domain)
        || one.addresses.iter().any(|address| other.addresses.contains(address))
}

fn changed(known: &Stamp, now: &Stamp) -> Vec<&'static str> {
    let differs = |one: &str, other: &str| !other.is_empty() && !one.eq_ignore_ascii_case(other);
    let mut all = vec![
        ("region", differs(&known.region, &now.region)),
        ("netbios_domain", differs(&known.netbios_domain, &now.netbios_domain)),
        ("dns_domain", differs(&known.dns_domain, &now.dns_domain)),
        ("external_domain", differs(&known.external_domain, &now.external_domain)),
        ("cloud_id", differs(&known.cloud_id, &now.cloud_id)),
        ("version", differs(&known.version, &now.version)),
        ("addresses", !now.addresses.is_empty() && known.addresses != now.addresses),
    ];
    all.retain(|(_, differs)| *differs);
    all.into_iter().map(|(name, _)| name).collect()
}

/// What a stamp whose session told of itself is to the one that was connected to: the same, bound now, or another deployment. Here
/// the addresses do not matter: it was reached.
#[must_use]
pub fn relate_session(connected: &Stamp, told: &Stamp) -> Relation {
    if connected.deployment_id.is_empty() && !told.deployment_id.is_empty() {
        Relation::Bound { id: connected.id.clone() }
    } else if told.deployment_id.is_empty() || is_same(&connected.deployment_id, &told.deployment_id) {
        Relation::Same { id: connected.id.clone(), changed: changed(connected, told) }
    } else {
        Relation::Redeployed { id: connected.id.clone() }
    }
}

/// Takes over what a session told. The addresses that led there stay, before those that are told: pins are kept under them.
pub fn take_over_session(kept: &mut Stamp, told: &Stamp) {
    let mut addresses = std::mem::take(&mut kept.addresses);
    for address in &told.addresses {
        if addresses.len() < MOST_ADDRESSES && !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    let from_file = kept.from_file;
    take_over(kept, told);
    kept.addresses = addresses;
    kept.from_file = from_file;
}

/// Takes over what was learnt. The name that the person gave stays, and so does what is not told any more.
pub fn take_over(kept: &mut Stamp, now: &Stamp) {
    let take = |old: &mut String, new: &String| {
        if !new.is_empty() {
            old.clone_from(new);
        }
    };
    take(&mut kept.region, &now.region);
    take(&mut kept.netbios_domain, &now.netbios_domain);
    take(&mut kept.dns_domain, &now.dns_domain);
    take(&mut kept.external_domain, &now.external_domain);
    take(&mut kept.cloud_id, &now.cloud_id);
    take(&mut kept.version, &now.version);
    take(&mut kept.resource_manager, &now.resource_manager);
    if !now.addresses.is_empty() {
        kept.addresses.clone_from(&now.addresses);
    }
    kept.from_file |= now.from_file;
    if !now.deployment_id.is_empty() {
        kept.deployment_id.clone_from(&now.deployment_id);
        let former = std::mem::replace(&mut kept.id, now.id.clone());
        if former != kept.id {
            kept.former_ids.push(former);
        }
    }
}

/// A name that a person gives to a stamp.
///
/// # Errors
/// When nothing of it can be seen.
pub fn name(typed: &str) -> Result<String, Fault> {
    // Marks that turn the direction of text could make one stamp look like another.
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
    };
    let name: String = typed.chars().filter(|c| !hidden(*c)).take(LONGEST_NAME).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        Err(Fault::new(code::NO_USABLE_ADDRESS).with("address", "(the name is empty)").detail("a stamp needs a name"))
    } else {
        Ok(name)
    }
}

/// The stamp as a stamp information file that this app reads again, to be handed on. It holds what is told here and nothing else: no
/// account, no pin, no time of use, nothing of a session. Ports other than WinRM's are of this computer and are left out.
#[must_use]
pub fn export(stamp: &Stamp) -> String {
    let mut fields = Map::new();
    for (field, value) in [
        ("DeploymentID", &stamp.deployment_id),
        ("RegionName", &stamp.region),
        ("DomainNetBIOSName", &stamp.netbios_domain),
        ("DomainFQDN", &stamp.dns_domain),
        ("ExternalDomainFQDN", &stamp.external_domain),
        ("CloudID", &stamp.cloud_id),
        ("StampVersion", &stamp.version),
    ] {
        if !value.is_empty() {
            fields.insert(field.to_owned(), value.as_str().into());
        }
    }
    let addresses = stamp.addresses.iter().filter(|address| address.port == PORT).map(|address| address.host.as_str());
    fields.insert("EmergencyConsoleIPAddresses".to_owned(), json!(addresses.collect::<Vec<_>>()));
    format!("{:#}\n", Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::address::Address;
    use crate::stamp::read_file;

    fn stamp(deployment: &str, external: &str, hosts: &[&str]) -> Stamp {
        let addresses: Vec<_> = hosts.iter().map(|host| Address { host: (*host).into(), port: PORT }).collect();
        let id = if deployment.is_empty() { hosts.join(",") } else { deployment.to_lowercase() };
        Stamp {
            id,
            deployment_id: deployment.into(),
            external_domain: external.into(),
            netbios_domain: "azurestack".into(),
            dns_domain: "azurestack.local".into(),
            addresses,
            ..Stamp::default()
        }
    }

    #[test]
    fn two_stamps_with_the_same_internal_domain_are_two() {
        let kept = [stamp("A", "east.a.example", &["10.0.0.1"])];
        assert_eq!(relate(&kept, &stamp("B", "west.a.example", &["10.0.1.1"])), Relation::New);
        assert_eq!(relate(&[], &kept[0]), Relation::New);
    }

    #[test]
    fn a_deployment_is_known_again_whatever_changed() {
        let kept = [stamp("A", "east.a.example", &["10.0.0.1"])];
        let now = Stamp { version: "1.2301.2.1".into(), ..stamp("a", "", &["10.0.0.9"]) };
        let changed = vec!["version", "addresses"];
        assert_eq!(relate(&kept, &now), Relation::Same { id: "a".into(), changed });
        let same = Relation::Same { id: "a".into(), changed: Vec::new() };
        assert_eq!(relate(&kept, &kept[0].clone()), same);
    }

    #[test]
    fn another_deployment_at_the_same_place_is_noticed() {
        let kept = [stamp("A", "east.a.example", &["10.0.0.1", "10.0.0.2"])];
        for now in [stamp("B", "", &["10.0.0.2", "10.0.0.3"]), stamp("B", "EAST.a.example", &["10.9.9.9"])] {
            assert_eq!(relate(&kept, &now), Relation::Redeployed { id: "a".into() });
        }
        assert_eq!(relate(&kept, &stamp("", "", &["10.0.0.2"])), Relation::Unsure { id: "a".into() });
    }

    #[test]
    fn addresses_are_bound_to_their_deployment_when_it_is_learnt() {
        let mut kept = stamp("", "", &["10.0.0.1"]);
        kept.name = "My stamp".into();
        let now = stamp("A", "east.a.example", &["10.0.0.1", "10.0.0.2"]);
        assert_eq!(relate(std::slice::from_ref(&kept), &now), Relation::Bound { id: "10.0.0.1".into() });
        take_over(&mut kept, &now);
        assert_eq!((kept.id.as_str(), kept.name.as_str(), kept.addresses.len()), ("a", "My stamp", 2));
        assert!(
            kept.has_id("a") && kept.has_id("10.0.0.1") && !kept.has_id("10.0.0.2"),
            "records know it by its old id"
        );
        let same = Relation::Same { id: "a".into(), changed: Vec::new() };
        assert_eq!(relate(std::slice::from_ref(&kept), &now), same);
    }

    #[test]
    fn a_session_tells_which_deployment_was_reached() {
        let mut kept = stamp("", "", &["azs-ercs01"]);
        let told = stamp("A", "east.a.example", &["10.0.0.1", "10.0.0.2"]);
        assert_eq!(relate_session(&kept, &told), Relation::Bound { id: "azs-ercs01".into() });
        take_over_session(&mut kept, &told);
        let hosts: Vec<_> = kept.addresses.iter().map(|address| address.host.as_str()).collect();
        assert_eq!((kept.id.as_str(), hosts), ("a", vec!["azs-ercs01", "10.0.0.1", "10.0.0.2"]));
        assert!(kept.has_id("azs-ercs01") && !kept.from_file);
        assert!(matches!(relate_session(&kept, &told), Relation::Same { id, .. } if id == "a"));
        let other = stamp("B", "east.a.example", &["10.0.0.1"]);
        assert_eq!(relate_session(&kept, &other), Relation::Redeployed { id: "a".into() });
    }

    #[test]
    fn names_show_what_they_are() {
        assert_eq!(name("  East \u{202e} one\n\u{200b}").unwrap(), "East one");
        assert_eq!(name(&"x".repeat(200)).unwrap().len(), 80);
        for hidden in ["", " \t", "\u{200b}\u{feff}"] {
            assert!(name(hidden).is_err());
        }
    }

    #[test]
    fn an_export_holds_what_may_be_handed_on_and_nothing_else() {
        let mut kept = stamp("A", "east.a.example", &["10.0.0.1"]);
        kept.last_used = Some(1_700_000_000);
        kept.name = "canary name".into();
        let text = export(&kept);
        assert!(!text.contains("1700000000") && !text.contains("canary") && !text.contains("CloudAdmin"), "{text}");
        let back = read_file(text.as_bytes()).unwrap().stamp;
        let same = Relation::Same { id: "a".into(), changed: Vec::new() };
        assert_eq!(relate(&[kept], &back), same);
    }

    proptest! {
        #[test]
        fn an_export_is_read_again(
            texts in prop::collection::vec("[ -~é]{0,20}", 7),
            octets in prop::collection::hash_set(1u8..=254, 1..16),
        ) {
            let [deployment_id, region, netbios_domain, dns_domain, external_domain, cloud_id, version] = <[String; 7]>::try_from(texts).unwrap();
            let addresses = octets.iter().map(|octet| Address { host: format!("10.0.0.{octet}"), port: PORT }).collect();
            let stamp = Stamp { region, netbios_domain, dns_domain, external_domain, cloud_id, deployment_id, version, addresses, ..Stamp::default() };
            let back = read_file(export(&stamp).as_bytes()).unwrap().stamp;
            prop_assert_eq!(changed(&stamp, &back), Vec::<&str>::new());
            prop_assert_eq!(back.deployment_id, stamp.deployment_id);
        }
    }
}
