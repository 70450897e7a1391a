//! The record of a block: where the ids of each of its values stand.

use super::slots::{BLOCK_BYTES, END_BYTES, HEAVY};
use crate::Damaged;

pub(super) const IMPOSSIBLE: Damaged = Damaged("a block of the multi-index is impossible");

/// A block's bytes.
pub(super) type Record = [u8; BLOCK_BYTES];

/// How records of one block size are read, and the order of the values within.
pub(super) struct Layout {
    places: [Place; 32],
    /// As many ones as an end has bits.
    mask: u64,
    /// The numbers below 2ᵏ by their number of ones, and how many have at most 0, 1, … ones.
    order: [u8; 32],
    counts: [usize; 8],
}

/// Where in a record one load finds a value's end and, right below it, the end of the value before,
/// at which its ids start.
#[derive(Clone, Copy)]
struct Place {
    byte: u8,
    start: u8,
    end: u8,
    /// Zero for the first value, whose ids start where the block's do.
    start_mask: u32,
}

impl Layout {
    /// For blocks of 2ᵏ values, k = 5 or 4.
    #[inline(always)]
    pub(super) fn of(k: u8) -> &'static Self {
        static OF: [Layout; 2] = [Layout::new(4, 14), Layout::new(5, 7)];
        &OF[usize::from(k == 5)]
    }

    const fn new(k: u32, end_bits: usize) -> Self {
        let mask = (1u64 << end_bits) - 1;
        let none = Place { byte: 0, start: 0, end: 0, start_mask: 0 };
        let mut layout = Self { places: [none; 32], mask, order: [0; 32], counts: [0; 8] };
        let mut number = 1;
        while number < 1 << k {
            let bit = end_bits * (number - 1);
            let byte = if bit / 8 < LAST_LOAD { bit / 8 } else { LAST_LOAD };
            let start = bit - 8 * byte;
            let end = start + end_bits;
            layout.places[number] = Place {
                byte: byte as u8,
                start: start as u8,
                end: end as u8,
                start_mask: mask as u32,
            };
            number += 1;
        }
        let (mut filled, mut ones) = (0, 0);
        while ones < layout.counts.len() {
            let mut number = 0u8;
            while number < 1 << k {
                if number.count_ones() as usize == ones {
                    layout.order[filled] = number;
                    filled += 1;
                }
                number += 1;
            }
            layout.counts[ones] = filled;
            ones += 1;
        }
        layout
    }

    /// What to flip in a value's number within its block, for at most so many flips.
    #[inline(always)]
    pub(super) fn within(&self, flips: usize) -> &[u8] {
        &self.order[..self.counts[flips & 7]]
    }

    /// Start and end of the ids of a value of a block that is not heavy, from the block's first.
    #[inline(always)]
    pub(super) fn light(&self, record: &Record, number: usize) -> (u32, u32) {
        let place = self.places[number % self.places.len()];
        let byte = usize::from(place.byte).min(LAST_LOAD);
        let mut word = [0; 8];
        word.copy_from_slice(&record[byte..byte + 8]);
        let word = u64::from_le_bytes(word);
        let start = (word >> place.start) as u32 & place.start_mask;
        (start, (word >> place.end & self.mask) as u32)
    }
}

/// The last place in a record from which a load of 8 bytes stays inside.
const LAST_LOAD: usize = BLOCK_BYTES - 8;

/// Position of a block's first word among the slot's ids, and whether the block is heavy.
#[inline(always)]
pub(super) fn base(record: &Record) -> (u32, bool) {
    let [.., a, b, c, d] = *record;
    let base = u32::from_le_bytes([a, b, c, d]);
    (base & !HEAVY, base & HEAVY != 0)
}

/// Any block.
pub(super) struct Block<'a> {
    record: &'a Record,
    layout: &'static Layout,
    /// Position of its first id.
    first: u32,
    /// The ends of a heavy block; empty for others.
    apart: &'a [[u8; 4]],
}

impl<'a> Block<'a> {
    /// A block of 2ᵏ values, and the ids of its slot.
    pub(super) fn read(record: &'a Record, k: u8, ids: &'a [[u8; 4]]) -> Result<Self, Damaged> {
        let (base, heavy) = base(record);
        let layout = Layout::of(k);
        if !heavy {
            return Ok(Self { record, layout, first: base, apart: &[] });
        }
        let apart = ids.get(base as usize..).and_then(|ids| ids.get(..1 << k));
        Ok(Self { record, layout, first: base + (1 << k), apart: apart.ok_or(IMPOSSIBLE)? })
    }

    /// Position and number of the ids of a value. Whether there are so many ids is not looked at.
    pub(super) fn ids(&self, number: usize) -> Result<(u32, u32), Damaged> {
        let (start, end) = match self.apart {
            [] => self.layout.light(self.record, number),
            ends => {
                let end = |number: usize| ends.get(number).map(|end| u32::from_le_bytes(*end));
                let start = if number == 0 { Some(0) } else { end(number - 1) };
                start.zip(end(number)).ok_or(IMPOSSIBLE)?
            }
        };
        let first = self.first.checked_add(start).ok_or(IMPOSSIBLE)?;
        Ok((first, end.checked_sub(start).ok_or(IMPOSSIBLE)?))
    }
}

const _: () = assert!(END_BYTES + 4 == BLOCK_BYTES);

#[cfg(test)]
mod tests {
    use super::*;

    /// Every end of every value, by the definition: so many bits each, from the lowest up.
    #[test]
    fn light_ends_are_the_packed_numbers() {
        for (k, end_bits) in [(5u8, 7usize), (4, 14)] {
            let record: Record = std::array::from_fn(|at| (at * 89 + 41) as u8);
            let bit = |at: usize| u32::from(record[at / 8] >> (at % 8) & 1);
            let number =
                |at: usize| (0..end_bits).fold(0, |all, low| all | bit(at * end_bits + low) << low);
            for value in 0..1 << k {
                let start = if value == 0 { 0 } else { number(value - 1) };
                assert_eq!(Layout::of(k).light(&record, value), (start, number(value)));
            }
        }
    }

    #[test]
    fn values_come_by_their_flips() {
        for k in [4, 5] {
            for flips in 0..8 {
                let mut within = Layout::of(k).within(flips).to_vec();
                assert!(within.is_sorted_by_key(|number| number.count_ones()));
                within.sort_unstable();
                let all = (0..1u8 << k).filter(|number| number.count_ones() as usize <= flips);
                assert!(within.into_iter().eq(all), "blocks of 2^{k}, {flips} flips");
            }
        }
    }
}
