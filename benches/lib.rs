//! Criterion benches of hashward: `cargo bench -p hashward-benches`.
