//! Guarded commands (S-23): the person types the target, then the operating system asks. Page script alone runs none.

use std::time::{Duration, Instant};

use contract::{Fault, RunStart};
use pep::fault::code;
use pep::preview::RunSpec;
use pep::session::PepSession;

use crate::{App, convert};

/// How long a ticket serves.
const SERVES: Duration = Duration::from_secs(60);

/// A guarded command that waits for its confirmation. A new one takes its place.
pub(crate) struct Ticket {
    id: String,
    spec: RunSpec,
    phrase: String,
    made: Instant,
}

impl App {
    /// Keeps a guarded command until it is confirmed.
    pub(crate) fn guard(&self, session: &PepSession, spec: RunSpec) -> RunStart {
        let stamp = self.stamp(&session.stamp_id).ok();
        // The region is what operators call their stamp; a stamp that is known by an address only has a name.
        let phrase = stamp
            .map(|stamp| if stamp.region.is_empty() { stamp.name } else { stamp.region })
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| session.computer.computer.clone());
        let ticket = uuid::Uuid::new_v4().to_string();
        let risk = convert::risk(spec.risk());
        let answer = RunStart::NeedsConfirmation { ticket: ticket.clone(), risk, phrase: phrase.clone() };
        self.lock().ticket = Some(Ticket { id: ticket, spec, phrase, made: Instant::now() });
        answer
    }

    /// Runs a guarded command when the target was typed and the operating system's question was answered with Yes.
    pub async fn run_confirm(&self, ticket: String, typed: String) -> Result<RunStart, Fault> {
        let found = {
            let mut inner = self.lock();
            let fits = |known: &mut Ticket| known.id == ticket && known.made.elapsed() < SERVES;
            inner.ticket.take_if(fits)
        };
        let (Some(found), Some(session)) = (found, self.session()) else { return Ok(RunStart::NotConfirmed) };
        if !typed.trim().eq_ignore_ascii_case(&found.phrase) {
            return Ok(RunStart::NotConfirmed);
        }
        let title = format!("{} on {}", found.spec.cmdlet, found.phrase);
        let question =
            format!("Run this on {} ({})?\n\n{}", found.phrase, session.computer.computer, found.spec.text());
        if !self.host.confirm(title, question).await {
            return Ok(RunStart::NotConfirmed);
        }
        match session.start_confirmed(found.spec, typed.trim()).await {
            Ok(id) => Ok(RunStart::Started { run_id: id.to_string() }),
            Err(fault) if fault.code == code::INTERNAL => Err(convert::fault(&fault)),
            Err(fault) => Ok(RunStart::Failed { fault: convert::fault(&fault) }),
        }
    }
}
