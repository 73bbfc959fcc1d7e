//! Whether a computer is the one it should be: the gate before the password (S-06, S-08).

use serde::{Deserialize, Serialize};
use spnego::ServerIdentity;

use crate::pins::Pins;
use crate::stamp::Stamp;

/// The names of a computer, as far as they are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Names {
    /// The computer.
    pub computer: String,
    /// Its domain.
    pub domain: String,
    /// The computer's full name.
    pub dns_computer: String,
    /// The domain's full name.
    #[serde(default)]
    pub dns_domain: String,
    /// The full name of the domain's forest.
    #[serde(default)]
    pub dns_tree: String,
}

/// What is to be done about a computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one that was trusted before.
    Known,
    /// Nobody has decided about it yet.
    FirstUse {
        /// Whether its domain is the stamp's; none when the stamp's is not known.
        domain_fits: Option<bool>,
    },
    /// Another computer was trusted at this address.
    Changed {
        /// That one.
        before: Names,
        /// When it was trusted, in seconds since 1970.
        since: i64,
    },
}

impl Names {
    /// The names that a server gives.
    #[must_use]
    pub fn of(identity: &ServerIdentity) -> Self {
        Self {
            computer: identity.netbios_computer.clone(),
            domain: identity.netbios_domain.clone(),
            dns_computer: identity.dns_computer.clone(),
            dns_domain: identity.dns_domain.clone(),
            dns_tree: identity.dns_tree.clone(),
        }
    }

    /// Whether an account as it is typed may belong to this computer's domain, or to the computer itself. Only the form
    /// `DOMAIN\user` says where it belongs, and only a computer with a DNS domain says which one is its own: the short
    /// name alone may be that of a work group.
    #[must_use]
    pub fn may_hold(&self, account: &str) -> bool {
        let Some((domain, _)) = account.trim().split_once('\\') else { return true };
        if self.dns_domain.is_empty() {
            return true;
        }
        let own = [self.domain.as_str(), self.dns_domain.as_str(), self.computer.as_str(), "."];
        own.iter().any(|known| known.eq_ignore_ascii_case(domain))
    }

    /// Whether two computers have the same names; names have no case.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.computer.eq_ignore_ascii_case(&other.computer)
            && self.domain.eq_ignore_ascii_case(&other.domain)
            && self.dns_computer.eq_ignore_ascii_case(&other.dns_computer)
            && self.dns_domain.eq_ignore_ascii_case(&other.dns_domain)
            && self.dns_tree.eq_ignore_ascii_case(&other.dns_tree)
    }
}

/// Looks at a computer that answers at an address of a stamp.
#[must_use]
pub fn judge(stamp: &Stamp, address: &str, now: &Names, pins: &Pins) -> Verdict {
    match pins.find(&stamp.id, address) {
        Some(pin) if pin.names.same(now) => Verdict::Known,
        Some(pin) => Verdict::Changed { before: pin.names.clone(), since: pin.since },
        None => {
            let fits =
                (!stamp.netbios_domain.is_empty()).then(|| stamp.netbios_domain.eq_ignore_ascii_case(&now.domain));
            Verdict::FirstUse { domain_fits: fits }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn s06_an_account_of_another_domain_is_noticed() {
        let names = Names {
            computer: "AZS-ERCS01".into(),
            domain: "AZURESTACK".into(),
            dns_domain: "azurestack.local".into(),
            ..Names::default()
        };
        for fits in [
            "azurestack\\CloudAdmin",
            "AzureStack.local\\x",
            "azs-ercs01\\admin",
            ".\\admin",
            "CloudAdmin",
            "x@corp.example",
        ] {
            assert!(names.may_hold(fits), "{fits}");
        }
        for wrong in ["CORP\\me", "\\me", "local\\x"] {
            assert!(!names.may_hold(wrong), "{wrong}");
        }
        let of_no_domain = Names { dns_domain: String::new(), ..names };
        assert!(of_no_domain.may_hold("CORP\\me"));
    }
}
