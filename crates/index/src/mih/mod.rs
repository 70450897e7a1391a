//! Multi-index hashing: exact radius search that looks at a few thousand codes out of millions.
//!
//! The permuted bits of a code are cut into m slots. If two codes differ in at most r bits, and
//! slot i may differ in τᵢ bits with Σ(τᵢ + 1) = r + 1, then in some slot they differ in at most
//! τᵢ: if every slot differed in τᵢ + 1 bits or more, the codes would differ in r + 1. So a table
//! per slot, from the slot's value to the codes that have it, finds every match: for each slot,
//! look up all values within τᵢ flips of the query's, and compare the codes found there. (Norouzi,
//! Punjani and Fleet, "Fast exact search in Hamming space with multi-index hashing", 2014, with
//! equal τᵢ; Qin and others, "GPH", 2018, for the unequal ones.)
//!
//! # Layout
//! A [`Directory`] and one stretch of bytes, all little-endian. For each slot in turn the stretch
//! holds, each starting at a multiple of 64 bytes and zero-filled up to the next:
//!
//! 1. the *ids*: `u32` words, the indices of all codes by ascending value of the slot, equal values
//!    by ascending index;
//! 2. the *blocks*: records of 32 bytes, one for each 2ᵏ consecutive values, k = 5 or 4. The first
//!    28 bytes say where each value's ids end, counted from the block's first: 32 numbers of 7 bits
//!    or 16 of 14 bits, packed from the lowest bit up. The last 4 bytes hold the position of the
//!    block's first id among the slot's ids.
//!
//! A block with more ids than fit its numbers is *heavy*: the highest bit of its last word is set,
//! its numbers are zero, and at the position stand the 2ᵏ ends as words of their own, ahead of the
//! ids.
//!
//! One byte per value instead of a word keeps more of the table in the caches, and values that
//! differ in their lowest bits share a line, which a third of all look-ups use.

mod block;
mod build;
mod check;
mod foresee;
mod plans;
mod radii;
mod search;
mod slots;
#[cfg(test)]
mod tests;
mod together;

pub(crate) use foresee::Places;

pub use build::{DEFAULT_MEMORY, MAX_CODES, build};
pub use plans::Plans;
pub use radii::{Costs, Plan};
pub use slots::{Directory, Slot};

use crate::Damaged;
use std::ops::Range;

/// The tables of all slots, borrowed, and the plans for searching them.
#[derive(Clone, Copy)]
pub struct MultiIndex<'a> {
    plans: &'a Plans,
    tables: &'a [u8],
}

#[derive(Clone, Copy)]
struct SlotTable<'a> {
    slot: Slot,
    ids: &'a [[u8; 4]],
    blocks: &'a [[u8; slots::BLOCK_BYTES]],
}

impl<'a> SlotTable<'a> {
    /// So many ids from a position on.
    #[inline(always)]
    fn ids_at(&self, first: u32, count: u32) -> Result<&'a [[u8; 4]], Damaged> {
        let ids = self.ids.get(first as usize..).and_then(|ids| ids.get(..count as usize));
        ids.ok_or(block::IMPOSSIBLE)
    }
}

impl<'a> MultiIndex<'a> {
    /// Borrows the tables; nothing of them is looked at before a search.
    ///
    /// # Errors
    /// [`Damaged`] when they have another size than the directory says.
    pub fn new(plans: &'a Plans, tables: &'a [u8]) -> Result<Self, Damaged> {
        if plans.directory().table_bytes() != tables.len() as u64 {
            return Err(Damaged("the multi-index has another size than its directory says"));
        }
        Ok(Self { plans, tables })
    }

    fn slot_tables(&self) -> Vec<SlotTable<'a>> {
        let part = |range: Range<u64>| &self.tables[range.start as usize..range.end as usize];
        let table = |(slot, ids, blocks)| SlotTable {
            slot,
            ids: part(ids).as_chunks().0,
            blocks: part(blocks).as_chunks().0,
        };
        self.plans.directory().slots().map(table).collect()
    }

    /// Expected time of a query on random codes, in nanoseconds; none where a scan is expected to
    /// be faster.
    #[must_use]
    pub fn cost(&self, radius: u16) -> Option<f64> {
        self.plans.for_radius(radius).map(|probes| probes.cost)
    }

    /// Number of codes that are indexed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.plans.directory().count() as usize
    }

    /// True when no codes are indexed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
