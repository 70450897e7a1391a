//! Checksums put right again after a change, so that what lies behind them is reached.

use hashward_store::format::{BLOCK_BYTES, HEADER_BYTES, SECTION_BYTES};
use hashward_store::{TOMBSTONE_HEADER_BYTES, TOMBSTONE_MAGIC};
use xxhash_rust::xxh3::xxh3_64;

fn number(bytes: &[u8], at: usize, size: usize) -> usize {
    let bytes = bytes.get(at..at + size).unwrap_or_default();
    bytes.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte))
}

fn put(bytes: &mut [u8], at: usize, value: u64) {
    if let Some(place) = bytes.get_mut(at..at + 8) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

/// Makes the checksums of a segment's header and directory those of their content, and its length
/// that of the bytes.
pub fn seal_directory(bytes: &mut [u8]) {
    if bytes.len() < HEADER_BYTES {
        return;
    }
    put(bytes, 16, bytes.len() as u64);
    if let Some(directory) = directory(bytes) {
        put(bytes, 32, xxh3_64(directory));
    }
    put(bytes, 56, xxh3_64(&bytes[..56]));
}

fn directory(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(HEADER_BYTES..HEADER_BYTES + SECTION_BYTES * number(bytes, 12, 4))
}

/// [`seal_directory`], and the checksums of all blocks likewise.
pub fn seal_segment(bytes: &mut [u8]) {
    let entries = directory(bytes).map_or(0, |directory| directory.len() / SECTION_BYTES);
    for entry in (0..entries).map(|entry| HEADER_BYTES + entry * SECTION_BYTES) {
        let (offset, length) = (number(bytes, entry + 24, 8), number(bytes, entry + 32, 8));
        let checksums = number(bytes, entry + 40, 8);
        let end = offset.saturating_add(length);
        let Some(content) = bytes.get(offset..end) else { continue };
        let sums: Vec<u8> =
            content.chunks(BLOCK_BYTES).flat_map(|block| xxh3_64(block).to_le_bytes()).collect();
        let Some(place) = bytes.get_mut(checksums..checksums.saturating_add(sums.len())) else {
            continue;
        };
        place.copy_from_slice(&sums);
        put(bytes, entry + 48, xxh3_64(&sums));
    }
    seal_directory(bytes);
}

/// Makes the checksums of a tombstone file those of its content, and its magic right.
pub fn seal_tombstones(bytes: &mut [u8]) {
    let Some((_, rows)) = bytes.split_at_checked(TOMBSTONE_HEADER_BYTES) else { return };
    let checksum = xxh3_64(rows);
    bytes[..8].copy_from_slice(&TOMBSTONE_MAGIC);
    put(bytes, 64, checksum);
    put(bytes, 88, xxh3_64(&bytes[..88]));
}
