//! `hashward list diff`: a version of a list against the one before, or files against it.

use super::{BadRowsArg, FormatChoice, input, parse_format, parse_map, report_rows};
use crate::commands::db::{Typed, open};
use crate::commands::key::KeyArgs;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::printable;
use anyhow::Context;
use hashward_engine::database::{Access, DiffEntry, EntryChange};
use hashward_engine::import::{ColumnMap, ImportRequest};
use hashward_hash::HashKind;
use std::path::PathBuf;

/// Show what the newest version of a list added, removed and changed, or what files would.
///
/// Entries are named as in matches; their hashes are not shown. Files are compared as a whole new
/// version, without importing them: nothing is written into the database.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hashward list diff known.db agency
  hashward list diff known.db agency new.csv --counts")]
pub(super) struct DiffArgs {
    /// Print JSON Lines, one for each entry that differs.
    #[arg(long)]
    json: bool,
    /// Print counts only.
    #[arg(long)]
    counts: bool,
    /// Format of the files, as for `list import`.
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = parse_format, requires = "files")]
    format: FormatChoice,
    /// Kind of hashes that do not say it themselves.
    #[arg(long, value_name = "K", value_parser = crate::commands::hash::parse_kind, requires = "files")]
    hash_kind: Option<HashKind>,
    /// What the columns of separated values mean, as for `list import`.
    #[arg(long, value_name = "MEANING=COLUMN,…", value_parser = parse_map, requires = "files")]
    map: Option<ColumnMap>,
    /// What to do when rows cannot be used.
    #[arg(long, value_enum, default_value_t, value_name = "ACTION", requires = "files")]
    bad_rows: BadRowsArg,
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Name of the list.
    #[arg(value_name = "NAME")]
    name: String,
    /// Files to compare with the newest version; `-` reads standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Prints the entries that differ, then their numbers.
pub(super) fn run(args: &DiffArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.db, Access::ReadOnly, &args.key)?;
    database.generation().verify().context("the database is damaged")?;
    let mut failed = Ok(());
    let mut visit = |entry: &DiffEntry| {
        if args.counts || failed.is_err() {
            return;
        }
        failed = if args.json {
            printer.json(&Typed::new("entry", entry))
        } else {
            let sign = match entry.change {
                EntryChange::Added => '+',
                EntryChange::Changed => '~',
                EntryChange::Removed => '-',
            };
            printer.line(format_args!("{sign} {}", printable(&entry.entry)))
        };
    };
    let diff = if args.files.is_empty() {
        database.diff(&args.name, &mut visit)?
    } else {
        let request = ImportRequest {
            inputs: args.files.iter().map(|path| input(path)).collect(),
            format: args.format.0,
            hash_kind: args.hash_kind,
            map: args.map.clone().unwrap_or_default(),
            bad_rows: args.bad_rows.into(),
            ..ImportRequest::new(&args.name)
        };
        let compared = database.diff_with(request, &mut visit, &mut |_| {});
        let (diff, summary) = compared.context("the files cannot be compared")?;
        report_rows(&summary, printer);
        diff
    };
    failed?;
    if args.json {
        printer.json(&Typed::new("diff", diff))?;
        return Ok(ExitStatus::Done);
    }
    let against = match diff.previous {
        Some(previous) => format!("against version {previous}"),
        None => "the first version".to_owned(),
    };
    printer.line(format_args!(
        "`{}` {}{}, {against}: {} added, {} changed, {} removed, {} unchanged",
        printable(&diff.list),
        if args.files.is_empty() { "version " } else { "with these files as version " },
        diff.version,
        diff.added,
        diff.changed,
        diff.removed,
        diff.unchanged
    ))?;
    Ok(ExitStatus::Done)
}
