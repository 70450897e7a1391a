//! Proving that tables are those of given codes.

use super::slots::{END_BYTES, HEAVY};
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

/// The ids of a value ascend and have it, so none stands twice; so as many as there are codes are
/// all codes.
fn check_slot(table: &SlotTable<'_>, codes: &[[u8; 32]]) -> Result<(), Damaged> {
    let size = 1usize << table.slot.block;
    let (mut words, mut named) = (0usize, 0usize);
    for (block, record) in table.blocks.iter().enumerate() {
        let [.., a, b, c, d] = *record;
        let base = u32::from_le_bytes([a, b, c, d]);
        let heavy = base & HEAVY != 0;
        let unused = heavy && record[..END_BYTES].iter().any(|byte| *byte != 0);
        if unused || (base & !HEAVY) as usize != words {
            return Err(WRONG);
        }
        let bits = table.slot.end_bits() as usize;
        let light = |number: usize| {
            let bit = number * bits;
            let part = |at: usize| record[..END_BYTES].get(at).map_or(0, |byte| u32::from(*byte));
            let word = part(bit / 8) | part(bit / 8 + 1) << 8 | part(bit / 8 + 2) << 16;
            (word >> (bit % 8)) & ((1 << bits) - 1)
        };
        let apart = table.ids.get(words..words + if heavy { size } else { 0 }).ok_or(WRONG)?;
        words += apart.len();
        let first = words;
        let end = |number: usize| match apart.get(number) {
            Some(end) => u32::from_le_bytes(*end) as usize,
            None => light(number) as usize,
        };
        for (number, end) in (0..size).map(end).enumerate() {
            let ids = table.ids.get(words..first + end).ok_or(WRONG)?;
            let value = (block * size + number) as u32;
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
