//! Candidates from several sources, brought together.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::Fault;
use crate::address::{self, Address};

/// The most candidates that are kept.
const MOST: usize = 64;
/// The longest value that is kept, in characters.
const LONGEST: usize = 300;

/// Where something was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A stamp information file.
    StampFile,
    /// Text, such as the portal's page of properties.
    PastedText,
    /// A person typed it.
    Typed,
    /// The naming prefix, resolved.
    Prefix,
    /// A domain, resolved.
    Domain,
    /// The address of the portal.
    Portal,
    /// A stamp that is remembered.
    Remembered,
    /// The administrator Resource Manager.
    ResourceManager,
}

impl Source {
    /// A word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StampFile => "stamp_file",
            Self::PastedText => "pasted_text",
            Self::Typed => "typed",
            Self::Prefix => "prefix",
            Self::Domain => "domain",
            Self::Portal => "portal",
            Self::Remembered => "remembered",
            Self::ResourceManager => "resource_manager",
        }
    }
}

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It follows from a rule that may not hold here.
    Guess,
    /// Somebody or something that knows has told it.
    Known,
}

impl Confidence {
    /// A word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Known => "known",
        }
    }
}

/// Where a candidate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The kind of source.
    pub source: Source,
    /// The file, the label, or the name that was resolved.
    pub from: String,
}

impl Origin {
    /// An origin.
    #[must_use]
    pub fn new(source: Source, from: &str) -> Self {
        Self { source, from: from.chars().take(LONGEST).collect() }
    }
}

/// An address that may be a privileged endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The address.
    pub address: Address,
    /// How sure it is; the surest source counts.
    pub confidence: Confidence,
    /// All sources that told it.
    pub origins: Vec<Origin>,
}

impl Candidate {
    /// Whether it may be dialled: a guess only when it is an address inside.
    #[must_use]
    pub fn may_dial(&self) -> bool {
        self.confidence == Confidence::Known
            || self.address.host.parse::<IpAddr>().is_ok_and(|ip| address::is_inside(ip.to_canonical()))
    }
}

