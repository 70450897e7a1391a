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

use super::block::{self, Block, IMPOSSIBLE, Layout};
use super::plans::Probes;
use super::radii::{self, Probe};
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
    pub(super) matches: Vec<Near>,
}

/// What a run has found between its stages.
#[derive(Default)]
pub(super) struct Stage {
    ranges: Ranges,
    ids: Vec<u32>,
}

/// Position and number of the ids of each value that has some.
#[derive(Default)]
struct Ranges {
    /// Those, and behind them room of no meaning.
    held: Vec<(u32, u32)>,
    filled: usize,
}

impl Ranges {
    fn room(&mut self, most: usize) -> &mut [(u32, u32)] {
        let end = self.filled + most;
        if self.held.len() < end {
            self.held.resize(end, (0, 0));
        }
        &mut self.held[self.filled..end]
    }

    fn push(&mut self, range: (u32, u32)) {
        self.room(1)[0] = range;
        self.filled += 1;
    }
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
                stage.read_ids(&self.slots[run.slot as usize], self.prefix)?;
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
    fn compare(
        &self,
        candidates: &[u32],
        slot: usize,
        flips: &[Option<u8>],
        walker: &mut Walker,
    ) -> Result<(), Damaged> {
        for id in candidates {
            prefetch(self.codes, *id as usize);
        }
        let known = walker.matches.len();
        self.compare_whole(candidates, walker)?;
        let found = walker.matches.split_off(known);
        let target = walker.target.permuted;
        let seen = |near: &Near| {
            let permuted = permute(&self.codes[near.index as usize]);
            let differ = std::array::from_fn(|i| permuted[i] ^ target[i]);
            let seen_in = |(table, flips): (&SlotTable<'_>, &Option<u8>)| {
                flips
                    .is_some_and(|flips| table.slot.value(&differ).count_ones() <= u32::from(flips))
            };
            self.slots[..slot].iter().zip(flips).any(seen_in)
        };
        walker.matches.extend(found.into_iter().filter(|near| !seen(near)));
        Ok(())
    }

    /// Compares whole codes, and keeps those that match.
    pub(super) fn compare_whole(
        &self,
        candidates: &[u32],
        walker: &mut Walker,
    ) -> Result<(), Damaged> {
        walker.spend(candidates.len() as u64);
        let Prepared { code, radius, .. } = walker.target;
        let known = walker.matches.len();
        gather(self.codes, candidates, &code, radius, &mut walker.matches).map_err(|_| OUTSIDE)?;
        walker.spend(MATCH * (walker.matches.len() - known) as u64);
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
    pub(super) fn of<'p>(&self, probes: &'p Probes) -> &'p [Probe] {
        &probes.of(self.slot as usize).probes[self.probes.start as usize..self.probes.end as usize]
    }
}

pub(super) fn ask_for_blocks(table: &SlotTable<'_>, probes: &[Probe], walker: &Walker) {
    let (home, _) = table.slot.place(&walker.target.permuted);
    for probe in probes {
        prefetch(table.blocks, (home ^ probe.flipped()) as usize);
    }
}

impl Stage {
    /// Position and number of the ids of each value that has some.
    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges.held[..self.ranges.filled]
    }

    /// Collects the ranges of ids of a run and asks for their first ids, unless the target has had
    /// too many.
    ///
    /// Whether a value has ids is close to random, so nothing branches on it: every value is written
    /// and asked for, and the place moves on only for one that has some.
    pub(super) fn read_blocks(
        &mut self,
        table: &SlotTable<'_>,
        probes: &[Probe],
        walker: &mut Walker,
    ) -> Result<(), Damaged> {
        self.ranges.filled = 0;
        if walker.allowance.is_none() {
            return Ok(());
        }
        let layout = Layout::of(table.slot.block);
        let (home, low) = table.slot.place(&walker.target.permuted);
        let mut candidates = 0;
        let mut asked = 0;
        let mut possible = true;
        for probe in probes {
            let record = table.blocks.get((home ^ probe.flipped()) as usize).ok_or(IMPOSSIBLE)?;
            let flips = layout.within(probe.left());
            let (base, heavy) = block::base(record);
            if heavy {
                candidates += self.read_heavy_block(table, record, low, flips)?;
                continue;
            }
            let room = self.ranges.room(flips.len());
            let mut kept = 0;
            for flip in flips {
                let (start, end) = layout.light(record, low ^ usize::from(*flip));
                let count = end.wrapping_sub(start);
                possible &= start <= end;
                room[kept] = (base + start, count);
                kept += usize::from(count != 0);
                asked = if count == 0 { asked } else { base + start };
                prefetch(table.ids, asked as usize);
                candidates += u64::from(count);
            }
            self.ranges.filled += kept;
        }
        if !possible {
            return Err(IMPOSSIBLE);
        }
        walker.spend(candidates);
        if walker.allowance.is_none() {
            self.ranges.filled = 0;
        }
        Ok(())
    }

    #[cold]
    fn read_heavy_block(
        &mut self,
        table: &SlotTable<'_>,
        record: &block::Record,
        low: usize,
        flips: &[u8],
    ) -> Result<u64, Damaged> {
        let block = Block::read(record, table.slot.block, table.ids)?;
        let mut candidates = 0;
        for flip in flips {
            let (first, count) = block.ids(low ^ usize::from(*flip))?;
            if count > 0 {
                prefetch(table.ids, first as usize);
                self.ranges.push((first, count));
                candidates += u64::from(count);
            }
        }
        Ok(candidates)
    }

    /// Collects the ids of the ranges, and asks for their prefixes.
    fn read_ids(&mut self, table: &SlotTable<'_>, prefix: &[[u8; 16]]) -> Result<(), Damaged> {
        self.ids.clear();
        for &(first, count) in &self.ranges.held[..self.ranges.filled] {
            for id in table.ids_at(first, count)? {
                let id = u32::from_le_bytes(*id);
                prefetch(prefix, id as usize);
                self.ids.push(id);
            }
        }
        Ok(())
    }
}
