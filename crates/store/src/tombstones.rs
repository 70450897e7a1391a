//! Which rows of a segment are dead: a sorted list where few are, a bitmap where many are.

use crate::disk::Disk;
use crate::format::{FORMAT_VERSION, u32_at, u64_at};
use crate::manifest::SegmentRef;
use crate::{ContentDigest, ReadError};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// First bytes of a tombstone file.
pub const TOMBSTONE_MAGIC: [u8; 8] = *b"\x89HWTMB\r\n";
/// Bytes of its header.
pub const TOMBSTONE_HEADER_BYTES: usize = 96;

const LIST: u32 = 0;
const BITMAP: u32 = 1;

/// The dead rows of one segment.
#[derive(Debug, Default)]
pub(crate) struct Tombstones {
    dead: Dead,
    count: u64,
}

#[derive(Debug)]
enum Dead {
    List(Vec<u32>),
    Bitmap(Vec<u8>),
}

impl Default for Dead {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// The file for these dead rows; `None` when they are not ascending rows of the segment.
pub(crate) fn encode(segment: &SegmentRef, dead: &[u32]) -> Option<Vec<u8>> {
    let ascending = dead.windows(2).all(|pair| pair[0] < pair[1]);
    let inside = dead.last().is_none_or(|last| u64::from(*last) < segment.rows);
    if !ascending || !inside {
        return None;
    }
    let bitmap_bytes = usize::try_from(segment.rows.div_ceil(8)).ok()?;
    let (encoding, payload) = if dead.len() * 4 <= bitmap_bytes {
        (LIST, dead.iter().flat_map(|row| row.to_le_bytes()).collect())
    } else {
        let mut bitmap = vec![0u8; bitmap_bytes];
        for row in dead {
            bitmap[*row as usize / 8] |= 1 << (row % 8);
        }
        (BITMAP, bitmap)
    };
    let mut bytes = vec![0; TOMBSTONE_HEADER_BYTES];
    bytes[0..8].copy_from_slice(&TOMBSTONE_MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[12..16].copy_from_slice(&encoding.to_le_bytes());
    bytes[16..24].copy_from_slice(&segment.rows.to_le_bytes());
    bytes[24..32].copy_from_slice(&(dead.len() as u64).to_le_bytes());
    bytes[32..64].copy_from_slice(&segment.digest.0);
    bytes[64..72].copy_from_slice(&xxh3_64(&payload).to_le_bytes());
    let checksum = xxh3_64(&bytes[..88]);
    bytes[88..96].copy_from_slice(&checksum.to_le_bytes());
    bytes.extend(payload);
    Some(bytes)
}

impl Tombstones {
    pub(crate) fn open(
        disk: &dyn Disk,
        path: &Path,
        segment: &SegmentRef,
    ) -> Result<Self, ReadError> {
        let bytes = disk.read(path).map_err(ReadError::io(path))?;
        Self::decode(&bytes, path, segment)
    }

    fn decode(bytes: &[u8], path: &Path, segment: &SegmentRef) -> Result<Self, ReadError> {
        let damage = |offset: u64, what| ReadError::Damaged {
            path: path.to_owned(),
            section: "the tombstones".to_owned(),
            offset,
            what,
        };
        let (head, payload) = bytes
            .split_first_chunk::<TOMBSTONE_HEADER_BYTES>()
            .ok_or_else(|| damage(0, "the file ends in its header"))?;
        if head[..8] != TOMBSTONE_MAGIC {
            return Err(damage(0, "these are not the first bytes of tombstones"));
        }
        if u32_at(head, 8) != FORMAT_VERSION {
            let found = u32_at(head, 8);
            return Err(ReadError::Version { path: path.to_owned(), found });
        }
        if xxh3_64(&head[..88]) != u64_at(head, 88) {
            return Err(damage(88, "the checksum of the header is wrong"));
        }
        if xxh3_64(payload) != u64_at(head, 64) {
            return Err(damage(64, "the checksum of the rows is wrong"));
        }
        if head[32..64] != segment.digest.0 || u64_at(head, 16) != segment.rows {
            return Err(damage(16, "they belong to another segment"));
        }
        let count = u64_at(head, 24);
        let bad = || damage(TOMBSTONE_HEADER_BYTES as u64, "the rows are not as the header says");
        let dead = match u32_at(head, 12) {
            LIST => {
                let (rows, rest) = payload.as_chunks::<4>();
                let rows: Vec<u32> = rows.iter().map(|row| u32::from_le_bytes(*row)).collect();
                let ascending = rows.windows(2).all(|pair| pair[0] < pair[1]);
                let inside = rows.last().is_none_or(|last| u64::from(*last) < segment.rows);
                if !rest.is_empty() || rows.len() as u64 != count || !ascending || !inside {
                    return Err(bad());
                }
                Dead::List(rows)
            }
            BITMAP => {
                let ones: u64 = payload.iter().map(|byte| u64::from(byte.count_ones())).sum();
                // Bits behind the last row would make more rows dead than there are.
                let spare = match (segment.rows % 8, payload.last()) {
                    (0, _) | (_, None) => 0,
                    (used, Some(last)) => last >> used,
                };
                let whole = payload.len() as u64 == segment.rows.div_ceil(8);
                if !whole || ones != count || spare != 0 {
                    return Err(bad());
                }
                Dead::Bitmap(payload.to_vec())
            }
            other => {
                let what = format!("tombstones in encoding {other}");
                return Err(ReadError::Unsupported { path: path.to_owned(), what });
            }
        };
        Ok(Self { dead, count })
    }

    /// Number of dead rows.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// True when the row is dead.
    pub(crate) fn has(&self, row: u32) -> bool {
        match &self.dead {
            Dead::List(rows) => rows.binary_search(&row).is_ok(),
            Dead::Bitmap(bits) => {
                bits.get(row as usize / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
            }
        }
    }

    /// The dead rows, ascending.
    pub(crate) fn rows(&self) -> Vec<u32> {
        match &self.dead {
            Dead::List(rows) => rows.clone(),
            Dead::Bitmap(bits) => (0..bits.len() as u32 * 8).filter(|row| self.has(*row)).collect(),
        }
    }
}

/// The name of the file.
pub(crate) fn path(dir: &Path, digest: ContentDigest) -> std::path::PathBuf {
    dir.join("segments").join(format!("{digest}.tomb"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn segment(rows: u64) -> SegmentRef {
        SegmentRef { digest: ContentDigest([7; 32]), bytes: 0, rows, tombstones: None, held: false }
    }

    proptest! {
        #[test]
        fn round_trip_dense_and_sparse(
            rows in 1u64..3000, dead in prop::collection::btree_set(0u32..3000, 0..400),
        ) {
            let dead: BTreeSet<u32> = dead.into_iter().filter(|row| u64::from(*row) < rows).collect();
            let list: Vec<u32> = dead.iter().copied().collect();
            let bytes = encode(&segment(rows), &list).unwrap();
            let read = Tombstones::decode(&bytes, Path::new("x"), &segment(rows)).unwrap();
            prop_assert_eq!(read.count(), dead.len() as u64);
            prop_assert_eq!(read.rows(), list);
            for row in 0..3000 {
                prop_assert_eq!(read.has(row), dead.contains(&row));
            }
        }

        #[test]
        fn every_flip_and_truncation_is_found(at: prop::sample::Index, bit in 0u8..8, dense: bool) {
            let dead: Vec<u32> = if dense { (0..90).collect() } else { vec![3] };
            let bytes = encode(&segment(100), &dead).unwrap();
            let at = at.index(bytes.len());
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            prop_assert!(Tombstones::decode(&flipped, Path::new("x"), &segment(100)).is_err());
            prop_assert!(Tombstones::decode(&bytes[..at], Path::new("x"), &segment(100)).is_err());
        }
    }

    #[test]
    fn bits_behind_the_last_row_are_refused() {
        let mut bytes = encode(&segment(3), &[0, 1, 2]).unwrap();
        bytes[TOMBSTONE_HEADER_BYTES] = 0b1111;
        bytes[24] = 4;
        let checksum = xxh3_64(&bytes[TOMBSTONE_HEADER_BYTES..]);
        bytes[64..72].copy_from_slice(&checksum.to_le_bytes());
        let checksum = xxh3_64(&bytes[..88]);
        bytes[88..96].copy_from_slice(&checksum.to_le_bytes());
        assert!(Tombstones::decode(&bytes, Path::new("x"), &segment(3)).is_err());
        assert!(
            Tombstones::decode(&bytes, Path::new("x"), &segment(4)).is_err(),
            "another segment"
        );
    }

    #[test]
    fn rows_must_be_the_segments_and_ascending() {
        assert!(encode(&segment(3), &[3]).is_none());
        assert!(encode(&segment(3), &[1, 1]).is_none());
        assert!(encode(&segment(3), &[2, 1]).is_none());
        let bytes = encode(&segment(3), &[1]).unwrap();
        assert!(Tombstones::decode(&bytes, Path::new("x"), &segment(4)).is_err());
    }
}
