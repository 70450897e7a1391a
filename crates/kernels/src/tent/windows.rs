//! Which pixels of a side each of the 64 samples weighs, and by how much.

/// Samples per side.
pub const SAMPLES: usize = 64;

/// Largest weight: what a signed 16-bit multiplier takes.
pub const MAX_WEIGHT: u16 = 0x7fff;

/// Elements to whose multiple the weights of a window are padded with zeros, so that the column
/// kernels have no remainder to treat.
pub(super) const LANES: usize = 8;

/// Largest sum of a window's weights. A sample is at most `1000 · 255 · sum · sum`, in 64 bits.
const MAX_SUM: u64 = 1 << 22;

/// The 64 windows of one side of a picture.
///
/// The reference's box filter of width `w = ⌈n/128⌉` replaces pixel `i` by the mean of the pixels
/// from `i - (w - h)` to `i + h - 1`, `h = ⌊(w + 2)/2⌋`, as far as they exist. Two such passes give
/// pixel `p` the weight `Σ 1/(count₂ · count₁(j))` over the positions `j` of the second box whose
/// first box holds `p`. Sample `k` sits at `⌊(k + ½)·n/64⌋`.
///
/// Away from the edges all counts are `w` and the weights are 1, 2, …, w, …, 2, 1 over `w²`. At an
/// edge the common denominator is `count₂ · lcm(count₁)`. The weights are therefore exact
/// integers up to sides of about 20,000 pixels; beyond, the windows whose denominator grows out of
/// hand (at first only the last one) have weights rounded to 15 bits.
#[derive(Debug, Clone)]
pub struct Windows {
    factors: Vec<u32>,
    padded_length: usize,
    spans: Vec<Span>,
    row_weights: Vec<u16>,
    column_weights: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    /// First pixel.
    first: usize,
    /// Where the weights begin in `row_weights`; they end where those of the next span begin.
    begin: usize,
    /// Where the weights begin in `column_weights`.
    column_begin: usize,
    /// Sum of the weights.
    sum: u32,
}

/// The pixels that one sample weighs.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// Index of the first pixel.
    pub first: usize,
    /// Weight of each pixel from there on.
    pub weights: &'a [u16],
    /// Sum of the weights, factors left out: the denominator of the sample.
    pub sum: u32,
}

impl Windows {
    /// The windows of a side of `length` pixels whose channels are interleaved. A sample is the
    /// sum of its channels, each times its factor: `[1]` for luma, `[299, 587, 114]` to make luma
    /// of red, green and blue.
    ///
    /// Allocates about `(4 * factors.len() + 2) * length` bytes.
    ///
    /// # Panics
    /// When `length` is 0, there is no factor, or the factors sum up to more than 1000.
    #[must_use]
    pub fn new(length: u32, factors: &[u32]) -> Self {
        Self::reduced(length, 1, factors)
    }

    /// The windows of a side of `length` pixels of which a reduced decoding gives the means of
    /// `divisor` pixels each, the last of them perhaps beyond the edge: a mean has the weights of
    /// all its pixels, as if each of them had that value. `reduced(length, 1, …)` is
    /// [`Windows::new`].
    ///
    /// # Panics
    /// As [`Windows::new`], and when `divisor` is 0.
    #[must_use]
    pub fn reduced(length: u32, divisor: u32, factors: &[u32]) -> Self {
        assert!(length > 0 && !factors.is_empty(), "a side has pixels and a pixel has channels");
        assert!(divisor > 0, "a mean is that of some pixels");
        assert!(factors.iter().map(|f| u64::from(*f)).sum::<u64>() <= 1000, "factors too large");
        let mut windows = Self {
            factors: factors.to_vec(),
            padded_length: 0,
            spans: Vec::with_capacity(SAMPLES + 1),
            row_weights: Vec::new(),
            column_weights: Vec::new(),
        };
        let mut tent = Tent::new(u64::from(length), u64::from(divisor));
        for sample in 0..SAMPLES as u64 {
            let first = tent.place(sample);
            windows.push(first, &tent.weights);
        }
        windows.spans.push(Span {
            first: 0,
            begin: windows.row_weights.len(),
            column_begin: windows.column_weights.len(),
            sum: 1,
        });
        windows
    }

    fn push(&mut self, first: usize, weights: &[u16]) {
        self.spans.push(Span {
            first,
            begin: self.row_weights.len(),
            column_begin: self.column_weights.len(),
            sum: weights.iter().map(|weight| u32::from(*weight)).sum(),
        });
        self.row_weights.extend_from_slice(weights);
        for weight in weights {
            let weight = u32::from(*weight);
            self.column_weights.extend(self.factors.iter().map(|factor| factor * weight));
        }
        let padding = (weights.len() * self.factors.len()).next_multiple_of(LANES);
        self.column_weights.resize(self.spans[self.spans.len() - 1].column_begin + padding, 0);
        let end = first * self.factors.len() + padding;
        self.padded_length = self.padded_length.max(end);
    }

