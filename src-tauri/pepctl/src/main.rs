//! The session code without a window, for tests, measurements and support. See the README.

mod answer;
mod args;
mod bench;
mod connect;
mod console;
mod exit;
mod find;
mod identity;
mod ids;
mod input;
mod json_in;
mod json_out;
mod output;
mod practice_server;
mod session;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use args::{Arguments, RunArguments, Subcommands};
use clap::Parser;
use exit::{Code, Failure};
use input::Run;
use psrp::{Command, Pipeline};
use serde_json::{Value as Json, json};

fn main() -> ExitCode {
    let images = hardening::no_memory_images();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked = !error.use_stderr();
            // Where neither output can be written, the code still tells.
            let _ = error.print();
            return ExitCode::from(if asked { 0 } else { Code::Usage.number() });
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    if let Err(error) = images {
        tracing::warn!(%error, "A crash might leave an image of the memory");
    }
    // What is measured is the session; the other calls also write their output, which may take its time.
    let mut builder = match arguments.command {
        Some(Subcommands::Bench(_)) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match builder.worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(&Failure::new(Code::Protocol, error.to_string())),
    };
    let code = runtime.block_on(perform(arguments));
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    ExitCode::from(code.number())
}

async fn perform(arguments: Arguments) -> Code {
    let connection = &arguments.connection;
    let result = match &arguments.command {
        None => return session::run(connection, None).await,
        Some(Subcommands::Run(run)) => match run_of(run) {
            Ok(run) => return session::run(connection, Some(run)).await,
            Err(failure) => return session::not_begun(connection, &failure),
        },
        Some(Subcommands::Inspect) => connect::inspect(connection).await,
        Some(Subcommands::Probe) => connect::probe(connection).await,
        Some(Subcommands::Bench(bench)) => bench::bench(connection, bench).await,
        Some(Subcommands::Find(find)) => find::find(find).await,
        Some(Subcommands::ServePractice { port, scenario, speed }) => {
            practice_server::serve(*port, scenario, *speed).await
        }
    };
    match result {
        Ok(json) => {
            print(&json);
            Code::Completed
        }
        Err(failure) => {
            let code = failure.code;
            end(&failure);
            code
        }
    }
}

/// One line of standard output.
pub(crate) fn print(json: &Json) {
    // A reader that has gone away is no failure of the run.
    let _ = writeln!(std::io::stdout().lock(), "{json}");
}

fn end(failure: &Failure) -> ExitCode {
    print(&json!({ "state": "failed", "error": failure.code.name(), "text": failure.text }));
    ExitCode::from(failure.code.number())
}

fn run_of(arguments: &RunArguments) -> Result<Run, Failure> {
    let mut command = Command::new(arguments.cmdlet.as_str());
    for parameter in &arguments.parameters {
        let (name, json) = parameter
            .split_once('=')
            .ok_or_else(|| Failure::usage("--param NAME=JSON is needed: there is no = in it"))?;
        // Never the value itself: it may be a secret that was put in the wrong place.
        let json = serde_json::from_str(json)
            .map_err(|error| Failure::usage(format!("--param {name}: the value is no JSON: {error}")))?;
        input::add(&mut command, Some(name.trim_start_matches('-')), &json)
            .map_err(|failure| Failure::usage(format!("--param {name}: {}", failure.text)))?;
    }
    Ok(Run { pipeline: Pipeline::new(vec![command]), input: None, stop_after_ms: arguments.stop_after_ms })
}
