//! Connecting and closing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use contract::{
    CloseResult, CloseSpec, CloseStage, CloseStageName, ConnectResult, ConnectStage, ConnectStageName, EndpointAddress,
    Fault, IdentityDecision, IdentityQuestion, SignIn, SignInWay, StageState,
};
use pep::address::Address;
use pep::fault::code;
use pep::identity::{Names, Seen, Verdict, judge};
use pep::pins::{Pin, Pins};
use pep::session::{CloseStep, OpenRequest, OpenStage, PepSession};
use pep::stamp::{FallBack, Stamp};
use serde_json::json;
use spnego::Secret;
use winrm::KeyPin;

use crate::by_name::Named;
use crate::host::{StoreError, entry_name};
use crate::practice_link;
use crate::{App, AppEvent, convert, stamps};

/// Who a person was asked about: no other one is trusted by the answer.
#[derive(Clone)]
pub(crate) struct Asked {
    stamp: String,
    place: String,
    seen: Seen,
    way: SignInWay,
}

/// One try of a person to connect.
pub(crate) struct Attempt {
    pub(crate) stamp: Stamp,
    pub(crate) address: Address,
    pub(crate) account: String,
    /// Whether the tickets of this computer are used instead of a password
    pub(crate) tickets: bool,
    /// The password, as soon as it is needed where it is in the key ring
    typed: Option<Secret>,
    from_ring: bool,
    remember: bool,
    /// The record of the session that is taken over
    record_id: Option<String>,
}

/// Who is there, and what that means.
pub(crate) struct Answer {
    pub(crate) seen: Seen,
    pub(crate) verdict: Verdict,
    /// The connection on which it said so, where a sign-in can go on there
    asked: Option<winrm::Asked>,
}

/// What is told with the stages.
pub(crate) struct Told {
    pub(crate) way: SignInWay,
    pub(crate) fell_back: bool,
    /// Who answers, as soon as it is known
    pub(crate) names: Arc<Mutex<Option<Names>>>,
}

impl Attempt {
    fn entry(&self) -> String {
        entry_name(&self.stamp.id, &self.account)
    }
}

impl App {
    pub(crate) fn pins(&self, stamp_id: &str) -> Pins {
        Pins::load(&self.folder_of(stamp_id).join("pins.json"))
    }

    /// Asks the instance who it is, without any password, and says whether a person must decide.
    pub async fn session_inspect(
        &self,
        stamp_id: String,
        address: EndpointAddress,
        way: Option<SignInWay>,
    ) -> Result<ConnectResult, Fault> {
        let stamp = self.stamp(&stamp_id)?;
        let address = convert::address(&address);
        let failed = |fault| Ok(ConnectResult::Failed { fault: convert::fault(&fault) });
        let way = match self.way(&stamp, &address, way) {
            Ok(way) => way,
            Err(fault) => return failed(fault),
        };
        match self.inspect(&stamp, &address, way).await {
            Ok(Answer { verdict: Verdict::Known, .. }) => Ok(ConnectResult::Cancelled),
            Ok(Answer { seen, verdict, .. }) => Ok(self.ask_person(&stamp, &address, seen, verdict, way)),
            Err(fault) => failed(fault),
        }
    }

    async fn inspect(&self, stamp: &Stamp, address: &Address, way: SignInWay) -> Result<Answer, pep::Fault> {
        if way == SignInWay::ByName {
            let (seen, verdict) = self.look_by_name(stamp, address).await?;
            return Ok(Answer { seen, verdict, asked: None });
        }
        let connector = self.connector(&stamp.id, address, None);
        let place = address.to_string();
        let known = self.lock().negotiates.contains(&(stamp.id.clone(), place.clone()));
        let answer = winrm::ask(connector.as_ref(), known).await;
        let (inspection, asked) = answer.map_err(|error| pep::Fault::of_sign_in(&error).at(address))?;
        let seen = Seen::of(&inspection);
        let decided = self.lock().trusted.clone().filter(|pin| !pin.by_name);
        let decided = decided.filter(|pin| pin.stamp == stamp.id && pin.address == place && seen.is(pin)).is_some();
        let verdict = if decided { Verdict::Known } else { judge(stamp, &place, &seen, &self.pins(&stamp.id)) };
        Ok(Answer { seen, verdict, asked: Some(asked) })
    }

