//! `hashward eval`: recall of changed pictures, and false matches of innocent ones.

use crate::exit::ExitStatus;
use crate::interrupt;
use crate::printer::Printer;
use crate::text;
use anyhow::{Context, bail};
use hashward_engine::chance::Pairs;
use hashward_engine::radii::{Radii, VariantRadii};
use hashward_engine::{Stop, threads};
use hashward_eval::chance::{self, Chance, KindChance, Sample};
use hashward_eval::fit::{self, LISTED, Rate};
use hashward_eval::interval::upper_bound;
use hashward_eval::page::{Page, curves, number};
use hashward_eval::pictures::{Original, read_originals, synthetic_originals};
use hashward_eval::recall::{self, Method, Row, Share};
use hashward_eval::{Interrupted, Watcher};
use hashward_media::Guesses;
use hashward_synth::{Encoding, Transform};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Measure what changed pictures are found, and how often innocent ones are.
///
/// Draws pictures from a seed (or takes yours), changes each in every way of a fixed list, and asks
/// for the results as `scan` would: recall, with 95 % intervals. Draws innocent pictures of seven
/// kinds and compares each with a list of others, pair by pair: false matches per query against a
/// million listed pictures, with 95 % bounds, by kind of picture; what is too rare to be counted is
/// read off a fitted curve and marked `extrapolated`. Hash values are never printed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EvalArgs {
    /// Number from which every picture is drawn.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Originals that are changed.
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pictures: u32,
    /// Take originals from this folder; no more of them than `--pictures` says.
    #[arg(long, value_name = "DIR")]
    originals: Option<PathBuf>,
    /// Changes to make, by name [default: all of them].
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    transforms: Vec<String>,
    /// Listed pictures for false matches.
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    listed: u32,
    /// Innocent pictures for false matches.
    #[arg(long, default_value_t = 700, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    innocent: u32,
    /// Which guesses are made, as in `scan`.
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    effort: EffortArg,
    /// Write `eval.html` and `eval.jsonl` into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the originals and their changed forms into this folder, for other programs.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Threads [default: one per core].
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  hashward eval --out accuracy
  hashward eval --pictures 500 --listed 200000 --innocent 3500 --out accuracy
  hashward eval --originals holiday-photos/ --transforms screenshot,crop-centre-10";

/// How hard a query is made; `fast` finds what `normal` finds of whole pictures.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum EffortArg {
    Fast,
    Normal,
    #[default]
    Thorough,
}

impl From<EffortArg> for Guesses {
    fn from(effort: EffortArg) -> Self {
        match effort {
            EffortArg::Fast => Self::None,
            EffortArg::Normal => Self::Suggested,
            EffortArg::Thorough => Self::All,
        }
    }
}

/// A line of the JSON output.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Eval {
        version: &'a str,
        seed: u64,
        pictures: usize,
        own: bool,
        listed: u64,
        innocent: u32,
        guesses: Guesses,
    },
    Recall {
        transform: String,
        pictures: usize,
        pdq: Share,
        near: Share,
        variant: Share,
        review: Share,
        /// By local features alone, where the originals are registered.
        local: Share,
        /// By either, where the originals are registered.
        registered: Share,
        /// Other registered pictures that local features show.
        local_others: u64,
        found_by: BTreeMap<&'static str, u64>,
    },
    FalseMatches {
        kind: &'static str,
        pictures: u64,
        asked: u64,
        near: PerQuery,
        variant: PerQuery,
        review: PerQuery,
    },
    Radius {
        kind: &'static str,
        radii: VariantRadii,
        matched: Rate,
        review: Rate,
        /// The widest radii that these counts allow.
        proposed: VariantRadii,
    },
}

/// False matches against a million listed pictures.
#[derive(Serialize)]
struct PerQuery {
    found: u64,
    per_query: f64,
    bound: f64,
}

