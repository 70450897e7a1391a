//! Every 128-bit code of a column within a radius of a query: the early abort of a linear scan.
//!
//! ```text
//! for 32 codes:
//!     xor with the query, count the ones of each 64-bit word
//!     add the two words of each code                                  → 32 distances
//!     take the smallest of four at a time; only where one is small enough, look closer
//! ```
//! Almost no code passes, so the loop only decides whether any of the 32 does; the scalar twin
//! then looks at them one by one. That way the order of the lanes never matters.

use crate::hamming::Near;
use crate::{Backend, backend};

/// Appends to `out` each code within `radius` of `query`, in ascending order of index.
///
/// # Panics
/// When the column has more than `u32::MAX` codes.
pub fn scan128(codes: &[[u8; 16]], query: &[u8; 16], radius: u16, out: &mut Vec<Near>) {
    scan128_with(backend(), codes, query, radius, out);
}

/// [`scan128`] on a given backend; one that this machine lacks is replaced by a simpler one.
///
/// # Panics
/// As [`scan128`].
pub fn scan128_with(
    backend: Backend,
    codes: &[[u8; 16]],
    query: &[u8; 16],
    radius: u16,
    out: &mut Vec<Near>,
) {
    assert!(u32::try_from(codes.len()).is_ok(), "a column has at most u32::MAX codes");
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 if Backend::Avx512.is_available() => {
            // SAFETY: the machine has been seen to have every feature of the backend.
            unsafe { x86::avx512(codes, query, radius, out) }
        }
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 | Backend::Avx2 if Backend::Avx2.is_available() => {
            // SAFETY: the machine has been seen to have every feature of the backend.
            unsafe { x86::avx2(codes, query, radius, out) }
        }
        #[cfg(target_arch = "aarch64")]
        Backend::Neon if Backend::Neon.is_available() => {
            // SAFETY: the machine has been seen to have every feature of the backend.
            unsafe { arm::neon(codes, query, radius, out) }
        }
        _ => scalar(0, codes, query, radius, out),
    }
}

