//! What practice takes from the world: chance and the time of day. In a simulation both come from a seed, so that the same
//! seed gives the same endpoint, to the byte.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use psrp::PipelineId;
use tokio::time::Instant;
use uuid::Uuid;

/// When the clock of a seeded world begins: 1 January 2026 UTC, in seconds since 1970
const BEGINNING: u64 = 1_767_225_600;

/// Where chance and the time of day come from.
pub(crate) enum World {
    /// The operating system
    Real,
    /// A seed, and the clock of the runtime
    Seeded { begin: Instant, state: Mutex<Seeded> },
}

/// What a seeded world keeps.
pub(crate) struct Seeded {
    state: u64,
    begun: Vec<PipelineId>,
}

impl World {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self::Seeded { begin: Instant::now(), state: Mutex::new(Seeded { state: seed, begun: Vec::new() }) }
    }

    /// Random bytes; zeros where the operating system has none, which nothing here relies on for safety.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::Real => {
                if let Err(error) = getrandom::fill(&mut bytes) {
                    tracing::warn!(%error, "The operating system gives no random numbers");
                }
            }
            Self::Seeded { state, .. } => {
                let mut seeded = state.lock().unwrap_or_else(PoisonError::into_inner);
                for part in bytes.chunks_mut(8) {
                    let next = seeded.next().to_le_bytes();
                    part.iter_mut().zip(next).for_each(|(byte, random)| *byte = random);
                }
            }
        }
        bytes
    }

    /// A random GUID.
    pub(crate) fn id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random()).into_uuid()
    }

    pub(crate) fn since_1970(&self) -> Duration {
        match self {
            Self::Real => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            Self::Seeded { begin, .. } => Duration::from_secs(BEGINNING) + begin.elapsed(),
        }
    }

    /// A pipeline begins to run. Only a simulation wants to know.
    pub(crate) fn begins(&self, id: PipelineId) {
        if let Self::Seeded { state, .. } = self {
            state.lock().unwrap_or_else(PoisonError::into_inner).begun.push(id);
        }
    }

    /// The pipelines that began to run, in order.
    pub(crate) fn begun(&self) -> Vec<PipelineId> {
        match self {
            Self::Real => Vec::new(),
            Self::Seeded { state, .. } => state.lock().unwrap_or_else(PoisonError::into_inner).begun.clone(),
        }
    }
}

impl Seeded {
    /// SplitMix64
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
