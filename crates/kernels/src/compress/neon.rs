//! NEON: four streams in the lanes of a register.

use super::algorithms::{MD5, SHA256, compression_functions};
use std::arch::aarch64::*;

pub(super) const LANES: usize = 4;
type V = uint32x4_t;

#[inline]
#[target_feature(enable = "neon")]
fn splat(x: u32) -> V {
    vdupq_n_u32(x)
}

#[inline]
#[target_feature(enable = "neon")]
fn add(a: V, b: V) -> V {
    vaddq_u32(a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn rol<const LEFT: i32, const RIGHT: i32>(a: V) -> V {
    vsriq_n_u32::<RIGHT>(vshlq_n_u32::<LEFT>(a), a)
}

#[inline]
#[target_feature(enable = "neon")]
fn shr<const BITS: i32>(a: V) -> V {
    vshrq_n_u32::<BITS>(a)
}

#[inline]
#[target_feature(enable = "neon")]
fn xor(a: V, b: V) -> V {
    veorq_u32(a, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn xor3(a: V, b: V, c: V) -> V {
    xor(xor(a, b), c)
}

#[inline]
#[target_feature(enable = "neon")]
fn choose(a: V, b: V, c: V) -> V {
    vbslq_u32(a, b, c)
}

#[inline]
#[target_feature(enable = "neon")]
fn majority(a: V, b: V, c: V) -> V {
    vbslq_u32(xor(a, b), c, b)
}

#[inline]
#[target_feature(enable = "neon")]
fn or_not(a: V, b: V) -> V {
    vornq_u32(a, b)
}

/// The words of a block of each stream, word by word: four transpositions of 4×4.
///
/// # Safety
/// 64 bytes lie at `offset` behind each pointer.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn words(data: &[*const u8; LANES], offset: usize) -> [V; 16] {
    let mut columns = [vdupq_n_u32(0); 16];
    for quarter in 0..4 {
        let mut rows = [vdupq_n_u32(0); 4];
        for (row, stream) in rows.iter_mut().zip(data) {
            // SAFETY: the caller vouches for the 64 bytes, of which this is a quarter; loading
            // bytes needs no alignment.
            *row = vreinterpretq_u32_u8(unsafe { vld1q_u8(stream.add(offset + 16 * quarter)) });
        }
        let wide = |v| vreinterpretq_u64_u32(v);
        let (low, high) = (vtrn1q_u32(rows[0], rows[1]), vtrn2q_u32(rows[0], rows[1]));
        let (low2, high2) = (vtrn1q_u32(rows[2], rows[3]), vtrn2q_u32(rows[2], rows[3]));
        columns[4 * quarter] = vreinterpretq_u32_u64(vtrn1q_u64(wide(low), wide(low2)));
        columns[4 * quarter + 1] = vreinterpretq_u32_u64(vtrn1q_u64(wide(high), wide(high2)));
        columns[4 * quarter + 2] = vreinterpretq_u32_u64(vtrn2q_u64(wide(low), wide(low2)));
        columns[4 * quarter + 3] = vreinterpretq_u32_u64(vtrn2q_u64(wide(high), wide(high2)));
    }
    columns
}

#[inline]
#[target_feature(enable = "neon")]
fn big_endian(words: [V; 16]) -> [V; 16] {
    let mut swapped = words;
    for word in &mut swapped {
        *word = vreinterpretq_u32_u8(vrev32q_u8(vreinterpretq_u8_u32(*word)));
    }
    swapped
}

#[inline]
#[target_feature(enable = "neon")]
fn load<const WORDS: usize>(states: &[[u32; WORDS]; LANES]) -> [V; WORDS] {
    let mut words = [vdupq_n_u32(0); WORDS];
    for (word, vector) in words.iter_mut().enumerate() {
        let lanes: [u32; LANES] = std::array::from_fn(|lane| states[lane][word]);
        // SAFETY: the array has the four words that are read.
        *vector = unsafe { vld1q_u32(lanes.as_ptr()) };
    }
    words
}

#[inline]
#[target_feature(enable = "neon")]
fn store<const WORDS: usize>(states: &mut [[u32; WORDS]; LANES], words: [V; WORDS]) {
    for (word, vector) in words.into_iter().enumerate() {
        let mut lanes = [0; LANES];
        // SAFETY: the array has room for the four words that are written.
        unsafe { vst1q_u32(lanes.as_mut_ptr(), vector) };
        for (state, lane) in states.iter_mut().zip(lanes) {
            state[word] = lane;
        }
    }
}

compression_functions!(#[target_feature(enable = "neon")]);
