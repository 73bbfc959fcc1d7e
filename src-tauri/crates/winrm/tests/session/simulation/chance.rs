//! Chance by seed: what the network does, and the random numbers of the client.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;
use winrm::{NoRandomness, RandomSource};

use crate::faulty::Fault;

/// Numbers that follow from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        // SplitMix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    /// True once in so many times.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }

    pub(crate) fn seconds(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from * 1000 + self.roll((to - from) * 1000))
    }
}

/// The client's ids and nonces.
pub(crate) struct SeededRandom(Mutex<Dice>);

impl SeededRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Dice::new(seed)))
    }
}

impl RandomSource for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        let mut dice = self.0.lock().unwrap();
        for part in bytes.chunks_mut(8) {
            let next = dice.next().to_le_bytes();
            part.copy_from_slice(&next[..part.len()]);
        }
        Ok(())
    }
}

/// What the network does: faults of single requests, how long each takes, and outages that cut every connection at once.
pub(crate) struct Weather {
    dice: Dice,
    /// Faults that are still to come at most
    left: u32,
    /// Answers come twice and requests arrive twice, too.
    twice: bool,
    outages: Vec<(Instant, Instant)>,
}

impl Weather {
    /// Nothing goes wrong, but everything takes time.
    pub(crate) fn fair(seed: u64) -> Self {
        Self { dice: Dice::new(seed), left: 0, twice: false, outages: Vec::new() }
    }

    pub(crate) fn bad(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let left = u32::try_from(dice.roll(9)).unwrap();
        let twice = dice.one_in(6);
        let mut outages = Vec::new();
        let mut at = Instant::now();
        for _ in 0..dice.roll(4) {
            let begin = at + dice.seconds(0, 40);
            // Most end in time to be bridged, some do not.
            at = begin + if dice.one_in(4) { dice.seconds(100, 400) } else { dice.seconds(0, 60) };
            outages.push((begin, at));
        }
        Self { dice, left, twice, outages }
    }

    /// What the next request meets, and how many milliseconds it and its answer take.
    pub(crate) fn next(&mut self) -> (Option<Fault>, u64, u64) {
        let dice = &mut self.dice;
        let (there, back) = (dice.roll(4) * dice.roll(400), dice.roll(4) * dice.roll(400));
        let fault = match dice.roll(24) {
            0 | 1 => Some(Fault::LoseRequest),
            2..=4 => Some(Fault::LoseAnswer),
            5 => Some(Fault::ClosedBefore),
            6 => Some(Fault::Answer(503)),
            7 => Some(Fault::Answer(401)),
            8 if self.twice => Some(Fault::Duplicate),
            9 if self.twice => Some(Fault::Replay),
            _ => None,
        };
        let fault = fault.filter(|_| self.left > 0);
        self.left -= u32::from(fault.is_some());
        (fault, there, back)
    }

    /// How long it takes to connect.
    pub(crate) fn connecting(&mut self) -> Duration {
        Duration::from_millis(self.dice.roll(3) * self.dice.roll(200))
    }

    pub(crate) fn is_out(&self, now: Instant) -> bool {
        self.outages.iter().any(|(begin, end)| (*begin..*end).contains(&now))
    }

    /// When a connection that was made then is cut.
    pub(crate) fn cut_after(&self, made: Instant) -> Option<Instant> {
        self.outages.iter().map(|(begin, _)| *begin).filter(|begin| *begin >= made).min()
    }
}
