//! One piece of work at a time for each entry, and a limit to what is waited for: a key ring that waits for somebody who is not there
//! holds one thread for an entry, however often it is asked (S-35).

use std::collections::HashSet;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use app::host::StoreError;

pub(crate) struct Slots {
    limit: Duration,
    busy: Mutex<HashSet<String>>,
    freed: Condvar,
}

/// The work on one entry; the next may begin when this is dropped.
struct Slot {
    slots: Arc<Slots>,
    entry: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.entry);
        self.slots.freed.notify_all();
    }
}

impl Slots {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, busy: Mutex::default(), freed: Condvar::new() }
    }

    /// Does the work on a thread of its own. What is not done in time goes on alone, and its result is dropped.
    pub(crate) fn run<T: Send + 'static>(
        self: &Arc<Self>,
        entry: &str,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let late = || StoreError::Late(self.limit.as_secs());
        let end = Instant::now() + self.limit;
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_timeout_while(busy, self.limit, |busy| busy.contains(entry));
        let (mut busy, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(late());
        }
        busy.insert(entry.to_owned());
        drop(busy);
        let slot = Slot { slots: Arc::clone(self), entry: entry.to_owned() };
        let (done, result) = sync_channel(1);
        let thread = std::thread::Builder::new().name("key ring".to_owned()).spawn(move || {
            let worked = work();
            drop(slot);
            // Nobody waits any more when it comes too late.
            let _ = done.send(worked);
        });
        thread.map_err(|error| StoreError::Failed(error.to_string()))?;
        result.recv_timeout(end.saturating_duration_since(Instant::now())).unwrap_or_else(|_| Err(late()))
    }
}
