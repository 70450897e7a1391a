//! Hamming distances of many queries to the same codes: a block of codes turned word by word.
//!
//! ```text
//! once:   the first words of eight codes side by side, then their second words, …
//! query:  for 32 codes, eight at a time:
//!             xor with the query's word, count the ones, add to the sums      four times
//!         take the smallest of four sums; only where one is small enough, look at them
//! ```
//! Codes as they are stored lie word after word, and adding the words of one code means moving them
//! across lanes, which takes as long as counting. Turned, the sums need no moves; that pays from
//! about [`PAYS`] queries on, at every radius. A block fits the first-level cache, which is read as
//! fast as codes are compared.

use crate::hamming::Near;
use crate::{Backend, backend};

/// Most codes of a block: 24 KiB, three quarters of the smallest first-level cache.
pub const CODES: usize = 768;

/// Number of queries from which on turning a block first is faster.
pub const PAYS: usize = 8;

/// Words of a code.
const WORDS: usize = 4;

/// One word of eight codes.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
struct Word([u64; 8]);

/// A block of up to [`CODES`] codes of 256 bits, turned.
#[derive(Default)]
pub struct Columns {
    /// Eight codes each; always a multiple of four, filled up with anything.
    eights: Vec<[Word; WORDS]>,
    /// Number of codes.
    count: usize,
}

/// The words of eight codes side by side.
#[inline(always)]
fn turn(eight: &mut [Word; WORDS], codes: &[[u8; 32]; 8]) {
    for (at, word) in eight.iter_mut().enumerate() {
        *word = Word(codes.each_ref().map(|code| u64::from_le_bytes(code.as_chunks().0[at])));
    }
}

impl Columns {
    /// Holds these codes instead of the ones before.
    ///
    /// # Panics
    /// When there are more than [`CODES`].
    pub fn fill(&mut self, codes: &[[u8; 32]]) {
        assert!(codes.len() <= CODES, "a block has at most {CODES} codes");
        self.count = codes.len();
        self.eights.resize(codes.len().div_ceil(32) * 4, [Word([0; 8]); WORDS]);
        let (whole, rest) = codes.as_chunks::<8>();
        for (eight, codes) in self.eights.iter_mut().zip(whole) {
            turn(eight, codes);
        }
        if !rest.is_empty() {
            let mut codes = [[0; 32]; 8];
            codes[..rest.len()].copy_from_slice(rest);
            turn(&mut self.eights[whole.len()], &codes);
        }
    }

    /// Appends to `out` each code of the block within `radius` of `query`, in ascending order of
    /// index.
    pub fn scan(&self, query: &[u8; 32], radius: u16, out: &mut Vec<Near>) {
        self.scan_with(backend(), query, radius, out);
    }

