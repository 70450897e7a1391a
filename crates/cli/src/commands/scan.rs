//! `hashward scan`: examine files and match them against the database.

use crate::exit::ExitStatus;
use crate::printer::Printer;
use std::path::PathBuf;

/// Examine files and match them against a database of known material.
#[derive(Debug, clap::Args)]
pub(crate) struct ScanArgs {
    /// The database folder.
    #[arg(long, value_name = "DB")]
    db: PathBuf,
}

pub(crate) fn run(args: &ScanArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    printer.line(args.db.display())?;
    Ok(ExitStatus::Done)
}
