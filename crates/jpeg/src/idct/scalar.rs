//! The specification: the accurate integer inverse DCT of the Independent JPEG Group ("islow"),
//! after Loeffler, Ligtenberg and Moschytz (1989): columns first, then rows, with constants of 13
//! fractional bits and two guard bits between the passes.

use super::sample;

pub(super) const BITS: i32 = 13;
pub(super) const GUARD: i32 = 2;

// The constants of the flow graph, times 2^13.
pub(super) const C0_298: i32 = 2446;
pub(super) const C0_390: i32 = 3196;
pub(super) const C0_541: i32 = 4433;
pub(super) const C0_765: i32 = 6270;
pub(super) const C0_899: i32 = 7373;
pub(super) const C1_175: i32 = 9633;
pub(super) const C1_501: i32 = 12299;
pub(super) const C1_847: i32 = 15137;
pub(super) const C1_961: i32 = 16069;
pub(super) const C2_053: i32 = 16819;
pub(super) const C2_562: i32 = 20995;
pub(super) const C3_072: i32 = 25172;

/// What the first pass gives at most for 8-bit samples is 4,096 and an error of quantisation;
/// beyond this the 16-bit arithmetic of other decoders would begin to wrap around.
const MOST: i32 = 16_383;

/// The samples of a block from its dequantised coefficients, row by row, or `None` when no picture
/// gives these. Their magnitudes must not sum up to more than [`crate::block::MOST`].
pub(super) fn idct(block: &[i16; 64]) -> Option<[[u8; 8]; 8]> {
    let mut columns = [[0i32; 8]; 8];
    for x in 0..8 {
        let column: [i32; 8] = std::array::from_fn(|y| i32::from(block[y * 8 + x]));
        for (y, value) in pass(column).into_iter().enumerate() {
            columns[y][x] = descale(value, BITS - GUARD);
        }
    }
    if columns.iter().flatten().any(|value| !(-MOST..=MOST).contains(value)) {
        return None;
    }
    Some(columns.map(|row| pass(row).map(|value| sample(descale(value, BITS + GUARD + 3)))))
}

fn descale(value: i32, bits: i32) -> i32 {
    value.wrapping_add(1 << (bits - 1)) >> bits
}

/// One dimension, scaled up by 2^13 and the square root of 8. Intermediate products of large
/// coefficients may wrap around; the results don't, so they come out right.
fn pass(input: [i32; 8]) -> [i32; 8] {
    let times = i32::wrapping_mul;
    let plus = i32::wrapping_add;
    let minus = i32::wrapping_sub;

    let z1 = times(plus(input[2], input[6]), C0_541);
    let even2 = minus(z1, times(input[6], C1_847));
    let even3 = plus(z1, times(input[2], C0_765));
    let even0 = times(plus(input[0], input[4]), 1 << BITS);
    let even1 = times(minus(input[0], input[4]), 1 << BITS);
    let even = [plus(even0, even3), plus(even1, even2), minus(even1, even2), minus(even0, even3)];

    let [t0, t1, t2, t3] = [input[7], input[5], input[3], input[1]];
    let (z1, z2, z3, z4) = (plus(t0, t3), plus(t1, t2), plus(t0, t2), plus(t1, t3));
    let z5 = times(plus(z3, z4), C1_175);
    let (z1, z2) = (times(z1, -C0_899), times(z2, -C2_562));
    let z3 = plus(times(z3, -C1_961), z5);
    let z4 = plus(times(z4, -C0_390), z5);
    let odd = [
        plus(times(t3, C1_501), plus(z1, z4)),
        plus(times(t2, C3_072), plus(z2, z3)),
        plus(times(t1, C2_053), plus(z2, z4)),
        plus(times(t0, C0_298), plus(z1, z3)),
    ];
    std::array::from_fn(
        |i| {
            if i < 4 { plus(even[i], odd[i]) } else { minus(even[7 - i], odd[7 - i]) }
        },
    )
}
