//! PDQ's tent filter and 64-fold sampling, in exact integers.
//!
//! The reference blurs the whole picture twice in each direction and then keeps 64×64 of its
//! pixels. Both steps are linear and separable, so the samples are `R · P · Cᵀ`, where row `k` of
//! `R` (of `C`) holds the weights that sample `k` gives to the rows (columns) of the picture `P`:
//! a tent about as wide as the distance between two samples. The weights are fractions with a
//! small common denominator ([`Windows`]), so that the whole product is computed in integers:
//!
//! ```text
//! for each of the 64 row windows:
//!     sums[x]    = Σ weight[r] · pixel[r][x]            weigh_rows: one pass over the pixels
//!     samples[k] = Σ weight[k][x] · sums[x]             weigh_columns
//! ```
//!
//! Integer sums do not depend on their order, which is why every backend gives the same bits and
//! why a picture's bytes are read about once. Rows go first because their inner loop runs over
//! neighbouring bytes, interleaved colour channels included: nothing is converted to floating
//! point, taken apart or stored at the size of the picture.
//!
//! Source: `pdq/cpp/downscaling/downscaling.cpp` of facebook/ThreatExchange for the filter's
//! definition; the product form is our own.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
mod windows;

pub use windows::{MAX_WEIGHT, SAMPLES, Window, Windows};

use crate::dispatch::{Backend, backend};

/// Writes the weighted sum of some rows: `sums[x] = Σ weights[r] · pixels[r * stride + x]`.
///
/// A "row" is any run of bytes: for interleaved colour, `sums` has an element per channel of
/// each pixel. Sums wrap at 2³², which [`Windows`] never reaches.
///
/// # Panics
/// When `pixels` ends before the last row does or a weight exceeds [`MAX_WEIGHT`].
pub fn weigh_rows(sums: &mut [u32], pixels: &[u8], stride: usize, weights: &[u16]) {
    weigh_rows_with(backend(), sums, pixels, stride, weights);
}

/// [`weigh_rows`] on a given backend.
///
/// # Panics
/// As [`weigh_rows`], and when this machine lacks the backend.
pub fn weigh_rows_with(
    backend: Backend,
    sums: &mut [u32],
    pixels: &[u8],
    stride: usize,
    weights: &[u16],
) {
    let needed = weights.len().checked_sub(1).map_or(Some(0), |rows_before_last| {
        rows_before_last.checked_mul(stride)?.checked_add(sums.len())
    });
    assert!(needed.is_some_and(|needed| needed <= pixels.len()), "pixels end before the last row");
    assert!(weights.iter().all(|weight| *weight <= MAX_WEIGHT), "a weight is too large");
    match backend.checked() {
        // SAFETY: `checked` has proved that the machine has the instructions, and the assertion
        // above that `weights.len()` rows of `sums.len()` bytes, `stride` apart, lie in `pixels`.
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 => unsafe { avx512::weigh_rows(sums, pixels, stride, weights) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 => unsafe { avx2::weigh_rows(sums, pixels, stride, weights) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Backend::Neon => unsafe { neon::weigh_rows(sums, pixels, stride, weights) },
        _ => scalar::weigh_rows(sums, pixels, stride, weights),
    }
}

/// Writes the 64 samples of one row of sums: `samples[k] = Σ weight[k][x] · sums[x]`, where `x`
/// runs over the interleaved channels too and a channel's factor is part of its weight. Samples
/// wrap at 2⁶⁴, which sums made by [`weigh_rows`] never reach.
///
/// # Panics
/// When `sums` is shorter than [`Windows::padded_length`]. What stands behind the elements of the
/// last pixel does not matter.
pub fn weigh_columns(samples: &mut [u64; SAMPLES], sums: &[u32], windows: &Windows) {
    weigh_columns_with(backend(), samples, sums, windows);
}

/// [`weigh_columns`] on a given backend.
///
/// # Panics
/// As [`weigh_columns`], and when this machine lacks the backend.
pub fn weigh_columns_with(
    backend: Backend,
    samples: &mut [u64; SAMPLES],
    sums: &[u32],
    windows: &Windows,
) {
    assert!(sums.len() >= windows.padded_length(), "sums end before the last window");
    match backend.checked() {
        // Windows are too short for wider registers to pay.
        // SAFETY: `checked` has proved that the machine has AVX2; AVX-512 includes it.
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 | Backend::Avx2 => unsafe { avx2::weigh_columns(samples, sums, windows) },
        // SAFETY: `checked` has proved that the machine has the instructions.
        #[cfg(target_arch = "aarch64")]
        Backend::Neon => unsafe { neon::weigh_columns(samples, sums, windows) },
        _ => scalar::weigh_columns(samples, sums, windows),
    }
}

#[cfg(test)]
mod tests;
