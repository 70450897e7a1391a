//! Fuzzes the readers of SQLite databases.
#![no_main]

#[path = "../targets/databases.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
