//! Searching a multi-index: a pipeline of fetches, so that hundreds of cache misses overlap.
//!
//! ```text
//! for each run of probes of one slot and one target:
//!     1  ask for the block of each probe
//!     2  read the ends in each block, ask for the ids of each value that has some
//!     3  read the ids, ask for the prefix of each candidate
//!     4  compare the prefixes; compare the few codes that are left; report matches
//! ```
//! Stage 4 of one run goes with stage 3 of the next, 2 of the one after and 1 of the fourth, so
//! that each stage finds in the cache what the one before asked for. Runs go slot by slot over all
//! targets: the tables of one slot stay in the cache for a whole batch.
//!
//! A code that several slots find is reported by the first: a match says which slots found it.

use super::radii::{self, Costs, Plan, Within};
use super::slots::{END_BYTES, HEAVY};
use super::{MultiIndex, SlotTable};
use crate::permutation::permute;
use crate::{Damaged, Match, Target, prefix};
use hashward_kernels::gather::gather;
use hashward_kernels::hamming::Near;
use hashward_kernels::prefetch::prefetch;
use std::ops::Range;

/// Targets that go through the pipeline together.
const BATCH: usize = 1024;

/// What a match costs in candidates: the question which slots have found it before.
const MATCH: u64 = 4;

const OUTSIDE: Damaged = Damaged("the multi-index names a code that is not in the table");
const BLOCK: Damaged = Damaged("a block of the multi-index is impossible");

/// A run of probes of one slot for one target.
struct Run {
    target: u32,
    slot: u32,
    probes: Range<u32>,
}

/// A target on its way through the pipeline.
struct Walker {
    target: Target,
    permuted: [u64; 4],
    prefix: [u8; 16],
    /// Candidates that it may still have before a scan is cheaper; none once it had too many.
    allowance: Option<u64>,
    matches: Vec<Near>,
}

/// What a run has found between its stages.
#[derive(Default)]
struct Stage {
    ranges: Vec<(u32, u32)>,
    ids: Vec<u32>,
}

/// One radius' plan with the probes of each slot.
struct Probes {
    flips: Vec<Option<u8>>,
    lists: Vec<Vec<u32>>,
    /// For each slot its list.
    list_of: Vec<usize>,
}

