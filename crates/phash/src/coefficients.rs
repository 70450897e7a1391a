//! The 16×16 low frequencies of a picture, and the bits of its eight hashes.

use crate::cosines::{COLUMNS, ROWS};
use crate::{MIN_SIDE, PdqResult, Pixels, Samples};
use hashward_hash::{Orientation, Pdq, Quality};

/// The coefficients behind a hash: bit `16 * i + j` is set where coefficient `(i, j)` is above the
/// median, `i` being the vertical frequency less 1 and `j` the horizontal one.
#[derive(Clone, Copy)]
pub struct Coefficients {
    /// The coefficients, those of one vertical frequency after the other.
    pub values: [[f32; 16]; 16],
    /// The quality of the picture.
    pub quality: Quality,
}

/// What mirroring does to a coefficient: a mirrored picture has the odd frequencies, that is the
/// even indices, with the other sign.
#[derive(Debug, Clone, Copy)]
struct Mirrored {
    /// Top and bottom exchanged.
    vertically: bool,
    /// Left and right exchanged.
    horizontally: bool,
}

impl Coefficients {
    /// The coefficients of a picture at full resolution; `None` below [`MIN_SIDE`].
    #[must_use]
    pub fn of(pixels: &Pixels<'_>) -> Option<Self> {
        if pixels.width().min(pixels.height()) < MIN_SIDE {
            return None;
        }
        Some(Self::of_samples(&Samples::of(pixels)))
    }

    /// The coefficients of 64×64 samples, with the reference's operations in its order: they add
    /// no difference of their own.
    #[must_use]
    pub fn of_samples(samples: &Samples) -> Self {
        /// Columns whose sums stay in registers.
        const BLOCK: usize = 16;
        let mut values = [[0.0; 16]; 16];
        for (values, cosines) in values.iter_mut().zip(&ROWS) {
            let mut vertical = [0.0; 64];
            for (block, sums) in vertical.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
                for (row, cosine) in samples.0.iter().zip(cosines) {
                    let row = &row.as_chunks::<BLOCK>().0[block];
                    for (sum, sample) in sums.iter_mut().zip(row) {
                        *sum += cosine * sample;
                    }
                }
            }
            for (value, cosines) in vertical.iter().zip(&COLUMNS) {
                for (sum, cosine) in values.iter_mut().zip(cosines) {
                    *sum += value * cosine;
                }
            }
        }
        Self { values, quality: samples.quality() }
    }

    /// The hashes of the eight orientations. They cost four medians: turning a picture exchanges
    /// the indices of its coefficients, and mirroring changes signs.
    #[must_use]
    pub fn result(&self) -> PdqResult {
        let hash = |vertically, horizontally| self.bits(Mirrored { vertically, horizontally });
        let (plain, upside_down) = (hash(false, false), hash(true, false));
        let (mirrored, half_turned) = (hash(false, true), hash(true, true));
        let mut hashes = [Pdq::default(); 8];
        for orientation in Orientation::ALL {
            hashes[orientation as usize] = match orientation {
                Orientation::Original => plain,
                // Turned clockwise: mirrored top and bottom, then at the main diagonal.
                Orientation::Rot90 => transpose(upside_down),
                Orientation::Rot180 => half_turned,
                Orientation::Rot270 => transpose(mirrored),
                Orientation::FlipX => mirrored,
                Orientation::FlipY => upside_down,
                Orientation::Transpose => transpose(plain),
                Orientation::Transverse => transpose(half_turned),
            };
        }
        PdqResult { quality: self.quality, hashes }
    }

    /// The coefficients of the picture in another orientation.
    #[must_use]
    pub fn turned(&self, orientation: Orientation) -> Self {
        let mut values = [[0.0; 16]; 16];
        for (i, row) in self.values.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                // Coefficient (i, j) has frequencies i + 1 and j + 1; odd ones change sign.
                let sign = |negative: bool| if negative { -value } else { *value };
                let (odd_i, odd_j) = (i % 2 == 0, j % 2 == 0);
                match orientation {
                    Orientation::Original => values[i][j] = *value,
                    Orientation::Rot90 => values[j][i] = sign(odd_i),
                    Orientation::Rot180 => values[i][j] = sign(odd_i != odd_j),
                    Orientation::Rot270 => values[j][i] = sign(odd_j),
                    Orientation::FlipX => values[i][j] = sign(odd_j),
                    Orientation::FlipY => values[i][j] = sign(odd_i),
                    Orientation::Transpose => values[j][i] = *value,
                    Orientation::Transverse => values[j][i] = sign(odd_i != odd_j),
                }
            }
        }
        Self { values, quality: self.quality }
    }

    /// The median that the bits are compared with: the 128th smallest of the 256 coefficients.
    #[must_use]
    pub fn median(&self) -> f32 {
        median(self.values)
    }

    fn bits(&self, mirrored: Mirrored) -> Pdq {
        let mut values = self.values;
        for (i, row) in values.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                let vertical = mirrored.vertically && i % 2 == 0;
                let horizontal = mirrored.horizontally && j % 2 == 0;
                if vertical != horizontal {
                    *value = -*value;
                }
            }
        }
        let median = median(values);
        from_rows(values.map(|row| {
            row.iter()
                .enumerate()
                .fold(0, |bits, (j, value)| bits | u16::from(*value > median) << j)
        }))
    }
}

