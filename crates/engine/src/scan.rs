//! Examines files and matches them against a generation.

use crate::crew::Crew;
use crate::examiner::{Examiner, Looked, pool, threads};
use crate::expect::Asked;
use crate::hasher::{Hasher as PictureHasher, HasherCommand};
use crate::keeper::{Keeper, Method, keeping};
use crate::matching::{Findings, Policy, evaluate};
use crate::pipeline::{self, Order, PipelineError};
use crate::progress::{Progress, Stop};
use crate::propose::{is_near, least_pixels};
use crate::radii::VariantRadii;
use crate::reorder::temporary;
use crate::verdict::{
    Effort, ListStatus, MatchRecord, NotExamined, PathName, Record, Run, RunList, Skipped, Summary,
    Timing, VetoedRecord,
};
use hashward_case::{Case, CaseError, RunId};
use hashward_digest::Hasher;
use hashward_evidence::Walk;
use hashward_examine::{Examination, Plan};
use hashward_hash::{DigestKinds, HashKind, encode_hex};
use hashward_media::{Corners, Guesses, Limits, Reason, Variant};
use hashward_sandbox::{HelperFailure, PoolError, WorkerCommand};
use hashward_store::{Day, Generation, ListKind, ReadError};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How to scan.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// What a match must satisfy.
    pub policy: Policy,
    /// The day for which it is decided which lists have expired; `None` is today.
    pub as_of: Option<Day>,
    /// How hard to look at pictures.
    pub effort: Effort,
    /// In which order records come.
    pub order: Order,
    /// Threads; 0 means one per core.
    pub threads: usize,
    /// Put the inputs' own hash values into matches.
    pub show_hashes: bool,
    /// Examine, but match nothing: shows that findings come from matching.
    pub without_matching: bool,
    /// Folders to leave out wherever the walk meets them, above all the database itself.
    pub exclude: Vec<PathBuf>,
    /// Bounds within which a picture is decoded.
    pub limits: Limits,
    /// Programs that compute opaque hashes of pictures; those whose kind no list has are not run.
    pub hashers: Vec<HasherCommand>,
    /// The folder of a case in which examinations and findings are kept. What is kept there of a
    /// file that has not changed is not examined again.
    pub case: Option<PathBuf>,
    /// The program that serves as a worker, if not this one.
    pub worker: Option<WorkerCommand>,
}

/// Why a scan could not run, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The known material is damaged. Nothing was matched against it.
    #[error("the database is damaged and must not be trusted")]
    Damaged(#[source] ReadError),
    /// A folder that was to be left out cannot be found.
    #[error("cannot look at the excluded folder {}", .path.display())]
    Exclude {
        /// The folder.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// Workers cannot be started.
    #[error(transparent)]
    Workers(#[from] PoolError),
    /// A program that computes hashes does not work.
    #[error("the program for --hasher cannot be used: {0}")]
    Hasher(HelperFailure),
    /// The case cannot be used.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// What is kept cannot answer for the lists.
    #[error(
        "the files of the case were examined without {missing}, for which the database has \
         hashes; scan them again with --case"
    )]
    Outdated {
        /// The kinds of hash that are missing.
        missing: String,
    },
    /// Records cannot be handed on.
    #[error("cannot write the results")]
    Sink(#[source] io::Error),
    /// Waiting records cannot be kept.
    #[error(
        "cannot keep results in a temporary file; free some space or set TMPDIR, \
         or use --order found"
    )]
    Spill(#[source] io::Error),
}

impl From<PipelineError<ScanError>> for ScanError {
    fn from(error: PipelineError<ScanError>) -> Self {
        match error {
            PipelineError::Work(error) => error,
            PipelineError::Sink(error) => Self::Sink(error),
            PipelineError::Spill(error) => Self::Spill(error),
        }
    }
}

