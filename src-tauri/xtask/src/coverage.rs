//! `cargo xtask coverage`: how many lines of the crates that read what others wrote are run by those crates' own tests.

use crate::command::{self, Outcome, output, program};
use crate::{packages, tool};

/// The crates that are measured.
const CRATES: [&str; 6] = ["safe-xml", "clixml", "psrp", "wsman", "spnego", "psformat"];
/// So much of each has to be run, in percent of lines (P-22).
const LEAST: f64 = 90.0;
/// The version of the tool
const VERSION: &str = "0.9.1";

/// Lines of a crate
#[derive(Default, Clone, Copy)]
struct Lines {
    all: u32,
    missed: u32,
}

impl Lines {
    fn percent(self) -> f64 {
        if self.all == 0 { 0.0 } else { 100.0 * f64::from(self.all - self.missed) / f64::from(self.all) }
    }
}

/// Measures, prints a line a crate, and fails when one of them is below the limit.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    tool::ensure("cargo-llvm-cov", VERSION, "coverage of lines")?;
    let mut command = program(tool::folder().join("cargo-llvm-cov"));
    command.arg("llvm-cov");
    if let Some(major) = system_tools()? {
        command.env("LLVM_COV", format!("llvm-cov-{major}")).env("LLVM_PROFDATA", format!("llvm-profdata-{major}"));
    }
    for name in CRATES {
        command.args(["--package", name]);
    }
    if let [which] = arguments
        && which == "lines"
    {
        return command::run(command.args(["--show-missing-lines", "--summary-only"]));
    }
    println!("Measuring the tests of {}", CRATES.join(", "));
    let done = command.arg("--summary-only").output().map_err(|error| format!("cargo-llvm-cov: {error}"))?;
    if !done.status.success() {
        return Err(format!("the tests failed:\n{}", String::from_utf8_lossy(&done.stderr)));
    }
    let table = String::from_utf8_lossy(&done.stdout);
    let mut below = Vec::new();
    for name in CRATES {
        let lines = sum(&table, name);
        println!("{name:9} {:5.1} % of {} lines", lines.percent(), lines.all);
        if lines.percent() < LEAST {
            below.push(name);
        }
    }
    if below.is_empty() { Ok(()) } else { Err(format!("below {LEAST} %: {}", below.join(", "))) }
}

/// The major version of the tools to take from the system; `None` when the tool chain has its own.
fn system_tools() -> Result<Option<String>, String> {
    let about = output("rustc", &["-vV"]).ok_or("the compiler does not say its version")?;
    let line = |name: &str| about.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let (host, version) = (line("host:").unwrap_or_default(), line("LLVM version:").unwrap_or_default());
    let root = output("rustc", &["--print", "sysroot"]).unwrap_or_default();
    if std::path::Path::new(&root).join("lib/rustlib").join(host).join("bin/llvm-cov").exists() {
        return Ok(None);
    }
    // What the compiler writes is read by tools of its own version only.
    let major = version.split('.').next().unwrap_or_default();
    if major != packages::LLVM_VERSION {
        return Err(format!(
            "this compiler has LLVM {major}; `rustup component add llvm-tools` or the system's llvm-{major} is needed"
        ));
    }
    packages::ensure(&[&packages::COVERAGE])?;
    Ok(Some(major.to_owned()))
}

/// Adds the files of a crate up. Columns: file, three of regions, three of functions, lines, lines missed, …
fn sum(table: &str, name: &str) -> Lines {
    let mut sum = Lines::default();
    let inside = format!("{name}/src/");
    for row in table.lines().filter(|row| row.contains(&inside)) {
        let columns: Vec<&str> = row.split_whitespace().collect();
        let number = |at: usize| columns.get(at).and_then(|text| text.parse().ok()).unwrap_or(0);
        sum.all += number(7);
        sum.missed += number(8);
    }
    sum
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_of_a_crate_are_added_up() {
        let table = "Filename Regions Missed Cover Functions Missed Executed Lines Missed Cover\n\
                     clixml/src/a.rs 10 1 90.00% 2 0 100.00% 30 3 90.00% 0 0 -\n\
                     clixml/src/b.rs 10 1 90.00% 2 0 100.00% 70 7 90.00% 0 0 -\n\
                     psrp/src/a.rs 10 1 90.00% 2 0 100.00% 50 50 0.00% 0 0 -\n";
        let lines = super::sum(table, "clixml");
        assert_eq!((lines.all, lines.missed), (100, 10));
        assert!((lines.percent() - 90.0).abs() < 0.01);
        assert!(super::sum(table, "wsman").percent() < 1.0);
    }
}
