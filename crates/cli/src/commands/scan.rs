//! `hashward scan`: examine files and match them against the database.

use crate::commands::key::KeyArgs;
use crate::exit::ExitStatus;
use crate::printer::{self, Printer};
use crate::review::Ranking;
use crate::{interrupt, text};
use anyhow::{Context, anyhow};
use hashward_engine::database::{Access, Database};
use hashward_engine::hasher::HasherCommand;
use hashward_engine::matching::Policy;
use hashward_engine::radii::{Radii, VariantRadii};
use hashward_engine::scan::{self, ScanError, ScanOptions};
use hashward_engine::settings::Day;
use hashward_engine::verdict::{Effort, Record, Summary};
use hashward_engine::{Generation, Order, Progress, Snapshot, Stop};
use hashward_hash::{Distance, Quality};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Examine files and match them against a database of known material.
///
/// Folders are walked without following links; files are opened read-only. A list's own radius
/// and quality gate win over the defaults; what is given here can narrow them, never widen them.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ScanArgs {
    /// The database folder.
    #[arg(long, value_name = "DB")]
    db: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Keep examinations and findings in this folder. A scan of the same files takes from it what
    /// it holds, so that an interrupted scan goes on where it was, and `rematch` needs no files.
    #[arg(long, value_name = "CASE")]
    case: Option<PathBuf>,
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
    /// How hard to look. `fast` looks at whole pictures only; it decodes large JPEG pictures at a
    /// reduced scale, and again at the full one where that comes near known material or near the
    /// quality gate, and does not notice damage in what a reduced scale has no use for. `normal` also
    /// tries the negative, and what the pixels suggest: without borders, four rectangles inside,
    /// straightened by flat corners (tier `variant`); up to twice the time of whole pictures alone.
    /// `thorough` also tries crops, small turns and more rectangles, and reports what is a little
    /// beyond the radius for review; several times the time. Radii keep false matches of a whole
    /// query against a million entries below 1e-4 (near), 1e-2 (variant) and 5e-2 (review) on
    /// synthetic pictures; `hashward calibrate` measures them on yours.
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    effort: EffortArg,
    /// Radii of the guesses, from `hashward calibrate`.
    #[arg(long, value_name = "FILE")]
    radii: Option<PathBuf>,
    /// Order of the results: of paths (the same on every run) or as found.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: OrderArg,
    /// Threads [default: one per core].
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// A program that computes PhotoDNA or another opaque hash of pictures; it gets their bytes on
    /// its standard input, never a path. May be given once for each kind.
    #[arg(long = "hasher", value_name = "KIND=PROGRAM", value_parser = HasherCommand::parse)]
    hashers: Vec<HasherCommand>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// Print the hash values that matched. Hashes of known material are confidential.
    #[arg(long)]
    show_hashes: bool,
    /// Files and folders. A link is skipped unless it ends with a slash.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  hashward scan --db known.db photos/
  hashward scan --db known.db --case case-17 /mnt/exhibit1
  hashward rematch case-17 --db known.db";

pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 nothing matched, 1 something matched, 2 could not run, 3 and 4 the same as 0 and 1 \
but some input was not examined, 130 interrupted.";

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum EffortArg {
    Fast,
    #[default]
    Normal,
    Thorough,
}

/// In which order results come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OrderArg {
    #[default]
    Path,
    Found,
}

impl From<OrderArg> for Order {
    fn from(order: OrderArg) -> Self {
        match order {
            OrderArg::Path => Self::Path,
            OrderArg::Found => Self::Found,
        }
    }
}

pub(crate) fn run(args: &ScanArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
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
        effort: match args.effort {
            EffortArg::Fast => Effort::Fast,
            EffortArg::Normal => Effort::Normal,
            EffortArg::Thorough => Effort::Thorough,
        },
        order: args.order.into(),
        threads: args.jobs.map_or(0, usize::from),
        show_hashes: args.show_hashes,
        hashers: args.hashers.clone(),
        case: args.case.clone(),
        // Looking for known material in the known material would only find itself.
        exclude: vec![args.db.clone()],
        ..ScanOptions::default()
    };
    warn_about_lists(printer, &generation, &options.policy);
    let (roots, exclude) = (&args.paths, &options.exclude);
    let outcome = show(printer, args.json, roots, exclude, |sink, progress, stop| {
        scan::scan(&generation, roots, &options, sink, progress, stop)
    })?;
    if let Outcome::Ended(summary) = &outcome {
        warn_about_links(printer, roots);
        if summary.files == 0 && summary.skipped > 0 {
            return Ok(ExitStatus::of(false, true));
        }
    }
    Ok(outcome.status())
}

/// Where a run's records go.
type Sink<'a> = &'a mut dyn FnMut(&Record) -> io::Result<()>;

/// How a run ended.
pub(crate) enum Outcome {
    Ended(Summary),
    Interrupted,
    /// Nobody reads the results any more; true when something had matched until then.
    Closed(bool),
}

impl Outcome {
    pub(crate) fn status(&self) -> ExitStatus {
        match self {
            Self::Ended(summary) => ExitStatus::of(summary.matched > 0, summary.not_examined > 0),
            Self::Interrupted => ExitStatus::Interrupted,
            // Whoever closed the pipe has seen enough; what was found until then still counts.
            Self::Closed(matched) => ExitStatus::of(*matched, false),
        }
    }
}

