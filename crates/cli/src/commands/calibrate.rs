//! `hashward calibrate`: false matches on the user's own innocent pictures, and radii from them.

use crate::commands::eval::{MOST, files, transforms, watched, write_lines};
use crate::commands::key::KeyArgs;
use crate::commands::scan::{open, watch};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::{interrupt, text};
use anyhow::{Context, bail};
use hashward_engine::calibrate::{CalibrateOptions, Counted, count};
use hashward_engine::chance::Pairs;
use hashward_engine::radii::{ALLOWED, Radii, VariantRadii};
use hashward_engine::{Progress, Stop, threads};
use hashward_eval::Interrupted;
use hashward_eval::fit::{Rate, propose, rate, tail};
use hashward_eval::page::{Page, curves};
use hashward_eval::pictures::read_originals;
use hashward_eval::recall::{self, Row};
use hashward_media::Guesses;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Measure false matches on your own innocent pictures, and propose radii.
///
/// Compares every hash that a thorough scan makes of your pictures with every PDQ hash of the known
/// lists, in worker processes as a scan does, and proposes the widest radii that keep a whole query
/// below 1e-4 (near), 1e-2 (variant) and 5e-2 (review) false matches against a million entries; no
/// radius is wider than 60. Pictures that are listed themselves are named and left out: look at why
/// before you call them innocent. Some of the pictures are also changed and asked for again (decoded
/// in this process: give no evidence), so that the page can show what each radius finds.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CalibrateArgs {
    /// The database folder.
    #[arg(long, value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Pictures that are changed and asked for again; 0 for none.
    #[arg(long, default_value_t = 24, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    changed: u32,
    /// Write `calibration.json`, `calibration.html` and `calibration.jsonl` into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads [default: one per core].
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// Folders and files of innocent pictures: thousands, of the kinds that you examine.
    #[arg(required = true, value_name = "NEGATIVES")]
    negatives: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  hashward calibrate --db known.db --out calibration innocent-pictures/
  hashward scan --db known.db --effort thorough --radii calibration/calibration.json /mnt/exhibit1";

/// Changes on which recall is shown: those that guesses are for.
const CHANGES: [&str; 12] = [
    "jpeg-q30",
    "resize-50",
    "flip_x",
    "invert",
    "crop-centre-5",
    "crop-centre-10",
    "crop-left-10",
    "border-5-ffffff",
    "caption-15",
    "screenshot",
    "rotate-2.0",
    "rotate-10.0-enlarged",
];

/// A line of the JSON output.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Calibration {
        files: u64,
        /// Files whose pictures were compared.
        compared: u64,
        /// Pictures in them: a film has several.
        pictures: u64,
        listed_hashes: u64,
        listed_themselves: u64,
        below_quality: u64,
        no_picture: u64,
        not_examined: u64,
        left_out_lists: &'a [String],
    },
    Listed {
        path: String,
    },
    Radius {
        kind: &'static str,
        in_use: VariantRadii,
        matched: Rate,
        review: Rate,
        proposed: VariantRadii,
        proposed_matched: Rate,
        proposed_review: Rate,
    },
}

pub(crate) fn run(args: &CalibrateArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let stop = interrupt::install();
    let database = open(&args.db, &args.key)?;
    let generation = database.generation();
    let options = CalibrateOptions {
        threads: args.jobs.map_or(0, usize::from),
        exclude: vec![args.db.clone()],
        ..CalibrateOptions::default()
    };
    let (progress, roots) = (Progress::new(), &args.negatives);
    let counted = watch(printer, &progress, stop, roots, &options.exclude, |_| {
        count(&generation, roots, &options, &progress, stop)
    })?;
    if stop.is_wished() {
        return Ok(ExitStatus::Interrupted);
    }
    if counted.pairs.compared() == 0 {
        bail!(
            "nothing could be compared: {} usable pictures, {} listed PDQ hashes",
            counted.pairs.pictures,
            counted.pairs.listed
        );
    }
    let rows = match rows(args, printer, stop) {
        Ok(rows) => rows,
        Err(error) if error.is::<Interrupted>() => return Ok(ExitStatus::Interrupted),
        Err(error) => return Err(error),
    };
    let proposed = propose(&counted.pairs, Radii::CALIBRATED, MOST);
    let lines = lines(&counted, &proposed);
    if args.json {
        lines.iter().try_for_each(|line| printer.json(line))?;
    } else {
        show(printer, &counted, &proposed)?;
    }
    if let Some(folder) = &args.out {
        write(folder, &counted, &proposed, &rows, &lines)?;
        let folder = folder.display();
        printer.note(format_args!("to apply: hashward scan --radii {folder}/calibration.json …"));
    }
    Ok(ExitStatus::of(false, counted.not_examined > 0))
}

/// Recall on some of the pictures, evenly picked.
fn rows(args: &CalibrateArgs, printer: &mut Printer, stop: &Stop) -> anyhow::Result<Vec<Row>> {
    let files = files(&args.negatives)?;
    if args.changed == 0 || args.out.is_none() {
        return Ok(Vec::new());
    }
    let step = (files.len() / args.changed as usize).max(1);
    let picked: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let threads = threads(args.jobs.map_or(0, usize::from));
    // What cannot be read here was counted as not examined above.
    let (originals, _) = watched(printer, stop, "pictures to change", |watcher| {
        read_originals(&picked, threads, watcher)
    })?;
    let transforms = transforms(&CHANGES.map(str::to_owned))?;
    Ok(watched(printer, stop, "changed pictures", |watcher| {
        recall::measure(&originals, &transforms, Guesses::All, threads, watcher)
    })?)
}

