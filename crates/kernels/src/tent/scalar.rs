//! The specification of the tent kernels: plain loops.

use super::windows::{SAMPLES, Windows};

pub(super) fn weigh_rows(sums: &mut [u32], pixels: &[u8], stride: usize, weights: &[u16]) {
    sums.fill(0);
    for (row, weight) in weights.iter().enumerate() {
        for (sum, pixel) in sums.iter_mut().zip(&pixels[row * stride..]) {
            *sum = sum.wrapping_add(u32::from(*weight) * u32::from(*pixel));
        }
    }
}

pub(super) fn weigh_columns(samples: &mut [u64; SAMPLES], sums: &[u32], windows: &Windows) {
    for (sample, (first, weights)) in samples.iter_mut().zip(windows.columns()) {
        *sample = sums[first..]
            .iter()
            .zip(weights)
            .map(|(sum, weight)| u64::from(*sum) * u64::from(*weight))
            .fold(0, u64::wrapping_add);
    }
}
