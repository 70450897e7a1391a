//! `hashward list export`: a list written out again.

use crate::commands::db::{Typed, count_entries, open, plural};
use crate::commands::key::KeyArgs;
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::printable;
use anyhow::Context;
use hashward_engine::database::{Access, Database};
use hashward_engine::export::{ExportError, ExportSummary, WriteError, demand_text};
use hashward_engine::import::ListFormat;
use hashward_hash::HashKind;
use std::path::{Path, PathBuf};

/// Write a list out again, hashes included.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hashward list export known.db agency --format csv --out agency.csv
  hashward list export known.db vic --format vics-1.3 --out vic.json
  hashward list export known.db agency --format kdb --out agency.kdb
  hashward list export known.db agency --format hex --hash-kind md5 --out agency.md5
  hashward list export known.db agency --format jsonl --out -")]
pub(crate) struct ExportArgs {
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Name of the list.
    #[arg(value_name = "NAME")]
    name: String,
    /// Format: csv, jsonl, hashdeep, md5sum, hex, vics-1.3, vics-2.0, kdb, xways.
    #[arg(long, value_name = "F", value_parser = parse_export_format)]
    format: ListFormat,
    /// Which hash to write in formats that hold one kind.
    #[arg(long, value_name = "K", value_parser = crate::commands::hash::parse_kind)]
    hash_kind: Option<HashKind>,
    /// The file to write, which only its owner may read; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print a summary as JSON Lines.
    #[arg(long)]
    json: bool,
}

fn parse_export_format(name: &str) -> Result<ListFormat, String> {
    let known = ListFormat::WRITABLE.map(ListFormat::name).join(", ");
    ListFormat::from_name(name)
        .filter(|format| ListFormat::WRITABLE.contains(format))
        .ok_or(format!("lists are written as {known}"))
}

pub(crate) fn run(args: &ExportArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.db, Access::ReadOnly, &args.key)?;
    let stdout = args.out == Path::new("-");
    let written = if stdout { to_stdout(&database, args) } else { to_file(&database, args) };
    let summary = match written {
        Err(ExportError::Write(WriteError::Io(error)))
            if stdout && error.kind() == std::io::ErrorKind::BrokenPipe =>
        {
            return Ok(ExitStatus::Done);
        }
        written => written.with_context(|| {
            format!("`{}` was not exported to {}", args.name, args.out.display())
        })?,
    };
    if summary.left_out > 0 {
        printer.warn(format_args!(
            "{} left out, because {}",
            count_entries(summary.left_out),
            demand_text(args.format, &summary.demands)
        ));
    }
    if let Some(note) = &summary.note {
        printer.note(note);
    }
    if args.json && !stdout {
        printer.json(&Typed::new("export", summary))?;
    } else if !stdout {
        printer.line(format_args!(
            "wrote {} {} of `{}` version {} to {}",
            summary.rows,
            plural(summary.rows, "row"),
            printable(&summary.list),
            summary.version,
            args.out.display()
        ))?;
    }
    Ok(ExitStatus::Done)
}

fn to_stdout(database: &Database, args: &ExportArgs) -> Result<ExportSummary, ExportError> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    database.export(&args.name, args.format, args.hash_kind, &mut out)
}

/// Writes beside the target and renames at the end, so that no half of a list is ever there.
fn to_file(database: &Database, args: &ExportArgs) -> Result<ExportSummary, ExportError> {
    let folder = match args.out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let io = |error| ExportError::Write(WriteError::Io(error));
    // Files of tempfile are private to the user on Unix.
    let file = tempfile::Builder::new().prefix(".hashward-").tempfile_in(folder).map_err(io)?;
    let mut out = std::io::BufWriter::with_capacity(1 << 16, file);
    let summary = database.export_in(&args.name, args.format, args.hash_kind, &mut out, folder)?;
    let file = out.into_inner().map_err(|error| io(error.into_error()))?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(&args.out).map_err(|error| io(error.error))?;
    Ok(summary)
}
