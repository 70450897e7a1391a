//! The tent kernels with Advanced SIMD.
//!
//! NEON multiplies 16-bit values by a scalar and adds them to 32-bit sums in one instruction, so
//! rows need no pairing and columns no reordering: a strip keeps its sums in registers and adds
//! one row after the other.

use super::scalar;
use super::windows::{SAMPLES, Windows};
use std::arch::aarch64::*;

/// Columns per load.
const STEP: usize = 16;
/// Loads per strip: sixteen registers of sums.
const WIDE: usize = 4;

/// # Safety
/// The machine has NEON, and `weights.len()` rows of `sums.len()` bytes, `stride` apart, lie in
/// `pixels`.
#[target_feature(enable = "neon")]
pub(super) unsafe fn weigh_rows(sums: &mut [u32], pixels: &[u8], stride: usize, weights: &[u16]) {
    if sums.len() < STEP {
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
        // SAFETY: as above, with one load.
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
#[target_feature(enable = "neon")]
unsafe fn strip<const N: usize>(sums: *mut u32, rows: *const u8, stride: usize, weights: &[u16]) {
    let mut quarters = [[vdupq_n_u32(0); 4]; N];
    for (row, weight) in weights.iter().enumerate() {
        for (step, quarters) in quarters.iter_mut().enumerate() {
            // SAFETY: the row has these 16 bytes.
            let bytes = unsafe { vld1q_u8(rows.add(row * stride + step * STEP)) };
            let (low, high) = (vmovl_u8(vget_low_u8(bytes)), vmovl_high_u8(bytes));
            quarters[0] = vmlal_n_u16(quarters[0], vget_low_u16(low), *weight);
            quarters[1] = vmlal_high_n_u16(quarters[1], low, *weight);
            quarters[2] = vmlal_n_u16(quarters[2], vget_low_u16(high), *weight);
            quarters[3] = vmlal_high_n_u16(quarters[3], high, *weight);
        }
    }
    for (step, quarters) in quarters.iter().enumerate() {
        for (index, quarter) in quarters.iter().enumerate() {
            // SAFETY: `sums` has 16 * N elements.
            unsafe { vst1q_u32(sums.add(step * STEP + 4 * index), *quarter) };
        }
    }
}

/// All window lengths are multiples of eight elements, hence of a register's four.
///
/// # Safety
/// The machine has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn weigh_columns(samples: &mut [u64; SAMPLES], sums: &[u32], windows: &Windows) {
    for (sample, (first, weights)) in samples.iter_mut().zip(windows.columns()) {
        let sums = &sums[first..first + weights.len()];
        let mut low = vdupq_n_u64(0);
        let mut high = vdupq_n_u64(0);
        for (sums, weights) in sums.as_chunks::<4>().0.iter().zip(weights.as_chunks::<4>().0) {
            // SAFETY: both are arrays of four elements.
            let (sums, weights) =
                unsafe { (vld1q_u32(sums.as_ptr()), vld1q_u32(weights.as_ptr())) };
            low = vmlal_u32(low, vget_low_u32(sums), vget_low_u32(weights));
            high = vmlal_high_u32(high, sums, weights);
        }
        *sample = vaddvq_u64(vaddq_u64(low, high));
    }
}
