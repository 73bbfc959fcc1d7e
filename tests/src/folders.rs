//! Where things are in this checkout.

use std::path::{Path, PathBuf};

/// The top folder of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests folder lies in the checkout").to_path_buf()
}

/// The build folder.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The Python that has the packages of `tests/peer/requirements.txt`; `cargo xtask test setup` installs it.
pub fn python() -> PathBuf {
    let path =
        std::env::var_os("PEP_TEST_PYTHON").map_or_else(|| target().join("tools/venv/bin/python"), PathBuf::from);
    assert!(path.is_file(), "{} is missing: run `cargo xtask test setup` first", path.display());
    path
}
