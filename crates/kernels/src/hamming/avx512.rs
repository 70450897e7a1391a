//! AVX-512 with VPOPCNTDQ: eight 256-bit codes per step.
//!
//! ```text
//! for eight codes:
//!     xor each with the query, count the ones of each 64-bit word     4 vectors of 2 codes
//!     add the four words of each code                                 → 8 distances
//!     compare with the radius; only where one is small enough, store them and look
//! ```
//! Adding across lanes is what costs, so four vectors are folded together: unpack-and-add halves
//! them twice, and one pair of shuffles brings all eight distances into one vector. That leaves
//! the lanes in the order 0 2 1 3 4 6 5 7, which the rare look-up of matches undoes.

use super::{Near, scalar};
use std::arch::x86_64::{
    __m512i, _mm256_loadu_si256, _mm512_add_epi64, _mm512_broadcast_i64x4, _mm512_cmple_epu64_mask,
    _mm512_loadu_si512, _mm512_popcnt_epi64, _mm512_set1_epi64, _mm512_shuffle_i64x2,
    _mm512_storeu_si512, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64, _mm512_xor_si512,
};

/// Lane that holds the distance of each of the eight codes.
const LANE_OF_CODE: [usize; 8] = [0, 2, 1, 3, 4, 6, 5, 7];

/// # Safety
/// The machine must have the features that the function is compiled for.
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,popcnt")]
pub(super) unsafe fn scan256(
    codes: &[[u8; 32]],
    query: &[u8; 32],
    radius: u16,
    out: &mut Vec<Near>,
) {
    // SAFETY: a query has 32 readable bytes; the load needs no alignment.
    let query_lanes = _mm512_broadcast_i64x4(unsafe { _mm256_loadu_si256(query.as_ptr().cast()) });
    let limit = _mm512_set1_epi64(i64::from(radius));
    let (groups, tail) = codes.as_chunks::<8>();
    for (group, eight) in groups.iter().enumerate() {
        let counts = |pair: usize| {
            // SAFETY: `pair` is 0 to 3, and two codes of 32 bytes from code 2 * pair on are read
            // out of the eight; the load needs no alignment.
            let two = unsafe { _mm512_loadu_si512(eight.as_ptr().add(2 * pair).cast()) };
            _mm512_popcnt_epi64(_mm512_xor_si512(two, query_lanes))
        };
        let sums = fold(counts(0), counts(1), counts(2), counts(3));
        if _mm512_cmple_epu64_mask(sums, limit) != 0 {
            let mut distances = [0u64; 8];
            // SAFETY: the array has the 64 bytes that are written; the store needs no alignment.
            unsafe { _mm512_storeu_si512(distances.as_mut_ptr().cast(), sums) };
            for (code, lane) in LANE_OF_CODE.into_iter().enumerate() {
                let distance = distances[lane] as u16;
                if distance <= radius {
                    out.push(Near { index: (8 * group + code) as u32, distance });
                }
            }
        }
    }
    scalar::scan256_from(codes.len() - tail.len(), tail, query, radius, out);
}

/// The sums of the four words of each of eight codes, two codes to a vector.
#[inline]
#[target_feature(enable = "avx512f")]
fn fold(v0: __m512i, v1: __m512i, v2: __m512i, v3: __m512i) -> __m512i {
    let low = _mm512_add_epi64(_mm512_unpacklo_epi64(v0, v1), _mm512_unpackhi_epi64(v0, v1));
    let high = _mm512_add_epi64(_mm512_unpacklo_epi64(v2, v3), _mm512_unpackhi_epi64(v2, v3));
    _mm512_add_epi64(
        _mm512_shuffle_i64x2::<0b10_00_10_00>(low, high),
        _mm512_shuffle_i64x2::<0b11_01_11_01>(low, high),
    )
}

/// # Safety
/// The machine must have the features that the function is compiled for.
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,popcnt")]
pub(super) unsafe fn scan(
    codes: &[u8],
    width: usize,
    query: &[u8],
    radius: u16,
    out: &mut Vec<Near>,
) {
    scalar::scan(codes, width, query, radius, out);
}
