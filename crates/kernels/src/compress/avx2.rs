//! AVX2: eight streams in the lanes of a register.

use super::algorithms::{MD5, SHA256, compression_functions};
use std::arch::x86_64::*;

pub(super) const LANES: usize = 8;
type V = __m256i;

#[inline]
#[target_feature(enable = "avx2")]
fn splat(x: u32) -> V {
    _mm256_set1_epi32(x.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(a: V, b: V) -> V {
    _mm256_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rol<const LEFT: i32, const RIGHT: i32>(a: V) -> V {
    _mm256_or_si256(_mm256_slli_epi32::<LEFT>(a), _mm256_srli_epi32::<RIGHT>(a))
}

#[inline]
#[target_feature(enable = "avx2")]
fn shr<const BITS: i32>(a: V) -> V {
    _mm256_srli_epi32::<BITS>(a)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(a: V, b: V) -> V {
    _mm256_xor_si256(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor3(a: V, b: V, c: V) -> V {
    xor(xor(a, b), c)
}

#[inline]
#[target_feature(enable = "avx2")]
fn choose(a: V, b: V, c: V) -> V {
    xor(c, _mm256_and_si256(a, xor(b, c)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn majority(a: V, b: V, c: V) -> V {
    _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(c, _mm256_or_si256(a, b)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn or_not(a: V, b: V) -> V {
    _mm256_or_si256(a, xor(b, _mm256_set1_epi32(-1)))
}

/// The words of a block of each stream, word by word: two transpositions of 8×8.
///
/// # Safety
/// 64 bytes lie at `offset` behind each pointer.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn words(data: &[*const u8; LANES], offset: usize) -> [V; 16] {
    let mut columns = [_mm256_setzero_si256(); 16];
    for half in 0..2 {
        let mut rows = [_mm256_setzero_si256(); 8];
        for (row, stream) in rows.iter_mut().zip(data) {
            // SAFETY: the caller vouches for the 64 bytes, of which this is one half; the load
            // needs no alignment.
            *row = unsafe { _mm256_loadu_si256(stream.add(offset + 32 * half).cast()) };
        }
        columns[8 * half..8 * half + 8].copy_from_slice(&transposed(&rows));
    }
    columns
}

#[inline]
#[target_feature(enable = "avx2")]
fn transposed(rows: &[V; 8]) -> [V; 8] {
    let mut pairs = *rows;
    for i in 0..4 {
        pairs[2 * i] = _mm256_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    // Of rows 4i to 4i + 3: quads[4i + k] has columns k and k + 4, a 128-bit lane each.
    let mut quads = pairs;
    for i in 0..2 {
        let [a, b, c, d] = [pairs[4 * i], pairs[4 * i + 1], pairs[4 * i + 2], pairs[4 * i + 3]];
        quads[4 * i] = _mm256_unpacklo_epi64(a, c);
        quads[4 * i + 1] = _mm256_unpackhi_epi64(a, c);
        quads[4 * i + 2] = _mm256_unpacklo_epi64(b, d);
        quads[4 * i + 3] = _mm256_unpackhi_epi64(b, d);
    }
    let mut columns = quads;
    for k in 0..4 {
        columns[k] = _mm256_permute2x128_si256::<0x20>(quads[k], quads[4 + k]);
        columns[4 + k] = _mm256_permute2x128_si256::<0x31>(quads[k], quads[4 + k]);
    }
    columns
}

#[inline]
#[target_feature(enable = "avx2")]
fn big_endian(words: [V; 16]) -> [V; 16] {
    let order = _mm256_broadcastsi128_si256(_mm_set_epi32(
        0x0c0d_0e0f,
        0x0809_0a0b,
        0x0405_0607,
        0x0001_0203,
    ));
    let mut swapped = words;
    for word in &mut swapped {
        *word = _mm256_shuffle_epi8(*word, order);
    }
    swapped
}

#[inline]
#[target_feature(enable = "avx2")]
fn load<const WORDS: usize>(states: &[[u32; WORDS]; LANES]) -> [V; WORDS] {
    let mut words = [_mm256_setzero_si256(); WORDS];
    for (word, vector) in words.iter_mut().enumerate() {
        let lanes: [u32; LANES] = std::array::from_fn(|lane| states[lane][word]);
        // SAFETY: the array has the 32 bytes that are read; the load needs no alignment.
        *vector = unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) };
    }
    words
}

#[inline]
#[target_feature(enable = "avx2")]
fn store<const WORDS: usize>(states: &mut [[u32; WORDS]; LANES], words: [V; WORDS]) {
    for (word, vector) in words.into_iter().enumerate() {
        let mut lanes = [0; LANES];
        // SAFETY: the array has the 32 bytes that are written; the store needs no alignment.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), vector) };
        for (state, lane) in states.iter_mut().zip(lanes) {
            state[word] = lane;
        }
    }
}

compression_functions!(#[target_feature(enable = "avx2")]);
