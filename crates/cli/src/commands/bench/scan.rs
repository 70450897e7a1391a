//! `hashward bench scan`: a folder of photos, stage by stage and end to end.

use super::{median, rate};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use anyhow::{Context, ensure};
use hashward_engine::database::Database;
use hashward_engine::hashing::{HashOptions, HashRecord, hash_files};
use hashward_engine::import::ImportRequest;
use hashward_engine::rematch::rematch;
use hashward_engine::scan::{ScanOptions, scan};
use hashward_engine::{Progress, Stop, threads};
use hashward_hash::DigestKinds;
use hashward_synth::{Class, Encoding, Rng, generate};
use serde::Serialize;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Measure a scan of a folder of photos: each stage on its own, and end to end.
///
/// Makes pictures from a seed, encodes them as JPEG at quality 90, and imports a list of random
/// PDQ hashes. The stages are: `read` the files, compute the four usual `digests`, `hash` them
/// and the pictures in all eight orientations, `scan` (the same, matched) on one thread and on
/// all, and `rematch`: match what a case keeps, without any file. Files are in the system's cache.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hashward bench scan --photos 100 --json")]
pub(crate) struct ScanArgs {
    /// Photos.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    photos: u32,
    /// Width of a photo in pixels; the height is three quarters of it.
    #[arg(long, default_value_t = 2000, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(64..=8000))]
    width: u32,
    /// Hashes in the list.
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    hashes: u32,
    /// Times that each measurement is repeated.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Seed of photos and hashes.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
}

/// One line of the result.
#[derive(Debug, Serialize)]
struct Line {
    #[serde(rename = "type")]
    kind: &'static str,
    bench: &'static str,
    stage: &'static str,
    threads: usize,
    files: u32,
    bytes: u64,
    hashes: u32,
    seconds: f64,
    files_per_second: f64,
    gigabytes_per_second: f64,
}

pub(crate) fn run(args: &ScanArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let folder = tempfile::tempdir().context("cannot make a folder for the photos")?;
    let photos = folder.path().join("photos");
    printer.note(format_args!("making {} photos and {} hashes", args.photos, args.hashes));
    let bytes = make_photos(&photos, args)?;
    let database = make_database(folder.path(), args)?;
    let generation = database.generation();
    let roots = [photos.clone()];
    let case = folder.path().join("case");

    let mut print = |stage: &'static str, threads: usize, time: Duration| -> anyhow::Result<()> {
        let seconds = time.as_secs_f64();
        let line = Line {
            kind: "bench",
            bench: "scan",
            stage,
            threads,
            files: args.photos,
            bytes,
            hashes: args.hashes,
            seconds,
            files_per_second: f64::from(args.photos) / seconds.max(1e-9),
            gigabytes_per_second: rate(bytes, time),
        };
        if args.json {
            printer.json(&line)?;
        } else {
            printer.line(format_args!(
                "{stage:<8}  {threads:>2} threads  {:>9.3} ms a file  {:>9.1} files/s  {:>6.2} GB/s",
                1e3 * seconds / f64::from(args.photos),
                line.files_per_second,
                line.gigabytes_per_second
            ))?;
        }
        Ok(printer.flush()?)
    };

    print("read", 1, median(args.rounds, || read(&photos, bytes))?)?;
    for (stage, pdq) in [("digests", false), ("hash", true)] {
        let options = HashOptions {
            digests: DigestKinds::USUAL,
            pdq,
            dihedral: true,
            threads: 1,
            ..HashOptions::default()
        };
        let time = median(args.rounds, || hash(&roots, &options, args.photos))?;
        print(stage, 1, time)?;
    }
    let scan = |threads: usize, case: Option<&PathBuf>| -> anyhow::Result<()> {
        let options = ScanOptions { threads, case: case.cloned(), ..ScanOptions::default() };
        let (progress, stop) = (Progress::new(), Stop::new());
        let summary = scan(&generation, &roots, &options, &mut |_| Ok(()), &progress, &stop)?;
        ensure!(summary.complete && summary.files == u64::from(args.photos), "photos are missing");
        Ok(())
    };
    print("scan", 1, median(args.rounds, || scan(1, None))?)?;
    let all = threads(0);
    if all > 1 {
        print("scan", all, median(args.rounds, || scan(all, None))?)?;
    }
    scan(all, Some(&case))?;
    let time = median(args.rounds, || {
        let options = ScanOptions { threads: 1, ..ScanOptions::default() };
        let (progress, stop) = (Progress::new(), Stop::new());
        let summary = rematch(&generation, &case, &options, &mut |_| Ok(()), &progress, &stop)?;
        ensure!(summary.complete && summary.files == u64::from(args.photos), "photos are missing");
        Ok(())
    })?;
    print("rematch", 1, time)?;
    Ok(ExitStatus::Done)
}

/// Writes the photos and gives their bytes.
fn make_photos(folder: &Path, args: &ScanArgs) -> anyhow::Result<u64> {
    std::fs::create_dir(folder)?;
    let mut bytes = 0;
    for number in 0..args.photos {
        let classes = [Class::DeadLeaves, Class::Landscape, Class::Texture, Class::Figure];
        let class = classes[number as usize % classes.len()];
        let seed = args.seed.wrapping_add(u64::from(number));
        let picture = generate(class, seed, args.width, args.width * 3 / 4);
        let file = Encoding::Jpeg(90).encode(&picture)?;
        bytes += file.len() as u64;
        std::fs::write(folder.join(format!("{number:05}.jpg")), file)?;
    }
    Ok(bytes)
}

/// A database with one list of random hashes, which no photo comes near.
fn make_database(folder: &Path, args: &ScanArgs) -> anyhow::Result<Database> {
    let list = folder.join("list.csv");
    let mut out = BufWriter::new(std::fs::File::create(&list)?);
    let mut random = Rng::for_purpose(args.seed, 0x115d);
    writeln!(out, "pdq,quality")?;
    for _ in 0..args.hashes {
        let words: [u64; 4] = std::array::from_fn(|_| random.next_u64());
        let [a, b, c, d] = words;
        writeln!(out, "{a:016x}{b:016x}{c:016x}{d:016x},100")?;
    }
    out.into_inner().context("cannot write the list")?;
    let mut database = Database::create(&folder.join("db"))?;
    database.import(ImportRequest::new("random").file(list), &mut |_| {})?;
    Ok(database)
}

fn read(folder: &Path, bytes: u64) -> anyhow::Result<()> {
    let mut read = 0;
    for entry in std::fs::read_dir(folder)? {
        read += black_box(std::fs::read(entry?.path())?).len() as u64;
    }
    ensure!(read == bytes, "the photos changed");
    Ok(())
}

fn hash(roots: &[PathBuf], options: &HashOptions, photos: u32) -> anyhow::Result<()> {
    let mut sink = |_: &HashRecord| Ok(());
    let summary = hash_files(roots, options, &mut sink, &Progress::new(), &Stop::new())?;
    ensure!(
        summary.files == u64::from(photos) && summary.errors == 0,
        "not every photo was hashed"
    );
    Ok(())
}
