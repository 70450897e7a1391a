//! The tent kernels with AVX2.
//!
//! ```text
//! for each strip of 16·N bytes:
//!     for each pair of rows:
//!         widen both to 16 bits, interleave them, multiply by (weight, weight') and add pairs
//! ```
//!
//! The pair of rows is there because the multiplier adds neighbouring products for free. The sums
//! of a strip stay in registers from the first row to the last, so nothing but pixels is read.
//! Interleaving works within halves of a register, so the halves are put right once, at the end.

use super::scalar;
use super::windows::{LANES, SAMPLES, Windows};
use std::arch::x86_64::*;

/// Columns per vector of 16-bit values.
const STEP: usize = 16;
/// Vectors per strip: eight registers of sums.
const WIDE: usize = 4;

/// How far ahead of a strip its rows are fetched. Strips cross as many rows as a window has, more
/// than the processor follows by itself; without this, large pictures take twice the time.
pub(super) const AHEAD: usize = 512;

/// # Safety
/// The machine has AVX2, and `weights.len()` rows of `sums.len()` bytes, `stride` apart, lie in
/// `pixels`.
#[target_feature(enable = "avx2,popcnt")]
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
/// `16 * N` columns exist behind `sums` and in each of the `weights.len()` rows behind `rows`.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn strip<const N: usize>(sums: *mut u32, rows: *const u8, stride: usize, weights: &[u16]) {
    let mut low = [_mm256_setzero_si256(); N];
    let mut high = [_mm256_setzero_si256(); N];
    for (pair, weights) in weights.chunks(2).enumerate() {
        // A last single row is paired with itself at weight 0.
        let (weight, other, distance) = match *weights {
            [weight, other] => (weight, other, stride),
            [weight] => (weight, 0, 0),
            _ => unreachable!("chunks of two"),
        };
        let factors = _mm256_set1_epi32(i32::from(other) << 16 | i32::from(weight));
        for step in 0..N {
            // SAFETY: rows 2 * pair and the one `distance` behind it have these 16 bytes.
            let (a, b) = unsafe {
                let row = rows.add(2 * pair * stride + step * STEP);
                if step % 4 == 0 {
                    prefetch(row.wrapping_add(AHEAD));
                    prefetch(row.wrapping_add(distance + AHEAD));
                }
                (_mm_loadu_si128(row.cast()), _mm_loadu_si128(row.add(distance).cast()))
            };
            let (a, b) = (_mm256_cvtepu8_epi16(a), _mm256_cvtepu8_epi16(b));
            let products = _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), factors);
            low[step] = _mm256_add_epi32(low[step], products);
            let products = _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), factors);
            high[step] = _mm256_add_epi32(high[step], products);
        }
    }
    for step in 0..N {
        // `low` holds columns 0–3 and 8–11, `high` 4–7 and 12–15.
        let first = _mm256_permute2x128_si256::<0x20>(low[step], high[step]);
        let second = _mm256_permute2x128_si256::<0x31>(low[step], high[step]);
        // SAFETY: `sums` has 16 * N elements.
        unsafe {
            _mm256_storeu_si256(sums.add(step * STEP).cast(), first);
            _mm256_storeu_si256(sums.add(step * STEP + 8).cast(), second);
        }
    }
}

/// The multiplier takes the even 32-bit elements of a register; shifting brings the odd ones down.
/// All window lengths are multiples of the register's eight elements.
///
/// # Safety
/// The machine has AVX2.
#[target_feature(enable = "avx2,popcnt")]
pub(super) unsafe fn weigh_columns(samples: &mut [u64; SAMPLES], sums: &[u32], windows: &Windows) {
    for (sample, (first, weights)) in samples.iter_mut().zip(windows.columns()) {
        let sums = &sums[first..first + weights.len()];
        let mut even = _mm256_setzero_si256();
        let mut odd = _mm256_setzero_si256();
        for (sums, weights) in
            sums.as_chunks::<LANES>().0.iter().zip(weights.as_chunks::<LANES>().0)
        {
            // SAFETY: both are arrays of eight elements.
            let (sums, weights) = unsafe {
                (
                    _mm256_loadu_si256(sums.as_ptr().cast()),
                    _mm256_loadu_si256(weights.as_ptr().cast()),
                )
            };
            even = _mm256_add_epi64(even, _mm256_mul_epu32(sums, weights));
            let (sums, weights) = (_mm256_srli_epi64::<32>(sums), _mm256_srli_epi64::<32>(weights));
            odd = _mm256_add_epi64(odd, _mm256_mul_epu32(sums, weights));
        }
        let four = _mm256_add_epi64(even, odd);
        let two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256::<1>(four));
        let one = _mm_add_epi64(two, _mm_unpackhi_epi64(two, two));
        *sample = _mm_cvtsi128_si64(one) as u64;
    }
}

/// Asks for the cache line at an address, which need not exist: a prefetch never faults.
#[inline]
#[target_feature(enable = "sse")]
pub(super) fn prefetch(address: *const u8) {
    _mm_prefetch::<_MM_HINT_T0>(address.cast());
}
