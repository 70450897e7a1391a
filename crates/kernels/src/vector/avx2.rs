//! Four registers of 32 bytes and one of 16 for each vector. `vpsadbw` sums differences of bytes;
//! for squares the differences are widened to 16 bits and `vpmaddwd` sums squares of pairs, which
//! fit 32 bits: 2 × 255² each, 9 × 130,050 in a lane.

use super::{NearVector, Vector, keep};
use std::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi32, _mm_add_epi64, _mm_cvtsi128_si32, _mm_loadu_si128,
    _mm_sad_epu8, _mm_shuffle_epi32, _mm_unpackhi_epi64, _mm256_add_epi32, _mm256_add_epi64,
    _mm256_castsi256_si128, _mm256_cvtepu8_epi16, _mm256_extracti128_si256, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_sad_epu8, _mm256_setzero_si256, _mm256_sub_epi16,
};

/// Bytes of a register, and of the rest of a vector.
const WIDE: usize = 32;
const HALF: usize = 16;

#[inline]
#[target_feature(enable = "avx2")]
fn wide(bytes: &[u8; WIDE]) -> __m256i {
    // SAFETY: the array has 32 bytes, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn half(bytes: &[u8; HALF]) -> __m128i {
    // SAFETY: the array has 16 bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
pub(super) fn scan_differences(
    table: &[Vector],
    query: &Vector,
    limit: u32,
    out: &mut Vec<NearVector>,
) {
    let (query_wide, query_rest) = query.as_chunks::<WIDE>();
    let query_wide = [0, 1, 2, 3].map(|i| wide(&query_wide[i]));
    let query_rest = half(query_rest.first_chunk().expect("144 = 4 × 32 + 16"));
    keep(table, limit, out, |vector| {
        let (chunks, rest) = vector.as_chunks::<WIDE>();
        let mut sums = _mm256_setzero_si256();
        for (chunk, query) in chunks.iter().zip(query_wide) {
            sums = _mm256_add_epi64(sums, _mm256_sad_epu8(wide(chunk), query));
        }
        let rest = half(rest.first_chunk().expect("144 = 4 × 32 + 16"));
        let sums = _mm_add_epi64(
            _mm256_castsi256_si128(sums),
            _mm_add_epi64(_mm256_extracti128_si256::<1>(sums), _mm_sad_epu8(rest, query_rest)),
        );
        _mm_cvtsi128_si32(_mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums))) as u32
    });
}

#[target_feature(enable = "avx2")]
pub(super) fn scan_squares(
    table: &[Vector],
    query: &Vector,
    limit: u32,
    out: &mut Vec<NearVector>,
) {
    let (query, _) = query.as_chunks::<HALF>();
    let query = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|i| _mm256_cvtepu8_epi16(half(&query[i])));
    keep(table, limit, out, |vector| {
        let mut sums = _mm256_setzero_si256();
        for (chunk, query) in vector.as_chunks::<HALF>().0.iter().zip(query) {
            let difference = _mm256_sub_epi16(_mm256_cvtepu8_epi16(half(chunk)), query);
            sums = _mm256_add_epi32(sums, _mm256_madd_epi16(difference, difference));
        }
        let sums = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
        let sums = _mm_add_epi32(sums, _mm_unpackhi_epi64(sums, sums));
        _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32::<1>(sums))) as u32
    });
}
