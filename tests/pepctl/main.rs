//! The headless driver as a stranger uses it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod large;
mod sign_in;
mod text;
mod usage;
