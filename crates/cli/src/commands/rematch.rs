//! `hashward rematch`: match a case's kept examinations against new lists.

use crate::commands::key::KeyArgs;
use crate::commands::scan::{EXIT_CODES, OrderArg, open, radii, show, warn_about_lists};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use hashward_engine::matching::Policy;
use hashward_engine::rematch;
use hashward_engine::scan::ScanOptions;
use hashward_engine::settings::Day;
use hashward_hash::{Distance, Quality};
use std::path::PathBuf;

/// Match a case's kept examinations against new lists, without reading the evidence again.
///
/// Prints what `scan --case` would print for the same files, and keeps the findings in the case.
/// What a later scan of a changed file has found takes the place of what was found before.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("Example:\n  hashward rematch case-17 --db known.db\n\n{EXIT_CODES}"))]
pub(crate) struct RematchArgs {
    /// The case's folder, as given to `scan --case`.
    #[arg(value_name = "CASE")]
    case: PathBuf,
    /// The database folder.
    #[arg(long, value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Largest distance between perceptual hashes, in bits of 256 [default: the list's, else 31].
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u16).range(0..=256))]
    radius: Option<u16>,
    /// Least quality of perceptual hashes on both sides; an unknown quality passes [default: the
    /// list's, else 50].
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_quality: Option<u8>,
    /// Independent sources that must vouch for a hash, in every list; fewer give a match for review
    /// [default: the list's, else 1].
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=100))]
    requires_sources: Option<u8>,
    /// The day for which it is decided which lists have expired, to repeat a run [default: today].
    #[arg(long, value_name = "DAY")]
    as_of: Option<Day>,
    /// Radii of the guesses, from `hashward calibrate`.
    #[arg(long, value_name = "FILE")]
    radii: Option<PathBuf>,
    /// Order of the results: of paths (the same on every run) or as found.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: OrderArg,
    /// Threads [default: one per core].
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// Print the hash values that matched. Hashes of known material are confidential.
    #[arg(long)]
    show_hashes: bool,
}

pub(crate) fn run(args: &RematchArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let database = open(&args.db, &args.key)?;
    let generation = database.generation();
    let options = ScanOptions {
        policy: Policy {
            radius: args.radius.map(Distance),
            min_quality: args.min_quality.map(Quality),
            requires_sources: args.requires_sources.unwrap_or_default(),
            day: args.as_of.unwrap_or_else(Day::today),
            radii: radii(args.radii.as_deref())?,
            ..Policy::default()
        },
        as_of: args.as_of,
        order: args.order.into(),
        threads: args.jobs.map_or(0, usize::from),
        show_hashes: args.show_hashes,
        ..ScanOptions::default()
    };
    warn_about_lists(printer, &generation, &options.policy);
    let outcome = show(printer, args.json, &[], &[], |sink, progress, stop| {
        rematch::rematch(&generation, &args.case, &options, sink, progress, stop)
    })?;
    Ok(outcome.status())
}
