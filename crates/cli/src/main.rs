//! The examiner's command line.

fn main() {}
