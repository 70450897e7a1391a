//! Look-up of digests in a sorted table with a fan-out over their leading bits.
//!
//! The fan-out gives, for each value of the leading bits, where its digests begin; what remains is
//! a binary search among about eight, so a look-up touches one line of the fan-out and one or two
//! of the digests. Alone it waits for one after the other; in a batch the waits of all overlap.

use crate::Damaged;
pub use hashward_kernels::prefetch::prefetch;
use std::ops::Range;

/// The most leading bits that a fan-out may have.
pub const MAX_BITS: u32 = 28;

/// Digests that are looked up together: enough that their waits for memory overlap, few enough that
/// what they asked for stays in the first-level cache.
const BATCH: usize = 64;
/// Bytes of a cache line.
const LINE: usize = 64;
/// Lines of digests that are asked for: eight digests of 32 bytes, with some room.
const LINES: usize = 6;

/// Leading bits of the fan-out for a table of `len` digests: about eight digests to a value.
#[must_use]
pub fn fanout_bits(len: u64) -> u32 {
    (len / 8).checked_ilog2().unwrap_or(0).min(MAX_BITS)
}

/// Bytes of a fan-out over `bits` leading bits: a `u32` for each value and one for the end.
#[must_use]
pub fn fanout_bytes(bits: u32) -> u64 {
    4 * ((1 << bits.min(MAX_BITS)) + 1)
}

/// Counts digests that come in ascending order into a fan-out.
#[derive(Debug)]
pub struct FanoutBuilder {
    bits: u32,
    starts: Vec<u32>,
    len: u32,
}

impl FanoutBuilder {
    /// For a table of `len` digests.
    #[must_use]
    pub fn new(len: u64) -> Self {
        Self { bits: fanout_bits(len), starts: Vec::new(), len: 0 }
    }

    /// Counts the next digest, which must not be below the last, of at least four bytes.
    pub fn push(&mut self, digest: &[u8]) {
        let slot = slot(digest, self.bits);
        while self.starts.len() <= slot {
            self.starts.push(self.len);
        }
        self.len += 1;
    }

    /// The leading bits and the fan-out's bytes.
    #[must_use]
    pub fn finish(mut self) -> (u32, Vec<u8>) {
        self.starts.resize((1 << self.bits) + 1, self.len);
        (self.bits, self.starts.iter().flat_map(|start| start.to_le_bytes()).collect())
    }
}

/// The value of the leading bits.
fn slot(digest: &[u8], bits: u32) -> usize {
    let lead = digest.iter().take(4).fold(0u32, |lead, byte| lead << 8 | u32::from(*byte));
    // `bits` may be 0, and a shift by 32 is none.
    (u64::from(lead) >> (32 - bits)) as usize
}

/// A sorted table of digests of one width, borrowed.
#[derive(Clone, Copy)]
pub struct DigestTable<'a> {
    digests: &'a [u8],
    width: usize,
    starts: &'a [[u8; 4]],
    bits: u32,
}

impl<'a> DigestTable<'a> {
    /// Borrows a table and checks the sizes of its parts against each other.
    ///
    /// # Errors
    /// [`Damaged`] when they do not fit.
    pub fn new(
        digests: &'a [u8],
        width: usize,
        fanout: &'a [u8],
        bits: u32,
    ) -> Result<Self, Damaged> {
        if width < 4 || !digests.len().is_multiple_of(width) {
            return Err(Damaged("a digest table ends within a digest"));
        }
        if bits > MAX_BITS || fanout.len() as u64 != fanout_bytes(bits) {
            return Err(Damaged("a fan-out has the wrong length"));
        }
        Ok(Self { digests, width, starts: fanout.as_chunks().0, bits })
    }

    /// Number of digests.
    #[must_use]
    pub fn len(&self) -> usize {
        self.digests.len() / self.width
    }

