//! A process that crashes leaves no image. It is a process of its own, so that the test's own limits stay.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use rustix::process::{DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit, setrlimit};

/// Set in the process that crashes.
const CRASHES: &str = "PEP_TEST_CRASHES";

#[test]
fn s38_a_crash_leaves_no_image_of_the_memory() {
    if std::env::var_os(CRASHES).is_some() {
        hardening::no_memory_images().unwrap();
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        assert_eq!(getrlimit(Resource::Core), none);
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        // What it starts is limited as well: the web view's processes.
        let inherited = Command::new("sh").args(["-c", "ulimit -Hc"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&inherited.stdout).trim(), "0");
        std::process::abort();
    }
    // Images would be written but for the call.
    let most = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: most, maximum: most }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "s38_a_crash_leaves_no_image_of_the_memory", "--nocapture"])
        .env(CRASHES, "yes")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.signal(), Some(6), "it came as far as its crash: {said}");
    assert!(!ended.status.core_dumped(), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
