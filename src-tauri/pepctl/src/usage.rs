//! What this process has used, where the system tells.

/// Seconds of CPU time of all threads.
pub(crate) fn cpu_seconds() -> f64 {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        #[allow(clippy::cast_precision_loss, reason = "a duration of a process")]
        return time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
    }
    #[cfg(not(unix))]
    0.0
}

/// The most memory that was resident since the last reset, in KiB.
pub(crate) fn peak_rss_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// Begins a new peak.
pub(crate) fn reset_peak() {
    // Where the system has no such file, the peak is that of the whole life.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
