//! `hashward hash`: digests and perceptual hashes of files and folders.

use crate::exit::ExitStatus;
use crate::printer::Printer;
use std::path::PathBuf;

/// Print digests and perceptual hashes of files and folders.
#[derive(Debug, clap::Args)]
pub(crate) struct HashArgs {
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// Files and folders.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(crate) fn run(args: &HashArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    printer.line(args.paths.len())?;
    Ok(ExitStatus::Done)
}
