//! `hashward register`: pictures in hand become known material.

use super::db::{Typed, open};
use super::key::KeyArgs;
use super::list::{import_message, report_import, settings};
use super::scan::{warn_about_links, watch};
use crate::exit::ExitStatus;
use crate::interrupt;
use crate::printer::Printer;
use crate::text::{count, printable};
use anyhow::Context;
use hashward_engine::Progress;
use hashward_engine::database::Access;
use hashward_engine::register::{RegisterError, RegisterRequest};
use hashward_engine::verdict::NotExamined;
use std::path::PathBuf;

/// Register pictures in hand as known material.
///
/// Of each picture the list keeps digests, PDQ and a signature of local features (4 KB, and as much
/// for the index), no picture and no thumbnail. By its features a registered picture is also found
/// where it was cropped to half, turned by any angle, tilted, overlaid, framed, or made part of
/// another one; such matches have the tier `local`. An entry is named by the path below PATH.
///
/// The version replaces the list's active one; with `--delta` it adds to it. Otherwise the list is
/// one like any other: `list show`, `list diff`, `list export` and `list withdraw` work on it.
/// Inputs that are no pictures, or cannot be decoded completely, are named and not registered; the
/// exit code is then 3. Cases that were scanned before the first registration hold no features:
/// `rematch` refuses them until they are scanned again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  hashward register known.db /cases/2026-117/pictures --name own-cases --category A
  hashward register known.db new.jpg --name own-cases --delta
  hashward scan --db known.db /mnt/image")]
pub(crate) struct RegisterArgs {
    /// The database folder.
    #[arg(value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Pictures, and folders of them. A link is skipped unless it ends with a slash.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Name of the list.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Add to the active version instead of replacing it.
    #[arg(long)]
    delta: bool,
    /// Threads [default: one per core].
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: settings::SettingsArgs,
}

pub(crate) fn run(args: &RegisterArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let mut database = open(&args.db, Access::ReadWrite, &args.key)?;
    let request = RegisterRequest {
        paths: args.paths.clone(),
        list: args.name.clone(),
        delta: args.delta,
        settings: args.settings.change()?,
        threads: args.jobs.map_or(0, usize::from),
        workers: None,
    };
    let stop = interrupt::install();
    let progress = Progress::new();
    let bar = printer.progress(None, "");
    let summary = watch(printer, &progress, stop, &args.paths, &[], |printer| {
        let mut sink = |record: &NotExamined| {
            if args.json {
                printer.json(&Typed::new("not_registered", record))
            } else {
                printer.line(format_args!(
                    "not registered  {}  {}: {}",
                    printable(&record.name.path),
                    record.reason.name(),
                    printable(&record.detail)
                ))
            }
        };
        let mut importing = |progress| bar.message(import_message(progress));
        database.register(request, &mut sink, &progress, stop, &mut importing)
    });
    drop(bar);
    let summary = match summary {
        Err(RegisterError::Interrupted) => return Ok(ExitStatus::Interrupted),
        summary => summary.with_context(|| format!("`{}` was not registered", args.name))?,
    };
    warn_about_links(printer, &args.paths);
    let not_registered = summary.not_registered;
    if args.json {
        printer.json(&Typed::new("register", summary))?;
    } else {
        printer.line(format_args!(
            "{} pictures registered, {} of them without local features; {} inputs not registered",
            count(summary.pictures),
            count(summary.without_features),
            count(not_registered)
        ))?;
        report_import(&summary.import, printer)?;
    }
    Ok(ExitStatus::of(false, not_registered > 0))
}
