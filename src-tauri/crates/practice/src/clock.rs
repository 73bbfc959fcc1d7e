//! Practice time: runs as fast as it is told to.

use std::time::Duration;

/// A clock on which an hour of log collection can pass in a minute.
#[derive(Debug, Clone, Copy)]
pub struct PracticeClock {
    speed: f64,
}

impl PracticeClock {
    /// A clock that runs this many times as fast as real time; anything that is not above zero counts as one.
    #[must_use]
    pub fn new(speed: f64) -> Self {
        Self { speed: if speed.is_finite() && speed > 0.0 { speed } else { 1.0 } }
    }

    /// How many times as fast as real time it runs.
    #[must_use]
    pub fn speed(self) -> f64 {
        self.speed
    }

    /// Waits until this much practice time has passed.
    pub async fn pass(self, seconds: f64) {
        let real = Duration::try_from_secs_f64(seconds / self.speed).unwrap_or_default();
        tokio::time::sleep(real).await;
    }
}
