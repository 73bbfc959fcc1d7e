//! Journeys of a person through the app, against the independent peer.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod by_name;
mod canary;
mod disk;
mod errors;
mod flood;
mod forget;
mod https;
mod idle;
mod kerberos;
mod left;
mod policy;
mod prompts;
mod quit;
mod round_trips;
mod rows;
