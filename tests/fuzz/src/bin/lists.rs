//! Fuzzes the readers of hash lists.
#![no_main]

#[path = "../targets/lists.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
