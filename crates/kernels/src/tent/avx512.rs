//! The row kernel with AVX-512: as with AVX2, at twice the width.

use super::avx2::{AHEAD, prefetch};
use super::scalar;
use std::arch::x86_64::*;

/// Columns per vector of 16-bit values.
const STEP: usize = 32;
/// Vectors per strip: eight registers of sums, and whole cache lines of pixels.
const WIDE: usize = 4;

/// # Safety
/// The machine has AVX-512 F and BW, and `weights.len()` rows of `sums.len()` bytes, `stride`
/// apart, lie in `pixels`.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) unsafe fn weigh_rows(sums: &mut [u32], pixels: &[u8], stride: usize, weights: &[u16]) {
    if sums.len() < STEP || weights.is_empty() {
        return scalar::weigh_rows(sums, pixels, stride, weights);
    }
    let (out, rows) = (sums.as_mut_ptr(), pixels.as_ptr());
    let mut x = 0;
    while x + WIDE * STEP <= sums.len() {
        // SAFETY: columns x to x + WIDE * STEP exist in `sums` and in every row.
        unsafe { strip::<WIDE>(out.add(x), rows.add(x), stride, weights) };
        x += WIDE * STEP;
    }
    while x + STEP <= sums.len() {
        // SAFETY: as above, with one vector.
        unsafe { strip::<1>(out.add(x), rows.add(x), stride, weights) };
        x += STEP;
    }
    if x < sums.len() {
        // The last columns again, together with some that are done: the same sums are written.
        let x = sums.len() - STEP;
        // SAFETY: `sums.len()` is at least STEP.
        unsafe { strip::<1>(out.add(x), rows.add(x), stride, weights) };
    }
}

/// # Safety
/// `32 * N` columns exist behind `sums` and in each of the `weights.len()` rows behind `rows`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn strip<const N: usize>(sums: *mut u32, rows: *const u8, stride: usize, weights: &[u16]) {
    let mut low = [_mm512_setzero_si512(); N];
    let mut high = [_mm512_setzero_si512(); N];
    for (pair, weights) in weights.chunks(2).enumerate() {
        // A last single row is paired with itself at weight 0.
        let (weight, other, distance) = match *weights {
            [weight, other] => (weight, other, stride),
            [weight] => (weight, 0, 0),
            _ => unreachable!("chunks of two"),
        };
        let factors = _mm512_set1_epi32(i32::from(other) << 16 | i32::from(weight));
        for step in 0..N {
            // SAFETY: rows 2 * pair and the one `distance` behind it have these 32 bytes.
            let (a, b) = unsafe {
                let row = rows.add(2 * pair * stride + step * STEP);
                if step % 2 == 0 {
                    prefetch(row.wrapping_add(AHEAD));
                    prefetch(row.wrapping_add(distance + AHEAD));
                }
                (_mm256_loadu_si256(row.cast()), _mm256_loadu_si256(row.add(distance).cast()))
            };
            let (a, b) = (_mm512_cvtepu8_epi16(a), _mm512_cvtepu8_epi16(b));
            let products = _mm512_madd_epi16(_mm512_unpacklo_epi16(a, b), factors);
            low[step] = _mm512_add_epi32(low[step], products);
            let products = _mm512_madd_epi16(_mm512_unpackhi_epi16(a, b), factors);
            high[step] = _mm512_add_epi32(high[step], products);
        }
    }
    // `low` holds columns 0–3, 8–11, 16–19, 24–27, `high` the others; quarters of a register are
    // two 64-bit elements each, numbered from 8 in `high`.
    let first_order = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    let second_order = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    for step in 0..N {
        let first = _mm512_permutex2var_epi64(low[step], first_order, high[step]);
        let second = _mm512_permutex2var_epi64(low[step], second_order, high[step]);
        // SAFETY: `sums` has 32 * N elements.
        unsafe {
            _mm512_storeu_si512(sums.add(step * STEP).cast(), first);
            _mm512_storeu_si512(sums.add(step * STEP + 16).cast(), second);
        }
    }
}