pub(crate) fn run(args: &EvalArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let transforms = transforms(&args.transforms)?;
    let stop = interrupt::install();
    match measure(args, &transforms, printer, stop) {
        Ok(()) => Ok(ExitStatus::Done),
        Err(error) if error.is::<Interrupted>() => Ok(ExitStatus::Interrupted),
        Err(error) => Err(error),
    }
}

/// The changes with these names; all of them where none is named.
pub(crate) fn transforms(names: &[String]) -> anyhow::Result<Vec<Transform>> {
    let all = Transform::catalogue();
    if names.is_empty() {
        return Ok(all);
    }
    let named = |name: &String| {
        let found = all.iter().find(|transform| transform.name() == *name).copied();
        found.with_context(|| {
            let names: Vec<String> = all.iter().map(Transform::name).collect();
            format!("there is no change `{name}`; there are {}", names.join(", "))
        })
    };
    names.iter().map(named).collect()
}

fn measure(
    args: &EvalArgs,
    transforms: &[Transform],
    printer: &mut Printer,
    stop: &Stop,
) -> anyhow::Result<()> {
    let threads = threads(args.jobs.map_or(0, usize::from));
    let guesses = Guesses::from(args.effort);
    let radii = Radii::CALIBRATED;
    let originals = originals(args, printer, stop, threads)?;
    if let Some(folder) = &args.keep {
        keep(folder, &originals, transforms)?;
    }
    let rows = watched(printer, stop, "changed pictures", |watcher| {
        recall::measure(&originals, transforms, guesses, threads, watcher)
    })?;
    let sample = Sample {
        seed: args.seed,
        listed: args.listed as usize,
        innocent: args.innocent as usize,
        guesses,
        threads,
    };
    let listed =
        watched(printer, stop, "listed pictures", |watcher| chance::listed(&sample, watcher))?;
    let chance = watched(printer, stop, "innocent pictures", |watcher| {
        chance::measure(&sample, &listed, &radii, watcher)
    })?;
    let first = Line::Eval {
        version: env!("CARGO_PKG_VERSION"),
        seed: args.seed,
        pictures: originals.len(),
        own: args.originals.is_some(),
        listed: listed.len() as u64,
        innocent: args.innocent,
        guesses,
    };
    let lines = lines(first, &rows, &chance, &radii);
    if args.json {
        lines.iter().try_for_each(|line| printer.json(line))?;
    } else {
        show(printer, &rows, &chance, &radii)?;
    }
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        write_lines(&folder.join("eval.jsonl"), &lines)?;
        let page = page(args, &rows, &chance, &radii);
        let path = folder.join("eval.html");
        std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
        printer.note(format_args!("wrote eval.html and eval.jsonl to {}", folder.display()));
    }
    Ok(())
}

