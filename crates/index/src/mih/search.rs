//! Searching a multi-index: a pipeline of fetches, so that hundreds of cache misses overlap.
//!
//! ```text
//! for each run of probes of one slot and one target:
//!     1  ask for the block of each probe
//!     2  read the ends in each block, ask for the ids of each value that has some
//!     3  read the ids, ask for the prefix of each candidate
//!     4  compare the prefixes; compare the few codes that are left; report matches
//! ```
//! The four stages work on four runs that lie [`LAG`] apart, so that each stage finds in the cache
//! what the one before asked for, and the fetches of one overlap with what the others compute. Runs
//! go slot by slot over all targets. Where there are many of them, [`super::together`] takes over.
//!
//! A code that several slots find is reported by the first: a match says which slots found it.

use super::plans::Probes;
use super::radii::{self, Within};
use super::slots::{END_BYTES, HEAVY};
use super::{MultiIndex, SlotTable};
use crate::permutation::permute;
use crate::targets::Prepared;
use crate::{Damaged, Match, prefix};
use hashward_kernels::gather::gather;
use hashward_kernels::hamming::Near;
use hashward_kernels::prefetch::prefetch;
use std::ops::Range;

/// Targets that go through the pipeline together.
const BATCH: usize = 1024;

/// Targets from which on those of one slot are sorted by where they look.
const TOGETHER: usize = 128;

/// Runs between two stages of a run.
pub(super) const LAG: usize = 4;
/// Runs that are between their stages at once.
pub(super) const RING: usize = (3 * LAG).next_power_of_two();

/// What a match costs in candidates: the question which slots have found it before.
const MATCH: u64 = 4;

pub(super) const OUTSIDE: Damaged =
    Damaged("the multi-index names a code that is not in the table");
pub(super) const BLOCK: Damaged = Damaged("a block of the multi-index is impossible");

/// A run of probes of one slot for one target.
pub(super) struct Run {
    pub(super) target: u32,
    pub(super) slot: u32,
    pub(super) probes: Range<u32>,
}

/// A target on its way through the pipeline.
pub(super) struct Walker {
    pub(super) target: Prepared,
    pub(super) prefix: [u8; 16],
    /// Candidates that it may still have before a scan is cheaper; none once it had too many.
    pub(super) allowance: Option<u64>,
    matches: Vec<Near>,
}

/// What a run has found between its stages.
#[derive(Default)]
pub(super) struct Stage {
    /// Position and number of the ids of each value that has some.
    pub(super) ranges: Vec<(u32, u32)>,
    ids: Vec<u32>,
}

impl MultiIndex<'_> {
    /// Calls `found` for each pair within its target's radius, in no particular order; gives the
    /// number of distances computed. A target whose radius or whose neighbourhood is so large that
    /// a scan is cheaper is scanned for.
    ///
    /// # Errors
    /// [`Damaged`] when this is no multi-index of these codes, or `prefix` is not their prefix
    /// column.
    pub(crate) fn search(
        &self,
        codes: &[[u8; 32]],
        prefix: &[[u8; 16]],
        targets: &[Prepared],
        mut found: impl FnMut(Match),
    ) -> Result<u64, Damaged> {
        if codes.len() != self.len() || prefix.len() != self.len() {
            return Err(Damaged("the multi-index is for another number of codes"));
        }
        let costs = self.plans.costs();
        let allowance = (self.len() as f64 * costs.scan / costs.candidate) as u64;
        let tables = self.slot_tables();
        let table = Tables { slots: &tables, codes, prefix };
        let mut scanned: Vec<u32> = Vec::new();
        let mut distances = 0;
        let mut first = 0;
        for same_radius in targets.chunk_by(|a, b| a.radius == b.radius) {
            let numbers = first..first + same_radius.len() as u32;
            first = numbers.end;
            let Some(probes) = self.plans.for_radius(same_radius[0].radius) else {
                scanned.extend(numbers);
                continue;
            };
            for (batch, numbers) in same_radius.chunks(BATCH).zip(numbers.step_by(BATCH)) {
                let mut walkers: Vec<Walker> =
                    batch.iter().map(|target| Walker::new(*target, allowance)).collect();
                distances += if walkers.len() < TOGETHER {
                    table.walk(probes, &mut walkers)?
                } else {
                    table.walk_together(probes, &mut walkers)?
                };
                for (number, walker) in (numbers..).zip(walkers) {
                    if walker.allowance.is_none() {
                        scanned.push(number);
                        continue;
                    }
                    for Near { index, distance } in walker.matches {
                        found(Match { target: number, index, distance });
                    }
                }
            }
        }
        if !scanned.is_empty() {
            let left: Vec<Prepared> = scanned.iter().map(|at| targets[*at as usize]).collect();
            distances += prefix::search(codes, prefix, &left, |hit| {
                found(Match { target: scanned[hit.target as usize], ..hit });
            })?;
        }
        Ok(distances)
    }
}

