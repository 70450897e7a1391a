//! AVX-512: sixteen streams in the lanes of a register; rotations and any function of three
//! inputs are one instruction each.

use super::algorithms::{MD5, SHA256, compression_functions};
use std::arch::x86_64::*;

pub(super) const LANES: usize = 16;
type V = __m512i;

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn splat(x: u32) -> V {
    _mm512_set1_epi32(x.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add(a: V, b: V) -> V {
    _mm512_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn rol<const LEFT: i32, const RIGHT: i32>(a: V) -> V {
    _mm512_rol_epi32::<LEFT>(a)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn shr<const BITS: u32>(a: V) -> V {
    _mm512_srli_epi32::<BITS>(a)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn xor(a: V, b: V) -> V {
    _mm512_xor_si512(a, b)
}

// The immediates are truth tables: bit 4a + 2b + c is the result for the bits a, b and c.

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn xor3(a: V, b: V, c: V) -> V {
    _mm512_ternarylogic_epi32::<0b1001_0110>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn choose(a: V, b: V, c: V) -> V {
    _mm512_ternarylogic_epi32::<0b1100_1010>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn majority(a: V, b: V, c: V) -> V {
    _mm512_ternarylogic_epi32::<0b1110_1000>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn or_not(a: V, b: V) -> V {
    _mm512_ternarylogic_epi32::<0b1111_0011>(a, b, b)
}

/// The words of a block of each stream, word by word: a transposition of 16×16.
///
/// # Safety
/// 64 bytes lie at `offset` behind each pointer.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn words(data: &[*const u8; LANES], offset: usize) -> [V; 16] {
    let mut rows = [_mm512_setzero_si512(); 16];
    for (row, stream) in rows.iter_mut().zip(data) {
        // SAFETY: the caller vouches for the 64 bytes; the load needs no alignment.
        *row = unsafe { _mm512_loadu_si512(stream.add(offset).cast()) };
    }
    transposed(&rows)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transposed(rows: &[V; 16]) -> [V; 16] {
    let mut pairs = [_mm512_setzero_si512(); 16];
    for i in 0..8 {
        pairs[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    // Of rows 4i to 4i + 3: quads[4i + k] has columns k, k + 4, k + 8, k + 12, a 128-bit lane each.
    let mut quads = pairs;
    for i in 0..4 {
        let [a, b, c, d] = [pairs[4 * i], pairs[4 * i + 1], pairs[4 * i + 2], pairs[4 * i + 3]];
        quads[4 * i] = _mm512_unpacklo_epi64(a, c);
        quads[4 * i + 1] = _mm512_unpackhi_epi64(a, c);
        quads[4 * i + 2] = _mm512_unpacklo_epi64(b, d);
        quads[4 * i + 3] = _mm512_unpackhi_epi64(b, d);
    }
    let mut columns = quads;
    for k in 0..4 {
        let [a, b, c, d] = [quads[k], quads[4 + k], quads[8 + k], quads[12 + k]];
        let even_top = _mm512_shuffle_i32x4::<0b10_00_10_00>(a, b);
        let odd_top = _mm512_shuffle_i32x4::<0b11_01_11_01>(a, b);
        let even_bottom = _mm512_shuffle_i32x4::<0b10_00_10_00>(c, d);
        let odd_bottom = _mm512_shuffle_i32x4::<0b11_01_11_01>(c, d);
        columns[k] = _mm512_shuffle_i32x4::<0b10_00_10_00>(even_top, even_bottom);
        columns[4 + k] = _mm512_shuffle_i32x4::<0b10_00_10_00>(odd_top, odd_bottom);
        columns[8 + k] = _mm512_shuffle_i32x4::<0b11_01_11_01>(even_top, even_bottom);
        columns[12 + k] = _mm512_shuffle_i32x4::<0b11_01_11_01>(odd_top, odd_bottom);
    }
    columns
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn big_endian(words: [V; 16]) -> [V; 16] {
    let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    let mut swapped = words;
    for word in &mut swapped {
        *word = _mm512_shuffle_epi8(*word, order);
    }
    swapped
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load<const WORDS: usize>(states: &[[u32; WORDS]; LANES]) -> [V; WORDS] {
    let mut words = [_mm512_setzero_si512(); WORDS];
    for (word, vector) in words.iter_mut().enumerate() {
        let lanes: [u32; LANES] = std::array::from_fn(|lane| states[lane][word]);
        // SAFETY: the array has the 64 bytes that are read; the load needs no alignment.
        *vector = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
    }
    words
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn store<const WORDS: usize>(states: &mut [[u32; WORDS]; LANES], words: [V; WORDS]) {
    for (word, vector) in words.into_iter().enumerate() {
        let mut lanes = [0; LANES];
        // SAFETY: the array has the 64 bytes that are written; the store needs no alignment.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), vector) };
        for (state, lane) in states.iter_mut().zip(lanes) {
            state[word] = lane;
        }
    }
}

compression_functions!(#[target_feature(enable = "avx512f,avx512bw")]);
