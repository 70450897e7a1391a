//! The demo's outcome as a table for people and as JSON Lines.

use super::outcome::{Count, Group, Outcome};
use super::{DATABASE, Times};
use crate::printer::Printer;
use hashward_synth::{Collection, ListFile, Manifest};
use serde::Serialize;
use std::io;
use std::path::Path;

/// One line of `--json`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Planted { group: Group, transform: &'a str, planted: u64, found: u64 },
    Group { group: Group, planted: u64, found: u64, required_percent: Option<u64> },
    Innocent { files: u64, matched: u64, ignored: u64, not_examined: u64 },
    Demo { passed: bool, mistaken: u64, failures: &'a [String] },
    Timing(&'a Times),
}

pub(super) fn json(printer: &mut Printer, outcome: &Outcome, times: &Times) -> io::Result<()> {
    for (group, transform, Count { planted, found }) in &outcome.transforms {
        let (group, planted, found) = (*group, *planted, *found);
        printer.json(&Line::Planted { group, transform, planted, found })?;
    }
    for (&group, &Count { planted, found }) in &outcome.groups {
        let required_percent = group.required();
        printer.json(&Line::Group { group, planted, found, required_percent })?;
    }
    printer.json(&Line::Innocent {
        files: outcome.innocent.planted,
        matched: outcome.innocent.found,
        ignored: outcome.summary.ignored,
        not_examined: outcome.summary.not_examined,
    })?;
    let failures = outcome.failures();
    let (passed, mistaken) = (failures.is_empty(), outcome.mistaken);
    printer.json(&Line::Demo { passed, mistaken, failures: &failures })?;
    printer.json(&Line::Timing(times))
}

/// Prints the table, the verdict and what to try next. `kept` is the folder, if it stays.
pub(super) fn text(
    printer: &mut Printer,
    outcome: &Outcome,
    manifest: &Manifest,
    kept: Option<&Path>,
) -> io::Result<()> {
    let known = manifest.known.len();
    let planted: u64 = outcome.groups.values().map(|count| count.planted).sum();
    printer.line(format_args!(
        "{known} known pictures, planted {planted} times among {} innocent files; {} hash lists.",
        outcome.innocent.planted,
        manifest.lists.len()
    ))?;
    printer.line("")?;
    printer.line(format_args!(
        "{:<28}{:>8}{:>8}{:>8}{:>8}",
        "planted and found", "planted", "found", "share", "needed"
    ))?;
    for (group, count) in &outcome.groups {
        row(printer, group.name(), *count, group.required())?;
        let inside: Vec<_> = outcome.transforms.iter().filter(|(own, ..)| own == group).collect();
        if inside.len() > 1 {
            for (_, name, count) in inside {
                row(printer, &format!("  {name}"), *count, None)?;
            }
        }
    }
    printer.line("")?;
    printer.line(format_args!(
        "Innocent files matched: {} of {}. Known-good files ignored: {}.",
        outcome.innocent.found, outcome.innocent.planted, outcome.summary.ignored
    ))?;
    let reasons: Vec<String> = outcome
        .summary
        .not_examined_by_reason
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    printer.line(format_args!(
        "Files that could not be examined, and are named as such: {} ({}).",
        outcome.summary.not_examined,
        reasons.join(", ")
    ))?;
    if outcome.failures().is_empty() {
        printer.line("")?;
        printer.line("All that must be found was found, and nothing innocent matched.")?;
    }
    next_steps(printer, manifest, kept)
}

fn row(printer: &mut Printer, name: &str, count: Count, needed: Option<u64>) -> io::Result<()> {
    let needed = needed.map_or(String::new(), |percent| format!("{percent} %"));
    let share = format!("{} %", count.percent());
    let (planted, found) = (count.planted, count.found);
    let line = format!("{name:<28}{planted:>8}{found:>8}{share:>8}{needed:>8}");
    printer.line(line.trim_end())
}

fn next_steps(printer: &mut Printer, manifest: &Manifest, kept: Option<&Path>) -> io::Result<()> {
    printer.line("")?;
    let folder = match kept {
        Some(folder) => {
            printer.line("Everything is kept. What it ran, in other words:")?;
            folder.display().to_string()
        }
        None => {
            printer.line("To keep everything: hashward demo --dir DIR. What it then ran:")?;
            "DIR".to_owned()
        }
    };
    let database = quoted(&format!("{folder}/{DATABASE}"));
    printer.line(format_args!("  hashward db create {database}"))?;
    for list in &manifest.lists {
        printer.line(format_args!("  {}", import_command(&folder, &database, list)))?;
    }
    let files = quoted(&format!("{folder}/{}", Collection::FILES));
    printer.line(format_args!("  hashward scan --db {database} {files}"))
}

fn import_command(folder: &str, database: &str, list: &ListFile) -> String {
    let file = list.path.to_string_lossy().replace('\\', "/");
    let file = quoted(&format!("{folder}/{file}"));
    let mut command = format!("hashward list import {database} {file} --name {}", list.name);
    if list.ignore {
        command += " --kind ignore";
    }
    if let Some(category) = list.category {
        command += &format!(" --category {}", quoted(category));
    }
    command
}

/// A word of a command line for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | ':');
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
