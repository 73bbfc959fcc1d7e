//! Windows' error reporting: no reports of this program, and no heap in one that is made nevertheless.

#![allow(unsafe_code)]

use std::io::Error;
use std::os::windows::ffi::OsStrExt as _;

use windows_sys::Win32::System::ErrorReporting::{
    WER_FAULT_REPORTING_FLAG_NOHEAP, WerAddExcludedApplication, WerSetFlags,
};

/// Excludes this program from error reports of this person, and heaps from all reports of this process.
pub(crate) fn no_reports() -> std::io::Result<()> {
    // SAFETY: a number in, a number out.
    let flags = unsafe { WerSetFlags(WER_FAULT_REPORTING_FLAG_NOHEAP) };
    let program = std::env::current_exe()?;
    // Reports are kept by the name of the file.
    let name = program.file_name().unwrap_or(program.as_os_str());
    let name: Vec<u16> = name.encode_wide().chain([0]).collect();
    // SAFETY: the name ends with a zero and outlives the call, which only reads it.
    let excluded = unsafe { WerAddExcludedApplication(name.as_ptr(), 0) };
    for code in [flags, excluded] {
        if code < 0 {
            return Err(Error::from_raw_os_error(code));
        }
    }
    Ok(())
}
