//! Whether a computer is the one it should be: the gate before the password (S-06, S-08).

use serde::{Deserialize, Serialize};
use spnego::ServerIdentity;
use winrm::{ConnectError, Inspection, KeyPin, ServerCertificate};

use crate::Fault;
use crate::fault::code;
use crate::pins::{Pin, Pins};
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

/// The certificate of a computer, as far as a person looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its key.
    pub key: KeyPin,
    /// Whom it is of, as it says.
    pub subject: String,
    /// Who signed it, as it says.
    pub issuer: String,
    /// Until when it is valid.
    pub valid_until: String,
    /// What the operating system has against it; none when it vouches for it.
    pub refused: Option<String>,
}

/// Who answers at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its names.
    pub names: Names,
    /// Its certificate; none without TLS.
    pub shown: Option<Shown>,
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
        /// Its key, where that was trusted.
        key: Option<KeyPin>,
        /// When it was trusted, in seconds since 1970.
        since: i64,
    },
}

impl Shown {
    fn of(certificate: &ServerCertificate, refused: Option<&ConnectError>) -> Self {
        Self {
            key: certificate.key,
            subject: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            valid_until: certificate.valid_until.clone(),
            refused: match refused {
                Some(ConnectError::Untrusted { fault, .. }) => Some(fault.to_string()),
                Some(other) => Some(other.to_string()),
                None => None,
            },
        }
    }
}

impl Seen {
    /// An endpoint that is going to prove itself by its name: nothing is known yet but the certificate that it shows. `names` are those
    /// that it proved before, else what follows from the name.
    #[must_use]
    pub fn by_name(names: Names, certificate: Option<&ServerCertificate>, refused: Option<&ConnectError>) -> Self {
        Self { names, shown: certificate.map(|certificate| Shown::of(certificate, refused)) }
    }

    /// What an endpoint has answered. It must have been asked without a pinned key: then the operating system has said what it
    /// thinks of the certificate.
    #[must_use]
    pub fn of(inspection: &Inspection) -> Self {
        let refused = inspection.refused.as_ref();
        let shown = inspection.certificate.as_ref().map(|certificate| Shown::of(certificate, refused));
        Self { names: Names::of(&inspection.identity), shown }
    }

    /// The key that has to be pinned with this computer: none where the operating system vouches for it.
    #[must_use]
    pub fn key(&self) -> Option<KeyPin> {
        self.shown.as_ref().filter(|shown| shown.refused.is_some()).map(|shown| shown.key)
    }

    /// Whether it is the computer of a pin: the same names, and the pinned key. Where no key is pinned, the operating system has to
    /// vouch for the certificate, today as on the day of the pin.
    #[must_use]
    pub fn is(&self, pin: &Pin) -> bool {
        let holds = match (&self.shown, pin.key) {
            (Some(shown), Some(key)) => shown.key == key,
            (shown, None) => shown.as_ref().is_none_or(|shown| shown.refused.is_none()),
            (None, Some(_)) => false,
        };
        holds && pin.names.same(&self.names)
    }
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

    /// Whether an account as it is typed may belong to this computer's domain, or to the computer itself. The forms
    /// `DOMAIN\user` and `user@domain` say where it belongs, and only a computer with a DNS domain says which one is its own:
    /// the short name alone may be that of a work group.
    fn may_hold(&self, account: &str) -> bool {
        let account = account.trim();
        let domain = match (account.split_once('\\'), account.rsplit_once('@')) {
            (Some((domain, _)), _) | (None, Some((_, domain))) => domain,
            (None, None) => return true,
        };
        if self.dns_domain.is_empty() {
            return true;
        }
        let own = [&self.domain, &self.dns_domain, &self.dns_tree, &self.computer, &self.dns_computer];
        let own = own.into_iter().map(String::as_str).filter(|known| !known.is_empty());
        own.chain(["."]).any(|known| known.eq_ignore_ascii_case(domain))
    }

