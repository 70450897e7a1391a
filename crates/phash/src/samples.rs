//! The 64×64 blurred samples of a picture and the quality that PDQ reads off them.

use crate::{Layout, Pixels};
use hashward_hash::Quality;
use hashward_kernels::tent::{SAMPLES, Windows, weigh_columns, weigh_rows};

/// Luma as it is.
const LUMA: [u32; 1] = [1];

/// Shares of red, green and blue in luma, in thousandths.
const RGB: [u32; 3] = [299, 587, 114];

/// 64×64 samples of a picture's luma, rows from top to bottom, each 0 to 255.
#[derive(Clone)]
pub struct Samples(pub [[f32; SAMPLES]; SAMPLES]);

/// The factor of each channel of a pixel.
pub(crate) fn factors(layout: Layout) -> &'static [u32] {
    match layout {
        Layout::Luma8 => &LUMA,
        Layout::Rgb8 => &RGB,
    }
}

/// What a weighed row of samples is divided by, the sum of the row's own weights aside.
#[derive(Debug)]
pub(crate) struct Denominators([u64; SAMPLES]);

impl Denominators {
    pub(crate) fn new(columns: &Windows, layout: Layout) -> Self {
        let scale: u32 = factors(layout).iter().sum();
        Self(std::array::from_fn(|k| u64::from(scale) * u64::from(columns.window(k).sum)))
    }

    /// One division and one rounding per sample.
    pub(crate) fn divide(&self, weighed: &[u64; SAMPLES], row_sum: u32) -> [f32; SAMPLES] {
        let mut samples = [0.0; SAMPLES];
        for ((sample, weighed), denominator) in samples.iter_mut().zip(weighed).zip(&self.0) {
            *sample = (*weighed as f64 / (denominator * u64::from(row_sum)) as f64) as f32;
        }
        samples
    }
}

impl Samples {
    /// Samples a picture as the reference's two box blurs and its decimation do, but exactly: in
    /// integers, with one division and one rounding per sample.
    ///
    /// Allocates in proportion to the picture's sides.
    #[must_use]
    pub fn of(pixels: &Pixels<'_>) -> Self {
        let factors = factors(pixels.layout());
        let columns = Windows::new(pixels.width(), factors);
        let rows = Windows::new(pixels.height(), &[1]);
        let row_bytes = pixels.width() as usize * factors.len();
        let mut sums = vec![0; columns.padded_length().max(row_bytes)];
        let mut weighed = [0; SAMPLES];
        let denominators = Denominators::new(&columns, pixels.layout());

        let mut samples = [[0.0; SAMPLES]; SAMPLES];
        let mut before = None;
        for (k, samples) in samples.iter_mut().enumerate() {
            let row = rows.window(k);
            // Pictures with fewer than 64 rows give several samples the same one.
            if before != Some(row.first) || row.weights.len() > 1 {
                let from = pixels.from_row(row.first as u32);
                weigh_rows(&mut sums[..row_bytes], from, pixels.stride(), row.weights);
                weigh_columns(&mut weighed, &sums, &columns);
                before = Some(row.first);
            }
            *samples = denominators.divide(&weighed, row.sum);
        }
        Self(samples)
    }

    /// The reference's measure of how much there is to see: the differences between neighbouring
    /// samples in percent of the range, truncated so that only significant ones count.
    #[must_use]
    pub fn quality(&self) -> Quality {
        let samples = &self.0;
        let percent = |u: f32, v: f32| ((u - v) * 100.0 / 255.0) as i32;
        let mut sum = 0;
        for pair in samples.windows(2) {
            sum += pair[0].iter().zip(&pair[1]).map(|(u, v)| percent(*u, *v).abs()).sum::<i32>();
        }
        for row in samples {
            sum += row.windows(2).map(|pair| percent(pair[0], pair[1]).abs()).sum::<i32>();
        }
        Quality((sum / 90).min(100) as u8)
    }
}

impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Samples(…)")
    }
}
