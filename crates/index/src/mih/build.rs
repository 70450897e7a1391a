//! Building the tables of a multi-index in memory-bounded passes of a two-level counting sort.

use super::slots::{BLOCK_BYTES, Directory, END_BYTES, HEAVY, Slot};
use crate::permutation::permute;
use std::ops::Range;

/// Memory that building uses unless told otherwise, in bytes.
pub const DEFAULT_MEMORY: usize = 256 << 20;

/// Codes that a partition should have: few enough to be sorted within the second-level cache, so
/// many that there are few partitions to write to at once.
const PARTITION: usize = 1 << 16;

/// Codes above which the positions in a slot's ids could reach the bit that marks heavy blocks.
pub const MAX_CODES: usize = 1 << 30;

/// A run of a slot's partitions that is sorted in one pass.
struct Share {
    slot: usize,
    partitions: Range<usize>,
}

/// Writes the tables for `codes`, cut as `directory` says, and gives the directory with their
/// sizes. The same codes give the same bytes, whatever the memory.
///
/// Besides its arguments this takes about `memory` bytes, in which (value, index) pairs are
/// sorted, and a byte or two per value of the widest slot. Where memory holds all slots of all
/// codes (8 bytes each) the codes are read twice; where it holds less, once more per share of it.
/// Codes of which many are equal in a slot can take more: the pairs of one partition.
///
/// # Errors
/// What `write` gives.
///
/// # Panics
/// When there are more than 2³⁰ codes, or another number than the directory says.
pub fn build<E>(
    codes: &[[u8; 32]],
    mut directory: Directory,
    memory: usize,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<Directory, E> {
    assert!(codes.len() <= MAX_CODES, "a multi-index has at most 2^30 codes");
    assert_eq!(codes.len(), directory.count() as usize, "the directory is for these codes");
    let cut: Vec<Slot> = directory.cut().collect();
    let sizes = partition_sizes(codes, &cut);
    let mut tables = Tables::default();
    let mut shares = plan(&sizes, memory / size_of::<u64>()).into_iter().peekable();
    while shares.peek().is_some() {
        let mut room = (memory / size_of::<u64>()).max(1);
        let mut pass = Vec::new();
        while let Some(share) = shares.peek() {
            let pairs: usize = sizes[share.slot][share.partitions.clone()].iter().sum();
            if pairs > room && !pass.is_empty() {
                break;
            }
            room = room.saturating_sub(pairs);
            pass.extend(shares.next());
        }
        for (share, pairs) in pass.iter().zip(scatter(codes, &cut, &sizes, &pass)) {
            let slot = cut[share.slot];
            let shift = slot.width - partition_bits(slot, codes.len());
            let mut rest = &pairs[..];
            for partition in share.partitions.clone() {
                let (pairs, behind) = rest.split_at(sizes[share.slot][partition]);
                tables.add_partition(slot, shift, pairs);
                rest = behind;
                write(&tables.ids)?;
                tables.bytes += tables.ids.len() as u64;
                tables.ids.clear();
            }
            if share.partitions.end == sizes[share.slot].len() {
                directory.set_words(share.slot, tables.words);
                for part in [padding(tables.bytes), &tables.blocks] {
                    write(part)?;
                    tables.bytes += part.len() as u64;
                }
                write(padding(tables.bytes))?;
                tables = Tables::default();
            }
        }
    }
    Ok(directory)
}

fn padding(bytes: u64) -> &'static [u8] {
    &[0; 64][..(bytes.next_multiple_of(64) - bytes) as usize]
}

/// Bits of a slot's value that choose its partition; a partition has whole blocks.
fn partition_bits(slot: Slot, codes: usize) -> u8 {
    let wanted = (codes / PARTITION).max(1).ilog2().max(4) as u8;
    wanted.min(slot.width - slot.block)
}

/// How many codes each partition of each slot has.
fn partition_sizes(codes: &[[u8; 32]], cut: &[Slot]) -> Vec<Vec<usize>> {
    let mut sizes: Vec<_> =
        cut.iter().map(|slot| vec![0; 1 << partition_bits(*slot, codes.len())]).collect();
    let total = codes.len();
    for_permuted(codes, |_, codes| {
        for (slot, sizes) in cut.iter().zip(&mut sizes) {
            let shift = slot.width - partition_bits(*slot, total);
            for code in codes {
                sizes[(slot.value(code) >> shift) as usize] += 1;
            }
        }
    });
    sizes
}

/// Cuts each slot into shares that fit the room; a partition is never cut.
fn plan(sizes: &[Vec<usize>], room: usize) -> Vec<Share> {
    let mut shares = Vec::new();
    for (slot, sizes) in sizes.iter().enumerate() {
        let (mut start, mut pairs) = (0, 0);
        for (partition, size) in sizes.iter().enumerate() {
            if pairs + size > room && partition > start {
                shares.push(Share { slot, partitions: start..partition });
                (start, pairs) = (partition, 0);
            }
            pairs += size;
        }
        shares.push(Share { slot, partitions: start..sizes.len() });
    }
    shares
}

