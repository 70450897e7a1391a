//! The row kernel with AVX-512: as with AVX2, at twice the width.

use super::avx2::{AHEAD, Band, prefetch};
use super::scalar;
use std::arch::x86_64::*;

/// Columns that are treated at once: a cache line of pixels.
const STEP: usize = 64;

/// # Safety
/// The machine has AVX-512 F and BW, and `weights.len()` rows of `sums.len()` bytes, `stride`
/// apart, lie in `pixels`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) unsafe fn weigh_rows(sums: &mut [u32], pixels: &[u8], stride: usize, weights: &[u16]) {
    if sums.len() < STEP || weights.is_empty() {
        return scalar::weigh_rows(sums, pixels, stride, weights);
    }
    let (out, rows) = (sums.as_mut_ptr(), pixels.as_ptr());
    let last = sums.len() - STEP;
    for band in Band::of(weights, stride) {
        for x in (0..=last).step_by(STEP) {
            // SAFETY: columns x to x + STEP exist in `sums` and in every row of the band.
            unsafe { add(out.add(x), rows.add(x), &band) };
        }
    }
    if !sums.len().is_multiple_of(STEP) {
        // The last columns again, together with some that are done: the same sums are written.
        for band in Band::of(weights, stride) {
            // SAFETY: `sums.len()` is at least STEP.
            unsafe { add(out.add(last), rows.add(last), &band) };
        }
    }
}

/// # Safety
/// 64 columns exist behind `sums` and in each of the band's rows behind `rows`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn add(sums: *mut u32, rows: *const u8, band: &Band) {
    let zero = _mm512_setzero_si512();
    let place = |i: usize| sums.wrapping_add(16 * i);
    let mut four = [zero; 4];
    if !band.is_first {
        for (i, sum) in four.iter_mut().enumerate() {
            // SAFETY: `sums` has 64 elements.
            *sum = unsafe { _mm512_loadu_si512(place(i).cast()) };
        }
    }
    for pair in band.pairs() {
        let factors = _mm512_set1_epi32(pair.factors);
        // SAFETY: both rows have these 64 bytes.
        let (a, b) = unsafe {
            let (a, b) = (rows.add(pair.one), rows.add(pair.other));
            prefetch(a.wrapping_add(AHEAD));
            prefetch(b.wrapping_add(AHEAD));
            (_mm512_loadu_si512(a.cast()), _mm512_loadu_si512(b.cast()))
        };
        let (low, high) = (_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b));
        let wide = [
            _mm512_unpacklo_epi8(low, zero),
            _mm512_unpackhi_epi8(low, zero),
            _mm512_unpacklo_epi8(high, zero),
            _mm512_unpackhi_epi8(high, zero),
        ];
        for (sum, wide) in four.iter_mut().zip(wide) {
            *sum = _mm512_add_epi32(*sum, _mm512_madd_epi16(wide, factors));
        }
    }
    if band.is_last {
        // Quarter q of register i holds columns 16q + 4i to 16q + 4i + 3: transpose.
        let [a, b, c, d] = four;
        let (ab, ab_high) =
            (_mm512_shuffle_i32x4::<0x44>(a, b), _mm512_shuffle_i32x4::<0xEE>(a, b));
        let (cd, cd_high) =
            (_mm512_shuffle_i32x4::<0x44>(c, d), _mm512_shuffle_i32x4::<0xEE>(c, d));
        four = [
            _mm512_shuffle_i32x4::<0x88>(ab, cd),
            _mm512_shuffle_i32x4::<0xDD>(ab, cd),
            _mm512_shuffle_i32x4::<0x88>(ab_high, cd_high),
            _mm512_shuffle_i32x4::<0xDD>(ab_high, cd_high),
        ];
    }
    for (i, sum) in four.into_iter().enumerate() {
        // SAFETY: `sums` has 64 elements.
        unsafe { _mm512_storeu_si512(place(i).cast(), sum) };
    }
}
