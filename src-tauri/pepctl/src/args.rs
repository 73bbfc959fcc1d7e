//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Runs commands on a privileged endpoint without a window. Without a subcommand it reads JSON lines from standard input.
#[derive(Debug, Parser)]
#[command(name = "pepctl", version, about)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,

    #[command(subcommand)]
    pub(crate) command: Option<Subcommands>,
}

/// Where to and as whom.
#[derive(Debug, Args)]
pub(crate) struct ConnectionArguments {
    /// Address and port; the port is 5985 when not given
    #[arg(long, global = true, value_name = "HOST[:PORT]")]
    pub(crate) endpoint: Option<String>,

    /// Account as DOMAIN\name or name@domain
    #[arg(long, global = true)]
    pub(crate) user: Option<String>,

    /// Environment variable that holds the password
    #[arg(long, global = true, value_name = "NAME", default_value = "PEPCTL_PASSWORD")]
    pub(crate) password_env: String,

    /// Trusts an endpoint that has no pin yet, and pins it
    #[arg(long, global = true)]
    pub(crate) trust_first_use: bool,

    /// File with the pins of known endpoints
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) pins: Option<PathBuf>,

    /// Name of the session configuration
    #[arg(long, global = true, default_value = "PrivilegedEndpoint")]
    pub(crate) configuration: String,

    /// Largest answer to ask for, in bytes
    #[arg(long, global = true, default_value_t = 512_000, value_name = "BYTES")]
    pub(crate) max_envelope: u32,

    /// Largest request that the endpoint takes, in bytes
    #[arg(long, global = true, default_value_t = 512_000, value_name = "BYTES")]
    pub(crate) server_envelope: u32,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Subcommands {
    /// Runs one cmdlet
    Run(RunArguments),
    /// Tells who the endpoint says it is; no password is used
    Inspect,
    /// Looks whether WinRM listens; no password is used
    Probe,
    /// Measures and prints one JSON object
    Bench(BenchArguments),
    /// Runs the practice PEP on loopback and prints one JSON line with its port and account
    ServePractice {
        /// Port; 0 takes any that is free
        #[arg(long, default_value_t = 0)]
        port: u16,

        /// Name of the scenario
        #[arg(long, default_value = "healthy")]
        scenario: String,

        /// How many times as fast as real time it runs
        #[arg(long, default_value_t = 1.0)]
        speed: f64,
    },
}

/// One cmdlet.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Name of the cmdlet
    pub(crate) cmdlet: String,

    /// A parameter; its value is JSON as the README describes it
    #[arg(long = "param", value_name = "NAME=JSON")]
    pub(crate) parameters: Vec<String>,

    /// Stops the cmdlet after this many milliseconds
    #[arg(long, value_name = "MS")]
    pub(crate) stop_after_ms: Option<u64>,
}

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// How often everything is measured
    #[arg(long, default_value_t = 5)]
    pub(crate) runs: usize,

    /// How many small commands, one after the other
    #[arg(long, default_value_t = 200)]
    pub(crate) small: usize,

    /// The small command
    #[arg(long, default_value = "Get-Command")]
    pub(crate) command: String,

    /// A flood of records through Test-Flood
    #[arg(long = "flood", value_name = "COUNTxSIZE[:String|Object|Bytes]")]
    pub(crate) floods: Vec<String>,

    /// Prints JSON; the only form there is
    #[arg(long)]
    pub(crate) json: bool,
}