    /// Whether an account may be shown to this computer: one of another domain is a mistake, and its password is nobody's
    /// business there (S-06).
    ///
    /// # Errors
    /// [`code::ACCOUNT_DOMAIN`], with the domain that is there.
    pub fn check_account(&self, account: &str) -> Result<(), Fault> {
        if self.may_hold(account) {
            return Ok(());
        }
        let (computer, domain) = (self.computer.as_str(), self.domain.as_str());
        let dns = &self.dns_domain;
        Err(Fault::new(code::ACCOUNT_DOMAIN)
            .with("account", account)
            .with("computer", computer)
            .with("domain", domain)
            .detail(format!("{account} is an account of another domain: {computer} is in {domain} ({dns})")))
    }

    /// What this computer is called, beside what another one was: of names that are as before only the first two are said.
    #[must_use]
    pub fn differences(&self, before: &Self) -> (String, String) {
        let all = |names: &Self| {
            [&names.computer, &names.domain, &names.dns_computer, &names.dns_domain, &names.dns_tree].map(Clone::clone)
        };
        let labels = ["", "", "DNS name ", "DNS domain ", "DNS forest "];
        let (was, is) = (all(before), all(self));
        let say = |names: &[String; 5]| {
            let [computer, domain, ..] = names;
            let more = labels.iter().zip(names).zip(was.iter().zip(&is)).skip(2);
            let more = more.filter(|(_, (was, is))| !was.eq_ignore_ascii_case(is)).map(|((label, name), _)| {
                let name = if name.is_empty() { "not given" } else { name };
                format!(", {label}{name}")
            });
            format!("{computer} ({domain}){}", more.collect::<String>())
        };
        (say(&was), say(&is))
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

/// Looks at the certificate of an endpoint that is going to prove itself by its name: a key that nobody vouches for is a person's
/// decision there as well; what it is called is not (S-11).
#[must_use]
pub fn judge_by_name(stamp: &str, address: &str, now: &Seen, pins: &Pins) -> Verdict {
    match pins.find_by_name(stamp, address) {
        Some(pin) if now.is(pin) => Verdict::Known,
        Some(pin) => Verdict::Changed { before: pin.names.clone(), key: pin.key, since: pin.since },
        None if now.key().is_some() => Verdict::FirstUse { domain_fits: None },
        None => Verdict::Known,
    }
}

/// Looks at a computer that answers at an address of a stamp.
#[must_use]
pub fn judge(stamp: &Stamp, address: &str, now: &Seen, pins: &Pins) -> Verdict {
    match pins.find(&stamp.id, address) {
        Some(pin) if now.is(pin) => Verdict::Known,
        Some(pin) => Verdict::Changed { before: pin.names.clone(), key: pin.key, since: pin.since },
        None => {
            let domain = &now.names.domain;
            let fits = (!stamp.netbios_domain.is_empty()).then(|| stamp.netbios_domain.eq_ignore_ascii_case(domain));
            Verdict::FirstUse { domain_fits: fits }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(pair: &str) -> KeyPin {
        [pair; 32].join(":").parse().unwrap()
    }

    #[test]
    fn s10_a_pinned_key_or_the_operating_system_and_nothing_else() {
        let names = Names { computer: "AZS-ERCS01".into(), ..Names::default() };
        let pin = |key| Pin {
            stamp: String::new(),
            address: String::new(),
            names: names.clone(),
            by_name: false,
            key,
            since: 1,
        };
        let seen = |key: Option<KeyPin>, refused: Option<&str>| {
            let shown = key.map(|key| Shown {
                key,
                subject: String::new(),
                issuer: String::new(),
                valid_until: String::new(),
                refused: refused.map(str::to_owned),
            });
            Seen { names: names.clone(), shown }
        };
        let (one, other) = (key("01"), key("02"));
        for (seen, pinned, fits) in [
            (seen(None, None), None, true),
            (seen(None, None), Some(one), false),
            (seen(Some(one), Some("unknown issuer")), Some(one), true),
            (seen(Some(other), Some("unknown issuer")), Some(one), false),
            // Even one that the operating system vouches for is not the one that was trusted.
            (seen(Some(other), None), Some(one), false),
            (seen(Some(other), None), None, true),
            (seen(Some(other), Some("unknown issuer")), None, false),
        ] {
            assert_eq!(seen.is(&pin(pinned)), fits, "{seen:?} {pinned:?}");
        }
        assert_eq!(seen(Some(one), None).key(), None, "nothing to pin where the operating system vouches");
        assert_eq!(seen(Some(one), Some("x")).key(), Some(one));
    }

    #[test]
    fn s11_a_name_needs_no_decision_but_a_key_that_nobody_vouches_for_does() {
        let folder = tempfile::tempdir().unwrap();
        let mut pins = Pins::load(&folder.path().join("pins.json"));
        let names = Names { computer: "AZS-ERCS01".into(), dns_domain: "azurestack.local".into(), ..Names::default() };
        let seen = |shown: Option<(KeyPin, bool)>| {
            let shown = shown.map(|(key, refused)| Shown {
                key,
                subject: String::new(),
                issuer: String::new(),
                valid_until: String::new(),
                refused: refused.then(|| "unknown issuer".to_owned()),
            });
            Seen { names: names.clone(), shown }
        };
        let judged = |pins: &Pins, seen: &Seen| judge_by_name("s", "azs-ercs01:5986", seen, pins);
        assert_eq!(judged(&pins, &seen(None)), Verdict::Known);
        assert_eq!(judged(&pins, &seen(Some((key("01"), false)))), Verdict::Known);
        let unknown = seen(Some((key("01"), true)));
        assert_eq!(judged(&pins, &unknown), Verdict::FirstUse { domain_fits: None });
        let pin = Pin {
            stamp: "s".into(),
            address: "azs-ercs01:5986".into(),
            names: names.clone(),
            by_name: true,
            key: Some(key("01")),
            since: 1,
        };
        // What was decided about the names that it gives itself does not count here.
        pins.keep(Pin { by_name: false, ..pin.clone() }).unwrap();
        assert_eq!(judged(&pins, &unknown), Verdict::FirstUse { domain_fits: None });
        pins.keep(pin).unwrap();
        assert_eq!(judged(&pins, &unknown), Verdict::Known);
        assert!(matches!(judged(&pins, &seen(Some((key("02"), true)))), Verdict::Changed { .. }));
    }

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
            "x@azurestack.local",
            "x@AZURESTACK",
        ] {
            assert_eq!(names.check_account(fits), Ok(()), "{fits}");
        }
        for wrong in ["CORP\\me", "\\me", "local\\x", "x@corp.example", "x@", "CORP\\x@azurestack.local"] {
            let fault = names.check_account(wrong).unwrap_err();
            assert_eq!((fault.code, fault.values["domain"].as_str()), (code::ACCOUNT_DOMAIN, "AZURESTACK"), "{wrong}");
        }
        let of_no_domain = Names { dns_domain: String::new(), ..names };
        assert_eq!(of_no_domain.check_account("CORP\\me"), Ok(()));
    }

    #[test]
    fn what_differs_between_two_computers_is_said() {
        let before = Names {
            computer: "AZS-ERCS01".into(),
            domain: "AZURESTACK".into(),
            dns_computer: "azs-ercs01.azurestack.local".into(),
            dns_domain: "azurestack.local".into(),
            ..Names::default()
        };
        let now = Names { dns_computer: "AZS-ERCS01.evil.example".into(), ..before.clone() };
        let both = now.differences(&before);
        let wanted = [".azurestack.local", ".evil.example"].map(|end| {
            let name = if end.ends_with("example") { "AZS-ERCS01" } else { "azs-ercs01" };
            format!("AZS-ERCS01 (AZURESTACK), DNS name {name}{end}")
        });
        assert_eq!([both.0, both.1], wanted);
        let other = Names { computer: "OTHER".into(), ..before.clone() };
        assert_eq!(other.differences(&before).1, "OTHER (AZURESTACK)", "what is the same is not said");
        let none = Names { dns_domain: String::new(), ..before.clone() };
        assert_eq!(none.differences(&before).1, "AZS-ERCS01 (AZURESTACK), DNS domain not given");
    }
}
