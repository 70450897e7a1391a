//! The root of the command line's grammar; each command brings its own arguments.

use crate::commands::{
    bench, calibrate, db, demo, eval, hash, list, lookup, register, rematch, scan,
};
use clap::{Parser, Subcommand};

/// Finds known pictures in a collection of files, by digest and by perceptual hash.
#[derive(Debug, Parser)]
#[command(name = "hashward", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Print no progress and no notes; results and errors only.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done, nothing matched
  1    done, something matched
  2    could not run (bad arguments, unreadable database, refused import)
  3    done, nothing matched, some input not examined
  4    done, something matched, some input not examined
  130  interrupted";

/// The commands, in the order in which the help lists them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Hash(hash::HashArgs),
    Db(db::DbArgs),
    List(list::ListArgs),
    Lookup(lookup::LookupArgs),
    Scan(scan::ScanArgs),
    Register(register::RegisterArgs),
    Rematch(rematch::RematchArgs),
    Bench(bench::BenchArgs),
    Eval(eval::EvalArgs),
    Calibrate(calibrate::CalibrateArgs),
    Demo(demo::DemoArgs),
}

#[cfg(test)]
mod tests {
    #[test]
    fn grammar_is_consistent() {
        <super::Args as clap::CommandFactory>::command().debug_assert();
    }
}
