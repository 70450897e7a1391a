//! The tent kernels with AVX2.
//!
//! ```text
//! for each band of 16 rows:
//!     for each 32 columns:
//!         for each pair of rows of the band:
//!             interleave both, widen to 16 bits, multiply by (weight, weight') and add pairs
//! ```
//!
//! The pair of rows is there because the multiplier adds neighbouring products for free. A band has
//! so few rows that the processor follows each of them through memory, and so many that the sums,
//! which stay in the first two caches, are seldom loaded and stored: taking all rows of a window
//! at once reads large pictures at a third of the speed, taking two at half. Interleaving works
//! within halves of a register, so the halves are put right with the last band.

use super::scalar;
use super::windows::{LANES, SAMPLES, Windows};
use std::arch::x86_64::*;

/// Columns that are treated at once.
const STEP: usize = 32;

/// Rows of a band, in pairs.
const PAIRS: usize = 8;

/// How far ahead of its use a row is fetched, in bytes. The processor would do it by itself, but
/// stops at the end of each page.
pub(super) const AHEAD: usize = 512;

/// Some neighbouring rows, weighed and added to the sums in one go.
pub(super) struct Band {
    pairs: [Pair; PAIRS],
    count: usize,
    /// True where there are no sums yet to add to.
    pub(super) is_first: bool,
    /// True where the sums are complete afterwards.
    pub(super) is_last: bool,
}

/// Two rows and what they weigh.
#[derive(Clone, Copy, Default)]
pub(super) struct Pair {
    /// Where the rows begin behind the first row of all.
    pub(super) one: usize,
    pub(super) other: usize,
    /// The weights of both, as 16-bit halves.
    pub(super) factors: i32,
}

impl Band {
    /// The bands of rows with these weights.
    pub(super) fn of(weights: &[u16], stride: usize) -> impl Iterator<Item = Self> {
        let bands = weights.len().div_ceil(2 * PAIRS);
        weights.chunks(2 * PAIRS).enumerate().map(move |(number, weights)| {
            let mut pairs = [Pair::default(); PAIRS];
            let rows = (number * 2 * PAIRS..).step_by(2).zip(weights.chunks(2));
            for (pair, (row, weights)) in pairs.iter_mut().zip(rows) {
                // A last single row is paired with itself at weight 0.
                let other = weights.get(1).map_or(0, |weight| i32::from(*weight));
                *pair = Pair {
                    one: row * stride,
                    other: (row + weights.len() - 1) * stride,
                    factors: other << 16 | i32::from(weights[0]),
                };
            }
            let (is_first, is_last) = (number == 0, number + 1 == bands);
            Self { pairs, count: weights.len().div_ceil(2), is_first, is_last }
        })
    }

    pub(super) fn pairs(&self) -> &[Pair] {
        &self.pairs[..self.count]
    }
}

/// # Safety
/// The machine has AVX2, and `weights.len()` rows of `sums.len()` bytes, `stride` apart, lie in
/// `pixels`.
#[target_feature(enable = "avx2,popcnt")]
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
/// 32 columns exist behind `sums` and in each of the band's rows behind `rows`.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn add(sums: *mut u32, rows: *const u8, band: &Band) {
    let zero = _mm256_setzero_si256();
    let place = |i: usize| sums.wrapping_add(8 * i).cast::<__m256i>();
    let mut four = [zero; 4];
    if !band.is_first {
        for (i, sum) in four.iter_mut().enumerate() {
            // SAFETY: `sums` has 32 elements.
            *sum = unsafe { _mm256_loadu_si256(place(i)) };
        }
    }
    for pair in band.pairs() {
        let factors = _mm256_set1_epi32(pair.factors);
        // SAFETY: both rows have these 32 bytes.
        let (a, b) = unsafe {
            let (a, b) = (rows.add(pair.one), rows.add(pair.other));
            prefetch(a.wrapping_add(AHEAD));
            prefetch(b.wrapping_add(AHEAD));
            (_mm256_loadu_si256(a.cast()), _mm256_loadu_si256(b.cast()))
        };
        let (low, high) = (_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b));
        let wide = [
            _mm256_unpacklo_epi8(low, zero),
            _mm256_unpackhi_epi8(low, zero),
            _mm256_unpacklo_epi8(high, zero),
            _mm256_unpackhi_epi8(high, zero),
        ];
        for (sum, wide) in four.iter_mut().zip(wide) {
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(wide, factors));
        }
    }
    if band.is_last {
        // Half h of register i holds columns 16h + 4i to 16h + 4i + 3.
        let [a, b, c, d] = four;
        four = [
            _mm256_permute2x128_si256::<0x20>(a, b),
            _mm256_permute2x128_si256::<0x20>(c, d),
            _mm256_permute2x128_si256::<0x31>(a, b),
            _mm256_permute2x128_si256::<0x31>(c, d),
        ];
    }
    for (i, sum) in four.into_iter().enumerate() {
        // SAFETY: `sums` has 32 elements.
        unsafe { _mm256_storeu_si256(place(i), sum) };
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
