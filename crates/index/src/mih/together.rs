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
const WAITING: usize = 1 << 22;

/// Candidates with the targets that they are for, by stretches of neighbouring ids.
struct Buckets {
    /// Bits of an id below those that choose its bucket. A candidate is these bits with the number
    /// of its target above.
    bits: u32,
    candidates: Vec<Vec<u32>>,
    /// All of them.
    waiting: usize,
}

impl Buckets {
    /// For a table of this many codes: 512 KiB of prefixes to a bucket, which the second-level cache
    /// holds, unless that would be more than 512 buckets.
    fn new(codes: usize) -> Self {
        let bits = codes.max(1).ilog2().saturating_sub(8).max(15);
        Self { bits, candidates: vec![Vec::new(); codes.div_ceil(1 << bits)], waiting: 0 }
    }

    fn add(&mut self, table: &SlotTable<'_>, stage: &Stage, target: u32) -> Result<(), Damaged> {
        let target = target << self.bits;
        let mask = (1u32 << self.bits) - 1;
        for &(first, count) in stage.ranges() {
            for id in table.ids_at(first, count)? {
                let id = u32::from_le_bytes(*id);
                let bucket = self.candidates.get_mut((id >> self.bits) as usize).ok_or(OUTSIDE)?;
                bucket.push(target | id & mask);
            }
            self.waiting += count as usize;
        }
        Ok(())
    }
}

impl Tables<'_> {
    /// Walks targets of one radius, at most [`super::search::BATCH`]; gives the number of prefixes
    /// that were compared.
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
        let stretches = self.prefix.chunks(1 << bits);
        for ((stretch, candidates), number) in stretches.zip(&mut buckets.candidates).zip(0u32..) {
            pairs(stretch, bits, &prefixes, candidates, radius, &mut near).map_err(|_| OUTSIDE)?;
            candidates.clear();
            for pair in near.drain(..) {
                let walker = &mut walkers[(pair >> bits) as usize];
                if walker.allowance.is_some() {
                    let id = number << bits | pair & ((1 << bits) - 1);
                    self.compare_whole(&[id], walker)?;
                }
            }
        }
        Ok(std::mem::take(&mut buckets.waiting) as u64)
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
