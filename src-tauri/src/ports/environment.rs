//! Variables that would open the web view to others (T-16).

use std::process::{Command, ExitCode};

/// Beginnings of names that must not reach the web view: they open its debugger even in a release.
const FORBIDDEN: [&str; 2] = ["WEBVIEW2_", "WEBKIT_INSPECTOR_"];

fn forbidden() -> impl Iterator<Item = std::ffi::OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy().to_uppercase();
        FORBIDDEN.iter().any(|start| name.starts_with(start))
    })
}

/// Whether the environment holds such a variable. A program cannot safely remove one from itself once threads may run,
/// so it starts itself again without them.
///
/// A debug build under a test driver keeps them: the driver reaches the page through them. A release never does.
pub(crate) fn needs_clean_start() -> bool {
    let driven = cfg!(debug_assertions) && std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some();
    !driven && forbidden().next().is_some()
}

/// Starts this program again without those variables and waits for it.
pub(crate) fn start_again() -> ExitCode {
    let Ok(program) = std::env::current_exe() else { return ExitCode::FAILURE };
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1));
    for name in forbidden() {
        command.env_remove(name);
    }
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
