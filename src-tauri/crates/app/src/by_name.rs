//! Signing in by name, and what is done where that is not possible (S-11).

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use contract::{AppSnapshot, ConnectResult, EndpointAddress, FallBack, Fault, SignInWay, SignInWays};
use kerberos::Kerberos;
use pep::address::Address;
use pep::fault::code;
use pep::identity::{Names, Seen, Verdict, judge_by_name};
use pep::pins::Pin;
use pep::session::{ByName, PepSession};
use pep::stamp::{self, Stamp};
use serde_json::json;
use spnego::{Credentials, Secret, ServerIdentity};
use winrm::SignInError;

use crate::sessions::{Answer, Attempt, Told};
use crate::{App, convert, practice_link, stamps};

/// What became of a sign-in by name.
pub(crate) enum Named {
    /// The session is open.
    Open(Arc<PepSession>),
    /// A person must decide first.
    Asked(Box<ConnectResult>),
    /// It is not possible.
    Impossible(pep::Fault),
}

impl App {
    /// How an endpoint of a stamp is signed in to, where a person may have chosen another way than the usual one.
    pub(crate) fn way(
        &self,
        stamp: &Stamp,
        address: &Address,
        wanted: Option<SignInWay>,
    ) -> Result<SignInWay, pep::Fault> {
        if stamp.id == practice_link::STAMP {
            return Ok(SignInWay::Ntlm);
        }
        let fault = |number| pep::Fault::new(number).at(address);
        if self.policy.require_https && !address.is_tls() {
            return Err(fault(code::POLICY_HTTPS));
        }
        let has_name = address.host.parse::<IpAddr>().is_err();
        if has_name && wanted != Some(SignInWay::Ntlm) {
            return Ok(SignInWay::ByName);
        }
        if self.policy.forbids_ntlm(&address.host) {
            return Err(fault(code::POLICY_KERBEROS));
        }
        if stamp.fall_back == stamp::FallBack::Never {
            return Err(fault(code::NO_KERBEROS).with("reason", if has_name { "forbidden" } else { "byAddress" }));
        }
        Ok(SignInWay::Ntlm)
    }

    /// Why an endpoint that has a name is signed in to with NTLM: what stood against Kerberos last, or a person's choice.
    pub(crate) fn why_ntlm(&self, stamp: &Stamp, address: &Address) -> Option<pep::Fault> {
        if stamp.id == practice_link::STAMP || address.host.parse::<IpAddr>().is_ok() {
            return None;
        }
        let place = address.to_string();
        let known = self.lock().no_kerberos.clone();
        let known = known.filter(|(of, at, _)| *of == stamp.id && *at == place).map(|(_, _, fault)| fault);
        Some(known.unwrap_or_else(|| pep::Fault::new(code::NO_KERBEROS).with("reason", "chosen")))
    }

    /// The ways to sign in to an instance.
    pub async fn sign_in_ways(&self, stamp_id: String, address: EndpointAddress) -> Result<SignInWays, Fault> {
        let stamp = self.stamp(&stamp_id)?;
        let address = convert::address(&address);
        let usual = self.way(&stamp, &address, None).map_err(|fault| convert::fault(&fault))?;
        let tickets = if usual == SignInWay::ByName {
            tokio::task::spawn_blocking(Kerberos::present).await.unwrap_or_default()
        } else {
            None
        };
        let proved_since = self.pins(&stamp.id).find_by_name(&stamp.id, &address.to_string()).map(|pin| pin.since);
        Ok(SignInWays { usual, fall_back: convert::fall_back(stamp.fall_back), tickets, proved_since })
    }

    /// Decides what is done where the instances of a stamp cannot prove their names. A looser rule is the operating system's question
    /// too: page script alone cannot make sign-ins weaker (T-13). The answer tells whether it holds.
    pub async fn stamp_fall_back(&self, stamp_id: String, fall_back: FallBack) -> Result<AppSnapshot, Fault> {
        let mut stamp = self.stamp(&stamp_id)?;
        let now = convert::fall_back_back(fall_back);
        if stamp.id != practice_link::STAMP && stamp.fall_back != now {
            if looseness(now) > looseness(stamp.fall_back) {
                let what = match now {
                    stamp::FallBack::Allow => "sign in without a proof of its name",
                    _ => "offer to sign in without a proof of its name",
                };
                let text = format!(
                    "When {} cannot be signed in to by name, with Kerberos: {what}, with NTLM?",
                    if stamp.name.is_empty() { &stamp.id } else { &stamp.name }
                );
                if !self.host.confirm("A weaker sign-in".to_owned(), text).await {
                    return self.app_snapshot().await;
                }
                // It may have become another one while it was asked about.
                stamp = self.stamp(&stamp_id)?;
            }
            let line = json!({ "stamp": stamp.id, "before": stamp.fall_back, "now": now });
            stamp.fall_back = now;
            let saved = self.lock().profiles.change(stamp);
            saved.map_err(|error| convert::fault(&self.unusable(error)))?;
            self.note_decision("fall_back", line).await;
        }
        self.app_snapshot().await
    }

    /// The computer of this place that a person has just decided to trust by its name.
    fn trusted_by_name(&self, stamp: &Stamp, place: &str) -> Option<Pin> {
        self.lock().trusted.clone().filter(|pin| pin.by_name && pin.stamp == stamp.id && pin.address == place)
    }

