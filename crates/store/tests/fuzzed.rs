//! Replays the corpus of the fuzz target `store` and whatever it has found, and a few random changes.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../tests/fuzz/src/targets/store.rs"]
mod target;

use hashward_testkit::Codes;
use std::path::Path;
use target::Sample;

#[test]
fn nothing_that_was_found_comes_back() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let dir = tempfile::tempdir().unwrap();
    let sample = Sample::new(&root.join("fixtures/store/v1"), dir.path());
    let mut replayed = 0;
    for folder in ["tests/fuzz/corpus/store", "tests/fuzz/regressions/store"] {
        let Ok(files) = std::fs::read_dir(root.join(folder)) else { continue };
        for file in files {
            sample.check(&std::fs::read(file.unwrap().path()).unwrap());
            replayed += 1;
        }
    }
    assert!(replayed > 5);
    let mut source = Codes::seeded(77);
    for _ in 0..150 {
        // Which file, how, and up to three changes anywhere in its first 20,000 bytes.
        let mut data = vec![source.below(7) as u8, 2 * source.below(2) as u8];
        for _ in 0..=source.below(3) {
            let at = source.below(20_000).to_le_bytes();
            data.extend([at[0], at[1], at[2], source.bits() as u8]);
        }
        sample.check(&data);
    }
}
