//! Fuzzes the JPEG decoder.
#![no_main]

#[path = "../targets/jpeg.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
