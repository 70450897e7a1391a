//! `hashward lookup`: match hashes given as text.

use crate::exit::ExitStatus;
use crate::printer::Printer;
use std::path::PathBuf;

/// Match hashes given as hexadecimal text.
#[derive(Debug, clap::Args)]
pub(crate) struct LookupArgs {
    /// The database folder.
    #[arg(long, value_name = "DB")]
    db: PathBuf,
}

pub(crate) fn run(args: &LookupArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    printer.line(args.db.display())?;
    Ok(ExitStatus::Done)
}
