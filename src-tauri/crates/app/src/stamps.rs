//! The stamps that this computer knows: which one is meant, keeping, naming, handing on.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use contract::{AppSnapshot, Fault, StampKept, StampProfile, StampRelation};
use pep::address::Address;
use pep::fault::code;
use pep::profile::{self, Relation};
use pep::session::PepSession;
use pep::stamp::{FallBack, Stamp};
use psrp::PipelineId;
use serde_json::json;
use winrm::{Connector, KeyPin};

use crate::practice_link::{self, PracticeLink};
use crate::{App, convert};

impl App {
    /// All known stamps, practice first.
    pub(crate) fn stamps(&self) -> Vec<StampProfile> {
        let known: Vec<Stamp> = self.lock().profiles.all().to_vec();
        let practice = self.policy.practice.then(PracticeLink::stamp);
        practice.into_iter().chain(known).map(|stamp| convert::stamp(&stamp)).collect()
    }

    pub(crate) fn stamp(&self, id: &str) -> Result<Stamp, Fault> {
        if id == practice_link::STAMP {
            let forbidden = || convert::fault(&pep::Fault::new(code::POLICY_PRACTICE));
            return self.policy.practice.then(PracticeLink::stamp).ok_or_else(forbidden);
        }
        let found = self.lock().profiles.find(id).cloned();
        found.ok_or_else(|| convert::fault(&pep::Fault::new(code::INTERNAL).detail("unknown stamp")))
    }

    /// The present id of a stamp that may be named by a former one.
    pub(crate) fn present_id(&self, id: &str) -> String {
        self.lock().profiles.find(id).map_or_else(|| id.to_owned(), |stamp| stamp.id.clone())
    }

    /// Makes connections to an instance; over TLS to the holder of this key, or to whoever the operating system vouches for.
    pub(crate) fn connector(&self, stamp_id: &str, address: &Address, key: Option<KeyPin>) -> Arc<dyn Connector> {
        if stamp_id == practice_link::STAMP {
            self.practice.connector(address)
        } else {
            Arc::new(pep::address::connector(address, key))
        }
    }

    /// Keeps a stamp that was found, under the name that the person gave it. When another deployment was known at its place, that
    /// one is forgotten if this is wanted; its passwords and pins are never used with the new one.
    pub async fn stamp_keep(&self, stamp: StampProfile, forget_former: bool) -> Result<StampKept, Fault> {
        let mut now = convert::stamp_back(&stamp).map_err(|fault| convert::fault(&fault))?;
        if now.id == practice_link::STAMP {
            return self.kept(&self.stamp(&now.id)?, StampRelation::New, Vec::new()).await;
        }
        if now.addresses.is_empty() {
            return Err(convert::fault(&pep::Fault::new(code::NO_USABLE_ADDRESS).with("address", "(no address)")));
        }
        // The page is not trusted with ids; they follow from what they stand for.
        now.id = now.own_id();
        // Nor with what a sign-in may do without: that has its own question.
        now.fall_back = self.stamp(&now.id).map_or_else(|_| FallBack::default(), |known| known.fall_back);
        let relation = profile::relate(self.lock().profiles.all(), &now);
        let told = self.told(&relation);
        let mut faults = Vec::new();
        let kept = match &relation {
            Relation::Same { id, .. } | Relation::Bound { id } => {
                let mut known = self.stamp(id)?;
                let name = std::mem::take(&mut now.name);
                profile::take_over(&mut known, &now);
                if !name.is_empty() {
                    known.name = name;
                }
                self.rebind(id, known, &mut faults).await
            }
            Relation::New | Relation::Redeployed { .. } | Relation::Unsure { .. } => {
                self.rebind(&now.id.clone(), now, &mut faults).await
            }
        };
        let kept = kept.map_err(|fault| convert::fault(&fault))?;
        if let Relation::Redeployed { id } = &relation {
            let line = json!({ "former": id, "stamp": kept.id, "forget": forget_former });
            self.note_decision("stamp_redeployed", line).await;
            if forget_former {
                faults.extend(self.forget_stamp(id, false).await.faults);
            }
        }
        self.kept(&kept, told, faults).await
    }

    async fn kept(&self, stamp: &Stamp, relation: StampRelation, faults: Vec<pep::Fault>) -> Result<StampKept, Fault> {
        let faults = faults.iter().map(convert::fault).collect();
        Ok(StampKept { stamp: convert::stamp(stamp), relation, faults, snapshot: self.app_snapshot().await? })
    }

