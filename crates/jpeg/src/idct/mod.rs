//! Inverse DCT of one block at each scale.

mod lanes;
mod reduced;
mod scalar;

pub(crate) use reduced::{half, quarter};

use crate::block::Block;
use crate::error::Fault;

/// Largest sum of magnitudes for which no step of the 16-bit arithmetic can overflow: the first
/// pass multiplies by less than 5.56, and sums of two of its results must stay below 32,768.
const NARROW: u32 = 5_800;

/// The samples of a block, row by row.
#[inline(always)]
pub(crate) fn full(block: &Block) -> Result<[[u8; 8]; 8], Fault> {
    if block.last == 0 {
        return Ok([[mean(block); 8]; 8]);
    }
    if block.magnitude <= NARROW {
        let coefficients = block.coefficients.first_chunk().expect("a block has 64 coefficients");
        return Ok(lanes::idct(coefficients, block.last));
    }
    wide(block)
}

/// Blocks of extreme contrast, and damage.
#[cold]
#[inline(never)]
fn wide(block: &Block) -> Result<[[u8; 8]; 8], Fault> {
    let coefficients = block.coefficients.first_chunk().expect("a block has 64 coefficients");
    scalar::idct(coefficients).ok_or(Fault::Range)
}

/// The mean sample of a block.
#[inline(always)]
pub(crate) fn mean(block: &Block) -> u8 {
    flat(block.coefficients[0])
}

/// The sample of a block that has only a DC coefficient.
#[inline(always)]
pub(crate) fn flat(dc: i16) -> u8 {
    sample((i32::from(dc) + 4) >> 3)
}

/// Shifts to the range of samples.
#[inline(always)]
fn sample(value: i32) -> u8 {
    (value + 128).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{MOST, ZIGZAG};
    use proptest::prelude::*;

    /// The inverse DCT as the standard defines it.
    fn exact(coefficients: &[i16; 64]) -> [[f64; 8]; 8] {
        let basis = |u: usize, x: usize| {
            let scale = if u == 0 { 0.5f64.sqrt() } else { 1.0 };
            scale * ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos() / 2.0
        };
        let mut out = [[0.0; 8]; 8];
        for (y, row) in out.iter_mut().enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                *value = (0..64)
                    .map(|i| f64::from(coefficients[i]) * basis(i / 8, y) * basis(i % 8, x))
                    .sum::<f64>()
                    + 128.0;
            }
        }
        out
    }

    fn blocks() -> impl Strategy<Value = Block> {
        let sizes = prop_oneof![Just(1i32), Just(20), Just(200), Just(1500)];
        (0usize..64, sizes).prop_flat_map(|(last, size)| {
            prop::collection::vec(-size..=size, last + 1).prop_map(move |values| {
                let mut block = Block::new();
                for (k, &value) in values.iter().enumerate() {
                    if block.magnitude + value.unsigned_abs() <= MOST {
                        block.coefficients[usize::from(ZIGZAG[k])] = value as i16;
                        block.magnitude += value.unsigned_abs();
                    }
                }
                block.last = last as u32;
                block
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn every_path_gives_the_samples_of_the_scalar_one(block in blocks()) {
            let coefficients = block.coefficients.first_chunk().unwrap();
            if let Some(expected) = scalar::idct(coefficients) {
                prop_assert_eq!(full(&block), Ok(expected));
            }
        }

        #[test]
        fn the_scalar_one_is_within_one_of_the_standard(block in blocks()) {
            let coefficients = block.coefficients.first_chunk().unwrap();
            let Some(fast) = scalar::idct(coefficients) else { return Ok(()) };
            let exact = exact(coefficients);
            for (fast, exact) in fast.iter().flatten().zip(exact.iter().flatten()) {
                prop_assert!((f64::from(*fast) - exact.clamp(0.0, 255.0)).abs() < 1.01);
            }
        }

        #[test]
        fn half_scale_is_the_mean_of_two_by_two(mut block in blocks()) {
            for place in (0..64).filter(|place| place % 8 > 3 || place / 8 > 3) {
                block.coefficients[place] = 0;
            }
            let exact = exact(block.coefficients.first_chunk().unwrap());
            for (y, row) in half(&block).iter().enumerate() {
                for (x, &sample) in row.iter().enumerate() {
                    let mean = (0..4).map(|i| exact[2 * y + i / 2][2 * x + i % 2]).sum::<f64>() / 4.0;
                    // Beyond this first-pass values are clipped.
                    if block.magnitude < 5000 {
                        prop_assert!((f64::from(sample) - mean.clamp(0.0, 255.0)).abs() < 1.3);
                    }
                }
            }
        }

        #[test]
        fn quarter_scale_keeps_sums_under_linear_weights(values: [i8; 4]) {
            let mut block = Block::new();
            for (place, value) in [0, 1, 8, 9].into_iter().zip(values) {
                block.coefficients[place] = value.into();
            }
            let exact = exact(block.coefficients.first_chunk().unwrap());
            let samples = quarter(&block);
            // Where samples of either were clipped the sums differ.
            let clipped = samples.as_flattened().iter().any(|&v| v == 0 || v == 255);
            for weight in [|x: f64, _: f64| x, |_: f64, y: f64| y, |x: f64, y: f64| x * y] {
                let of = |side: usize, value: &dyn Fn(usize, usize) -> f64| -> f64 {
                    let centre = |i: usize| (i as f64 + 0.5) * 8.0 / side as f64 - 4.0;
                    let area = (64 / side / side) as f64;
                    let places = (0..side * side).map(|i| (i / side, i % side));
                    places.map(|(y, x)| weight(centre(x), centre(y)) * value(y, x) * area).sum()
                };
                let few = of(2, &|y, x| f64::from(samples[y][x]));
                let all = of(8, &|y, x| exact[y][x]);
                prop_assert!(clipped || (few - all).abs() < 140.0, "{few} {all}");
            }
        }
    }
}
