//! Licences, banned crates and sources of everything that is built in.

use crate::command::{self, Outcome, program};
use crate::tool;

/// The version of the checker, so that the same rules mean the same everywhere.
const VERSION: &str = "0.20.2";

/// Checks `deny.toml`. Known vulnerabilities are looked up by whoever releases, because that list is on the network.
pub(crate) fn check() -> Outcome {
    tool::ensure("cargo-deny", VERSION, "licences and sources of all crates")?;
    let deny = tool::folder().join("cargo-deny");
    command::run(program(deny).args(["--log-level", "warn", "check", "licenses", "bans", "sources"]))
}
