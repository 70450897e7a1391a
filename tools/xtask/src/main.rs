//! Checks of the house that cargo does not make: `cargo xtask check`.
//!
//! The table of crates in ARCHITECTURE.md is the plan; this program holds the code to it.
#![forbid(unsafe_code)]

mod edges;
mod licences;
mod metadata;
mod sources;

use anyhow::{Context, Result, bail};
use std::path::Path;

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("check") => check(),
        _ => bail!("usage: cargo xtask check"),
    }
}

fn check() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .context("the tool stands two folders below the root")?;
    let metadata = metadata::read(root)?;
    let mut faults = edges::faults(root, &metadata)?;
    faults.extend(licences::faults(&metadata));
    faults.extend(sources::faults(root)?);
    if faults.is_empty() {
        report(&format!("the house stands: {} packages checked", metadata.packages.len()));
        return Ok(());
    }
    for fault in &faults {
        report(fault);
    }
    bail!("{} faults", faults.len())
}

#[expect(clippy::print_stdout, reason = "this is the tool's output")]
fn report(line: &str) {
    println!("{line}");
}
