//! Connecting and closing.

use std::sync::Arc;
use std::time::Instant;

use contract::{
    CloseResult, CloseSpec, CloseStage, CloseStageName, ConnectResult, ConnectStage, ConnectStageName, EndpointAddress,
    Fault, IdentityDecision, IdentityNames, IdentityQuestion, SignIn, StageState,
};
use pep::address::Address;
use pep::fault::code;
use pep::identity::{Seen, Verdict, judge};
use pep::pins::{Pin, Pins};
use pep::session::{CloseStep, OpenRequest, OpenStage, PepSession};
use pep::stamp::Stamp;
use serde_json::json;
use spnego::Secret;

use crate::host::{StoreError, entry_name};
use crate::practice_link;
use crate::{App, AppEvent, convert, stamps};

impl App {
    pub(crate) fn pins(&self) -> Pins {
        Pins::load(&self.host.data_folder().join("pins.json"))
    }

    /// Asks the instance who it is, without any password, and says whether a person must decide.
    pub async fn session_inspect(&self, stamp_id: String, address: EndpointAddress) -> Result<ConnectResult, Fault> {
        let stamp = self.stamp(&stamp_id)?;
        let address = convert::address(&address);
        match self.inspect(&stamp, &address).await {
            Ok((seen, verdict)) => Ok(match verdict {
                Verdict::Known => ConnectResult::Cancelled,
                verdict => self.ask_person(&stamp, &address, seen, verdict),
            }),
            Err(fault) => Ok(ConnectResult::Failed { fault: convert::fault(&fault) }),
        }
    }

    async fn inspect(&self, stamp: &Stamp, address: &Address) -> Result<(Seen, Verdict), pep::Fault> {
        let connector = self.connector(&stamp.id, address, None);
        let inspection = winrm::inspect(connector.as_ref()).await;
        let inspection =
            inspection.map_err(|error| pep::Fault::of_sign_in(&error).with("host", address.host.as_str()))?;
        let seen = Seen::of(&inspection);
        let place = address.to_string();
        let decided = self.lock().trusted.clone();
        let decided = decided.filter(|pin| pin.stamp == stamp.id && pin.address == place && seen.is(pin)).is_some();
        let verdict = if decided { Verdict::Known } else { judge(stamp, &place, &seen, &self.pins()) };
        Ok((seen, verdict))
    }

    /// What a person is asked about a computer. The answer counts for this one only.
    fn ask_person(&self, stamp: &Stamp, address: &Address, seen: Seen, verdict: Verdict) -> ConnectResult {
        let question = question(stamp, &seen, verdict);
        self.lock().asked = Some((stamp.id.clone(), address.to_string(), seen));
        ConnectResult::Identity { question }
    }

    /// Trusts the computer that answers now at an address. It is remembered when it has proved itself: until then the
    /// names are mere text (S-07).
    pub async fn session_trust(
        &self,
        stamp_id: String,
        address: EndpointAddress,
        decision: IdentityDecision,
    ) -> Result<(), Fault> {
        let stamp = self.stamp(&stamp_id)?;
        let address = convert::address(&address);
        let (seen, verdict) = self.inspect(&stamp, &address).await.map_err(|fault| convert::fault(&fault))?;
        // Another one than the person looked at may have taken the address meanwhile.
        let asked = self.lock().asked.clone();
        let asked = asked.filter(|(of, at, _)| *of == stamp.id && *at == address.to_string());
        let same = asked.map(|(_, _, asked)| asked == seen);
        let key = seen.key();
        let names = seen.names;
        let refused = |number| Err(convert::fault(&pep::Fault::new(number).with("computer", names.computer.as_str())));
        match (&decision, &verdict) {
            (_, Verdict::Known) => return Ok(()),
            _ if same == Some(false) || (same.is_none() && key.is_some()) => return refused(code::IDENTITY_CHANGED),
            (IdentityDecision::Trust, Verdict::FirstUse { domain_fits: Some(false) }) => {
                return refused(code::WRONG_DOMAIN);
            }
            (IdentityDecision::Trust, Verdict::FirstUse { .. }) => {}
            (IdentityDecision::Trust, Verdict::Changed { .. }) => return refused(code::IDENTITY_CHANGED),
            (IdentityDecision::Replace { typed_computer }, _)
                if typed_computer.trim().eq_ignore_ascii_case(&names.computer) => {}
            (IdentityDecision::Replace { .. }, _) => return refused(code::NAME_NOT_TYPED),
        }
        // The operating system asks too: page script alone cannot change whom we trust (T-13).
        if matches!(decision, IdentityDecision::Replace { .. }) {
            let text = format!(
                "Trust {} ({}) at {address} although it is not what was expected?",
                names.computer, names.domain
            );
            if !self.host.confirm("Another computer".to_owned(), text).await {
                return refused(code::IDENTITY_CHANGED);
            }
        }
        let (kind, before, key_before) = match &verdict {
            Verdict::Changed { before, key, .. } => ("identity_replaced", Some(before), *key),
            _ => ("identity_trusted", None, None),
        };
        let line = json!({ "stamp": stamp.id, "endpoint": address.to_string(), "before": before, "key_before": key_before,
            "now": names, "key": key });
        let pin = Pin { stamp: stamp.id.clone(), address: address.to_string(), names, key, since: stamps::now() };
        self.lock().trusted = Some(pin);
        self.note_decision(kind, line).await;
        Ok(())
    }

