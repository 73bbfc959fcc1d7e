//! What the worst inputs take in time: twice the size must not take more than 2.5 times as long (P-23). Time of this thread is
//! measured, in turns, and the median counts, so that a busy machine does not matter much; run by `cargo xtask bench growth`.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a command")]

use std::process::ExitCode;

use fuzz::worst::{self, Worst};

/// So often each size is read; the median counts.
const TURNS: usize = 9;
/// What is faster than this is not told apart from nothing, in seconds.
const LEAST: f64 = 0.000_3;
/// The worst factor that is accepted.
const MOST: f64 = 2.5;
/// What an input at the limit may take, in seconds. Not everything is optimised in a build for tests.
const LONGEST: f64 = if cfg!(debug_assertions) { 10.0 } else { 2.0 };

/// The time that this thread has worked.
#[cfg(unix)]
fn seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    std::time::Duration::try_from(now).expect("a time").as_secs_f64()
}

/// The time that has passed.
#[cfg(not(unix))]
fn seconds() -> f64 {
    static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(std::time::Instant::now).elapsed().as_secs_f64()
}

/// How long reading takes; endless when it does not come out as it should.
fn once(worst: &Worst, input: &[u8]) -> f64 {
    let begin = seconds();
    if (worst.read)(input) { seconds() - begin } else { f64::INFINITY }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The times of an input and of one of twice the size.
fn pair(worst: &Worst) -> (f64, f64) {
    let (one, two) = ((worst.input)(worst.size), (worst.input)(worst.size * 2));
    let (mut ones, mut twos) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ones.push(once(worst, &one));
        twos.push(once(worst, &two));
    }
    (median(ones), median(twos))
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut failed = false;
    println!(
        "{:12} {:36} {:>10} {:>10} {:>6} {:>10}",
        "reader", "input", "once ms", "twice ms", "factor", "largest ms"
    );
    for worst in worst::all() {
        if !wanted.is_empty() && wanted.iter().all(|wanted| !worst.reader.contains(wanted.as_str())) {
            continue;
        }
        let (mut one, mut two) = pair(&worst);
        // One that comes out badly by chance is measured again.
        if two > LEAST && two > one * MOST {
            (one, two) = pair(&worst);
        }
        let largest = once(&worst, &(worst.input)(worst.most));
        let bad = (two > LEAST && two > one * MOST) || largest > LONGEST;
        failed |= bad;
        println!(
            "{:12} {:36} {:10.2} {:10.2} {:6.2} {:10.1}{}",
            worst.reader,
            worst.name,
            one * 1e3,
            two * 1e3,
            two / one.max(1e-9),
            largest * 1e3,
            if bad { "  <-- too much" } else { "" }
        );
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