impl MultiIndex<'_> {
    /// Calls `found` for each pair within its target's radius, in no particular order; gives the
    /// number of distances computed. Targets that are equal are searched once. A target whose
    /// radius or whose neighbourhood is so large that a scan is cheaper is scanned for.
    ///
    /// # Errors
    /// [`Damaged`] when this is no multi-index of these codes, or `prefix` is not their prefix
    /// column.
    pub fn search(
        &self,
        codes: &[[u8; 32]],
        prefix: &[[u8; 16]],
        targets: &[Target],
        found: impl FnMut(Match),
    ) -> Result<u64, Damaged> {
        self.search_with(codes, prefix, targets, &Costs::measured(self.count), found)
    }

    /// [`MultiIndex::search`] with given costs, which decide how and never what is found.
    ///
    /// # Errors
    /// As [`MultiIndex::search`].
    pub fn search_with(
        &self,
        codes: &[[u8; 32]],
        prefix: &[[u8; 16]],
        targets: &[Target],
        costs: &Costs,
        mut found: impl FnMut(Match),
    ) -> Result<u64, Damaged> {
        if codes.len() != self.len() || prefix.len() != self.len() {
            return Err(Damaged("the multi-index is for another number of codes"));
        }
        let mut order: Vec<u32> = (0..targets.len() as u32).collect();
        order.sort_by_key(|number| {
            let target = &targets[*number as usize];
            (target.radius, target.code)
        });
        let equal = |a: &u32, b: &u32| targets[*a as usize] == targets[*b as usize];
        let groups: Vec<&[u32]> = order.chunk_by(equal).collect();
        let mut scanned: Vec<&[u32]> = Vec::new();
        let mut distances = 0;
        for same_radius in groups.chunk_by(|a, b| radius(targets, a) == radius(targets, b)) {
            let cut: Vec<_> = self.slots.iter().map(|table| table.slot).collect();
            let wanted = radius(targets, same_radius[0]);
            let Some(plan) = Plan::with_costs(&cut, self.count, wanted, costs) else {
                scanned.extend(same_radius);
                continue;
            };
            let probes = Probes::new(&plan, self);
            let allowance = (self.len() as f64 * costs.scan / costs.candidate) as u64;
            for batch in same_radius.chunks(BATCH) {
                let walker = |group: &&[u32]| Walker::new(targets[group[0] as usize], allowance);
                let mut walkers: Vec<Walker> = batch.iter().map(walker).collect();
                distances += self.walk(codes, prefix, &probes, &mut walkers)?;
                for (group, walker) in batch.iter().zip(walkers) {
                    if walker.allowance.is_none() {
                        scanned.push(group);
                        continue;
                    }
                    for near in walker.matches {
                        report(group, near, &mut found);
                    }
                }
            }
        }
        let left: Vec<Target> = scanned.iter().map(|group| targets[group[0] as usize]).collect();
        distances += prefix::search(codes, prefix, &left, |found_here| {
            let near = Near { index: found_here.index, distance: found_here.distance };
            report(scanned[found_here.target as usize], near, &mut found);
        })?;
        Ok(distances)
    }

    fn walk(
        &self,
        codes: &[[u8; 32]],
        prefix: &[[u8; 16]],
        probes: &Probes,
        walkers: &mut [Walker],
    ) -> Result<u64, Damaged> {
        let runs = probes.runs(walkers.len());
        let mut stages: [Stage; 4] = Default::default();
        let mut near = Vec::new();
        let mut distances = 0;
        for step in 0..runs.len() + 3 {
            if let Some(run) = runs.get(step) {
                let table = &self.slots[run.slot as usize];
                ask_for_blocks(table, probes.of(run), &walkers[run.target as usize]);
            }
            if let Some(run) = step.checked_sub(1).and_then(|at| runs.get(at)) {
                let table = &self.slots[run.slot as usize];
                let walker = &mut walkers[run.target as usize];
                let ranges = &mut stages[(step - 1) % 4].ranges;
                ranges.clear();
                if walker.allowance.is_some() {
                    if table.slot.block == 5 {
                        read_blocks::<5>(table, probes.of(run), walker, ranges)?;
                    } else {
                        read_blocks::<4>(table, probes.of(run), walker, ranges)?;
                    }
                    let candidates: u64 = ranges.iter().map(|range| u64::from(range.1)).sum();
                    walker.spend(candidates);
                    if walker.allowance.is_none() {
                        ranges.clear();
                    }
                }
            }
            if let Some(run) = step.checked_sub(2).and_then(|at| runs.get(at)) {
                let stage = &mut stages[(step - 2) % 4];
                read_ids(&self.slots[run.slot as usize], prefix, stage)?;
            }
            if let Some(run) = step.checked_sub(3).and_then(|at| runs.get(at)) {
                let ids = &stages[(step - 3) % 4].ids;
                let walker = &mut walkers[run.target as usize];
                distances += ids.len() as u64;
                near.clear();
                gather(prefix, ids, &walker.prefix, walker.target.radius, &mut near)
                    .map_err(|_| OUTSIDE)?;
                if !near.is_empty() && walker.allowance.is_some() {
                    walker.spend(near.len() as u64);
                    self.compare(codes, &near, run.slot as usize, &probes.flips, walker)?;
                }
            }
        }
        Ok(distances)
    }

    /// Compares whole codes, and keeps those that match and that no slot before has found.
    fn compare(
        &self,
        codes: &[[u8; 32]],
        candidates: &[Near],
        slot: usize,
        flips: &[Option<u8>],
        walker: &mut Walker,
    ) -> Result<(), Damaged> {
        let ids: Vec<u32> = candidates.iter().map(|near| near.index).collect();
        for id in &ids {
            prefetch(codes, *id as usize);
        }
        let mut near = Vec::new();
        let Target { code, radius } = walker.target;
        gather(codes, &ids, &code, radius, &mut near).map_err(|_| OUTSIDE)?;
        walker.spend(MATCH * near.len() as u64);
        for near in near {
            let permuted = permute(&codes[near.index as usize]);
            let differ = std::array::from_fn(|i| permuted[i] ^ walker.permuted[i]);
            let seen_in = |(table, flips): (&SlotTable<'_>, &Option<u8>)| {
                flips
                    .is_some_and(|flips| table.slot.value(&differ).count_ones() <= u32::from(flips))
            };
            if !self.slots[..slot].iter().zip(flips).any(seen_in) {
                walker.matches.push(near);
            }
        }
        Ok(())
    }
}

fn radius(targets: &[Target], group: &[u32]) -> u16 {
    targets[group[0] as usize].radius
}

fn report(group: &[u32], near: Near, found: &mut impl FnMut(Match)) {
    for &target in group {
        found(Match { target, index: near.index, distance: near.distance });
    }
}

impl Walker {
    fn new(target: Target, allowance: u64) -> Self {
        Self {
            target,
            permuted: permute(&target.code),
            prefix: prefix::of(&target.code),
            allowance: Some(allowance),
            matches: Vec::new(),
        }
    }

    fn spend(&mut self, candidates: u64) {
        self.allowance = self.allowance.and_then(|left| left.checked_sub(candidates));
    }
}

