//! The walk of a search without its pipeline: first all blocks, then all ids, then all prefixes,
//! then all codes, each told before it is read.

use super::block::{self, Block, IMPOSSIBLE, Layout};
use super::slots::BLOCK_BYTES;
use super::{MultiIndex, SlotTable};
use crate::Damaged;
use crate::foresee::{Part, Where};
use crate::targets::Prepared;
use std::ops::Range;

/// What one candidate spends of a search's allowance at most: itself, a closer look, a match.
const DEAREST: u64 = 6;

/// Tables with their multi-index.
pub(crate) struct Places<'a> {
    pub(crate) index: MultiIndex<'a>,
    pub(crate) prefix: &'a [[u8; 16]],
}

/// A block that is looked into for the values near that of a target.
struct Look<'a> {
    slot: SlotTable<'a>,
    /// Where the slot's ids and its blocks stand in the tables.
    ids: usize,
    blocks: usize,
    /// The number of the block, of the target's value within it, and what to flip in that.
    block: usize,
    low: usize,
    flips: &'static [u8],
}

impl<'a> Look<'a> {
    fn record(&self) -> Result<&'a block::Record, Damaged> {
        self.slot.blocks.get(self.block).ok_or(IMPOSSIBLE)
    }

    /// Where so many ids from a position on stand in the tables.
    fn place(&self, first: u32, count: u32) -> Range<usize> {
        let start = self.ids + 4 * first as usize;
        start..start + 4 * count as usize
    }
}

impl Places<'_> {
    /// Calls `need` for all that a search for the targets reads.
    pub(crate) fn foresee<E: From<Damaged>>(
        &self,
        targets: &[Prepared],
        need: &mut dyn FnMut(Part, Where<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let costs = self.index.plans.costs();
        let allowance = (self.index.len() as f64 * costs.scan / costs.candidate) as u64;
        for target in targets {
            let looks = self.looks(target);
            let ids = match &looks {
                Some(looks) => self.ids(looks, need)?,
                None => Vec::new(),
            };
            if looks.is_none() || DEAREST * ids.len() as u64 >= allowance {
                need(Part::Prefixes, Where::Everywhere)?;
                need(Part::Codes, Where::Everywhere)?;
                continue;
            }
            let prefixes: Vec<_> = ids.iter().map(|id| 16 * id..16 * (id + 1)).collect();
            need(Part::Prefixes, Where::At(&prefixes))?;
            let own = target.prefix();
            let near = |id: &&usize| {
                self.prefix.get(**id).is_some_and(|other| {
                    let differ = u128::from_le_bytes(own) ^ u128::from_le_bytes(*other);
                    differ.count_ones() <= u32::from(target.radius)
                })
            };
            let codes: Vec<_> = ids.iter().filter(near).map(|id| 32 * id..32 * (id + 1)).collect();
            need(Part::Codes, Where::At(&codes))?;
        }
        Ok(())
    }

    /// The blocks that the search for a target reads; none when it scans.
    fn looks(&self, target: &Prepared) -> Option<Vec<Look<'_>>> {
        let probes = self.index.plans.for_radius(target.radius)?;
        let places = self.index.plans.directory().slots();
        let mut looks = Vec::new();
        for (number, (slot, (_, ids, blocks))) in
            self.index.slot_tables().into_iter().zip(places).enumerate()
        {
            let (home, low) = slot.slot.place(&target.permuted);
            looks.extend(probes.of(number).probes.iter().map(|probe| Look {
                slot,
                ids: ids.start as usize,
                blocks: blocks.start as usize,
                block: (home ^ probe.flipped()) as usize,
                low,
                flips: Layout::of(slot.slot.block).within(probe.left()),
            }));
        }
        Some(looks)
    }

    /// The ids that the looks lead to.
    fn ids<E: From<Damaged>>(
        &self,
        looks: &[Look<'_>],
        need: &mut dyn FnMut(Part, Where<'_>) -> Result<(), E>,
    ) -> Result<Vec<usize>, E> {
        let mut tell = |places: &[Range<usize>]| need(Part::MultiTables, Where::At(places));
        let start = |look: &Look<'_>| look.blocks + BLOCK_BYTES * look.block;
        let blocks: Vec<_> =
            looks.iter().map(|look| start(look)..start(look) + BLOCK_BYTES).collect();
        tell(&blocks)?;
        let mut ends = Vec::new();
        for look in looks {
            let (base, heavy) = block::base(look.record()?);
            if heavy {
                ends.push(look.place(base, 1 << look.slot.slot.block));
            }
        }
        tell(&ends)?;
        let mut ranges = Vec::new();
        for look in looks {
            let block = Block::read(look.record()?, look.slot.slot.block, look.slot.ids)?;
            for flip in look.flips {
                let (first, count) = block.ids(look.low ^ usize::from(*flip))?;
                if count > 0 {
                    ranges.push((look, first, count));
                }
            }
        }
        let places: Vec<_> =
            ranges.iter().map(|(look, first, count)| look.place(*first, *count)).collect();
        tell(&places)?;
        let mut ids = Vec::new();
        for (look, first, count) in ranges {
            let words = look.slot.ids_at(first, count)?;
            ids.extend(words.iter().map(|id| u32::from_le_bytes(*id) as usize));
        }
        Ok(ids)
    }
}
