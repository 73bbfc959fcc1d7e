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
    /// Address and port; the port is 5985 when not given, with https:// it is 5986
    #[arg(long, global = true, value_name = "[https://]HOST[:PORT]")]
    pub(crate) endpoint: Option<String>,

    /// Over TLS, also when the endpoint's address does not say so
    #[arg(long, global = true)]
    pub(crate) https: bool,

    /// Account as DOMAIN\name or name@domain
    #[arg(long, global = true)]
    pub(crate) user: Option<String>,

    /// Environment variable that holds the password
    #[arg(long, global = true, value_name = "NAME", default_value = "PEPCTL_PASSWORD")]
    pub(crate) password_env: String,

    /// How to sign in
    #[arg(long, global = true, value_name = "WAY", default_value = "negotiate")]
    pub(crate) auth: Auth,

    /// Trusts an endpoint that has no pin yet, and pins it
    #[arg(long, global = true)]
    pub(crate) trust_first_use: bool,

    /// File with the pins of known endpoints
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) pins: Option<PathBuf>,

    /// Takes over the session of an earlier call, by its pool id, instead of opening one
    #[arg(long, global = true, value_name = "POOLID")]
    pub(crate) connect: Option<uuid::Uuid>,

    /// File that the ids of the session are written to before they are used, and read from by --connect
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,

    /// Name of the session configuration
    #[arg(long, global = true, default_value = "PrivilegedEndpoint")]
    pub(crate) configuration: String,

    /// Prints what a PowerShell console would show of the runs, and our own words on standard error
    #[arg(long, global = true)]
    pub(crate) text: bool,

    /// How many characters wide our console is
    #[arg(long, global = true, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) width: u16,

    /// Largest answer to ask for, in bytes
    #[arg(long, global = true, default_value_t = 512_000, value_name = "BYTES", value_parser = envelope())]
    pub(crate) max_envelope: u32,

    /// Largest request that the endpoint takes, in bytes
    #[arg(long, global = true, default_value_t = 512_000, value_name = "BYTES", value_parser = envelope())]
    pub(crate) server_envelope: u32,
}

/// The sizes that an envelope may have: an endpoint need not answer within less than 8 KiB. [DSP0226] 6.2
fn envelope() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(8_192..)
}

/// How to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Auth {
    /// Kerberos where the endpoint is given by its name and a key distribution centre is reached, else NTLM
    Negotiate,
    /// Kerberos and nothing else
    Kerberos,
    /// NTLM and nothing else
    Ntlm,
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
    /// Finds candidates for the privileged endpoint; nothing is sent to one unless --probe is given, and never a password
    Find(FindArguments),
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

/// Where to look for the privileged endpoint.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("sources").multiple(true).required(true)
    .args(["stamp_file", "text_file", "addresses", "prefix", "domain", "portal", "arm_endpoint"])))]
pub(crate) struct FindArguments {
    /// Stamp information file, whatever its name
    #[arg(long, value_name = "FILE")]
    pub(crate) stamp_file: Option<PathBuf>,

    /// File with text, such as the portal's page of properties
    #[arg(long, value_name = "FILE")]
    pub(crate) text_file: Option<PathBuf>,

    /// Address or name
    #[arg(long = "address", value_name = "HOST[:PORT]")]
    pub(crate) addresses: Vec<String>,

    /// Naming prefix of the instances: PREFIX-ERCS01 to 03 are resolved
    #[arg(long)]
    pub(crate) prefix: Option<String>,

    /// Domain of the instances' names
    #[arg(long)]
    pub(crate) domain: Option<String>,

    /// Address of the portal
    #[arg(long, value_name = "URL")]
    pub(crate) portal: Option<String>,

    /// Address of the administrator Resource Manager, or of the portal
    #[arg(long, value_name = "URL", requires = "way")]
    pub(crate) arm_endpoint: Option<String>,

    /// Root to trust for it and its identity provider, in PEM or DER
    #[arg(long, value_name = "FILE", requires = "arm_endpoint")]
    pub(crate) arm_ca: Option<PathBuf>,

    /// Environment variable that holds a token for it
    #[arg(long, value_name = "NAME", requires = "arm_endpoint", group = "way")]
    pub(crate) arm_token_env: Option<String>,

    /// Way to sign in for it
    #[arg(long, value_name = "WAY", requires = "arm_endpoint", group = "way")]
    pub(crate) arm_sign_in: Option<SignInWay>,

    /// Looks at every candidate without signing in
    #[arg(long)]
    pub(crate) probe: bool,
}

/// How somebody signs in for the Resource Manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SignInWay {
    /// A browser on this computer
    Browser,
    /// A code that is typed on any computer
    Device,
}
