//! Running programs, and the folders of this checkout.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What every step answers: nothing, or one line that says what could not be had or done.
pub(crate) type Outcome = Result<(), String>;

/// The top folder of the checkout.
pub(crate) fn root() -> PathBuf {
    // This package lives two levels below the top.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}

/// The build folder, which also holds everything that these commands install for themselves.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// A command that starts in the top folder.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Runs a command to its end and shows its output as it comes.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = show(command);
    println!("  $ {shown}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(error) => Err(format!("`{shown}` could not be started: {error}")),
    }
}

/// Runs cargo with these arguments in the top folder.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Outcome {
    run(program(env!("CARGO")).args(arguments))
}

/// The standard output of a program that ends well, without its line end.
pub(crate) fn output(name: &str, arguments: &[&str]) -> Option<String> {
    let output = program(name).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn show(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(name).chain(command.get_args()).map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
