//! What the tests share: foreign servers and clients as child processes, and our headless driver.
//!
//! Everything here waits for conditions, never for time, and ends its children with itself.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a broken test set-up ends the test")]

pub mod arm_server;
pub mod distance;
pub mod engine;
pub mod fault_words;
pub mod folders;
pub mod gate;
pub mod kdc;
pub mod page;
pub mod peer;
pub mod pepctl;
pub mod practice_server;
pub mod session;
