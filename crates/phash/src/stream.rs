//! Rows of a picture as they come from a decoder, hashed without ever keeping the picture.

use crate::samples::{Denominators, factors};
use crate::square::{SQUARE, old};
use crate::{Coefficients, Layout, MIN_SIDE, PdqResult, Pixels, Samples, pdq};
use hashward_kernels::tent::{SAMPLES, Windows, weigh_columns, weigh_rows};
use std::collections::VecDeque;

/// Takes the rows of a picture from top to bottom, at full resolution or reduced, and hashes it.
///
/// At full resolution the results are those of [`pdq`] and [`crate::pdq_square512`], bit for bit.
/// A decoding at 1/s gives means of s × s pixels; they are weighed as if each of those pixels had
/// the mean's value, so that windows and sampling places stay those of the full picture. That comes
/// close to the full picture's hash as long as s is small beside the windows, which are
/// `⌈side / 128⌉` pixels wide.
///
/// ```
/// use hashward_phash::{Layout, Pixels, RowHasher, pdq};
/// let data: Vec<u8> = (0..90 * 70u32).map(|i| (i * i / 70) as u8).collect();
/// let mut hasher = RowHasher::new(Layout::Luma8, 90, 70, 1).expect("sides of 5 pixels or more");
/// for band in data.chunks(90 * 16) {
///     hasher.push(band, 90, band.len() / 90);
/// }
/// let streamed = hasher.finish().expect("all rows were given");
/// assert_eq!(streamed.full, pdq(&Pixels::luma8(&data, 90, 70, 90)?));
/// assert_eq!(streamed.square512, None);
/// # Ok::<(), hashward_phash::PixelsError>(())
/// ```
///
/// Memory: sums for the two or three windows that a row lies in, some bytes for each pixel of a
/// row; with a side over 512 also the 512×512 pixels of the tool's variant.
#[derive(Debug)]
pub struct RowHasher {
    layout: Layout,
    columns: Windows,
    rows: Windows,
    denominators: Denominators,
    /// Bytes of a row.
    row_bytes: usize,
    /// Rows to come until the picture is complete.
    height: usize,
    next_row: usize,
    /// Windows that are complete.
    done: usize,
    /// Sums of the windows behind them, as far as their first rows have come.
    open: VecDeque<Vec<u32>>,
    /// Buffers of windows that are complete.
    free: Vec<Vec<u32>>,
    samples: Box<Samples>,
    square: Option<Square>,
}

/// What a picture's rows gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streamed {
    /// What [`pdq`] gives, or comes close to for a reduced decoding.
    pub full: PdqResult,
    /// What [`crate::pdq_square512`] gives, likewise.
    pub square512: Option<PdqResult>,
}

impl RowHasher {
    /// For a picture of `width` × `height` pixels of which means of `divisor` × `divisor` will be
    /// given; 1 stands for the pixels themselves. `None` below [`MIN_SIDE`].
    ///
    /// # Panics
    /// When `divisor` is 0.
    #[must_use]
    pub fn new(layout: Layout, width: u32, height: u32, divisor: u32) -> Option<Self> {
        if width.min(height) < MIN_SIDE {
            return None;
        }
        let columns = Windows::reduced(width, divisor, factors(layout));
        let rows = Windows::reduced(height, divisor, &[1]);
        Some(Self {
            layout,
            denominators: Denominators::new(&columns, layout),
            columns,
            rows,
            row_bytes: width.div_ceil(divisor) as usize * layout.bytes(),
            height: height.div_ceil(divisor) as usize,
            next_row: 0,
            done: 0,
            open: VecDeque::new(),
            free: Vec::new(),
            samples: Box::new(Samples([[0.0; SAMPLES]; SAMPLES])),
            square: Square::new(layout, width, height, divisor),
        })
    }

    /// Takes the next `count` rows, `stride` bytes apart. Rows beyond the picture are ignored.
    ///
    /// # Panics
    /// When `data` ends before the last row does.
    pub fn push(&mut self, data: &[u8], stride: usize, count: usize) {
        let begin = self.next_row;
        let end = (begin + count).min(self.height);
        self.next_row = end;
        let sums_length = self.columns.padded_length().max(self.row_bytes);
        while self.done + self.open.len() < SAMPLES
            && self.rows.window(self.done + self.open.len()).first < end
        {
            self.open.push_back(self.free.pop().unwrap_or_else(|| vec![0; sums_length]));
        }
        let mut scratch = self.free.pop().unwrap_or_else(|| vec![0; sums_length]);
        for (sums, k) in self.open.iter_mut().zip(self.done..) {
            let window = self.rows.window(k);
            let first = window.first.max(begin);
            let last = (window.first + window.weights.len()).min(end);
            let weights = &window.weights[first - window.first..last - window.first];
            let from = &data[(first - begin) * stride..];
            let sums = &mut sums[..self.row_bytes];
            if first == window.first {
                weigh_rows(sums, from, stride, weights);
            } else {
                let scratch = &mut scratch[..self.row_bytes];
                weigh_rows(scratch, from, stride, weights);
                sums.iter_mut().zip(scratch).for_each(|(sum, more)| *sum += *more);
            }
        }
        self.free.push(scratch);
        self.close(end);
        if let Some(square) = &mut self.square {
            square.push(data, stride, begin, end);
        }
    }

    /// Turns the sums of windows whose last row has come into samples.
    fn close(&mut self, end: usize) {
        while let Some(sums) = self.open.front() {
            let window = self.rows.window(self.done);
            if window.first + window.weights.len() > end {
                return;
            }
            let mut weighed = [0; SAMPLES];
            weigh_columns(&mut weighed, sums, &self.columns);
            self.samples.0[self.done] = self.denominators.divide(&weighed, window.sum);
            self.free.extend(self.open.pop_front());
            self.done += 1;
        }
    }