    /// Number of sums that the column kernels read: at most the side times the channels, and a
    /// little more, because the kernels treat several elements at once.
    #[must_use]
    pub fn padded_length(&self) -> usize {
        self.padded_length
    }

    /// The window of a sample.
    ///
    /// # Panics
    /// When `sample` is not below [`SAMPLES`].
    #[must_use]
    pub fn window(&self, sample: usize) -> Window<'_> {
        assert!(sample < SAMPLES, "there are {SAMPLES} samples");
        let (span, next) = (&self.spans[sample], &self.spans[sample + 1]);
        let weights = &self.row_weights[span.begin..next.begin];
        Window { first: span.first, weights, sum: span.sum }
    }

    /// The window of each sample as the column kernels want it: the first element of the sums and
    /// the weights of each element, a multiple of [`LANES`] of them, times the channels' factors.
    pub(super) fn columns(&self) -> impl Iterator<Item = (usize, &[u32])> {
        self.spans.windows(2).map(|pair| {
            let weights = &self.column_weights[pair[0].column_begin..pair[1].column_begin];
            (pair[0].first * self.factors.len(), weights)
        })
    }
}

/// Computes one window after the other, keeping its buffers.
struct Tent {
    length: u64,
    /// Pixels that one weight is for.
    divisor: u64,
    /// Width of the box.
    width: u64,
    /// Pixels of a full box up to and without its own position.
    before: u64,
    /// Pixels of a full box after its own position.
    after: u64,
    /// How the exact weights change from pixel to pixel.
    steps: Vec<i64>,
    weights: Vec<u16>,
}

