//! Replays the corpus of the fuzz target `jpeg` and whatever it has found.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../tests/fuzz/src/targets/jpeg.rs"]
mod target;

#[test]
fn nothing_that_was_found_comes_back() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz");
    let mut replayed = 0;
    for folder in ["corpus/jpeg", "regressions/jpeg"] {
        let Ok(files) = std::fs::read_dir(format!("{root}/{folder}")) else { continue };
        for file in files {
            target::check(&std::fs::read(file.unwrap().path()).unwrap());
            replayed += 1;
        }
    }
    assert!(replayed > 5);
}
