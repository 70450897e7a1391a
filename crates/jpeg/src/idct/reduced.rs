//! Half and quarter scale: few samples from the low coefficients.

use super::sample;
use crate::block::Block;

const BITS: i32 = 12;

/// For half scale, sample j of 4 from coefficient u: the mean of the inverse DCT's samples 2j and
/// 2j + 1, times the square root of 8 and 2^12.
const HALF: [[i32; 4]; 4] = [
    [4096, 5249, 3784, 1843],
    [4096, 2174, -3784, -4450],
    [4096, -2174, -3784, 4450],
    [4096, -5249, 3784, -1843],
];

/// The 4 × 4 samples of a block.
#[inline(always)]
pub(crate) fn half(block: &Block) -> [[u8; 4]; 4] {
    let input = &block.coefficients;
    let mut columns = [[0i32; 4]; 4];
    for (out, weights) in columns.iter_mut().zip(&HALF) {
        for (x, out) in out.iter_mut().enumerate() {
            let sum: i32 = (0..4).map(|v| i32::from(input[v * 8 + x]) * weights[v]).sum();
            *out = (sum + (1 << 7)) >> 8;
        }
    }
    // Four of the twelve bits are left, and the scale of 8.
    let shift = 4 + BITS + 3;
    columns.map(|row| {
        HALF.map(|weights| {
            let sum: i32 = row.iter().zip(&weights).map(|(value, weight)| value * weight).sum();
            sample((sum + (1 << (shift - 1))) >> shift)
        })
    })
}

/// For quarter scale, the weight of the first coefficient beside the mean, times the square root
/// of 8 and 2^12: the mean of the inverse DCT's samples 0 to 3.
const QUARTER: i32 = 3711;

/// The 2 × 2 samples of a block.
#[inline(always)]
pub(crate) fn quarter(block: &Block) -> [[u8; 2]; 2] {
    let input = |place: usize| i32::from(block.coefficients[place]);
    let column = |x: usize| {
        let (even, odd) = (input(x) << 4, (input(8 + x) * QUARTER + (1 << 7)) >> 8);
        [even + odd, even - odd]
    };
    let (left, right) = (column(0), column(1));
    let shift = 4 + BITS + 3;
    let row = |y: usize| {
        let (even, odd) = ((left[y] << BITS) + (1 << (shift - 1)), right[y] * QUARTER);
        [sample((even + odd) >> shift), sample((even - odd) >> shift)]
    };
    [row(0), row(1)]
}
