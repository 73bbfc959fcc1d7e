//! Lines on their way to the writer: bounded by their size, so that a slow disk slows whoever gives them.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How many bytes of lines may wait. One line that is larger waits alone.
const ROOM: usize = 4 << 20;
/// What one line costs besides its content.
const OVERHEAD: usize = 128;

/// How a line is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Reaches the disk within a second.
    Ordinary,
    /// Waited for; refused when the record is suspended, so that nothing new begins.
    Durable,
    /// Waited for; written even when the record is suspended, out of the reserve.
    Ending,
}

/// What the writer is given.
pub(crate) enum Order {
    Line {
        class: Class,
        utc_ms: i64,
        mono: u64,
        kind: &'static str,
        data: String,
        run: Option<std::sync::Arc<str>>,
    },
    /// A run gives no more output.
    EndOutput {
        run: std::sync::Arc<str>,
        utc_ms: i64,
        mono: u64,
    },
}

impl Order {
    fn size(&self) -> usize {
        match self {
            Self::Line { data, .. } => data.len() + OVERHEAD,
            Self::EndOutput { .. } => OVERHEAD,
        }
    }
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Why nothing but endings is written any more.
    pub reason: String,
    /// How many lines came since and are not in the record.
    pub lines: u64,
}

#[derive(Default)]
pub(crate) struct State {
    orders: Vec<Order>,
    bytes: usize,
    /// Orders given so far.
    given: u64,
    /// Orders that are on the disk, or lost.
    done: u64,
    /// Orders that somebody waits for and that could not be written, and why.
    pub(crate) refused: HashMap<u64, String>,
    pub(crate) suspended: Option<Suspension>,
    /// Why nothing is written any more at all.
    pub(crate) dead: Option<String>,
    pub(crate) head: String,
    closed: bool,
}

/// The queue of one record.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    changed: Condvar,
}

impl Queue {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a line would have to wait.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.lock();
        state.bytes >= ROOM
    }

    /// Gives an order and answers its number; waits while there is no room.
    pub(crate) fn give(&self, order: impl FnOnce() -> Order) -> u64 {
        let mut state = self.lock();
        while state.bytes >= ROOM && state.dead.is_none() && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // Under the lock, so that moments and numbers have the same order.
        let order = order();
        state.bytes += order.size();
        state.orders.push(order);
        state.given += 1;
        if state.orders.len() == 1 {
            self.arrived.notify_one();
        }
        state.given
    }

    /// Waits until an order is on the disk.
    pub(crate) fn wait(&self, number: u64) -> Result<(), String> {
        let mut state = self.lock();
        loop {
            if state.done >= number {
                return state.refused.remove(&number).map_or(Ok(()), Err);
            }
            if let Some(reason) = &state.dead {
                return Err(reason.clone());
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes all orders; waits for one until the deadline. `None` when no more will come.
    pub(crate) fn take(&self, deadline: Option<Instant>) -> Option<Vec<Order>> {
        let mut state = self.lock();
        loop {
            if !state.orders.is_empty() {
                state.bytes = 0;
                let orders = std::mem::take(&mut state.orders);
                drop(state);
                self.changed.notify_all();
                return Some(orders);
            }
            if state.closed {
                return None;
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return Some(Vec::new()),
                Some(left) => state = self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Changes what is told and wakes whoever waits for it.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// No more orders will come.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.changed.notify_all();
    }
}

impl State {
    /// These orders, one after the other, are done.
    pub(crate) fn finish(&mut self, up_to: u64) {
        self.done = self.done.max(up_to);
    }
}
