//! Searching for many targets at once: what is near each other in memory is looked at together.
//!
//! ```text
//! for each slot:
//!     for each part of its table:
//!         for each target that looks into the part:
//!             read the blocks and the ids; sort (id, target) into buckets of neighbouring ids
//! for each bucket:
//!     compare the prefixes; compare the few codes that are left
//! ```
//! A single target's fetches are all over the tables, and beside the cache each of them misses the
//! address translation. Over hundreds of targets a few megabytes at a time are looked at so often
//! that the translations are known and many a line is still in the cache; the rest is as for one
//! target: ask first, read later. The buckets wait for all slots, because a thousand targets have
//! about as many candidates as ten million codes have lines of prefixes: each is then fetched once.

use super::SlotTable;
use super::plans::Probes;
use super::radii;
use super::search::{LAG, OUTSIDE, RING, Run, Stage, Tables, Walker, ask_for_blocks};
use crate::Damaged;
use hashward_kernels::gather::pairs;

/// Candidates that wait in buckets at most, give or take those of one run: 16 MiB, and the tables
/// still have most of a large cache.
/// Fewer in tests, so that they come to it.
const WAITING: usize = if cfg!(test) { 5000 } else { 1 << 22 };

/// Bits of an id below those that choose its bucket, at least: 512 KiB of prefixes, which the
/// second-level cache holds. Fewer in tests, so that they have several buckets.
const BITS: u32 = if cfg!(test) { 7 } else { 15 };

/// Candidates of a bucket that stand together: 2 KiB.
const PAGE: usize = 512;

/// Candidates with the targets that they are for, by stretches of neighbouring ids.
///
/// All stand in one stretch of memory, in pages that each belong to a bucket: a vector for each
/// bucket would be moved as it grows, and the system would be asked for the memory anew each time.
struct Buckets {
    /// Bits of an id below those that choose its bucket. A candidate is these bits with the number
    /// of its target above.
    bits: u32,
    buckets: Vec<Bucket>,
    candidates: Vec<u32>,
    /// The page before each, if it belongs to the same bucket and is full.
    before: Vec<Option<u32>>,
    /// All candidates.
    waiting: usize,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Where the next candidate goes, and where there is no more room.
    next: u32,
    end: u32,
}

const EMPTY: Bucket = Bucket { next: 0, end: 0 };

impl Buckets {
    /// For a table of this many codes; at most 512 buckets.
    fn new(codes: usize) -> Self {
        let bits = codes.max(1).ilog2().saturating_sub(8).max(BITS);
        let buckets = vec![EMPTY; codes.div_ceil(1 << bits)];
        Self { bits, buckets, candidates: Vec::new(), before: Vec::new(), waiting: 0 }
    }

    fn add(&mut self, table: &SlotTable<'_>, stage: &Stage, target: u32) -> Result<(), Damaged> {
        let target = target << self.bits;
        let mask = (1u32 << self.bits) - 1;
        for &(first, count) in stage.ranges() {
            for id in table.ids_at(first, count)? {
                let id = u32::from_le_bytes(*id);
                let bucket = self.buckets.get_mut((id >> self.bits) as usize).ok_or(OUTSIDE)?;
                if bucket.next == bucket.end {
                    turn(bucket, &mut self.candidates, &mut self.before);
                }
                self.candidates[bucket.next as usize] = target | id & mask;
                bucket.next += 1;
            }
            self.waiting += count as usize;
        }
        Ok(())
    }