/// Prints the records of a run as they come, and draws its progress.
pub(crate) fn show(
    printer: &mut Printer,
    json: bool,
    roots: &[PathBuf],
    exclude: &[PathBuf],
    run: impl FnOnce(Sink<'_>, &Progress, &Stop) -> Result<Summary, ScanError>,
) -> anyhow::Result<Outcome> {
    let stop = interrupt::install();
    let progress = Progress::new();
    let (mut matched, mut ranking) = (false, Ranking::default());
    let outcome = watch(printer, &progress, stop, roots, exclude, |printer| {
        let mut sink = |record: &Record| {
            matched |= matches!(record, Record::Match(_));
            if let Record::Run(run) = record {
                for kind in &run.not_computed {
                    printer.warn(format_args!(
                        "the lists have {kind} hashes, which this program does not compute: \
                         entries without another hash cannot be found; see --hasher"
                    ));
                }
            }
            if json {
                printer.json(record)?;
            } else {
                match record {
                    Record::Match(found) => ranking.note(found),
                    Record::Summary(_) => {
                        for line in ranking.lines() {
                            printer.line(line)?;
                        }
                    }
                    _ => {}
                }
                for line in text::lines(record) {
                    printer.line(line)?;
                }
            }
            // What was found must not wait for a large file behind it.
            printer.flush()
        };
        run(&mut sink, &progress, stop)
    });
    match outcome {
        Ok(summary) if summary.interrupted => Ok(Outcome::Interrupted),
        Ok(summary) => Ok(Outcome::Ended(summary)),
        Err(ScanError::Sink(error)) if printer::is_closed(&error) => Ok(Outcome::Closed(matched)),
        Err(error) => Err(error.into()),
    }
}

/// The radii in a file of `hashward calibrate`, or the built-in ones.
pub(crate) fn radii(path: Option<&Path>) -> anyhow::Result<Radii> {
    let Some(path) = path else { return Ok(Radii::CALIBRATED) };
    let shown = path.display();
    let text = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let by_name: BTreeMap<String, VariantRadii> = serde_json::from_slice(&text)
        .with_context(|| format!("{shown} is no calibration.json of `hashward calibrate`"))?;
    let radii = Radii::CALIBRATED.replaced(&by_name);
    radii.map_err(|word| anyhow!("{shown}: there is no guess `{}`", text::printable(&word)))
}

/// Opens a database for reading.
pub(crate) fn open(path: &Path, key: &KeyArgs) -> anyhow::Result<Database> {
    Ok(Database::open_with(path, Access::ReadOnly, key.key(path)?.as_ref())?)
}

/// Says that lists are not used because their last day has passed.
pub(crate) fn warn_about_lists(printer: &Printer, generation: &Generation, policy: &Policy) {
    for list in generation.lists().iter().filter(|list| policy.expired(list)) {
        let last = list.expires.map(|day| day.to_string()).unwrap_or_default();
        printer.warn(format_args!(
            "the list `{}` expired after {last} and matches nothing; import a new version, or \
             extend it with `hashward list set --expires`",
            text::printable(&list.name)
        ));
    }
}

/// Says that links which were named on purpose were not followed.
pub(crate) fn warn_about_links(printer: &Printer, roots: &[PathBuf]) {
    for root in roots {
        let trailing = root.as_os_str().as_encoded_bytes().ends_with(b"/");
        if !trailing && root.is_symlink() {
            printer.warn(format_args!(
                "{} is a link and was not followed; name its target, or end the path of a folder \
                 with a slash",
                text::printable(&root.to_string_lossy())
            ));
        }
    }
}

/// Runs `work` while another thread draws its progress.
pub(crate) fn watch<T>(
    printer: &mut Printer,
    progress: &Progress,
    stop: &Stop,
    roots: &[PathBuf],
    exclude: &[PathBuf],
    work: impl FnOnce(&mut Printer) -> T,
) -> T {
    if !printer.shows_progress() {
        return work(printer);
    }
    let bar = printer.progress(None, "");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let done = &done;
        scope.spawn(move || {
            // Counting costs a second walk, so only those who look at a terminal pay for it.
            let go_on = || !stop.is_wished() && !done.load(Ordering::Relaxed);
            scan::measure(roots, exclude, progress, go_on);
        });
        scope.spawn(move || {
            let begin = Instant::now();
            while !done.load(Ordering::Relaxed) {
                bar.message(status(&progress.snapshot(), begin.elapsed(), stop.is_wished()));
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let result = work(printer);
        done.store(true, Ordering::Relaxed);
        result
    })
}

/// One line about how far a run is.
fn status(now: &Snapshot, elapsed: Duration, stopping: bool) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let mut text = match now.totals {
        Some((files, bytes)) => format!(
            "{} of {} files, {} of {}",
            text::count(now.files),
            text::count(files),
            text::bytes(now.bytes),
            text::bytes(bytes)
        ),
        None => format!("{} files, {}", text::count(now.files), text::bytes(now.bytes)),
    };
    text += &format!(", {}/s", text::bytes((now.bytes as f64 / seconds) as u64));
    if now.matched > 0 {
        text += &format!(", {} matched", text::count(now.matched));
    }
    if now.not_examined > 0 {
        text += &format!(", {} not examined", text::count(now.not_examined));
    }
    if stopping {
        return text + ", stopping";
    }
    if let Some((files, bytes)) = now.totals
        && now.files > 0
    {
        // Small files cost by their number, large ones by their bytes: the slower estimate holds.
        let left = |done: u64, all: u64| all.saturating_sub(done) as f64 / done.max(1) as f64;
        let left = seconds * left(now.files, files).max(left(now.bytes, bytes));
        let left = Duration::from_secs_f64(left.min(1e7));
        text += &format!(", {} left", indicatif::HumanDuration(left));
    }
    text
}
