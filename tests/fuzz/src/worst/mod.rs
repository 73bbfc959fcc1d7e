//! The worst inputs of every reader, of any size: what they take must grow no faster than they do (P-23).
//!
//! Memory is counted by `tests/memory.rs`, the same in every run; time is measured by `cargo xtask bench growth`.

mod text;
mod values;
mod wire;

/// A reader and an input that costs it as much as it can.
pub struct Worst {
    /// The reader
    pub reader: &'static str,
    /// The input
    pub name: &'static str,
    /// The input of this size; what the size counts is its own affair.
    pub input: fn(usize) -> Vec<u8>,
    /// Reads it; whether it was accepted.
    pub read: fn(&[u8]) -> bool,
    /// A size that takes some milliseconds, at most half of the largest
    pub size: usize,
    /// The largest that is accepted, or that is worth trying
    pub most: usize,
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Worst> {
    [wire::XML, wire::SOAP, wire::SEALED, wire::TOKENS, wire::FRAGMENTS, values::CLIXML, values::SHOWN, text::BROUGHT]
        .concat()
}

impl Clone for Worst {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Worst {}