#[inline(always)]
fn scalar(first: usize, codes: &[[u8; 16]], query: &[u8; 16], radius: u16, out: &mut Vec<Near>) {
    let query = u128::from_ne_bytes(*query);
    for (index, code) in codes.iter().enumerate() {
        let distance = (u128::from_ne_bytes(*code) ^ query).count_ones() as u16;
        if distance <= radius {
            out.push(Near { index: (first + index) as u32, distance });
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Near, scalar};
    use crate::hamming::avx2::ones_per_word;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    pub(super) fn avx512(codes: &[[u8; 16]], query: &[u8; 16], radius: u16, out: &mut Vec<Near>) {
        // SAFETY: a query has 16 readable bytes; the load needs no alignment.
        let query_lanes = _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(query.as_ptr().cast()) });
        let limit = _mm512_set1_epi64(i64::from(radius));
        let (groups, tail) = codes.as_chunks::<32>();
        for (group, codes) in groups.iter().enumerate() {
            let sums = |eight: usize| {
                let ones = |four: usize| {
                    // SAFETY: `four` is 0 to 7, and the four codes from 4 * four on are read out
                    // of 32; the load needs no alignment.
                    let lanes = unsafe { _mm512_loadu_si512(codes.as_ptr().add(4 * four).cast()) };
                    _mm512_popcnt_epi64(_mm512_xor_si512(lanes, query_lanes))
                };
                let (a, b) = (ones(2 * eight), ones(2 * eight + 1));
                _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b))
            };
            let low = _mm512_min_epu64(sums(0), sums(1));
            let high = _mm512_min_epu64(sums(2), sums(3));
            if _mm512_cmple_epu64_mask(_mm512_min_epu64(low, high), limit) != 0 {
                scalar(32 * group, codes, query, radius, out);
            }
        }
        scalar(codes.len() - tail.len(), tail, query, radius, out);
    }

    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn avx2(codes: &[[u8; 16]], query: &[u8; 16], radius: u16, out: &mut Vec<Near>) {
        // SAFETY: a query has 16 readable bytes; the load needs no alignment.
        let query_lanes =
            _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(query.as_ptr().cast()) });
        let limit = _mm256_set1_epi16(radius.min(1000) as i16 + 1);
        let (groups, tail) = codes.as_chunks::<16>();
        for (group, codes) in groups.iter().enumerate() {
            let ones = |two: usize| {
                // SAFETY: `two` is 0 to 7, and the two codes from 2 * two on are read out of 16;
                // the load needs no alignment.
                let lanes = unsafe { _mm256_loadu_si256(codes.as_ptr().add(2 * two).cast()) };
                ones_per_word(_mm256_xor_si256(lanes, query_lanes))
            };
            // The counts of a word fit 16 bits: four codes go side by side into one vector.
            let sums = |pair: usize| {
                let (a, b) = (ones(2 * pair), ones(2 * pair + 1));
                _mm256_add_epi64(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b))
            };
            let low = _mm256_min_epu16(sums(0), sums(1));
            let high = _mm256_min_epu16(sums(2), sums(3));
            let least = _mm256_min_epu16(low, high);
            // The upper 16-bit parts of each lane are 0; only the lowest are compared.
            let near = _mm256_cmpgt_epi16(limit, least);
            if _mm256_movemask_epi8(near) & 0x0101_0101 != 0 {
                scalar(16 * group, codes, query, radius, out);
            }
        }
        scalar(codes.len() - tail.len(), tail, query, radius, out);
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::{Near, scalar};
    use std::arch::aarch64::*;

    #[target_feature(enable = "neon")]
    pub(super) fn neon(codes: &[[u8; 16]], query: &[u8; 16], radius: u16, out: &mut Vec<Near>) {
        // SAFETY: a query has 16 readable bytes.
        let query_lanes = unsafe { vld1q_u8(query.as_ptr()) };
        let (groups, tail) = codes.as_chunks::<8>();
        for (group, codes) in groups.iter().enumerate() {
            let ones = |code: usize| {
                // SAFETY: a code has 16 readable bytes.
                let lanes = unsafe { vld1q_u8(codes[code].as_ptr()) };
                vcntq_u8(veorq_u8(lanes, query_lanes))
            };
            // Adding neighbours halves the lanes: after four rounds each lane is a code's sum.
            let two = |pair: usize| vpaddq_u8(ones(2 * pair), ones(2 * pair + 1));
            let four = |at: usize| vpaddq_u8(two(2 * at), two(2 * at + 1));
            let eight = vpaddlq_u8(vpaddq_u8(four(0), four(1)));
            if vminvq_u16(eight) <= radius {
                scalar(8 * group, codes, query, radius, out);
            }
        }
        scalar(codes.len() - tail.len(), tail, query, radius, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hamming::tests::oracle;
    use proptest::prelude::*;

    fn check(codes: &[[u8; 16]], query: &[u8; 16], radius: u16) {
        let expected = oracle(codes.as_flattened(), 16, query, radius);
        for backend in Backend::available() {
            let mut out = Vec::new();
            scan128_with(backend, codes, query, radius, &mut out);
            assert_eq!(out, expected, "{backend:?}, {} codes, radius {radius}", codes.len());
        }
    }

    proptest! {
        #[test]
        fn every_backend_finds_the_same(
            codes in prop::collection::vec(any::<[u8; 16]>(), 0..140),
            query in any::<[u8; 16]>(),
            radius in 40u16..=80,
        ) {
            check(&codes, &query, radius);
        }
    }

    /// One code that passes, at every place of a block, among codes that do not.
    #[test]
    fn a_single_match_is_found_wherever_it_is() {
        for length in [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 70] {
            for place in 0..length {
                let mut codes = vec![[0xff; 16]; length];
                codes[place] = [0; 16];
                codes[place][place % 16] = 3;
                check(&codes, &[0; 16], 2);
                check(&codes, &[0; 16], 1);
            }
        }
    }

    #[test]
    fn extreme_radii() {
        let codes = [[0; 16], [0xff; 16], [0xf0; 16]].repeat(20);
        for radius in [0, 1, 63, 64, 127, 128, 129, 255, 256, u16::MAX] {
            check(&codes, &[0; 16], radius);
        }
    }
}
