//! The client's pool against a hostile endpoint and a hasty operator.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../../src-tauri/crates/psrp/tests/arbitrary/machine.rs"]
mod machine;

fuzz_target!(|script: &[u8]| machine::play(script));
