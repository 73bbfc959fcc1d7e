//! The one place that touches files, behind a seam so that tests can break a disk on purpose.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::path::Path;

/// A file that a record is written to. It only grows.
pub trait RecordFile: Send {
    /// Adds all these bytes at the end.
    ///
    /// # Errors
    /// When not all of them could be added; how many were is unknown.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()>;

    /// Cuts off what stands behind this length, in bytes.
    ///
    /// # Errors
    /// When the file keeps its length.
    fn cut(&mut self, length: u64) -> std::io::Result<()>;

    /// Returns when everything written is on the disk.
    ///
    /// # Errors
    /// When that is not certain. The caller never asks this file again (J-04).
    fn sync(&mut self) -> std::io::Result<()>;
}

/// Where records are kept.
pub trait Storage: Send + Sync {
    /// Makes a file that is not there yet and that only this user can read (J-10).
    ///
    /// # Errors
    /// When it is there, as a link too, or cannot be made.
    fn create(&self, path: &Path) -> std::io::Result<Box<dyn RecordFile>>;

    /// Opens a file for reading, through a handle of its own.
    ///
    /// # Errors
    /// When it is a link or cannot be opened.
    fn open(&self, path: &Path) -> std::io::Result<Box<dyn Read + Send>>;

    /// Removes a file.
    ///
    /// # Errors
    /// When it is still there.
    fn remove(&self, path: &Path) -> std::io::Result<()>;
}

/// The disks of this computer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

struct DiskFile(File);

impl RecordFile for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> std::io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.0.sync_data()
    }
}

impl Storage for Disk {
    fn create(&self, path: &Path) -> std::io::Result<Box<dyn RecordFile>> {
        let mut options = private();
        // Exclusive: neither a file nor a link of this name is there.
        options.append(true).create_new(true);
        let file = patiently(|| options.open(path))?;
        if let Some(folder) = path.parent() {
            sync_folder(folder);
        }
        Ok(Box::new(DiskFile(file)))
    }

    fn open(&self, path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(open_plain(path, OpenOptions::new().read(true))?))
    }

    fn remove(&self, path: &Path) -> std::io::Result<()> {
        patiently(|| std::fs::remove_file(path))
    }
}

/// Options of a file that only this user can use.
pub(crate) fn private() -> OpenOptions {
    #[allow(unused_mut, reason = "of Unix only")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a file, but not through a link (J-10).
pub(crate) fn open_plain(path: &Path, options: &mut OpenOptions) -> std::io::Result<File> {
    refuse_link(path)?;
    // The check above has the better words; this one cannot be overtaken by a link that is made in between.
    #[cfg(unix)]
    if let Ok(flag) = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()) {
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flag);
    }
    patiently(|| options.open(path))
}

fn refuse_link(path: &Path) -> std::io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(about) if about.file_type().is_symlink() => Err(std::io::Error::other("it is a link")),
        _ => Ok(()),
    }
}

/// Makes a folder that only this user can use, or takes one that is there. A link is refused (J-10).
///
/// # Errors
/// When it is a link or something else than a folder, or cannot be made private.
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    refuse_link(path)?;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    // A folder of an earlier version or of a careless unpacking may be open to others.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
        }
    }
    Ok(())
}

/// Brings a new or renamed entry of a folder to the disk, where a folder can be synced.
pub fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        // Some network file systems refuse this; the file's own sync is what counts.
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Whether nothing more fits on the disk or into the user's share of it.
pub(crate) fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Tries again for up to 2.5 seconds while a virus scanner or an indexer holds a file (J-11). Only Windows refuses for that.
fn patiently<T>(action: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    retry(action, is_held, std::thread::sleep)
}

fn is_held(error: &std::io::Error) -> bool {
    // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33))
}

fn retry<T>(
    mut action: impl FnMut() -> std::io::Result<T>,
    held: impl Fn(&std::io::Error) -> bool,
    mut pause: impl FnMut(std::time::Duration),
) -> std::io::Result<T> {
    const TRIES: usize = 25;
    for _ in 0..TRIES {
        match action() {
            Err(error) if held(&error) => pause(std::time::Duration::from_millis(100)),
            other => return other,
        }
    }
    action()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn j11_a_file_that_is_held_for_a_while_is_tried_for_two_and_a_half_seconds() {
        let mut waited = Duration::ZERO;
        let mut tries = 0;
        let busy = || std::io::Error::other("held");
        let never = retry(
            || {
                tries += 1;
                Err::<(), _>(busy())
            },
            |_| true,
            |pause| waited += pause,
        );
        assert!(never.is_err());
        assert_eq!((tries, waited), (26, Duration::from_millis(2_500)));
        let mut left = 3;
        let at_last = retry(
            || {
                left -= 1;
                if left == 0 { Ok(left) } else { Err(busy()) }
            },
            |_| true,
            |_| {},
        );
        assert_eq!(at_last.unwrap(), 0);
        let mut once = 0;
        let other = retry(
            || {
                once += 1;
                Err::<(), _>(busy())
            },
            |_| false,
            |_| {},
        );
        assert!(other.is_err());
        assert_eq!(once, 1, "other errors are not tried again");
    }

    #[cfg(unix)]
    #[test]
    fn j10_links_are_refused_and_folders_are_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let ours = folder.path().join("a/records");
        private_folder(&ours).unwrap();
        assert_eq!(mode(&ours), 0o700);
        std::fs::set_permissions(&ours, std::fs::Permissions::from_mode(0o755)).unwrap();
        private_folder(&ours).unwrap();
        assert_eq!(mode(&ours), 0o700, "an open folder is closed");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&ours, &link).unwrap();
        assert!(private_folder(&link).is_err());
        let target = ours.join("target");
        drop(Disk.create(&target).unwrap());
        assert_eq!(mode(&target), 0o600);
        assert!(Disk.create(&target).is_err(), "what is there is not taken over");
        let linked = ours.join("linked");
        std::os::unix::fs::symlink(&target, &linked).unwrap();
        assert!(Disk.open(&linked).is_err() && Disk.create(&linked).is_err());
        let dangling = ours.join("dangling");
        std::os::unix::fs::symlink(ours.join("nowhere"), &dangling).unwrap();
        assert!(Disk.create(&dangling).is_err());
        assert!(!ours.join("nowhere").exists());
    }
}
