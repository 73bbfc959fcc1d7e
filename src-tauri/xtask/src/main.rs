//! The project's own commands, started with `cargo xtask <command>`.
//!
//! Standard library only, so that it builds in seconds on a machine that has nothing but Rust:
//! it is the part that installs everything else.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that reports on the terminal")]

mod bench;
mod command;
mod coverage;
mod fuzz;
mod node;
mod packages;
mod python;
mod start;
mod supply;
mod sweep;
mod test;
mod tool;

use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask <command>

  start           install what is missing, build the app and open it in practice mode
  test [STEP...]  install what is missing and run every test, or only the named steps
  steps           list the steps of `test`
  sweep [N] [SEED]
                  every fault of the wire one by one, and N combinations of them (1000)
  bench [NAME...] measure: codecs in memory; growth: hostile inputs; whole processes: compare, start, records
  simulate [N] [SEED]
                  N whole sessions in bad weather on a fake clock (10000); `simulate 1 SEED` shows one of them
  differential [N]
                  N generated values read and written by our codec and by a foreign one (100000)
  fuzz [SECONDS] [TARGET...]
                  libFuzzer on every target (300 seconds each); `fuzz build`, `fuzz keep`: tests/fuzz/README.md
  coverage [lines]
                  lines of the parser crates that their own tests run; fails below 90 %
  contract        write ui/src/host/contract.ts anew from the Rust types
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", &arguments[..]),
    };
    let outcome = match name {
        "start" => start::run(rest),
        "test" => test::run(rest),
        "steps" => {
            test::list();
            Ok(())
        }
        "sweep" => sweep::run(rest),
        "simulate" => sweep::simulate(rest),
        "differential" => sweep::differential(rest),
        "fuzz" => fuzz::run(rest),
        "coverage" => coverage::run(rest),
        "bench" => bench::run(rest),
        "contract" => command::cargo(["run", "--quiet", "--package", "contract", "--bin", "write-contract"]),
        "help" | "-h" | "--help" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("unknown command {other:?}; `cargo xtask help` lists them")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}
