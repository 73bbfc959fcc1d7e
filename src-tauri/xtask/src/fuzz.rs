//! `cargo xtask fuzz`: the fuzz targets under libFuzzer, with the stable compiler.

use std::path::{Path, PathBuf};

use crate::command::{self, Outcome, cargo, output, program, root, target};

/// What libFuzzer wants of the compiler: counters at every edge and the values of comparisons.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

/// Builds the programs, runs the named ones or all of them for so many seconds each, or keeps what was found.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let names = targets()?;
    match arguments.first().map(String::as_str) {
        Some("build") => return build().map(drop),
        Some("keep") => return keep(&names),
        _ => {}
    }
    let (seconds, chosen) = match arguments.split_first() {
        Some((first, rest)) if first.parse::<u64>().is_ok() => (first.as_str(), rest),
        _ => ("300", arguments),
    };
    if let Some(unknown) = chosen.iter().find(|name| !names.contains(name)) {
        return Err(format!("unknown target {unknown:?}; there are {}", names.join(", ")));
    }
    let programs = build()?;
    let corpora = target().join("fuzz/corpus");
    corpus("unpack", &corpora)?;
    for name in names.iter().filter(|name| chosen.is_empty() || chosen.contains(name)) {
        println!("\n== {name}");
        let failed = target().join("fuzz/failed").join(name);
        std::fs::create_dir_all(&failed).map_err(|error| format!("{}: {error}", failed.display()))?;
        command::run(
            program(programs.join(name))
                .arg(corpora.join(name))
                .arg(format!("-max_total_time={seconds}"))
                .arg(format!("-artifact_prefix={}/", failed.display()))
                .args(["-max_len=8192", "-len_control=0", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]),
        )?;
    }
    Ok(())
}

/// The names of the targets.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("tests/fuzz/targets");
    let files = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.ok()?.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// Builds the programs; where they are.
fn build() -> Result<PathBuf, String> {
    let host = output("rustc", &["-vV"])
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned)))
        .ok_or("the compiler does not say what it compiles for")?;
    let folder = target().join("fuzz");
    command::run(
        program(env!("CARGO"))
            .args(["build", "--package", "fuzz", "--features", "libfuzzer", "--profile", "fuzz", "--bins"])
            // With a target named, the flags are not for build scripts and macros.
            .args(["--target", &host, "--target-dir"])
            .arg(&folder)
            .env("RUSTFLAGS", FLAGS),
    )?;
    Ok(folder.join(host).join("fuzz"))
}

fn corpus(what: &str, folder: &Path) -> Outcome {
    command::run(
        program(env!("CARGO"))
            .args(["run", "--quiet", "--package", "fuzz", "--example", "corpus", "--", what])
            .arg(folder),
    )
}

/// Reduces what was found to inputs that each reach something of their own, and keeps the short ones.
fn keep(names: &[String]) -> Outcome {
    let programs = build()?;
    let (found, less) = (target().join("fuzz/corpus"), target().join("fuzz/less"));
    for name in names.iter().filter(|name| found.join(name).exists()) {
        let to = less.join(name);
        let _ = std::fs::remove_dir_all(&to);
        std::fs::create_dir_all(&to).map_err(|error| format!("{}: {error}", to.display()))?;
        command::run(program(programs.join(name)).arg("-merge=1").arg("-max_len=4096").arg(&to).arg(found.join(name)))?;
    }
    corpus("pack", &less)?;
    cargo(["test", "--package", "fuzz"])
}
