//! `hashward bench search`: radius search over synthetic codes.

use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::text::{bytes, count};
use anyhow::Context;
use hashward_bench::{
    Bandwidth, Cell, Codes, LARGE_ANSWER, Match, Measured, Method, Run, SIZES, Tables, Target,
    Wanted, bandwidth, codes, grid, measure_in, name, picture,
};
use serde::Serialize;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Measure radius search over synthetic 256-bit codes, on one thread.
///
/// Makes codes and queries from a seed, builds the tables that the method needs, compares its
/// answers with brute force, and prints the time per query (median and p99), the share of codes
/// that were compared, bytes per hash and build time. Queries with more than 1,000 matches, which
/// clustered codes have, are left out and counted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SearchArgs {
    /// Number of codes.
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u32).range(1..=1 << 30))]
    n: u32,
    /// Largest distance of a match, in bits.
    #[arg(long, value_name = "R", default_value_t = 31,
        value_parser = clap::value_parser!(u16).range(0..=256))]
    radius: u16,
    /// Number of queries; every other one has a match.
    #[arg(long, value_name = "Q", default_value_t = 200,
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    queries: u32,
    /// How to search: auto, linear, prefix, bktree, mih.
    #[arg(long, value_name = "METHOD", default_value = "auto", value_parser = parse_method)]
    method: Method,
    /// Queries that are asked together; times are per query.
    #[arg(long, value_name = "B", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// How the codes lie: random, or clustered as real lists are.
    #[arg(long, value_name = "CODES", default_value = "random", value_parser = parse_codes)]
    codes: Codes,
    /// Seed of codes and queries.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// Measure every method over sizes up to N and radii 0 to 90, single and in batches of 1,000.
    #[arg(long, conflicts_with_all = ["radius", "queries", "method", "batch", "codes"])]
    grid: bool,
    /// With --grid: draw it into this file.
    #[arg(long, value_name = "FILE", requires = "grid")]
    svg: Option<PathBuf>,
    /// Measure the bandwidth of reading and of scanning a table of N codes.
    #[arg(long, conflicts_with_all = ["radius", "queries", "method", "batch", "codes", "grid"])]
    bandwidth: bool,
    /// Write codes, queries and matches into this folder, for other programs to compare.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["grid", "bandwidth"])]
    save: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  hashward bench search --n 10000000 --radius 31
  hashward bench search --n 10000000 --batch 1000 --queries 5000 --codes clustered
  hashward bench search --n 10000000 --grid --svg grid.svg";

fn parse_method(text: &str) -> Result<Method, String> {
    use Method::{Auto, BkTree, Linear, MultiIndex, Prefix};
    [Auto, Linear, Prefix, BkTree, MultiIndex]
        .into_iter()
        .find(|method| name(*method) == text)
        .ok_or_else(|| "the methods are auto, linear, prefix, bktree, mih".to_owned())
}

fn parse_codes(text: &str) -> Result<Codes, String> {
    match text {
        "random" => Ok(Codes::Random),
        "clustered" => Ok(Codes::Clustered),
        _ => Err("codes are random or clustered".to_owned()),
    }
}

/// A line of the output.
#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    method: &'static str,
    n: usize,
    radius: u16,
    median_us: f64,
    p99_us: f64,
    visited: f64,
    bytes_per_hash: f64,
    build_seconds: f64,
    queries: usize,
    batch: usize,
    codes: &'static str,
    seed: u64,
    matches: u64,
    left_out: usize,
    checked: usize,
}

pub(crate) fn run(args: &SearchArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    if args.grid {
        return run_grid(args, printer);
    }
    if args.bandwidth {
        let measured = bandwidth(args.n as usize, 9, args.seed)?;
        return print_bandwidth(&measured, args.json, printer);
    }
    let run = Run {
        count: args.n as usize,
        radius: args.radius,
        queries: args.queries as usize,
        batch: args.batch as usize,
        codes: args.codes,
        seed: args.seed,
    };
    let tell = |what: &str| {
        if run.count >= 1_000_000 {
            printer.note(what);
        }
    };
    tell("making codes");
    let made = codes(run.codes, run.count, run.seed);
    tell("building tables");
    let tables = Tables::build(made, Wanted::of(args.method));
    tell("checking and searching");
    let (measured, targets, matches) = measure_in(&tables, &run, args.method)?;
    if let Some(dir) = &args.save {
        save(dir, &tables, &targets, matches).with_context(|| dir.display().to_string())?;
    }
    print(&run, args.method, &measured, args.json, printer)?;
    Ok(ExitStatus::Done)
}

