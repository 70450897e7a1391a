//! Counts how near innocent pictures come to what is listed, so that radii can be chosen.

use crate::chance::Pairs;
use crate::crew::Errand;
use crate::examiner::Looked;
use crate::matching::Policy;
use crate::pipeline::Order;
use crate::progress::{Progress, Stop};
use crate::radii::MEASURED_TO;
use crate::reorder::temporary;
use crate::scan::{ScanError, walk};
use hashward_examine::{Examination, Plan};
use hashward_hash::{Digests, Distance, HashKind};
use hashward_media::{Guesses, LabelledHash};
use hashward_sandbox::WorkerCommand;
use hashward_store::{Generation, ListKind, Opaque, Query, QueryHash, Reach, ReadError};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// How to count.
#[derive(Debug, Clone, Default)]
pub struct CalibrateOptions {
    /// The gate, the day and how the store searches; radii play no part.
    pub policy: Policy,
    /// Threads; 0 means one per core.
    pub threads: usize,
    /// Folders to leave out, above all the database itself.
    pub exclude: Vec<PathBuf>,
    /// The program that serves as a worker, if not this one.
    pub worker: Option<WorkerCommand>,
}

/// What was counted.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Pairs of a picture and a listed hash, by kind of hash and distance.
    pub pairs: Pairs,
    /// Files that were come across: the sum of those below, of which only folders that cannot be
    /// read, not examined either, are no files.
    pub files: u64,
    /// Files whose pictures were compared.
    pub compared: u64,
    /// Files that are listed: by a digest, or within the reference's radius. Whoever takes them
    /// for innocent should look again; they are left out of the counts, in order.
    pub listed: Vec<PathBuf>,
    /// Files that could not be examined, or not whole; what was examined of them is compared too.
    pub not_examined: u64,
    /// Pictures whose quality is below the gate, so that their hashes match nothing.
    pub below_gate: u64,
    /// Files that are no pictures.
    pub no_picture: u64,
    /// Lists that have a radius of their own, beyond which nothing can be counted: left out.
    pub left_out: Vec<String>,
}

/// Examines everything below `roots` with all guesses, and counts for each kind of hash how near
/// the nearest of each picture comes to every listed hash.
///
/// # Errors
/// [`ScanError`]; a file that fails is counted instead.
pub fn count(
    generation: &Generation,
    roots: &[PathBuf],
    options: &CalibrateOptions,
    progress: &Progress,
    stop: &Stop,
) -> Result<Counted, ScanError> {
    generation.verify().map_err(ScanError::Damaged)?;
    let digests = generation.digest_kinds().with(HashKind::Sha256);
    let counter = Counter::new(generation, options);
    let conclude = |looked| counter.conclude(looked).map(|()| Vec::new());
    let errand = Errand {
        plan: Plan { digests, guesses: Guesses::All, ..Plan::default() },
        threads: options.threads,
        worker: options.worker.clone(),
        order: Order::Found,
        spill: &temporary,
        progress,
        stop,
    };
    errand.run(walk(roots, &options.exclude)?, conclude, |_| Ok(()))?;
    let mut counted = counter.counted.into_inner().unwrap_or_else(PoisonError::into_inner);
    counted.listed.sort();
    Ok(counted)
}

struct Counter<'a> {
    generation: &'a Generation,
    options: &'a CalibrateOptions,
    /// Lists that are compared with.
    takes_part: Vec<bool>,
    counted: Mutex<Counted>,
}

impl<'a> Counter<'a> {
    fn new(generation: &'a Generation, options: &'a CalibrateOptions) -> Self {
        let mut counted = Counted::default();
        let mut takes_part = Vec::new();
        for (number, list) in generation.lists().iter().enumerate() {
            let known = list.kind == ListKind::Known && !options.policy.expired(list);
            if known && list.radius.is_some() {
                counted.left_out.push(list.name.clone());
            }
            takes_part.push(known && list.radius.is_none());
            if known && list.radius.is_none() {
                let hashes = generation.hashes(number).get(&HashKind::Pdq).copied();
                counted.pairs.listed += hashes.unwrap_or_default();
            }
        }
        Self { generation, options, takes_part, counted: Mutex::new(counted) }
    }

    fn conclude(&self, looked: Looked) -> Result<(), ScanError> {
        let (path, examination) = match looked {
            Looked::Interrupted | Looked::Skipped { .. } => return Ok(()),
            Looked::Failed { is_file, .. } => {
                self.add(|counted| {
                    counted.files += u64::from(is_file);
                    counted.not_examined += 1;
                });
                return Ok(());
            }
            Looked::Examined { path, examination } => (path, examination),
        };
        let own = self.pairs(&examination).map_err(ScanError::Damaged)?;
        let failed = examination.not_examined().is_some();
        self.add(|counted| {
            counted.files += 1;
            let Some(pairs) = own else { return counted.listed.push(path) };
            counted.pairs.add(&pairs);
            let of = match (failed, pairs.pictures) {
                (true, _) => &mut counted.not_examined,
                (false, 1..) => &mut counted.compared,
                _ if !examination.hashes.is_empty() => &mut counted.below_gate,
                _ => &mut counted.no_picture,
            };
            *of += 1;
        });
        Ok(())
    }

    /// The pairs of one file; `None` where it is listed itself.
    fn pairs(&self, examination: &Examination) -> Result<Option<Pairs>, ReadError> {
        let query = self.query(&examination.digests, &[]);
        let by_digest = self.generation.query(&query)?;
        if examination.size > 0 && by_digest.iter().any(|hit| self.counts(hit.place.list)) {
            return Ok(None);
        }
        let mut pairs = Pairs::default();
        let gate = self.options.policy.min_quality();
        for frame in examination.hashes.chunk_by(|a, b| a.frame == b.frame) {
            let asked: Vec<&LabelledHash> =
                frame.iter().filter(|hash| hash.quality >= gate).collect();
            pairs.pictures += u64::from(!asked.is_empty());
            for kind in Pairs::KINDS {
                let own = asked.iter().filter(|hash| Pairs::kind(hash.variant) == Some(kind));
                let reach =
                    Reach { rank: 0, radius: Some(Distance(MEASURED_TO)), distant: Distance(0) };
                let hashes: Vec<QueryHash> = own
                    .map(|own| QueryHash {
                        hash: own.hash,
                        label: 0,
                        quality: Some(own.quality),
                        margin: 0,
                        reach,
                    })
                    .collect();
                if hashes.is_empty() {
                    continue;
                }
                let hits = self.generation.query(&self.query(&Digests::default(), &hashes))?;
                for hit in hits.iter().filter(|hit| self.counts(hit.place.list)) {
                    if kind.is_whole() && hit.distance <= self.options.policy.radius() {
                        return Ok(None);
                    }
                    pairs.note(kind, hit.distance.0);
                }
            }
        }
        Ok(Some(pairs))
    }

    fn counts(&self, list: u32) -> bool {
        self.takes_part.get(list as usize).copied().unwrap_or_default()
    }

    fn query<'q>(&self, digests: &'q Digests, perceptual: &'q [QueryHash]) -> Query<'q> {
        Query {
            digests,
            perceptual,
            opaque: Opaque::NONE,
            radius: self.options.policy.radius(),
            min_quality: self.options.policy.min_quality(),
            method: self.options.policy.method,
        }
    }

    fn add(&self, change: impl FnOnce(&mut Counted)) {
        change(&mut self.counted.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
