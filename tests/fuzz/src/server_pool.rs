//! The server's pool against a hostile client and hasty commands.

#[path = "../../../src-tauri/crates/psrp/tests/arbitrary/server_machine.rs"]
mod server_machine;

/// One input.
pub fn run(script: &[u8]) {
    server_machine::play(script);
}
