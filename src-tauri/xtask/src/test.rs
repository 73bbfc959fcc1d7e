//! `cargo xtask test`: everything that continuous integration runs, no more and no less.

use std::time::Instant;

use crate::command::{self, Outcome, cargo, program, target};
use crate::node::npm;
use crate::{node, packages, python, supply};

/// A named part of the tests.
struct Step {
    name: &'static str,
    what: &'static str,
    run: fn() -> Outcome,
}

const STEPS: &[Step] = &[
    Step { name: "setup", what: "system, page and Python packages", run: setup },
    Step { name: "format", what: "formatting of the Rust sources", run: || cargo(["fmt", "--all", "--check"]) },
    Step { name: "page", what: "page: types, logic, words; both builds", run: page },
    Step { name: "lint", what: "lints of the whole workspace, warnings refused", run: lint },
    Step { name: "supply", what: "licences and sources of all crates", run: supply::check },
    Step { name: "rust", what: "unit, property, journey and interoperation tests", run: rust },
    Step {
        name: "gallery",
        what: "every screen in Chromium with accessibility checks",
        run: || npm(&["run", "test:gallery"]),
    },
    Step { name: "browser", what: "the page in Chromium against the real Rust through the bridge", run: browser },
    Step { name: "window", what: "the real app under a virtual display: the whole journey", run: window },
];

/// Prints the steps.
pub(crate) fn list() {
    for step in STEPS {
        println!("{:8} {}", step.name, step.what);
    }
}

/// Runs the named steps, or all of them, and stops at the first that fails.
pub(crate) fn run(names: &[String]) -> Outcome {
    if let Some(name) = names.iter().find(|name| STEPS.iter().all(|step| step.name != name.as_str())) {
        return Err(format!("unknown step {name:?}; `cargo xtask steps` lists them"));
    }
    let chosen: Vec<_> =
        STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name)).collect();
    let mut report = Vec::new();
    for step in &chosen {
        println!("\n== {}: {}", step.name, step.what);
        let started = Instant::now();
        (step.run)().map_err(|reason| format!("step {}: {reason}", step.name))?;
        report.push(format!("  {:8} {:>5.0} s", step.name, started.elapsed().as_secs_f64()));
    }
    println!("\nAll steps passed:\n{}", report.join("\n"));
    Ok(())
}

fn setup() -> Outcome {
    packages::ensure(&[&packages::BUILD, &packages::TEST])?;
    node::ensure()?;
    python::ensure()
}

fn page() -> Outcome {
    npm(&["test"])?;
    npm(&["run", "build"])?;
    npm(&["run", "build:bridge"])
}

fn lint() -> Outcome {
    cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
}

fn rust() -> Outcome {
    command::run(
        program(env!("CARGO"))
            .args(["test", "--workspace", "--exclude", "e2e"])
            .env("PEP_TEST_PYTHON", python::interpreter()),
    )
}

fn browser() -> Outcome {
    cargo(["build", "--package", "bridge"])?;
    command::run(program("node").arg("tests/bridge/journey/run.mjs").env("PEP_BRIDGE", target().join("debug/bridge")))
}

/// The app runs in a session bus of its own with an unlocked key ring and a virtual display, so that neither the
/// keys nor the screen of the person who runs the tests are touched.
fn window() -> Outcome {
    cargo(["build", "--package", "pep-assistant"])?;
    command::run(
        program("sh")
            .arg("tests/e2e/in-private-session.sh")
            .arg(env!("CARGO"))
            .args(["test", "--package", "e2e", "--", "--test-threads=1", "--nocapture"])
            .env("PEP_APP", target().join("debug/pep-assistant"))
            .env("PEP_SCREENSHOTS", target().join("screenshots")),
    )
}
