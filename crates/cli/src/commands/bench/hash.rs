//! `hashward bench hash`: one picture from pixels and from a JPEG file, stage by stage.

use crate::exit::ExitStatus;
use crate::printer::Printer;
use hashward_bench::{Picture, hash_stages};
use hashward_synth::{Class, Encoding, generate};
use serde::Serialize;

/// Measure hashing of a synthetic picture, stage by stage, on one thread.
///
/// Makes a picture and a JPEG file of it from a seed and prints the median time of each stage beside
/// what limits it: reading the pixels once, and decoding the entropy-coded data.
#[derive(Debug, clap::Args)]
pub(crate) struct HashArgs {
    /// Pixels in a row.
    #[arg(long, value_name = "N", default_value_t = 4000,
        value_parser = clap::value_parser!(u32).range(16..=10_000))]
    width: u32,
    /// Rows.
    #[arg(long, value_name = "N", default_value_t = 3000,
        value_parser = clap::value_parser!(u32).range(16..=10_000))]
    height: u32,
    /// Quality of the JPEG file.
    #[arg(long, value_name = "Q", default_value_t = 85,
        value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
    /// Seed of the picture.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
}

/// A line of the output.
#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    stage: &'static str,
    width: u32,
    height: u32,
    median_us: f64,
    bytes: u64,
    gigabytes_per_second: f64,
}

/// Rounds of every stage.
const ROUNDS: usize = 9;

pub(crate) fn run(args: &HashArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let (width, height) = (args.width, args.height);
    let made = generate(Class::DeadLeaves, args.seed, width, height);
    let jpeg = Encoding::Jpeg(args.quality).encode(&made)?;
    let picture = Picture { width, height, rgb: made.rgb(), jpeg: &jpeg };
    for stage in hash_stages(&picture, ROUNDS)? {
        let nanos = stage.median.as_nanos().max(1) as f64;
        let line = Line {
            r#type: "bench",
            stage: stage.name,
            width,
            height,
            median_us: nanos / 1e3,
            bytes: stage.bytes,
            gigabytes_per_second: (stage.bytes as f64 / nanos * 1000.0).round() / 1000.0,
        };
        if args.json {
            printer.json(&line)?;
        } else {
            printer.line(format_args!(
                "{:<26} {:>10.3} ms {:>8.2} GB/s",
                line.stage,
                line.median_us / 1e3,
                line.gigabytes_per_second
            ))?;
        }
    }
    Ok(ExitStatus::Done)
}
