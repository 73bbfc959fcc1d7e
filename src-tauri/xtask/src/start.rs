//! `cargo xtask start`: from a fresh checkout to the open app.

use crate::command::{self, Outcome, program};
use crate::{node, packages};

/// Installs what is missing, builds the page and the app, and opens the app in practice mode.
/// Arguments are handed to the app, for example a stamp file.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    packages::ensure(&[&packages::BUILD])?;
    node::ensure()?;
    if cfg!(target_os = "linux") && ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|name| std::env::var_os(name).is_none()) {
        println!("No display is set: the app is built, and opening it will fail until there is one.");
    }
    println!("Building the page and the app, and opening it in practice mode (the first build takes several minutes)");
    command::run(program(env!("CARGO")).args(["run", "--release", "--package", "pep-assistant", "--"]).args(arguments))
}
