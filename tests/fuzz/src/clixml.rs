//! Any bytes as a value; what was read is shown, and what is written of it reads as the same.

use clixml::{Limits, decode_with, encode_to_string};

/// Small enough that one input is quick, and that following references is too.
const LIMITS: Limits = Limits { depth: 12, references: 1_000, nodes: 20_000 };
/// What we write may follow references that the input did not spell out.
const WIDER: Limits = Limits { depth: 48, references: 20_000, nodes: 200_000 };

/// One input.
pub fn run(data: &[u8]) {
    let Ok(value) = decode_with(data, &LIMITS) else { return };
    let _ = (value.to_display(), value.get("name"), value.as_i64(), value.items(), value.entries());
    let written = encode_to_string(&value);
    let again = decode_with(written.as_bytes(), &WIDER).expect("what we write can be read");
    // As text: no NaN equals another.
    assert_eq!(encode_to_string(&again), written);
}
