//! Where ids, nonces and pauses get their chance from: the operating system, or a seed when a simulation is replayed.

use std::sync::Arc;

use uuid::Uuid;

/// There are no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

/// Gives random bytes. The nonce and the key of every sign-in are made of them, so that anything but [`SystemRandom`] is for
/// simulations against an endpoint that guards nothing.
pub trait RandomSource: Send + Sync {
    /// Fills these bytes.
    ///
    /// # Errors
    /// When there is nothing to fill them with.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The random numbers of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl RandomSource for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|_| NoRandomness)
    }
}

/// The source of a session.
pub(crate) type Random = Arc<dyn RandomSource>;

pub(crate) fn bytes<const N: usize>(random: &dyn RandomSource) -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn id(random: &dyn RandomSource) -> Result<Uuid, NoRandomness> {
    Ok(uuid::Builder::from_random_bytes(bytes(random)?).into_uuid())
}
