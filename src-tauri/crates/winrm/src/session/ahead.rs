//! A Receive that is sent right behind its Command, over another lane, and waits at the endpoint when the first output is there:
//! one round trip less for each command.
//!
//! It may overtake the Command; then the endpoint does not know the command yet, and it is sent again behind the Command's
//! answer. Where that happens again and again nothing is sent early any more.

use std::time::Duration;

use psrp::PipelineId;
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::actor::{Actor, ReceiveState, Receiving};
use super::job::Job;

/// This part of the way there and back is left between a command and its Receive, where the way is long: two connections do not keep
/// their order, and one that came too early costs a whole way.
const LAG: u32 = 16;
/// The shortest lag that is worth waiting, and the longest one. A short way is left to chance: an endpoint that is busy while lanes sign in
/// looks farther than it is, and a lag for every command costs more than one that came too early now and then.
const LAGS: [Duration; 2] = [Duration::from_millis(6), Duration::from_millis(20)];

/// So often in a row it may have been too early.
const MOST_MISSES: u32 = 2;

/// Whether a Receive went ahead of the answer to its Command.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    course: Course,
    misses: u32,
    /// A command whose Receive has no lane yet, and when it leaves
    waits: Option<(PipelineId, oneshot::Receiver<()>)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Course {
    #[default]
    None,
    Sent(PipelineId),
    /// The endpoint answered it, so that it knows the command.
    Heard(PipelineId),
    /// The answer to the Command was lost: this Receive will tell whether the endpoint knows it. Another one to ask with would
    /// take output away from it.
    Asks(PipelineId),
}

impl Ahead {
    /// Whether the endpoint was heard of this command before it had answered the Command.
    pub(super) fn was_heard(&self, id: PipelineId) -> bool {
        self.course == Course::Heard(id)
    }

    /// What became of the Command is known; whether its Receive went ahead.
    pub(super) fn settle(&mut self, target: Option<PipelineId>) -> bool {
        self.waits.take_if(|(id, _)| Some(*id) == target);
        let ahead =
            target.is_some_and(|id| [Course::Sent(id), Course::Heard(id), Course::Asks(id)].contains(&self.course));
        if ahead {
            self.course = Course::None;
        }
        ahead
    }
}

impl Actor {
    /// Sends the first Receive of a command right behind it, where a lane is free for it.
    pub(super) fn receive_early(&mut self, id: PipelineId, command: oneshot::Receiver<()>) {
        let pending = self.receives.iter().filter(|it| matches!(it.state, ReceiveState::Pending)).count();
        if self.ahead.misses >= MOST_MISSES
            || !self.outbox.is_empty()
            || pending + 1 >= self.options.max_lanes.max(2)
            || self.receiving(Some(id)).is_some()
        {
            return;
        }
        let Some(lane) = self.idle.pop() else {
            self.ahead.waits = Some((id, command));
            self.want_lane();
            return;
        };
        match self.jobs.receive(Some(id), false) {
            Ok(job) => {
                self.ahead.course = Course::Sent(id);
                self.receives.push(Receiving {
                    target: Some(id),
                    state: ReceiveState::Pending,
                    ended: None,
                    failing: None,
                });
                self.start(Job { early: true, behind: Some(command), ..job }, lane);
                // The end of this command shall not take the lane of the next one's Receive.
                if self.idle.is_empty() {
                    self.want_lane();
                }
            }
            // The one behind the answer will say so.
            Err(_) => self.idle.push(lane),
        }
    }

    /// There is one more lane: for the Receive of a command that is still on its way.
    pub(super) fn receive_early_after_all(&mut self) {
        if let Some((id, command)) = self.ahead.waits.take() {
            self.receive_early(id, command);
        }
    }

    /// The Command was answered: now its output is waited for, unless that is so already.
    pub(super) fn command_answered(&mut self, id: PipelineId) {
        if !self.ahead.settle(Some(id)) {
            self.begin_receiving(Some(id));
        }
    }

    /// The endpoint answered a Receive, or let its time go by.
    pub(super) fn heard_early(&mut self, target: Option<PipelineId>) {
        let Some(id) = target else { return };
        if self.ahead.course == Course::Sent(id) {
            self.ahead = Ahead { course: Course::Heard(id), ..Ahead::default() };
        } else if self.ahead.course == Course::Asks(id) {
            self.ahead = Ahead::default();
            self.ordered_busy = false;
        }
    }

    /// The answer to the Command was lost: whether its Receive can tell what became of it.
    pub(super) fn asks_ahead(&mut self, id: PipelineId) -> bool {
        // Whoever asks now would lose output to one that comes after all.
        self.ahead.waits = None;
        if self.ahead.course == Course::Sent(id) && self.receiving(Some(id)).is_some() {
            self.ahead.course = Course::Asks(id);
            return true;
        }
        false
    }

    /// A command whose fate its Receive should have told, and which is not waited for any more, holds nothing up.
    pub(super) fn let_go(&mut self) {
        if let Course::Asks(id) = self.ahead.course
            && self.receiving(Some(id)).is_none()
        {
            self.ahead.course = Course::None;
            self.ordered_busy = false;
        }
    }

    /// The Receive overtook its Command.
    pub(super) fn too_early(&mut self, target: Option<PipelineId>) {
        self.ahead.misses = self.ahead.misses.saturating_add(1);
        let asks = target.is_some_and(|id| self.ahead.course == Course::Asks(id));
        if asks {
            // It may still be under way.
            self.ahead.course = Course::None;
            self.end_receiving(target);
            self.ask(target, 1);
        } else if self.ahead.settle(target) {
            // The answer to the Command is still to come, and begins anew.
            self.end_receiving(target);
        } else {
            self.want_again(target);
        }
    }

    /// The command does not run: nothing is waited for.
    pub(super) fn forget_early(&mut self, id: PipelineId) {
        if self.ahead.settle(Some(id)) {
            self.end_receiving(Some(id));
        }
    }
}

/// Lets the command go ahead that a Receive belongs to.
pub(super) async fn let_pass(way: Duration) {
    let [shortest, longest] = LAGS;
    match way / LAG {
        lag if lag < shortest => yield_now().await,
        lag => sleep(lag.min(longest)).await,
    }
}
