//! Workers that misbehave.
fn main() {}
