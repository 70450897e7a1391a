//! Fuzzes the store's files.
#![no_main]

#[path = "../targets/store.rs"]
mod target;

use std::path::Path;
use std::sync::OnceLock;
use target::Sample;

static SAMPLE: OnceLock<(Sample, tempfile::TempDir)> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (sample, _) = SAMPLE.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let dir = dir.expect("a folder to write in");
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/store/v1");
        (Sample::new(Path::new(golden), dir.path()), dir)
    });
    sample.check(data);
});
