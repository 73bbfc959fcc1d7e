//! How many requests each step took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters of one session, shared by its lanes.
#[derive(Debug, Clone, Default)]
pub struct Stats(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU64,
    sign_in_requests: AtomicU64,
    passwords_sent: AtomicU64,
    sealed_requests: AtomicU64,
    receives: AtomicU64,
    bytes_out: AtomicU64,
    bytes_in: AtomicU64,
}

/// What was counted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Connections made
    pub connections: u64,
    /// Requests of sign-ins, each one round trip
    pub sign_in_requests: u64,
    /// AUTHENTICATE messages sent
    pub passwords_sent: u64,
    /// Sealed requests, each one round trip; Receives among them
    pub sealed_requests: u64,
    /// Receives
    pub receives: u64,
    /// Bytes of sealed bodies sent
    pub bytes_out: u64,
    /// Bytes of sealed bodies received
    pub bytes_in: u64,
}

impl Stats {
    /// The counts of this moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let counters = &self.0;
        Counts {
            connections: counters.connections.load(Relaxed),
            sign_in_requests: counters.sign_in_requests.load(Relaxed),
            passwords_sent: counters.passwords_sent.load(Relaxed),
            sealed_requests: counters.sealed_requests.load(Relaxed),
            receives: counters.receives.load(Relaxed),
            bytes_out: counters.bytes_out.load(Relaxed),
            bytes_in: counters.bytes_in.load(Relaxed),
        }
    }

    /// Takes over what was counted before there was a session.
    pub(crate) fn add(&self, earlier: Counts) {
        self.0.connections.fetch_add(earlier.connections, Relaxed);
        self.0.sign_in_requests.fetch_add(earlier.sign_in_requests, Relaxed);
    }

    pub(crate) fn connected(&self) {
        self.0.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn sign_in_request(&self) {
        self.0.sign_in_requests.fetch_add(1, Relaxed);
    }

    pub(crate) fn password_sent(&self) {
        self.0.passwords_sent.fetch_add(1, Relaxed);
    }

    pub(crate) fn sealed_request(&self, bytes: usize) {
        self.0.sealed_requests.fetch_add(1, Relaxed);
        self.0.bytes_out.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn sealed_answer(&self, bytes: usize) {
        self.0.bytes_in.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn receive(&self) {
        self.0.receives.fetch_add(1, Relaxed);
    }
}

impl Counts {
    /// Requests of either kind.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.sign_in_requests + self.sealed_requests
    }
}
