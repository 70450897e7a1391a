//! AVX2: four 256-bit codes per step, ones counted by looking up nibbles.
//!
//! ```text
//! for four codes, a vector each:
//!     xor with the query; ones of each byte = table[low nibble] + table[high nibble]
//!     sum of absolute differences with zero adds the bytes of each 64-bit word
//!     add the four words of each code                                 → 4 distances
//!     compare with the radius; only where one is small enough, store them and look
//! ```
//! The four vectors are folded by unpack-and-add and one pair of lane permutations; the distances
//! then stand in the order of the codes.

use super::{Near, scalar};
use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_add_epi64, _mm256_and_si256, _mm256_cmpgt_epi64,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_permute2x128_si256, _mm256_sad_epu8,
    _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256, _mm256_unpackhi_epi64,
    _mm256_unpacklo_epi64, _mm256_xor_si256,
};

/// # Safety
/// The machine must have the features that the function is compiled for.
#[target_feature(enable = "avx2,popcnt")]
pub(super) unsafe fn scan256(
    codes: &[[u8; 32]],
    query: &[u8; 32],
    radius: u16,
    out: &mut Vec<Near>,
) {
    // SAFETY: a query has 32 readable bytes; the load needs no alignment.
    let query_lanes = unsafe { _mm256_loadu_si256(query.as_ptr().cast()) };
    let limit = _mm256_set1_epi64x(i64::from(radius) + 1);
    let (groups, tail) = codes.as_chunks::<4>();
    for (group, four) in groups.iter().enumerate() {
        let counts = |code: usize| {
            // SAFETY: a code has 32 readable bytes; the load needs no alignment.
            let one = unsafe { _mm256_loadu_si256(four[code].as_ptr().cast()) };
            ones_per_word(_mm256_xor_si256(one, query_lanes))
        };
        let (v0, v1, v2, v3) = (counts(0), counts(1), counts(2), counts(3));
        let low = _mm256_add_epi64(_mm256_unpacklo_epi64(v0, v1), _mm256_unpackhi_epi64(v0, v1));
        let high = _mm256_add_epi64(_mm256_unpacklo_epi64(v2, v3), _mm256_unpackhi_epi64(v2, v3));
        let sums = _mm256_add_epi64(
            _mm256_permute2x128_si256::<0x20>(low, high),
            _mm256_permute2x128_si256::<0x31>(low, high),
        );
        if _mm256_movemask_epi8(_mm256_cmpgt_epi64(limit, sums)) != 0 {
            let mut distances = [0u64; 4];
            // SAFETY: the array has the 32 bytes that are written; the store needs no alignment.
            unsafe { _mm256_storeu_si256(distances.as_mut_ptr().cast(), sums) };
            for (code, distance) in distances.into_iter().enumerate() {
                let distance = distance as u16;
                if distance <= radius {
                    out.push(Near { index: (4 * group + code) as u32, distance });
                }
            }
        }
    }
    scalar::scan256_from(codes.len() - tail.len(), tail, query, radius, out);
}

/// The number of ones of each 64-bit word.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn ones_per_word(bits: __m256i) -> __m256i {
    _mm256_sad_epu8(ones_per_byte(bits), _mm256_setzero_si256())
}

/// The number of ones of each byte, nibble by nibble.
#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn ones_per_byte(bits: __m256i) -> __m256i {
    let ones_of_nibble = _mm256_setr_epi8(
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, //
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
    );
    let nibble = _mm256_set1_epi8(15);
    let low = _mm256_shuffle_epi8(ones_of_nibble, _mm256_and_si256(bits, nibble));
    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bits), nibble);
    _mm256_add_epi8(low, _mm256_shuffle_epi8(ones_of_nibble, high))
}

/// # Safety
/// The machine must have the features that the function is compiled for.
#[target_feature(enable = "avx2,popcnt")]
pub(super) unsafe fn scan(
    codes: &[u8],
    width: usize,
    query: &[u8],
    radius: u16,
    out: &mut Vec<Near>,
) {
    scalar::scan(codes, width, query, radius, out);
}
