//! Cargo's further tools, each in one version, in the build folder.

use std::path::PathBuf;

use crate::command::{self, Outcome, program, target};

/// Where such tools are.
pub(crate) fn folder() -> PathBuf {
    target().join("tools/bin")
}

/// Installs a tool of crates.io in this version, unless it is there.
pub(crate) fn ensure(name: &str, version: &str, why: &str) -> Outcome {
    let tools = target().join("tools");
    let subcommand = name.trim_start_matches("cargo-");
    let path = folder().join(name);
    // Some tools want to be told that cargo calls them.
    let asks: [&[&str]; 2] = [&["--version"], &[subcommand, "--version"]];
    let wanted = format!("{name} {version}");
    if asks.iter().any(|ask| command::output(&path.to_string_lossy(), ask).as_deref() == Some(wanted.as_str())) {
        return Ok(());
    }
    println!("Tool to install: {wanted} ({why}), into {}", tools.display());
    command::run(
        program(env!("CARGO"))
            .args(["install", "--quiet", "--locked", name, "--version", version, "--root"])
            .arg(&tools)
            // Its build has a place of its own, which goes when it is done.
            .env_remove("CARGO_TARGET_DIR"),
    )
}
