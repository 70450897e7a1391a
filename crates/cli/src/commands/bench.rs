//! `hashward bench`: measure this machine.

mod search;

use crate::exit::ExitStatus;
use crate::printer::Printer;
use clap::Subcommand;

/// Measure how fast this machine is, on synthetic data.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Search(search::SearchArgs),
}

pub(crate) fn run(args: &BenchArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match &args.what {
        What::Search(args) => search::run(args, printer),
    }
}
