//! A real PowerShell engine, where its archive is at hand.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::folders;

/// Names another place of the archive than the folder beside the checkout.
const ARCHIVE: &str = "PEP_ENGINE_ARCHIVE";

/// The folder with `pep-engine` and `pep-client`, unpacked once into the build folder, or `None` (said in one line)
/// where there is no archive.
pub fn folder() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(unpack).clone()
}

#[allow(clippy::print_stdout, reason = "whoever runs the tests must see what was left out")]
fn unpack() -> Option<PathBuf> {
    let archive =
        std::env::var_os(ARCHIVE).map_or_else(|| folders::root().join("../shared/engine/engine.tar.xz"), PathBuf::from);
    if !archive.is_file() {
        println!("The archive of the PowerShell engine is not here: tests against it are left out.");
        return None;
    }
    let tools = folders::target().join("tools");
    let folder = tools.join("engine");
    if !folder.join("pep-client").is_file() {
        // Unpacked beside and renamed, so that an interrupted run leaves nothing half done.
        std::fs::create_dir_all(&tools).expect("the build folder can be written");
        let fresh = tempfile::tempdir_in(&tools).expect("the build folder can be written");
        let status =
            Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(fresh.path()).status().expect("tar starts");
        assert!(status.success(), "the engine's archive unpacks");
        // Another test process may have been faster.
        if let Err(error) = std::fs::rename(fresh.path().join("engine"), &folder) {
            assert!(folder.join("pep-client").is_file(), "the engine cannot be put in place: {error}");
        }
    }
    Some(folder)
}
