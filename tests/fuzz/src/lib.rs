#![doc = include_str!("../README.md")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what does not hold ends the run; that is what a target is for"
)]

pub mod client;
pub mod client_pool;
pub mod clixml;
pub mod corpus;
pub mod format;
pub mod fragments;
pub mod http_answer;
pub mod journal;
pub mod kept_files;
pub mod multipart;
pub mod ntlm_challenge;
pub mod pasted_text;
pub mod records;
pub mod seeds;
pub mod server_pool;
pub mod soap_request;
pub mod soap_response;
pub mod spnego_token;
pub mod stamp_file;
pub mod worst;
pub mod xml;

/// A thing that someone else wrote, and what reads it.
pub struct Target {
    /// Its name
    pub name: &'static str,
    /// Reads one input; panics when something does not hold.
    pub run: fn(&[u8]),
    /// Inputs of the short run with the tests
    pub short: usize,
}

const fn target(name: &'static str, run: fn(&[u8]), short: usize) -> Target {
    Target { name, run, short }
}

/// All targets. The numbers are those of section 7 of the security requirements.
pub const TARGETS: &[Target] = &[
    target("http_answer", http_answer::run, 2_000),
    target("multipart", multipart::run, 5_000),
    target("xml", xml::run, 5_000),
    target("soap_request", soap_request::run, 5_000),
    target("soap_response", soap_response::run, 5_000),
    target("ntlm_challenge", ntlm_challenge::run, 3_000),
    target("spnego_token", spnego_token::run, 3_000),
    target("fragments", fragments::run, 5_000),
    target("client_pool", client_pool::run, 3_000),
    target("server_pool", server_pool::run, 3_000),
    target("clixml", clixml::run, 5_000),
    target("records", records::run, 5_000),
    target("format", format::run, 3_000),
    target("pasted_text", pasted_text::run, 3_000),
    target("stamp_file", stamp_file::run, 5_000),
    target("journal", journal::run, 5_000),
    target("kept_files", kept_files::run, 1_000),
    target("client", client::run, 400),
];