    /// True without digests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// The digest at a position.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.digests.get(index.checked_mul(self.width)?..)?.get(..self.width)
    }

    /// Checks that the digests ascend and that the fan-out is that of these digests.
    ///
    /// # Errors
    /// [`Damaged`] when they do not, or it is not.
    pub fn check(&self) -> Result<(), Damaged> {
        if !self.digests.chunks_exact(self.width).is_sorted() {
            return Err(Damaged("digests do not ascend"));
        }
        let mut index = 0;
        for (value, start) in self.starts.iter().enumerate() {
            while self.get(index).is_some_and(|digest| slot(digest, self.bits) < value) {
                index += 1;
            }
            if u32::from_le_bytes(*start) as usize != index {
                return Err(Damaged("the fan-out is not that of the digests"));
            }
        }
        Ok(())
    }

    /// Positions of the digests equal to `digest`; empty where there is none, or where `digest`
    /// has another width.
    ///
    /// # Errors
    /// [`Damaged`] when the fan-out points outside the table.
    pub fn lookup(&self, digest: &[u8]) -> Result<Range<usize>, Damaged> {
        Ok(self.find(digest, self.near(digest)?))
    }

    /// Looks many digests up: calls `found` with the number of each and its positions, as
    /// [`DigestTable::lookup`] gives them, in the order of the digests.
    ///
    /// # Errors
    /// As [`DigestTable::lookup`]; digests behind the one that fails are then not looked up.
    pub fn lookup_many<D: AsRef<[u8]>>(
        &self,
        digests: &[D],
        mut found: impl FnMut(usize, Range<usize>),
    ) -> Result<(), Damaged> {
        let mut number = 0;
        for batch in digests.chunks(BATCH) {
            self.expect(batch.iter().map(AsRef::as_ref));
            for digest in batch {
                found(number, self.lookup(digest.as_ref())?);
                number += 1;
            }
        }
        Ok(())
    }

    /// Asks for the memory that looking these digests up will read, so that the look-ups find it
    /// in the cache. A hint: it changes no answer. It serves up to a few hundred digests; more push
    /// each other out again.
    pub fn expect<'d>(&self, digests: impl Iterator<Item = &'d [u8]> + Clone) {
        for digest in digests.clone() {
            prefetch(self.starts, slot(digest, self.bits));
        }
        for digest in digests {
            // Damage is for the look-up to tell.
            let near = self.near(digest).unwrap_or_default();
            let bytes = near.start * self.width..near.end * self.width;
            // More than a few lines are those of digests that are not spread evenly.
            for at in bytes.step_by(LINE).take(LINES) {
                prefetch(self.digests, at);
            }
        }
    }

    /// The bytes of the fan-out that [`DigestTable::near`] reads.
    #[must_use]
    pub fn fanout_of(&self, digest: &[u8]) -> Range<usize> {
        let slot = slot(digest, self.bits);
        4 * slot..4 * slot + 8
    }

    /// Positions among which [`DigestTable::find`] finds `digest`: those of its leading bits.
    ///
    /// # Errors
    /// As [`DigestTable::lookup`].
    pub fn near(&self, digest: &[u8]) -> Result<Range<usize>, Damaged> {
        if digest.len() != self.width {
            return Ok(0..0);
        }
        let slot = slot(digest, self.bits);
        let start = u32::from_le_bytes(self.starts[slot]) as usize;
        let end = u32::from_le_bytes(self.starts[slot + 1]) as usize;
        if start > end || end > self.len() {
            return Err(Damaged("a fan-out points outside its digests"));
        }
        Ok(start..end)
    }

    /// Positions of the digests equal to `digest` within `near`, which are positions of the table.
    #[must_use]
    pub fn find(&self, digest: &[u8], near: Range<usize>) -> Range<usize> {
        let at = |index: usize| self.get(index).unwrap_or_default();
        let first = partition(near.start, near.end, |index| at(index) < digest);
        let last = partition(first, near.end, |index| at(index) == digest);
        first..last
    }
}

/// The first position in `start..end` where `before` no longer holds.
fn partition(mut start: usize, mut end: usize, before: impl Fn(usize) -> bool) -> usize {
    while start < end {
        let middle = start + (end - start) / 2;
        if before(middle) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}
