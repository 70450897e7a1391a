//! Replays the corpora of the fuzz targets `lists` and `databases` and whatever they have found.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../tests/fuzz/src/targets/databases.rs"]
mod databases;
#[path = "../../../tests/fuzz/src/targets/lists.rs"]
mod lists;

/// Gives every file that is kept for a target to it; tells how many there are.
fn replay(target: &str, check: fn(&[u8])) -> u32 {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz");
    let mut replayed = 0;
    for folder in ["corpus", "regressions"] {
        let Ok(files) = std::fs::read_dir(format!("{root}/{folder}/{target}")) else { continue };
        for file in files {
            check(&std::fs::read(file.unwrap().path()).unwrap());
            replayed += 1;
        }
    }
    replayed
}

#[test]
fn nothing_that_was_found_comes_back() {
    assert!(replay("lists", lists::check) > 5);
    assert!(replay("databases", databases::check) > 1);
}
