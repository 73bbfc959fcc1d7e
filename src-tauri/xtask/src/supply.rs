//! Licences, banned crates and sources of everything that is built in.

use crate::command::{self, Outcome, program, target};

/// The version of the checker, so that the same rules mean the same everywhere.
const VERSION: &str = "0.20.2";

/// Checks `deny.toml`. Known vulnerabilities are looked up by whoever releases, because that list is on the network.
pub(crate) fn check() -> Outcome {
    let tools = target().join("tools");
    let deny = tools.join("bin").join("cargo-deny");
    let installed = command::output(&deny.to_string_lossy(), &["--version"]);
    if installed.as_deref() != Some(&format!("cargo-deny {VERSION}")) {
        println!(
            "Tool to install: cargo-deny {VERSION} (licences and sources of all crates), into {}",
            tools.display()
        );
        command::run(
            program(env!("CARGO"))
                .args(["install", "--quiet", "--locked", "cargo-deny", "--version", VERSION, "--root"])
                .arg(&tools)
                // Its build has a place of its own, which goes when it is done.
                .env_remove("CARGO_TARGET_DIR"),
        )?;
    }
    command::run(program(deny).args(["--log-level", "warn", "check", "licenses", "bans", "sources"]))
}
