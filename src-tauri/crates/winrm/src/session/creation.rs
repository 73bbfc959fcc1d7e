//! The creation of the shell, and what is done when it is not answered or its idle time is refused.

use std::time::Duration;

use super::actor::Actor;
use super::event::Interruption;
use super::job::Job;
use crate::{LaneError, OpenError};

/// How often an endpoint that says that it had no time is asked to make the shell. PowerShell's client does it as often.
const MOST_TRIES: u32 = 5;

impl Actor {
    pub(super) fn created(&mut self, idle: Option<Duration>) {
        self.create_again = None;
        self.idle_granted = idle.or(self.idle_asked);
        self.ordered_busy = false;
        self.begin_receiving(None);
        // The lane of the first Receive is taken; what comes next should not wait for a sign-in.
        self.want_second_lane();
    }

    /// The answer to Create is missing. A Receive asks whether the shell is there: its id is ours. The password was accepted
    /// and the endpoint proved itself with its signature over the mechanisms, so that a second sign-in risks nothing.
    pub(super) fn create_lost(&mut self, tries: u32, reason: LaneError) {
        if tries > 0 || !reason.may_be_lost() {
            self.fail_open(OpenError::CreateLost { shell: self.pool.id(), reason });
        } else {
            self.ask_for_shell(reason);
        }
    }

    /// The endpoint says that it had no time for it, which it may have again: the time for opening limits this too.
    pub(super) fn create_timed_out(&mut self, reason: LaneError) {
        self.create_timeouts = self.create_timeouts.saturating_add(1);
        if self.create_timeouts >= MOST_TRIES {
            self.fail_open(OpenError::CreateLost { shell: self.pool.id(), reason });
        } else {
            self.ask_for_shell(reason);
        }
    }

    fn ask_for_shell(&mut self, reason: LaneError) {
        tracing::info!(reason = %reason, "the creation of the shell was not answered");
        self.create_again = Some(reason);
        self.ask(None, 1);
    }

    /// Create came to its end while the session closes. What it may have made is deleted.
    pub(super) fn created_late(&mut self, may_be_there: bool) {
        if may_be_there {
            self.delete_shell();
        } else {
            self.end_close(Ok(()));
        }
    }

    /// The endpoint does not know the shell that was asked for: it is created once more, under the same id, so that one
    /// that was merely slow cannot become a second one.
    pub(super) fn create_again(&mut self) {
        self.create(1);
    }

    pub(super) fn ask_less_idle_time(&mut self) {
        const LEAST: Duration = Duration::from_secs(30 * 60);
        self.idle_asked = self.idle_asked.map(|asked| asked / 2).filter(|asked| *asked >= LEAST);
        self.interrupted(Interruption::IdleTimeReduced { to: self.idle_asked });
        self.create(0);
    }

    /// Creates the shell, after so many tries without an answer.
    fn create(&mut self, tries: u32) {
        match self.jobs.create(&self.options.name, &self.creation_xml, self.idle_asked) {
            Ok(job) => {
                self.ordered_busy = false;
                self.ordered.push_front(Job { tries, ..job });
            }
            Err(error) => self.fail_open(error.into()),
        }
    }

    pub(super) fn want_second_lane(&mut self) {
        if self.lanes == 1 {
            self.want_lane();
        }
    }
}
