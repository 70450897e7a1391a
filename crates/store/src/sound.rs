//! Which blocks of a segment have been verified: each is, before its first use.

use crate::format::{BLOCK_BYTES, Section, Table, u64_at};
use crate::segment::Segment;
use crate::{EntryKey, ReadError};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// One bit for each block, and one before them for the checksums of each section.
///
/// The bits only save work: two threads may verify a block at the same time, and a file that is
/// verified never changes, so nothing is ordered by them.
#[derive(Debug)]
pub(crate) struct Sound {
    all: AtomicBool,
    /// Sections of which every block is verified.
    whole: Vec<AtomicBool>,
    bits: Vec<AtomicU64>,
    /// The first bit of each section.
    starts: Vec<usize>,
}

impl Sound {
    /// Nothing is verified yet.
    pub(crate) fn new(sections: &[Section]) -> Self {
        let mut end = 0;
        let starts = sections.iter().map(|section| {
            let start = end;
            end += 1 + section.blocks() as usize;
            start
        });
        let starts = starts.collect();
        let bits = (0..end.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let whole = sections.iter().map(|_| AtomicBool::new(false)).collect();
        Self { all: AtomicBool::new(false), whole, bits, starts }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.all.load(Ordering::Relaxed)
    }

    pub(crate) fn set_whole(&self) {
        self.all.store(true, Ordering::Relaxed);
    }

    /// Bit 0 is that of the checksums, bit n + 1 that of block n.
    fn has(&self, section: usize, bit: usize) -> bool {
        let at = self.starts[section] + bit;
        self.bits[at / 64].load(Ordering::Relaxed) >> (at % 64) & 1 == 1
    }

    fn set(&self, section: usize, bit: usize) {
        let at = self.starts[section] + bit;
        self.bits[at / 64].fetch_or(1 << (at % 64), Ordering::Relaxed);
    }
}

/// Blocks that one task verifies: enough to make the task's own cost vanish.
pub(crate) const TASK_BLOCKS: usize = 64;

impl Segment {
    /// Verifies what has not been verified of some bytes of a table, given from its start. Bytes
    /// behind its end are nobody's and are let pass: reading them is what fails.
    #[inline]
    pub(crate) fn touch(
        &self,
        table: Table,
        kind: u16,
        bytes: Range<usize>,
    ) -> Result<(), ReadError> {
        if self.sound.is_whole() || bytes.is_empty() {
            return Ok(());
        }
        let Some(number) = self.section_number(table, kind) else { return Ok(()) };
        let blocks = bytes.start / BLOCK_BYTES..(bytes.end - 1) / BLOCK_BYTES + 1;
        if blocks.clone().all(|block| self.is_sound(number, block)) {
            return Ok(());
        }
        let end = blocks.end.min(self.sections[number].blocks() as usize);
        self.verify_blocks(number, blocks.start.min(end)..end).map_or(Ok(()), Err)
    }

    /// Verifies a whole table, on all threads.
    pub(crate) fn touch_table(&self, table: Table, kind: u16) -> Result<(), ReadError> {
        let Some(number) = self.section_number(table, kind) else { return Ok(()) };
        let blocks = self.sections[number].blocks() as usize;
        let whole = &self.sound.whole[number];
        if self.sound.is_whole() || whole.load(Ordering::Relaxed) {
            return Ok(());
        }
        let damage = (0..blocks.div_ceil(TASK_BLOCKS)).into_par_iter().find_map_first(|task| {
            let first = task * TASK_BLOCKS;
            self.verify_blocks(number, first..(first + TASK_BLOCKS).min(blocks))
        });
        if damage.is_none() {
            whole.store(true, Ordering::Relaxed);
        }
        damage.map_or(Ok(()), Err)
    }

