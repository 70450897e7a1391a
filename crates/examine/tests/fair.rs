//! Large files keep small ones waiting no longer than other small ones would.

use hashward_evidence::{MemorySource, ReadAt};
use hashward_examine::{Kept, Plan, ReadTogether};
use hashward_hash::{DigestKinds, HashKind};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file of zeros, as large as one says, or a small one in memory.
enum Source<'a> {
    Large { size: u64, read: &'a AtomicU64 },
    Small(MemorySource),
}

impl ReadAt for Source<'_> {
    fn len(&self) -> u64 {
        match self {
            Self::Large { size, .. } => *size,
            Self::Small(source) => source.len(),
        }
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Large { size, read } => {
                let count = (buf.len() as u64).min(size - offset);
                buf[..count as usize].fill(0);
                read.fetch_add(count, Ordering::Relaxed);
                Ok(count as usize)
            }
            Self::Small(source) => source.read_at(buf, offset),
        }
    }

    fn changed(&self) -> io::Result<bool> {
        Ok(false)
    }
}

#[test]
fn large_files_keep_small_ones_waiting_for_a_turn_only() {
    const SMALL: usize = 40;
    let digests = DigestKinds::default().with(HashKind::Crc32);
    let plan = Plan { digests, perceptual: false, ..Plan::default() };
    let kept = Kept::new(1 << 20);
    let read = AtomicU64::new(0);
    // Two of four places are taken by files of a terabyte for good.
    let mut reading = ReadTogether::new(&plan, &kept, 4);
    for _ in 0..2 {
        assert!(reading.take(Source::Large { size: 1 << 40, read: &read }, usize::MAX).is_none());
    }
    let (mut next, mut done, mut turns) = (0, Vec::new(), 0);
    while done.len() < SMALL {
        while next < SMALL && reading.has_room() {
            let source = Source::Small(MemorySource(vec![b'a'; 1000 + next]));
            done.extend(reading.take(source, next).map(|finished| finished.value));
            next += 1;
        }
        done.extend(reading.turn().into_iter().map(|finished| finished.value));
        turns += 1;
        assert!(turns < 1000, "small files wait for large ones");
    }
    // In order, two at a time, none longer than two turns; a turn reads 68 KiB of a large file.
    assert_eq!(done, (0..SMALL).collect::<Vec<_>>());
    assert!(turns <= SMALL, "{turns} turns");
    assert!(read.load(Ordering::Relaxed) <= 2 * (turns as u64 + 2) * (68 << 10));
}
