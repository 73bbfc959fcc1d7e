//! The client's pool against a hostile endpoint and a hasty operator.

#[path = "../../../src-tauri/crates/psrp/tests/arbitrary/machine.rs"]
mod machine;

/// One input.
pub fn run(script: &[u8]) {
    machine::play(script);
}
