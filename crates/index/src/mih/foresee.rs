//! The walk of a search without its pipeline: first all blocks, then all ids, then all prefixes,
//! then all codes, each told before it is read.

use super::MultiIndex;
use super::radii::Within;
use super::slots::{BLOCK_BYTES, END_BYTES, HEAVY, Slot};
use crate::Damaged;
use crate::foresee::{Part, Where};
use crate::targets::Prepared;
use std::ops::Range;

const BLOCK: Damaged = Damaged("a block of the multi-index is impossible");

/// What one candidate spends of a search's allowance at most: itself, a closer look, a match.
const DEAREST: u64 = 6;

/// Tables with their multi-index.
pub(crate) struct Places<'a> {
    pub(crate) index: MultiIndex<'a>,
    pub(crate) prefix: &'a [[u8; 16]],
}

/// A block that is looked into for the values near that of a target.
struct Look {
    slot: Slot,
    /// Where the slot's ids and its block stand in the tables.
    ids: usize,
    block: usize,
    /// The target's value within a block, and how many flips of it count.
    low: usize,
    flips: usize,
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
    fn looks(&self, target: &Prepared) -> Option<Vec<Look>> {
        let probes = self.index.plans.for_radius(target.radius)?;
        let mut looks = Vec::new();
        for (number, (slot, ids, blocks)) in self.index.plans.directory().slots().enumerate() {
            let value = slot.value(&target.permuted);
            let low = value as usize & ((1 << slot.block) - 1);
            for probe in &probes.of(number).probes {
                let record = ((value >> slot.block) ^ probe & 0xff_ffff) as usize;
                let block = blocks.start as usize + BLOCK_BYTES * record;
                let flips = (probe >> 24) as usize & 7;
                looks.push(Look { slot, ids: ids.start as usize, block, low, flips });
            }
        }
        Some(looks)
    }

    /// The ids that the looks lead to.
    fn ids<E: From<Damaged>>(
        &self,
        looks: &[Look],
        need: &mut dyn FnMut(Part, Where<'_>) -> Result<(), E>,
    ) -> Result<Vec<usize>, E> {
        let tables = self.index.tables;
        let mut tell = |places: &[Range<usize>]| need(Part::MultiTables, Where::At(places));
        let blocks: Vec<_> = looks.iter().map(|it| it.block..it.block + BLOCK_BYTES).collect();
        tell(&blocks)?;
        let record = |look: &Look| -> Result<&[u8; BLOCK_BYTES], Damaged> {
            tables.get(look.block..).and_then(<[u8]>::first_chunk).ok_or(BLOCK)
        };
        let base = |record: &[u8; BLOCK_BYTES]| {
            let [.., a, b, c, d] = *record;
            u32::from_le_bytes([a, b, c, d])
        };
        let mut heavy = Vec::new();
        for look in looks {
            let base = base(record(look)?);
            if base & HEAVY != 0 {
                let start = look.ids + 4 * (base & !HEAVY) as usize;
                heavy.push(start..start + (4 << look.slot.block));
            }
        }
        tell(&heavy)?;
        let word = |at: usize| -> Result<usize, Damaged> {
            let word = tables.get(at..).and_then(<[u8]>::first_chunk).ok_or(BLOCK)?;
            Ok(u32::from_le_bytes(*word) as usize)
        };
        let mut places = Vec::new();
        for look in looks {
            let record = record(look)?;
            let base = base(record);
            let start = look.ids + 4 * (base & !HEAVY) as usize;
            let is_heavy = base & HEAVY != 0;
            let first = start + if is_heavy { 4 << look.slot.block } else { 0 };
            let end = |number: usize| {
                if is_heavy {
                    word(start + 4 * number)
                } else {
                    Ok(light_end(record, look.slot, number))
                }
            };
            let within = &Within::OF[usize::from(look.slot.block) - 4];
            for flip in &within.order[..within.counts[look.flips]] {
                let number = look.low ^ usize::from(*flip);
                let from = if number == 0 { 0 } else { end(number - 1)? };
                let to = end(number)?;
                if to < from {
                    return Err(BLOCK.into());
                }
                places.push(first + 4 * from..first + 4 * to);
            }
        }
        places.retain(|place| !place.is_empty());
        tell(&places)?;
        let mut ids = Vec::new();
        for place in places {
            let words = tables.get(place).ok_or(BLOCK)?.as_chunks::<4>().0;
            ids.extend(words.iter().map(|id| u32::from_le_bytes(*id) as usize));
        }
        Ok(ids)
    }
}

/// The end of a value's ids in a block that is not heavy.
fn light_end(record: &[u8; BLOCK_BYTES], slot: Slot, number: usize) -> usize {
    let bits = slot.end_bits() as usize;
    let bit = bits * number;
    let part = |at: usize| record[..END_BYTES].get(at).map_or(0, |byte| usize::from(*byte));
    let word = part(bit / 8) | part(bit / 8 + 1) << 8 | part(bit / 8 + 2) << 16;
    word >> (bit % 8) & ((1 << bits) - 1)
}
