//! Half and quarter scale: few samples from the low coefficients.

use super::sample;
use crate::block::Block;

const BITS: i32 = 12;
const GUARD: i32 = 2;

// For half scale, what coefficients 1 to 3 add to the four samples, times the square root of 8 and
// 2^12: the means of the inverse DCT's samples 2j and 2j + 1.
const FIRST: [i32; 2] = [5249, 2174];
const SECOND: i32 = 3784;
const THIRD: [i32; 2] = [1843, 4450];

/// The 4 × 4 samples of a block.
#[inline(always)]
pub(crate) fn half(block: &Block) -> [[u8; 4]; 4] {
    let mut input = [[0; 4]; 4];
    for (row, values) in input.iter_mut().zip(block.coefficients.as_chunks::<8>().0) {
        row.copy_from_slice(&values[..4]);
    }
    let rows = pass::<{ BITS + GUARD + 3 }>(&transpose(&pass::<{ BITS - GUARD }>(&input)));
    transpose(&rows).map(|row| row.map(|value| sample(value.into())))
}

/// One dimension of four lanes, rounded and shifted down by `SHIFT`.
#[inline(always)]
fn pass<const SHIFT: i32>(input: &[[i16; 4]; 4]) -> [[i16; 4]; 4] {
    let mut output = [[0; 4]; 4];
    for lane in 0..4 {
        let i = |index: usize| i32::from(input[index][lane]);
        let even0 = (i(0) << BITS) + (1 << (SHIFT - 1));
        let even = [even0 + i(2) * SECOND, even0 - i(2) * SECOND];
        let odd = [i(1) * FIRST[0] + i(3) * THIRD[0], i(1) * FIRST[1] - i(3) * THIRD[1]];
        let narrow = |value: i32| (value >> SHIFT).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        output[0][lane] = narrow(even[0] + odd[0]);
        output[1][lane] = narrow(even[1] + odd[1]);
        output[2][lane] = narrow(even[1] - odd[1]);
        output[3][lane] = narrow(even[0] - odd[0]);
    }
    output
}

#[inline(always)]
fn transpose(m: &[[i16; 4]; 4]) -> [[i16; 4]; 4] {
    let mut out = [[0; 4]; 4];
    for y in 0..4 {
        for x in 0..4 {
            out[y][x] = m[x][y];
        }
    }
    out
}

/// For quarter scale, the weight of the first coefficient beside the mean, times the square root
/// of 8 and 2^12. It is chosen so that two samples weigh as much as the eight that they stand for
/// under any weight that rises linearly across the block: nearly what a blur over many blocks
/// does. (The plain mean of four samples would be 3711.)
const QUARTER: i32 = 4664;

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