/// A share while its pairs are put in place.
struct Output {
    slot: Slot,
    /// Bits of a value below those that choose its partition.
    shift: u8,
    first: usize,
    /// Where the next pair of each partition goes.
    next: Vec<usize>,
    pairs: Vec<u64>,
}

impl Output {
    fn new(slot: Slot, shift: u8, share: &Share, sizes: &[usize]) -> Self {
        let mut total = 0;
        let mut next = Vec::with_capacity(share.partitions.len());
        for size in &sizes[share.partitions.clone()] {
            next.push(total);
            total += size;
        }
        Self { slot, shift, first: share.partitions.start, next, pairs: vec![0; total] }
    }

    fn put(&mut self, first: usize, codes: &[[u64; 4]]) {
        for (index, code) in codes.iter().enumerate() {
            let value = self.slot.value(code);
            let partition = (value >> self.shift) as usize;
            // Partitions before the share become numbers far behind it.
            if let Some(next) = self.next.get_mut(partition.wrapping_sub(self.first)) {
                self.pairs[*next] = u64::from(value) << 32 | (first + index) as u64;
                *next += 1;
            }
        }
    }
}

/// The pairs of each share by ascending partition: the value above, the index below 32 bits.
fn scatter(
    codes: &[[u8; 32]],
    cut: &[Slot],
    sizes: &[Vec<usize>],
    pass: &[Share],
) -> Vec<Vec<u64>> {
    let output = |share: &Share| {
        let slot = cut[share.slot];
        let shift = slot.width - partition_bits(slot, codes.len());
        Output::new(slot, shift, share, &sizes[share.slot])
    };
    let mut outputs: Vec<Output> = pass.iter().map(output).collect();
    for_permuted(codes, |first, codes| {
        for output in &mut outputs {
            output.put(first, codes);
        }
    });
    outputs.into_iter().map(|output| output.pairs).collect()
}

/// Permutes the codes a few at a time, so that each slot's loop runs over a stretch that is cached
/// and writes to its own partitions only.
fn for_permuted(codes: &[[u8; 32]], mut each: impl FnMut(usize, &[[u64; 4]])) {
    const STRETCH: usize = 512;
    let mut permuted = [[0; 4]; STRETCH];
    for (stretch, codes) in codes.chunks(STRETCH).enumerate() {
        for (permuted, code) in permuted.iter_mut().zip(codes) {
            *permuted = permute(code);
        }
        each(stretch * STRETCH, &permuted[..codes.len()]);
    }
}

/// The tables of the slot that is being written.
#[derive(Default)]
struct Tables {
    /// Ids that are not written yet.
    ids: Vec<u8>,
    /// Words that the ids have so far.
    words: u32,
    blocks: Vec<u8>,
    /// Bytes that are written.
    bytes: u64,
    sorted: Vec<u32>,
    ends: Vec<u32>,
}

impl Tables {
    /// Sorts the pairs of one partition by value and adds them to the ids and blocks.
    fn add_partition(&mut self, slot: Slot, shift: u8, pairs: &[u64]) {
        let values = 1usize << shift;
        let local = |pair: u64| (pair >> 32) as usize & (values - 1);
        // Counting sort. `ends` first counts, then holds each value's start, which moves on to its
        // end as the ids are put in place.
        self.ends.clear();
        self.ends.resize(values, 0);
        for pair in pairs {
            self.ends[local(*pair)] += 1;
        }
        let mut total = 0;
        for end in &mut self.ends {
            total += std::mem::replace(end, total);
        }
        self.sorted.clear();
        self.sorted.resize(pairs.len(), 0);
        for pair in pairs {
            let place = &mut self.ends[local(*pair)];
            self.sorted[*place as usize] = *pair as u32;
            *place += 1;
        }
        let mut start = 0;
        for ends in self.ends.chunks_exact(1 << slot.block) {
            let end = ends[ends.len() - 1];
            let ids = &self.sorted[start as usize..end as usize];
            let mut record = [0; BLOCK_BYTES];
            let mut base = self.words;
            if ids.len() <= slot.light() {
                for (number, end) in ends.iter().enumerate() {
                    put_end(&mut record, slot, number, end - start);
                }
            } else {
                base |= HEAVY;
                self.ids.extend(ends.iter().flat_map(|end| (end - start).to_le_bytes()));
                self.words += ends.len() as u32;
            }
            record[END_BYTES..].copy_from_slice(&base.to_le_bytes());
            self.blocks.extend(record);
            self.ids.extend(ids.iter().flat_map(|id| id.to_le_bytes()));
            self.words += ids.len() as u32;
            start = end;
        }
    }
}

fn put_end(record: &mut [u8; BLOCK_BYTES], slot: Slot, number: usize, end: u32) {
    let bit = number * slot.end_bits() as usize;
    let shifted = end << (bit % 8);
    for (byte, part) in record[bit / 8..END_BYTES].iter_mut().zip(shifted.to_le_bytes()) {
        *byte |= part;
    }
}