    /// The hashes; `None` when rows are missing.
    #[must_use]
    pub fn finish(self) -> Option<Streamed> {
        if self.next_row < self.height {
            return None;
        }
        let full = Coefficients::of_samples(&self.samples).result();
        let square512 = self.square.map(|square| {
            let stride = SQUARE as usize * self.layout.bytes();
            let pixels = Pixels::new(self.layout, &square.kept, SQUARE, SQUARE, stride);
            pdq(&pixels.expect("512 full rows of 512 pixels"))
        });
        Some(Streamed { full, square512 })
    }
}

/// The pixels of the 512×512 variant, as they come by.
#[derive(Debug)]
struct Square {
    bytes: usize,
    /// Where the pixels that are kept of a row begin.
    columns: Vec<usize>,
    /// The rows that are kept.
    rows: Vec<usize>,
    kept: Vec<u8>,
}

impl Square {
    fn new(layout: Layout, width: u32, height: u32, divisor: u32) -> Option<Self> {
        if width.max(height) <= SQUARE {
            return None;
        }
        let bytes = layout.bytes();
        let places =
            |length: u32| (0..SQUARE).map(move |new| (old(new, length) / divisor) as usize);
        Some(Self {
            bytes,
            columns: places(width).map(|x| x * bytes).collect(),
            rows: places(height).collect(),
            kept: Vec::with_capacity((SQUARE * SQUARE) as usize * bytes),
        })
    }

    /// Takes rows `begin` to `end`.
    fn push(&mut self, data: &[u8], stride: usize, begin: usize, end: usize) {
        let next = self.kept.len() / (SQUARE as usize * self.bytes);
        for row in self.rows[next..].iter().take_while(|row| **row < end) {
            let row = &data[(row - begin) * stride..];
            if self.bytes == 1 {
                self.kept.extend(self.columns.iter().map(|x| row[*x]));
            } else {
                self.kept.extend(self.columns.iter().flat_map(|x| &row[*x..x + self.bytes]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdq_square512;
    use proptest::prelude::*;

    fn stream(pixels: &Pixels<'_>, bands: &[usize]) -> Option<Streamed> {
        let (width, height) = (pixels.width(), pixels.height());
        let mut hasher = RowHasher::new(pixels.layout(), width, height, 1)?;
        let mut row = 0;
        for band in bands.iter().cycle() {
            let count = (*band).min((height - row) as usize);
            hasher.push(pixels.from_row(row), pixels.stride(), count);
            row += count as u32;
            if row == height {
                break;
            }
        }
        hasher.finish()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(120))]

        #[test]
        fn bands_of_any_height_give_the_hash_of_the_whole(
            width in prop_oneof![1u32..200, 500u32..530, 1000u32..1100],
            height in prop_oneof![1u32..200, 500u32..530, 1000u32..1100],
            bands in prop::collection::vec(1usize..40, 1..4),
            padding in 0usize..9,
            seed: u32,
            colour: bool,
        ) {
            let layout = if colour { Layout::Rgb8 } else { Layout::Luma8 };
            let stride = width as usize * layout.bytes() + padding;
            let data: Vec<u8> = (0..stride as u32 * height)
                .map(|i| (i.wrapping_mul(seed | 1) >> 24) as u8 / 2 + (i >> 7) as u8 / 2)
                .collect();
            let pixels = Pixels::new(layout, &data, width, height, stride).unwrap();
            let streamed = stream(&pixels, &bands);
            if width.min(height) < MIN_SIDE {
                prop_assert!(streamed.is_none());
            } else {
                let streamed = streamed.unwrap();
                prop_assert_eq!(streamed.full, pdq(&pixels));
                prop_assert_eq!(streamed.square512, pdq_square512(&pixels));
            }
        }
    }

    #[test]
    fn means_of_even_squares_give_the_hash_of_the_whole() {
        // Each square of s × s pixels has one value, so nothing is lost by reducing it.
        for (divisor, width, height) in [(2u32, 700u32, 901u32), (4, 1000, 530), (8, 1601, 1203)] {
            let value = |x: u32, y: u32| {
                let mixed = (x / divisor).wrapping_mul(0x9E37_79B1) ^ (y / divisor * 97);
                (mixed >> 26) as u8 * 2 + ((x / divisor + y / divisor) / 4) as u8 % 100
            };
            let rows = |step: u32| (0..height).step_by(step as usize);
            let all: Vec<u8> = rows(1).flat_map(|y| (0..width).map(move |x| value(x, y))).collect();
            let few: Vec<u8> = rows(divisor)
                .flat_map(|y| (0..width).step_by(divisor as usize).map(move |x| value(x, y)))
                .collect();
            let pixels = Pixels::luma8(&all, width, height, width as usize).unwrap();
            let mut hasher = RowHasher::new(Layout::Luma8, width, height, divisor).unwrap();
            let stride = width.div_ceil(divisor) as usize;
            hasher.push(&few, stride, few.len() / stride);
            let streamed = hasher.finish().unwrap();
            assert!(streamed.full.hashes[0].distance(pdq(&pixels).hashes[0]).0 <= 1);
            assert_eq!(streamed.square512, pdq_square512(&pixels));
        }
    }

    #[test]
    fn missing_rows_give_no_hash() {
        let mut hasher = RowHasher::new(Layout::Luma8, 20, 20, 1).unwrap();
        hasher.push(&[7; 19 * 20], 20, 19);
        assert_eq!(hasher.finish(), None);
    }
}
