//! When to try a lost connection again.

use std::time::Duration;

use tokio::time::Instant;

use crate::random::{self, RandomSource};

const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The pause after so many failures: 1, 2, 4 … 30 seconds, shortened by up to a quarter so that many clients do not come at
/// once.
pub(super) fn pause(failures: u32, random: &dyn RandomSource) -> Duration {
    let pause = Duration::from_secs(1 << failures.saturating_sub(1).min(5)).min(LONGEST_PAUSE);
    let jitter = random::bytes::<1>(random).map_or(0, |[byte]| u32::from(byte));
    pause - pause * jitter / 1024
}

/// Tries of making a connection, since the last one that worked.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    since: Option<Instant>,
    tries: u32,
    next: Option<Instant>,
}

impl Recovery {
    /// A try failed: when is the next one? `None` when the time is up.
    pub(super) fn failed(&mut self, limit: Duration, random: &dyn RandomSource) -> Option<Duration> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let left = limit.checked_sub(now - since).filter(|left| !left.is_zero())?;
        self.tries += 1;
        self.next = Some(now + pause(self.tries, random).min(left));
        Some(left)
    }

    /// Whether a connection may be tried now.
    pub(super) fn may_try(&self) -> bool {
        self.next.is_none_or(|next| next <= Instant::now())
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next.filter(|next| *next > Instant::now())
    }

    /// It works again.
    pub(super) fn worked(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_thirty_seconds_and_end_after_the_limit() {
        let mut recovery = Recovery::default();
        let limit = Duration::from_secs(240);
        let start = Instant::now();
        let mut tries = 0;
        while recovery.failed(limit, &crate::SystemRandom).is_some() {
            assert!(!recovery.may_try());
            let next = recovery.deadline().unwrap_or(start);
            assert!(next - Instant::now() <= LONGEST_PAUSE);
            tokio::time::sleep_until(next).await;
            assert!(recovery.may_try());
            tries += 1;
        }
        assert!((9..20).contains(&tries), "{tries}");
        assert_eq!(Instant::now() - start, limit);
        recovery.worked();
        assert!(recovery.may_try());
    }
}
