//! `hashward bench`: measure this machine.

mod digest;
mod hash;
mod scan;
mod search;

use crate::exit::ExitStatus;
use crate::printer::Printer;
use clap::Subcommand;
use std::time::{Duration, Instant};

/// Measure how fast this machine is, on synthetic data.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Hash(hash::HashArgs),
    Search(search::SearchArgs),
    Digest(digest::DigestArgs),
    Scan(scan::ScanArgs),
}

pub(crate) fn run(args: &BenchArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match &args.what {
        What::Hash(args) => hash::run(args, printer),
        What::Search(args) => search::run(args, printer),
        What::Digest(args) => digest::run(args, printer),
        What::Scan(args) => scan::run(args, printer),
    }
}

/// The median wall-clock time of several rounds of the same work.
fn median(rounds: u32, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..rounds.max(1) {
        let begin = Instant::now();
        work()?;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

/// Bytes per nanosecond, which is GB/s.
fn rate(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / time.as_nanos().max(1) as f64
}
