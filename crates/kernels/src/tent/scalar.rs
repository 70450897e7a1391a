//! The specification of the tent kernels: plain loops, which the compiler may vectorise.

use super::windows::{LANES, SAMPLES, Windows};

pub(super) fn weigh_rows(sums: &mut [u32], pixels: &[u8], stride: usize, weights: &[u16]) {
    sums.fill(0);
    for (row, weight) in weights.iter().enumerate() {
        for (sum, pixel) in sums.iter_mut().zip(&pixels[row * stride..]) {
            *sum = sum.wrapping_add(u32::from(*weight) * u32::from(*pixel));
        }
    }
}

/// Also the body of the other backends, compiled for their instructions: [`LANES`] independent
/// integer sums per channel are what every vectoriser understands.
#[inline(always)]
pub(super) fn weigh_columns<const C: usize>(
    samples: &mut [[u64; C]; SAMPLES],
    sums: &[u32],
    windows: &Windows,
) {
    for (sample, (first, weights)) in samples.iter_mut().zip(windows.columns()) {
        let mut lanes = [[0u64; C]; LANES];
        let (values, _) = sums[first..first + weights.len()].as_chunks::<C>();
        let (weights, _) = weights.as_chunks::<C>();
        for (values, weights) in values.chunks_exact(LANES).zip(weights.chunks_exact(LANES)) {
            for lane in 0..LANES {
                for channel in 0..C {
                    lanes[lane][channel] +=
                        u64::from(values[lane][channel]) * u64::from(weights[lane][channel]);
                }
            }
        }
        *sample = [0; C];
        for lane in lanes {
            for channel in 0..C {
                sample[channel] += lane[channel];
            }
        }
    }
}