/// Everything that a walk reads.
pub(super) struct Tables<'a> {
    pub(super) slots: &'a [SlotTable<'a>],
    codes: &'a [[u8; 32]],
    pub(super) prefix: &'a [[u8; 16]],
}

impl Tables<'_> {
    fn walk(&self, probes: &Probes, walkers: &mut [Walker]) -> Result<u64, Damaged> {
        let runs = runs(probes, walkers.len());
        let mut stages: [Stage; RING] = Default::default();
        let mut near = Vec::new();
        let mut distances = 0;
        for step in 0..runs.len() + 3 * LAG {
            if let Some(run) = runs.get(step) {
                let table = &self.slots[run.slot as usize];
                ask_for_blocks(table, run.of(probes), &walkers[run.target as usize]);
            }
            if let Some(run) = step.checked_sub(LAG).and_then(|at| runs.get(at)) {
                let table = &self.slots[run.slot as usize];
                let walker = &mut walkers[run.target as usize];
                stages[(step - LAG) % RING].read_blocks(table, run.of(probes), walker)?;
            }
            if let Some(run) = step.checked_sub(2 * LAG).and_then(|at| runs.get(at)) {
                let stage = &mut stages[(step - 2 * LAG) % RING];
                read_ids(&self.slots[run.slot as usize], self.prefix, stage)?;
            }
            if let Some(run) = step.checked_sub(3 * LAG).and_then(|at| runs.get(at)) {
                let ids = &stages[(step - 3 * LAG) % RING].ids;
                let walker = &mut walkers[run.target as usize];
                distances += ids.len() as u64;
                near.clear();
                gather(self.prefix, ids, &walker.prefix, walker.target.radius, &mut near)
                    .map_err(|_| OUTSIDE)?;
                if !near.is_empty() && walker.allowance.is_some() {
                    let ids: Vec<u32> = near.iter().map(|near| near.index).collect();
                    self.compare(&ids, run.slot as usize, &probes.flips, walker)?;
                }
            }
        }
        Ok(distances)
    }

    /// Compares whole codes, and keeps those that match and that no slot before has found.
    pub(super) fn compare(
        &self,
        candidates: &[u32],
        slot: usize,
        flips: &[Option<u8>],
        walker: &mut Walker,
    ) -> Result<(), Damaged> {
        walker.spend(candidates.len() as u64);
        for id in candidates {
            prefetch(self.codes, *id as usize);
        }
        let mut near = Vec::new();
        let Prepared { code, radius, .. } = walker.target;
        gather(self.codes, candidates, &code, radius, &mut near).map_err(|_| OUTSIDE)?;
        walker.spend(MATCH * near.len() as u64);
        for near in near {
            let permuted = permute(&self.codes[near.index as usize]);
            let differ = std::array::from_fn(|i| permuted[i] ^ walker.target.permuted[i]);
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

impl Walker {
    fn new(target: Prepared, allowance: u64) -> Self {
        Self { target, prefix: target.prefix(), allowance: Some(allowance), matches: Vec::new() }
    }

    fn spend(&mut self, candidates: u64) {
        self.allowance = self.allowance.and_then(|left| left.checked_sub(candidates));
    }
}

fn runs(probes: &Probes, targets: usize) -> Vec<Run> {
    let mut runs = Vec::new();
    for slot in 0..probes.slots() {
        for target in 0..targets {
            let run = |probes| Run { target: target as u32, slot: slot as u32, probes };
            runs.extend(radii::runs(0..probes.of(slot).probes.len() as u32).map(run));
        }
    }
    runs
}

impl Run {
    pub(super) fn of<'p>(&self, probes: &'p Probes) -> &'p [u32] {
        &probes.of(self.slot as usize).probes[self.probes.start as usize..self.probes.end as usize]
    }
}

pub(super) fn ask_for_blocks(table: &SlotTable<'_>, probes: &[u32], walker: &Walker) {
    let block = table.slot.value(&walker.target.permuted) >> table.slot.block;
    for probe in probes {
        prefetch(table.blocks, (block ^ probe & 0xff_ffff) as usize);
    }
}

impl Stage {
    /// Collects the ranges of ids of a run, unless its target has had too many.
    pub(super) fn read_blocks(
        &mut self,
        table: &SlotTable<'_>,
        probes: &[u32],
        walker: &mut Walker,
    ) -> Result<(), Damaged> {
        self.ranges.clear();
        if walker.allowance.is_none() {
            return Ok(());
        }
        if table.slot.block == 5 {
            read_blocks::<5>(table, probes, walker, &mut self.ranges)?;
        } else {
            read_blocks::<4>(table, probes, walker, &mut self.ranges)?;
        }
        walker.spend(self.ranges.iter().map(|range| u64::from(range.1)).sum());
        if walker.allowance.is_none() {
            self.ranges.clear();
        }
        Ok(())
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
    let value = table.slot.value(&walker.target.permuted);
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
