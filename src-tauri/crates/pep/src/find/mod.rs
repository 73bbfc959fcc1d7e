//! Where the privileged endpoints may be: every way to their addresses, each candidate with where it comes from.
//!
//! A *known* candidate was told by somebody or something that knows: a file, a person, the Resource Manager. A *guess* follows from
//! rules of naming; it is marked so, and never dialled when it is a public address or a name that has not been resolved.

mod candidates;
mod clock;
mod described;
mod look;
mod names;
mod portal;
mod resource_manager;
mod series;
mod text;

pub use candidates::{Candidate, Confidence, Fact, Found, Learnt, Origin, Problem, Source};
pub use look::{CONNECT_LIMIT, Looked, Seen, Stage, Target, look, look_at_all};
pub use names::{Resolver, SystemResolver, look_up, of_domain, of_prefix};
pub use portal::{of_portal, portal_of};
pub use resource_manager::of_locations;
pub use text::of_text;

use crate::Fault;
use crate::address;
use crate::stamp::{self, Stamp};

/// What a stamp information file tells. The same information may have been saved in another form, as a list or as XML, and other files
/// tell addresses too: those that are clear in their text are taken.
///
/// # Errors
/// When it is something else.
pub fn of_file(bytes: &[u8], from: &str) -> Result<Found, Fault> {
    match stamp::read_file(bytes) {
        Ok(read) => Ok(of_stamp(&read.stamp, Source::StampFile, from)),
        Err(fault) => match fault.values.get("reason").map(String::as_str) {
            Some(stamp::not_a_stamp::SYNTAX | stamp::not_a_stamp::OTHER) => of_other_file(bytes, from).ok_or(fault),
            _ => Err(fault),
        },
    }
}

fn of_other_file(bytes: &[u8], from: &str) -> Option<Found> {
    let mut found = of_text(&stamp::decode(bytes)?);
    found.candidates.retain(|candidate| candidate.confidence == Confidence::Known);
    for candidate in &mut found.candidates {
        candidate.origins = vec![Origin::new(Source::StampFile, from)];
    }
    found.learnt.iter_mut().for_each(|learnt| learnt.source = Source::StampFile);
    found.problems.iter_mut().for_each(|problem| problem.source = Source::StampFile);
    Some(found).filter(|found| !found.candidates.is_empty())
}

/// What is remembered of a stamp, or was read out of a file.
#[must_use]
pub fn of_stamp(stamp: &Stamp, source: Source, from: &str) -> Found {
    let mut found = Found::default();
    for address in &stamp.addresses {
        found.add(address.clone(), Confidence::Known, Origin::new(source, from));
    }
    for (fact, value) in [
        (Fact::Region, &stamp.region),
        (Fact::ExternalDomain, &stamp.external_domain),
        (Fact::NetbiosDomain, &stamp.netbios_domain),
        (Fact::DnsDomain, &stamp.dns_domain),
        (Fact::CloudId, &stamp.cloud_id),
        (Fact::DeploymentId, &stamp.deployment_id),
        (Fact::Version, &stamp.version),
    ] {
        found.learn(fact, value, source);
    }
    found
}

/// Addresses and names that a person typed.
///
/// # Errors
/// When one of them cannot be a privileged endpoint.
pub fn of_typed(text: &str) -> Result<Found, Fault> {
    let mut found = Found::default();
    for address in address::parse_all(&series::written_out(text), address::Origin::Typed)? {
        found.add(address, Confidence::Known, Origin::new(Source::Typed, ""));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::code;

    #[test]
    fn a_file_in_another_form_is_read_for_what_is_clear_in_it() {
        for text in [
            "RegionName                  : east\r\nEmergencyConsoleIPAddresses : {10.0.0.4, 10.0.0.5}\r\n",
            r#"<Objs><S N="RegionName">east</S><Obj N="EmergencyConsoleIPAddresses"><LST><S>10.0.0.4</S><S>10.0.0.5</S></LST></Obj></Objs>"#,
            r#"// mine
            {"RegionName": "east", "EmergencyConsoleIPAddresses": ["10.0.0.4", "10.0.0.5",],}"#,
            r#"{"value": [{"location": "east", "properties": {"pepIpAddresses": ["10.0.0.4", "10.0.0.5"]}}]}"#,
            "10.0.0.4\r\n10.0.0.5\r\n",
        ] {
            let found = of_file(text.as_bytes(), "x.txt").unwrap();
            let hosts: Vec<_> = found.candidates.iter().map(|one| one.address.host.as_str()).collect();
            assert_eq!(hosts, ["10.0.0.4", "10.0.0.5"], "{text}");
            let origin = Origin::new(Source::StampFile, "x.txt");
            assert!(
                found.candidates.iter().all(|one| one.origins.as_slice() == std::slice::from_ref(&origin)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_file_that_only_mentions_addresses_is_none() {
        let cut = r#"{"RegionName": "east", "EmergencyConsoleIPAddresses": ["10.0.0.4", "10.0.0."#;
        for text in ["jump host 10.0.0.4, gateway 10.0.0.1", "<html>404</html>", "", cut] {
            assert_eq!(of_file(text.as_bytes(), "x").unwrap_err().code, code::NOT_A_STAMP_FILE, "{text}");
        }
    }
}
