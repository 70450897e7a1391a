//! Matches what a case keeps against a generation, without reading the evidence again.

use crate::examiner::{Looked, threads};
use crate::keeper::{Keeper, Method, keeping};
use crate::matching::Policy;
use crate::pipeline;
use crate::progress::{Progress, Stop};
use crate::reorder::temporary;
use crate::scan::{ScanError, ScanOptions, Scanner, describe_run, end, hand_on, to_line};
use crate::verdict::{Record, Summary, Timing};
use hashward_case::{Case, CaseError, Item, Outcome};
use hashward_examine::Plan;
use hashward_hash::HashKind;
use hashward_media::Corners;
use hashward_store::Generation;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Matches all that is kept in the case at `folder` against `generation`, and hands each record
/// to `sink` as [`crate::scan::scan`] does. The findings are kept in the case as well.
///
/// The options for examining files mean nothing here; the run's only input is the case.
///
/// # Errors
/// [`ScanError`]; above all when the files were examined without a kind of hash that the
/// generation holds, so that silence about them would mean nothing.
pub fn rematch(
    generation: &Generation,
    folder: &Path,
    options: &ScanOptions,
    sink: &mut dyn FnMut(&Record) -> io::Result<()>,
    progress: &Progress,
    stop: &Stop,
) -> Result<Summary, ScanError> {
    let begin = Instant::now();
    let day = options.as_of.unwrap_or(options.policy.day);
    let options = &ScanOptions { policy: Policy { day, ..options.policy }, ..options.clone() };
    generation.verify().map_err(ScanError::Damaged)?;
    let verified = begin.elapsed();

    let mut case = Case::open(folder)?;
    check(&case, generation)?;
    let items = case.items()?;
    let threads = threads(options.threads);
    let run = describe_run(generation, &[PathBuf::from(folder)], options);
    let asked = to_line(&Record::Run(run.clone()))?;
    sink(&Record::Run(run)).map_err(ScanError::Sink)?;

    let scanner = Scanner {
        progress,
        generation,
        options,
        summary: Mutex::default(),
        asked: Mutex::default(),
    };
    let method = Method::new(Plan::default(), options.limits, &options.hashers);
    let begin_run = |case: &mut Case| Keeper::begin(case, &method, &asked);
    let work = |item: Result<Item, CaseError>| -> Result<Vec<u8>, ScanError> {
        let looked = looked(item?);
        progress.files.fetch_add(1, Ordering::Relaxed);
        scanner.work(looked)
    };
    let begin = Instant::now();
    let ((), kept) = keeping(Some(&mut case), begin_run, stop, |keeper| {
        let serve = pipeline::one_by_one(stop, work);
        let mut hand_on = |lines: &[u8]| hand_on(lines, keeper, sink);
        pipeline::run(items, threads, options.order, stop, &temporary, serve, &mut hand_on)
            .map_err(ScanError::from)
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    let summary = scanner.summary(stop);
    end(kept.map(|(run, _)| (&mut case, run)), &summary, sink)?;
    let files = Some(summary.files);
    let timing = Timing::new(&summary, seconds, verified.as_secs_f64(), threads, files);
    sink(&Record::Timing(timing)).map_err(ScanError::Sink)?;
    Ok(summary)
}

/// Everything that the generation can be asked for must have been computed.
fn check(case: &Case, generation: &Generation) -> Result<(), ScanError> {
    for method in case.settings_in_use()? {
        // Whoever wrote something else is another version: it may have computed anything.
        let plan = serde_json::from_str::<Method>(&method).map(|method| method.plan);
        let has = |kind: HashKind| match (&plan, kind) {
            (Err(_), _) => false,
            (Ok(plan), HashKind::Pdq) => plan.perceptual,
            (Ok(plan), kind) => plan.digests == plan.digests.with(kind),
        };
        let kinds = generation.kinds();
        let mut missing: Vec<&str> =
            kinds.iter().filter(|kind| !has(**kind)).map(|kind| kind.name()).collect();
        if generation.has_signatures() && !plan.is_ok_and(|plan| plan.corners == Corners::Query) {
            missing.push("local features");
        }
        if !missing.is_empty() {
            return Err(ScanError::Outdated { missing: missing.join(", ") });
        }
    }
    Ok(())
}

/// What a scan said about the item when it looked at it.
fn looked(Item { path, outcome, .. }: Item) -> Looked {
    match outcome {
        Outcome::Examined(examination) => Looked::Examined { path, examination },
        Outcome::Failed { reason, detail, is_file } => {
            Looked::Failed { path, reason, detail, is_file }
        }
        Outcome::Skipped { reason } => Looked::Skipped { path, reason },
    }
}
