//! Our client against foreign servers. Names begin with the conformance case they carry out.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod comeback;
mod disagreements;
mod engine;
mod envelopes;
mod faults;
mod http;
mod https;
mod kerberos;
mod pools;
mod prompts;
mod receive;
mod requirements;
mod runs;
mod secrets;
mod sign_in;
mod sweep;
mod values;
