//! How the permuted bits are cut into slots, and where the table of each slot lies.

use crate::Damaged;
use std::ops::Range;

/// Bytes of a block's record.
pub(super) const BLOCK_BYTES: usize = 32;
/// Bytes of the ends in a block's record.
pub(super) const END_BYTES: usize = 28;
/// In a block's last word: its ends stand among the ids.
pub(super) const HEAVY: u32 = 1 << 31;
/// Every table of a slot starts at a multiple of this.
const ALIGNMENT: u64 = 64;
const WIDTHS: std::ops::RangeInclusive<u8> = 5..=28;
const MAX_SLOTS: usize = 32;

/// A slot: some consecutive permuted bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// First of its bits.
    pub first: u16,
    /// Number of its bits.
    pub width: u8,
    /// Values per block, as a power of two: 5 or 4.
    pub block: u8,
}

impl Slot {
    /// The slot's bits of a permuted code.
    #[inline]
    #[must_use]
    pub fn value(self, code: &[u64; 4]) -> u32 {
        let word = usize::from(self.first / 64);
        let high = code.get(word + 1).copied().unwrap_or(0);
        let both = u128::from(code[word]) | u128::from(high) << 64;
        (both >> (self.first % 64)) as u32 & ((1 << self.width) - 1)
    }

    /// The number of the block that a permuted code is in, and of its value within that.
    #[inline]
    pub(super) fn place(self, code: &[u64; 4]) -> (u32, usize) {
        let value = self.value(code);
        (value >> self.block, value as usize & ((1 << self.block) - 1))
    }

    /// The most ids of a block that is not heavy.
    pub(super) fn light(self) -> usize {
        (1 << self.end_bits()) - 1
    }

    /// Bits of one end in a block's record.
    #[inline(always)]
    pub(super) fn end_bits(self) -> u32 {
        if self.block == 5 { 7 } else { 14 }
    }

    fn blocks(self) -> u64 {
        1 << (self.width - self.block)
    }
}

/// The slots of an index and the sizes of their tables: what a reader needs before the tables.
///
/// As bytes: number of codes (`u32`), number of slots (`u32`), then 8 bytes per slot: width (`u8`),
/// values per block as a power of two (`u8`), zero (`u16`), number of words among the ids (`u32`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    count: u32,
    slots: Vec<(Slot, u32)>,
}

impl Directory {
    /// The cut that is fastest at radius 31 for this many random codes among those that take at
    /// most 120 bytes per code, the codes, their prefix and their row numbers included (the test
    /// `bytes_per_code` has the arithmetic). The sizes of the tables are filled in by building.
    ///
    /// Narrow slots hold too many codes per value, wide ones have more values than memory allows
    /// and too many values within a few flips. The widths come from minimising the cost model of
    /// [`super::Plan`] over all cuts. Below 50,000 codes a scan is faster at radius 31.
    #[must_use]
    pub fn for_count(count: u32) -> Self {
        let widths: &[(u8, usize)] = match count {
            0..2_000 => &[(8, 16)],
            2_000..12_000 => &[(12, 14)],
            12_000..70_000 => &[(13, 14)],
            70_000..170_000 => &[(15, 14)],
            170_000..250_000 => &[(16, 14)],
            250_000..350_000 => &[(17, 13), (16, 2)],
            350_000..450_000 => &[(18, 14)],
            450_000..800_000 => &[(19, 4), (18, 10)],
            800_000..1_800_000 => &[(20, 9), (19, 4)],
            1_800_000..4_000_000 => &[(22, 4), (21, 8)],
            4_000_000..7_000_000 => &[(24, 1), (23, 9), (20, 1)],
            7_000_000..60_000_000 => &[(24, 6), (23, 4), (20, 1)],
            _ => &[(26, 6), (25, 4)],
        };
        Self::with_widths(count, widths.iter().flat_map(|(w, times)| vec![*w; *times]))
    }

    /// A cut into slots of given widths.
    ///
    /// # Panics
    /// When a width is not 5 to 28, or the widths have a sum above 256.
    #[must_use]
    pub fn with_widths(count: u32, widths: impl IntoIterator<Item = u8>) -> Self {
        let mut first = 0;
        let slot = |width: u8| {
            assert!(WIDTHS.contains(&width), "a slot has 5 to 28 bits");
            // 32 values to a block while twice their mean number of ids fits: the number then
            // spreads too little to make random codes heavy.
            let crowded = u64::from(count) * 32 > 88 << width;
            let slot = Slot { first, width, block: if crowded { 4 } else { 5 } };
            first += u16::from(width);
            assert!(first <= 256, "the slots have more than 256 bits");
            (slot, 0)
        };
        Self { slots: widths.into_iter().map(slot).collect(), count }
    }

    /// Number of codes that are indexed.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The cut.
    pub fn cut(&self) -> impl ExactSizeIterator<Item = Slot> {
        self.slots.iter().map(|(slot, _)| *slot)
    }

