//! `hashward demo`: the main job on made-up material, checked against what was planted.

mod outcome;
mod show;

use crate::commands::scan::watch;
use crate::exit::ExitStatus;
use crate::interrupt;
use crate::printer::Printer;
use anyhow::{Context, bail};
use hashward_engine::database::Database;
use hashward_engine::hashing::HashOptions;
use hashward_engine::import::ImportRequest;
use hashward_engine::scan::{self, ScanOptions};
use hashward_engine::settings::SettingsChange;
use hashward_engine::verdict::{MatchRecord, Record, Summary};
use hashward_engine::{ListKind, MemoryHasher, Progress, Stop};
use hashward_hash::DigestKinds;
use hashward_synth::{Collection, Fingerprint, Manifest, Recipe, SynthError};
use outcome::Outcome;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Make a synthetic collection and hash lists, run the main job on them, check the outcome.
///
/// Pictures are drawn from numbers; known ones are planted as exact, renamed, re-encoded,
/// resized, stretched, recoloured, flipped and turned copies among innocent files. The lists are
/// imported and the collection is scanned exactly as `list import` and `scan` do it. The command
/// fails where too little is found or anything innocent matches.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 everything that must be found was found and nothing else, \
    2 not so, or the demo could not run, 130 interrupted.")]
pub(crate) struct DemoArgs {
    /// Folder to work in and to keep; must be empty or not exist [default: a temporary one].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Keep the temporary folder.
    #[arg(long)]
    keep: bool,
    /// Number from which everything is drawn.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Threads [default: one per core].
    #[arg(short = 'j', long = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Print JSON Lines.
    #[arg(long)]
    json: bool,
    /// A much smaller collection, for tests.
    #[arg(long, hide = true)]
    small: bool,
    /// Match nothing, for the test that sees the demo fail.
    #[arg(long, hide = true)]
    without_matching: bool,
}

/// Name of the database inside the demo's folder.
const DATABASE: &str = "database";

pub(crate) fn run(args: &DemoArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let folder = Folder::prepare(args)?;
    let stop = interrupt::install();
    let mut times = Times::default();
    let begin = Instant::now();
    let recipe = recipe(args);
    let manifest = match build(&folder.path, &recipe, printer, stop) {
        Ok(manifest) => manifest,
        Err(SynthError::Stopped) => return Ok(ExitStatus::Interrupted),
        Err(error) => return Err(error).context("cannot make the demo's collection"),
    };
    times.generate_seconds = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let database = import(&folder.path, &manifest)?;
    times.import_seconds = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let (found, summary) = scan(args, &folder.path, &database, printer, stop)?;
    times.scan_seconds = begin.elapsed().as_secs_f64();
    if summary.interrupted {
        return Ok(ExitStatus::Interrupted);
    }
    let outcome = Outcome::compare(&folder.path, &manifest, &recipe, &found, summary);
    let shown = folder.kept.then_some(folder.path.as_path());
    if args.json {
        show::json(printer, &outcome, &times)?;
    } else {
        show::text(printer, &outcome, &manifest, shown)?;
        printer.note(format_args!("{times}"));
    }
    match outcome.failures().as_slice() {
        [] => Ok(ExitStatus::Done),
        failures => {
            printer.flush()?;
            bail!("the demo failed: {}", failures.join("; "))
        }
    }
}

fn recipe(args: &DemoArgs) -> Recipe {
    let recipe = if args.small { Recipe::small(args.seed) } else { Recipe::demo(args.seed) };
    Recipe { threads: args.jobs.map_or(0, usize::from), ..recipe }
}

/// The folder of a run; a temporary one goes with this value unless it is kept.
struct Folder {
    path: PathBuf,
    kept: bool,
    _temporary: Option<tempfile::TempDir>,
}

