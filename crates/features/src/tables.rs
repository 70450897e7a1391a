//! The approximate index: features whose descriptors agree in some of their bits.
//!
//! There are eight tables. Table t sorts all features of all signatures by the lowest bits of the
//! t-th 32-bit word of their descriptors. A feature of a query is looked up in each; it meets one
//! that differs in d of 256 bits in a table of b bits with a probability of about (1 − d/256)ᵇ. A
//! picture has many features, so it is enough that a few of them meet. (Locality-sensitive hashing
//! by sampling bits: Indyk and Motwani, 1998.)

use crate::signature::{Damaged, Signature};
use hashward_kernels::prefetch::prefetch;

/// Number of tables.
pub const KEY_TABLES: usize = 8;

/// Most signatures of an index: a posting is the number of a signature and seven bits for that of
/// a feature.
pub const MAX_SIGNATURES: u32 = 1 << 25;

/// Bytes of the header.
const HEADER: usize = 64;

/// Bits of a key by the number of features: on average 4 to 8 of them share a key.
fn key_bits(features: u32) -> u32 {
    (32 - features.leading_zeros()).saturating_sub(3).clamp(4, 24)
}

/// The key of a descriptor in a table, of which an index uses the lowest bits.
#[must_use]
pub fn key(descriptor: &[u8; 32], table: usize) -> u32 {
    let word = &descriptor[4 * table..][..4];
    u32::from_le_bytes([word[0], word[1], word[2], word[3]])
}

/// Builds the tables of an index, one after the other.
///
/// The bytes: a header of the number of signatures, of features, of tables and of bits of a key
/// (4 bytes each) and 48 zero bytes; then each table: 2ᵇ + 1 starts and the postings, each part
/// filled up with zeros to a multiple of 64 bytes. A posting is the position of a signature times
/// 128 and that of a feature in it; those of one key stand together, ascending. Start k is the
/// position of the first posting with key k or a higher one. All are numbers of 4 bytes.
#[derive(Debug)]
pub struct TableBuilder {
    counts: Vec<u8>,
    features: u32,
    bits: u32,
}

impl TableBuilder {
    /// For signatures with so many features each, in their order.
    ///
    /// # Errors
    /// When there are more than [`MAX_SIGNATURES`], or one has more than 128.
    pub fn new(counts: impl IntoIterator<Item = u8>) -> Result<Self, Damaged> {
        let counts: Vec<u8> = counts.into_iter().collect();
        let features: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let fits = counts.len() <= MAX_SIGNATURES as usize && counts.iter().all(|it| *it <= 128);
        let features = u32::try_from(features).ok().filter(|_| fits);
        let features = features.ok_or(Damaged("too many signatures or features for one index"))?;
        Ok(Self { counts, features, bits: key_bits(features) })
    }

    /// The whole index of some signatures, in memory.
    ///
    /// # Errors
    /// As [`TableBuilder::new`].
    pub fn whole(signatures: &[Signature]) -> Result<Vec<u8>, Damaged> {
        let builder = Self::new(signatures.iter().map(|known| known.len() as u8))?;
        let mut bytes = builder.header().to_vec();
        for table in 0..KEY_TABLES {
            let codes = signatures.iter().flat_map(Signature::descriptors);
            let keys: Vec<u32> = codes.map(|code| key(code, table)).collect();
            builder.table(&keys, |piece| {
                bytes.extend_from_slice(piece);
                Ok::<(), Damaged>(())
            })?;
        }
        Ok(bytes)
    }

    /// The postings of all features in their order.
    fn postings(&self) -> impl Iterator<Item = u32> + '_ {
        let signatures = (0_u32..).zip(&self.counts);
        signatures.flat_map(|(at, count)| (0..u32::from(*count)).map(move |of| at << 7 | of))
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> [u8; 64] {
        let mut header = [0; HEADER];
        let signatures = self.counts.len() as u32;
        let numbers = [signatures, self.features, KEY_TABLES as u32, self.bits];
        for (bytes, number) in header.chunks_mut(4).zip(numbers) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        header
    }

    /// A table from the keys of all features in their order, handed to `out` in pieces.
    ///
    /// # Errors
    /// What `out` gives.
    ///
    /// # Panics
    /// When there are not as many keys as features.
    pub fn table<E>(
        &self,
        keys: &[u32],
        mut out: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        assert_eq!(keys.len(), self.features as usize, "a key for each feature");
        let mask = (1_u32 << self.bits) - 1;
        let mut starts = vec![0_u32; (1 << self.bits) + 1];
        for key in keys {
            starts[(key & mask) as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0_u32; keys.len()];
        for (key, posting) in keys.iter().zip(self.postings()) {
            let at = &mut next[(key & mask) as usize];
            sorted[*at as usize] = posting;
            *at += 1;
        }
        for part in [starts, sorted] {
            let mut piece = Vec::with_capacity(1 << 16);
            for numbers in part.chunks(1 << 14) {
                piece.clear();
                piece.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                out(&piece)?;
            }
            let padding = padded(part.len() * 4) - part.len() * 4;
            out(&[0; 64][..padding])?;
        }
        Ok(())
    }
}

const fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(64)
}

/// Neighbouring postings of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    table: u8,
    first: u32,
    count: u32,
}

impl Run {
    /// Number of postings.
    pub(crate) const fn len(self) -> usize {
        self.count as usize
    }
}