macro_rules! facts {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What else can be learnt about a stamp.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Fact {
            $($(#[$doc])* $variant,)*
        }

        impl Fact {
            /// A word for it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

facts! {
    /// The region.
    Region = "region";
    /// The external domain, with the region.
    ExternalDomain = "external_domain";
    /// The short name of the internal domain.
    NetbiosDomain = "netbios_domain";
    /// The full name of the internal domain.
    DnsDomain = "dns_domain";
    /// The Cloud ID.
    CloudId = "cloud_id";
    /// The deployment's id.
    DeploymentId = "deployment_id";
    /// The version.
    Version = "version";
    /// The administrator portal.
    AdminPortal = "admin_portal";
    /// The administrator Resource Manager.
    ResourceManager = "resource_manager";
    /// The time server.
    TimeServer = "time_server";
    /// A DNS server.
    DnsServer = "dns_server";
    /// Whether an operation runs that must be alone, such as an update: then tests must not be started.
    ExclusiveOperationRunning = "exclusive_operation_running";
    /// The name of this operation.
    ExclusiveOperation = "exclusive_operation";
    /// When the stamp began to start last.
    StartUpBegan = "start_up_began";
    /// When it had started.
    StartUpEnded = "start_up_ended";
    /// When it began to shut down last.
    ShutDownBegan = "shut_down_began";
    /// When it was down.
    ShutDownEnded = "shut_down_ended";
}

/// Something that was learnt beside the addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learnt {
    /// What it is about.
    pub fact: Fact,
    /// The value, as it was told.
    pub value: String,
    /// Who told it.
    pub source: Source,
}

/// What a source could not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which.
    pub source: Source,
    /// Why.
    pub fault: Fault,
}

/// What one or more sources gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The candidates, each once, in the order in which they were found.
    pub candidates: Vec<Candidate>,
    /// What else was learnt.
    pub learnt: Vec<Learnt>,
    /// What could not be used.
    pub problems: Vec<Problem>,
}

impl Found {
    /// Adds a candidate; one that is there already gets one more origin.
    pub fn add(&mut self, mut address: Address, confidence: Confidence, origin: Origin) {
        if let Ok(ip) = address.host.parse::<IpAddr>() {
            // One form, so that the same address is found again.
            address.host = ip.to_canonical().to_string();
        }
        let has_room = self.candidates.len() < MOST;
        let known = self
            .candidates
            .iter_mut()
            .find(|known| known.address.port == address.port && known.address.host.eq_ignore_ascii_case(&address.host));
        match known {
            Some(known) => {
                known.confidence = known.confidence.max(confidence);
                if !known.origins.contains(&origin) {
                    known.origins.push(origin);
                }
            }
            None if has_room => {
                self.candidates.push(Candidate { address, confidence, origins: vec![origin] });
            }
            None => {}
        }
    }

    /// Notes something; nothing is noted twice, and nothing empty.
    pub fn learn(&mut self, fact: Fact, value: &str, source: Source) {
        let value: String = value.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        let learnt = Learnt { fact, value, source };
        if !learnt.value.is_empty() && !self.learnt.contains(&learnt) {
            self.learnt.push(learnt);
        }
    }

    /// Notes what could not be used.
    pub fn problem(&mut self, source: Source, fault: Fault) {
        let problem = Problem { source, fault };
        if self.problems.len() < MOST && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Takes over what another source gave.
    pub fn merge(&mut self, other: Self) {
        for Candidate { address, confidence, origins } in other.candidates {
            for origin in origins {
                self.add(address.clone(), confidence, origin);
            }
        }
        for Learnt { fact, value, source } in other.learnt {
            self.learn(fact, &value, source);
        }
        for Problem { source, fault } in other.problems {
            self.problem(source, fault);
        }
    }

    /// The first value of a fact.
    #[must_use]
    pub fn value(&self, fact: Fact) -> Option<&str> {
        self.learnt.iter().find(|learnt| learnt.fact == fact).map(|learnt| learnt.value.as_str())
    }

    /// The facts of which the sources tell different values, though a stamp has one only: addresses of different stamps, or of one
    /// that was deployed anew, lie together.
    #[must_use]
    pub fn contradictions(&self) -> Vec<Fact> {
        [Fact::DeploymentId, Fact::CloudId, Fact::ExternalDomain, Fact::Region]
            .into_iter()
            .filter(|fact| {
                let values = self.learnt.iter().filter(|learnt| learnt.fact == *fact);
                // Ids are written with and without braces, names with and without the last dot.
                let plain = |value: &str| value.trim_matches(['{', '}']).trim_end_matches('.').to_lowercase();
                values.map(|learnt| plain(&learnt.value)).collect::<BTreeSet<_>>().len() > 1
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str) -> Address {
        Address { host: host.into(), port: address::PORT }
    }

    #[test]
    fn a_candidate_is_there_once_with_all_its_origins_and_the_surest_confidence() {
        let mut one = Found::default();
        one.add(address("10.0.0.1"), Confidence::Guess, Origin::new(Source::Portal, "x"));
        one.learn(Fact::DeploymentId, "A", Source::PastedText);
        let mut two = Found::default();
        two.add(address("::ffff:10.0.0.1"), Confidence::Known, Origin::new(Source::StampFile, "f"));
        two.add(address("Azs-ERCS01"), Confidence::Known, Origin::new(Source::Typed, ""));
        two.add(address("azs-ercs01"), Confidence::Known, Origin::new(Source::Typed, ""));
        two.learn(Fact::DeploymentId, " a\u{7} ", Source::StampFile);
        one.merge(two);
        assert_eq!(one.candidates.len(), 2);
        assert_eq!((one.candidates[0].confidence, one.candidates[0].origins.len()), (Confidence::Known, 2));
        one.learn(Fact::DeploymentId, "{A}", Source::ResourceManager);
        assert_eq!(one.contradictions(), [], "ids have no case, and braces do not count");
        one.learn(Fact::DeploymentId, "b", Source::ResourceManager);
        assert_eq!(one.contradictions(), [Fact::DeploymentId]);
    }

    #[test]
    fn p09_what_is_kept_is_limited_one_below_and_one_above() {
        let mut found = Found::default();
        for number in 0..70 {
            found.add(address(&format!("10.0.0.{number}")), Confidence::Known, Origin::new(Source::Typed, ""));
            assert_eq!(found.candidates.len(), (number + 1).min(64));
            found.problem(
                Source::Typed,
                Fault::new(crate::fault::code::NO_USABLE_ADDRESS).with("n", number.to_string()),
            );
            assert_eq!(found.problems.len(), (number + 1).min(64));
        }
        for (length, kept) in [(299, 299), (300, 300), (301, 300)] {
            let long = "é".repeat(length);
            assert_eq!(Origin::new(Source::Typed, &long).from.chars().count(), kept);
            let mut found = Found::default();
            found.learn(Fact::Region, &long, Source::Typed);
            assert_eq!(found.value(Fact::Region).unwrap().chars().count(), kept);
        }
    }

    #[test]
    fn a_guess_is_dialled_only_inside() {
        for (host, confidence, may) in [
            ("10.0.0.1", Confidence::Guess, true),
            ("fd00::1", Confidence::Guess, true),
            ("8.8.8.8", Confidence::Guess, false),
            ("azs-ercs01", Confidence::Guess, false),
            ("azs-ercs01", Confidence::Known, true),
        ] {
            let candidate = Candidate { address: address(host), confidence, origins: Vec::new() };
            assert_eq!(candidate.may_dial(), may, "{host}");
        }
    }
}
