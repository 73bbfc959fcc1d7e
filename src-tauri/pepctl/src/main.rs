//! Headless driver.
fn main() {}