impl Probes {
    fn new(plan: &Plan, index: &MultiIndex<'_>) -> Self {
        let mut kinds = Vec::new();
        let mut probes =
            Self { flips: plan.flips().to_vec(), lists: Vec::new(), list_of: Vec::new() };
        for (table, flips) in index.slots.iter().zip(plan.flips()) {
            let kind = flips.map(|flips| (table.slot.width, table.slot.block, flips));
            let list = kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                kinds.push(kind);
                let list = flips.map_or(Vec::new(), |flips| radii::probes(table.slot, flips));
                probes.lists.push(list);
                kinds.len() - 1
            });
            probes.list_of.push(list);
        }
        probes
    }

    fn runs(&self, targets: usize) -> Vec<Run> {
        let mut runs = Vec::new();
        for (slot, list) in self.list_of.iter().enumerate() {
            for target in 0..targets {
                let run = |probes| Run { target: target as u32, slot: slot as u32, probes };
                runs.extend(radii::runs(self.lists[*list].len()).map(run));
            }
        }
        runs
    }

    fn of(&self, run: &Run) -> &[u32] {
        let list = &self.lists[self.list_of[run.slot as usize]];
        &list[run.probes.start as usize..run.probes.end as usize]
    }
}

fn ask_for_blocks(table: &SlotTable<'_>, probes: &[u32], walker: &Walker) {
    let block = table.slot.value(&walker.permuted) >> table.slot.block;
    for probe in probes {
        prefetch(table.blocks, (block ^ probe & 0xff_ffff) as usize);
    }
}

/// Collects position and number of the ids of each value, and asks for them.
fn read_blocks<const BLOCK_BITS: usize>(
    table: &SlotTable<'_>,
    probes: &[u32],
    walker: &Walker,
    ranges: &mut Vec<(u32, u32)>,
) -> Result<(), Damaged> {
    let within = &Within::OF[BLOCK_BITS - 4];
    let value = table.slot.value(&walker.permuted);
    let (block, low) = (value >> BLOCK_BITS, value as usize & ((1 << BLOCK_BITS) - 1));
    for probe in probes {
        let record = table.blocks.get((block ^ probe & 0xff_ffff) as usize).ok_or(BLOCK)?;
        let [.., a, b, c, d] = *record;
        let base = u32::from_le_bytes([a, b, c, d]);
        let flips = &within.order[..within.counts[(probe >> 24) as usize & 7]];
        if base & HEAVY != 0 {
            read_heavy_block::<BLOCK_BITS>(table, base & !HEAVY, low, flips, ranges)?;
            continue;
        }
        for flip in flips {
            let number = low ^ usize::from(*flip);
            let end = light_end::<BLOCK_BITS>(record, number);
            let start = if number == 0 { 0 } else { light_end::<BLOCK_BITS>(record, number - 1) };
            if start != end {
                prefetch(table.ids, (base + start) as usize);
                ranges.push((base + start, end.checked_sub(start).ok_or(BLOCK)?));
            }
        }
    }
    Ok(())
}

/// The end of a value's ids in a block that is not heavy.
#[inline(always)]
fn light_end<const BLOCK_BITS: usize>(record: &[u8; 32], number: usize) -> u32 {
    let number = number & ((1 << BLOCK_BITS) - 1);
    if BLOCK_BITS == 5 {
        let byte = 7 * number / 8;
        let word = u16::from_le_bytes([record[byte], record[byte + 1]]);
        u32::from(word >> (7 * number % 8)) & 0x7f
    } else {
        let byte = 14 * number / 8;
        let parts = [record[byte], record[byte + 1], record[byte + 2], 0];
        u32::from_le_bytes(parts) >> (14 * number % 8) & 0x3fff
    }
}

#[cold]
fn read_heavy_block<const BLOCK_BITS: usize>(
    table: &SlotTable<'_>,
    base: u32,
    low: usize,
    flips: &[u8],
    ranges: &mut Vec<(u32, u32)>,
) -> Result<(), Damaged> {
    let behind = table.ids.get(base as usize..).ok_or(BLOCK)?;
    let ends = behind.get(..1 << BLOCK_BITS).ok_or(BLOCK)?;
    let end = |number: usize| u32::from_le_bytes(ends[number]);
    for flip in flips {
        let number = low ^ usize::from(*flip);
        let start = if number == 0 { 0 } else { end(number - 1) };
        let count = end(number).checked_sub(start).ok_or(BLOCK)?;
        if count > 0 {
            let first = (base + (1 << BLOCK_BITS)).checked_add(start).ok_or(BLOCK)?;
            prefetch(table.ids, first as usize);
            ranges.push((first, count));
        }
    }
    Ok(())
}

/// Collects the ids of the ranges, and asks for their prefixes.
fn read_ids(table: &SlotTable<'_>, prefix: &[[u8; 16]], stage: &mut Stage) -> Result<(), Damaged> {
    stage.ids.clear();
    for &(first, count) in &stage.ranges {
        let ids = table.ids.get(first as usize..).and_then(|ids| ids.get(..count as usize));
        for id in ids.ok_or(BLOCK)? {
            let id = u32::from_le_bytes(*id);
            prefetch(prefix, id as usize);
            stage.ids.push(id);
        }
    }
    Ok(())
}

const _: () = assert!(END_BYTES + 4 == super::slots::BLOCK_BYTES);
