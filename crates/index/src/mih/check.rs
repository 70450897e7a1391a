//! Proving that tables are those of given codes.

use super::block::{self, Block};
use super::slots::END_BYTES;
use super::{MultiIndex, SlotTable};
use crate::Damaged;
use crate::permutation::permute;

const WRONG: Damaged = Damaged("the multi-index is not that of the codes");

impl MultiIndex<'_> {
    /// Checks that every slot names every code exactly once, at its value.
    ///
    /// # Errors
    /// [`Damaged`] when one does not.
    pub fn check(&self, codes: &[[u8; 32]]) -> Result<(), Damaged> {
        if codes.len() != self.len() {
            return Err(Damaged("the multi-index is for another number of codes"));
        }
        self.slot_tables().iter().try_for_each(|table| check_slot(table, codes))
    }
}

/// The ids of a value ascend and have it, so none stands twice; as many as there are codes are all
/// codes.
fn check_slot(table: &SlotTable<'_>, codes: &[[u8; 32]]) -> Result<(), Damaged> {
    let size = 1usize << table.slot.block;
    let (mut words, mut named) = (0usize, 0usize);
    for (number, record) in table.blocks.iter().enumerate() {
        let (base, heavy) = block::base(record);
        let unused = heavy && record[..END_BYTES].iter().any(|byte| *byte != 0);
        if unused || base as usize != words {
            return Err(WRONG);
        }
        let block = Block::read(record, table.slot.block, table.ids).map_err(|_| WRONG)?;
        words += if heavy { size } else { 0 };
        let first = words;
        for within in 0..size {
            let (start, count) = block.ids(within).map_err(|_| WRONG)?;
            let ids = table.ids_at(start, count).map_err(|_| WRONG)?;
            let value = (number * size + within) as u32;
            let mut last = None;
            for id in ids.iter().map(|id| u32::from_le_bytes(*id)) {
                let code = codes.get(id as usize).ok_or(WRONG)?;
                if last >= Some(id) || table.slot.value(&permute(code)) != value {
                    return Err(WRONG);
                }
                last = Some(id);
            }
            words += ids.len();
            named += ids.len();
        }
        let fits = words - first <= table.slot.light();
        if heavy == fits {
            return Err(WRONG);
        }
    }
    if (words, named) == (table.ids.len(), codes.len()) { Ok(()) } else { Err(WRONG) }
}
