//! `cargo xtask bench`: measurements of the codecs and of whole processes. Figures mean something on a quiet machine only.

use crate::command::{self, Outcome, cargo, program, target};
use crate::{packages, python};

/// A named measurement.
struct Bench {
    name: &'static str,
    what: &'static str,
    run: fn() -> Outcome,
}

const BENCHES: &[Bench] = &[
    Bench { name: "codecs", what: "values, fragments, envelopes and seals, in memory", run: codecs },
    Bench { name: "growth", what: "hostile inputs of twice the size, reader by reader; fails above 2.5", run: growth },
    Bench { name: "compare", what: "our client and pypsrp against the same server", run: compare },
    Bench { name: "start", what: "first paint of the release app in practice mode, and its memory", run: start },
    Bench { name: "records", what: "1,000,000 records through the whole app", run: records },
];

/// Runs the named measurements, or all of them.
pub(crate) fn run(names: &[String]) -> Outcome {
    if let Some(name) = names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != name.as_str())) {
        let known: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        return Err(format!("unknown measurement {name:?}; there are {}", known.join(", ")));
    }
    packages::ensure(&[&packages::BUILD, &packages::TEST])?;
    python::ensure()?;
    for bench in BENCHES.iter().filter(|bench| names.is_empty() || names.iter().any(|name| name == bench.name)) {
        println!("\n== {}: {}", bench.name, bench.what);
        (bench.run)()?;
    }
    Ok(())
}

fn codecs() -> Outcome {
    let packages = ["clixml", "psrp", "wsman", "spnego"].map(|name| ["--package", name]).concat();
    command::run(program(env!("CARGO")).arg("bench").args(packages).args(["--benches", "--", "--noplot"]))
}

fn growth() -> Outcome {
    cargo(["run", "--package", "fuzz", "--example", "growth"])
}

fn compare() -> Outcome {
    cargo(["build", "--release", "--package", "pepctl"])?;
    command::run(program(python::interpreter()).arg("tests/bench/compare.py").arg(target().join("release/pepctl")))
}

fn start() -> Outcome {
    cargo(["build", "--release", "--package", "pep-assistant"])?;
    let app = target().join("release/pep-assistant");
    command::run(
        program("sh").args(["tests/e2e/in-private-session.sh", "python3", "tests/bench/first_paint.py"]).arg(app),
    )
}

fn records() -> Outcome {
    cargo(["build", "--profile", "driven", "--package", "pep-assistant"])?;
    command::run(
        program("sh")
            .arg("tests/e2e/in-private-session.sh")
            .arg(env!("CARGO"))
            .args(["bench", "--package", "e2e", "--bench", "records"])
            .env("PEP_APP", target().join("driven/pep-assistant"))
            .env("PEP_SCREENSHOTS", target().join("screenshots"))
            .env("PEP_TEST_PYTHON", python::interpreter()),
    )
}
