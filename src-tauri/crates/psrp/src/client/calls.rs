//! The host calls of one pipeline or of the pool: each is asked once and answered once.

use std::collections::{BTreeMap, BTreeSet};

use crate::CallId;
use crate::host::HostMethod;

/// More questions than anybody answers.
const OPEN_LIMIT: usize = 256;

/// Answers that may wait to be sent, in bytes. Every call that wants one holds its runspace up until it has it, so that a
/// pool of ordinary size never has as much.
pub(super) const UNSENT_ANSWERS: usize = 1 << 20;

/// Numbers that are remembered one by one; they rise, so older ones need only a bound.
const SEEN_LIMIT: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Calls {
    open: BTreeMap<CallId, HostMethod>,
    seen: BTreeSet<CallId>,
    // Every number up to this one was seen.
    floor: Option<CallId>,
}

impl Calls {
    /// Whether this call is new. Calls without answer have no number of their own and are always new.
    pub(super) fn is_new(&mut self, id: CallId) -> bool {
        if !id.wants_answer() {
            return true;
        }
        if self.floor.is_some_and(|floor| id <= floor) || !self.seen.insert(id) {
            return false;
        }
        if self.seen.len() > SEEN_LIMIT {
            self.floor = self.seen.pop_first();
        }
        true
    }

    /// Notes a question; false when too many are open.
    pub(super) fn ask(&mut self, id: CallId, method: HostMethod) -> bool {
        self.open.insert(id, method);
        self.open.len() <= OPEN_LIMIT
    }

    /// Takes an open question out.
    pub(super) fn close(&mut self, id: CallId) -> Option<HostMethod> {
        self.open.remove(&id)
    }

    /// Takes all open questions out.
    pub(super) fn withdraw(&mut self) -> impl Iterator<Item = CallId> + use<> {
        std::mem::take(&mut self.open).into_keys()
    }
}
