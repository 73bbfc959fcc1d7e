//! Commands: previews, runs, what they print and ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contract::{CatalogueEntry, Fault, PromptAnswer, RunBatch, RunPreview, RunSpec, RunStart, RunState};
use pep::fault::code;
use pep::session::RunView;
use psrp::PipelineId;
use tokio::sync::Notify;

use crate::{App, AppEvent, convert};

/// How many batches may wait for the page (a channel to it has no back-pressure of its own).
const OPEN_BATCHES: u64 = 4;
/// The shortest time between two batches.
const PACE: Duration = Duration::from_millis(50);
/// The most lines of one batch.
const LINES: usize = 1_000;
/// The shortest time between two batches for a page that is behind, and how many of the newest lines it gets: each batch
/// replaces the one before, so that more of them would only be work for the page.
const PACE_BEHIND: Duration = Duration::from_millis(200);
const LINES_BEHIND: usize = 500;
/// The most characters of one batch.
const CHARACTERS: usize = 200_000;

/// What the page has acknowledged of one attached run.
pub(crate) struct Credit {
    acknowledged: AtomicU64,
    changed: Notify,
}

impl App {
    /// A command with the parameters that this endpoint offers: what is known about them, for those that it lists.
    pub async fn command_describe(&self, name: String) -> Result<CatalogueEntry, Fault> {
        let Some(session) = self.session() else { return Err(gone()) };
        let entry = convert::catalogue(Some(&session.commands)).into_iter();
        let entry = entry.into_iter().find(|entry| entry.name.eq_ignore_ascii_case(&name));
        let mut entry = entry.ok_or_else(|| convert::fault(&pep::Fault::new(code::UNKNOWN_CMDLET).detail(&name)))?;
        // Without the endpoint's word, for example while a command runs, the built-in description serves.
        if let Ok(offered) = session.describe(&entry.name).await {
            let known = std::mem::take(&mut entry.parameters);
            let described = |one: &pep::catalogue::Parameter| {
                known.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(&one.name)).cloned()
            };
            let offered = offered.iter().map(|one| described(one).unwrap_or_else(|| convert::parameter(one)));
            entry.parameters = offered.collect();
        }
        Ok(entry)
    }

    /// What a run would be.
    pub async fn run_preview(&self, run: RunSpec) -> Result<RunPreview, Fault> {
        Ok(convert::preview(&convert::run_spec(run)))
    }

    /// Starts a run.
    pub async fn run_start(&self, run: RunSpec) -> Result<RunStart, Fault> {
        let Some(session) = self.session() else {
            return Ok(RunStart::Failed { fault: convert::fault(&pep::Fault::new(code::SESSION_GONE)) });
        };
        if pep::catalogue::is_guarded(&run.cmdlet) {
            return Ok(self.guard(&session, convert::run_spec(run)));
        }
        match session.start(convert::run_spec(run)).await {
            Ok(id) => Ok(RunStart::Started { run_id: id.to_string() }),
            Err(fault) => Ok(RunStart::Failed { fault: convert::fault(&fault) }),
        }
    }

    /// Sends what a run gives, from the line after this number on, until it has ended.
    pub async fn run_attach(self: &Arc<Self>, run_id: String, after: u64) -> Result<(), Fault> {
        let (Some(session), Some(id)) = (self.session(), parse(&run_id)) else { return Err(gone()) };
        let credit = Arc::new(Credit { acknowledged: AtomicU64::new(0), changed: Notify::new() });
        self.lock().open_batches.insert(run_id.clone(), Arc::clone(&credit));
        let app = Arc::clone(self);
        tokio::spawn(async move {
            let mut changes = session.changes();
            let (mut after, mut batch) = (after, 0);
            let mut told: Option<RunBatch> = None;
            let mut skipped = false;
            loop {
                changes.mark_unchanged();
                let Some(view) = caught_up(&session, id, after, &mut skipped) else { return };
                let stamp = view.end.as_ref().and_then(|end| end.stamp.clone());
                let total = view.total;
                let mut next = convert::batch(&run_id, batch + 1, view, CHARACTERS);
                let sent = next.items.last().map_or(after + next.dropped_from_view, |item| item.seq);
                let ended = matches!(next.state, RunState::Ended { .. }) && sent >= total;
                if ended && let (Some(stamp), RunState::Ended { result }) = (stamp, &mut next.state) {
                    result.stamp = app.learnt(&session.stamp_id, id, &stamp).await;
                }
                let unchanged = told.as_ref().is_some_and(|told| {
                    next.items.is_empty()
                        && told.progress == next.progress
                        && told.prompt == next.prompt
                        && told.state == next.state
                });
                if !unchanged {
                    batch += 1;
                    if sent < total && matches!(next.state, RunState::Ended { .. }) {
                        // The end is told with the last lines, not before them.
                        next.state = RunState::Running;
                    }
                    app.tell(AppEvent::Run(Box::new(next.clone())));
                    told = Some(next);
                }
                if ended {
                    return;
                }
                let more = sent < total;
                after = sent;
                credit.wait(batch).await;
                tokio::time::sleep(if skipped { PACE_BEHIND } else { PACE }).await;
                if !more && changes.changed().await.is_err() {
                    return;
                }
            }
        });
        Ok(())
    }

    /// Takes note that the page has worked a batch off.
    pub async fn run_ack(&self, run_id: String, batch: u64) -> Result<(), Fault> {
        if let Some(credit) = self.lock().open_batches.get(&run_id) {
            credit.acknowledged.fetch_max(batch, Ordering::Relaxed);
            credit.changed.notify_one();
        }
        Ok(())
    }

    /// Asks the endpoint to stop a run.
    pub async fn run_stop(&self, run_id: String) -> Result<(), Fault> {
        if let (Some(session), Some(id)) = (self.session(), parse(&run_id)) {
            session.stop(id).await;
        }
        Ok(())
    }

    /// Answers a question of a run.
    pub async fn prompt_answer(&self, run_id: String, call: i64, answer: PromptAnswer) -> Result<(), Fault> {
        let (Some(session), Some(id)) = (self.session(), parse(&run_id)) else { return Err(gone()) };
        session.answer(id, call, convert::answer(answer)).await.map_err(|fault| convert::fault(&fault))
    }
}

impl Credit {
    /// Waits until the page is at most a few batches behind.
    async fn wait(&self, sent: u64) {
        while sent.saturating_sub(self.acknowledged.load(Ordering::Relaxed)) >= OPEN_BATCHES {
            self.changed.notified().await;
        }
    }
}

/// What comes after this line. A page that is further behind than lines are kept is shown the newest ones, so that it keeps up,
/// and at the end all that are kept.
fn caught_up(session: &pep::session::PepSession, id: PipelineId, after: u64, skipped: &mut bool) -> Option<RunView> {
    let view = session.view(id, after, LINES)?;
    if view.end.is_none() && view.dropped > 0 {
        *skipped = true;
        let newest = view.total.saturating_sub(LINES_BEHIND as u64);
        let view = session.view(id, newest, LINES_BEHIND)?;
        return Some(RunView { dropped: (newest + view.dropped).saturating_sub(after), ..view });
    }
    if view.end.is_some() && std::mem::take(skipped) { session.view(id, 0, LINES) } else { Some(view) }
}

fn parse(run_id: &str) -> Option<PipelineId> {
    uuid::Uuid::try_parse(run_id).ok().map(PipelineId)
}

fn gone() -> Fault {
    convert::fault(&pep::Fault::new(code::SESSION_GONE))
}
