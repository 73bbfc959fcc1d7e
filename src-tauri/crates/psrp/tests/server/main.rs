//! The server's pool, case by case, with a client written by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod opening;
mod peer;
mod running;