fn print(
    run: &Run,
    method: Method,
    measured: &Measured,
    json: bool,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let micros = |time: std::time::Duration| time.as_nanos() as f64 / 1e3;
    let line = Line {
        r#type: "bench",
        method: name(method),
        n: run.count,
        radius: run.radius,
        median_us: micros(measured.median),
        p99_us: micros(measured.p99),
        visited: measured.visited,
        bytes_per_hash: (measured.bytes_per_hash * 100.0).round() / 100.0,
        build_seconds: measured.build.as_millis() as f64 / 1e3,
        queries: run.queries - measured.left_out,
        batch: run.batch,
        codes: if run.codes == Codes::Random { "random" } else { "clustered" },
        seed: run.seed,
        matches: measured.matches,
        left_out: measured.left_out,
        checked: measured.checked,
    };
    if json {
        printer.json(&line)?;
        return Ok(());
    }
    printer.line(format_args!(
        "{} over {} {} codes at radius {}, batches of {}: median {:.1} µs, p99 {:.1} µs per query",
        line.method,
        count(line.n as u64),
        line.codes,
        line.radius,
        count(line.batch as u64),
        line.median_us,
        line.p99_us
    ))?;
    printer.line(format_args!(
        "compared {:.4} % of the codes, {} matches of {} queries, {} of them checked by brute force",
        100.0 * line.visited,
        count(line.matches),
        count(line.queries as u64),
        count(line.checked as u64)
    ))?;
    if line.left_out > 0 {
        printer.line(format_args!(
            "left out {} queries with more than {} matches each",
            count(line.left_out as u64),
            count(LARGE_ANSWER.into())
        ))?;
    }
    printer.line(format_args!(
        "{:.1} bytes per hash, built in {:.2} s",
        line.bytes_per_hash, line.build_seconds
    ))?;
    Ok(())
}

fn run_grid(args: &SearchArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    #[derive(Serialize)]
    struct GridLine {
        r#type: &'static str,
        n: usize,
        radius: u16,
        batch: usize,
        best: &'static str,
        auto_us: f64,
        ratio: f64,
        linear_us: Option<f64>,
        prefix_us: Option<f64>,
        bktree_us: Option<f64>,
        mih_us: Option<f64>,
    }
    let sizes: Vec<usize> = SIZES.into_iter().filter(|size| *size <= args.n as usize).collect();
    let mut cells: Vec<Cell> = Vec::new();
    let mut failed = None;
    grid(&sizes, 1000, args.seed, |cell| {
        let micros = |method| cell.time(method).map(|time| time.as_nanos() as f64 / 1e3);
        let line = GridLine {
            r#type: "grid",
            n: cell.count,
            radius: cell.radius,
            batch: cell.batch,
            best: name(cell.best().method),
            auto_us: cell.auto.as_nanos() as f64 / 1e3,
            ratio: (cell.ratio() * 100.0).round() / 100.0,
            linear_us: micros(Method::Linear),
            prefix_us: micros(Method::Prefix),
            bktree_us: micros(Method::BkTree),
            mih_us: micros(Method::MultiIndex),
        };
        let printed = if args.json {
            printer.json(&line)
        } else {
            let each: Vec<String> = cell
                .methods
                .iter()
                .map(|timed| format!("{} {:?}", name(timed.method), timed.median))
                .collect();
            printer.line(format_args!(
                "{:>9} codes, radius {:>2}, batch {:>4}: {:<7} planner {:.2}x {:?}; {}",
                line.n,
                line.radius,
                line.batch,
                line.best,
                line.ratio,
                cell.auto,
                each.join(", ")
            ))
        };
        failed = failed.take().or(printed.err());
        cells.push(cell.clone());
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    if let Some(file) = &args.svg {
        let caption = format!("{}, one thread, seed {}", machine(), args.seed);
        std::fs::write(file, picture(&cells, &caption))
            .with_context(|| file.display().to_string())?;
    }
    Ok(ExitStatus::Done)
}

fn print_bandwidth(
    measured: &Bandwidth,
    json: bool,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    #[derive(Serialize)]
    struct BandwidthLine {
        r#type: &'static str,
        bytes: u64,
        read_gb_s: f64,
        linear_gb_s: f64,
        linear_share: f64,
        prefix_gb_s: f64,
    }
    let round = |value: f64| (value * 100.0).round() / 100.0;
    let line = BandwidthLine {
        r#type: "bandwidth",
        bytes: measured.bytes,
        read_gb_s: round(measured.read),
        linear_gb_s: round(measured.scan),
        linear_share: round(measured.scan / measured.read),
        prefix_gb_s: round(measured.prefix),
    };
    if json {
        printer.json(&line)?;
    } else {
        printer.line(format_args!(
            "table of {}: read at {:.1} GB/s, scanned at {:.1} GB/s ({:.0} %), \
             by the prefix column as if at {:.1} GB/s",
            bytes(line.bytes),
            line.read_gb_s,
            line.linear_gb_s,
            100.0 * line.linear_share,
            line.prefix_gb_s
        ))?;
    }
    Ok(ExitStatus::Done)
}

/// What the operating system calls the processor, for the caption of a picture.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |model| model.trim().to_owned())
}

/// Writes `codes.bin` and `queries.bin` (32 bytes each, in store order) and `matches.bin`
/// (query, position, distance: three little-endian words of 4 bytes each, ascending).
fn save(
    dir: &Path,
    tables: &Tables,
    targets: &[Target],
    mut matches: Vec<Match>,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("codes.bin"), tables.codes().as_flattened())?;
    let targets: Vec<u8> = targets.iter().flat_map(|target| target.code).collect();
    std::fs::write(dir.join("queries.bin"), targets)?;
    matches.sort_unstable();
    let mut file = BufWriter::new(std::fs::File::create(dir.join("matches.bin"))?);
    for hit in matches {
        for word in [hit.target, hit.index, u32::from(hit.distance)] {
            file.write_all(&word.to_le_bytes())?;
        }
    }
    Ok(file.into_inner()?.sync_all()?)
}
