//! `cargo xtask sweep`: the long form of tests of which the normal run carries out a part.

use crate::command::{self, Outcome, program};
use crate::python;

fn number(arguments: &[String], index: usize, otherwise: u64) -> Result<u64, String> {
    match arguments.get(index) {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
    }
}

/// Runs so many seeds of the simulation from this one on, and prints the hash of their traces; of a single seed, the trace.
pub(crate) fn simulate(arguments: &[String]) -> Outcome {
    let (count, seed) = (number(arguments, 0, 10_000)?, number(arguments, 1, 1)?);
    command::run(
        program(env!("CARGO"))
            .args(["test", "--release", "--package", "winrm", "--test", "session", "--"])
            .args(["simulation::sessions_in_bad_weather", "--exact", "--nocapture"])
            .env("PEP_SIMULATE", count.to_string())
            .env("PEP_SIMULATE_SEED", seed.to_string()),
    )
}

/// Runs every single fault, and so many combinations from this seed on.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let (count, seed) = (number(arguments, 0, 1000)?, number(arguments, 1, 1)?);
    python::ensure()?;
    command::run(
        program(env!("CARGO"))
            .args(["test", "--package", "tests", "--test", "conformance", "sweep"])
            .env("PEP_SWEEP", count.to_string())
            .env("PEP_SWEEP_SEED", seed.to_string())
            .env("PEP_TEST_PYTHON", python::interpreter()),
    )
}

/// Reads and writes so many generated values with our codec and with a foreign one.
pub(crate) fn differential(arguments: &[String]) -> Outcome {
    let count = number(arguments, 0, 100_000)?;
    python::ensure()?;
    command::run(
        program(env!("CARGO"))
            .args(["test", "--package", "tests", "--test", "differential", "--", "--nocapture"])
            .env("PEP_DIFFERENTIAL", count.to_string())
            .env("PEP_TEST_PYTHON", python::interpreter()),
    )
}