    /// As [`Self::inspect`], for a sign-in: what stands in its way is recorded.
    pub(crate) async fn look(
        &self,
        stamp: &Stamp,
        address: &Address,
        way: SignInWay,
        account: &str,
    ) -> Result<Answer, pep::Fault> {
        let answer = match self.inspect(stamp, address, way).await {
            Ok(found) => found,
            Err(fault) => {
                self.not_connected(stamp, address, account, &fault).await;
                return Err(fault);
            }
        };
        if let Answer { verdict: Verdict::Changed { before, key, since }, seen, .. } = &answer {
            let line = json!({ "stamp": stamp.id, "endpoint": address.to_string(), "before": before, "key_before": key,
                "since": since, "now": seen.names, "key": seen.shown.as_ref().map(|shown| shown.key) });
            self.note_decision("identity_changed", line).await;
        }
        Ok(answer)
    }

    /// There is no record of a session yet that could hold it.
    async fn not_connected(&self, stamp: &Stamp, address: &Address, account: &str, fault: &pep::Fault) {
        let line = json!({ "stamp": stamp.id, "endpoint": address.to_string(), "account": account,
            "fault": fault.text(), "detail": fault.detail });
        self.note_decision("not_connected", line).await;
    }

    /// What a person is asked about a computer. The answer counts for this one only.
    pub(crate) fn ask_person(
        &self,
        stamp: &Stamp,
        address: &Address,
        seen: Seen,
        verdict: Verdict,
        way: SignInWay,
    ) -> ConnectResult {
        let fell_back = if way == SignInWay::Ntlm { self.why_ntlm(stamp, address) } else { None };
        let question = question(stamp, &seen, verdict, way, fell_back.as_ref().map(convert::fault));
        self.lock().asked = Some(Asked { stamp: stamp.id.clone(), place: address.to_string(), seen, way });
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
        let place = address.to_string();
        let asked = self.lock().asked.clone().filter(|asked| asked.stamp == stamp.id && asked.place == place);
        let way = asked.as_ref().map_or(SignInWay::Ntlm, |asked| asked.way);
        let looked = self.inspect(&stamp, &address, way).await;
        let Answer { mut seen, mut verdict, .. } = looked.map_err(|fault| convert::fault(&fault))?;
        // A name that was proved in another realm than before: that was seen when it was proved, and at no other time.
        if let Some(asked) =
            asked.as_ref().filter(|asked| way == SignInWay::ByName && !asked.seen.names.same(&seen.names))
            && let Some(pin) = self.pins(&stamp.id).find_by_name(&stamp.id, &place)
        {
            verdict = Verdict::Changed { before: pin.names.clone(), key: pin.key, since: pin.since };
            seen.names = asked.seen.names.clone();
        }
        // Another one than the person looked at may have taken the address meanwhile.
        let same = asked.map(|asked| asked.seen == seen);
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
            let domain = if names.domain.is_empty() { &names.dns_domain } else { &names.domain };
            let text =
                format!("Trust {} ({domain}) at {address} although it is not what was expected?", names.computer);
            if !self.host.confirm("Another computer".to_owned(), text).await {
                return refused(code::IDENTITY_CHANGED);
            }
        }
        let (kind, before, key_before) = match &verdict {
            Verdict::Changed { before, key, .. } => ("identity_replaced", Some(before), *key),
            _ => ("identity_trusted", None, None),
        };
        let by_name = way == SignInWay::ByName;
        let line = json!({ "stamp": stamp.id, "endpoint": place, "before": before, "key_before": key_before,
            "now": names, "key": key, "by_name": by_name });
        let pin = Pin { stamp: stamp.id.clone(), address: place, names, by_name, key, since: stamps::now() };
        self.lock().trusted = Some(pin);
        self.note_decision(kind, line).await;
        Ok(())
    }

    /// Remembers the computer that was decided about, or that needs no decision, now that it has proved itself.
    fn keep(&self, pin: Pin) {
        let here =
            |known: &mut Pin| known.stamp == pin.stamp && known.address == pin.address && known.by_name == pin.by_name;
        let decided = self.lock().trusted.take_if(here);
        // Names that a computer gives itself are a person's decision; those that it has proved are kept as they were proved.
        let mut pins = self.pins(&pin.stamp);
        let pin = if pin.by_name { Some(pin) } else { decided };
        if let Some(pin) = pin
            && pins.all().iter().all(|known| *known != pin)
            && let Err(error) = pins.keep(pin)
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
        let mut attempt = Attempt {
            account: sign_in.account.trim().to_owned(),
            from_ring: sign_in.password.is_none(),
            typed: sign_in.password.map(|typed| Secret::from(typed.into_text())),
            // A password that is not used is not kept either.
            remember: sign_in.remember && !sign_in.tickets,
            tickets: sign_in.tickets,
            record_id: sign_in.record_id,
            stamp,
            address,
        };
        let way = match self.way(&attempt.stamp, &attempt.address, sign_in.way) {
            Ok(way) => way,
            Err(fault) => {
                self.not_connected(&attempt.stamp, &attempt.address, &attempt.account, &fault).await;
                return Err(fault);
            }
        };
        if way == SignInWay::ByName {
            match self.open_by_name(&mut attempt).await {
                Ok(Named::Open(session)) => return self.opened(attempt, session).await,
                Ok(Named::Asked(result)) => return Ok(*result),
                Ok(Named::Impossible(fault)) => match attempt.stamp.fall_back {
                    _ if self.policy.forbids_ntlm(&attempt.address.host) || attempt.tickets => return Err(fault),
                    FallBack::Never => return Err(fault),
                    FallBack::Ask => return Ok(ConnectResult::FallBack { fault: convert::fault(&fault) }),
                    // The record of the session tells it.
                    FallBack::Allow => {}
                },
                Err(fault) => return Err(self.failed(&attempt, fault).await),
            }
        }
        self.open_by_ntlm(attempt).await
    }

    async fn open_by_ntlm(self: &Arc<Self>, mut attempt: Attempt) -> Result<ConnectResult, pep::Fault> {
        let (stamp, address) = (attempt.stamp.clone(), attempt.address.clone());
        let way = SignInWay::Ntlm;
        let Answer { seen, verdict, asked } = self.look(&stamp, &address, way, &attempt.account).await?;
        if verdict != Verdict::Known {
            return Ok(self.ask_person(&stamp, &address, seen, verdict, way));
        }
        let (key, names) = (seen.key(), seen.names);
        names.check_account(&attempt.account)?;
        let password = self.password(&mut attempt).await?;
        let known = Arc::new(Mutex::new(Some(names.clone())));
        let since = self.pins(&stamp.id).find(&stamp.id, &address.to_string()).map(|pin| pin.since);
        let request = self.request(&attempt, names, key, since, Some(password)).await?;
        let request = OpenRequest { asked, ..request };
        let told = Told { way, fell_back: request.fell_back.is_some(), names: known };
        let now = since.unwrap_or_else(stamps::now);
        match pep::session::open(request, self.stage_teller(&stamp.id, &address, told, now, key)).await {
            Ok(session) => self.opened(attempt, Arc::new(session)).await,
            Err(fault) => Err(self.failed(&attempt, fault).await),
        }
    }

    /// What a session is opened with; without a password the endpoint has to prove its name.
    pub(crate) async fn request(
        &self,
        attempt: &Attempt,
        names: Names,
        key: Option<KeyPin>,
        trusted_since: Option<i64>,
        password: Option<Secret>,
    ) -> Result<OpenRequest, pep::Fault> {
        let Attempt { stamp, address, .. } = attempt;
        let left = match &attempt.record_id {
            Some(record_id) => Some(self.left(record_id.clone()).await?),
            None => None,
        };
        Ok(OpenRequest {
            stamp_id: stamp.id.clone(),
            connector: self.connector(&stamp.id, address, key),
            account: attempt.account.clone(),
            fell_back: password.as_ref().and_then(|_| self.why_ntlm(stamp, address)),
            password: password.unwrap_or_else(|| Secret::from(String::new())),
            trusted_since,
            address: address.clone(),
            expected: names,
            key,
            records: self.records_folder(&stamp.id),
            storage: self.host.record_storage(),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            practice: stamp.id == practice_link::STAMP,
            by_name: None,
            asked: None,
            left,
        })
    }

    /// The password of an attempt: the one that was typed, else the one of the key ring.
    pub(crate) async fn password(&self, attempt: &mut Attempt) -> Result<Secret, pep::Fault> {
        if attempt.typed.is_none() && self.policy.store_passwords {
            attempt.typed = self.load(&attempt.entry()).await?;
        }
        attempt.typed.as_ref().map(Secret::duplicate).ok_or_else(|| pep::Fault::new(code::NO_PASSWORD))
    }

    /// A password that was refused is never sent again (S-12).
    async fn failed(&self, attempt: &Attempt, fault: pep::Fault) -> pep::Fault {
        if matches!(fault.code, code::PASSWORD_REFUSED | code::DOMAIN_REFUSED | code::LATER_REFUSED)
            && attempt.from_ring
            && !attempt.tickets
        {
            self.forget(&attempt.entry()).await;
        }
        fault
    }

    /// Takes a session over that has just been opened. It is open even when the key ring fails; the page says so.
    async fn opened(self: &Arc<Self>, attempt: Attempt, session: Arc<PepSession>) -> Result<ConnectResult, pep::Fault> {
        if let Some(record_id) = &attempt.record_id {
            self.note_continued(record_id, &session).await;
        }
        let entry = attempt.entry();
        let not_kept = match attempt.typed.filter(|_| attempt.remember) {
            Some(_) if !self.policy.store_passwords => Some(pep::Fault::new(code::POLICY_PASSWORDS)),
            Some(password) => {
                let saved = self.save(&entry, password).await;
                if saved.is_ok() {
                    self.lock().profiles.keeps_password(&attempt.stamp.id, &session.account);
                }
                saved.err().map(|error| pep::Fault::new(code::KEYRING).detail(error))
            }
            None => None,
        };
        {
            let mut inner = self.lock();
            inner.session = Some(Arc::clone(&session));
            inner.profiles.used(&attempt.stamp.id, stamps::now());
        }
        self.follow(&session);
        let not_kept = not_kept.map(|fault| convert::fault(&fault));
        Ok(ConnectResult::Open { session: Box::new(convert::session(&session)), not_kept })
    }

    /// Tells the page the stages with their times, and remembers the computer once it has proved itself.
    pub(crate) fn stage_teller(
        self: &Arc<Self>,
        stamp: &str,
        address: &Address,
        told: Told,
        since: i64,
        key: Option<KeyPin>,
    ) -> impl Fn(OpenStage) + Send + Sync + 'static {
        let app = Arc::clone(self);
        let (stamp, address) = (stamp.to_owned(), address.to_string());
        let last = Mutex::new((OpenStage::Reach, Instant::now()));
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
            let names = || told.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if stage == OpenStage::Open
                && let Some(names) = names()
            {
                let (stamp, address, by_name) = (stamp.clone(), address.clone(), told.way == SignInWay::ByName);
                app.keep(Pin { stamp, address, names, by_name, key, since });
            }
            let Ok(mut last) = last.lock() else { return };
            let ms = u32::try_from(last.1.elapsed().as_millis()).unwrap_or(u32::MAX);
            let tell = |stage, state, ms| {
                let names = names().filter(|_| stage == ConnectStageName::Verify);
                let names = names.map(|names| convert::names(&names, None));
                let (way, fell_back) = (told.way, told.fell_back);
                app.tell(AppEvent::ConnectStage(ConnectStage { stage, state, ms, names, way, fell_back }));
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
        let began = Mutex::new(Instant::now());
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
            // A session that was taken over may have told something already.
            if let Some(session) = session.upgrade() {
                app.learn_from(&session).await;
            }
            let (mut told, mut forgotten) = (None, false);
            while changes.changed().await.is_ok() {
                let Some(session) = session.upgrade() else { return };
                if session.is_password_changed() && !std::mem::replace(&mut forgotten, true) {
                    // What is kept is not valid any more: whoever connects next is asked (S-13).
                    app.forget(&entry_name(&session.stamp_id, &session.account)).await;
                }
                app.learn_from(&session).await;
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
        self.learn_from(&session).await;
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
            CloseSpec::LetGo => {
                return match self.let_go(&session).await {
                    Ok(left) => {
                        self.lock().session = None;
                        Ok(CloseResult::LetGo { left })
                    }
                    Err(fault) => Ok(CloseResult::Failed { fault: convert::fault(&fault) }),
                };
            }
        };
        self.lock().session = None;
        if summary.transcripts {
            self.settle_left(&session).await;
        }
        Ok(CloseResult::Closed { summary: convert::summary(&session, summary) })
    }

    /// Whether the key ring has a password that may be used.
    pub async fn secret_has(&self, stamp_id: String, account: String) -> Result<bool, Fault> {
        if !self.policy.store_passwords {
            return Ok(false);
        }
        let (secrets, entry) = (self.host.secrets(), entry_name(&self.present_id(&stamp_id), account.trim()));
        let found = tokio::task::spawn_blocking(move || secrets.load(&entry).map(|found| found.is_some())).await;
        match found {
            Ok(Ok(found)) => Ok(found),
            // What cannot be used has nothing that could be used; the page says why it cannot (S-36).
            Ok(Err(StoreError::Missing(_) | StoreError::Locked(_) | StoreError::NoDefault)) => Ok(false),
            Ok(Err(error)) => Err(convert::fault(&pep::Fault::new(code::KEYRING).detail(error))),
            Err(error) => Err(convert::fault(&pep::Fault::new(code::INTERNAL).detail(error))),
        }
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
            Ok(Err(StoreError::Missing(_) | StoreError::NoDefault)) => Ok(None),
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

fn question(
    stamp: &Stamp,
    seen: &Seen,
    verdict: Verdict,
    way: SignInWay,
    fell_back: Option<Fault>,
) -> IdentityQuestion {
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
        way,
        fell_back,
    }
}
