//! Keeps the memory of this process out of files: after a crash nothing of a password lies on a disk (S-38).
//!
//! What remains: memory may be written to the swap space and to the image of a sleeping computer, and whoever is administrator
//! of the computer reads it anyway.

#[cfg(windows)]
mod windows;

/// From now on no image of this process is written, and others of the same person cannot read its memory. Programs that it
/// starts write none either, where the operating system passes that on.
///
/// # Errors
/// When the operating system refuses. The rest is done all the same.
pub fn no_memory_images() -> std::io::Result<()> {
    #[cfg(unix)]
    return unix();
    #[cfg(windows)]
    return windows::no_reports();
    #[cfg(not(any(unix, windows)))]
    return Err(std::io::ErrorKind::Unsupported.into());
}

#[cfg(unix)]
fn unix() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // The web view's own processes inherit it: what is typed passes through one of them.
    let limit = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A limit alone does not keep away a program that is told of crashes; this does. It also keeps debuggers away.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(limit?)
}
