//! The Python environment of the foreign servers and clients that the tests talk to.

use std::path::PathBuf;

use crate::command::{Outcome, program, root, run, target};

/// The Python interpreter of that environment.
pub(crate) fn interpreter() -> PathBuf {
    target().join("tools/venv/bin/python")
}

/// Makes the environment, or brings it up to date with the requirements.
pub(crate) fn ensure() -> Outcome {
    let folder = target().join("tools/venv");
    let wanted = std::fs::read_to_string(root().join("tests/peer/requirements.txt"))
        .map_err(|error| format!("tests/peer/requirements.txt cannot be read: {error}"))?;
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("Python packages: all there");
        return Ok(());
    }
    println!("Python packages to install: those of tests/peer/requirements.txt, into {}", folder.display());
    run(program("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        .and_then(|()| {
            run(program(interpreter())
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
                .arg("tests/peer/requirements.txt"))
        })
        .map_err(|reason| format!("the Python packages of the tests could not be installed ({reason})"))?;
    std::fs::write(&stamp, wanted).map_err(|error| format!("{} cannot be written: {error}", stamp.display()))
}
