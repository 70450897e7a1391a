//! `hashward hash`: digests and perceptual hashes of files and folders.

use crate::commands::scan::{OrderArg, warn_about_links, watch};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::{interrupt, text};
use hashward_engine::Progress;
use hashward_engine::hashing::{FileHashes, HashOptions, HashRecord, hash_files};
use hashward_hash::{DigestKinds, HashKind};
use std::path::PathBuf;

/// Print digests and perceptual hashes of files and folders.
///
/// Every kind is computed from one read of the file. PDQ is that of the first frame, of the
/// picture as stored, at full resolution. Exit code 3 says that some file could not be read, or
/// that a picture has no PDQ; its `error` says why.
#[derive(Debug, clap::Args)]
pub(crate) struct HashArgs {
    /// Kinds of hash; besides the default ones sha512, ed2k, tth and crc32.
    #[arg(long, value_delimiter = ',', value_name = "KINDS", value_parser = parse_computed,
          default_value = "md5,sha1,sha256,blake3,pdq")]
    kinds: Vec<HashKind>,
    /// Print PDQ of the seven other orientations as well.
    #[arg(long)]
    dihedral: bool,
    /// How PDQ is computed: full is the canonical hash of the full resolution, fast is close to it
    /// and quicker for large JPEG pictures. Fast hashes are for looking around, not for lists.
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    effort: EffortArg,
    /// Order of the results: of paths (the same on every run) or as found.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: OrderArg,
    /// Threads [default: one per core].
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// Files and folders. A link is skipped unless it ends with a slash.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum EffortArg {
    Fast,
    #[default]
    Full,
}

pub(crate) fn parse_kind(name: &str) -> Result<HashKind, String> {
    HashKind::from_name(name).ok_or_else(|| {
        let all: Vec<&str> = HashKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("unknown kind; known are {}", all.join(", "))
    })
}

/// A kind that this program computes.
fn parse_computed(name: &str) -> Result<HashKind, String> {
    let kind = parse_kind(name)?;
    if kind.is_opaque() {
        return Err(format!("{kind} is not computed by this program, only compared"));
    }
    Ok(kind)
}

pub(crate) fn run(args: &HashArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let options = HashOptions {
        digests: args.kinds.iter().fold(DigestKinds::default(), |kinds, &kind| kinds.with(kind)),
        pdq: args.kinds.contains(&HashKind::Pdq),
        dihedral: args.dihedral,
        effort: match args.effort {
            EffortArg::Fast => hashward_engine::hashing::Effort::FAST,
            EffortArg::Full => hashward_engine::hashing::Effort::Full,
        },
        order: args.order.into(),
        threads: args.jobs.map_or(0, usize::from),
    };
    let stop = interrupt::install();
    let progress = Progress::new();
    let summary = watch(printer, &progress, stop, &args.paths, &[], |printer| {
        let mut sink = |record: &HashRecord| {
            match record {
                _ if args.json => printer.json(record)?,
                HashRecord::File(file) => {
                    for line in lines(file) {
                        printer.line(line)?;
                    }
                }
                HashRecord::Skipped(skipped) => printer.line(format_args!(
                    "skipped  {}  {}",
                    skipped.reason,
                    text::printable(&skipped.name.path)
                ))?,
            }
            // What was found must not wait for a large file behind it.
            printer.flush()
        };
        hash_files(&args.paths, &options, &mut sink, &progress, stop)
    })?;
    if stop.is_wished() {
        return Ok(ExitStatus::Interrupted);
    }
    warn_about_links(printer, &args.paths);
    Ok(ExitStatus::of(false, summary.errors > 0))
}

/// A file for people: its path, then one line per hash.
fn lines(file: &FileHashes) -> Vec<String> {
    let mut first = text::printable(&file.path);
    if let Some(size) = file.size {
        first += &format!("  {} bytes", text::count(size));
    }
    if let Some(media_type) = &file.media_type {
        first += &format!("  {media_type}");
    }
    if let (Some(width), Some(height)) = (file.width, file.height) {
        first += &format!("  {width}x{height}");
    }
    let mut lines = vec![first];
    let digests = [
        ("md5", &file.md5),
        ("sha1", &file.sha1),
        ("sha256", &file.sha256),
        ("blake3", &file.blake3),
        ("sha512", &file.sha512),
        ("ed2k", &file.ed2k),
        ("tth", &file.tth),
        ("crc32", &file.crc32),
    ];
    for (kind, digest) in digests {
        if let Some(digest) = digest.as_ref().and_then(Option::as_ref) {
            lines.push(format!("  {kind:<10}  {digest}"));
        }
    }
    if let Some(pdq) = file.pdq.as_ref().and_then(Option::as_ref) {
        lines.push(format!("  {:<10}  {}  quality {}", "pdq", pdq.hash, pdq.quality));
        if let Some(turned) = &pdq.dihedral {
            let turned = [
                ("rot90", &turned.rot90),
                ("rot180", &turned.rot180),
                ("rot270", &turned.rot270),
                ("flip_x", &turned.flip_x),
                ("flip_y", &turned.flip_y),
                ("transpose", &turned.transpose),
                ("transverse", &turned.transverse),
            ];
            lines.extend(turned.map(|(name, hash)| format!("  {name:<10}  {hash}")));
        }
    }
    if let Some(error) = &file.error {
        lines.push(format!("  {:<10}  {}", "error", text::printable(error)));
    }
    lines
}
