//! The real window under a virtual display.

pub mod window;
