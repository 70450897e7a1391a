//! Rules about the text of our own sources: where unsafe code may stand.

use anyhow::{Context, Result};
use std::path::Path;

/// Crates that may hold unsafe code; every other library forbids it. The test kit is one because
/// SQLite reaches the files of a simulated disk through a table of C functions; it is never shipped.
const MAY_BE_UNSAFE: &[&str] = &["kernels", "store", "sandbox", "testkit"];

pub(crate) fn faults(root: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(root.join("crates")).context("crates/")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let source = entry.path().join("src");
        let front = ["lib.rs", "main.rs"].map(|file| source.join(file));
        let Some(front) = front.iter().find(|file| file.is_file()) else { continue };
        let text = std::fs::read_to_string(front)?;
        let forbids = text.contains("#![forbid(unsafe_code)]");
        if !forbids && !MAY_BE_UNSAFE.contains(&name.as_str()) {
            faults.push(format!("{} lacks #![forbid(unsafe_code)]", front.display()));
        }
        if !text.starts_with("//! ") {
            faults.push(format!("{} does not open with its purpose", front.display()));
        }
    }
    Ok(faults)
}