    pub(super) fn set_words(&mut self, slot: usize, words: u32) {
        self.slots[slot].1 = words;
    }

    /// Each slot with the places of its ids and its blocks in the tables.
    pub(super) fn slots(&self) -> impl Iterator<Item = (Slot, Range<u64>, Range<u64>)> {
        let mut end = 0u64;
        self.slots.iter().map(move |(slot, words)| {
            let ids = end..end + 4 * u64::from(*words);
            let start = ids.end.next_multiple_of(ALIGNMENT);
            let blocks = start..start + slot.blocks() * BLOCK_BYTES as u64;
            end = blocks.end.next_multiple_of(ALIGNMENT);
            (*slot, ids, blocks)
        })
    }

    /// Bytes of the tables.
    #[must_use]
    pub fn table_bytes(&self) -> u64 {
        self.slots().last().map_or(0, |(.., blocks)| blocks.end.next_multiple_of(ALIGNMENT))
    }

    /// The bytes of the directory.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 8 * self.slots.len());
        bytes.extend(self.count.to_le_bytes());
        bytes.extend((self.slots.len() as u32).to_le_bytes());
        for (slot, words) in &self.slots {
            bytes.extend([slot.width, slot.block, 0, 0]);
            bytes.extend(words.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Directory::encode`] wrote.
    ///
    /// # Errors
    /// [`Damaged`] when the bytes are no possible directory.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        const DAMAGED: Damaged = Damaged("the directory of the multi-index is impossible");
        let ([head, slots @ ..], []) = bytes.as_chunks::<8>() else {
            return Err(DAMAGED);
        };
        let [count, number] = words(*head);
        if number as usize != slots.len() || slots.len() > MAX_SLOTS {
            return Err(DAMAGED);
        }
        let mut directory = Self { count, slots: Vec::with_capacity(slots.len()) };
        let mut first = 0;
        for record in slots {
            let &[width, block, 0, 0, ..] = record else {
                return Err(DAMAGED);
            };
            if !WIDTHS.contains(&width) || !(4..=5).contains(&block) {
                return Err(DAMAGED);
            }
            directory.slots.push((Slot { first, width, block }, words(*record)[1]));
            first += u16::from(width);
            if first > 256 {
                return Err(DAMAGED);
            }
        }
        Ok(directory)
    }
}

fn words([a, b, c, d, e, f, g, h]: [u8; 8]) -> [u32; 2] {
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 32 bytes of code, 16 of prefix, 4 of row number, 4 per slot for its id, and a byte per value
    /// of 32-value blocks or two per value of 16-value blocks.
    #[test]
    fn bytes_per_code() {
        // The ends of each range of counts that has a cut of its own.
        let ends = [12, 70, 170, 250, 350, 450, 800, 1_800, 4_000, 7_000, 60_000, 100_000];
        for count in ends.into_iter().flat_map(|end| [end * 1000 - 1, end * 1000]).skip(1) {
            let mut directory = Directory::for_count(count);
            for slot in 0..directory.slots.len() {
                directory.set_words(slot, count);
            }
            let each = 52.0 + directory.table_bytes() as f64 / f64::from(count);
            assert!(each <= 120.0, "{each} bytes per code at {count}");
        }
    }

    #[test]
    fn the_directory_survives_its_bytes() {
        for count in [0, 1, 100_000, 1_000_000, 10_000_000, u32::MAX] {
            let mut directory = Directory::for_count(count);
            directory.set_words(3, 12_345);
            let bytes = directory.encode();
            assert_eq!(Directory::decode(&bytes), Ok(directory));
            for cut in 0..bytes.len() {
                assert!(Directory::decode(&bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn impossible_directories_are_refused() {
        let good = Directory::with_widths(9, [24; 10]).encode();
        for (place, byte) in [(4, 11), (8, 29), (8, 4), (8, 0), (9, 3), (9, 6), (10, 1), (11, 1)] {
            let mut bad = good.clone();
            bad[place] = byte;
            assert!(Directory::decode(&bad).is_err(), "byte {place} = {byte}");
        }
        let mut long = Directory::with_widths(9, [24; 10]);
        long.slots.push(long.slots[0]);
        assert!(Directory::decode(&long.encode()).is_err(), "264 bits");
    }

    #[test]
    fn values_are_the_bits_of_the_slot() {
        let code = [0x0123_4567_89ab_cdef, u64::MAX, 0, 0xf0f0_f0f0_f0f0_f0f0];
        let slot = |first, width| Slot { first, width, block: 5 }.value(&code);
        assert_eq!(slot(0, 8), 0xef);
        assert_eq!(slot(60, 12), 0xff0);
        assert_eq!(slot(120, 20), 0xff);
        assert_eq!(slot(248, 8), 0xf0);
        assert_eq!(slot(228, 28), 0x0f0f_0f0f_u32 & 0xfff_ffff);
    }
}
