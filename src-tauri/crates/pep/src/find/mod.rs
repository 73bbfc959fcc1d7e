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

/// What a stamp information file tells.
///
/// # Errors
/// When it is something else.
pub fn of_file(bytes: &[u8], from: &str) -> Result<Found, Fault> {
    Ok(of_stamp(&stamp::read_file(bytes)?.stamp, Source::StampFile, from))
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
