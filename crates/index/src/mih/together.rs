//! Searching for many targets at once: what is near each other in memory is looked at together.
//!
//! ```text
//! for each slot:
//!     for each part of its table:
//!         for each target that looks into the part:
//!             read the blocks and the ids; sort (id, target) into buckets of neighbouring ids
//!     for each bucket:
//!         compare the prefixes; compare the few codes that are left
//! ```
//! A single target's fetches are all over the tables, and beside the cache each of them misses the
//! address translation. Over hundreds of targets a few megabytes at a time are looked at so often
//! that the translations are known, and the rest is as for one target: ask first, read later.

use super::SlotTable;
use super::plans::Probes;
use super::radii;
use super::search::{BLOCK, LAG, OUTSIDE, RING, Run, Stage, Tables, Walker, ask_for_blocks};
use crate::Damaged;
use hashward_kernels::gather::{Pair, pairs};

/// Candidates with the targets that they are for, by stretches of neighbouring ids.
struct Buckets {
    /// Bits of an id below those that choose its bucket.
    shift: u32,
    pairs: Vec<Vec<Pair>>,
}

impl Buckets {
    /// For a table of this many codes: 2 MiB of prefixes to a bucket, and at most 128 buckets.
    fn new(codes: usize) -> Self {
        let shift = codes.max(1).ilog2().saturating_sub(6).max(17);
        Self { shift, pairs: vec![Vec::new(); (codes >> shift) + 1] }
    }

    fn add(
        &mut self,
        table: &SlotTable<'_>,
        ranges: &[(u32, u32)],
        query: u32,
    ) -> Result<(), Damaged> {
        for &(first, count) in ranges {
            let ids = table.ids.get(first as usize..).and_then(|ids| ids.get(..count as usize));
            for id in ids.ok_or(BLOCK)? {
                let index = u32::from_le_bytes(*id);
                let bucket = self.pairs.get_mut((index >> self.shift) as usize).ok_or(OUTSIDE)?;
                bucket.push(Pair { index, query });
            }
        }
        Ok(())
    }
}

impl Tables<'_> {
    /// Walks targets of one radius; gives the number of prefixes that were compared.
    pub(super) fn walk_together(
        &self,
        probes: &Probes,
        walkers: &mut [Walker],
    ) -> Result<u64, Damaged> {
        let prefixes: Vec<[u8; 16]> = walkers.iter().map(|walker| walker.prefix).collect();
        let radius = walkers.first().map_or(0, |walker| walker.target.radius);
        let mut buckets = Buckets::new(self.prefix.len());
        let mut near = Vec::new();
        let mut distances = 0;
        for slot in 0..probes.slots() {
            self.collect(probes, slot, walkers, &mut buckets)?;
            for bucket in &mut buckets.pairs {
                distances += bucket.len() as u64;
                pairs(self.prefix, &prefixes, bucket, radius, &mut near).map_err(|_| OUTSIDE)?;
                bucket.clear();
                for Pair { index, query } in near.drain(..) {
                    let walker = &mut walkers[query as usize];
                    if walker.allowance.is_some() {
                        self.compare(&[index], slot, &probes.flips, walker)?;
                    }
                }
            }
        }
        Ok(distances)
    }

    /// Collects the candidates of one slot.
    fn collect(
        &self,
        probes: &Probes,
        slot: usize,
        walkers: &mut [Walker],
        buckets: &mut Buckets,
    ) -> Result<(), Damaged> {
        let table = &self.slots[slot];
        let runs = self.runs_by_part(probes, slot, walkers);
        let mut stages: [Stage; RING] = Default::default();
        for step in 0..runs.len() + 2 * LAG {
            if let Some(run) = runs.get(step) {
                ask_for_blocks(table, run.of(probes), &walkers[run.target as usize]);
            }
            if let Some(run) = step.checked_sub(LAG).and_then(|at| runs.get(at)) {
                let walker = &mut walkers[run.target as usize];
                stages[(step - LAG) % RING].read_blocks(table, run.of(probes), walker)?;
            }
            if let Some(run) = step.checked_sub(2 * LAG).and_then(|at| runs.get(at)) {
                buckets.add(table, &stages[(step - 2 * LAG) % RING].ranges, run.target)?;
            }
        }
        Ok(())
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
