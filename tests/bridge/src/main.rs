//! Bridge.
fn main() {}
