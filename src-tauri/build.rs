//! Builds the page when it is missing or older than its sources, then lets Tauri embed it.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

/// Set by packagers and tests that have built the page already.
const SKIP: &str = "PEP_SKIP_PAGE";

/// Every command of the app. Listing them here makes Tauri check each call against the capability (T-04).
const COMMANDS: &[&str] = &[
    "app_snapshot",
    "app_painted",
    "app_quit",
    "practice_scenario",
    "stamp_import",
    "stamp_keep",
    "stamp_forget",
    "stamp_rename",
    "stamp_export",
    "stamp_fall_back",
    "portal_open",
    "arm_begin",
    "arm_open",
    "arm_finish",
    "arm_trust",
    "arm_cancel",
    "endpoint_probe",
    "endpoint_probe_cancel",
    "sign_in_ways",
    "session_inspect",
    "session_trust",
    "session_open",
    "session_cancel",
    "session_close",
    "secret_has",
    "secret_delete",
    "record_abandon",
    "command_describe",
    "run_preview",
    "run_start",
    "run_confirm",
    "run_attach",
    "run_ack",
    "run_stop",
    "prompt_answer",
];

fn main() {
    let ui = Path::new("..").join("ui");
    let sources = ["src", "index.html", "package.json", "package-lock.json", "vite.config.ts", "svelte.config.js"];
    for source in sources {
        println!("cargo::rerun-if-changed={}", ui.join(source).display());
    }
    println!("cargo::rerun-if-changed={}", ui.join("dist").join("index.html").display());
    println!("cargo::rerun-if-env-changed={SKIP}");
    if std::env::var_os(SKIP).is_none() && is_stale(&ui, &sources) {
        build(&ui);
    }
    let attributes = tauri_build::Attributes::new().app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        fail(&format!("the app's configuration is not right: {error:#}"));
    }
}

fn is_stale(ui: &Path, sources: &[&str]) -> bool {
    let Some(built) = modified(&ui.join("dist").join("index.html")) else { return true };
    sources.iter().any(|source| newest(&ui.join(source)).is_some_and(|changed| changed > built))
}

fn newest(path: &Path) -> Option<SystemTime> {
    if !path.is_dir() {
        return modified(path);
    }
    let entries = std::fs::read_dir(path).ok()?;
    entries.filter_map(|entry| newest(&entry.ok()?.path())).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn build(ui: &Path) {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    if !ui.join("node_modules").is_dir() {
        run(Command::new(npm).current_dir(ui).args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]));
    }
    run(Command::new(npm).current_dir(ui).args(["run", "build"]));
}

fn run(command: &mut Command) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => fail(&format!(
            "the page could not be built:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(error) => fail(&format!("the page could not be built because npm did not start: {error}")),
    }
}

#[allow(clippy::print_stderr, reason = "what Cargo shows when a build script fails")]
fn fail(reason: &str) -> ! {
    eprintln!("{reason}");
    std::process::exit(1);
}