    /// [`Columns::scan`] on a given backend.
    ///
    /// # Panics
    /// When the machine lacks the backend.
    pub fn scan_with(&self, backend: Backend, query: &[u8; 32], radius: u16, out: &mut Vec<Near>) {
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(query.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        match backend.checked() {
            #[cfg(target_arch = "x86_64")]
            Backend::Avx512 => {
                // SAFETY: `checked` has just seen every feature that the function is compiled for.
                unsafe { x86::avx512(self, words, radius, out) }
            }
            #[cfg(target_arch = "x86_64")]
            Backend::Avx2 => {
                // SAFETY: `checked` has just seen every feature that the function is compiled for.
                unsafe { x86::avx2(self, words, radius, out) }
            }
            // With columns the plain loop is one that compilers turn into vectors on aarch64.
            _ => self.scalar(words, radius, out),
        }
    }

    fn scalar(&self, query: [u64; WORDS], radius: u16, out: &mut Vec<Near>) {
        for (eight, columns) in self.eights.iter().enumerate() {
            let mut sums = [0_u64; 8];
            for (word, query) in columns.iter().zip(query) {
                for (sum, word) in sums.iter_mut().zip(word.0) {
                    *sum += u64::from((word ^ query).count_ones());
                }
            }
            self.take(8 * eight, &sums, radius, out);
        }
    }

    /// Appends those of the eight codes from `first` on that are near enough and are codes at all.
    #[inline]
    fn take(&self, first: usize, sums: &[u64; 8], radius: u16, out: &mut Vec<Near>) {
        for (index, &sum) in (first..self.count).zip(sums) {
            if sum <= u64::from(radius) {
                out.push(Near { index: index as u32, distance: sum as u16 });
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Columns, Near, WORDS, Word};
    use crate::hamming::avx2::ones_per_byte;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
    pub(super) fn avx512(block: &Columns, query: [u64; WORDS], radius: u16, out: &mut Vec<Near>) {
        let query = query.map(|word| _mm512_set1_epi64(word.cast_signed()));
        let limit = _mm512_set1_epi64(i64::from(radius));
        for (group, eights) in block.eights.as_chunks::<4>().0.iter().enumerate() {
            let sums = eights.each_ref().map(|columns| {
                let mut sum = _mm512_setzero_si512();
                for (word, query) in columns.iter().zip(query) {
                    // SAFETY: a word of eight codes has 64 readable bytes and is aligned to them.
                    let lanes = unsafe { _mm512_load_si512(word.0.as_ptr().cast()) };
                    sum =
                        _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_xor_si512(lanes, query)));
                }
                sum
            });
            let low = _mm512_min_epu64(sums[0], sums[1]);
            let high = _mm512_min_epu64(sums[2], sums[3]);
            if _mm512_cmple_epu64_mask(_mm512_min_epu64(low, high), limit) == 0 {
                continue;
            }
            for (eight, sums) in sums.into_iter().enumerate() {
                if _mm512_cmple_epu64_mask(sums, limit) != 0 {
                    let mut plain = Word([0; 8]);
                    // SAFETY: a word has the 64 bytes that are written and is aligned to them.
                    unsafe { _mm512_store_si512(plain.0.as_mut_ptr().cast(), sums) };
                    block.take(32 * group + 8 * eight, &plain.0, radius, out);
                }
            }
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn avx2(block: &Columns, query: [u64; WORDS], radius: u16, out: &mut Vec<Near>) {
        let query = query.map(|word| _mm256_set1_epi64x(word.cast_signed()));
        let beyond = _mm256_set1_epi64x(i64::from(radius) + 1);
        for (eight, columns) in block.eights.iter().enumerate() {
            let sums = [0, 1].map(|half| {
                // Ones of each byte: of four words there are at most 32.
                let mut bytes = _mm256_setzero_si256();
                for (word, query) in columns.iter().zip(query) {
                    let at = &word.0.as_chunks::<4>().0[half];
                    // SAFETY: half a word has 32 readable bytes and is aligned to them.
                    let lanes = unsafe { _mm256_load_si256(at.as_ptr().cast()) };
                    bytes = _mm256_add_epi8(bytes, ones_per_byte(_mm256_xor_si256(lanes, query)));
                }
                _mm256_sad_epu8(bytes, _mm256_setzero_si256())
            });
            // Sums are below 2¹⁶: the smaller ones of both halves are found 16 bits at a time.
            let near = _mm256_cmpgt_epi64(beyond, _mm256_min_epu16(sums[0], sums[1]));
            if _mm256_testz_si256(near, near) == 0 {
                let mut plain = Word([0; 8]);
                for (half, sums) in plain.0.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
                    // SAFETY: half a word has the 32 bytes that are written; no alignment is needed.
                    unsafe { _mm256_storeu_si256(half.as_mut_ptr().cast(), sums) };
                }
                block.take(8 * eight, &plain.0, radius, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hamming::tests::oracle;
    use proptest::prelude::*;

    fn check(codes: &[[u8; 32]], query: &[u8; 32], radius: u16) {
        let expected = oracle(codes.as_flattened(), 32, query, radius);
        let mut block = Columns::default();
        // What was held before must not shine through.
        block.fill(&[*query; 70]);
        block.fill(codes);
        for backend in Backend::available() {
            let mut out = Vec::new();
            block.scan_with(backend, query, radius, &mut out);
            assert_eq!(out, expected, "{backend:?}, {} codes, radius {radius}", codes.len());
        }
    }

    proptest! {
        #[test]
        fn every_backend_finds_the_same(
            codes in prop::collection::vec(any::<[u8; 32]>(), 0..140),
            query in any::<[u8; 32]>(),
            radius in 50u16..=150,
        ) {
            check(&codes, &query, radius);
        }
    }

    /// One code that passes, at every place of a block, among codes that do not.
    #[test]
    fn a_single_match_is_found_wherever_it_is() {
        for length in [1, 7, 8, 9, 31, 32, 33, 64, 70, CODES] {
            for place in (0..length).step_by(if length > 100 { 37 } else { 1 }) {
                let mut codes = vec![[0xff; 32]; length];
                codes[place] = [0; 32];
                codes[place][place % 32] = 3;
                check(&codes, &[0; 32], 2);
                check(&codes, &[0; 32], 1);
            }
        }
    }

    #[test]
    fn extreme_radii() {
        let codes = [[0; 32], [0xff; 32], [0xf0; 32]].repeat(20);
        for radius in [0, 1, 127, 128, 129, 255, 256, 257, u16::MAX] {
            check(&codes, &[0; 32], radius);
        }
    }
}