/// Examines everything below `roots`, matches it against `generation` and hands each record to
/// `sink`: the run, the findings in order, the summary, the timing.
///
/// All sections of the generation are verified before the first record. After a wish to stop,
/// what was examined so far is still reported and the summary says so.
///
/// # Errors
/// [`ScanError`]; what fails on a single file is a record instead.
pub fn scan(
    generation: &Generation,
    roots: &[PathBuf],
    options: &ScanOptions,
    sink: &mut dyn FnMut(&Record) -> io::Result<()>,
    progress: &Progress,
    stop: &Stop,
) -> Result<Summary, ScanError> {
    let begin = Instant::now();
    let day = options.as_of.unwrap_or(options.policy.day);
    let second_look = options.effort == Effort::Thorough;
    let policy = Policy { day, second_look, ..options.policy };
    let options = &ScanOptions { policy, ..options.clone() };
    generation.verify().map_err(ScanError::Damaged)?;
    let verified = begin.elapsed();

    let threads = threads(options.threads);
    let plan = plan(generation, options);
    let pool = pool(threads, options.worker.clone())?;
    if plan.perceptual {
        pool.probe()?;
    }
    let kinds = generation.kinds();
    let wanted = options.hashers.iter().filter(|command| kinds.contains(&command.kind));
    let hashers: Vec<PictureHasher> =
        wanted.map(PictureHasher::new).collect::<Result<_, _>>().map_err(ScanError::Hasher)?;
    let mut case = match &options.case {
        Some(folder) => Some(Case::open_or_create(folder)?),
        None => None,
    };
    let walk = options
        .case
        .iter()
        .try_fold(walk(roots, &options.exclude)?, |walk, path| exclude(walk, path))?;
    let run = describe_run(generation, roots, options);
    let asked = to_line(&Record::Run(run.clone()))?;
    sink(&Record::Run(run)).map_err(ScanError::Sink)?;

    let scanner = Scanner {
        progress,
        generation,
        options,
        summary: Mutex::default(),
        asked: Mutex::default(),
    };
    let limits = options.limits;
    let method = Method::new(plan, limits, &options.hashers);
    let begin_run = |case: &mut Case| Keeper::begin(case, &method, &asked);
    // A damaged store says so when what is canonical is matched.
    let wants_proof = |proposed: &Examination| {
        !options.without_matching && is_near(proposed, generation, &options.policy).unwrap_or(true)
    };
    let begin = Instant::now();
    let ((), kept) = keeping(case.as_mut(), begin_run, stop, |keeper| {
        let examiner = Examiner {
            plan,
            limits,
            pool: &pool,
            progress,
            stop,
            hashers: &hashers,
            wants_proof: Some(&wants_proof),
            keeper,
        };
        let crew = Crew::new(&examiner, threads, |looked| scanner.work(looked));
        let serve = |jobs: &_, results: &_| crew.serve(jobs, results);
        let mut hand_on = |lines: &[u8]| hand_on(lines, keeper, sink);
        pipeline::run(walk, threads, options.order, stop, &temporary, serve, &mut hand_on)
            .map_err(ScanError::from)
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    let summary = scanner.summary(stop);
    let reused = kept.map(|(_, reused)| reused);
    end(case.as_mut().zip(kept.map(|(run, _)| run)), &summary, sink)?;
    let verify_seconds = verified.as_secs_f64();
    let timing = Timing::new(&summary, seconds, verify_seconds, threads, reused);
    sink(&Record::Timing(timing)).map_err(ScanError::Sink)?;
    Ok(summary)
}

/// What to compute on every file. What is kept must serve lists that do not exist yet, so it is
/// the usual digests besides those of this generation, and canonical hashes of every picture;
/// otherwise it is what this generation can be asked for.
fn plan(generation: &Generation, options: &ScanOptions) -> Plan {
    if options.case.is_some() {
        let kinds = generation.kinds().into_iter();
        let digests = kinds.fold(DigestKinds::USUAL, DigestKinds::with);
        let guesses = guesses(options.effort);
        let corners = corners(generation, options.effort);
        return Plan { digests, guesses, corners, ..Plan::default() };
    }
    Plan {
        digests: generation.digest_kinds().with(HashKind::Sha256),
        perceptual: generation.kinds().contains(&HashKind::Pdq) || generation.has_signatures(),
        effort: match options.effort {
            Effort::Fast => hashward_media::Effort::Fast { least_pixels: least_pixels(generation) },
            Effort::Normal | Effort::Thorough => hashward_media::Effort::Full,
        },
        guesses: guesses(options.effort),
        corners: corners(generation, options.effort),
    }
}

/// Local features are worth their time where there is registered material.
fn corners(generation: &Generation, effort: Effort) -> Corners {
    let wanted = effort != Effort::Fast && generation.has_signatures();
    if wanted { Corners::Query } else { Corners::None }
}

/// Hands the records of one input on, and keeps them where there is a case.
pub(crate) fn hand_on(
    lines: &[u8],
    keeper: Option<&Keeper>,
    sink: &mut dyn FnMut(&Record) -> io::Result<()>,
) -> io::Result<()> {
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        if let Some(keeper) = keeper {
            keeper.keep_finding(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
        }
        sink(&serde_json::from_slice(line)?)?;
    }
    Ok(())
}

/// Hands the summary on. Where there is a case, a run that was not interrupted is closed first.
pub(crate) fn end(
    case: Option<(&mut Case, RunId)>,
    summary: &Summary,
    sink: &mut dyn FnMut(&Record) -> io::Result<()>,
) -> Result<(), ScanError> {
    let record = Record::Summary(summary.clone());
    if let Some((case, run)) = case.filter(|_| !summary.interrupted) {
        case.finish_run(run, &to_line(&record)?)?;
    }
    sink(&record).map_err(ScanError::Sink)
}

pub(crate) fn to_line(record: &Record) -> Result<String, ScanError> {
    serde_json::to_string(record).map_err(|error| ScanError::Sink(io::Error::from(error)))
}

/// Counts what a scan of `roots` will come across and tells `progress`, as long as `go_on` says so.
pub fn measure(
    roots: &[PathBuf],
    exclude: &[PathBuf],
    progress: &Progress,
    go_on: impl FnMut() -> bool,
) {
    // A folder that cannot be excluded is the scan's own error to report.
    let Ok(walk) = walk(roots, exclude) else { return };
    if let Some(totals) = hashward_evidence::measure(walk, go_on) {
        progress.set_totals(totals.files, totals.bytes);
    }
}

/// The walk over `roots` without the excluded folders.
pub(crate) fn walk(roots: &[PathBuf], excluded: &[PathBuf]) -> Result<Walk, ScanError> {
    excluded.iter().try_fold(Walk::new(roots), |walk, path| exclude(walk, path))
}

fn exclude(walk: Walk, path: &Path) -> Result<Walk, ScanError> {
    walk.exclude(path).map_err(|source| ScanError::Exclude { path: path.to_owned(), source })
}

/// What every worker thread needs.
pub(crate) struct Scanner<'a> {
    pub(crate) progress: &'a Progress,
    pub(crate) generation: &'a Generation,
    pub(crate) options: &'a ScanOptions,
    /// Counted when a file is done, so that files without findings need not be handed on.
    pub(crate) summary: Mutex<Summary>,
    /// Pictures that were asked for.
    pub(crate) asked: Mutex<Asked>,
}

impl Scanner<'_> {
    /// The counts of a run that has come to its end.
    pub(crate) fn summary(self, stop: &Stop) -> Summary {
        let mut summary = self.summary.into_inner().unwrap_or_else(PoisonError::into_inner);
        let asked = self.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !self.options.without_matching {
            summary.expected_by_tier = asked.expected(self.generation, &self.options.policy);
        }
        summary.interrupted = stop.is_wished();
        summary.expired_lists = expired_lists(self.generation, &self.options.policy);
        summary.complete = !summary.interrupted && summary.not_examined == 0;
        summary
    }

    /// The records of one item as JSON lines.
    pub(crate) fn work(&self, looked: Looked) -> Result<Vec<u8>, ScanError> {
        let records = match looked {
            Looked::Interrupted => Vec::new(),
            Looked::Skipped { path, reason } => {
                self.count(|summary| {
                    summary.skipped += 1;
                    *summary.skipped_by_reason.entry(reason.clone()).or_default() += 1;
                });
                let name = PathName::from(path.as_path());
                vec![Record::Skipped(Skipped { name, reason })]
            }
            Looked::Failed { path, reason, detail, is_file } => {
                self.count(|summary| summary.files += u64::from(is_file));
                vec![self.not_examined(PathName::from(path.as_path()), reason, detail)]
            }
            Looked::Examined { path, examination } => self.judge(&path, &examination)?,
        };
        let mut lines = Vec::new();
        for record in &records {
            serde_json::to_writer(&mut lines, record)
                .map_err(|error| ScanError::Sink(io::Error::from(error)))?;
            lines.push(b'\n');
        }
        Ok(lines)
    }

    fn judge(&self, path: &Path, examination: &Examination) -> Result<Vec<Record>, ScanError> {
        let findings = if self.options.without_matching {
            Findings::default()
        } else {
            let Self { generation, options, .. } = self;
            evaluate(examination, generation, &options.policy, options.show_hashes)
                .map_err(ScanError::Damaged)?
        };
        let gate = self.options.policy.min_quality();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.count(&examination.hashes, gate);
        drop(asked);
        let best = findings.best_tier();
        self.count(|summary| {
            summary.files += 1;
            summary.bytes += examination.size;
            summary.ignored += u64::from(findings.is_ignored());
            summary.vetoed += u64::from(!findings.vetoed.is_empty());
            if let Some(tier) = best {
                summary.matched += 1;
                *summary.matched_by_tier.entry(tier).or_default() += 1;
            }
        });
        let name = PathName::from(path);
        let mut records = Vec::new();
        let ignored_by_digest = findings.is_ignored_by_digest();
        let (size, digest) = (examination.size, examination.digests.sha256);
        let sha256 = digest.map(|digest| encode_hex(&digest));
        if best.is_some() {
            use std::sync::atomic::Ordering::Relaxed;
            self.progress.matched.fetch_add(1, Relaxed);
            let (matches, findings) = (findings.matches, findings.findings);
            let (name, sha256) = (name.clone(), sha256.clone());
            records.push(Record::Match(MatchRecord { name, size, sha256, matches, findings }));
        }
        if !findings.vetoed.is_empty() {
            let (name, matches) = (name.clone(), findings.vetoed);
            records.push(Record::Vetoed(VetoedRecord { name, size, sha256, matches }));
        }
        // What a known-good file holds is known, whether or not this program can open it.
        if let Some((reason, detail)) = examination.not_examined()
            && !ignored_by_digest
        {
            records.push(self.not_examined(name, reason, detail.to_owned()));
        }
        Ok(records)
    }

    fn not_examined(&self, name: PathName, reason: Reason, detail: String) -> Record {
        use std::sync::atomic::Ordering::Relaxed;
        self.progress.not_examined.fetch_add(1, Relaxed);
        self.count(|summary| {
            summary.not_examined += 1;
            *summary.not_examined_by_reason.entry(reason.name().to_owned()).or_default() += 1;
        });
        Record::NotExamined(NotExamined { name, reason, detail })
    }

    fn count(&self, change: impl FnOnce(&mut Summary)) {
        change(&mut self.summary.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Names of the lists whose last day has passed, so that nothing of them is used.
#[must_use]
pub fn expired_lists(generation: &Generation, policy: &Policy) -> Vec<String> {
    let expired = generation.lists().iter().filter(|list| policy.expired(list));
    expired.map(|list| list.name.clone()).collect()
}

pub(crate) fn describe_run(
    generation: &Generation,
    roots: &[PathBuf],
    options: &ScanOptions,
) -> Run {
    let lists = generation.lists().iter().enumerate().map(|(index, list)| RunList {
        name: list.name.clone(),
        kind: match list.kind {
            ListKind::Known => "known".to_owned(),
            ListKind::Ignore => "ignore".to_owned(),
        },
        version: list.version,
        digests: list.sources.iter().map(ToString::to_string).collect(),
        radius: list.radius.map(|radius| radius.0),
        radius64: list.radius64.map(|radius| radius.0),
        photodna: list.photodna.map(|radius| radius.to_string()),
        gate: list.min_quality.map(|quality| quality.0),
        status: match options.policy.expired(list) {
            true => ListStatus::Expired,
            false => ListStatus::Active,
        },
        expires: list.expires,
        source: list.source.clone(),
        requires_sources: list.requires_sources,
        veto: list.veto,
        held: generation.held_rows(index),
    });
    let mut roots: Vec<&Path> = roots.iter().map(PathBuf::as_path).collect();
    roots.sort();
    roots.dedup();
    Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        binary_sha256: binary_digest().ok(),
        generation: generation.digest().to_string(),
        lists: lists.collect(),
        radius: options.policy.radius().0,
        gate: options.policy.min_quality().0,
        narrowed: options.policy.radius.is_some() || options.policy.min_quality.is_some(),
        requires_sources: options.policy.requires_sources,
        as_of: options.as_of,
        not_computed: generation
            .kinds()
            .into_iter()
            .filter(|kind| kind.is_opaque())
            .filter(|kind| !options.hashers.iter().any(|command| command.kind == *kind))
            .collect(),
        effort: options.effort,
        radii: radii(options),
        limits: serde_json::to_value(options.limits).unwrap_or_default(),
        paths: roots.into_iter().map(PathName::from).collect(),
    }
}

/// What is guessed at a level of effort.
fn guesses(effort: Effort) -> Guesses {
    match effort {
        Effort::Fast => Guesses::None,
        Effort::Normal => Guesses::Suggested,
        Effort::Thorough => Guesses::All,
    }
}

/// The radii that take part at this level of effort.
fn radii(options: &ScanOptions) -> BTreeMap<String, VariantRadii> {
    let takes_part = |name: &String| match options.effort {
        Effort::Fast => false,
        // What was cropped is guessed at in a thorough scan only, and whole pictures have the
        // radius of their list.
        Effort::Normal => name != Variant::Uncropped.name() && name != Variant::Full.name(),
        Effort::Thorough => true,
    };
    let mut radii = options.policy.radii.by_name();
    radii.retain(|name, _| takes_part(name));
    if !options.policy.second_look {
        radii.values_mut().for_each(|radii| radii.review = radii.matched);
    }
    radii
}

/// SHA-256 of the running program's file.
fn binary_digest() -> io::Result<String> {
    let mut file = std::fs::File::open(std::env::current_exe()?)?;
    let mut hasher = Hasher::new(DigestKinds::default().with(HashKind::Sha256));
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    let digest = hasher.finalize().sha256.ok_or_else(|| io::Error::other("no digest"))?;
    Ok(encode_hex(&digest))
}
