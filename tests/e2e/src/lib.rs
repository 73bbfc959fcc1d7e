//! The real binary under a virtual display: see `journey.rs`.
