//! A session without further sign-ins: its tickets have expired, or its password was changed. What is signed in stays so (a sign-in
//! belongs to its connection), and the lanes that there are take turns.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::actor::{Actor, Phase};
use super::event::Interruption;
use crate::SignInError;
use crate::lane::Lane;

/// How long no further sign-in is tried after one that did not succeed; and after several
const PAUSES: [Duration; 3] = [Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(120)];
/// How long a Receive without output keeps a lane that others wait for. It costs a command no more than this.
const TURN: Duration = Duration::from_secs(1);

/// How long a lane may be unused before it is taken for lost: the HTTP service of Windows closes one after two minutes, and a computer
/// that slept, or whose way has changed, does not hear of it.
const OLD: Duration = Duration::from_secs(100);

/// What is known of lanes that do not sign in.
#[derive(Default)]
pub(super) struct Few {
    /// When the next one is tried; `None` while they sign in.
    again: Option<Instant>,
    tries: usize,
    /// Signed in, but another one was lost, and perhaps these with it. They are not counted, and used only where no fresh one is to be
    /// had.
    pub(super) doubtful: Vec<Lane>,
    /// The last thing that was sent was no Receive: the next one is.
    pub(super) receives_next: bool,
}

impl Few {
    /// Whether none is tried now.
    pub(super) fn waits(&self) -> bool {
        self.deadline().is_some() && self.doubtful.is_empty()
    }

    /// Whether it is time to try one, whoever needs it: new tickets may be there.
    pub(super) fn is_due(&self) -> bool {
        self.again.is_some_and(|again| again <= Instant::now())
    }

    /// When one may be tried again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.again.filter(|again| *again > Instant::now())
    }
}

impl Actor {
    /// What ended one connection has often ended the others as well.
    pub(super) fn doubt(&mut self) {
        self.lanes = self.lanes.saturating_sub(self.idle.len());
        self.few.doubtful.append(&mut self.idle);
    }

    /// Nothing is sent over what nobody has used for long, if a fresh one is to be had.
    pub(super) fn doubt_the_old(&mut self) {
        if self.signs_no_more_in() {
            return;
        }
        let before = self.idle.len();
        self.few.doubtful.extend(self.idle.extract_if(.., |lane| lane.unused() > OLD));
        self.lanes = self.lanes.saturating_sub(before.saturating_sub(self.idle.len()));
    }

    /// A further lane did not sign in: whether the session goes on over those that there are. It is told once.
    pub(super) fn goes_on_with_few(&mut self, error: &SignInError) -> bool {
        let (lanes, doubtful) = (self.lanes, self.few.doubtful.len());
        let serves = match self.phase {
            Phase::Opening | Phase::Ready | Phase::Disconnecting => lanes + doubtful > 0,
            // It goes its own way as long as there is one.
            Phase::Closing => lanes == 0 && doubtful > 0,
            Phase::Disconnected | Phase::Ended => false,
        };
        if !serves || !error.spares_what_is_signed_in() {
            return false;
        }
        self.lanes += doubtful;
        self.idle.append(&mut self.few.doubtful);
        let pause = PAUSES.get(self.few.tries).or(PAUSES.last()).copied().unwrap_or_default();
        self.few.tries = self.few.tries.saturating_add(1);
        if self.few.again.replace(Instant::now() + pause).is_none() {
            self.interrupted(Interruption::FewerConnections { reason: error.clone() });
        }
        true
    }

    /// A lane has signed in.
    pub(super) fn signs_in(&mut self) {
        self.few.doubtful.clear();
        self.few.tries = 0;
        if self.few.again.take().is_some() {
            self.interrupted(Interruption::ConnectionsAgain);
        }
    }

    /// The password of the sign-in was changed.
    pub(super) fn is_stale(&self) -> bool {
        self.link.stale.load(Ordering::Acquire)
    }

    /// Whether no further lane is to be had for now.
    fn signs_no_more_in(&self) -> bool {
        self.few.again.is_some() || self.refused.is_some() || self.is_stale()
    }

    /// Whether the Receives could keep every lane that there is, and no other one comes.
    pub(super) fn takes_turns(&self) -> bool {
        self.signs_no_more_in() && self.lanes <= self.receives.len()
    }

    /// How long the endpoint may keep a Receive without output.
    pub(super) fn time_of_a_receive(&self) -> Duration {
        if self.takes_turns() { self.jobs.timeout.min(TURN) } else { self.jobs.timeout }
    }

    /// This one was received; where lanes are few, all others come before it does again.
    pub(super) fn next_in_turn(&mut self, index: usize) {
        if self.takes_turns() && index < self.receives.len() {
            let received = self.receives.remove(index);
            self.receives.push(received);
        }
    }
}