/// Runs some work with its progress on display.
pub(crate) fn watched<T>(
    printer: &mut Printer,
    stop: &Stop,
    unit: &'static str,
    work: impl FnOnce(&Watcher<'_>) -> Result<T, Interrupted>,
) -> Result<T, Interrupted> {
    let bar = printer.progress(None, "");
    work(&|done, all| {
        bar.message(format!("{} of {} {unit}", text::count(done), text::count(all)));
        !stop.is_wished()
    })
}

fn originals(
    args: &EvalArgs,
    printer: &mut Printer,
    stop: &Stop,
    threads: usize,
) -> anyhow::Result<Vec<Original>> {
    let count = args.pictures as usize;
    let Some(folder) = &args.originals else {
        return Ok(watched(printer, stop, "originals", |watcher| {
            synthetic_originals(args.seed, count, threads, watcher)
        })?);
    };
    let mut files = files(std::slice::from_ref(folder))?;
    files.truncate(count);
    let (originals, left_out) =
        watched(printer, stop, "originals", |watcher| read_originals(&files, threads, watcher))?;
    for left in &left_out {
        let path = text::printable(&left.path.to_string_lossy());
        printer.warn(format_args!("{path} is left out: {}", text::printable(&left.why)));
    }
    if originals.is_empty() {
        bail!("there is no usable picture in {}", folder.display());
    }
    Ok(originals)
}

/// All files below some paths, in order; links are not followed.
pub(crate) fn files(roots: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), roots.to_vec());
    while let Some(path) = folders.pop() {
        let kind = std::fs::symlink_metadata(&path)
            .with_context(|| format!("cannot look at {}", path.display()))?;
        if kind.is_dir() {
            let read = std::fs::read_dir(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            for entry in read {
                folders.push(entry?.path());
            }
        } else if kind.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes what is measured on as JPEG files: a folder for each original.
fn keep(folder: &Path, originals: &[Original], transforms: &[Transform]) -> anyhow::Result<()> {
    for (number, original) in originals.iter().enumerate() {
        let own = folder.join(format!("{number:05}"));
        std::fs::create_dir_all(&own).with_context(|| format!("cannot make {}", own.display()))?;
        std::fs::write(own.join("original.png"), Encoding::Png.encode(&original.picture)?)?;
        for transform in transforms {
            let changed = transform.apply(&original.picture, number as u64);
            let path = own.join(format!("{}.jpg", transform.name()));
            std::fs::write(path, Encoding::Jpeg(90).encode(&changed)?)?;
        }
    }
    Ok(())
}

fn lines<'a>(first: Line<'a>, rows: &[Row], chance: &Chance, radii: &Radii) -> Vec<Line<'a>> {
    let proposed = fit::propose(&chance.pairs, *radii, MOST);
    let recall = rows.iter().map(|row| Line::Recall {
        transform: row.name(),
        pictures: row.nearest.len(),
        pdq: row.share(Method::Pdq, radii),
        near: row.share(Method::Near, radii),
        variant: row.share(Method::Variant, radii),
        review: row.share(Method::Review, radii),
        local: row.share(Method::Local, radii),
        registered: row.share(Method::Registered, radii),
        local_others: row.others(),
        found_by: row.found_by(radii).into_iter().map(|(kind, n)| (kind.name(), n)).collect(),
    });
    let kinds = chance.kinds.iter().map(|kind| {
        let [near, variant, review] = per_query(kind, chance.pairs.listed);
        let (pictures, asked) = (kind.pictures, kind.asked);
        Line::FalseMatches { kind: kind.kind.name(), pictures, asked, near, variant, review }
    });
    let radius = Pairs::KINDS.into_iter().map(|kind| Line::Radius {
        kind: kind.name(),
        radii: radii.of(kind),
        matched: fit::rate(&chance.pairs, kind, radii.of(kind).matched.0),
        review: fit::rate(&chance.pairs, kind, radii.of(kind).review.0),
        proposed: proposed.of(kind),
    });
    std::iter::once(first).chain(recall).chain(kinds).chain(radius).collect()
}

/// Widest radius that is proposed: beyond it a search would cost more than it finds.
pub(crate) const MOST: u16 = 60;

fn per_query(kind: &KindChance, listed: u64) -> [PerQuery; 3] {
    let scale = LISTED / (kind.asked.max(1) as f64 * listed.max(1) as f64);
    kind.matched.map(|found| PerQuery {
        found,
        per_query: found as f64 * scale,
        bound: upper_bound(found) * scale,
    })
}