impl Folder {
    fn prepare(args: &DemoArgs) -> anyhow::Result<Self> {
        let Some(path) = args.dir.clone() else {
            let made = tempfile::Builder::new().prefix("hashward-demo-").tempdir();
            let mut temporary = made.context("cannot make a temporary folder; try --dir DIR")?;
            temporary.disable_cleanup(args.keep);
            let path = temporary.path().to_path_buf();
            return Ok(Self { path, kept: args.keep, _temporary: Some(temporary) });
        };
        let shown = path.display();
        match std::fs::read_dir(&path) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    bail!(
                        "{shown} is not empty; name a folder that is, or one that does not exist"
                    );
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                std::fs::create_dir_all(&path).with_context(|| format!("cannot make {shown}"))?;
            }
            Err(error) => return Err(error).with_context(|| format!("cannot use {shown}")),
        }
        Ok(Self { path, kept: true, _temporary: None })
    }
}

/// Clock values of a run.
#[derive(Debug, Default, serde::Serialize)]
struct Times {
    generate_seconds: f64,
    import_seconds: f64,
    scan_seconds: f64,
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Making the collection took {:.1} s, importing {:.1} s, scanning {:.1} s.",
            self.generate_seconds, self.import_seconds, self.scan_seconds
        )
    }
}

/// Builds the collection; the rows of its lists hold what the examiner's own code computes.
fn build(
    folder: &Path,
    recipe: &Recipe,
    printer: &mut Printer,
    stop: &Stop,
) -> Result<Manifest, SynthError> {
    let options = HashOptions {
        digests: DigestKinds::USUAL,
        pdq: true,
        threads: recipe.threads,
        ..HashOptions::default()
    };
    let hasher = MemoryHasher::new(options).map_err(|error| SynthError::Hash(error.to_string()))?;
    let hash = |bytes: &[u8]| {
        let hashes = hasher.hash(bytes).map_err(|error| error.to_string())?;
        let digest = |value: Option<Option<String>>| {
            value.flatten().ok_or_else(|| "a digest is missing".to_owned())
        };
        Ok(Fingerprint {
            md5: digest(hashes.md5)?,
            sha1: digest(hashes.sha1)?,
            sha256: digest(hashes.sha256)?,
            pdq: hashes.pdq.flatten().map(|pdq| (pdq.hash, pdq.quality)),
        })
    };
    let bar = printer.progress(Some(recipe.files()), "files made");
    Collection::build(folder, recipe, &hash, &|done, _| {
        bar.set(done);
        !stop.is_wished()
    })
}

/// Makes the database and imports every list, as `db create` and `list import` do.
fn import(folder: &Path, manifest: &Manifest) -> anyhow::Result<Database> {
    let mut database = Database::create(&folder.join(DATABASE))?;
    for list in &manifest.lists {
        let kind = if list.ignore { ListKind::Ignore } else { ListKind::Known };
        let request = ImportRequest {
            settings: SettingsChange {
                category: list.category.map(str::to_owned),
                ..SettingsChange::default()
            },
            ..ImportRequest::new(list.name).kind(kind).file(folder.join(&list.path))
        };
        let summary = database
            .import(request, &mut |_| {})
            .with_context(|| format!("cannot import the list {}", list.name))?;
        if summary.counts.rows != list.rows {
            bail!("the list {} has {} rows, not {}", list.name, summary.counts.rows, list.rows);
        }
    }
    Ok(database)
}

/// Scans the collection, as `scan` does.
fn scan(
    args: &DemoArgs,
    folder: &Path,
    database: &Database,
    printer: &mut Printer,
    stop: &'static Stop,
) -> anyhow::Result<(Vec<MatchRecord>, Summary)> {
    let generation = database.generation();
    let options = ScanOptions {
        threads: args.jobs.map_or(0, usize::from),
        without_matching: args.without_matching,
        ..ScanOptions::default()
    };
    let roots = [folder.join(Collection::FILES)];
    let progress = Progress::new();
    let mut found = Vec::new();
    let summary = watch(printer, &progress, stop, &roots, &[], |_| {
        let mut sink = |record: &Record| {
            if let Record::Match(record) = record {
                found.push(record.clone());
            }
            Ok(())
        };
        scan::scan(&generation, &roots, &options, &mut sink, &progress, stop)
    })?;
    Ok((found, summary))
}
