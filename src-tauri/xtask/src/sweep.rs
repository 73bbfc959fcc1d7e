//! `cargo xtask sweep`: the long form of tests of which the normal run carries out a part.

use crate::command::{self, Outcome, program};
use crate::python;

/// Runs every single fault, and so many combinations from this seed on.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let number = |index: usize, otherwise: u64| match arguments.get(index) {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|_| format!("{text:?} is no number")),
    };
    let (count, seed): (u64, u64) = (number(0, 1000)?, number(1, 1)?);
    python::ensure()?;
    command::run(
        program(env!("CARGO"))
            .args(["test", "--package", "tests", "--test", "conformance", "sweep"])
            .env("PEP_SWEEP", count.to_string())
            .env("PEP_SWEEP_SEED", seed.to_string())
            .env("PEP_TEST_PYTHON", python::interpreter()),
    )
}