    /// Verifies what has not been verified of the blocks at some places of a table, on all threads.
    /// Places behind its end are nobody's.
    pub(crate) fn touch_places(
        &self,
        table: Table,
        kind: u16,
        places: &[Range<usize>],
    ) -> Result<(), ReadError> {
        let Some(number) = self.section_number(table, kind) else { return Ok(()) };
        let covered = |place: &Range<usize>| {
            let end = place.end.div_ceil(BLOCK_BYTES).max(place.start / BLOCK_BYTES);
            place.start / BLOCK_BYTES..end
        };
        let blocks = places.iter().flat_map(covered);
        let mut blocks: Vec<usize> =
            blocks.filter(|block| !self.is_sound(number, *block)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        let runs: Vec<Range<usize>> = blocks
            .chunk_by(|a, b| a + 1 == *b)
            .flat_map(|run| run.chunks(TASK_BLOCKS))
            .map(|run| run[0]..run[0] + run.len())
            .collect();
        // All are asked for before the first is waited for.
        runs.iter().for_each(|run| self.will_read(number, run));
        let damage = runs.into_par_iter().find_map_first(|run| self.compare_blocks(number, run));
        damage.map_or(Ok(()), Err)
    }

    /// True when more than half of a table has been verified; also where there is no such table.
    pub(crate) fn is_mostly_sound(&self, table: Table, kind: u16) -> bool {
        let Some(number) = self.section_number(table, kind) else { return true };
        if self.sound.is_whole() || self.sound.whole[number].load(Ordering::Relaxed) {
            return true;
        }
        let blocks = self.sections[number].blocks() as usize;
        let sound = (0..blocks).filter(|block| self.is_sound(number, *block)).count();
        2 * sound > blocks
    }

    fn is_sound(&self, section: usize, block: usize) -> bool {
        let blocks = self.sections[section].blocks() as usize;
        block >= blocks || self.sound.has(section, 1 + block)
    }

    /// Compares the checksums of some blocks of a section, and that of the checksums.
    pub(crate) fn verify_blocks(&self, number: usize, blocks: Range<usize>) -> Option<ReadError> {
        self.will_read(number, &blocks);
        self.compare_blocks(number, blocks)
    }

    /// Asks the system for some blocks of a section.
    fn will_read(&self, number: usize, blocks: &Range<usize>) {
        let section = &self.sections[number];
        let (start, length) = (section.offset as usize, section.length as usize);
        let at = |block: usize| start + (block * BLOCK_BYTES).min(length);
        self.bytes.will_read(at(blocks.start)..at(blocks.end));
    }

    fn compare_blocks(&self, number: usize, blocks: Range<usize>) -> Option<ReadError> {
        let section = &self.sections[number];
        let damaged = |offset: u64, what| {
            let path = self.path.clone();
            Some(ReadError::Damaged { path, section: section.name(), offset, what })
        };
        let start = section.checksums as usize;
        let checksums = &self.bytes[start..start + 8 * section.blocks() as usize];
        if !self.sound.has(number, 0) {
            if xxh3_64(checksums) != section.checksums_checksum {
                return damaged(section.checksums, "the checksum of its checksums is wrong");
            }
            self.sound.set(number, 0);
        }
        let start = section.offset as usize;
        let content = &self.bytes[start..start + section.length as usize];
        let checksums = checksums.as_chunks::<8>().0;
        let first = blocks.start;
        let pairs = content.chunks(BLOCK_BYTES).zip(checksums).enumerate();
        for (block, (bytes, checksum)) in pairs.skip(first).take(blocks.len()) {
            if xxh3_64(bytes) != u64_at(checksum, 0) {
                let offset = section.offset + (block * BLOCK_BYTES) as u64;
                return damaged(offset, "the checksum of a block is wrong");
            }
            self.sound.set(number, 1 + block);
        }
        None
    }

    /// Forgets what was verified, to verify it anew.
    pub(crate) fn forget(&self) {
        self.sound.all.store(false, Ordering::Relaxed);
        self.sound.whole.iter().for_each(|whole| whole.store(false, Ordering::Relaxed));
        self.sound.bits.iter().for_each(|bits| bits.store(0, Ordering::Relaxed));
    }

    /// The row with a key.
    ///
    /// Keys are parts of a SHA-256, so they are spread evenly and a key says about where it stands:
    /// a search from there touches one or two blocks, where halving would touch a dozen.
    pub(crate) fn row_of(&self, key: EntryKey) -> Result<Option<u32>, ReadError> {
        let rows = self.rows();
        let Some(lead) = key.0.first_chunk().map(|lead| u64::from_be_bytes(*lead)) else {
            return Ok(None);
        };
        let guess = ((u128::from(lead) * u128::from(rows)) >> 64) as u32;
        // The row is in low..high.
        let (mut low, mut high) = (guess, guess);
        let mut step = 16;
        while low > 0 && self.key(low)? > key {
            high = low;
            low = low.saturating_sub(step);
            step = step.saturating_mul(2);
        }
        step = 16;
        while high < rows && self.key(high)? <= key {
            low = high;
            high = high.saturating_add(step).min(rows);
            step = step.saturating_mul(2);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match self.key(middle)?.cmp(&key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(Some(middle)),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }
}
