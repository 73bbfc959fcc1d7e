//! Append-only session journal with a hash chain, recovery and verification
