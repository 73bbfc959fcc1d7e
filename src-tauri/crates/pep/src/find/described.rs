//! The one stamp that several sources describe.

use super::{Confidence, Fact, Found, Source};
use crate::stamp::Stamp;

/// The most addresses of one stamp (P-09).
const MOST: usize = 16;

impl Found {
    /// The stamp of all this: the addresses that are known, and the first value of each fact. Guesses are left to a person.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        let value = |fact| self.value(fact).unwrap_or_default().to_owned();
        let known = self.candidates.iter().filter(|candidate| candidate.confidence == Confidence::Known);
        let of_file = |source| matches!(source, Source::StampFile);
        let mut stamp = Stamp {
            region: value(Fact::Region),
            netbios_domain: value(Fact::NetbiosDomain),
            dns_domain: value(Fact::DnsDomain),
            external_domain: value(Fact::ExternalDomain),
            cloud_id: value(Fact::CloudId),
            deployment_id: value(Fact::DeploymentId),
            version: value(Fact::Version),
            addresses: known.map(|candidate| candidate.address.clone()).take(MOST).collect(),
            from_file: self.candidates.iter().flat_map(|one| &one.origins).any(|origin| of_file(origin.source)),
            ..Stamp::default()
        };
        // Only what was asked itself: a derived name may be wrong.
        let asked =
            |learnt: &&super::Learnt| learnt.fact == Fact::ResourceManager && learnt.source == Source::ResourceManager;
        stamp.resource_manager = self.learnt.iter().find(asked).map(|learnt| learnt.value.clone()).unwrap_or_default();
        stamp.id = stamp.own_id();
        let first = self.candidates.first().map(|candidate| candidate.address.host.as_str()).unwrap_or_default();
        stamp.name =
            [stamp.region.as_str(), first].into_iter().find(|name| !name.is_empty()).unwrap_or_default().into();
        stamp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_portal_describes_a_stamp() {
        let text = "Region\neast\nPrivileged endpoint IP addresses\n10.0.0.1, 10.0.0.2\nStamp Cloud ID\n\
            7d9f1f54-3a54-4f0e-8a7c-5a2f3b1c9e77\nTime server\n10.9.9.9\n";
        let stamp = super::super::of_text(text).stamp();
        assert_eq!((stamp.name.as_str(), stamp.addresses.len(), stamp.from_file), ("east", 2, false), "{stamp:?}");
        assert_eq!((stamp.id.as_str(), stamp.cloud_id.len()), ("10.0.0.1:5985,10.0.0.2:5985", 36));
    }

    #[test]
    fn guesses_are_no_addresses_of_it() {
        let mut found = super::super::of_typed("10.0.0.9").unwrap();
        let guess = crate::address::Address { host: "10.0.0.10".into(), port: 5985 };
        found.add(guess, Confidence::Guess, super::super::Origin::new(Source::Portal, "x"));
        found.learn(Fact::ResourceManager, "https://adminmanagement.east.a.example/", Source::Portal);
        let stamp = found.stamp();
        assert_eq!((stamp.addresses.len(), stamp.name.as_str()), (1, "10.0.0.9"));
        assert_eq!(stamp.resource_manager, "", "it was derived, not asked");
    }
}