    /// Remembers the computer that was decided about, now that it has proved itself.
    fn keep_trusted(&self, stamp: &str, address: &Address) {
        let place = address.to_string();
        let pin = self.lock().trusted.take_if(|pin| pin.stamp == stamp && pin.address == place);
        if let Some(pin) = pin
            && let Err(error) = self.pins().keep(pin)
        {
            // The next visit asks again; this session is none the worse.
            tracing::warn!(%error, "The computer was not remembered");
        }
    }

    /// Connects: one password, one try.
    pub async fn session_open(self: &Arc<Self>, sign_in: SignIn) -> Result<ConnectResult, Fault> {
        let opened = tokio::select! {
            opened = self.open(sign_in) => opened,
            // Dropping the attempt ends it; nothing is left behind.
            () = self.cancel.notified() => return Ok(ConnectResult::Cancelled),
        };
        match opened {
            Ok(result) => Ok(result),
            Err(fault) => Ok(ConnectResult::Failed { fault: convert::fault(&fault) }),
        }
    }

    async fn open(self: &Arc<Self>, sign_in: SignIn) -> Result<ConnectResult, pep::Fault> {
        if self.has_open_session() {
            return Err(pep::Fault::new(code::BUSY));
        }
        let internal = |fault: Fault| pep::Fault::new(code::INTERNAL).detail(fault.detail.join(", "));
        let stamp = self.stamp(&sign_in.stamp_id).map_err(internal)?;
        let address = convert::address(&sign_in.address);
        let practice = stamp.id == practice_link::STAMP;
        let (seen, verdict) = match self.inspect(&stamp, &address).await {
            Ok(found) => found,
            Err(fault) => {
                // There is no record of a session yet that could hold it.
                let line = json!({ "stamp": stamp.id, "endpoint": address.to_string(), "account": sign_in.account.trim(),
                    "fault": fault.text(), "detail": fault.detail });
                self.note_decision("not_connected", line).await;
                return Err(fault);
            }
        };
        if let Verdict::Changed { before, key, since } = &verdict {
            let line = json!({ "stamp": stamp.id, "endpoint": address.to_string(), "before": before, "key_before": key,
                "since": since, "now": seen.names, "key": seen.shown.as_ref().map(|shown| shown.key) });
            self.note_decision("identity_changed", line).await;
        }
        if verdict != Verdict::Known {
            return Ok(self.ask_person(&stamp, &address, seen, verdict));
        }
        let (key, names) = (seen.key(), seen.names);
        let account = sign_in.account.trim().to_owned();
        if !names.may_hold(&account) {
            // A corporate account here is a mistake, and its password is nobody's business there (S-06).
            return Err(pep::Fault::new(code::ACCOUNT_DOMAIN)
                .with("account", account)
                .with("computer", names.computer)
                .with("domain", names.domain));
        }
        let entry = entry_name(&stamp.id, &account);
        let from_ring = sign_in.password.is_none();
        let password = match sign_in.password {
            Some(typed) => Secret::from(typed.into_text()),
            None => self.load(&entry).await?.ok_or_else(|| pep::Fault::new(code::NO_PASSWORD))?,
        };
        let kept = sign_in.remember.then(|| password.duplicate());
        let place = address.clone();
        let told = convert::names(&names, None);
        let request = OpenRequest {
            stamp_id: stamp.id.clone(),
            connector: self.connector(&stamp.id, &address, key),
            account,
            password,
            trusted_since: self.pins().find(&stamp.id, &address.to_string()).map(|pin| pin.since),
            address,
            expected: names,
            key,
            records: self.records_folder(),
            storage: self.host.record_storage(),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            practice,
        };
        let session = match pep::session::open(request, self.stage_teller(&stamp.id, &place, told)).await {
            Ok(session) => Arc::new(session),
            Err(fault) => {
                if fault.code == code::PASSWORD_REFUSED && from_ring {
                    // A password that was refused is never sent again (S-12).
                    self.forget(&entry).await;
                }
                return Err(fault);
            }
        };
        // The session is open even when the key ring fails; the page says so.
        let not_kept = match kept {
            Some(password) => self.save(&entry, password).await.err(),
            None => None,
        };
        if sign_in.remember && not_kept.is_none() {
            self.lock().profiles.keeps_password(&stamp.id, &session.account);
        }
        let not_kept = not_kept.map(|error| convert::fault(&pep::Fault::new(code::KEYRING).detail(error)));
        {
            let mut inner = self.lock();
            inner.session = Some(Arc::clone(&session));
            inner.profiles.used(&stamp.id, stamps::now());
        }
        self.follow(&session);
        Ok(ConnectResult::Open { session: Box::new(convert::session(&session)), not_kept })
    }