/// The tables of an index, borrowed.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    bytes: &'a [u8],
    signatures: u32,
    features: usize,
    bits: u32,
}

impl std::fmt::Debug for Tables<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tables({} signatures, {} features)", self.signatures, self.features)
    }
}

impl<'a> Tables<'a> {
    /// Checks the header and the length; starts and postings are checked at their use.
    ///
    /// # Errors
    /// When the bytes are no tables.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let header: &[u8; HEADER] =
            bytes.first_chunk().ok_or(Damaged("the tables end in their header"))?;
        let number = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let (signatures, features, tables, bits) = (number(0), number(4), number(8), number(12));
        if tables != KEY_TABLES as u32 || bits != key_bits(features) || signatures > MAX_SIGNATURES
        {
            return Err(Damaged("the header of the tables is not valid"));
        }
        let tables = Self { bytes, signatures, features: features as usize, bits };
        if bytes.len() as u64 != HEADER as u64 + KEY_TABLES as u64 * tables.table_bytes() {
            return Err(Damaged("the tables have another length"));
        }
        Ok(tables)
    }

    fn starts_bytes(&self) -> usize {
        padded(((1 << self.bits) + 1) * 4)
    }

    fn table_bytes(&self) -> u64 {
        self.starts_bytes() as u64 + (self.features as u64 * 4).next_multiple_of(64)
    }

    /// Number of signatures.
    #[must_use]
    pub const fn signatures(&self) -> u32 {
        self.signatures
    }

    /// The starts of a table.
    fn starts(&self, table: usize) -> &'a [[u8; 4]] {
        let offset = HEADER + table * self.table_bytes() as usize;
        self.bytes[offset..][..self.starts_bytes()].as_chunks().0
    }

    /// The postings of a table.
    fn all_postings(&self, table: usize) -> &'a [[u8; 4]] {
        let offset = HEADER + table * self.table_bytes() as usize + self.starts_bytes();
        &self.bytes[offset..].as_chunks().0[..self.features]
    }

    fn masked(&self, key: u32) -> usize {
        (key & ((1 << self.bits) - 1)) as usize
    }

    /// Where the postings that share a key stand in a table.
    fn run(&self, table: usize, key: u32) -> Result<Run, Damaged> {
        let (starts, key) = (self.starts(table), self.masked(key));
        let [first, end] = [starts[key], starts[key + 1]].map(u32::from_le_bytes);
        let fits = first <= end && end as usize <= self.features;
        let run = Run { table: table as u8, first, count: end.wrapping_sub(first) };
        fits.then_some(run).ok_or(Damaged("a start of the tables points outside"))
    }

    /// Where the postings that share a key with a descriptor stand: for each descriptor in each
    /// table. What is read next is asked for ahead, because hardly any of it is in a cache.
    pub(crate) fn runs<'d>(
        &self,
        descriptors: impl Iterator<Item = &'d [u8; 32]>,
    ) -> Result<Vec<Run>, Damaged> {
        /// Keys between asking for a start and reading it.
        const AHEAD: usize = 32;
        let keys: Vec<u32> =
            descriptors.flat_map(|code| (0..KEY_TABLES).map(|table| key(code, table))).collect();
        let mut runs = Vec::with_capacity(keys.len());
        for (at, own) in keys.iter().enumerate() {
            if let Some(next) = keys.get(at + AHEAD) {
                prefetch(self.starts((at + AHEAD) % KEY_TABLES), self.masked(*next));
            }
            let run = self.run(at % KEY_TABLES, *own)?;
            if run.count > 0 {
                prefetch(self.all_postings(at % KEY_TABLES), run.first as usize);
            }
            runs.push(run);
        }
        Ok(runs)
    }

    /// The postings of a run: signature and feature of each.
    pub(crate) fn postings(&self, run: Run) -> impl ExactSizeIterator<Item = (u32, u8)> + use<'a> {
        let all = self.all_postings(usize::from(run.table));
        all[run.first as usize..][..run.count as usize].iter().map(|bytes| {
            let posting = u32::from_le_bytes(*bytes);
            (posting >> 7, (posting & 127) as u8)
        })
    }

    /// Checks everything: that starts ascend to the number of features, and that each table has
    /// every feature of every signature, under its key. `signature` gives the descriptors.
    ///
    /// # Errors
    /// At the first thing that is wrong, as [`Damaged`] or what `signature` gives.
    pub fn check<E: From<Damaged>>(
        &self,
        mut descriptor: impl FnMut(u32, u8) -> Result<[u8; 32], E>,
    ) -> Result<(), E> {
        for table in 0..KEY_TABLES {
            let mut seen = 0;
            for value in 0..1_u32 << self.bits {
                let mut last = None;
                for posting in self.postings(self.run(table, value)?) {
                    if last >= Some(posting) {
                        return Err(Damaged("postings of a key are not ascending").into());
                    }
                    let of = key(&descriptor(posting.0, posting.1)?, table);
                    if of & ((1 << self.bits) - 1) != value {
                        return Err(Damaged("a posting stands under another key").into());
                    }
                    last = Some(posting);
                    seen += 1;
                }
            }
            if seen != self.features {
                return Err(Damaged("the starts do not reach every posting").into());
            }
        }
        Ok(())
    }
}
