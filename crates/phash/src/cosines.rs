//! The rows of the discrete cosine transform that PDQ keeps, computed at compile time.
//!
//! A table made by the compiler does not depend on the mathematical library of the machine, whose
//! cosine may differ in the last bit from one system to another.

/// Rows 1 to 16 of the 64-point transform: `√(2/64) · cos(π/128 · (i + 1)(2j + 1))` for row `i` and
/// sample `j`, the scale rounded to single precision first, as in the reference.
pub(crate) static ROWS: [[f32; 64]; 16] = rows();

/// [`ROWS`] with rows and columns exchanged.
pub(crate) static COLUMNS: [[f32; 16]; 64] = columns();

/// `√(2/64)` in single precision.
const SCALE: f32 = 0.176_776_69;

const fn rows() -> [[f32; 64]; 16] {
    let mut table = [[0.0; 64]; 16];
    let mut i = 0;
    while i < 16 {
        let mut j = 0;
        while j < 64 {
            table[i][j] = (SCALE as f64 * cosine((i as u32 + 1) * (2 * j as u32 + 1))) as f32;
            j += 1;
        }
        i += 1;
    }
    table
}

const fn columns() -> [[f32; 16]; 64] {
    let rows = rows();
    let mut table = [[0.0; 16]; 64];
    let mut i = 0;
    while i < 16 {
        let mut j = 0;
        while j < 64 {
            table[j][i] = rows[i][j];
            j += 1;
        }
        i += 1;
    }
    table
}

/// cos(π/128 · step), by symmetry from the first quarter of the circle.
const fn cosine(step: u32) -> f64 {
    let step = step % 256;
    let step = if step > 128 { 256 - step } else { step };
    if step > 64 { -first_quarter(128 - step) } else { first_quarter(step) }
}

/// The power series of the cosine up to π/2; sixteen terms are exact in double precision.
const fn first_quarter(step: u32) -> f64 {
    let angle = std::f64::consts::PI / 128.0 * step as f64;
    let mut sum = 0.0;
    // The smallest terms first.
    let mut n = 16;
    while n > 0 {
        // 1 - a²/((2n-1)(2n)) · (rest), from the inside out.
        let denominator = (2 * n - 1) as f64 * (2 * n) as f64;
        sum = angle * angle / denominator * (1.0 - sum);
        n -= 1;
    }
    1.0 - sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_of_the_formula() {
        for (i, row) in ROWS.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let angle = std::f64::consts::PI / 2.0 / 64.0 * (i + 1) as f64 * (2 * j + 1) as f64;
                let expected = f64::from((2.0f64 / 64.0).sqrt() as f32) * angle.cos();
                assert_eq!(*value, expected as f32, "row {i} sample {j}");
                assert_eq!(*value, COLUMNS[j][i]);
            }
        }
    }
}