    /// Hands on the candidates of a bucket page by page, the last first, and empties it.
    fn drain<E>(
        &mut self,
        bucket: usize,
        mut each: impl FnMut(&[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Bucket { next, end } = std::mem::replace(&mut self.buckets[bucket], EMPTY);
        let mut page = (end as usize).checked_sub(PAGE).map(|start| start / PAGE);
        let mut end = next as usize;
        while let Some(number) = page {
            each(&self.candidates[number * PAGE..end])?;
            page = self.before[number].map(|before| before as usize);
            end = page.map_or(0, |before| (before + 1) * PAGE);
        }
        Ok(())
    }

    /// After all have been drained.
    fn clear(&mut self) {
        self.candidates.clear();
        self.before.clear();
        self.waiting = 0;
    }
}

/// Turns to a new page.
#[cold]
fn turn(bucket: &mut Bucket, candidates: &mut Vec<u32>, before: &mut Vec<Option<u32>>) {
    before.push((bucket.end as usize).checked_sub(PAGE).map(|start| (start / PAGE) as u32));
    bucket.next = candidates.len() as u32;
    candidates.resize(candidates.len() + PAGE, 0);
    bucket.end = candidates.len() as u32;
}

impl Tables<'_> {
    /// Walks targets of one radius, at most 1,024; gives the number of prefixes that were compared.
    pub(super) fn walk_together(
        &self,
        probes: &Probes,
        walkers: &mut [Walker],
    ) -> Result<u64, Damaged> {
        let mut buckets = Buckets::new(self.prefix.len());
        let mut distances = 0;
        for slot in 0..probes.slots() {
            distances += self.collect(probes, slot, walkers, &mut buckets)?;
        }
        distances += self.empty(&mut buckets, walkers)?;
        for walker in walkers {
            // Several slots may have found the same code.
            walker.matches.sort_unstable();
            walker.matches.dedup();
        }
        Ok(distances)
    }

    /// Collects the candidates of one slot; gives the number of those that had to be compared
    /// meanwhile, because too many were waiting.
    fn collect(
        &self,
        probes: &Probes,
        slot: usize,
        walkers: &mut [Walker],
        buckets: &mut Buckets,
    ) -> Result<u64, Damaged> {
        let table = &self.slots[slot];
        let runs = self.runs_by_part(probes, slot, walkers);
        let mut stages: [Stage; RING] = Default::default();
        let mut distances = 0;
        for step in 0..runs.len() + 2 * LAG {
            if let Some(run) = runs.get(step) {
                ask_for_blocks(table, run.of(probes), &walkers[run.target as usize]);
            }
            if let Some(run) = step.checked_sub(LAG).and_then(|at| runs.get(at)) {
                let walker = &mut walkers[run.target as usize];
                stages[(step - LAG) % RING].read_blocks(table, run.of(probes), walker)?;
            }
            if let Some(run) = step.checked_sub(2 * LAG).and_then(|at| runs.get(at)) {
                buckets.add(table, &stages[(step - 2 * LAG) % RING], run.target)?;
                if buckets.waiting > WAITING {
                    distances += self.empty(buckets, walkers)?;
                }
            }
        }
        Ok(distances)
    }

    /// Compares all candidates; gives their number.
    fn empty(&self, buckets: &mut Buckets, walkers: &mut [Walker]) -> Result<u64, Damaged> {
        let prefixes: Vec<[u8; 16]> = walkers.iter().map(|walker| walker.prefix).collect();
        let radius = walkers.first().map_or(0, |walker| walker.target.radius);
        let mut near = Vec::new();
        let bits = buckets.bits;
        for (number, stretch) in self.prefix.chunks(1 << bits).enumerate() {
            buckets.drain(number, |candidates| {
                pairs(stretch, bits, &prefixes, candidates, radius, &mut near).map_err(|_| OUTSIDE)
            })?;
            for pair in near.drain(..) {
                let walker = &mut walkers[(pair >> bits) as usize];
                if walker.allowance.is_some() {
                    let id = (number as u32) << bits | pair & ((1 << bits) - 1);
                    self.compare_whole(&[id], walker)?;
                }
            }
        }
        let distances = buckets.waiting as u64;
        buckets.clear();
        Ok(distances)
    }

    /// The runs of one slot for all targets, those that look into the same part one after another.
    fn runs_by_part(&self, probes: &Probes, slot: usize, walkers: &[Walker]) -> Vec<Run> {
        let list = probes.of(slot);
        let cut = self.slots[slot].slot;
        let mut at_home: Vec<Vec<u32>> = vec![Vec::new(); 1 << list.part_bits];
        for (target, walker) in (0u32..).zip(walkers) {
            let part = cut.value(&walker.target.permuted) >> (cut.width - list.part_bits);
            at_home[part as usize].push(target);
        }
        let mut runs = Vec::new();
        for part in 0..1u32 << list.part_bits {
            for (flipped, probes) in &list.parts {
                for &target in &at_home[(part ^ flipped) as usize] {
                    let run = |probes| Run { target, slot: slot as u32, probes };
                    runs.extend(radii::runs(probes.clone()).map(run));
                }
            }
        }
        runs
    }
}
