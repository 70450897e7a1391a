//! The threads of a run: each reads files in turns, and decodes whatever any of them has read.
//!
//! ```text
//! walker ─► jobs ─► [ thread: opens, reads and digests several files side by side ] ─► ready
//!                   [ thread: takes from ready before it reads on; decodes, matches ] ─► results
//! ```
//! Decoding goes first, so that what was read does not pile up, and any thread may decode what
//! another has read, so that none is idle while there is work. Pictures wait for their decoding
//! in memory that all threads share ([`KEPT_BYTES`]); the rest is counted by threads.

use crate::examiner::{Examiner, Looked, Opening, Watched, pool, threads};
use crate::pipeline::{self, Jobs, Order, Results};
use crate::progress::{Progress, Stop};
use crate::reorder::Spill;
use crate::scan::ScanError;
use crossbeam_channel::{Receiver, Sender, select, unbounded};
use hashward_evidence::{Item, Walk};
use hashward_examine::{Finished, Kept, Plan, ReadTogether};
use hashward_media::Limits;
use hashward_sandbox::{PoolError, WorkerCommand};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Memory for pictures that were read and wait for their decoding.
const KEPT_BYTES: u64 = 32 << 20;
/// Files that all threads together read at the same time: 68 KiB and two descriptors each.
const FILES: usize = 256;

/// A file that was read, under the number of its job.
type Read<'a> = Finished<Watched<'a>, (u64, PathBuf)>;

/// What the threads of one run share.
pub(crate) struct Crew<'a, C> {
    examiner: &'a Examiner<'a>,
    /// Turns what became of an item into a result.
    conclude: C,
    threads: usize,
    kept: Arc<Kept>,
    /// Threads that may still add to what is ready.
    readers: AtomicUsize,
    /// `None` tells a thread that nothing more will come.
    ready: (Sender<Option<Read<'a>>>, Receiver<Option<Read<'a>>>),
}

impl<'a, C, E> Crew<'a, C>
where
    C: Fn(Looked) -> Result<Vec<u8>, E> + Sync,
    E: From<PoolError>,
{
    pub(crate) fn new(examiner: &'a Examiner<'a>, threads: usize, conclude: C) -> Self {
        let threads = threads.max(1);
        let readers = AtomicUsize::new(threads);
        Self {
            examiner,
            conclude,
            threads,
            kept: Kept::new(KEPT_BYTES),
            readers,
            ready: unbounded(),
        }
    }

    /// One thread's work, for [`crate::pipeline::run`] with as many threads as were named.
    pub(crate) fn serve(&self, jobs: &Jobs<Item>, results: &Results<E>) {
        let examiner = self.examiner;
        let most = FILES / self.threads;
        let mut reading = ReadTogether::new(&examiner.plan, &self.kept, most);
        let mut more = true;
        while more || !reading.is_empty() {
            if let Ok(read) = self.ready.1.try_recv() {
                self.decode(read, results);
                continue;
            }
            while more && reading.has_room() {
                let job = if reading.is_empty() {
                    select! {
                        recv(jobs) -> job => job.map_err(|_| true),
                        recv(self.ready.1) -> read => {
                            self.decode(read.ok().flatten(), results);
                            Err(false)
                        }
                    }
                } else {
                    jobs.try_recv().map_err(|error| error.is_disconnected())
                };
                match job {
                    Ok((number, item)) => self.open(number, item, &mut reading, results),
                    Err(ended) => {
                        more = !ended;
                        break;
                    }
                }
            }
            for read in reading.turn() {
                self.pass_on(read, results);
            }
        }
        if self.readers.fetch_sub(1, Ordering::AcqRel) == 1 {
            for _ in 0..self.threads {
                let _ = self.ready.0.send(None);
            }
        }
        while let Ok(Some(read)) = self.ready.1.recv() {
            self.decode(Some(read), results);
        }
    }

    fn open(
        &self,
        number: u64,
        item: Item,
        reading: &mut ReadTogether<'_, Watched<'a>, (u64, PathBuf)>,
        results: &Results<E>,
    ) {
        if self.examiner.stop.is_wished() {
            results.send(number, Ok(Vec::new()));
            return;
        }
        match self.examiner.open(item) {
            Opening::Done(looked) => {
                results.send(number, (self.conclude)(looked));
            }
            Opening::File(path, source) => {
                let value = (number, path.clone());
                let taken = catch_unwind(AssertUnwindSafe(|| reading.take(source, value)));
                match taken {
                    Ok(read) => read.into_iter().for_each(|read| self.pass_on(read, results)),
                    Err(_) => {
                        results.send(number, (self.conclude)(Looked::failed_ourselves(path)));
                    }
                }
            }
        }
    }

    /// What needs no decoding is done at once; the rest waits for whoever is free.
    fn pass_on(&self, read: Read<'a>, results: &Results<E>) {
        if read.is_cheap() {
            self.decode(Some(read), results);
        } else if let Err(error) = self.ready.0.send(Some(read)) {
            self.decode(error.into_inner(), results);
        }
    }

    fn decode(&self, read: Option<Read<'a>>, results: &Results<E>) {
        let Some(mut read) = read else { return };
        let Examiner { plan, limits, pool, .. } = self.examiner;
        let examined = catch_unwind(AssertUnwindSafe(|| read.finish(plan, limits, pool)));
        let (number, path) = std::mem::take(&mut read.value);
        let looked = self.examiner.conclude(path, read.source(), examined);
        // Its memory is free before its matches are looked for.
        drop(read);
        let result = looked.map_err(E::from).and_then(&self.conclude);
        results.send(number, result);
    }
}

/// What to compute on everything that a walk comes across, where it is neither kept nor proposed,
/// and no program of others is asked.
pub(crate) struct Errand<'a> {
    pub(crate) plan: Plan,
    /// Threads; 0 means one per core.
    pub(crate) threads: usize,
    /// What serves as a worker; `None` is this program.
    pub(crate) worker: Option<WorkerCommand>,
    pub(crate) order: Order,
    /// Where results go that wait in vain for memory.
    pub(crate) spill: &'a Spill<'a>,
    pub(crate) progress: &'a Progress,
    pub(crate) stop: &'a Stop,
}

impl Errand<'_> {
    /// Examines what the walk yields, and hands on what `conclude` makes of each.
    pub(crate) fn run(
        self,
        walk: Walk,
        conclude: impl Fn(Looked) -> Result<Vec<u8>, ScanError> + Sync,
        sink: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), ScanError> {
        let threads = threads(self.threads);
        let pool = pool(threads, self.worker)?;
        if self.plan.perceptual {
            pool.probe()?;
        }
        let examiner = Examiner {
            plan: self.plan,
            limits: Limits::default(),
            pool: &pool,
            progress: self.progress,
            stop: self.stop,
            hashers: &[],
            wants_proof: None,
            keeper: None,
        };
        let crew = Crew::new(&examiner, threads, conclude);
        let serve = |jobs: &_, results: &_| crew.serve(jobs, results);
        pipeline::run(walk, threads, self.order, self.stop, self.spill, serve, sink)?;
        Ok(())
    }
}