impl std::fmt::Debug for Coefficients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coefficients(…)")
    }
}

fn median(values: [[f32; 16]; 16]) -> f32 {
    let mut values = values;
    let (_, median, _) =
        values.as_flattened_mut().select_nth_unstable_by(127, |a, b| a.total_cmp(b));
    *median
}

fn from_rows(rows: [u16; 16]) -> Pdq {
    let mut words = [0; 4];
    for (i, row) in rows.iter().enumerate() {
        words[i / 4] |= u64::from(*row) << (16 * (i % 4));
    }
    Pdq(words)
}

/// Exchanges the two indices of each bit.
fn transpose(hash: Pdq) -> Pdq {
    let mut rows = [0; 16];
    for i in 0..16 {
        let row = hash.0[i / 4] >> (16 * (i % 4));
        for (j, target) in rows.iter_mut().enumerate() {
            *target |= ((row >> j & 1) as u16) << i;
        }
    }
    from_rows(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = [[f32; 16]; 16]> {
        prop::collection::vec(-50.0f32..50.0, 256).prop_map(|flat| {
            let mut values = [[0.0; 16]; 16];
            values.as_flattened_mut().copy_from_slice(&flat);
            values
        })
    }

    #[test]
    fn ties_with_the_median_are_not_above_it() {
        let flat = Coefficients { values: [[0.0; 16]; 16], quality: Quality(0) };
        assert!(flat.result().hashes.iter().all(|hash| hash.ones() == 0));
        let mut values = [[0.0; 16]; 16];
        values[3][5] = 1.0;
        let one = Coefficients { values, quality: Quality(0) }.result();
        assert_eq!(one.hashes[0].0, [1 << (16 * 3 + 5), 0, 0, 0]);
        assert_eq!(one.hashes[Orientation::Transpose as usize].0, [0, 1 << (16 + 3), 0, 0]);
    }

    proptest! {
        #[test]
        fn distinct_coefficients_set_half_of_the_bits(values in values()) {
            let mut sorted: Vec<f32> = values.as_flattened().to_vec();
            sorted.sort_by(f32::total_cmp);
            sorted.dedup();
            prop_assume!(sorted.len() == 256);
            let coefficients = Coefficients { values, quality: Quality(0) };
            prop_assert_eq!(coefficients.median(), sorted[127]);
            prop_assert!(coefficients.result().hashes.iter().all(|hash| hash.ones() == 128));
        }

        #[test]
        fn transposing_twice_changes_nothing(words: [u64; 4]) {
            prop_assert_eq!(transpose(transpose(Pdq(words))), Pdq(words));
        }
    }
}