fn show(printer: &mut Printer, rows: &[Row], chance: &Chance, radii: &Radii) -> anyhow::Result<()> {
    let heads = Method::ALL.map(|method| format!("{:>19}", method.name())).concat();
    printer.line(format_args!("{:<26}{heads}", "found of each hundred"))?;
    for row in rows {
        let cell = |method: Method| {
            let share = row.share(method, radii);
            let (low, high) = (100.0 * share.interval.0, 100.0 * share.interval.1);
            format!("{:>19}", format!("{:.1} ({low:.0}–{high:.0})", 100.0 * share.share))
        };
        printer.line(format_args!("{:<26}{}", row.name(), Method::ALL.map(cell).concat()))?;
    }
    let others: u64 = rows.iter().map(Row::others).sum();
    let asked: usize = rows.iter().map(|row| row.nearest.len()).sum();
    printer.line(format_args!(
        "`local` and `registered`: the originals registered together; {} queries showed {} others.",
        text::count(asked as u64),
        text::count(others)
    ))?;
    printer.line("")?;
    printer.line(format_args!(
        "{:<26} {:>9} {:>13} {:>19} {:>21}",
        "false matches a query", "asked for", "near", "variant", "review"
    ))?;
    for kind in &chance.kinds {
        // Where nothing was asked for, nothing is known.
        let cells = per_query(kind, chance.pairs.listed).map(|own| match kind.asked {
            0 => "–".to_owned(),
            _ => format!("{} (≤ {:.1e})", number(own.per_query), own.bound),
        });
        printer.line(format_args!(
            "{:<26} {:>9} {:>13} {:>19} {:>21}",
            kind.kind.name(),
            kind.asked,
            cells[0],
            cells[1],
            cells[2]
        ))?;
    }
    printer.line("")?;
    for kind in Pairs::KINDS {
        let own = radii.of(kind);
        let rate = |radius: u16| fit::rate(&chance.pairs, kind, radius);
        printer.line(format_args!(
            "{:<13} within {}: {}; for review within {}: {}",
            kind.name(),
            own.matched.0,
            rate(own.matched.0),
            own.review.0,
            rate(own.review.0)
        ))?;
    }
    printer.line(format_args!(
        "Per query against a million listed pictures, with 95 % bounds; ~ extrapolated from larger \
         distances; {} pairs of pictures compared.",
        text::count(chance.pairs.compared())
    ))?;
    Ok(())
}

pub(crate) fn write_lines(path: &Path, lines: &[impl Serialize]) -> anyhow::Result<()> {
    let mut out = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut out, line)?;
        out.write_all(b"\n")?;
    }
    std::fs::write(path, out).with_context(|| format!("cannot write {}", path.display()))
}

fn page(args: &EvalArgs, rows: &[Row], chance: &Chance, radii: &Radii) -> String {
    let mut page = Page::new("What changed pictures are found");
    let count = rows.first().map_or(0, |row| row.nearest.len());
    let whose = match &args.originals {
        Some(_) => "of your own".to_owned(),
        None => format!("drawn from seed {}", args.seed),
    };
    page.note(&format!(
        "{count} pictures {whose}, each changed in {} ways, saved and asked for. Numbers are \
         per cent found, with the 95 % interval; red is lost, green is found. The first four are \
         what a list of hashes finds, and later ones of them include earlier ones; the last two are \
         of registered pictures: by local features alone, and by these or the hash.",
        rows.len()
    ));
    page.heat_map(rows, radii);
    let others: u64 = rows.iter().map(Row::others).sum();
    page.note(&format!(
        "Local features of these changed pictures showed {} registered pictures other than their own.",
        text::count(others)
    ));
    page.heading("False matches");
    page.note(&format!(
        "Expected per query against a million listed pictures; {} innocent pictures compared with {} \
         listed ones. The bounds are one-sided 95 %. Radii are chosen so that a whole query keeps \
         within 1e-4 (near), 1e-2 (variant) and 5e-2 (review).",
        text::count(chance.pairs.pictures),
        text::count(chance.pairs.listed)
    ));
    page.kinds(chance);
    page.note("");
    page.radii(&chance.pairs, radii);
    page.heading("Recall over false matches");
    page.note(
        "All changes together, while all radii get narrower and wider together; the dots are the \
         radii in use.",
    );
    page.curves(&curves(rows, &chance.pairs, radii));
    page.finish()
}
