//! The client's pool, case by case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod hosting;
mod opening;
mod peer;
mod running;
mod secrets;
mod sending;