impl Tent {
    fn new(length: u64, divisor: u64) -> Self {
        let width = length.div_ceil(2 * SAMPLES as u64);
        let half = (width + 2) / 2;
        Self {
            length,
            divisor,
            width,
            before: width - half,
            after: half - 1,
            steps: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// First and last pixel of the box at a position.
    fn ends(&self, position: u64) -> (u64, u64) {
        (position.saturating_sub(self.before), (position + self.after).min(self.length - 1))
    }

    fn count(&self, position: u64) -> u64 {
        let (first, last) = self.ends(position);
        last - first + 1
    }

    /// Fills `weights` for a sample and returns its first pixel, or mean of pixels.
    fn place(&mut self, sample: u64) -> usize {
        let centre = (2 * sample + 1) * self.length / (2 * SAMPLES as u64);
        let (second_first, second_last) = self.ends(centre);
        let (first, _) = self.ends(second_first);
        let (_, last) = self.ends(second_last);

        let mut common = self.width;
        for position in second_first..=second_last {
            let count = self.count(position);
            if !common.is_multiple_of(count) {
                common = common.saturating_mul(count / gcd(common, count));
            }
        }
        let sum = common.saturating_mul(second_last - second_first + 1);

        // Each position adds common / count to the pixels of its box: as steps up and down, so
        // that the work stays proportional to the pixels. Rounded where it is too large to be
        // exact; `common` is then some number large enough for a good quotient.
        let common = if sum > MAX_EXACT_SUM { 1 << 40 } else { common };
        self.steps.clear();
        self.steps.resize((last - first + 2) as usize, 0);
        for position in second_first..=second_last {
            let (box_first, box_last) = self.ends(position);
            let share = (common / self.count(position)) as i64;
            self.steps[(box_first - first) as usize] += share;
            self.steps[(box_last - first + 1) as usize] -= share;
        }
        self.weights.clear();
        self.settle(first % self.divisor);
        (first / self.divisor) as usize
    }

    /// Turns steps into weights within the limits of [`MAX_WEIGHT`] and [`MAX_SUM`]; the first is
    /// that of pixel `phase` of those that share a weight.
    fn settle(&mut self, phase: u64) {
        let mut weight = 0i64;
        for step in &mut self.steps {
            weight += *step;
            *step = weight;
        }
        self.steps.pop();
        if self.divisor > 1 {
            let shared = (self.steps.len() as u64 + phase).div_ceil(self.divisor) as usize;
            for pixel in 0..self.steps.len() {
                let weight = std::mem::take(&mut self.steps[pixel]);
                self.steps[(pixel + phase as usize) / self.divisor as usize] += weight;
            }
            self.steps.truncate(shared);
        }
        let (mut largest, mut sum) = (0u64, 0u64);
        for weight in &self.steps {
            largest = largest.max(*weight as u64);
            sum += *weight as u64;
        }
        if largest <= u64::from(MAX_WEIGHT) && sum <= MAX_SUM {
            self.weights.extend(self.steps.iter().map(|weight| *weight as u16));
        } else {
            let scale =
                (f64::from(MAX_WEIGHT) / largest as f64).min(0.99 * MAX_SUM as f64 / sum as f64);
            let rounded = self.steps.iter().map(|weight| (*weight as f64 * scale).round() as u16);
            self.weights.extend(rounded);
        }
    }
}

/// Above this sum exact weights could never be kept: they would be rounded anyway.
const MAX_EXACT_SUM: u64 = 1 << 40;

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two box passes over a unit impulse, as the definition says, in floating point.
    fn weights_by_definition(length: usize, sample: usize) -> Vec<f64> {
        let width = length.div_ceil(128);
        let half = (width + 2) / 2;
        let mean = |values: &[f64], i: usize| {
            let first = i.saturating_sub(width - half);
            let last = (i + half - 1).min(length - 1);
            values[first..=last].iter().sum::<f64>() / (last - first + 1) as f64
        };
        let centre = (2 * sample + 1) * length / 128;
        (0..length)
            .map(|pixel| {
                let mut impulse = vec![0.0; length];
                impulse[pixel] = 1.0;
                let once: Vec<f64> = (0..length).map(|i| mean(&impulse, i)).collect();
                mean(&once, centre)
            })
            .collect()
    }

    #[test]
    fn weights_are_those_of_two_boxes() {
        for length in [1, 2, 5, 63, 64, 65, 127, 128, 129, 130, 255, 257, 383, 512, 640, 641, 900] {
            let windows = Windows::new(length, &[1]);
            for sample in [0, 1, 2, 31, 62, 63] {
                let window = windows.window(sample);
                let expected = weights_by_definition(length as usize, sample);
                for (pixel, expected) in expected.iter().enumerate() {
                    let weight = pixel
                        .checked_sub(window.first)
                        .and_then(|i| window.weights.get(i))
                        .map_or(0.0, |w| f64::from(*w) / f64::from(window.sum));
                    assert!((weight - expected).abs() < 1e-12, "{length} {sample} {pixel}");
                }
            }
        }
    }

    #[test]
    fn inner_weights_are_a_tent() {
        let windows = Windows::new(512, &[299, 587, 114]);
        assert_eq!(windows.window(30).weights, [1, 2, 3, 4, 3, 2, 1]);
        assert_eq!(windows.window(30).sum, 16);
        assert!(windows.padded_length() >= 3 * 512);
    }

    #[test]
    fn a_mean_of_pixels_has_the_weights_of_all_of_them() {
        for length in [9u32, 64, 130, 641, 1000, 4000] {
            for divisor in [1u32, 2, 4, 8] {
                let (all, few) =
                    (Windows::new(length, &[1]), Windows::reduced(length, divisor, &[1]));
                for sample in 0..SAMPLES {
                    let (all, few) = (all.window(sample), few.window(sample));
                    let mut expected = vec![0u32; length.div_ceil(divisor) as usize];
                    for (i, weight) in all.weights.iter().enumerate() {
                        expected[(all.first + i) / divisor as usize] += u32::from(*weight);
                    }
                    let mut found = vec![0u32; expected.len()];
                    for (i, weight) in few.weights.iter().enumerate() {
                        found[few.first + i] = u32::from(*weight);
                    }
                    assert_eq!(few.sum, found.iter().sum::<u32>());
                    let share = |weight: &u32, sum: u32| f64::from(*weight) / f64::from(sum);
                    for (found, expected) in found.iter().zip(&expected) {
                        let (found, expected) = (share(found, few.sum), share(expected, all.sum));
                        assert!((found - expected).abs() < 1e-4, "{length} {divisor} {sample}");
                    }
                }
            }
        }
    }

    #[test]
    fn weights_stay_exact_to_twenty_thousand_pixels_and_bounded_beyond() {
        for length in [4000, 19_999, 20_480, 30_000, 262_145, 1_000_000] {
            let windows = Windows::new(length, &[1]);
            let width = u64::from(length).div_ceil(128);
            for sample in 0..SAMPLES {
                let window = windows.window(sample);
                assert!(u64::from(window.sum) <= MAX_SUM);
                assert!(window.weights.iter().all(|w| *w <= MAX_WEIGHT));
                assert!(window.first + window.weights.len() <= length as usize);
                let sum = u64::from(window.sum);
                if length <= 20_480 {
                    assert!(sum == width * width || sum % (width * (width - 1)) == 0);
                }
            }
        }
    }
}
