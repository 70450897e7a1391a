//! The same arithmetic, eight columns or rows at a time, in a form that compilers turn into vector
//! instructions.
//!
//! ```text
//! pass(columns) → transpose → pass(rows) → samples → transpose
//! ```
//! Where the specification multiplies a sum and then its parts, this multiplies single 16-bit
//! inputs by 16-bit constants: the same exact sums, in instructions that every processor has.

use super::scalar::{
    BITS, C0_298, C0_390, C0_541, C0_765, C0_899, C1_175, C1_501, C1_847, C1_961, C2_053, C2_562,
    C3_072, GUARD,
};

/// Eight lanes for each of eight inputs or outputs.
type Square = [[i16; 8]; 8];

/// The samples of a block from its dequantised coefficients, row by row; behind place `last` of
/// the zigzag order all are zero. Magnitudes must not sum up to more than [`super::NARROW`].
#[inline(always)]
pub(super) fn idct(block: &[i16; 64], last: u32) -> [[u8; 8]; 8] {
    let mut rows = [[0; 8]; 8];
    for (row, values) in rows.iter_mut().zip(block.as_chunks::<8>().0) {
        *row = *values;
    }
    // The first ten coefficients lie in the upper left 4 × 4.
    if last < 10 { passes::<true>(&rows) } else { passes::<false>(&rows) }
}

#[inline(always)]
fn passes<const LOW: bool>(block: &Square) -> [[u8; 8]; 8] {
    let columns = transpose(&pass::<LOW, { BITS - GUARD }>(block));
    let rows = pass::<LOW, { BITS + GUARD + 3 }>(&columns);
    let mut samples = [[0u8; 8]; 8];
    for (samples, values) in samples.iter_mut().zip(&rows) {
        for (sample, &value) in samples.iter_mut().zip(values) {
            *sample = (value.clamp(-128, 127) as u8) ^ 0x80;
        }
    }
    transpose_bytes(samples)
}

/// One dimension of eight lanes, rounded and shifted down by `SHIFT`; `LOW` when inputs 4 to 7 are
/// zero.
#[inline(always)]
fn pass<const LOW: bool, const SHIFT: i32>(input: &Square) -> Square {
    let mut output = [[0i16; 8]; 8];
    for lane in 0..8 {
        let i = |index: usize| if LOW && index > 3 { 0 } else { i32::from(input[index][lane]) };
        let half = 1 << (SHIFT - 1);
        let even2 = i(2) * C0_541 + i(6) * (C0_541 - C1_847);
        let even3 = i(2) * (C0_541 + C0_765) + i(6) * C0_541;
        let even0 = ((i(0) + i(4)) << BITS) + half;
        let even1 = ((i(0) - i(4)) << BITS) + half;
        let even = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];
        let z3 = (i(7) + i(3)) as i16 as i32;
        let z4 = (i(5) + i(1)) as i16 as i32;
        let (z3, z4) = (z3 * (C1_175 - C1_961) + z4 * C1_175, z3 * C1_175 + z4 * (C1_175 - C0_390));
        let odd = [
            i(1) * (C1_501 - C0_899) + i(7) * -C0_899 + z4,
            i(3) * (C3_072 - C2_562) + i(5) * -C2_562 + z3,
            i(3) * -C2_562 + i(5) * (C2_053 - C2_562) + z4,
            i(1) * -C0_899 + i(7) * (C0_298 - C0_899) + z3,
        ];
        for y in 0..4 {
            output[y][lane] = narrow((even[y] + odd[y]) >> SHIFT);
            output[7 - y][lane] = narrow((even[y] - odd[y]) >> SHIFT);
        }
    }
    output
}

#[inline(always)]
fn narrow(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

#[inline(always)]
fn transpose(m: &Square) -> Square {
    let mut out = [[0; 8]; 8];
    for y in 0..8 {
        for x in 0..8 {
            out[y][x] = m[x][y];
        }
    }
    out
}

/// Transposes by exchanging ever smaller quarters of the square.
#[inline(always)]
fn transpose_bytes(m: [[u8; 8]; 8]) -> [[u8; 8]; 8] {
    let mut rows = m.map(u64::from_le_bytes);
    let mut exchange = |a: usize, b: usize, shift: u32, mask: u64| {
        let difference = (rows[a] >> shift ^ rows[b]) & mask;
        rows[b] ^= difference;
        rows[a] ^= difference << shift;
    };
    for i in 0..4 {
        exchange(i, i + 4, 32, 0x0000_0000_FFFF_FFFF);
    }
    for i in [0, 1, 4, 5] {
        exchange(i, i + 2, 16, 0x0000_FFFF_0000_FFFF);
    }
    for i in [0, 2, 4, 6] {
        exchange(i, i + 1, 8, 0x00FF_00FF_00FF_00FF);
    }
    rows.map(u64::to_le_bytes)
}