    /// What is seen of an endpoint that is going to prove its name: its certificate, where it has one.
    pub(crate) async fn look_by_name(&self, stamp: &Stamp, address: &Address) -> Result<(Seen, Verdict), pep::Fault> {
        let connector = self.connector(&stamp.id, address, None);
        let (certificate, refused) = winrm::certificate(connector.as_ref())
            .await
            .map_err(|error| pep::Fault::of_sign_in(&SignInError::Connect(error)).at(address))?;
        let (place, pins) = (address.to_string(), self.pins(&stamp.id));
        let decided = self.trusted_by_name(stamp, &place);
        let known = decided.as_ref().or_else(|| pins.find_by_name(&stamp.id, &place)).map(|pin| pin.names.clone());
        let names = known.unwrap_or_else(|| Names::of(&ServerIdentity::by_name(&address.host, "")));
        let seen = Seen::by_name(names, certificate.as_ref(), refused.as_ref());
        let verdict = if decided.is_some_and(|pin| seen.is(&pin)) {
            Verdict::Known
        } else {
            judge_by_name(&stamp.id, &place, &seen, &pins)
        };
        Ok((seen, verdict))
    }

    /// Connects to an endpoint that has to prove its name. The password is asked about at the domain, never at the endpoint.
    pub(crate) async fn open_by_name(self: &Arc<Self>, attempt: &mut Attempt) -> Result<Named, pep::Fault> {
        let (stamp, address) = (attempt.stamp.clone(), attempt.address.clone());
        let place = address.to_string();
        let Answer { seen, verdict, .. } = self.look(&stamp, &address, SignInWay::ByName, &attempt.account).await?;
        if verdict != Verdict::Known {
            return Ok(Named::Asked(Box::new(self.ask_person(&stamp, &address, seen, verdict, SignInWay::ByName))));
        }
        let password = match attempt.tickets {
            true => Secret::from(String::new()),
            false => self.password(attempt).await?,
        };
        let credentials = Credentials::new(&account(&stamp, &attempt.account), password);
        let before = self.pins(&stamp.id).find_by_name(&stamp.id, &place).cloned();
        let decided = self.trusted_by_name(&stamp, &place);
        // Without a pin the name alone says who it must be; with one, the realm of then as well.
        let expected = before.as_ref().map(|pin| decided.as_ref().unwrap_or(pin).names.clone());
        let proved = Arc::new(Mutex::new(None));
        let by_name = ByName {
            mechanism: Arc::new(Kerberos::new(credentials)),
            gate: {
                let proved = Arc::clone(&proved);
                Box::new(move |names| {
                    let fits = expected.as_ref().is_none_or(|expected| expected.same(names));
                    *proved.lock().unwrap_or_else(PoisonError::into_inner) = Some(names.clone());
                    fits
                })
            },
        };
        let key = seen.key();
        let shown = seen.shown.clone();
        let request = self.request(attempt, seen.names, key, before.as_ref().map(|pin| pin.since), None).await?;
        let request = pep::session::OpenRequest { by_name: Some(by_name), ..request };
        let told = Told { way: SignInWay::ByName, fell_back: false, names: Arc::clone(&proved) };
        let kept = decided.or(before.clone());
        let since = kept.filter(|pin| pin.key == key).map_or_else(stamps::now, |pin| pin.since);
        match pep::session::open(request, self.stage_teller(&stamp.id, &address, told, since, key)).await {
            Ok(session) => Ok(Named::Open(Arc::new(session))),
            Err(fault) if fault.allows_another_way() => {
                self.lock().no_kerberos = Some((stamp.id.clone(), place, fault.clone()));
                Ok(Named::Impossible(fault))
            }
            Err(fault) => {
                let proved = proved.lock().unwrap_or_else(PoisonError::into_inner).take();
                match (before, proved) {
                    (Some(pin), Some(names)) if fault.code == code::NOT_TRUSTED => {
                        let changed = Verdict::Changed { before: pin.names, key: pin.key, since: pin.since };
                        let seen = Seen { names, shown };
                        Ok(Named::Asked(Box::new(self.ask_person(&stamp, &address, seen, changed, SignInWay::ByName))))
                    }
                    _ => Err(fault),
                }
            }
        }
    }
}

/// How much a rule allows.
fn looseness(rule: stamp::FallBack) -> u8 {
    match rule {
        stamp::FallBack::Never => 0,
        stamp::FallBack::Ask => 1,
        stamp::FallBack::Allow => 2,
    }
}

/// The account as Kerberos needs it: the stamp's data say what the full name of its short domain is.
fn account(stamp: &Stamp, typed: &str) -> String {
    match typed.split_once('\\') {
        Some((domain, user)) if !stamp.dns_domain.is_empty() && domain.eq_ignore_ascii_case(&stamp.netbios_domain) => {
            format!("{user}@{}", stamp.dns_domain)
        }
        _ => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_domain_of_a_stamp_has_a_full_name() {
        let stamp = Stamp { netbios_domain: "AZS".into(), dns_domain: "azurestack.local".into(), ..Stamp::default() };
        for (typed, wanted) in [
            (r"azs\CloudAdmin", "CloudAdmin@azurestack.local"),
            (r"OTHER\CloudAdmin", r"OTHER\CloudAdmin"),
            ("CloudAdmin@azs.example", "CloudAdmin@azs.example"),
            ("CloudAdmin", "CloudAdmin"),
        ] {
            assert_eq!(account(&stamp, typed), wanted);
        }
        assert_eq!(account(&Stamp::default(), r"\CloudAdmin"), r"\CloudAdmin");
    }
}