    /// Tells the page the stages with their times, and remembers the computer once it has proved itself.
    fn stage_teller(
        self: &Arc<Self>,
        stamp: &str,
        address: &Address,
        names: IdentityNames,
    ) -> impl Fn(OpenStage) + Send + Sync + 'static {
        let app = Arc::clone(self);
        let (stamp, address) = (stamp.to_owned(), address.clone());
        let last = std::sync::Mutex::new((OpenStage::Reach, Instant::now()));
        let name = |stage| {
            Some(match stage {
                OpenStage::Reach => ConnectStageName::Reach,
                OpenStage::SignIn => ConnectStageName::SignIn,
                OpenStage::Verify => ConnectStageName::Verify,
                OpenStage::Open => ConnectStageName::Open,
                OpenStage::Check => ConnectStageName::Check,
                OpenStage::Commands => ConnectStageName::Commands,
                OpenStage::Done => return None,
            })
        };
        move |stage| {
            if stage == OpenStage::Open {
                app.keep_trusted(&stamp, &address);
            }
            let Ok(mut last) = last.lock() else { return };
            let ms = u32::try_from(last.1.elapsed().as_millis()).unwrap_or(u32::MAX);
            let tell = |stage, state, ms| {
                let names = (stage == ConnectStageName::Verify).then(|| names.clone());
                app.tell(AppEvent::ConnectStage(ConnectStage { stage, state, ms, names }));
            };
            if stage != last.0 {
                let done = [
                    OpenStage::Reach,
                    OpenStage::SignIn,
                    OpenStage::Verify,
                    OpenStage::Open,
                    OpenStage::Check,
                    OpenStage::Commands,
                ];
                let from = done.iter().position(|known| *known == last.0).unwrap_or(0);
                let to = done.iter().position(|known| *known == stage).unwrap_or(done.len());
                for passed in done.iter().take(to).skip(from).filter_map(|stage| name(*stage)) {
                    tell(passed, StageState::Done, ms);
                }
            }
            if let Some(stage) = name(stage) {
                tell(stage, StageState::Running, 0);
            }
            *last = (stage, Instant::now());
        }
    }

    /// Tells the page the stages of closing with their times.
    fn close_teller(&self) -> impl Fn(CloseStep) {
        use CloseStageName::{Ask, Confirm, Copy, Gone};
        let began = std::sync::Mutex::new(Instant::now());
        move |step| {
            let Ok(mut began) = began.lock() else { return };
            let took = convert::milliseconds(began.elapsed());
            let tell = |stage, state, ms| self.tell(AppEvent::CloseStage(CloseStage { stage, state, ms }));
            match step {
                CloseStep::Asking => tell(Ask, StageState::Running, 0),
                CloseStep::Copying => {
                    tell(Ask, StageState::Done, took);
                    tell(Copy, StageState::Running, 0);
                }
                CloseStep::Confirmed => {
                    tell(Copy, StageState::Done, took);
                    tell(Confirm, StageState::Done, 0);
                    tell(Gone, StageState::Running, 0);
                }
                CloseStep::Gone => tell(Gone, StageState::Done, took),
            }
            *began = Instant::now();
        }
    }

    /// Tells the page when the session changes.
    fn follow(self: &Arc<Self>, session: &Arc<PepSession>) {
        let (app, session) = (Arc::clone(self), Arc::downgrade(session));
        tokio::spawn(async move {
            let Some(mut changes) = session.upgrade().map(|session| session.changes()) else { return };
            let mut told = None;
            while changes.changed().await.is_ok() {
                let Some(session) = session.upgrade() else { return };
                let now = convert::session(&session);
                if told.as_ref() != Some(&now) {
                    app.tell(AppEvent::Session(Box::new(now.clone())));
                    told = Some(now);
                }
            }
        });
    }

    /// Gives up connecting.
    pub async fn session_cancel(&self) -> Result<(), Fault> {
        self.cancel.notify_waiters();
        Ok(())
    }

    /// Closes the session.
    pub async fn session_close(&self, close: CloseSpec) -> Result<CloseResult, Fault> {
        let Some(session) = self.session() else {
            return Ok(CloseResult::Failed { fault: convert::fault(&pep::Fault::new(code::SESSION_GONE)) });
        };
        let summary = match close {
            CloseSpec::WithTranscripts { share, account, password } => {
                let password = Secret::from(password.into_text());
                match session.close(share.trim(), account.trim(), password, self.close_teller()).await {
                    Ok(summary) => summary,
                    Err(fault) => {
                        let fault = fault.with("share", share).with("account", account);
                        return Ok(CloseResult::Failed { fault: convert::fault(&fault) });
                    }
                }
            }
            CloseSpec::LeaveTranscripts => session.leave().await,
        };
        self.lock().session = None;
        if summary.transcripts {
            self.settle_left(&session).await;
        }
        Ok(CloseResult::Closed { summary: convert::summary(&session, summary) })
    }

    /// Whether the key ring has a password.
    pub async fn secret_has(&self, stamp_id: String, account: String) -> Result<bool, Fault> {
        let found = self.load(&entry_name(&self.present_id(&stamp_id), account.trim())).await;
        found.map(|found| found.is_some()).map_err(|fault| convert::fault(&fault))
    }

    /// Removes a password from the key ring.
    pub async fn secret_delete(&self, stamp_id: String, account: String) -> Result<(), Fault> {
        self.forget(&entry_name(&self.present_id(&stamp_id), account.trim())).await;
        Ok(())
    }

    pub(crate) async fn load(&self, entry: &str) -> Result<Option<Secret>, pep::Fault> {
        let (secrets, entry) = (self.host.secrets(), entry.to_owned());
        let loaded = tokio::task::spawn_blocking(move || secrets.load(&entry)).await;
        match loaded {
            Ok(Ok(found)) => Ok(found),
            // No key ring is the same as an empty one: the person types the password.
            Ok(Err(StoreError::Missing(_))) => Ok(None),
            Ok(Err(error)) => Err(pep::Fault::new(code::KEYRING).detail(error)),
            Err(error) => Err(pep::Fault::new(code::INTERNAL).detail(error)),
        }
    }

    pub(crate) async fn save(&self, entry: &str, secret: Secret) -> Result<(), StoreError> {
        let (secrets, entry) = (self.host.secrets(), entry.to_owned());
        let saved = tokio::task::spawn_blocking(move || secrets.save(&entry, &secret)).await;
        saved.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
    }

    pub(crate) async fn forget(&self, entry: &str) {
        let (secrets, entry) = (self.host.secrets(), entry.to_owned());
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || secrets.forget(&entry)).await {
            tracing::info!(%error, "The key ring did not forget an entry");
        }
    }
}

fn question(stamp: &Stamp, seen: &Seen, verdict: Verdict) -> IdentityQuestion {
    let (before, key_before, domain_fits) = match verdict {
        Verdict::Changed { before, key, since } => (Some(convert::names(&before, Some(since))), key, None),
        Verdict::FirstUse { domain_fits } => (None, None, domain_fits),
        Verdict::Known => (None, None, Some(true)),
    };
    IdentityQuestion {
        changed: before.is_some(),
        now: convert::names(&seen.names, None),
        before,
        expected_domain: stamp.netbios_domain.clone(),
        domain_fits,
        certificate: seen.shown.as_ref().map(|shown| convert::certificate(shown, key_before)),
    }
}