    fn told(&self, relation: &Relation) -> StampRelation {
        let inner = self.lock();
        convert::relation(relation.clone(), |id| inner.profiles.find(id).map(|known| known.name.clone()))
    }

    /// Keeps a stamp. One that has got another id, because its deployment is known now, takes its pins and passwords along.
    async fn rebind(&self, former: &str, stamp: Stamp, faults: &mut Vec<pep::Fault>) -> Result<Stamp, pep::Fault> {
        let unusable = |error: std::io::Error| self.unusable(error);
        let mut computers = 0;
        let mut passwords = 0;
        if former != stamp.id {
            computers = self.pins(&stamp.id).rebind(former, &stamp.id).map_err(unusable)?;
            passwords = self.move_passwords(former, &stamp, faults).await;
        }
        self.lock().profiles.replace(former, stamp.clone()).map_err(unusable)?;
        if former != stamp.id {
            let line = json!({ "former": former, "stamp": stamp.id, "computers": computers, "passwords": passwords });
            self.note_decision("stamp_bound", line).await;
        }
        Ok(stamp)
    }

    /// Keeps once what a stamp told of itself in a run, and says what it is to the one that was connected to.
    pub(crate) async fn learnt(&self, connected: &str, run: PipelineId, told: &Stamp) -> Option<StampRelation> {
        let _one_at_a_time = self.learning.lock().await;
        if let Some(known) = self.lock().learnt.get(&run) {
            return known.clone();
        }
        let relation = self.learn_stamp(connected, told).await;
        self.lock().learnt.insert(run, relation.clone());
        relation
    }

    /// Keeps what a stamp told of itself in the runs of a session, also in those that nobody follows.
    pub(crate) async fn learn_from(&self, session: &PepSession) {
        for (run, stamp) in session.told_of_stamp() {
            self.learnt(&session.stamp_id, run, &stamp).await;
        }
    }

    async fn learn_stamp(&self, connected: &str, told: &Stamp) -> Option<StampRelation> {
        if connected == practice_link::STAMP {
            return None;
        }
        let mut known = self.stamp(connected).ok()?;
        let relation = profile::relate_session(&known, told);
        let shown = self.told(&relation);
        if let Relation::Redeployed { id } = &relation {
            let line = json!({ "stamp": id, "deployment": told.deployment_id });
            self.note_decision("other_deployment", line).await;
            return Some(shown);
        }
        let former = known.id.clone();
        profile::take_over_session(&mut known, told);
        let mut faults = Vec::new();
        let kept = self.rebind(&former, known, &mut faults).await;
        for fault in kept.err().into_iter().chain(faults) {
            tracing::warn!(code = fault.code, "What a stamp told of itself was not kept whole");
        }
        Some(shown)
    }

    /// Gives a stamp another name.
    pub async fn stamp_rename(&self, stamp_id: String, name: String) -> Result<AppSnapshot, Fault> {
        let name = profile::name(&name).map_err(|fault| convert::fault(&fault))?;
        let mut stamp = self.stamp(&stamp_id)?;
        if stamp.id != practice_link::STAMP {
            stamp.name = name;
            let saved = self.lock().profiles.change(stamp);
            saved.map_err(|error| convert::fault(&self.unusable(error)))?;
        }
        self.app_snapshot().await
    }

    /// Writes a stamp into a file that the person names, to be handed on: no account, no pin, no password. Answers the file.
    pub async fn stamp_export(&self, stamp_id: String) -> Result<Option<String>, Fault> {
        let stamp = self.stamp(&stamp_id)?;
        let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
        let name: String = stamp.name.chars().take(40).map(plain).collect();
        let Some(path) = self.host.pick_save(format!("AzureStackStampInformation-{name}.json")).await else {
            return Ok(None);
        };
        let text = profile::export(&stamp);
        let shown = path.display().to_string();
        let written = tokio::task::spawn_blocking(move || std::fs::write(path, text)).await;
        match written {
            Ok(Ok(())) => Ok(Some(shown)),
            Ok(Err(error)) => {
                Err(convert::fault(&pep::Fault::new(code::NOT_WRITTEN).with("file", shown).detail(error)))
            }
            Err(error) => Err(convert::fault(&pep::Fault::new(code::INTERNAL).detail(error))),
        }
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| i64::try_from(passed.as_secs()).unwrap_or(0))
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
}
