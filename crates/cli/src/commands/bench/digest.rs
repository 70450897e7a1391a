//! `hashward bench digest`: how fast files are digested, one by one and side by side.

use super::{median, rate};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use anyhow::{Context, ensure};
use hashward_digest::{Hasher, update_together};
use hashward_engine::hashing::{HashOptions, HashRecord, hash_files};
use hashward_engine::{Progress, Stop};
use hashward_hash::{DigestKinds, Digests, HashKind};
use hashward_synth::Rng;
use serde::Serialize;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

/// Measure digesting, one thread: each kind, file by file and many files side by side.
///
/// Makes files of 100 kB to 5 MB from a seed. Rates are medians in GB/s; `memory` is how fast the
/// same bytes can merely be read and added up, the limit for all of them. `folder` is the whole
/// way: the files on disk, in the system's cache, through the same code as `hashward hash`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hashward bench digest --files 64 --json")]
pub(crate) struct DigestArgs {
    /// Files.
    #[arg(long, default_value_t = 48, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    files: u32,
    /// Times that each measurement is repeated.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Seed of the files.
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
    /// The kinds of digest, or `memory`.
    digests: String,
    /// `alone`, `together`, `folder` or `read`.
    how: &'static str,
    files: usize,
    bytes: u64,
    gigabytes_per_second: f64,
}

/// Bytes of each file that are fed at a time, as when files are read.
const TURN: usize = 68 << 10;
/// Files that are fed side by side.
const SIDE_BY_SIDE: usize = 24;

pub(crate) fn run(args: &DigestArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let files = files(args.files, args.seed);
    let bytes = files.iter().map(|file| file.len() as u64).sum();
    let mut print = |digests: &str, how: &'static str, time: Duration| -> anyhow::Result<()> {
        let line = Line {
            kind: "bench",
            bench: "digest",
            digests: digests.to_owned(),
            how,
            files: files.len(),
            bytes,
            gigabytes_per_second: rate(bytes, time),
        };
        if args.json {
            printer.json(&line)?;
        } else {
            let rate = line.gigabytes_per_second;
            printer.line(format_args!("{digests:<24}  {how:<9}  {rate:>7.2} GB/s"))?;
        }
        Ok(printer.flush()?)
    };
    let read = || -> anyhow::Result<()> {
        black_box(files.iter().map(|file| sum(file)).fold(0, u64::wrapping_add));
        Ok(())
    };
    print("memory", "read", median(args.rounds, read)?)?;
    for (name, kinds) in kinds() {
        let expected: Vec<Digests> = files.iter().map(|file| alone(file, kinds)).collect();
        ensure!(together(&files, kinds) == expected, "digests side by side are not those alone");
        let time = median(args.rounds, || {
            files.iter().for_each(|file| {
                black_box(alone(file, kinds));
            });
            Ok(())
        })?;
        print(&name, "alone", time)?;
        let time = median(args.rounds, || {
            black_box(together(&files, kinds));
            Ok(())
        })?;
        print(&name, "together", time)?;
    }
    let folder = tempfile::tempdir().context("cannot make a folder for the files")?;
    for (number, file) in files.iter().enumerate() {
        std::fs::write(folder.path().join(number.to_string()), file)?;
    }
    let three = three();
    hash(folder.path(), three, files.len())?; // From now on the files are in the system's cache.
    let time = median(args.rounds, || hash(folder.path(), three, files.len()))?;
    print("md5+sha1+sha256", "folder", time)?;
    Ok(ExitStatus::Done)
}

fn three() -> DigestKinds {
    [HashKind::Md5, HashKind::Sha1, HashKind::Sha256]
        .into_iter()
        .fold(DigestKinds::default(), DigestKinds::with)
}

/// What is measured: each usual kind, the three that most lists have, and all usual ones.
fn kinds() -> Vec<(String, DigestKinds)> {
    let mut all: Vec<(String, DigestKinds)> =
        [HashKind::Md5, HashKind::Sha1, HashKind::Sha256, HashKind::Blake3]
            .into_iter()
            .map(|kind| (kind.name().to_owned(), DigestKinds::default().with(kind)))
            .collect();
    all.push(("md5+sha1+sha256".to_owned(), three()));
    all.push(("md5+sha1+sha256+blake3".to_owned(), three().with(HashKind::Blake3)));
    all
}

/// Files of 100 kB to 5 MB with pseudo-random content.
fn files(count: u32, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Rng::for_purpose(seed, 0xd165);
    let mut file = || {
        let length = 100_000 + random.below(4_900_000) as usize;
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend_from_slice(&random.next_u64().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    };
    (0..count).map(|_| file()).collect()
}

fn alone(file: &[u8], kinds: DigestKinds) -> Digests {
    let mut hasher = Hasher::new(kinds);
    file.chunks(TURN).for_each(|chunk| hasher.update(chunk));
    hasher.finalize()
}

/// All files, so many at a time; one that ends makes room for the next.
fn together(files: &[Vec<u8>], kinds: DigestKinds) -> Vec<Digests> {
    let mut digests = vec![Digests::default(); files.len()];
    let mut waiting = files.iter().enumerate();
    let mut flight: Vec<(usize, &[u8], Hasher)> = Vec::new();
    loop {
        let room = SIDE_BY_SIDE - flight.len();
        let next = waiting.by_ref().take(room);
        flight.extend(next.map(|(n, file)| (n, file.as_slice(), Hasher::new(kinds))));
        if flight.is_empty() {
            return digests;
        }
        let mut feeds: Vec<(&mut Hasher, &[u8])> = flight
            .iter_mut()
            .map(|(_, left, hasher)| {
                let (chunk, rest) = left.split_at(left.len().min(TURN));
                *left = rest;
                (hasher, chunk)
            })
            .collect();
        update_together(&mut feeds);
        for (number, _, hasher) in flight.extract_if(.., |(_, left, _)| left.is_empty()) {
            digests[number] = hasher.finalize();
        }
    }
}

/// Reads every byte and does next to nothing with it.
fn sum(bytes: &[u8]) -> u64 {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|word| u64::from_ne_bytes(*word)).fold(0, u64::wrapping_add)
}

fn hash(folder: &Path, digests: DigestKinds, files: usize) -> anyhow::Result<()> {
    let options = HashOptions { digests, threads: 1, ..HashOptions::default() };
    let mut sink = |_: &HashRecord| Ok(());
    let roots = [folder.to_path_buf()];
    let summary = hash_files(&roots, &options, &mut sink, &Progress::new(), &Stop::new())?;
    ensure!(summary.files == files as u64 && summary.errors == 0, "not every file was hashed");
    Ok(())
}
