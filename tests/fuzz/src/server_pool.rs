//! The server's pool against a hostile client and hasty commands.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../../src-tauri/crates/psrp/tests/arbitrary/server_machine.rs"]
mod server_machine;

fuzz_target!(|script: &[u8]| server_machine::play(script));