fn lines<'a>(counted: &'a Counted, proposed: &Radii) -> Vec<Line<'a>> {
    let pairs = &counted.pairs;
    let first = Line::Calibration {
        files: counted.files,
        compared: counted.compared,
        pictures: pairs.pictures,
        listed_hashes: pairs.listed,
        listed_themselves: counted.listed.len() as u64,
        below_quality: counted.below_gate,
        no_picture: counted.no_picture,
        not_examined: counted.not_examined,
        left_out_lists: &counted.left_out,
    };
    let listed =
        counted.listed.iter().map(|path| Line::Listed { path: path.to_string_lossy().into() });
    let radius = Pairs::KINDS.into_iter().map(|kind| {
        let (in_use, proposed) = (Radii::CALIBRATED.of(kind), proposed.of(kind));
        let at = |radius: hashward_hash::Distance| rate(pairs, kind, radius.0);
        Line::Radius {
            kind: kind.name(),
            in_use,
            matched: at(in_use.matched),
            review: at(in_use.review),
            proposed,
            proposed_matched: at(proposed.matched),
            proposed_review: at(proposed.review),
        }
    });
    std::iter::once(first).chain(listed).chain(radius).collect()
}

fn show(printer: &mut Printer, counted: &Counted, proposed: &Radii) -> anyhow::Result<()> {
    for path in &counted.listed {
        let path = text::printable(&path.to_string_lossy());
        printer.line(format_args!("listed itself, left out: {path}"))?;
    }
    let pairs = &counted.pairs;
    printer.line(format_args!(
        "{} files: {} compared ({} pictures with {} listed hashes), {} listed themselves, {} of too \
         low a quality to match, {} no pictures, {} not examined.",
        text::count(counted.files),
        text::count(counted.compared),
        text::count(pairs.pictures),
        text::count(pairs.listed),
        text::count(counted.listed.len() as u64),
        text::count(counted.below_gate),
        text::count(counted.no_picture),
        text::count(counted.not_examined)
    ))?;
    for list in &counted.left_out {
        let list = text::printable(list);
        printer.line(format_args!("The list `{list}` has its own radius and was left out."))?;
    }
    printer.line(format_args!(
        "{:<14}{:>8}{:>26}{:>8}{:>26}{:>18}",
        "", "radius", "false matches a query", "review", "false matches a query", "proposed"
    ))?;
    for kind in Pairs::KINDS {
        let (own, new) = (Radii::CALIBRATED.of(kind), proposed.of(kind));
        printer.line(format_args!(
            "{:<14}{:>8}{:>26}{:>8}{:>26}{:>18}",
            kind.name(),
            own.matched.0,
            rate(pairs, kind, own.matched.0),
            own.review.0,
            rate(pairs, kind, own.review.0),
            format!("{} / {}", new.matched.0, new.review.0)
        ))?;
    }
    printer.line(
        "Against a million entries, with 95 % bounds; ~ extrapolated from larger distances.",
    )?;
    let unknown: Vec<&str> = Pairs::KINDS
        .iter()
        .filter(|kind| tail(pairs, **kind).is_none())
        .map(|it| it.name())
        .collect();
    if !unknown.is_empty() {
        printer.line(format_args!(
            "Too few pictures or listed hashes to say anything of {}: the radii in use are kept.",
            unknown.join(", ")
        ))?;
    }
    Ok(())
}

fn write(
    folder: &Path,
    counted: &Counted,
    proposed: &Radii,
    rows: &[Row],
    lines: &[Line<'_>],
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("calibration.json");
    let text = serde_json::to_vec_pretty(&proposed.by_name())?;
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    write_lines(&folder.join("calibration.jsonl"), lines)?;
    let path = folder.join("calibration.html");
    std::fs::write(&path, page(counted, proposed, rows))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn page(counted: &Counted, proposed: &Radii, rows: &[Row]) -> String {
    let pairs = &counted.pairs;
    let mut page = Page::new("Radii for your own pictures");
    page.note(&format!(
        "{} innocent pictures of yours compared with {} listed hashes. Allowed are {:.0e} (near), \
         {:.0e} (variant) and {:.0e} (review) false matches a query against a million entries. \
         Bounds are one-sided 95 %; what is too rare to be counted is extrapolated from larger \
         distances. Hash values are not shown anywhere.",
        text::count(pairs.pictures),
        text::count(pairs.listed),
        ALLOWED[0],
        ALLOWED[1],
        ALLOWED[2]
    ));
    page.heading("With the radii in use");
    page.radii(pairs, &Radii::CALIBRATED);
    page.heading("With the proposed radii");
    page.radii(pairs, proposed);
    page.note("To apply them:");
    page.verbatim("hashward scan --db DB --effort thorough --radii calibration.json PATH…");
    if let Some(count) = rows.first().map(|row| row.nearest.len()) {
        page.heading("What is found, over false matches");
        page.note(&format!(
            "{count} of your pictures, changed in {} ways, with the proposed radii (dots) and with \
             all of them narrower or wider together.",
            rows.len()
        ));
        page.curves(&curves(rows, pairs, proposed));
        page.heat_map(rows, proposed);
    }
    page.finish()
}
