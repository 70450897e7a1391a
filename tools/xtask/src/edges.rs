//! Dependency edges between crates, and outside crates confined to one room, as the table
//! "Crates" in ARCHITECTURE.md plans them.

use crate::metadata::Metadata;
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Outside crates, and the only crates of ours that may name them.
const CONFINED: &[(&str, &[&str])] = &[
    ("rusqlite", &["case", "catalogue", "lists"]),
    ("libsqlite3-sys", &["testkit"]),
    ("memmap2", &["store"]),
    ("image", &["media", "synth"]),
    ("zune-jpeg", &["media"]),
    ("clap", &["cli"]),
    ("rustix", &["evidence", "sandbox"]),
];

pub(crate) fn faults(root: &Path, metadata: &Metadata) -> Result<Vec<String>> {
    let plan = plan(root)?;
    let mut faults = Vec::new();
    for package in metadata.members() {
        let Some(name) = package.name.strip_prefix("hashward-") else { continue };
        if name == "benches" {
            continue;
        }
        let Some(allowed) = plan.get(name) else {
            faults.push(format!("crates/{name} is missing in the table of ARCHITECTURE.md"));
            continue;
        };
        let ordinary = package.dependencies.iter().filter(|d| d.kind.is_none());
        for dependency in ordinary.map(|d| d.name.as_str()) {
            if let Some(target) = dependency.strip_prefix("hashward-")
                && !allowed.contains(target)
            {
                faults.push(format!("crates/{name} must not depend on crates/{target}"));
            }
            for (confined, rooms) in CONFINED {
                if dependency == *confined && !rooms.contains(&name) {
                    faults.push(format!("crates/{name} must not name {confined}"));
                }
            }
        }
    }
    for name in plan.keys() {
        if !root.join("crates").join(name).is_dir() {
            faults.push(format!("ARCHITECTURE.md names crates/{name}, which is not there"));
        }
    }
    Ok(faults)
}

/// Crate → crates it may depend on, from rows like "| `crates/x` | purpose | `a`, `b` |".
fn plan(root: &Path) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let mut plan: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `crates/")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        ensure!(cells.len() == 5, "a row of the crate table has not three cells: {line}");
        let name = cells[1].trim_matches('`').trim_start_matches("crates/").to_owned();
        let direct: BTreeSet<String> =
            cells[3].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        for target in &direct {
            ensure!(
                plan.contains_key(target),
                "`{name}` may only depend on rows above it: {target}"
            );
        }
        plan.insert(name, direct);
    }
    ensure!(!plan.is_empty(), "ARCHITECTURE.md has no crate table");
    Ok(plan)
}
